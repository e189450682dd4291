//! What the till leaves on paper: 核对单, day-close slip, reports.

mod support;

use meterdesk::outbound::sheet::{Cell, Sheet};
use meterdesk::outbound::{check_slip, printer, render, reports};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use serde_json::{Value, json};
use support::orders::{Book, book};
use support::till::{accounts, owes, prices};
use unicode_width::UnicodeWidthStr;

fn day_of_work() -> (Book, Value) {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2026-12-05")])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    let paid =
        book.act("demo", "payment.take", json!({ "account": "10000001", "tendered": "200.00", "bills": ["#1"] }));
    (book, paid)
}

fn slip(book: &Book, entry: &Value, reprint: bool) -> String {
    let entry: Id = entry.as_str().unwrap().parse().unwrap();
    check_slip::slip(&book.desk.look().unwrap(), entry, reprint).unwrap().unwrap().text
}

fn fill(book: &Book, name: &str) -> Sheet {
    let day = "2026-11-21".parse().unwrap();
    (reports::report(name).unwrap().fill)(&book.desk.look().unwrap(), meterdesk::rules::reach::Reach::ALL, day, day)
        .unwrap()
}

#[test]
fn the_check_slip_keeps_to_the_paper_and_a_reprint_says_so() {
    let (mut book, paid) = day_of_work();
    let text = slip(&book, &paid["payment"], false);
    assert!(text.lines().all(|line| line.width() <= 80), "{text}");
    for words in ["核对单", "B03-1-000001", "10000001 用户1", "86.40", "0.50", "实收 200.00  找零 113.10", "经手 王芳"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("重印"));
    assert!(slip(&book, &paid["payment"], true).contains("重印"));
    book.act("demo", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错户" }));
    assert!(slip(&book, &paid["payment"], true).contains("已冲正"));
}

#[test]
fn slips_go_to_a_folder_after_the_payment_is_booked() {
    let (mut book, paid) = day_of_work();
    let folder = tempfile::tempdir().unwrap();
    let entry: Id = paid["payment"].as_str().unwrap().parse().unwrap();
    assert_eq!(printer::print(&book.desk.look().unwrap(), entry, false).unwrap(), None, "off unless set");
    let tx = book.desk.db_mut().write().unwrap();
    printer::Target::Folder(folder.path().join("slips")).keep(&tx).unwrap();
    tx.commit().unwrap();
    for reprint in [false, true] {
        let place = printer::print(&book.desk.look().unwrap(), entry, reprint).unwrap().unwrap();
        assert!(std::fs::read_to_string(place).unwrap().contains("核对单"));
    }
    assert_eq!(std::fs::read_dir(folder.path().join("slips")).unwrap().count(), 2);
}

#[test]
fn the_cash_report_has_the_late_fee_apart_and_the_identity_below() {
    let (mut book, _) = day_of_work();
    book.act("demo", "fee.take", json!({ "kind": "报装费", "amount": "5.00", "payer": "路人" }));
    book.act("demo", "fee.take", json!({ "kind": "补卡费", "amount": "10.00", "payer": "路人" }));
    book.act("demo", "payment.reverse", json!({ "payment": "B03-1-000003", "reason": "不补" }));
    let card = json!({ "account": "10000001", "method": "银行卡", "tendered": "50.00" });
    book.act("demo", "payment.take", card);
    book.act("demo", "shift.deposit", json!({ "amount": "100.00" }));
    let sheet = fill(&book, "cash");
    let of = |method: &str, item: &str| {
        let row = sheet.rows.iter().find(|row| row[3] == Cell::text(method) && row[4] == Cell::text(item));
        row.map(|row| row[8].clone()).unwrap_or_else(|| panic!("{method} {item} {:?}", sheet.rows))
    };
    assert_eq!(of("现金", "气费"), Cell::Money(Fen(8_640)));
    assert_eq!(of("现金", "滞纳金"), Cell::Money(Fen(50)));
    assert_eq!(of("现金", "补卡费"), Cell::Money(Fen(0)));
    assert_eq!(of("银行卡", "预存"), Cell::Money(Fen(1_000)));
    assert_eq!(
        sheet.notes,
        [
            "2026-11-21 王芳 班次 1：前日现金结余 200.00 + 本日营业收入 91.90 - 存入 100.00 = 当日现金结余 191.90，未交班"
        ]
    );
    let closed = book.act("demo", "shift.close", json!({ "counted": "190.00", "note": "少一元九角", "confirm": true }));
    assert!(fill(&book, "cash").notes[0].ends_with("清点 190.00，短款 1.90"));
    let shift = fill(&book, "shifts");
    assert_eq!(
        (&shift.rows[0][10], &shift.rows[0][11]),
        (&Cell::Money(Fen(-190)), &Cell::text(closed["head"].as_str().unwrap()))
    );
    assert_eq!(fill(&book, "payments").rows.len(), 6);
}

#[test]
fn the_day_close_slip_bears_the_head_code() {
    let (mut book, _) = day_of_work();
    let entry = book.try_act("demo", "shift.close", &json!({ "counted": "286.90" })).unwrap();
    let text = slip(&book, &json!(entry.0.unwrap().to_string()), false);
    let head = entry.1["head"].as_str().unwrap();
    assert!(text.contains(&format!("校验码 {} {}", &head[..4], &head[4..])), "{text}");
    assert!(text.contains("相符"));
}

#[test]
fn every_report_fills_and_renders_in_every_format() {
    let (mut book, _) = day_of_work();
    let late = json!({ "account": "10000001", "paper": "S1", "happened": "2026-11-20" });
    book.act("demo", "payment.enter_late", late);
    for report in reports::REPORTS {
        let (from, to) = report.days(None, None, "2026-11-21".parse().unwrap());
        let sheet = (report.fill)(&book.desk.look().unwrap(), meterdesk::rules::reach::Reach::ALL, from, to).unwrap();
        assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()), "{}", report.name);
        let mut bytes = Vec::new();
        render::table(&mut bytes, &sheet).unwrap();
        render::csv(&mut bytes, &sheet).unwrap();
        assert!(!bytes.is_empty() && !render::xlsx(&sheet).unwrap().is_empty());
        assert_eq!(render::json(&sheet)["rows"].as_array().unwrap().len(), sheet.rows.len());
    }
    assert_eq!(fill(&book, "pending").rows.len(), 1);
}
