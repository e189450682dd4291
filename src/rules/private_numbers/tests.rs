use super::*;
use proptest::prelude::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

/// Real check digits: a resident's, one ending in X, a residence permit's, a foreigner's, an old one; cards; permits.
const IDS: [&str; 5] =
    ["530124194610038814", "11010519491231002X", "810000199001010019", "911241198108030026", "110105491231002"];
const CARDS: [&str; 6] = [
    "6217008518155968107",
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "3530111333300000",
    "6011111111111117",
];

#[test]
fn ids_and_cards_are_found_and_other_numbers_are_not() {
    for (text, kind) in [
        ("户主 430321199102204506 来办", Some("身份证号")),
        ("４３０３２１１９９１０２２０４５０６", Some("身份证号")),
        ("卡 6222 0212 0200 0000 003", None),
        ("卡4111111111111111", Some("银行卡号")),
        ("卡 4111 1111 1111 1111", Some("银行卡号")),
        ("电话 13800000000，表号 SC1200000001", None),
        ("430321199102204507", None),
        ("人民路12号33幢2单元0502", None),
        ("20261020080000", None),
        ("2026102008000012345", None),
        ("收据 B03.1.4211，2026-10-20 收 1,234.56 元", None),
        ("0871-8042909 转 13888888888", None),
        ("3f6c2a91e07bd6217008518155968107aa55c01d93e27f4418c6a0b5d2e9f013", None),
        ("护照E12345678", Some("证件号码")),
        ("护照号码：EA1234567", Some("证件号码")),
        ("表号E12345678", None),
        ("台胞证 12345678", Some("证件号码")),
        ("电话 12345678", None),
        ("H12345678", Some("证件号码")),
        ("回执M1234567801", Some("证件号码")),
        ("批次H20261020", None),
        ("旧表 M00310002 拆下", None),
        ("FRA110075101901", Some("证件号码")),
        ("LXS110075101901", None),
        ("", None),
    ] {
        assert_eq!(found(text, today()), kind, "{text}");
    }
}

#[test]
fn however_it_is_typed_it_is_the_same_number() {
    let wide = |text: &str| text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect::<String>();
    let grouped = |text: &str, sizes: &[usize], gap: &str| {
        let (mut rest, mut out) = (text, Vec::new());
        for size in sizes {
            let (head, tail) = rest.split_at(rest.len().min(*size));
            out.push(head);
            rest = tail;
        }
        out.push(rest);
        out.retain(|part| !part.is_empty());
        out.join(gap)
    };
    for number in IDS.iter().chain(&CARDS) {
        for text in [
            (*number).to_owned(),
            format!("张三{number}本人"),
            format!("id={number};"),
            wide(number),
            grouped(number, &[1; 20], " "),
            grouped(number, &[1; 20], "-"),
            grouped(number, &[6, 8], " ").replace("  ", " "),
        ] {
            // Fifteen digits are grouped 6-6-3, cards in fours or six first.
            let odd = number.len() == 15 || CARDS.contains(number);
            if odd && text == grouped(number, &[6, 8], " ") {
                continue;
            }
            assert!(found(&text, today()).is_some(), "{text}");
        }
    }
    for (text, number) in [
        (grouped(IDS[0], &[6, 8], " - "), "8814"),
        (grouped(IDS[0], &[6, 8], "\u{200b}"), "8814"),
        (grouped(IDS[1], &[6, 4, 2, 2, 3], "－"), "002X"),
        (grouped(IDS[4], &[6, 6], " "), "1002"),
        (grouped(CARDS[0], &[4; 4], "-"), "8107"),
        (grouped(CARDS[0], &[6], " "), "8107"),
        (format!("13800000000{}", IDS[0]), "8814"),
    ] {
        assert!(mask(&text, Holds::Text).ends_with(&format!("****{number}")), "{text}: {}", mask(&text, Holds::Text));
    }
    assert_eq!(mask("户主530124194610038814，表2200000001", Holds::Text), "户主****8814，表2200000001");
}

/// Spellings that went into entries in clear.
#[test]
fn signs_letters_and_digits_of_other_scripts_hide_no_number() {
    let id = "510125198804123188";
    let scripts =
        |zero: u32| -> String { id.chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect() };
    let ringed: String = id
        .replace('0', "⓪")
        .chars()
        .map(|c| c.to_digit(10).map_or(c, |digit| char::from_u32(0x245F + digit).unwrap()))
        .collect();
    for text in [
        "身份证51012519880412106X13800001111".to_owned(),
        "a51012519880412106Xb".into(),
        "51012519880412106X7".into(),
        "51012519880412106x，本人".into(),
        "510125 880412 317".into(),
        "510125-880412-317".into(),
        "a510125880412317b".into(),
        "x=%3A510125880412317&".into(),
        "６２２２０２ 34020123-45679".into(),
        "5101,2519,8804,1231,88".into(),
        "5101，2519，8804，1231，88".into(),
        "5101、2519、8804、1231、88".into(),
        "5101:2519:8804:1231:88".into(),
        "5101'2519'8804'1231'88".into(),
        "(510125)198804123188".into(),
        "5101a2519a8804a1231a88".into(),
        "510125号19880412号3188".into(),
        "510125     19880412     3188".into(),
        scripts(0x0660),
        scripts(0x1D7CE),
        ringed,
    ] {
        assert!(found(&text, today()).is_some(), "{text}");
        assert!(mask(&text, Holds::Text).contains("****"), "{text}");
    }
}

