//! Several bills of one year put right: each is rated from what the earlier ones now use, later ones of the year with them, and the
//! readings follow, so that no unit is lost or billed twice. And what is cancelled and issued again keeps its due date
//! and the late fee of what was owed. The day is 2026-11-21.

mod support;

use meterdesk::desk::bill_run::Ask;
use meterdesk::desk::till::due;
use meterdesk::store::tables::billing::BillRow;
use serde_json::{Value, json};
use support::adjust::{act_at, adjusted, balance, bills, branch, checked};
use support::ladder::{NO, account, all, amounts, ask, billed, fill, given, household, readings, request, slip, water};
use support::orders::{Book, Town, book};
use support::till::sound;

/// Bills of 200 and 100 units, 1,040.00 and 780.00.
fn two_bills() -> Book {
    let mut book = household();
    assert_eq!(billed(&mut book, "2026-03-01", 200).1, "1040.00");
    assert_eq!(billed(&mut book, "2026-05-01", 300).1, "780.00");
    book
}

#[test]
fn volumes_moved_between_two_bills_of_a_year_keep_their_sum_and_the_right_last_reading() {
    for kind in ["V1", "V4"] {
        let mut book = two_bills();
        let case = ask(&book, kind, &[0, 1], json!({ "volumes": ["100", "200"] }));
        let shown = book.act("demo", "adjustment.preview", case.clone());
        assert_eq!(shown["picture"]["amount"], "1080.00", "540 less and 540 more");
        assert_eq!(shown["picture"]["after"]["owed"], "1820.00");
        adjusted(&mut book, case);
        assert_eq!(amounts(&book), ["100 500.00", "200 1320.00"], "{kind}: not 500.00 and 1,680.00");
        assert_eq!(readings(&book), ["2025-12-31 0", "2026-03-01 100", "2026-05-01 300"], "300 was right");
        assert_eq!(billed(&mut book, "2026-08-01", 310).1, "90.00");
        sound(&book);
    }
}

#[test]
fn the_bills_of_a_case_may_be_named_in_any_order() {
    let mut book = two_bills();
    let case = ask(&book, "V1", &[1, 0], json!({ "volumes": ["200", "100"] }));
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 500.00", "200 1320.00"]);
}

#[test]
fn a_later_bill_of_the_year_that_is_not_named_is_rated_again_and_shown_and_what_was_taken_off_comes_with_the_next() {
    let mut book = two_bills();
    let case = ask(&book, "V1", &[0], json!({ "volume": "100" }));
    let shown = book.act("demo", "adjustment.preview", case.clone());
    let picture = &shown["picture"];
    assert_eq!(picture["bills"].as_array().unwrap().len(), 2, "{picture}");
    assert_eq!(
        (&picture["bills"][1]["old"]["amount"], &picture["bills"][1]["new"]["amount"]),
        (&json!("780.00"), &json!("540.00"))
    );
    assert_eq!(picture["amount"], "780.00", "540 and 240");
    let told = picture["warnings"].to_string();
    assert!(told.contains("2026-05 随之重算阶梯") && told.contains("下一张账单从示数 200 起算"), "{told}");
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 500.00", "100 540.00"]);
    assert_eq!(billed(&mut book, "2026-08-01", 300).1, "780.00", "300 on the meter, 300 billed, 1,820.00 as before");
    sound(&book);
}

#[test]
fn bills_of_other_years_and_flat_prices_are_not_touched() {
    let mut book = given(&water(), &account("water", "2020-01-01", true, Some(("2024-12-31", 0))));
    for (on, value) in [("2025-06-30", 200), ("2025-12-31", 300), ("2026-06-30", 500)] {
        billed(&mut book, on, value);
    }
    let case = ask(&book, "V1", &[0], json!({ "volume": "100" }));
    let shown = book.act("demo", "adjustment.preview", case);
    assert_eq!(shown["picture"]["bills"].as_array().unwrap().len(), 2, "2026 begins anew");
}

