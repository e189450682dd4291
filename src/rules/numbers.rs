//! Numbers of people, firms and bank cards (证件号码、统一社会信用代码、银行卡号): cleaning and checking.
//!
//! Every number is cleaned first: blanks and hyphens go, full-width characters become plain ones, small letters
//! become capitals. Resident IDs follow GB 11643 with the check character of ISO 7064 (MOD 11-2), credit codes
//! GB 32100 (MOD 31), bank cards the Luhn sum of ISO/IEC 7812. Nothing here looks at a clock: "today" is a parameter.

use chrono::{Datelike, Months, NaiveDate};

use super::counties;
pub use super::fault::Fault;

/// A number that passed its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The number as it is kept: cleaned.
    pub clean: String,
    /// What a person should look at although the number is sound.
    pub warning: Option<String>,
}

/// Longest text looked at; anything longer is no number.
const LONGEST_TEXT: usize = 200;
/// Oldest person believed in, years.
const OLDEST_YEARS: u32 = 120;
/// First two digits of a resident ID: provinces, regions, and the residence permits of 香港 81, 澳门 82, 台湾 71 and 83.
pub(super) const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
];
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS: &[u8; 11] = b"10X98765432";
const USCC_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Cleans a number: without blanks and hyphens, full-width characters made plain, small letters raised.
pub fn clean(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(narrow).filter(|c| !is_filler(*c)).map(|c| c.to_ascii_uppercase()).collect()
}

/// The plain form of a full-width character (U+FF01 … U+FF5E); others stay.
pub fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

fn is_filler(c: char) -> bool {
    let hyphen = matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00AD}' | '\u{FE63}');
    let unseen = matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    c.is_whitespace() || hyphen || unseen
}

/// Checks a resident ID (居民身份证号码, GB 11643) as of `today`.
///
/// Eighteen digits (the last may be X), a known province, a birth date that exists, is not after `today` and not more
/// than 120 years before it, and the check character. A foreigner's permanent residence card begins with 9 in place of the
/// province. A county unknown today or in the year of birth is a warning.
pub fn resident_id(text: &str, today: NaiveDate) -> Result<Checked, Fault> {
    let fault = |message: String| Fault::new("GB 11643", message);
    let clean = clean(text);
    let bytes = clean.as_bytes();
    if clean.chars().count() != 18 {
        return Err(fault(format!("身份证号码应为18位，现为{}位，请核对", clean.chars().count())));
    }
    if !clean.is_ascii() || !bytes[..17].iter().all(u8::is_ascii_digit) || !matches!(bytes[17], b'0'..=b'9' | b'X') {
        return Err(fault("身份证号码前17位应为数字，末位应为数字或X，请核对".into()));
    }
    // The permanent residence card of a foreigner (GA 2102) begins with 9 and is checked the same way; no province stands first.
    let foreigner = bytes[0] == b'9';
    if !foreigner && !PROVINCES.contains(&&clean[..2]) {
        return Err(fault(format!("身份证号码前两位{}不是省级代码，请核对", &clean[..2])));
    }
    let born = NaiveDate::parse_from_str(&clean[6..14], "%Y%m%d")
        .ok()
        .filter(|date| date.year() >= 1)
        .ok_or_else(|| fault(format!("身份证号码中的出生日期{}不存在，请核对", &clean[6..14])))?;
    if born > today {
        return Err(fault(format!("身份证号码中的出生日期{born}在今天之后，请核对")));
    }
    if born.checked_add_months(Months::new(OLDEST_YEARS * 12)).is_none_or(|limit| limit < today) {
        return Err(fault(format!("身份证号码中的出生日期{born}距今超过{OLDEST_YEARS}年，请核对")));
    }
    if id_check(&bytes[..17]) != bytes[17] {
        return Err(fault("身份证号码校验位不符，可能输错一位，请核对".into()));
    }
    let warning = if foreigner { None } else { counties::warning(&clean[..6], born.year()) };
    Ok(Checked { clean, warning })
}

/// Do eighteen characters end with the check character of their first seventeen digits?
pub(super) fn fits_id_check(clean: &str) -> bool {
    let bytes = clean.as_bytes();
    bytes.len() == 18 && bytes[..17].iter().all(u8::is_ascii_digit) && id_check(&bytes[..17]) == bytes[17]
}

