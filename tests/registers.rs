//! Time of use (分时, R-222): registers are read, billed, explained and adjusted; what is missing holds the bill with its reason.

mod support;

use std::ops::ControlFlow;

use meterdesk::derive::account::bill::BillIssued;
use meterdesk::desk::billing::body;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::{customer_view, view_explain};
use meterdesk::inbound::profile::ReadBy;
use serde_json::{Value, json};
use support::orders::{Book, Sample, Town, book};
use support::timed::{branch, by};
use support::water::{bill, bills, day, line, sound};

fn read(no: &str, date: &str, value: &str, registers: Value) -> Value {
    json!({ "account": no, "date": date, "value": value, "registers": registers, "confirm": true, "reader": "李抄表" })
}

fn issued(book: &Book, no: &str) -> BillIssued {
    let last = bills(book, no).pop().unwrap();
    body::issued(&book.desk.look().unwrap(), last.id).unwrap().unwrap()
}

#[test]
fn registers_read_at_the_desk_are_billed_explained_and_adjusted() {
    let mut book = book("B03");
    branch(&mut book);
    for (registers, why) in [
        (json!({ "peak": "200" }), "缺少谷"),
        (json!({ "peak": "200", "valley": "100", "flat": "0" }), "没有时段"),
        (json!({ "peak": "200", "valley": "-1" }), "不能为负"),
    ] {
        let refusal =
            book.try_act("room", "reading.enter", &read("3100000061", "2026-10-10", "400", registers)).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.message().contains(why)), ("R-222", true), "{refusal}");
    }
    book.act(
        "room",
        "reading.enter",
        read("3100000061", "2026-10-10", "400", json!({ "peak": "260", "valley": "140" })),
    );
    assert_eq!(bill(&mut book, "2026-10").held, 0);
    // 300 kWh: 200 peak, 100 valley. Step 1 240 = 160 peak at 0.50, 80 valley at 0.30; step 2 60 = 40 at 0.80, 20 at 0.60.
    let row = bills(&book, "3100000061").pop().unwrap();
    assert_eq!(line(&row), "2026-09-11…2026-10-10 300 148.00 use open");
    let of = issued(&book, "3100000061");
    assert_eq!(of.registers, by(200, 100));
    let lines: Vec<String> = of
        .lines
        .iter()
        .map(|line| format!("{}{} {}={}", line.register, line.step, line.quantity, line.amount))
        .collect();
    assert_eq!(lines, ["peak1 160=80.00", "valley1 80=24.00", "peak2 40=32.00", "valley2 20=12.00"]);

    let told = view_explain::bill(&book.desk, row.account, row.id, day("2026-11-21")).unwrap().join("\n");
    assert!(
        told.contains("分时用量 峰 200 谷 100 [R-222]") && told.contains("电费谷 第2档 20 × 0.6 = 12.00"),
        "{told}"
    );
    let view = customer_view::account(&book.desk, "3100000061").unwrap();
    assert_eq!((view.readings[0].reader.as_str(), view.readings[0].registers.is_empty()), ("李抄表", false));
    assert!(
        view.timeline.iter().any(|line| line.text.contains("峰 260 谷 140") && line.text.contains("抄表员 李抄表"))
    );

    // A re-read volume keeps the proportion of the hours; a price for the whole day forgets them.
    let preview = |book: &mut Book, kind: &str, change: Value| {
        let ask = json!({ "kind": kind, "account": "3100000061", "bills": [row.id], "change": change, "evidence": "复表单1" });
        book.act("room", "adjustment.preview", ask)
    };
    let volume = preview(&mut book, "V1", json!({ "volume": "240" }));
    let text = volume.to_string();
    assert!(text.contains("104.00") && text.contains("电费 一级谷"), "160 × 0.50 + 80 × 0.30: {text}");
    let price = preview(&mut book, "P4", json!({ "class": "non_resident" }));
    assert!(price.to_string().contains("270.00"), "300 × 0.90: {price}");

    let ask = json!({ "kind": "V1", "account": "3100000061", "bills": [row.id], "change": { "volume": "240" }, "evidence": "复表单1" });
    let request = book.act("room", "adjustment.request", ask)["request"].clone();
    book.act("check", "adjustment.check", json!({ "request": request, "approve": true, "remark": "核" }));
    book.act("chief", "adjustment.decide", json!({ "request": request, "approve": true, "remark": "同意" }));
    let of = issued(&book, "3100000061");
    assert_eq!((of.amount.to_string().as_str(), of.registers), ("104.00", by(160, 80)));
    sound(&mut book);
}