#[test]
fn an_estimate_put_right_loses_no_water_at_the_next_reading() {
    let start = || {
        let mut book = given(&water(), &account("water", "2020-01-01", true, Some(("2026-09-05", 100))));
        let estimate = json!({ "account": NO, "value": "140", "date": "2026-10-20", "estimated": true });
        act_at(&mut book, "2026-10-25", "room", "reading.enter", estimate).unwrap();
        act_at(&mut book, "2026-10-25", "room", "bill.issue", json!({ "account": NO })).unwrap();
        let case = ask(&book, "V1", &[0], json!({ "volume": "20" }));
        adjusted(&mut book, case);
        assert_eq!(readings(&book), ["2026-09-05 100", "2026-10-20 120"]);
        book
    };
    let mut both = start();
    assert_eq!(billed(&mut both, "2026-11-18", 130).1, "50.00");
    assert_eq!(billed(&mut both, "2026-11-20", 150).1, "100.00");
    let mut one = start();
    assert_eq!(billed(&mut one, "2026-11-20", 150).1, "150.00", "30 units, not 10");
    sound(&one);
    assert_eq!((all(&one)[0].from.to_string(), all(&one)[0].to.to_string()), ("100".into(), "120".into()));
}

#[test]
fn the_first_reading_of_an_account_follows_too_and_the_next_one_is_taken() {
    let mut book = given(&water(), &account("water", "2026-01-01", true, None));
    billed(&mut book, "2026-10-20", 222);
    let case = ask(&book, "V1", &[0], json!({ "volume": "22" }));
    adjusted(&mut book, case);
    assert_eq!(readings(&book), ["2026-10-20 22"]);
    assert_eq!(billed(&mut book, "2026-11-20", 40).1, "90.00", "18 units");
    sound(&book);
}

#[test]
fn a_reading_already_taken_after_the_bill_stays_and_takes_up_the_difference() {
    let mut book = household();
    billed(&mut book, "2026-10-20", 140);
    let next = json!({ "account": NO, "value": "150", "date": "2026-11-20" });
    act_at(&mut book, "2026-11-20", "room", "reading.enter", next).unwrap();
    let case = ask(&book, "V1", &[0], json!({ "volume": "120" }));
    adjusted(&mut book, case);
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(amounts(&book), ["120 600.00", "30 150.00"]);
}

#[test]
fn who_says_that_the_reading_is_right_keeps_it_and_is_told_what_is_never_charged() {
    let mut book = household();
    billed(&mut book, "2026-10-20", 140);
    let case = ask(&book, "V4", &[0], json!({ "volume": "20", "reading": "140" }));
    let told = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
    assert!(told.contains("减少的水量 120 以后不再收"), "{told}");
    adjusted(&mut book, case);
    assert_eq!(readings(&book).pop().unwrap(), "2026-10-20 140");
    assert_eq!(billed(&mut book, "2026-11-20", 150).1, "50.00");
    for (reading, rule) in [("100000", "R-254"), ("x", "number")] {
        let case = ask(&book, "V4", &[0], json!({ "volume": "30", "reading": reading }));
        let refusal = book.try_act("demo", "adjustment.preview", &case).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), (rule, Some("change.reading")));
    }
}

#[test]
fn a_counter_past_zero_goes_back_over_it_with_the_volume() {
    let mut book = given(&water(), &account("water", "2020-01-01", true, Some(("2025-12-31", 99_950))));
    let turned = json!({ "account": NO, "value": "30", "date": "2026-10-20", "rollover": true, "confirm": true });
    act_at(&mut book, "2026-10-20", "room", "reading.enter", turned).unwrap();
    act_at(&mut book, "2026-10-20", "room", "bill.issue", json!({ "account": NO })).unwrap();
    assert_eq!(amounts(&book), ["80 400.00"]);
    let case = ask(&book, "V1", &[0], json!({ "volume": "40" }));
    adjusted(&mut book, case);
    assert_eq!(readings(&book), ["2025-12-31 99950", "2026-10-20 99990"]);
    let case = ask(&book, "V1", &[0], json!({ "volume": "90" }));
    adjusted(&mut book, case);
    assert_eq!(readings(&book), ["2025-12-31 99950", "2026-10-20 40 过零"]);
    assert_eq!(billed(&mut book, "2026-11-20", 50).1, "50.00");
    sound(&book);
}

