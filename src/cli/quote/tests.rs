use super::*;

fn sources(files: &[(&str, &str)]) -> Sources {
    let book = match files {
        [] => crate::rules::tariff::builtin::price_book(),
        files => PriceBook::read(files.iter().copied()),
    };
    Sources { book, calendar: Calendar::builtin(), today: "2026-11-21".parse().unwrap() }
}

fn ask(kind: QuoteKind, line: &str) -> String {
    answer(kind, &sources(&[]), line.as_bytes(), 7).0
}

#[test]
fn answers_have_the_shapes_of_the_contract() {
    let table = [
        (
            QuoteKind::Bill,
            r#"{"id":"a","tariff":"BJ-WATER-RES-2014","usage":"20","used_before":"170","people":4,"from":"2026-09-01","to":"2026-10-31"}"#,
            concat!(
                r#"{"id":"a","total":"120.00","lines":[{"component":"water","step":1,"quantity":"10","price":"2.07","amount":"20.70"},"#,
                r#"{"component":"water","step":2,"quantity":"10","price":"4.07","amount":"40.70"},"#,
                r#"{"component":"resource","step":1,"quantity":"20","price":"1.57","amount":"31.40"},"#,
                r#"{"component":"sewage","step":1,"quantity":"20","price":"1.36","amount":"27.20"}]}"#
            ),
        ),
        (
            QuoteKind::LateFee,
            r#"{"id":7,"tariff":"BJ-GAS-RES-2019","principal":"86.40","due":"2026-01-15","paid":"2026-01-18"}"#,
            r#"{"id":7,"days":3,"raw":"0.7776","fee":"0.50"}"#,
        ),
        (
            QuoteKind::LateFee,
            r#"{"id":7,"tariff":"BJ-GAS-RES-2019","principal":"86.40","due":"2026-01-15","paid":"2026-01-10"}"#,
            r#"{"id":7,"days":0,"raw":"0","fee":"0.00"}"#,
        ),
        (
            QuoteKind::Promise,
            r#"{"id":null,"accepted":"2026-02-12T10:00:00+08:00","working_days":5}"#,
            r#"{"id":null,"due":"2026-02-26"}"#,
        ),
        (
            QuoteKind::Promise,
            r#"{"id":"h","accepted":"2027-02-12T23:30:00","hours":24}"#,
            r#"{"id":"h","due":"2027-02-13T23:30:00+08:00"}"#,
        ),
        (
            QuoteKind::Promise,
            r#"{"id":"m","accepted":"2026-02-12T23:30:00+08:00","minutes":45}"#,
            r#"{"id":"m","due":"2026-02-13T00:15:00+08:00"}"#,
        ),
        (QuoteKind::Number, r#"{"id":1,"kind":"uscc","value":"91350100m000100y43"}"#, r#"{"id":1,"valid":true}"#),
        (
            QuoteKind::Number,
            r#"{"id":1,"kind":"route","value":"00170320501","area":"old","building":"high"}"#,
            r#"{"id":1,"valid":true}"#,
        ),
        (
            QuoteKind::Number,
            r#"{"id":1,"kind":"bank_card","value":"1"}"#,
            r#"{"id":1,"valid":false,"reason":"银行卡号应为12至19位，现为1位，请核对"}"#,
        ),
        (
            QuoteKind::Bill,
            "[1]",
            r#"{"id":null,"line":7,"error":{"rule":"json","message":"这一行不是JSON对象，应如 {\"id\":…}"}}"#,
        ),
        (
            QuoteKind::Bill,
            "{\"id\":",
            r#"{"id":null,"line":7,"error":{"rule":"json","message":"这一行不是JSON，请检查引号、逗号和括号"}}"#,
        ),
    ];
    for (kind, line, wanted) in table {
        assert_eq!(ask(kind, line), wanted);
    }
}

#[test]
fn a_wrong_field_is_an_error_with_the_id() {
    let bill = r#"{"id":"x","tariff":"BJ-WATER-RES-2014","usage":"20","from":"2026-09-01","to":"2026-10-31"}"#;
    assert!(ask(QuoteKind::Bill, bill).contains("total"));
    let table = [
        (r#""usage":"20""#, r#""usage":20"#, "裸数字"),
        (r#""usage":"20""#, r#""usage":-20"#, "裸数字"),
        (r#""usage":"20""#, r#""usage":"-20""#, "负数"),
        (r#""usage":"20""#, r#""usage":"2e1""#, "不是数字"),
        (r#""usage":"20""#, r#""usage":"""#, "不是数字"),
        (r#""usage":"20""#, r#""usage":null"#, "缺少 usage"),
        (r#""usage":"20","#, "", "缺少 usage"),
        (r#""usage":"20""#, r#""usage":"20","usage":"21""#, "两次"),
        (r#""usage":"20""#, r#""usage":"20","people":4.5"#, "整数"),
        (r#""usage":"20""#, r#""usage":"20","people":-4"#, "负数"),
        (r#""usage":"20""#, r#""usage":"20","people":"4""#, "整数"),
        (r#""usage":"20""#, r#""usage":"20","used_before":5"#, "裸数字"),
        (r#""usage":"20""#, r#""usage":"20","registers":{"peak":"20"}"#, "不分时"),
        (r#""usage":"20""#, r#""usage":"20","registers":{"peak":20}"#, "裸数字"),
        (r#""usage":"20""#, r#""usage":"20","registers":["20"]"#, "花括号"),
        (r#""usage":"20""#, r#""usage":"20","mix":[]"#, "只能给一个"),
        (r#""tariff":"BJ-WATER-RES-2014""#, r#""mix":[]"#, "不等于1"),
        (r#""tariff":"BJ-WATER-RES-2014""#, r#""mix":[{"tariff":"BJ-WATER-RES-2014","ratio":1}]"#, "裸数字"),
        (r#""tariff":"BJ-WATER-RES-2014""#, r#""mix":[{"tariff":"BJ-WATER-RES-2014","ratio":"0.9"}]"#, "不等于1"),
        (r#""tariff":"BJ-WATER-RES-2014""#, r#""mix":["A"]"#, "方括号"),
        (r#""tariff":"BJ-WATER-RES-2014""#, r#""tariff":"NOPE""#, "没有价目“NOPE”"),
        (r#""tariff":"BJ-WATER-RES-2014","#, "", "缺少 tariff"),
        ("2026-09-01", "2026-9-1", "不是日期"),
        ("2026-09-01", "2026-11-01", "晚于"),
        ("2026-09-01", "2014-04-30", "尚未生效"),
        (r#","to":"2026-10-31""#, "", "缺少 to"),
    ];
    for (was, is, words) in table {
        assert!(bill.contains(was), "{was}");
        let answer = ask(QuoteKind::Bill, &bill.replacen(was, is, 1));
        assert!(answer.starts_with(r#"{"id":"x","error":{"rule":""#) && answer.contains(words), "{is}: {answer}");
    }
}

#[test]
fn other_kinds_refuse_what_they_cannot_answer() {
    let table = [
        (
            QuoteKind::LateFee,
            r#"{"id":1,"tariff":"BJ-GAS-RES-2019","principal":"8.555","due":"2026-01-15","paid":"2026-01-18"}"#,
            "两位",
        ),
        (
            QuoteKind::LateFee,
            r#"{"id":1,"tariff":"BJ-GAS-RES-2019","principal":"-8","due":"2026-01-15","paid":"2026-01-18"}"#,
            "负数",
        ),
        (
            QuoteKind::LateFee,
            r#"{"id":1,"tariff":"BJ-GAS-RES-2019","principal":"8","due":"2018-12-31","paid":"2026-01-18"}"#,
            "尚未生效",
        ),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"2026-12-31T10:00:00","working_days":1}"#, "2027年"),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"2026-12-01T10:00:00","working_days":0}"#, "工作日数"),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"2026-12-01T10:00:00","working_days":"3"}"#, "整数"),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"2026-12-01T10:00:00"}"#, "缺少"),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"2026-12-01T10:00:00","hours":1,"minutes":1}"#, "只能给一个"),
        (QuoteKind::Promise, r#"{"id":1,"accepted":"tomorrow","hours":1}"#, "不是时间"),
        (QuoteKind::Number, r#"{"id":1,"kind":"passport","value":"E1"}"#, "passport"),
        (QuoteKind::Number, r#"{"id":1,"kind":"route","value":"00170320501","area":"middle"}"#, "area"),
        (QuoteKind::Number, r#"{"id":1,"kind":"bank_card","value":4111111111111111}"#, "文字"),
    ];
    for (kind, line, words) in table {
        let answer = ask(kind, line);
        assert!(answer.starts_with(r#"{"id":1,"error":{"rule":""#) && answer.contains(words), "{line}: {answer}");
    }
    let ambiguous = ask(QuoteKind::Number, r#"{"id":1,"kind":"route","value":"00170320501"}"#);
    assert!(ambiguous.starts_with(r#"{"id":1,"valid":false,"reason":"#), "{ambiguous}");
}

#[test]
fn a_tariff_without_late_fee_is_an_error() {
    let (file, text) = crate::rules::tariff::builtin::FILES[0];
    let cut = text.split("[late_fee]").next().unwrap();
    let line = r#"{"id":1,"tariff":"BJ-GAS-BOILER-2019","principal":"8","due":"2026-01-15","paid":"2026-01-18"}"#;
    let answer = answer(QuoteKind::LateFee, &sources(&[(file, cut)]), line.as_bytes(), 1).0;
    assert!(answer.contains("没有滞纳金规定"), "{answer}");
}

#[test]
fn a_field_nobody_knows_is_named_in_the_answer() {
    let line = r#"{"id":1,"kind":"uscc","value":"91350100M000100Y43","note":"x"}"#;
    assert_eq!(ask(QuoteKind::Number, line), r#"{"id":1,"valid":true,"ignored":["note"]}"#);
}

#[test]
fn the_run_goes_on_after_bad_lines_and_counts_them() {
    let good = r#"{"id":1,"kind":"uscc","value":"91350100M000100Y43"}"#;
    let mut input = format!("\u{FEFF}{good}\r\n\n  \nnot json\n").into_bytes();
    input.extend(b"{\"id\":\"\xFF\"}\n");
    input.extend(vec![b'x'; MAX_LINE * 3]);
    input.extend(format!("\n{{}}\n{good}").bytes());
    let mut output = Vec::new();
    let failed = answer_all(QuoteKind::Number, &sources(&[]), BufReader::new(&input[..]), &mut output).unwrap();
    let lines: Vec<String> = String::from_utf8(output).unwrap().lines().map(str::to_owned).collect();
    assert_eq!((failed, lines.len()), (4, 6), "{lines:#?}");
    assert_eq!(lines[0], r#"{"id":1,"valid":true}"#);
    assert!(lines[1].starts_with(r#"{"id":null,"line":4,"error":"#));
    assert!(lines[2].contains("\"line\":5") && lines[2].contains("UTF-8"));
    assert!(lines[3].contains("\"line\":6") && lines[3].contains("太长"));
    assert!(lines[4].starts_with(r#"{"id":null,"error":{"rule":"input","message":"缺少 kind"}}"#));
    assert_eq!(lines[5], lines[0]);
}
