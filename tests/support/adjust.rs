//! A branch with water bills that may have to be adjusted. Account 31000001: a bill of 222 m3, 1,194.00, due 2026-11-11 (ten days
//! late on 2026-11-21); 31000002: the same, class not confirmed; 31000003: a bill of 30 m3, 150.00, and one after it, 20 m3.

use chrono::{DateTime, FixedOffset, NaiveDate};
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::desk::Call;
use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use serde_json::{Value, json};

use super::orders::Book;

const FILES: [&str; 3] = [
    include_str!("../../assets/tariffs/bj-water-res-2014.toml"),
    include_str!("../../assets/tariffs/sample-water-nonres.toml"),
    include_str!("../../assets/tariffs/sample-water-special.toml"),
];

/// Ten in the morning of a day.
pub fn at(day: &str) -> DateTime<FixedOffset> {
    format!("{day}T10:00:00+08:00").parse().unwrap()
}

/// Performs an action at a moment.
pub fn act_at(book: &mut Book, day: &str, user: &str, action: &str, input: Value) -> Result<Value, Refusal> {
    book.desk.sign_in_practice(user)?;
    let done = book.desk.perform(action, &input.to_string(), Call { key: None, at: Some(at(day)) })?;
    Ok(serde_json::from_str(&done.result).unwrap())
}

fn account(index: usize, confirmed: bool) -> AccountOpened {
    AccountOpened {
        no: (31_000_000 + index).to_string(),
        utility: "water".into(),
        name: format!("用户{index}"),
        class: "resident".into(),
        class_confirmed: confirmed,
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        opened: Some("2020-01-01".parse().unwrap()),
        meter: Some(MeterFacts { no: format!("M{index}"), dial: 5, state: "通".into(), ..MeterFacts::default() }),
        last_reading: Some(LastReading { day: day("2026-06-30"), value: Milli::whole(1_000), registers: Vec::new() }),
        ..AccountOpened::default()
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Fills the branch.
pub fn branch(book: &mut Book) {
    for text in FILES {
        book.act("boss", "tariff.put", json!({ "file": "x.toml", "text": text }));
    }
    book.act("boss", "user.right", json!({ "user": "room", "role": "data_director", "first_day": "2026-01-01" }));
    let desk = &mut book.desk;
    desk.sign_in_practice("room").unwrap();
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).unwrap();
    for (index, confirmed) in [(1, true), (2, false), (3, true)] {
        run.push(desk, Kind::Account, None, to_row(&account(index, confirmed)).unwrap()).unwrap();
    }
    run.close(desk, json!({}), |_| {}).unwrap();
    for (no, value, on) in [
        ("31000001", "1222", "2026-10-27"),
        ("31000002", "1222", "2026-10-27"),
        ("31000003", "1030", "2026-08-31"),
        ("31000003", "1050", "2026-10-27"),
    ] {
        let reading = json!({ "account": no, "value": value, "date": on, "confirm": true });
        act_at(book, on, "room", "reading.enter", reading).unwrap();
        act_at(book, on, "room", "bill.issue", json!({ "account": no })).unwrap();
    }
}

/// The living bills of an account, oldest first: id, amount, unpaid in fen.
pub fn bills(book: &Book, no: &str) -> Vec<(Id, i64, i64)> {
    use meterdesk::store::tables::billing::BillRow;
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    let mut rows = tx.scan::<BillRow>(&[&account]).unwrap();
    rows.retain(|row| row.state == "open" || row.state == "paid");
    rows.sort_by_key(|row| row.last_day);
    rows.into_iter().map(|row| (row.id, row.amount.0, row.unpaid.0)).collect()
}

/// Credit and prepaid of an account in fen.
pub fn balance(book: &Book, no: &str) -> (i64, i64) {
    use meterdesk::store::tables::billing::BalanceRow;
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    tx.get::<BalanceRow>(&[&account]).unwrap().map_or((0, 0), |row| (row.credit.0, row.prepaid.0))
}

/// Asks for a re-reading's difference (V1) of the account's last bill.
pub fn ask_volume(book: &Book, no: &str, volume: &str) -> Value {
    let bill = bills(book, no).last().unwrap().0;
    json!({ "kind": "V1", "account": no, "bills": [bill], "change": { "volume": volume }, "evidence": "复表单 0817" })
}

/// Asked by demo, checked by check; answers the request's name.
pub fn checked(book: &mut Book, input: Value) -> Value {
    let request = book.act("demo", "adjustment.request", input)["request"].clone();
    book.act("check", "adjustment.check", json!({ "request": request, "approve": true }));
    request
}

/// Asked, checked, approved by chief.
pub fn adjusted(book: &mut Book, input: Value) -> Value {
    let request = checked(book, input);
    book.act("chief", "adjustment.decide", json!({ "request": request, "approve": true }))
}