#[test]
fn later_readings_that_no_bill_went_out_on_stood_unsaid_in_the_picture() {
    for (volume, told) in [("90", "少 20"), ("20", "多 50"), ("130", "低于改后的起点 130")] {
        let mut book = household();
        billed(&mut book, "2026-03-01", 70);
        let later = json!({ "account": NO, "value": "100", "date": "2026-04-01" });
        act_at(&mut book, "2026-04-01", "room", "reading.enter", later).unwrap();
        let case = ask(&book, "V1", &[0], json!({ "volume": volume }));
        let shown = book.act("demo", "adjustment.preview", case.clone());
        let warnings = shown["picture"]["warnings"].as_array().unwrap();
        let said = |warning: &Value| warning.as_str().unwrap().contains(told);
        assert!(warnings.iter().any(said), "{volume}: {warnings:?}");
        adjusted(&mut book, case);
        assert_eq!(readings(&book).pop().unwrap(), "2026-04-01 100", "it stays");
        sound(&book);
    }
}

#[test]
fn a_volume_put_right_on_the_bill_with_the_old_meters_end_moved_the_reading_of_the_new_meter() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    let waits = json!({ "account": NO, "value": "120", "date": "2026-03-20" });
    act_at(&mut book, "2026-03-20", "room", "reading.enter", waits).unwrap();
    book.act("room", "swap.enter", slip("130"));
    book.act("room", "bill.issue", json!({ "account": NO }));
    billed(&mut book, "2026-05-01", 9);
    assert_eq!(amounts(&book), ["100 500.00", "20 100.00", "16 80.00"], "10 on the old meter, 6 on the new");
    // The old meter's end was misread: what the bill uses less or more is told, the new meter was read and stays.
    for (volume, told) in [("14", "减少的水量 2 以后不再收"), ("4", "减少的水量 10 "), ("15", "增加的水量 11 ")]
    {
        let case = ask(&book, "V1", &[2], json!({ "volume": volume }));
        let shown = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
        assert!(shown.contains(told) && !shown.contains("示数一并改"), "{volume}: {shown}");
        adjusted(&mut book, case);
        assert_eq!(readings(&book).pop().unwrap(), "2026-05-01 9");
    }
    // It is the new meter's reading only where somebody says so.
    let case = ask(&book, "V1", &[2], json!({ "volume": "16", "reading": "10" }));
    adjusted(&mut book, case);
    assert_eq!(readings(&book).pop().unwrap(), "2026-05-01 10");
    assert_eq!(billed(&mut book, "2026-06-01", 15).1, "25.00", "5 from its own reading");
    sound(&book);
}

#[test]
fn what_a_bill_of_the_old_meter_uses_less_moved_the_reading_of_the_new_meter() {
    // The meter came down as it was read, so that no bill has its end: and the bill after it begins with the new one.
    let mut book = household();
    act_at(
        &mut book,
        "2026-04-01",
        "room",
        "reading.enter",
        json!({ "account": NO, "value": "100", "date": "2026-04-01", "confirm": true }),
    )
    .unwrap();
    act_at(&mut book, "2026-04-01", "room", "bill.issue", json!({ "account": NO })).unwrap();
    book.act("room", "swap.enter", slip("100"));
    billed(&mut book, "2026-06-01", 33);
    assert_eq!(amounts(&book), ["100 500.00", "30 150.00"]);
    let case = ask(&book, "V1", &[0], json!({ "volume": "80" }));
    let shown = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
    assert!(shown.contains("减少的水量 20 以后不再收"), "{shown}");
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["80 400.00", "30 150.00"]);
    assert_eq!(readings(&book).pop().unwrap(), "2026-06-01 33");
    assert_eq!(billed(&mut book, "2026-08-01", 43).1, "50.00");
    sound(&book);
}

