//! The difference at a swap whose bill was cancelled is billed again by itself: it is a debt until then, whatever was billed
//! behind it, and it keeps its due date and late fee.

mod support;

use meterdesk::desk::refusal::Refusal;
use serde_json::{Value, json};
use support::adjust::{act_at, adjusted, bills as living_bills};
use support::ladder::{self, NO, amounts, billed, household};
use support::orders::{Book, book};
use support::transfer;
use support::water::{bill, bills, branch, line, read, resident, slip, sound};

const A: &str = "3100000001";

/// A swap on 2026-09-20 at 120, entered that day; its bill of 20 m³, 100.00, due 2026-10-05. Answers that bill.
fn swapped() -> (Book, Value) {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    let done = act_at(&mut book, "2026-09-20", "room", "swap.enter", slip("HB1", A, "2026-09-20", "120", "N1", "0"));
    let bill = done.unwrap()["bill"].clone();
    assert_eq!(bills(&book, A)[0].due.to_string(), "2026-10-05");
    (book, bill)
}

fn cancel(book: &mut Book, bill: &Value) {
    book.act("room", "bill.cancel", json!({ "account": A, "bill": bill, "reason": "错" }));
}

fn issue(book: &mut Book) -> Result<Value, Refusal> {
    book.try_act("room", "bill.issue", &json!({ "account": A })).map(|(_, answer)| answer)
}

fn living(book: &Book) -> Vec<String> {
    bills(book, A).iter().filter(|row| row.state != "cancelled").map(line).collect()
}

/// What each gate says: transfer, seal, closing.
fn gates(book: &mut Book) -> Vec<Refusal> {
    [
        ("demo", "intake.take", transfer::intake(A, "李小龙", false, false)),
        ("demo", "intake.take", json!({ "service": "seal", "account": A, "fields": { "reason": "外出" } })),
        ("check", "account.amend", json!({ "account": A, "field": "status", "seen": "正常", "value": "销户" })),
    ]
    .into_iter()
    .filter_map(|(who, action, input)| book.try_act(who, action, &input).err())
    .collect()
}

#[test]
fn the_cancelled_bill_of_a_swap_was_never_billed_again_once_a_later_bill_stood() {
    for by_run in [false, true] {
        let (mut book, difference) = swapped();
        read(&mut book, A, "2026-11-06", "10");
        bill(&mut book, "2026-11");
        let before = living(&book);
        assert_eq!(before[0], "2026-08-11…2026-09-20 20 100.00 swap open");
        cancel(&mut book, &difference);
        book.act("demo", "shift.open", json!({ "float": "0.00" }));
        book.act("demo", "payment.take", json!({ "account": A }));
        let told = gates(&mut book);
        for refusal in &told {
            assert!(refusal.message().contains("换表 (2026-09-20) 差额 20 的账单作废后还没有重新出账"), "{refusal}");
        }
        assert_eq!(told.len(), 3, "{told:?}");
        if by_run {
            assert_eq!(bill(&mut book, "2026-09").bills, 1);
            assert_eq!(bill(&mut book, "2026-09").bills, 0);
        } else {
            let again = issue(&mut book).unwrap();
            assert_eq!((&again["volume"], &again["amount"]), (&json!("20"), &json!("100.00")));
            assert_eq!((&again["due"], &again["held"]), (&json!("2026-10-05"), &Value::Null));
        }
        assert_eq!(living(&book)[0], before[0]);
        assert_eq!(issue(&mut book).unwrap_err().message(), "该户没有未出账的读数");
        // 47 days late, 0.1 % a day.
        let paid = book.act("demo", "payment.take", json!({ "account": A }));
        assert_eq!((&paid["lines"][0]["principal"], &paid["late_fee"]), (&json!("100.00"), &json!("4.70")));
        sound(&mut book);
    }
}

#[test]
fn the_next_reading_took_the_cancelled_difference_of_a_swap_and_wiped_its_due_date_and_late_fee() {
    for by_run in [false, true] {
        let (mut book, difference) = swapped();
        cancel(&mut book, &difference);
        read(&mut book, A, "2026-11-06", "30");
        if by_run {
            assert_eq!(bill(&mut book, "2026-11").bills, 2);
        } else {
            assert_eq!(issue(&mut book).unwrap()["due"], "2026-10-05");
            assert_eq!(issue(&mut book).unwrap()["volume"], "30");
        }
        let dues: Vec<String> =
            bills(&book, A).iter().filter(|row| row.state == "open").map(|row| row.due.to_string()).collect();
        assert_eq!(dues, ["2026-10-05", "2026-12-06"]);
        let wanted = ["2026-08-11…2026-09-20 20 100.00 swap open", "2026-09-21…2026-11-06 30 150.00 use open"];
        assert_eq!(living(&book), wanted);
        assert!(issue(&mut book).is_err());
        sound(&mut book);
    }
}

