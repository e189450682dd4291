//! What finance and the information centre do after the till: sign closed shifts in their order, put a wrongly recorded
//! payment method right.

mod support;

use meterdesk::derive::ledger::account;
use meterdesk::desk::refusal::Refusal;
use meterdesk::outbound::reports;
use meterdesk::outbound::sheet::{Cell, Sheet};
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::till::ShiftRow;
use serde_json::{Value, json};
use support::orders::{Book, Sample, Town, book};
use support::till::{accounts, owes, prices, sound};

fn people(book: &mut Book) {
    for (login, name, role) in
        [("cash", "吴静", "cashier"), ("acct", "郑凯", "accountant"), ("info", "何平", "information_centre")]
    {
        let user = json!({ "login": login, "name": name, "roles": [role], "password": "demo" });
        book.act("boss", "user.add", user);
    }
}

/// A clerk with an open shift who took 86.90 in cash as 核对单 1 and a fee of 5.00 by card as 核对单 2.
fn branch(book: &mut Book) {
    prices(book);
    people(book);
    accounts(book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": "10000001" }));
    let fee = json!({ "account": "10000001", "kind": "报装费", "amount": "5.00", "method": "银行卡" });
    book.act("demo", "fee.take", fee);
}

fn shift(book: &Book) -> ShiftRow {
    let day = "2026-11-21".parse().unwrap();
    book.desk.look().unwrap().shifts_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap().remove(0)
}

fn fill(book: &Book, name: &str) -> Sheet {
    let day = "2026-11-21".parse().unwrap();
    (reports::report(name).unwrap().fill)(&book.desk.look().unwrap(), meterdesk::rules::reach::Reach::ALL, day, day)
        .unwrap()
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    book.try_act(user, action, &input).map(|done| panic!("{action} {input} was done: {done:?}")).unwrap_err()
}

fn correction(payment: &str, method: &str) -> Value {
    json!({ "payment": payment, "method": method, "request": "OA-2026-118", "reason": "刷卡误录现金" })
}

#[test]
fn the_cashier_signs_first_then_the_accountant_and_nobody_twice() {
    let mut book = book("B03");
    branch(&mut book);
    let id = shift(&book).id;
    let sign = |deposits: &str| json!({ "shift": id, "deposits": deposits });
    assert_eq!(refused(&mut book, "cash", "shift.confirm", sign("0.00")).first_rule(), "R-022", "not closed yet");
    book.act("demo", "shift.deposit", json!({ "amount": "80.00", "to": "银行", "slip": "J1" }));
    book.act("demo", "shift.close", json!({ "counted": "206.90" }));
    assert_eq!(refused(&mut book, "acct", "shift.confirm", sign("80.00")).first_rule(), "R-003", "cashier first");
    assert_eq!(refused(&mut book, "demo", "shift.confirm", sign("80.00")).first_rule(), "R-003");
    let differs = refused(&mut book, "cash", "shift.confirm", sign("70.00"));
    assert_eq!(differs.faults[0].field.as_deref(), Some("deposits"));
    assert_eq!(book.act("cash", "shift.confirm", sign("80.00"))["step"], "出纳");
    assert_eq!(refused(&mut book, "cash", "shift.confirm", sign("80.00")).first_rule(), "R-003");
    assert_eq!(book.act("acct", "shift.confirm", sign("80.00"))["step"], "会计");
    assert_eq!(refused(&mut book, "acct", "shift.confirm", sign("80.00")).first_rule(), "R-022", "both have signed");
    let row = fill(&book, "shifts").rows.remove(0);
    assert_eq!((&row[12], &row[13]), (&Cell::text("吴静"), &Cell::text("郑凯")));
    sound(&book);
}

#[test]
fn one_person_with_both_posts_does_not_sign_twice_and_a_clerk_not_the_own_shift() {
    let mut book = book("B03");
    branch(&mut book);
    for role in ["cashier", "accountant"] {
        for user in ["demo", "cash"] {
            book.act("boss", "user.right", json!({ "user": user, "role": role, "first_day": "2026-11-21" }));
        }
    }
    book.act("demo", "shift.close", json!({ "counted": "286.90" }));
    let sign = json!({ "shift": shift(&book).id, "deposits": "0.00" });
    assert_eq!(refused(&mut book, "demo", "shift.confirm", sign.clone()).first_rule(), "I-10");
    book.act("cash", "shift.confirm", sign.clone());
    assert_eq!(refused(&mut book, "cash", "shift.confirm", sign).first_rule(), "I-10");
}

#[test]
fn a_wrong_method_is_put_right_on_an_approved_request_by_the_information_centre_alone() {
    let mut book = book("B03");
    branch(&mut book);
    let first = "B03-1-000001";
    assert_eq!(refused(&mut book, "demo", "payment.method", correction(first, "银行卡")).first_rule(), "R-003");
    for (input, field) in [
        (json!({ "payment": first, "method": "银行卡", "request": " ", "reason": "误录" }), "request"),
        (json!({ "payment": first, "method": "银行卡", "request": "OA-1", "reason": "" }), "reason"),
        (correction(first, "现金"), "method"),
        (correction(first, "预存"), "method"),
        (correction("B03-1-000009", "转账"), "payment"),
    ] {
        let refusal = refused(&mut book, "info", "payment.method", input.clone());
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{input}");
    }
    let done = book.act("info", "payment.method", correction(first, "银行卡"));
    assert_eq!((&done["before"], &done["method"]), (&json!("现金"), &json!("银行卡")));
    let row = shift(&book);
    assert_eq!((row.income, row.cash), (Fen::ZERO, Fen(20_000)), "no cash came in after all");
    let fee = book.act("info", "payment.method", correction("B03-1-000002", "现金"));
    assert_eq!(fee["method"], "现金");
    assert_eq!(shift(&book).cash, Fen(20_500));
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text("10000001").unwrap().unwrap().id;
    assert_eq!(tx.payments(account).unwrap()[0].method, "银行卡");
    drop(tx);
    sound(&book);
}

#[test]
fn a_method_put_right_after_the_close_explains_the_shortage() {
    let mut book = book("B03");
    branch(&mut book);
    book.act("demo", "shift.close", json!({ "counted": "200.00", "note": "待查", "confirm": true }));
    assert_eq!(shift(&book).over, Some(Fen(-8_690)));
    book.act("info", "payment.method", correction("B03-1-000001", "银行卡"));
    let row = shift(&book);
    assert_eq!((row.over, row.cash, row.counted), (Some(Fen::ZERO), Fen(20_000), Some(Fen(20_000))));
    let ledger = meterdesk::derive::ledger::trial_balance(&book.desk.look().unwrap()).unwrap().accounts;
    let sum = |name: &str| ledger.get(name).copied().unwrap_or_default();
    assert_eq!((sum(account::OVER_SHORT), sum(account::CASH), sum(account::BANK)), (Fen::ZERO, Fen::ZERO, Fen(9_190)));
    sound(&book);
}

#[test]
fn signatures_and_corrections_agree_in_every_order() {
    let mut id = Value::Null;
    let town = Town::new(|book| {
        branch(book);
        book.act("boss", "user.right", json!({ "user": "info", "role": "cashier", "first_day": "2026-11-21" }));
        book.act("demo", "shift.close", json!({ "counted": "286.90" }));
        id = json!(shift(book).id);
    });
    let sign = json!({ "shift": id, "deposits": "0.00" });
    let samples: Vec<Sample> = vec![
        ("cash", "shift.confirm", sign.clone()),
        ("info", "shift.confirm", sign),
        ("info", "payment.method", correction("B01-1-000001", "银行卡")),
        ("info", "payment.method", correction("B01-1-000001", "转账")),
        ("check", "shift.open", json!({ "float": "100.00" })),
    ];
    town.agree_all(&samples, 10);
}