#[test]
fn a_bill_before_a_swap_was_said_to_set_where_the_next_one_begins_and_to_lose_its_difference() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    book.act("room", "swap.enter", slip("130"));
    let case = ask(&book, "V1", &[0], json!({ "volume": "90" }));
    let told = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
    assert!(told.contains("减少的水量 10 以后不再收") && !told.contains("起算"), "{told}");
    adjusted(&mut book, case);
    assert_eq!(billed(&mut book, "2026-05-01", 9).1, "30.00", "the next bill begins on the new meter");
    sound(&book);
}

#[test]
fn the_difference_charged_at_a_swap_is_put_right_as_what_it_is_and_the_new_meter_stays() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    book.act("room", "swap.enter", slip("130"));
    billed(&mut book, "2026-05-01", 9);
    assert_eq!(amounts(&book), ["100 500.00", "30 150.00", "6 30.00"]);
    let case = ask(&book, "V1", &[1], json!({ "volume": "25" }));
    let told = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
    assert!(told.contains("减少的水量 5 以后不再收"), "{told}");
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 500.00", "25 125.00", "6 30.00"]);
    assert_eq!(readings(&book).pop().unwrap(), "2026-05-01 9");
    assert_eq!(billed(&mut book, "2026-06-01", 10).1, "5.00");
    sound(&book);
}

#[test]
fn approved_here_and_rejected_there_puts_the_readings_back_too() {
    let town = Town::new(|home| {
        fill(home, &water(), &account("water", "2020-01-01", true, Some(("2025-12-31", 0))));
        billed(home, "2026-03-01", 200);
        billed(home, "2026-05-01", 300);
        let case = ask(home, "V1", &[0], json!({ "volume": "100" }));
        checked(home, case);
    });
    let (mut yes, mut no) = (town.site("S1", 5), town.site("S2", 6));
    let request = request(&yes);
    let decide = |approve: bool| json!({ "request": request, "approve": approve, "remark": "情况不符" });
    yes.act("chief", "adjustment.decide", decide(true));
    assert_eq!(readings(&yes), ["2025-12-31 0", "2026-03-01 100", "2026-05-01 200"]);
    no.act("chief", "adjustment.decide", decide(false));
    yes.receive_from(&no);
    assert_eq!(amounts(&yes), ["200 1040.00", "100 780.00"]);
    assert_eq!(readings(&yes), ["2025-12-31 0", "2026-03-01 200", "2026-05-01 300"]);
    sound(&yes);
}

#[test]
fn a_mix_of_a_hundred_percent_is_a_change_of_class_and_needs_the_site_check() {
    let mut book = household();
    for mix in ["非居民100%", "non_resident:1"] {
        let case = json!({ "kind": "P1", "account": NO, "change": { "mix": mix }, "evidence": "申请书 3" });
        let refusal = book.try_act("demo", "adjustment.request", &case).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-251", Some("order")), "{refusal}");
        let shown = book.act("demo", "adjustment.preview", case);
        assert_eq!((&shown["picture"]["kind"], &shown["picture"]["price"]["new"]), (&json!("P4"), &json!("非居民")));
    }
    let real = json!({ "kind": "P1", "account": NO, "change": { "mix": "居民70%;非居民30%" }, "evidence": "申请书 3" });
    book.act("demo", "adjustment.request", real);
}

// Cancelled and issued again.

fn rows(book: &Book, no: &str) -> Vec<BillRow> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    let mut rows = tx.scan::<BillRow>(&[&account]).unwrap();
    rows.retain(|row| row.state == "open" || row.state == "paid");
    rows.sort_by_key(|row| row.last_day);
    rows
}

/// Late fee owed on a day, bill by bill, in fen.
fn fees(book: &Book, no: &str, day: &str) -> Vec<i64> {
    let prices = book.desk.prices().unwrap();
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap();
    let owed = due::due(&tx, &prices, &account, day.parse().unwrap()).unwrap();
    owed.iter().map(|due| due.fee().0).collect()
}