#[test]
fn a_difference_paid_with_late_fee_comes_back_and_is_paid_again_as_it_was() {
    let (mut book, difference) = swapped();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    assert_eq!(book.act("demo", "payment.take", json!({ "account": A }))["late_fee"], "4.70");
    for _ in 0..2 {
        let bill =
            bills(&book, A).iter().find(|row| row.state == "paid").map_or(difference.clone(), |row| json!(row.id));
        let done = book.act("room", "bill.cancel", json!({ "account": A, "bill": bill, "reason": "错" }));
        assert_eq!((&done["credit"], &done["late_fee"]), (&json!("100.00"), &json!("4.70")));
        assert_eq!(issue(&mut book).unwrap()["settled"], "100.00");
        assert_eq!(support::adjust::balance(&book, A), (0, 0));
    }
    sound(&mut book);
}

/// Cancels the bill at a place and issues it again; what all then come to.
fn again(book: &mut Book, at: usize) -> Vec<String> {
    let bill = living_bills(book, NO)[at].0;
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "重出" }));
    book.act("room", "bill.issue", json!({ "account": NO }));
    amounts(book)
}

#[test]
fn a_volume_put_right_over_a_swap_was_counted_from_the_slip_once_more() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    let waits = json!({ "account": NO, "value": "120", "date": "2026-03-20" });
    act_at(&mut book, "2026-03-20", "room", "reading.enter", waits).unwrap();
    book.act("room", "swap.enter", ladder::slip("130"));
    book.act("room", "bill.issue", json!({ "account": NO }));
    billed(&mut book, "2026-05-01", 9);
    // 10 on the old meter, 6 on the new; the old one's end was misread by 2.
    assert_eq!(amounts(&book), ["100 500.00", "20 100.00", "16 80.00"]);
    let case = ladder::ask(&book, "V1", &[2], json!({ "volume": "14" }));
    adjusted(&mut book, case);
    let right = ["100 500.00", "20 100.00", "14 70.00"];
    assert_eq!(amounts(&book), right);
    assert_eq!(
        (again(&mut book, 2), again(&mut book, 2)),
        (right.map(str::to_owned).to_vec(), right.map(str::to_owned).to_vec())
    );
    // Another reading is another measurement: 130 − 120 and 10 − 3.
    let bill = living_bills(&book, NO)[2].0;
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "抄错" }));
    book.act("room", "reading.correct", json!({ "account": NO, "value": "10", "remark": "抄错" }));
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(amounts(&book)[2], "17 85.00");
    sound(&mut book);
}

/// No step of its own moves, so that nothing of it was rated again: 21 came back, from 115 to 130 and from 3 to 9.
#[test]
fn the_bill_over_a_swap_behind_a_volume_put_right_came_again_with_that_difference() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    let waits = json!({ "account": NO, "value": "120", "date": "2026-03-20" });
    act_at(&mut book, "2026-03-20", "room", "reading.enter", waits).unwrap();
    book.act("room", "swap.enter", ladder::slip("130"));
    book.act("room", "bill.issue", json!({ "account": NO }));
    billed(&mut book, "2026-05-01", 9);
    let case = ladder::ask(&book, "V1", &[1], json!({ "volume": "15" }));
    adjusted(&mut book, case);
    let right = ["100 500.00", "15 75.00", "16 80.00"];
    assert_eq!(
        (ladder::readings(&book)[2].clone(), amounts(&book)),
        ("2026-03-20 115".into(), right.map(str::to_owned).to_vec())
    );
    assert_eq!(
        (again(&mut book, 2), again(&mut book, 1)),
        (right.map(str::to_owned).to_vec(), right.map(str::to_owned).to_vec())
    );
    sound(&mut book);
}

#[test]
fn the_difference_at_a_swap_put_right_keeps_its_volume_when_it_is_issued_again() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    book.act("room", "swap.enter", ladder::slip("130"));
    billed(&mut book, "2026-05-01", 9);
    let case = ladder::ask(&book, "V1", &[1], json!({ "volume": "25" }));
    adjusted(&mut book, case);
    let right = ["100 500.00", "25 125.00", "6 30.00"];
    assert_eq!(amounts(&book), right);
    assert_eq!(again(&mut book, 1), right, "not 30 up to the slip's end");
    assert_eq!(again(&mut book, 2), right);
    sound(&mut book);
}

#[test]
fn a_volume_put_right_apart_from_its_reading_came_back_with_the_next_issue() {
    let mut book = household();
    billed(&mut book, "2026-10-20", 140);
    let case = ladder::ask(&book, "V4", &[0], json!({ "volume": "20", "reading": "140" }));
    adjusted(&mut book, case);
    assert_eq!(again(&mut book, 0), ["20 100.00"]);
    // Where the reading followed, both say the same.
    let case = ladder::ask(&book, "V1", &[0], json!({ "volume": "30" }));
    adjusted(&mut book, case);
    assert_eq!(
        (ladder::readings(&book).pop().unwrap(), again(&mut book, 0)),
        ("2026-10-20 150".into(), vec!["30 150.00".to_owned()])
    );
    sound(&mut book);
}