#[test]
fn what_is_missing_holds_the_bill_until_it_is_known() {
    let mut book = book("B03");
    branch(&mut book);
    let readings = [
        ("3100000061", "400", json!({}), "缺少峰、谷示数"),
        ("3100000062", "400", json!({ "peak": "260", "valley": "140" }), "上次读数没有"),
        ("3100000063", "400", json!({ "peak": "290", "valley": "140" }), "不符"),
    ];
    for (no, value, registers, _) in &readings {
        book.act("room", "reading.enter", read(no, "2026-10-10", value, registers.clone()));
    }
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.held), (0, 3));
    for (no, _, _, why) in &readings {
        let held = bills(&book, no).pop().unwrap();
        assert!(held.state == "held" && held.note.contains(why), "{no}: {}", held.note);
    }
    let whole = json!({ "peak": "260", "valley": "140" });
    let correct = |no: &str, field: &str, values: &Value| json!({ "account": no, "date": "2026-10-10", "value": "400", "remark": "补抄", field: values });
    book.act("room", "reading.correct", correct("3100000061", "registers", &whole));
    book.act("room", "reading.correct", correct("3100000063", "registers", &whole));
    // Where the reading before has none, either its registers are added, or the use by register is told.
    book.act(
        "room",
        "reading.correct",
        correct("3100000062", "register_uses", &json!({ "peak": "200", "valley": "100" })),
    );
    assert_eq!(bill(&mut book, "2026-10").held, 0);
    for no in ["3100000061", "3100000062", "3100000063"] {
        assert_eq!(issued(&book, no).amount.to_string(), "148.00", "{no}");
    }
    let refusal =
        book.try_act("room", "reading.enter", &read("3100000061", "2026-11-10", "500", json!({ "night": "1" })));
    assert_eq!(refusal.unwrap_err().first_rule(), "R-222");
    sound(&mut book);
}

#[test]
fn the_registers_of_the_last_reading_before_this_book_can_be_added() {
    let mut book = book("B03");
    branch(&mut book);
    let add = |value: &str| {
        json!({ "account": "3100000062", "date": "2026-09-10", "value": value, "remark": "旧系统存底",
            "registers": { "peak": "60", "valley": "40" } })
    };
    assert!(book.try_act("room", "reading.correct", &add("99")).is_err(), "its value stays");
    book.act("room", "reading.correct", add("100"));
    book.act(
        "room",
        "reading.enter",
        read("3100000062", "2026-10-10", "400", json!({ "peak": "260", "valley": "140" })),
    );
    assert_eq!(bill(&mut book, "2026-10").held, 0);
    assert_eq!(issued(&book, "3100000062").amount.to_string(), "148.00");
    sound(&mut book);
}

#[test]
fn a_file_with_columns_by_register_carries_them_and_the_reader() {
    let mut book = book("B03");
    branch(&mut book);
    let folder = tempfile::tempdir().unwrap();
    let cards = folder.path().join("cards.csv");
    let text = "户号,本次示数,峰示数,谷示数,抄表日期,抄表员\n3100000061,150,90,60,2026-10-10,陈抄\n3100000062,150,,,2026-10-10,陈抄\n3100000063,150,9x,60,2026-10-10,陈抄\n";
    std::fs::write(&cards, text).unwrap();
    let read_by = Some(ReadBy::Card);
    let request = Request { what: What::Readings, path: cards, read_by, profile: None, on: None, dry_run: false };
    book.desk.sign_in_practice("room").unwrap();
    let answer = book.desk.import(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    let odd: Vec<String> =
        answer.lines().map(Result::unwrap).filter(|one| one.id == "3100000063").map(|one| one.kind).collect();
    assert_eq!(odd, ["unreadable_value"]);
    for line in answer
        .lines()
        .map(Result::unwrap)
        .filter(|one| one.id != "3100000063" && one.disposition == meterdesk::inbound::judge::Disposition::Held)
    {
        book.act("room", "import.confirm", json!({ "file": answer.run, "line": line.line }));
    }
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.held), (1, 1));
    assert_eq!(
        (issued(&book, "3100000061").registers, issued(&book, "3100000061").amount.to_string()),
        (by(30, 20), "21.00".into())
    );
    let view = customer_view::account(&book.desk, "3100000061").unwrap();
    assert_eq!(view.readings[0].reader, "陈抄");
}

#[test]
fn readings_by_register_agree_in_every_order() {
    let town = Town::new(branch);
    let samples: Vec<Sample> = vec![
        ("room", "reading.enter", read("3100000062", "2026-10-10", "400", json!({ "peak": "260", "valley": "140" }))),
        ("check", "reading.enter", read("3100000062", "2026-10-11", "405", json!({}))),
        (
            "room",
            "reading.correct",
            json!({ "account": "3100000062", "date": "2026-09-10", "value": "100", "remark": "核", "registers": { "peak": "61", "valley": "39" } }),
        ),
    ];
    town.agree_all(&samples, 6);
}