fn cancel(book: &mut Book, no: &str, at: usize) {
    let bill = rows(book, no)[at].id;
    book.act("room", "bill.cancel", json!({ "bill": bill, "account": no, "reason": "重出" }));
}

fn run(book: &mut Book, cycle: &str) -> u64 {
    book.desk.sign_in_practice("room").unwrap();
    book.desk.bill_run(&Ask { cycle: cycle.parse().unwrap(), dated: None, dry_run: false }, |_, _| {}).unwrap().bills
}

fn late_branch() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book
}

#[test]
fn a_bill_cancelled_and_issued_again_keeps_its_due_date_and_late_fee_also_by_a_bill_run_and_several_times() {
    let mut book = late_branch();
    assert_eq!(fees(&book, "31000001", "2026-11-21"), [1_194]);
    for by_run in [false, true, false, true] {
        cancel(&mut book, "31000001", 0);
        if by_run {
            assert_eq!(run(&mut book, "2026-10"), 1);
        } else {
            let done = book.act("room", "bill.issue", json!({ "account": "31000001" }));
            assert_eq!(done["due"], "2026-11-11");
        }
        let row = rows(&book, "31000001").remove(0);
        assert_eq!((row.due.to_string(), row.amount.0), ("2026-11-11".into(), 119_400));
        assert_eq!(fees(&book, "31000001", "2026-11-21"), [1_194], "by a run: {by_run}");
    }
    sound(&book);
}

#[test]
fn a_later_run_does_not_swallow_a_cancelled_bill_and_its_due_date() {
    let mut book = late_branch();
    let before: Vec<(String, String, i64)> = rows(&book, "31000003")
        .iter()
        .map(|row| (row.last_day.to_string(), row.due.to_string(), row.amount.0))
        .collect();
    cancel(&mut book, "31000003", 1);
    cancel(&mut book, "31000003", 0);
    assert_eq!(run(&mut book, "2026-10"), 2, "both, each for itself");
    let after: Vec<(String, String, i64)> = rows(&book, "31000003")
        .iter()
        .map(|row| (row.last_day.to_string(), row.due.to_string(), row.amount.0))
        .collect();
    assert_eq!(before, after);
    // A first bill that waits, and a new reading: the run of the new month brings both.
    cancel(&mut book, "31000003", 0);
    book.act("room", "reading.enter", json!({ "account": "31000003", "value": "1060", "date": "2026-11-20" }));
    assert_eq!(run(&mut book, "2026-11"), 2);
    let volumes: Vec<String> = rows(&book, "31000003").iter().map(|row| row.volume.to_string()).collect();
    assert_eq!(volumes, ["30", "20", "10"]);
    sound(&book);
}

#[test]
fn what_was_paid_on_a_cancelled_bill_pays_the_one_in_its_place_and_no_late_fee_is_lost_or_charged_twice() {
    let mut book = late_branch();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    // Ten days late: 11.94 of late fee, then 588.06 of 1,194.00.
    book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "600.00", "method": "银行卡" }));
    let untouched = [fees(&book, "31000001", "2026-11-21"), fees(&book, "31000001", "2026-12-01")];
    for _ in 0..2 {
        cancel(&mut book, "31000001", 0);
        assert_eq!(balance(&book, "31000001").0, 60_000, "the late fee of a bill that is none comes back too");
        book.act("room", "bill.issue", json!({ "account": "31000001" }));
        assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001").0), (60_594, 0));
        assert_eq!([fees(&book, "31000001", "2026-11-21"), fees(&book, "31000001", "2026-12-01")], untouched);
        sound(&book);
    }
    // A payment on the bill of before is reversed: the bill in its place owes it again.
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    let receipt = {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text("31000001").unwrap().unwrap().id;
        tx.payments(account).unwrap()[0].receipt.clone()
    };
    book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "收错户" }));
    assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001").0), (119_400, 0));
    assert_eq!(fees(&book, "31000001", "2026-11-21"), [1_194]);
    sound(&book);
}