/// What joins nothing to the eye, numerals, letters that look like digits, brackets that differ: all went into entries in clear.
#[test]
fn what_nobody_sees_and_numerals_hide_no_number() {
    let said = |text: &str, words: &str| -> String {
        text.chars().map(|c| c.to_digit(10).map_or(c, |digit| words.chars().nth(digit as usize).unwrap())).collect()
    };
    let (id, card) = (IDS[0], CARDS[1]);
    for number in [id, card] {
        for unseen in [
            "\u{fe0f}",
            "\u{180e}",
            "\u{3164}",
            "\u{34f}",
            "\u{2062}",
            "\u{e0061}",
            "\u{e0100}",
            "\u{301}",
            "\u{fe0f}\u{20e3}",
            "\u{ffa0}",
            "\u{115f}",
            "\u{1d173}",
        ] {
            let every: Vec<String> = number.chars().map(String::from).collect();
            for text in [every.join(unseen), format!("{}{unseen}{}", &number[..7], &number[7..])] {
                assert!(found(&text, today()).is_some(), "{}", text.escape_unicode());
            }
        }
        for words in [
            "〇一二三四五六七八九",
            "零壹贰叁肆伍陆柒捌玖",
            "○一二三四五六七八九",
            "〇〡〢〣〤〥〦〧〨〩",
            "⓿❶❷❸❹❺❻❼❽❾",
            "₀₁₂₃₄₅₆₇₈₉",
        ] {
            assert!(found(&said(number, words), today()).is_some(), "{}", said(number, words));
        }
        for text in [number.replace('0', "O"), number.replacen('1', "l", 3), number.replacen('1', "I", 3)] {
            assert!(found(&text, today()).is_some(), "{text}");
        }
        for zero in TENS_TRIED {
            let text: String =
                number.chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect();
            assert!(found(&text, today()).is_some(), "{text}");
        }
    }
    for text in [
        "530124(19461003)8814",
        "530124 出生 19461003 尾号 8814",
        "530124年19461003月8814",
        "530,124,194,610,038,814",
        "110105（19491231）002X",
        "110105 19491231 002 尾 X",
        "户主张三530124194610038814",
        "1101,0519,4912,3100,2X",
        "1101、0519、4912、3100、2×",
        "11010519491231002Х",
        "110105[19491231]002X",
        "1101 0549 1231 002",
        "4111，1111，1111，1111",
        "4111*1111*1111*1111",
        "4111号1111号1111号1111",
        "138001380004111111111111111",
        "卡411111111111111120281231",
        "有效期2028123 卡62170085181559681070928",
    ] {
        assert!(found(text, today()).is_some(), "{text}");
    }
    for text in [
        "一户一表，三口之家，二〇二六年十一月二十一日一时，第五次上门，六楼七楼八楼九楼都停水一二三四",
        "读数 4213，4521，4630，4703，4811",
        "TOOL1234567890IO",
    ] {
        assert_eq!(found(text, today()), None, "{text}");
    }
}

/// Scripts that a list of the usual ones had left out.
const TENS_TRIED: [u32; 6] = [0x0A66, 0x0BE6, 0x1090, 0x1946, 0xFF10, 0x1FBF0];

#[test]
fn fields_with_long_numbers_of_their_own_refuse_what_passes_an_ids_check() {
    for holds in [Holds::Text, Holds::Number, Holds::Meter] {
        for id in IDS.iter().take(4) {
            assert!(first(id, holds, Some(today())).is_some(), "{holds:?} {id}");
        }
    }
    assert!(first("6217008518155968107", Holds::Number, Some(today())).is_some());
    assert!(first("6217008518155968107", Holds::Meter, Some(today())).is_some(), "a 银联 card");
    assert_eq!(first("4111111111111111", Holds::Meter, Some(today())), None, "sixteen digits of a maker");
    assert_eq!(first(IDS[0], Holds::Sealed, Some(today())), None);
}

proptest! {
    #[test]
    fn what_a_branch_writes_every_day_is_no_private_number(
        phone in "1[3-9][0-9]{9}", landline in "0[0-9]{2,3}-[2-8][0-9]{6,7}", meter in "[0-9]{8,14}", lettered in "[A-Z]{2}[0-9]{10}",
        order in "B0[1-9]\\.[1-3]\\.[0-9]{1,6}", amount in "[1-9][0-9]{0,4}\\.[0-9]{2}", second in 0u32..80_000, day in 0u64..4000,
    ) {
        let day = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap() + chrono::Days::new(day);
        let stamp = format!("{}{second:06}", day.format("%Y%m%d"));
        for text in [
            format!("电话{phone}，{landline}"),
            format!("{phone} {landline}"),
            format!("表号{meter}，新表{lettered}"),
            format!("工单 {order} 收据 {order}/7，{day} 收 {amount} 元"),
            format!("{day} {amount} {amount}"),
            format!("{stamp} {stamp}123 {stamp}12345"),
            format!("{} {amount}", day.format("%Y%m%d")),
            format!("{phone}，{phone}、{landline}；{amount}"),
            format!("抄表 {day} {amount}，{day} {amount}，{day} {amount}"),
        ] {
            prop_assert_eq!(found(&text, today()), None, "{}", text);
        }
    }

    #[test]
    fn hardly_a_meter_number_is_taken_for_an_id(number in "[0-9]{12,22}") {
        let refused = first(&number, Holds::Meter, Some(today())).is_some();
        prop_assert!(!refused || number.starts_with("62") || number.len() == 18 && numbers::resident_id(&number, today()).is_ok());
    }

    #[test]
    fn no_text_makes_it_panic_and_spans_are_texts(text in "(\\PC|[0-9X０-９ -]){0,60}") {
        for found in all(&text, Holds::Text, None) {
            prop_assert!(text.get(found.span).is_some());
        }
        let _ = mask(&text, Holds::Text);
    }
}
