//! Late fee goes before the principal, also where two sites acted on one bill at once (`derive/account/fee_first.rs`): in every order of
//! arrival, equal to a rebuild, a late fee is a debt until somebody pays or waives it, and nobody pays it twice.

mod support;

use meterdesk::book::entry::seal;
use meterdesk::derive::ledger::trial_balance;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::{Value, json};
use support::arrive::{entries, in_all_orders, made, set_clock, site};
use support::orders::{Book, book};
use support::till;

const NO: &str = "10000001";

/// Gas account 10000001 owes 86.40 and 0.50 late fee; demo and check have shifts open.
fn owing() -> Book {
    let mut book = book("B01");
    till::prices(&mut book);
    till::accounts(&mut book, &[(vec![till::owes(8_640, "2026-11-18")], vec![])]);
    for user in ["demo", "check"] {
        book.act(user, "shift.open", json!({ "float": "200.00" }));
    }
    book
}

/// A book that knows what was common and what was done apart, after every order of arrival was tried.
fn met(common: &[EntryRow], apart: &[EntryRow]) -> Book {
    let mut book = Book { desk: in_all_orders(common, apart) };
    till::sound(&book);
    set_clock(&mut book, 60);
    book
}

/// Unpaid principal, credit, and late fee and waivers as the ledger has them.
fn stands(book: &Book) -> (i64, i64, i64, i64) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    let ledger = trial_balance(&tx).unwrap().accounts;
    let of = |name: &str| ledger.get(name).map_or(0, |sum| sum.0);
    let credit = tx.get::<BalanceRow>(&[&account]).unwrap().map_or(0, |row| row.credit.0);
    (tx.owed(account).unwrap().0, credit, of("late_fee"), of("waiver"))
}

fn questions(book: &Book) -> Vec<String> {
    book.desk.look().unwrap().open_exceptions().unwrap().into_iter().map(|row| row.what).collect()
}

fn pay(sum: &str) -> Value {
    json!({ "account": NO, "amounts": sum })
}

/// `first` is paid and known everywhere; one site reverses it while another takes the rest. Tried with each of the two counting first.
fn reversed_while_the_rest_is_taken(first: &str) -> Vec<Book> {
    let mut home = owing();
    let part = home.act("demo", "payment.take", pay(first));
    let common = entries(&home);
    let meet = |(reversed_at, paid_at)| {
        let back = json!({ "payment": part["receipt"], "reason": "收错" });
        let apart = [
            made(&mut site("S1", &common, reversed_at), "demo", "payment.reverse", back),
            made(&mut site("S2", &common, paid_at), "check", "payment.take", json!({ "account": NO })),
        ];
        met(&common, &apart)
    };
    [(5, 10), (10, 5)].into_iter().map(meet).collect()
}

#[test]
fn late_fee_paid_alone_and_reversed_while_another_site_took_the_rest_was_owed_by_nobody() {
    for mut book in reversed_while_the_rest_is_taken("0.50") {
        assert_eq!((stands(&book), questions(&book).len()), ((50, 0, -50, 0), 0));
        let rest = book.act("demo", "payment.take", json!({ "account": NO }));
        assert_eq!((&rest["total"], &rest["late_fee"]), (&json!("0.50"), &json!("0.00")));
        assert_eq!(stands(&book), (0, 0, -50, 0));
        till::sound(&book);
    }
    // What was late fee in part, the same.
    for book in reversed_while_the_rest_is_taken("0.30") {
        assert_eq!((stands(&book), questions(&book).len()), ((30, 0, -50, 0), 0));
    }
    // With principal in it the bill is open again, and its late fee is asked for with it.
    for mut book in reversed_while_the_rest_is_taken("20.00") {
        assert_eq!((stands(&book), questions(&book).len()), ((1_950, 0, 0, 0), 0));
        assert_eq!(book.act("demo", "payment.take", json!({ "account": NO }))["total"], "20.00");
        assert_eq!(stands(&book), (0, 0, -50, 0));
    }
}

#[test]
fn what_is_reversed_of_all_that_was_paid_is_owed_again() {
    for mut book in reversed_while_the_rest_is_taken("0.50") {
        let receipts: Vec<String> = {
            let tx = book.desk.look().unwrap();
            let account = tx.account_of_text(NO).unwrap().unwrap().id;
            let paid = tx.payments(account).unwrap().into_iter().filter(|row| row.state == "taken");
            paid.map(|row| row.receipt).collect()
        };
        assert_eq!(receipts.len(), 1);
        book.act("check", "payment.reverse", json!({ "payment": receipts[0], "reason": "收错" }));
        assert_eq!(stands(&book), (8_640, 0, 0, 0));
        assert_eq!(book.act("demo", "payment.take", json!({ "account": NO }))["total"], "86.90");
        till::sound(&book);
    }
}

#[test]
fn late_fee_taken_at_two_sites_was_taken_twice() {
    let common = entries(&owing());
    for (alone_at, part_at) in [(5, 10), (10, 5)] {
        let apart = [
            made(&mut site("S1", &common, alone_at), "demo", "payment.take", pay("0.50")),
            made(&mut site("S2", &common, part_at), "check", "payment.take", pay("40.00")),
        ];
        let book = met(&common, &apart);
        assert_eq!((stands(&book), questions(&book).len()), ((4_640, 0, -50, 0), 0), "alone {alone_at}");
    }
}

#[test]
fn a_waiver_withdrawn_while_another_site_took_the_rest_left_the_fee_to_nobody() {
    let mut home = owing();
    home.act("boss", "user.right", json!({ "user": "room", "role": "centre_deputy" }));
    let bill = support::adjust::bills(&home, NO)[0].0;
    let ask = json!({ "kind": "L3", "account": NO, "bills": [bill], "change": {}, "evidence": "单 1" });
    let request = support::adjust::checked(&mut home, ask);
    let common = entries(&home);
    let say = |approve: bool| json!({ "request": request, "approve": approve, "remark": "说明" });
    for (paid_at, rejected_at) in [(7, 10), (12, 10)] {
        let mut first = site("S1", &common, 5);
        let approved = made(&mut first, "chief", "adjustment.decide", say(true));
        set_clock(&mut first, paid_at);
        let paid = made(&mut first, "check", "payment.take", json!({ "account": NO }));
        let rejected = made(&mut site("S2", &common, rejected_at), "room", "adjustment.decide", say(false));
        assert_eq!(stands(&met(&common, &[approved.clone(), paid.clone()])), (0, 0, -50, 50), "waived");
        let book = met(&common, &[approved, paid, rejected]);
        assert_eq!(stands(&book), (50, 0, -50, 0), "paid {paid_at}");
    }
}

#[test]
fn an_entry_of_before_does_not_say_what_was_charged_and_is_asked_about() {
    let mut home = owing();
    let part = home.act("demo", "payment.take", pay("0.50"));
    let common = entries(&home);
    for (reversed_at, paid_at) in [(5, 10), (10, 5)] {
        let back = json!({ "payment": part["receipt"], "reason": "收错" });
        let mut rest = made(&mut site("S2", &common, paid_at), "check", "payment.take", json!({ "account": NO }));
        let said = r#","charged_before":"0.50""#;
        assert!(rest.payload.contains(said), "{}", rest.payload);
        rest.payload = rest.payload.replace(said, "");
        let apart = [made(&mut site("S1", &common, reversed_at), "demo", "payment.reverse", back), seal(rest)];
        let book = met(&common, &apart);
        assert_eq!(stands(&book), (0, 0, 0, 0));
        assert_eq!(questions(&book), ["late_fee_left"], "reversed {reversed_at}, paid {paid_at}");
    }
}
