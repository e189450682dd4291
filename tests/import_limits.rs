//! Money that came in wrong with a file, where the desk would have asked: half a last reading, numbers and words outside their limits,
//! a difference of a swap many times the average, a class nobody has a price for. Each test is named after what went wrong.

#[path = "support/import_book.rs"]
mod import_book;

use import_book::{Answer, Book, run_on};
use serde_json::Value;

const WATER: &str = "户号,户名,小区名称,用水地址,抄表方式,用水性质,用水人口,优待类别,水表编号,水表厂家,口径,表位数,装表日期,开户日期,\
    上次抄表日期,上次表底,近三期水量,预存余额,欠费笔数,欠费金额,欠费明细,状态,备注";
const WATER_ROW: &str = "33000000NN,张三,清溪花园,人民路NN号,卡片,居民生活,3,,LD22000000NN,宁北,15,5,2022-10-16,,2026-09-05,100,18;19;18,0.00,0,0.00,,正常,";
const GAS: &str = "用户编号,户名,短信号码,短信公司,安装地址,用户类别,用户类型,缴费方式,银行卡号,银行名称,持卡人,代扣协议号,气价类别,\
    报装性质,报装日期,开票日期,装表日期,通气日期,表状态,气表编号,表型号,表方向,表底数,最新方数,上次抄表日期,近三期用气量,灶具品牌,熄火保护";
const GAS_ROW: &str = "34000000NN,张三,,,人民路NN号,普通用户,抄表,现金,,,,,居民一般,\
    散户,2020-01-01,2020-01-01,2020-02-01,2020-02-02,通气,QB22000000NN,G2.5,左,5,100,2026-09-05,10;10;10,海尔,有";

type Changes<'c> = &'c [(&'c str, &'c str)];

