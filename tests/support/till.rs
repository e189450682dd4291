//! A branch with customers who owe, for the tests of the till: prices loaded, accounts with opening arrears and bills.

use chrono::{Days, NaiveDate};
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::bill::{BillIssued, BillLine};
use meterdesk::derive::account::file::{AccountOpened, Arrear, LastReading, MeterFacts};
use meterdesk::derive::ledger::trial_balance;
use meterdesk::derive::row::to_row;
use meterdesk::desk::Desk;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::{Fen, Milli};
use serde_json::json;

use super::orders::Book;

/// The gas price of the sample book: 0.3 % a day, cut to half a yuan.
pub const GAS: &str = include_str!("../../assets/tariffs/bj-gas-res-2019.toml");
/// The water price of the sample book: 0.1 % a day, in fen.
pub const WATER: &str = include_str!("../../assets/tariffs/bj-water-res-2014.toml");

/// A bill to be: amount, due date, estimated.
#[derive(Clone, Debug)]
pub struct Owes {
    /// Amount in fen.
    pub amount: i64,
    /// Last day without late fee.
    pub due: &'static str,
    /// 估抄.
    pub estimated: bool,
}

/// A bill of an amount due on a day.
pub fn owes(amount: i64, due: &'static str) -> Owes {
    Owes { amount, due, estimated: false }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Loads the sample prices.
pub fn prices(book: &mut Book) {
    for text in [GAS, WATER] {
        book.act("boss", "tariff.put", json!({ "file": "x.toml", "text": text }));
    }
}

/// Opens gas accounts 1, 2, 3 … with opening arrears (`#1`, `#2` …), and gives each the bills named.
pub fn accounts(book: &mut Book, list: &[(Vec<Owes>, Vec<Owes>)]) -> Vec<Id> {
    let desk = &mut book.desk;
    desk.sign_in_practice("room").unwrap();
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).unwrap();
    for (index, (arrears, _)) in list.iter().enumerate() {
        let body = AccountOpened {
            no: (10_000_001 + index).to_string(),
            utility: "gas".into(),
            name: format!("用户{}", index + 1),
            class: "resident".into(),
            class_confirmed: true,
            method: "现金".into(),
            status: "正常".into(),
            // They keep their prepaid, so that a test may put it beside an open bill; tests/covers.rs has the others.
            extra: r#"{"prepaid_settles":"false"}"#.into(),
            opened: Some(day("2020-01-01")),
            arrears: arrears.iter().map(arrear).collect(),
            meter: Some(MeterFacts {
                no: format!("M{:07}", index + 1),
                dial: 6,
                fitted: Some(day("2020-01-01")),
                state: "supplied".into(),
                ..MeterFacts::default()
            }),
            recent: "9;10;11".into(),
            last_reading: Some(LastReading { day: day("2026-10-25"), value: Milli::whole(100), registers: Vec::new() }),
            ..AccountOpened::default()
        };
        run.push(desk, Kind::Account, None, to_row(&body).unwrap()).unwrap();
    }
    run.close(desk, json!({}), |_| {}).unwrap();
    let tx = desk.look().unwrap();
    let number = |index: usize| (10_000_001 + index).to_string();
    let ids: Vec<Id> = (0..list.len()).map(|index| tx.account_of_text(&number(index)).unwrap().unwrap().id).collect();
    drop(tx);
    bills(desk, &ids, list);
    ids
}

fn arrear(owes: &Owes) -> Arrear {
    Arrear {
        cycle: owes.due[..7].to_owned(),
        amount: Fen(owes.amount),
        dated: day(owes.due) - Days::new(15),
        due: day(owes.due),
        tariff: "BJ-GAS-RES-2019".into(),
    }
}

fn bills(desk: &mut Desk, ids: &[Id], list: &[(Vec<Owes>, Vec<Owes>)]) {
    if list.iter().all(|(_, bills)| bills.is_empty()) {
        return;
    }
    let mut run = desk.open_run("bill.run", "bill.issue", 1, "出账", None).unwrap();
    for (id, (_, bills)) in ids.iter().zip(list) {
        for owes in bills {
            run.push(desk, Kind::Account, Some(*id), to_row(&bill(owes)).unwrap()).unwrap();
        }
    }
    run.close(desk, json!({}), |_| {}).unwrap();
}

/// The body of a bill.
pub fn bill(owes: &Owes) -> BillIssued {
    let amount = Fen(owes.amount);
    BillIssued {
        cycle: owes.due[..7].to_owned(),
        first_day: day(owes.due) - Days::new(45),
        last_day: day(owes.due) - Days::new(16),
        dated: day(owes.due) - Days::new(15),
        due: day(owes.due),
        from: Milli(0),
        to: Milli(10_000),
        volume: Milli(10_000),
        used_before: Milli(0),
        used_before_from: String::new(),
        class: "resident".into(),
        tariff: "BJ-GAS-RES-2019".into(),
        people: None,
        estimated: owes.estimated,
        kind: "use".into(),
        reading: None,
        replaces: None,
        lines: vec![BillLine {
            component: "gas".into(),
            step: 1,
            quantity: "10".into(),
            price: "1".into(),
            amount,
            tariff: String::new(),
            register: String::new(),
        }],
        amount,
        held: None,
        registers: Vec::new(),
        settles: false,
        mix: None,
        earlier: Vec::new(),
        stored: None,
        covers: None,
    }
}

/// I-3 and I-8: every entry balances, and the cash of every shift is its opening plus its cash entries.
pub fn sound(book: &Book) {
    let fault = meterdesk::desk::till::sound::fault(&book.desk.look().unwrap()).unwrap();
    assert_eq!(fault.map(|fault| fault.message), None);
    let tx = book.desk.look().unwrap();
    let balance = trial_balance(&tx).unwrap();
    assert_eq!(balance.unbalanced, None, "I-3");
    assert_eq!(balance.total(), Fen::ZERO);
    let far = |text: &str| day(text);
    let shifts = tx.shifts_between(meterdesk::rules::reach::Reach::ALL, far("2000-01-01"), far("2100-01-01")).unwrap();
    let moves = tx.till_between(meterdesk::rules::reach::Reach::ALL, far("2000-01-01"), far("2100-01-01")).unwrap();
    let mut open = Fen::ZERO;
    for shift in &shifts {
        let own = moves.iter().filter(|row| row.shift == shift.id && row.method == "现金");
        let cash: Fen = shift.opening + own.map(|row| row.amount).sum::<Fen>();
        assert_eq!(cash, shift.cash, "I-8 of {}", shift.id);
        let moved = shift.added + shift.income - shift.paid_in;
        assert_eq!(shift.cash, shift.opening + moved, "R-366 of {}", shift.id);
        if shift.state == "open" {
            open += shift.cash;
        }
    }
    assert_eq!(balance.accounts.get("cash").copied().unwrap_or_default(), open, "cash is what lies in open drawers");
}
