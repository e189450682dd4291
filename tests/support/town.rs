//! A small branch to work in: accounts with meters and arrears, workers.

use super::orders::Book;
use chrono::NaiveDate;
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, Arrear, MeterFacts};
use meterdesk::derive::row::to_row;
use serde_json::json;

/// An account of 人民路.
pub fn account(no: &str, name: &str, state: &str, owed: i64) -> AccountOpened {
    let day = |m, d| NaiveDate::from_ymd_opt(2026, m, d).unwrap();
    AccountOpened {
        no: no.into(),
        utility: "water".into(),
        name: name.into(),
        mobile: Some("13358990332".into()),
        estate: "光明小区".into(),
        address: format!("人民路12号{}室", &no[no.len() - 3..]),
        class: "resident".into(),
        class_confirmed: true,
        method: "现金".into(),
        status: "正常".into(),
        read_way: "card".into(),
        meter: Some(MeterFacts {
            no: format!("M{no}"),
            maker: "宁北".into(),
            calibre: "20".into(),
            dial: 5,
            state: state.into(),
            ..MeterFacts::default()
        }),
        arrears: (owed > 0)
            .then(|| Arrear {
                cycle: "2026-09".into(),
                amount: meterdesk::rules::money::Fen(owed),
                dated: day(9, 30),
                due: day(10, 15),
                tariff: "BJ-WATER-RES-2014".into(),
            })
            .into_iter()
            .collect(),
        ..AccountOpened::default()
    }
}

/// Opens accounts, by an import as a branch would.
pub fn open_accounts(book: &mut Book, accounts: &[AccountOpened]) {
    book.desk.sign_in_practice("room").unwrap();
    let mut run = book.desk.open_run("import.customers", "account.open", 1, "用户档案", None).unwrap();
    for account in accounts {
        run.push(&mut book.desk, Kind::Account, None, to_row(account).unwrap()).unwrap();
    }
    run.close(&mut book.desk, json!({}), |_| {}).unwrap();
}

/// Three accounts (in use, sealed, owing) and two workers.
pub fn small(book: &mut Book) {
    let accounts = [
        account("3100000002", "王军义", "supplied", 0),
        account("3100000004", "黄思诺", "sealed", 0),
        account("3100000006", "老王面馆", "supplied", 8_500),
    ];
    open_accounts(book, &accounts);
    for (code, name, team, area) in [("lq", "李强", "抢修班", "城区"), ("zm", "张明", "表务班", "农村")] {
        book.act("boss", "worker.add", json!({ "code": code, "name": name, "team": team, "area": area }));
    }
}

/// Loads the calendar of 2027 with the text of a site: two sites that do so hold one year with two texts, a question.
pub fn year_of(book: &mut Book, site: &str) {
    let text = format!("year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n# {site}\n");
    book.act("chief", "calendar.put", json!({ "text": text, "file": "2027.toml" }));
}

/// A book that holds another site's year beside its own.
pub fn with_two_years(mut book: Book, own: &str, other: &str) -> Book {
    year_of(&mut book, own);
    let mut second = super::orders::book(other);
    year_of(&mut second, other);
    book.receive_from(&second);
    book
}
