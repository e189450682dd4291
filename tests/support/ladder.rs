//! One account under price files of a test's own, read and billed at its days.

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::bill::BillIssued;
use meterdesk::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::desk::billing::body;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use meterdesk::store::tables::account::ReadingRow;
use serde_json::{Value, json};

use super::adjust::{act_at, bills};
use super::orders::{Book, book};

/// The account's number.
pub const NO: &str = "61";
/// 5, 7 and 9 yuan a unit up to 180, 260 and beyond.
pub const RESIDENT: &str = "{ upto = \"180\", price = \"5\" }, { upto = \"260\", price = \"7\" }, { price = \"9\" }";

/// A tariff: class, utility, first day, the rest of the file.
pub fn tariff(class: &str, utility: &str, from: &str, rest: &str) -> String {
    format!(
        "code = \"T-{class}\"\nname = \"{class}\"\nutility = \"{utility}\"\nunit = \"m3\"\nclass = \"{class}\"\n\
         valid_from = {from}\ndocument = \"试\"\n{rest}\n\n[late_fee]\ndue_days = 15\nrate = \"0.001\"\n"
    )
}

/// One component over the year.
pub fn yearly(steps: &str) -> String {
    format!("cycle = \"year\"\n[[component]]\nkey = \"w\"\nname = \"费\"\nsteps = [ {steps} ]")
}

/// The residents' ladder and a flat price for others.
pub fn water() -> [String; 2] {
    [
        tariff("resident", "water", "2014-05-01", &yearly(RESIDENT)),
        tariff("non_resident", "water", "2014-05-01", &yearly("{ price = \"7.50\" }")),
    ]
}

/// An account of class resident; `opening` is day and value of the last reading before the book.
pub fn account(utility: &str, opened: &str, confirmed: bool, opening: Option<(&str, i64)>) -> AccountOpened {
    let day = |text: &str| text.parse().unwrap();
    AccountOpened {
        no: NO.into(),
        utility: utility.into(),
        name: "福来饭店".into(),
        class: "resident".into(),
        class_confirmed: confirmed,
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        opened: Some(day(opened)),
        meter: Some(MeterFacts {
            no: "M61".into(),
            dial: 5,
            state: "通".into(),
            fitted: Some(day(opened)),
            ..MeterFacts::default()
        }),
        last_reading: opening.map(|(on, value)| LastReading {
            day: day(on),
            value: Milli::whole(value),
            registers: Vec::new(),
        }),
        ..AccountOpened::default()
    }
}

/// Loads the prices and opens the account.
pub fn fill(book: &mut Book, texts: &[String], account: &AccountOpened) {
    for text in texts {
        book.act("boss", "tariff.put", json!({ "file": "x.toml", "text": text }));
    }
    book.act("boss", "user.right", json!({ "user": "room", "role": "data_director", "first_day": "2020-01-01" }));
    let desk = &mut book.desk;
    desk.sign_in_practice("room").unwrap();
    // What is asked about because it is large is not what is tried here.
    desk.set_bill_limits("10 9000000.00 9000000.00 9000000.00".parse().unwrap()).unwrap();
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).unwrap();
    run.push(desk, Kind::Account, None, to_row(account).unwrap()).unwrap();
    run.close(desk, json!({}), |_| {}).unwrap();
}

/// A book with the prices and the account.
pub fn given(texts: &[String], account: &AccountOpened) -> Book {
    let mut book = book("B03");
    fill(&mut book, texts, account);
    book
}

/// A confirmed household, read at nought at the end of 2025.
pub fn household() -> Book {
    given(&water(), &account("water", "2020-01-01", true, Some(("2025-12-31", 0))))
}

/// Reads and bills; answers class and amount.
pub fn billed(book: &mut Book, on: &str, value: i64) -> (String, String) {
    let reading = json!({ "account": NO, "value": value.to_string(), "date": on, "confirm": true });
    act_at(book, on, "room", "reading.enter", reading).unwrap();
    act_at(book, on, "room", "bill.issue", json!({ "account": NO })).unwrap();
    let bill = last(book);
    (bill.class, bill.amount.to_string())
}

/// What the last living bill was calculated with.
pub fn last(book: &Book) -> BillIssued {
    all(book).pop().unwrap()
}

/// The same of every living bill, in the order of use.
pub fn all(book: &Book) -> Vec<BillIssued> {
    let known = bills(book, NO);
    let tx = book.desk.look().unwrap();
    known.into_iter().map(|(id, ..)| body::issued(&tx, id).unwrap().unwrap()).collect()
}

/// Volume and amount of every living bill: `100 500.00`.
pub fn amounts(book: &Book) -> Vec<String> {
    all(book).iter().map(|bill| format!("{} {}", bill.volume, bill.amount)).collect()
}

/// The readings, oldest first: `2026-03-01 100`.
pub fn readings(book: &Book) -> Vec<String> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    let rows = tx.scan::<ReadingRow>(&[&account]).unwrap();
    let turned = |row: &ReadingRow| if row.rollover { " 过零" } else { "" };
    rows.iter().map(|row| format!("{} {}{}", row.day, row.value, turned(row))).collect()
}

/// A case on bills by their places.
pub fn ask(book: &Book, kind: &str, places: &[usize], change: Value) -> Value {
    let known = bills(book, NO);
    let bills: Vec<_> = places.iter().map(|at| known[*at].0).collect();
    json!({ "kind": kind, "account": NO, "bills": bills, "change": change, "evidence": "申请书 3" })
}

/// The account's first request.
pub fn request(book: &Book) -> Id {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    tx.requests_of(account).unwrap()[0].id
}

/// The household's meter comes down on 2026-04-01 at `last`; the new one begins at 3.
pub fn slip(last: &str) -> Value {
    json!({ "slip": "100001", "account": NO, "old_meter": "M61", "final_value": last, "new_meter": "N61", "first_value": "3",
        "calibre": "DN20", "date": "2026-04-01", "reason": "周期更换", "worker": "陈志强", "old_seal": "F1", "new_seal": "F2",
        "materials": "生料带×1" })
}
