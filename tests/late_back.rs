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
    let mut book = given_nothing();
    book.act("demo", "payment.take", json!({ "account": NO, "amounts": paid, "confirm": true }));
    book
}

fn given_nothing() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    book
}

fn cancel(book: &mut Book) -> Value {
    let bill = bills(book, NO)[0].0;
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "抄错" }))
}

fn put_right(book: &mut Book, value: &str, by_run: bool) {
    book.act("room", "reading.correct", json!({ "account": NO, "value": value, "remark": "复表", "confirm": true }));
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

fn let_off(book: &mut Book) -> Value {
    let bill = bills(book, NO)[0].0;
    let ask = json!({ "kind": "L3", "account": NO, "bills": [bill], "change": {}, "evidence": "单 1" });
    adjusted(book, ask)
}

fn reversal(book: &Book) -> Value {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    json!({ "payment": tx.payments(account).unwrap()[0].receipt, "reason": "收错户" })
}

#[test]
fn late_fee_that_was_waived_after_it_was_paid_stayed_as_credit_when_the_payment_was_reversed() {
    // 600.00 pay 11.94 late fee and 588.06; the waiver makes credit of the 11.94, which covers principal.
    let mut book = given("600.00");
    let_off(&mut book);
    assert_eq!(stands(&book), (vec![(59_400, 0)], 0));
    let back = reversal(&book);
    book.act("demo", "payment.reverse", back);
    assert_eq!(stands(&book), (vec![(119_400, 0)], 0), "all of the bill is owed, and its late fee is waived still");
    cancel(&mut book);
    assert_eq!(stands(&book), (vec![], 0), "who paid nothing has nothing");
    sound(&book);
    // The bill is cancelled first, then the payment reversed; what is issued again is waived still.
    let mut book = given("1205.94");
    let_off(&mut book);
    cancel(&mut book);
    assert_eq!(stands(&book), (vec![], 120_594));
    let back = reversal(&book);
    book.act("demo", "payment.reverse", back);
    assert_eq!(stands(&book), (vec![], 0));
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(stands(&book), (vec![(119_400, 0)], 0));
    sound(&book);
}

#[test]
fn credit_of_a_waiver_that_paid_the_next_bill_was_given_back_once_more_with_the_payment() {
    let mut book = given("1205.94");
    let_off(&mut book);
    book.act("room", "reading.enter", json!({ "account": NO, "value": "1224", "date": "2026-11-21", "confirm": true }));
    let next = book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(next["settled"], "11.94");
    let back = reversal(&book);
    let refusal = book.try_act("demo", "payment.reverse", &back).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-172", "{refusal}");
    assert!(refusal.message().contains("余款会少于零") && refusal.message().contains("bill.cancel"), "{refusal}");
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": next["bill"], "reason": "抄错" }));
    book.act("demo", "payment.reverse", back);
    assert_eq!(stands(&book), (vec![(119_400, 0)], 0));
    sound(&book);
}

#[test]
fn a_slip_entered_after_a_later_payment_left_the_late_fee_of_money_that_was_there() {
    // 600.00 by a slip of the due day, 500.00 at the till ten days late: 5.94 on 594.00, whichever is entered first.
    let slip = json!({ "account": NO, "amounts": "600.00", "paper": "S1", "happened": "2026-11-11" });
    let pay = json!({ "account": NO, "amounts": "500.00" });
    let mut right = given_nothing();
    right.act("demo", "payment.enter_late", slip.clone());
    let taken = right.act("demo", "payment.take", pay.clone());
    assert_eq!(taken["late_fee"], "5.94");
    assert_eq!(stands(&right), (vec![(9_994, 0)], 0));

    let mut book = given_nothing();
    assert_eq!(book.act("demo", "payment.take", pay)["late_fee"], "11.94");
    let late = book.act("demo", "payment.enter_late", slip);
    assert_eq!((&late["late_back"], &late["owed_after"]), (&json!("6.00"), &json!("99.94")));
    assert_eq!((&late["late_fee_after"], &late["balance_after"]), (&json!("0.00"), &json!("0.00")));
    assert_eq!(stands(&book), stands(&right));
    sound(&book);
    // The slip was none: the fee is asked again; the payment taken back too, nothing is left.
    book.act("chief", "payment.reverse", json!({ "payment": "S1", "reason": "没有这笔" }));
    assert_eq!(stands(&book), (vec![(69_994, 600)], 0));
    let back = reversal(&book);
    book.act("demo", "payment.reverse", back);
    assert_eq!(stands(&book), (vec![(119_400, 1_194)], 0));
    sound(&book);
}

#[test]
fn a_slip_put_by_because_the_bill_was_paid_brought_no_late_fee_back() {
    // 1,194.00 due 2026-11-11 and paid on 2026-11-21 with 11.94; 1,000.00 of it were there in time: 194.00 bear 1.94.
    let mut book = given("1205.94");
    let slip = json!({ "account": NO, "method": "现金", "paper": "HH7", "happened": "2026-11-10", "bills": [],
        "to_prepaid": "1000.00", "confirm": true });
    let done = book.act("demo", "payment.enter_late", slip.clone());
    assert_eq!(done["late_back"], "10.00", "{done}");
    assert_eq!(balance(&book, NO), (1_000, 100_000));
    sound(&book);
    // What it brought goes with it, the late fee that came back too.
    let receipt = done["receipt"].clone();
    book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "收错户" }));
    assert_eq!((stands(&book), balance(&book, NO)), ((vec![], 0), (0, 0)));
    sound(&book);
}

#[test]
fn a_slip_put_by_beside_an_open_bill_that_was_paid_in_part_meanwhile_brought_no_late_fee_back() {
    let mut book = given_nothing();
    assert_eq!(book.act("demo", "payment.take", json!({ "account": NO, "amounts": "500.00" }))["late_fee"], "11.94");
    let slip = json!({ "account": NO, "method": "现金", "paper": "S1", "happened": "2026-11-11", "bills": [],
        "to_prepaid": "600.00", "confirm": true });
    let late = book.act("demo", "payment.enter_late", slip);
    assert_eq!((&late["late_back"], &late["owed_after"]), (&json!("6.00"), &json!("99.94")), "{late}");
    assert_eq!((stands(&book), balance(&book, NO)), ((vec![(9_994, 0)], 0), (0, 0)));
    sound(&book);
    book.act("chief", "payment.reverse", json!({ "payment": "S1", "reason": "没有这笔" }));
    assert_eq!(stands(&book), (vec![(69_994, 600)], 0));
    sound(&book);
}