/// A file with a row for each list of changes; the first row stands in line 2.
fn file(headings: &str, row: &str, rows: &[Changes<'_>]) -> String {
    let names: Vec<&str> = headings.split(',').collect();
    let mut text = format!("{headings}\n");
    for (index, changes) in rows.iter().enumerate() {
        let row = row.replace("NN", &format!("{:02}", index + 1));
        let mut cells: Vec<&str> = row.split(',').collect();
        for (column, value) in *changes {
            cells[names.iter().position(|name| name == column).unwrap()] = value;
        }
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn import(book: &Book, headings: &str, row: &str, rows: &[Changes<'_>]) -> Answer {
    book.customers(&book.file("customers.csv", &file(headings, row, rows)))
}

fn check(answer: &Answer, wanted: &[Option<(&str, &str)>]) {
    for (line, wanted) in (2..).zip(wanted) {
        let kind = answer.defects().into_iter().find(|(at, _)| *at == line).map(|(_, kind)| kind.to_owned());
        assert_eq!(kind.as_deref(), wanted.map(|(kind, _)| kind), "{line}: {}", answer.message(line));
        let words = wanted.map_or("", |(_, words)| words);
        assert!(answer.message(line).contains(words), "{line}: {}", answer.message(line));
    }
    let good = wanted.iter().filter(|one| one.is_none()).count() as u64;
    assert_eq!(answer.accepted(), good, "{}", answer.json);
}

#[test]
fn half_a_last_reading_billed_the_whole_life_of_the_meter_or_the_steps_of_years() {
    let book = Book::new(false);
    let half = |words| Some(("half_reading", words));
    let water: [(Changes<'_>, _); 8] = [
        (&[], None),
        (&[("上次表底", "")], half("“上次表底”为空，上次抄表日期却是2026-09-05")),
        (&[("上次抄表日期", "")], half("“上次抄表日期”为空，上次表底却是100")),
        (&[("上次抄表日期", ""), ("上次表底", "")], half("近三期却有用量")),
        (&[("上次抄表日期", ""), ("上次表底", ""), ("近三期水量", "")], None),
        // Where the meter began, and nothing used: its first day is the one it was fitted on.
        (&[("上次抄表日期", ""), ("上次表底", "0"), ("近三期水量", "0;0;0")], None),
        (&[("上次抄表日期", ""), ("上次表底", "0"), ("近三期水量", ""), ("装表日期", "")], half("“上次抄表日期”为空")),
        (&[("水表编号", "")], half("“水表编号”为空，上次表底却是100")),
    ];
    let rows: Vec<Changes<'_>> = water.iter().map(|(changes, _)| *changes).collect();
    let wanted: Vec<_> = water.iter().map(|(_, wanted)| *wanted).collect();
    check(&import(&book, WATER, WATER_ROW, &rows), &wanted);
    let book = Book::new(false);
    let gas: [(Changes<'_>, _); 4] = [
        (&[("上次抄表日期", "")], half("上次表底却是100")),
        (&[("上次抄表日期", ""), ("最新方数", "5"), ("近三期用气量", "")], None),
        (&[("上次抄表日期", ""), ("最新方数", "0"), ("近三期用气量", "")], half("上次表底却是0")),
        // An IC card is not billed by reading.
        (&[("上次抄表日期", ""), ("用户类型", "IC卡"), ("缴费方式", "充值")], None),
    ];
    let rows: Vec<Changes<'_>> = gas.iter().map(|(changes, _)| *changes).collect();
    let wanted: Vec<_> = gas.iter().map(|(_, wanted)| *wanted).collect();
    check(&import(&book, GAS, GAS_ROW, &rows), &wanted);
}

#[test]
fn a_file_brought_in_what_the_desk_lets_nobody_type() {
    let long = |count: usize| "长".repeat(count);
    let (l11, l41, l61, l121, l201) = (long(11), long(41), long(61), long(121), long(201));
    let meter = "L".repeat(41);
    let (number, word, text) = ("unreadable_number", "unknown_word", "too_long");
    let water: [(&str, &str, &str, &str); 14] = [
        ("用水人口", "120", number, "1 到 99"),
        ("用水人口", "0", number, "不知道的请留空"),
        ("用水人口", "100", number, "1 到 99"),
        ("上次表底", "123456", number, "超过 5 位表盘"),
        ("上次表底", "100000", number, "超过 5 位表盘"),
        ("口径", "2001", number, "不是口径"),
        ("户名", &l61, text, "最多 60 字"),
        ("小区名称", &l61, text, "最多 60 字"),
        ("用水地址", &l121, text, "最多 120 字"),
        ("水表厂家", &l41, text, "最多 40 字"),
        ("水表编号", &meter, text, "最多 40 字"),
        ("备注", &l201, text, "最多 200 字"),
        ("欠费明细", "202612:50.00", "future_date", "账期202612还没有过去"),
        ("欠费明细", "202610:50.00", "future_date", "账期202610还没有过去"),
    ];
    let debt = |cell: &str| if cell.starts_with("2026") { ("1", "50.00") } else { ("0", "0.00") };
    let rows: Vec<Vec<(&str, &str)>> = water
        .iter()
        .map(|(column, cell, _, _)| vec![("欠费笔数", debt(cell).0), ("欠费金额", debt(cell).1), (*column, *cell)])
        .collect();
    let rows: Vec<Changes<'_>> = rows.iter().map(Vec::as_slice).collect();
    let wanted: Vec<_> = water.iter().map(|(_, _, kind, words)| Some((*kind, *words))).collect();
    check(&import(&Book::new(false), WATER, WATER_ROW, &rows), &wanted);
    let gas: [(&str, &str, &str, &str); 10] = [
        ("短信公司", "铁通", word, "只能是移动"),
        ("用户类别", "大用户", word, "只能是普通用户"),
        ("用户类型", "磁卡", word, "只能是抄表"),
        ("缴费方式", "支票", word, "只能是现金"),
        ("熄火保护", "不详", word, "只能是有"),
        ("灶具品牌", &l41, text, "最多 40 字"),
        ("表型号", &l41, text, "最多 40 字"),
        ("表方向", &l11, text, "最多 10 字"),
        ("代扣协议号", &l41, text, "最多 40 字"),
        ("表状态", "未用", "unknown_state", "先置为报装"),
    ];
    let rows: Vec<[(&str, &str); 1]> = gas.iter().map(|(column, cell, _, _)| [(*column, *cell)]).collect();
    let rows: Vec<Changes<'_>> = rows.iter().map(|row| &row[..]).collect();
    let wanted: Vec<_> = gas.iter().map(|(_, _, kind, words)| Some((*kind, *words))).collect();
    check(&import(&Book::new(false), GAS, GAS_ROW, &rows), &wanted);
}

#[test]
fn the_limits_themselves_come_in() {
    let name = "长".repeat(60);
    let rows: [Changes<'_>; 5] = [
        &[("用水人口", "99"), ("户名", &name)],
        &[("用水人口", "1"), ("上次表底", "99999")],
        &[("用水人口", "")],
        &[("表位数", ""), ("上次表底", "123456")],
        &[("欠费明细", "202609:50.00"), ("欠费笔数", "1"), ("欠费金额", "50.00")],
    ];
    check(&import(&Book::new(false), WATER, WATER_ROW, &rows), &[None; 5]);
}

#[test]
fn a_class_without_a_price_was_confirmed_by_a_file_without_a_word() {
    let rows: [Changes<'_>; 5] = [
        &[],
        &[("用水性质", "特种-洗车")],
        &[("用水性质", "特种-洗车")],
        &[("优待类别", "特困")],
        &[("用水性质", "特种-洗车"), ("状态", "销户")],
    ];
    let folder = tempfile::tempdir().unwrap();
    let made = ["init", "--site", "T01", "--name", "测试所", "--utility", "water", "--practice"];
    assert!(run_on(folder.path(), &made).status.success());
    let book = Book { folder };
    let none =
        import(&book, WATER, WATER_ROW, &[&[("用水性质", "特种-洗浴"), ("户号", "3500000001"), ("水表编号", "Z1")]]);
    assert_eq!((none.accepted(), none.notes().contains("挂起")), (1, false), "no price is loaded yet");
    let price = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/tariffs/bj-water-res-2014.toml");
    let loaded = book.run(&["--as", "boss", "import", "tariffs", price, "--on", "2026-10-25"]);
    assert!(loaded.status.success(), "{loaded:?}");
    let answer = import(&book, WATER, WATER_ROW, &rows);
    assert_eq!(answer.accepted(), 5, "{}", answer.json);
    let notes = answer.notes();
    assert!(notes.contains("“特种-洗车”有2户的账单会挂起") && notes.contains("import tariffs"), "{notes}");
    assert!(notes.contains("“居民生活”有1户的账单会挂起") && notes.contains("特困"), "{notes}");
}

const SLIPS: &str = "单号,户号,户名,地址,旧表号,旧表止码,新表号,新表口径,新表起码,拆换日期,拆换原因,施工人";

fn slips(book: &Book, finals: &[&str]) -> Answer {
    let mut text = format!("{SLIPS}\n");
    for (index, value) in (1..).zip(finals) {
        text.push_str(&format!(
            "S{index},310000000{index},,,LC220000000{index},{value},NC{index},15,0,2026-10-20,到期,赵\n"
        ));
    }
    book.import(&["swaps"], &book.file("swaps.csv", &text))
}

/// (volume, amount, state) of the bills of an account.
fn bills(book: &Book, account: &str) -> Vec<(String, String, String)> {
    let shown = book.show(account);
    let text = |bill: &Value, key: &str| bill[key].as_str().unwrap_or_default().to_owned();
    let all = shown["bills"].as_array().into_iter().flatten();
    all.map(|bill| (text(bill, "volume"), text(bill, "amount"), text(bill, "state"))).collect()
}

#[test]
fn a_swap_of_a_file_charged_five_hundred_times_the_average_without_a_question() {
    let book = Book::new(true);
    // The average is 18.33: 54 is below three times of it, 56 above.
    let answer = slips(&book, &["154", "156", "9000"]);
    assert_eq!(answer.accepted(), 1, "{}", answer.json);
    assert_eq!(answer.defects(), [(3, "high_use"), (4, "high_use")]);
    assert!(answer.message(4).contains("8900") && answer.message(4).contains("确认"), "{}", answer.message(4));
    assert_eq!(answer.json["defects"][0]["disposition"], "held");
    assert_eq!(bills(&book, "3100000001"), [("54".into(), "270.00".into(), "open".into())]);
    for account in ["3100000002", "3100000003"] {
        let meters = book.show(account)["meters"].as_array().map_or(0, Vec::len);
        assert_eq!((bills(&book, account), meters), (Vec::new(), 1), "{account}");
    }
    let run = answer.json["run"].as_str().unwrap().to_owned();
    let confirm = |line: u64| {
        let input = format!(r#"{{"file":"{run}","line":{line}}}"#);
        let input = book.file("confirm.json", &input);
        let output = book.run(&["--as", "room", "do", "import.confirm", "--input", input.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    };
    confirm(3);
    assert_eq!(bills(&book, "3100000002"), [("56".into(), "280.00".into(), "open".into())]);
    assert_eq!(book.show("3100000002")["meters"].as_array().map_or(0, Vec::len), 2);
}

#[test]
fn a_difference_that_gets_no_bill_now_was_not_told() {
    let book = Book::new(true);
    let read = r#"{"account":"3100000001","value":"110","date":"2026-10-18"}"#;
    let read = book.file("read.json", read);
    let output = book.run(&["--as", "room", "do", "reading.enter", "--input", read.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let answer = slips(&book, &["113", "120"]);
    assert_eq!(answer.accepted(), 2, "{}", answer.json);
    assert!(answer.notes().contains("1张拆换单的旧表差额这次没有单独出账：S1 用量 3"), "{}", answer.notes());
    assert_eq!(bills(&book, "3100000002").len(), 1);
}