/// The check character of seventeen digits.
fn id_check(body: &[u8]) -> u8 {
    let sum: u32 = body.iter().zip(ID_WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    ID_CHECKS[(sum % 11) as usize]
}

/// Checks a unified social credit code (统一社会信用代码, GB 32100): eighteen characters without I, O, S, V, Z, digits
/// at places three to eight (the region), and the check character.
pub fn uscc(text: &str) -> Result<Checked, Fault> {
    let fault = |message: String| Fault::new("GB 32100", message);
    let clean = clean(text);
    if clean.chars().count() != 18 {
        return Err(fault(format!("统一社会信用代码应为18位，现为{}位，请核对", clean.chars().count())));
    }
    let mut sum = 0;
    let mut weight = 1;
    let mut last = 0;
    for (place, character) in clean.chars().enumerate() {
        let value = USCC_CHARACTERS.iter().position(|known| char::from(*known) == character).ok_or_else(|| {
            fault(format!("统一社会信用代码第{}位“{character}”不是可用字符（不用I、O、S、V、Z），请核对", place + 1))
        })?;
        if (2..8).contains(&place) && value > 9 {
            return Err(fault("统一社会信用代码第3至8位是行政区划，应为数字，请核对".into()));
        }
        if place < 17 {
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        last = value;
    }
    if (31 - sum % 31) % 31 != last {
        return Err(fault("统一社会信用代码校验位不符，可能输错一位，请核对".into()));
    }
    Ok(Checked { clean, warning: None })
}

/// Checks a bank card number (银行卡号): 12 to 19 digits, Luhn sum.
pub fn bank_card(text: &str) -> Result<Checked, Fault> {
    let fault = |message: String| Fault::new("ISO 7812", message);
    let clean = clean(text);
    if clean.is_empty() || !clean.bytes().all(|b| b.is_ascii_digit()) {
        return Err(fault("银行卡号应全为数字，请核对".into()));
    }
    if !(12..=19).contains(&clean.len()) {
        return Err(fault(format!("银行卡号应为12至19位，现为{}位，请核对", clean.len())));
    }
    if luhn_sum(clean.as_bytes()) != 0 {
        return Err(fault("银行卡号校验位不符，可能输错一位，请核对".into()));
    }
    Ok(Checked { clean, warning: None })
}

fn luhn_sum(digits: &[u8]) -> u32 {
    let value = |(place, digit): (usize, &u8)| {
        let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
        if value > 9 { value - 9 } else { value }
    };
    digits.iter().rev().enumerate().map(value).sum::<u32>() % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn with_check(body: &str) -> String {
        format!("{body}{}", char::from(id_check(body.as_bytes())))
    }

    #[test]
    fn sound_resident_ids_pass_however_they_are_typed() {
        let today = day("2026-11-01");
        for text in [
            "11010519491231002X",
            "11010519491231002x",
            "110105 19491231 002X",
            "110105-19491231-002X",
            "１１０１０５１９４９１２３１００２Ｘ",
            "　440524188001010014\t",
        ] {
            let today = if text.contains("1880") { day("1990-01-01") } else { today };
            assert!(resident_id(text, today).is_ok(), "{text}");
        }
        assert_eq!(resident_id("１１０１０５ 19491231-002x", today).unwrap().clean, "11010519491231002X");
    }

    #[test]
    fn each_fault_of_a_resident_id_has_its_own_words() {
        let today = day("2026-11-01");
        for (text, words) in [
            ("", "现为0位"),
            ("11010519491231002", "现为17位"),
            ("11010519491231002XX", "现为19位"),
            ("1101051949123100AX", "应为数字"),
            ("11010519491231002Y", "数字或X"),
            ("91010519491231002X", "校验位"),
            ("90010519491331002X", "不存在"),
            ("00010519491231002X", "省级代码"),
            ("110105194913310025", "不存在"),
            ("11010520230229002X", "不存在"),
            ("110105202611020026", "今天之后"),
            ("110105190610310025", "超过120年"),
            ("110105194912310021", "校验位"),
            ("身份证号码一二三四五六七八九十一二三", "应为数字"),
        ] {
            let fault = resident_id(text, today).unwrap_err();
            assert!(fault.message.contains(words), "{text}: {fault}");
        }
    }

    #[test]
    fn the_day_of_birth_may_be_today_and_120_years_ago() {
        let today = day("2026-11-01");
        assert!(resident_id(&with_check("11010520261101002"), today).is_ok());
        assert!(resident_id(&with_check("11010519061101002"), today).is_ok());
        assert!(resident_id(&with_check("11010519061031002"), today).is_err());
        assert!(resident_id(&with_check("11010500000101002"), today).is_err());
    }

    #[test]
    fn credit_codes_are_checked_by_their_last_character() {
        for good in ["91350100M000100Y43", "９1350100m000100y43", "91110000600037341L", "911100006000 37341-L"] {
            assert!(uscc(good).is_ok(), "{good}");
        }
        for (bad, words) in [
            ("91350100M000100Y44", "校验位"),
            ("91350100M000100Y4", "现为17位"),
            ("91350100M000100O43", "“O”"),
            ("9135A100M000100Y43", "行政区划"),
            ("", "现为0位"),
        ] {
            assert!(uscc(bad).unwrap_err().message.contains(words), "{bad}");
        }
    }

    #[test]
    fn bank_cards_have_12_to_19_digits_and_a_luhn_sum() {
        for good in ["4111111111111111", "4111 1111 1111 1111", "４１１１-1111-1111-1111", "000000000000"] {
            assert!(bank_card(good).is_ok(), "{good}");
        }
        assert!(bank_card("411111111111").is_err());
        assert!(bank_card("00000000000").unwrap_err().message.contains("12至19位"));
        assert!(bank_card("00000000000000000000").unwrap_err().message.contains("12至19位"));
        assert!(bank_card("4111x11111111111").unwrap_err().message.contains("数字"));
        assert!(bank_card("4111111111111112").unwrap_err().message.contains("校验位"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_of_a_card_is_found(body in "[0-9]{11,18}", place in 0usize..18, shift in 1u8..10) {
            let sum = luhn_sum(format!("{body}0").as_bytes());
            let card = format!("{body}{}", (10 - sum) % 10);
            prop_assert!(bank_card(&card).is_ok());
            let mut wrong = card.into_bytes();
            let place = place % wrong.len();
            wrong[place] = (wrong[place] - b'0' + shift) % 10 + b'0';
            prop_assert!(bank_card(&String::from_utf8(wrong).unwrap()).is_err());
        }

        #[test]
        fn no_text_makes_a_check_panic(text in "\\PC{0,30}") {
            let today = day("2026-11-01");
            let _ = (resident_id(&text, today), uscc(&text), bank_card(&text));
        }
    }
}