#[test]
fn credit_that_went_elsewhere_meanwhile_comes_back_to_the_bill_issued_again_with_its_late_fee() {
    let mut book = late_branch();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    let owed = fees(&book, "31000003", "2026-11-21");
    book.act("demo", "payment.take", json!({ "account": "31000003", "amounts": "160.05", "method": "银行卡" }));
    let paid = |book: &Book| -> Vec<i64> { rows(book, "31000003").iter().map(|row| row.unpaid.0).collect() };
    let stands = (paid(&book), fees(&book, "31000003", "2026-12-31"), balance(&book, "31000003"));
    assert_eq!(stands.0[0], 0, "{owed:?}");
    cancel(&mut book, "31000003", 0);
    // Its money, 160.05, stands for the bill due later, and goes back when the bill is there again.
    assert_eq!(paid(&book), [0]);
    book.act("room", "bill.issue", json!({ "account": "31000003" }));
    assert_eq!((paid(&book), fees(&book, "31000003", "2026-12-31"), balance(&book, "31000003")), stands);
    sound(&book);
}

#[test]
fn a_cancelled_bill_that_was_issued_again_is_not_adjusted_but_the_new_one() {
    let mut book = household();
    billed(&mut book, "2026-03-01", 100);
    let old = ask(&book, "V1", &[0], json!({ "volume": "50" }));
    cancel(&mut book, NO, 0);
    book.act("room", "bill.issue", json!({ "account": NO }));
    let refusal = book.try_act("demo", "adjustment.request", &old).unwrap_err();
    assert!(refusal.message().contains("已作废重出"), "{refusal}");
    let case = ask(&book, "V1", &[0], json!({ "volume": "50" }));
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["50 250.00"]);
    cancel(&mut book, NO, 0);
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(amounts(&book), ["50 250.00"], "what was put right stays right");
    sound(&book);
}

/// A household's bill of 500.00, 66 days late, and who may take back what is paid on it.
fn late() -> Book {
    let mut book = household();
    billed(&mut book, "2026-09-01", 100);
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    book
}

/// Unpaid principal and late fee today, in fen.
fn to_pay(book: &Book) -> Vec<(i64, i64)> {
    let id = book.desk.look().unwrap().account_of_text(NO).unwrap().unwrap().id;
    let pay = meterdesk::desk::view_till::pay(&book.desk, id, None).unwrap();
    pay.bills.iter().map(|due| (due.bill.unpaid.0, due.fee().0)).collect()
}

#[test]
fn a_bill_issued_again_whose_payment_is_taken_back_bears_the_late_fee_of_all_its_days() {
    let mut book = late();
    let all = to_pay(&book);
    let paid = book.act("demo", "payment.take", json!({ "account": NO }))["receipt"].clone();
    cancel(&mut book, NO, 0);
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(to_pay(&book), []);
    book.act("demo", "payment.reverse", json!({ "payment": paid, "reason": "收错户" }));
    assert_eq!((to_pay(&book), all), (vec![(50_000, 3_300)], vec![(50_000, 3_300)]));
    sound(&book);
}

#[test]
fn what_had_gone_over_to_credit_bore_late_fee_after_a_payment_was_taken_back() {
    let mut book = late();
    book.act("demo", "payment.take", json!({ "account": NO, "amounts": "250.00" }));
    let second = book.act("demo", "payment.take", json!({ "account": NO }))["receipt"].clone();
    let case = ask(&book, "V4", &[0], json!({ "volume": "60" }));
    adjusted(&mut book, case);
    // 300.00 bear 19.80, as much as was kept; 250.00 were paid and stand.
    book.act("demo", "payment.reverse", json!({ "payment": second, "reason": "收错户" }));
    assert_eq!(to_pay(&book), [(6_980, 0)]);
    sound(&book);
}
