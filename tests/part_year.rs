//! `[prorate]`: the ladder year of what begins within it, a new account, a new owner, other people or a new meter, is a part year: its bounds are cut down by
//! months, and it begins without use. The day is 2026-11-21; 5, 7 and 9 yuan up to 180, 260 and beyond.

mod support;

use serde_json::json;
use support::adjust::{act_at, adjusted, bills};
use support::ladder::{self, NO, RESIDENT, account, amounts, billed, last, tariff, yearly};
use support::orders::Book;
use support::till::sound;
use support::transfer::transfer;

fn given(prorate: bool, opened: &str, opening: Option<(&str, i64)>) -> Book {
    let rest = yearly(RESIDENT) + if prorate { "\n[prorate]\nby = \"month\"" } else { "" };
    ladder::given(&[tariff("resident", "water", "2014-05-01", &rest)], &account("water", opened, true, opening))
}

/// Billed to the end of June, paid, handed to another owner on 2026-11-21.
fn handed_over(prorate: bool) -> Book {
    let mut book = given(prorate, "2020-01-01", Some(("2025-12-31", 0)));
    assert_eq!(billed(&mut book, "2026-06-30", 200).1, "1040.00");
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    book.act("demo", "payment.take", json!({ "account": NO, "method": "银行卡" }));
    transfer(&mut book, NO, "李强", false);
    book
}

#[test]
fn a_new_owner_paid_on_the_steps_that_the_old_one_had_filled() {
    let mut book = handed_over(true);
    // November and December: bounds 30 and 43⅓, nothing used yet: 30×5 + 13⅓×7 + 16⅔×9 = 393.33; 60 × 7 = 420.00 otherwise.
    assert_eq!(billed(&mut book, "2026-12-10", 260).1, "393.33");
    assert_eq!(last(&book).used_before.to_string(), "0");
    // 60 used in the part year, all bounds passed: 10 × 9; in the new year the whole ladder.
    assert_eq!(billed(&mut book, "2026-12-31", 270).1, "90.00");
    assert_eq!(last(&book).used_before.to_string(), "60");
    assert_eq!(billed(&mut book, "2027-02-28", 470).1, "1040.00");
    // A volume put right moves the new owner's later bill of the year with it: 20×5, then from 20 on 10×5.
    let bill = bills(&book, NO)[1].0;
    let case = json!({ "kind": "V1", "account": NO, "bills": [bill], "change": { "volume": "20", "reading": "260" }, "evidence": "复表单 1" });
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["200 1040.00", "20 100.00", "10 50.00", "200 1040.00"]);
    sound(&book);
}

/// The number of people put right by special handling on 2026-11-21.
fn other_people(book: &mut Book) {
    let case = json!({ "kind": "D1", "account": NO, "change": { "facts": { "people": "4" } }, "evidence": "户口本" });
    adjusted(book, case);
}

#[test]
fn a_change_of_people_began_no_part_year() {
    for (prorate, amount, before) in [(true, "393.33", "0"), (false, "420.00", "200")] {
        let mut book = given(prorate, "2020-01-01", Some(("2025-12-31", 0)));
        assert_eq!(billed(&mut book, "2026-06-30", 200).1, "1040.00");
        other_people(&mut book);
        // November and December: bounds 30 and 43⅓, nothing used yet, as for a new owner.
        assert_eq!(billed(&mut book, "2026-12-10", 260).1, amount);
        assert_eq!(last(&book).used_before.to_string(), before);
        // What was billed before it stands on the bounds of then, also issued once more.
        let first = bills(&book, NO)[0].0;
        book.act("room", "bill.cancel", json!({ "account": NO, "bill": first, "reason": "重出" }));
        book.act("room", "bill.issue", json!({ "account": NO }));
        assert_eq!(amounts(&book)[0], "200 1040.00");
        sound(&book);
    }
}

#[test]
fn a_new_meter_began_no_part_year() {
    for (prorate, amount) in [(true, "1140.00"), (false, "1440.00")] {
        let mut book = given(prorate, "2020-01-01", Some(("2025-12-31", 0)));
        assert_eq!(billed(&mut book, "2026-03-01", 100).1, "500.00");
        book.act("room", "swap.enter", ladder::slip("130"));
        // The difference is of the year before the swap. Nine months from April: bounds 135 and 195 for the 200 behind it.
        assert_eq!(billed(&mut book, "2026-06-30", 203).1, amount);
        assert_eq!(amounts(&book)[1], "30 150.00");
        // A run sees the same days of beginning as the desk.
        let bill = bills(&book, NO)[2].0;
        book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "重出" }));
        support::water::bill(&mut book, "2026-06");
        assert_eq!(amounts(&book)[2], format!("200 {amount}"));
        sound(&book);
    }
}

#[test]
fn a_volume_of_the_old_owner_moves_no_step_of_the_new_one() {
    let mut book = handed_over(true);
    billed(&mut book, "2026-12-10", 260);
    let bill = bills(&book, NO)[0].0;
    let case = json!({ "kind": "V1", "account": NO, "bills": [bill], "change": { "volume": "100", "reading": "200" }, "evidence": "复表单 1" });
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 500.00", "60 393.33"]);
}

#[test]
fn without_prorate_the_year_of_the_account_goes_on() {
    let mut book = handed_over(false);
    assert_eq!(billed(&mut book, "2026-12-10", 260).1, "420.00");
}

#[test]
fn a_first_bill_over_the_new_year_had_the_bounds_of_a_whole_year() {
    let mut book = given(true, "2026-11-05", None);
    // 87 days, one a day: 56 in 2026 on 30 and 43⅓: 150 + 13⅓×7 + 12⅔×9 = 357.33…; 31 in the new year × 5.
    assert_eq!(billed(&mut book, "2027-01-31", 87).1, "512.33");
    let reading = json!({ "account": NO, "value": "100", "date": "2027-02-28" });
    act_at(&mut book, "2027-02-28", "room", "reading.enter", reading).unwrap();
    act_at(&mut book, "2027-02-28", "room", "bill.issue", json!({ "account": NO })).unwrap();
    assert_eq!(last(&book).amount.to_string(), "65.00");
}

#[test]
fn a_monthly_ladder_stood_on_the_use_of_the_whole_year() {
    let rest = "cycle = \"month\"\n[[component]]\nkey = \"w\"\nname = \"费\"\nsteps = [ { upto = \"100\", price = \"1\" }, { price = \"2\" } ]";
    let power = tariff("resident", "power", "2014-05-01", rest);
    let mut book = ladder::given(&[power], &account("power", "2020-01-01", true, Some(("2026-05-31", 0))));
    // One month each: 80 × 1; 100 × 1 + 20 × 2.
    assert_eq!(billed(&mut book, "2026-06-30", 80).1, "80.00");
    assert_eq!(billed(&mut book, "2026-07-31", 200).1, "140.00");
    // Two months: bounds of 200.
    assert_eq!(billed(&mut book, "2026-09-30", 450).1, "300.00");
    // Put right, each still stands by itself.
    let bill = bills(&book, NO)[0].0;
    let change = json!({ "volume": "90", "reading": "80" });
    adjusted(
        &mut book,
        json!({ "kind": "V1", "account": NO, "bills": [bill], "change": change, "evidence": "复表单 1" }),
    );
    assert_eq!(amounts(&book), ["90 90.00", "120 140.00", "250 300.00"]);
    sound(&book);
}
