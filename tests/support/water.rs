//! A branch whose water is read, swapped and billed: prices loaded, accounts with a last reading and 近三期.

use chrono::NaiveDate;
use meterdesk::derive::account::file::{AccountOpened, LastReading};
use meterdesk::desk::bill_run::{Ask, Summary};
use meterdesk::rules::money::{Fen, Milli};
use meterdesk::store::tables::billing::BillRow;
use serde_json::{Value, json};

use super::orders::Book;
use super::town;

const PRICES: [&str; 4] = [
    include_str!("../../assets/tariffs/bj-water-res-2014.toml"),
    include_str!("../../assets/tariffs/sample-water-nonres.toml"),
    include_str!("../../assets/tariffs/sample-water-special.toml"),
    include_str!("../../assets/tariffs/bj-water-institution-2014.toml"),
];

/// A day.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Loads the water prices.
pub fn prices(book: &mut Book) {
    for (index, text) in PRICES.iter().enumerate() {
        book.act("boss", "tariff.put", json!({ "file": format!("{index}.toml"), "text": text }));
    }
}

/// A resident read on 2026-08-10 at 100, who used 20 in each of the last periods.
pub fn resident(no: &str) -> AccountOpened {
    AccountOpened {
        recent: "20;20;20".into(),
        opened: Some(day("2015-06-01")),
        last_reading: Some(LastReading { day: day("2026-08-10"), value: Milli::whole(100), registers: Vec::new() }),
        ..town::account(no, "王芳", "supplied", 0)
    }
}

/// Opens accounts with the prices loaded.
pub fn branch(book: &mut Book, accounts: &[AccountOpened]) {
    prices(book);
    town::open_accounts(book, accounts);
}

/// Enters a reading.
pub fn read(book: &mut Book, account: &str, date: &str, value: &str) -> Value {
    book.act("room", "reading.enter", json!({ "account": account, "date": date, "value": value, "confirm": true }))
}

/// Runs a cycle.
pub fn bill(book: &mut Book, cycle: &str) -> Summary {
    run(book, cycle, false)
}

/// Runs or tries a cycle.
pub fn run(book: &mut Book, cycle: &str, dry_run: bool) -> Summary {
    book.desk.sign_in_practice("room").unwrap();
    book.desk.bill_run(&Ask { cycle: cycle.parse().unwrap(), dated: None, dry_run }, |_, _| {}).unwrap()
}

/// Bills of an account, oldest first.
pub fn bills(book: &Book, account: &str) -> Vec<BillRow> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(account).unwrap().unwrap();
    let mut rows = tx.scan::<BillRow>(&[&account.id]).unwrap();
    rows.sort_by_key(|row| (row.last_day, row.id));
    rows
}

/// Period, volume, amount and state of a bill, in one line.
pub fn line(row: &BillRow) -> String {
    format!("{}…{} {} {} {} {}", row.first_day, row.last_day, row.volume, row.amount, row.kind, row.state)
}

/// A slip for an account's only meter.
pub fn slip(no: &str, account: &str, date: &str, final_value: &str, new_meter: &str, first: &str) -> Value {
    json!({
        "slip": no, "account": account, "old_meter": format!("M{account}"), "final_value": final_value,
        "new_meter": new_meter, "first_value": first, "calibre": "DN20", "date": date, "reason": "周期更换",
        "worker": "陈志强", "old_seal": "F1", "new_seal": "F2", "materials": "生料带×1",
    })
}

/// I-3 and I-4: postings balance, and a rebuild gives the same state.
pub fn sound(book: &mut Book) {
    let balance = meterdesk::derive::ledger::trial_balance(&book.desk.look().unwrap()).unwrap();
    assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO));
    let before = book.desk.look().unwrap().state_hash().unwrap();
    meterdesk::derive::rebuild::rebuild(book.desk.db_mut(), |_| {}).unwrap();
    assert_eq!(book.desk.look().unwrap().state_hash().unwrap(), before, "incremental differs from rebuild");
}
