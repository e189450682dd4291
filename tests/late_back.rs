//! Late fee that was paid on a bill that is cancelled: it comes back, and the bill in its place keeps what it bears itself. A bill of
//! 1,194.00 (222 m³), due 2026-11-11, is paid on 2026-11-21 with 11.94.

mod support;

use meterdesk::desk::bill_run::Ask;
use serde_json::{Value, json};
use support::adjust::{adjusted, ask_volume, balance, bills, branch};
use support::orders::{Book, book};
use support::till::sound;

const NO: &str = "31000001";

/// The branch, with `paid` given for the bill.
fn given(paid: &str) -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    book.act("demo", "payment.take", json!({ "account": NO, "amounts": paid, "confirm": true }));
    book
}

fn cancel(book: &mut Book) -> Value {
    let bill = bills(book, NO)[0].0;
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "抄错" }))
}

fn put_right(book: &mut Book, value: &str, by_run: bool) {
    book.act("room", "reading.correct", json!({ "account": NO, "value": value, "remark": "复表" }));
    if by_run {
        book.desk.sign_in_practice("room").unwrap();
        let ask = Ask { cycle: "2026-10".parse().unwrap(), dated: None, dry_run: false };
        assert_eq!(book.desk.bill_run(&ask, |_, _| {}).unwrap().bills, 1);
    } else {
        book.act("room", "bill.issue", json!({ "account": NO }));
    }
}

/// Principal and late fee of each open bill today, and credit: fen.
fn stands(book: &Book) -> (Vec<(i64, i64)>, i64) {
    let id = book.desk.look().unwrap().account_of_text(NO).unwrap().unwrap().id;
    let pay = meterdesk::desk::view_till::pay(&book.desk, id, None).unwrap();
    (pay.bills.iter().map(|due| (due.bill.unpaid.0, due.fee().0)).collect(), balance(book, NO).0)
}

#[test]
fn late_fee_paid_on_a_cancelled_bill_was_kept_for_a_bill_that_is_none() {
    let mut book = given("1205.94");
    let done = cancel(&mut book);
    assert_eq!((&done["credit"], &done["late_fee"]), (&json!("1194.00"), &json!("11.94")));
    assert_eq!(stands(&book), (vec![], 120_594));
    sound(&book);
    // The payment is taken back: all of it lay in credit.
    let receipt = {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text(NO).unwrap().unwrap().id;
        tx.payments(account).unwrap()[0].receipt.clone()
    };
    book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "收错户" }));
    assert_eq!(stands(&book), (vec![], 0));
    sound(&book);
}

#[test]
fn cancelled_put_right_and_issued_again_gave_less_late_fee_back_than_v1() {
    // 22 m³ are 110.00 and bear 1.10: of 1,205.94 there remain 1,094.84. Of 600.00 (11.94 and 588.06) 488.90.
    for (paid, credit) in [("1205.94", 109_484), ("600.00", 48_890)] {
        let mut right = given(paid);
        let ask = ask_volume(&right, NO, "22");
        adjusted(&mut right, ask);
        assert_eq!(stands(&right), (vec![], credit), "V1, {paid}");
        for by_run in [false, true] {
            let mut book = given(paid);
            cancel(&mut book);
            put_right(&mut book, "1022", by_run);
            assert_eq!(stands(&book), (vec![], credit), "{paid} by a run: {by_run}");
            // And once more, as it was at first: the whole late fee of ten days is due, and nothing twice.
            let before = stands(&given(paid));
            cancel(&mut book);
            put_right(&mut book, "1222", by_run);
            assert_eq!(stands(&book), before, "{paid} by a run: {by_run}");
            sound(&book);
        }
    }
}

#[test]
fn a_reversed_payment_of_late_fee_alone_left_the_fee_to_nobody() {
    // 11.94 pay the late fee alone; then 1,194.00 the rest. Taken back one by one, all of it is owed again.
    let mut book = given("11.94");
    assert_eq!(stands(&book).0, [(119_400, 0)]);
    book.act("demo", "payment.take", json!({ "account": NO, "confirm": true }));
    let receipts: Vec<String> = {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text(NO).unwrap().unwrap().id;
        tx.payments(account).unwrap().iter().map(|row| row.receipt.clone()).collect()
    };
    let back = |receipt: &String| json!({ "payment": receipt, "reason": "收错户" });
    let refusal = book.try_act("demo", "payment.reverse", &back(&receipts[0])).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-183", "{refusal}");
    assert!(refusal.message().contains("11.94") && refusal.message().contains(&receipts[1]), "{refusal}");
    book.act("demo", "payment.reverse", back(&receipts[1]));
    book.act("demo", "payment.reverse", back(&receipts[0]));
    assert_eq!(stands(&book), (vec![(119_400, 1_194)], 0));
    sound(&book);
}
