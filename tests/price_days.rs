//! A price set from a day (P1, P3, P4; ): the days of use before it are rated at the price that stood until then,
//! the days from it at the new one, and the steps of the year go on. The day is 2026-11-21; households pay 5, 7 and 9 up to 180, 260
//! and beyond, others 7.50.

mod support;

use meterdesk::desk::bill_run::Ask;
use meterdesk::desk::{view_exceptions, view_explain};
use meterdesk::store::tables::adjust::PriceRow;
use serde_json::{Value, json};
use support::adjust::{adjusted, bills, checked};
use support::ladder::{self, NO, account, all, amounts, ask, billed, fill, household, last, request, water};
use support::orders::Book;
use support::till::sound;

const MIX: &str = "居民50%;非居民50%";

fn prices(book: &Book) -> Vec<PriceRow> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    tx.scan::<PriceRow>(&[&account]).unwrap()
}

/// Not confirmed, read at nought at the end of 2025.
fn newcomer() -> Book {
    ladder::given(&water(), &account("water", "2020-01-01", false, Some(("2025-12-31", 0))))
}

#[test]
fn a_bill_across_the_day_was_rated_whole_at_the_new_price() {
    for (used, old, new) in [
        // 60 of 100 days: 60 × 5; then 20 × 5 + 20 × 7.50.
        (100, "500.00", "550.00"),
        // 360: 180×5 + 80×7 + 100×9 = 2360; then of 240 half as a household from 180 on: 80×7 + 40×9, half at 7.50: 900.
        (600, "4520.00", "4180.00"),
    ] {
        let mut book = household();
        assert_eq!(billed(&mut book, "2026-04-10", used).1, old);
        let case = ask(&book, "P1", &[0], json!({ "mix": MIX, "from": "2026-03-02" }));
        let shown = book.act("demo", "adjustment.preview", case.clone())["picture"].clone();
        assert_eq!(shown["bills"][0]["new"]["amount"], new);
        let told = shown["warnings"].to_string();
        assert!(told.contains("跨过生效日") && told.contains("2026-03-02 以前的天数仍按原价"), "{told}");
        let lines = shown["bills"][0]["lines"].as_array().unwrap();
        let labels: Vec<&str> = lines.iter().map(|line| line["label"].as_str().unwrap()).collect();
        assert!(labels.contains(&"居民费 一级") && labels.contains(&"非居民费 一级"), "{labels:?}");
        let sum = |side: &str| -> f64 {
            let of =
                |line: &Value| line[side]["amount"].as_str().map_or(0.0, |text| text.replace(',', "").parse().unwrap());
            lines.iter().map(of).sum()
        };
        assert_eq!((format!("{:.2}", sum("old")), format!("{:.2}", sum("new"))), (old.into(), new.into()));
        adjusted(&mut book, case);
        let bill = last(&book);
        assert_eq!((bill.amount.to_string().as_str(), bill.class.as_str(), bill.earlier.len()), (new, "mixed", 1));
        assert_eq!(
            (bill.earlier[0].last.to_string().as_str(), bill.earlier[0].class.as_str()),
            ("2026-03-01", "resident")
        );
        sound(&book);
    }
}

#[test]
fn the_next_bill_was_rated_whole_at_the_new_price_and_one_before_stays() {
    let mut book = household();
    billed(&mut book, "2026-04-10", 100);
    let before = bills(&book, NO);
    let case = ask(&book, "P1", &[], json!({ "mix": MIX, "from": "2026-05-01" }));
    let told = book.act("demo", "adjustment.preview", case.clone())["picture"]["warnings"].to_string();
    assert!(told.contains("2026-05-01 以前的天数按原价"), "{told}");
    adjusted(&mut book, case);
    assert_eq!(bills(&book, NO), before, "it ended before the day");
    // 20 days of April: 20 × 5; 20 of May: 10 × 5 + 10 × 7.50.
    assert_eq!(billed(&mut book, "2026-05-20", 140), ("mixed".into(), "225.00".into()));
    let id = bills(&book, NO)[1].0;
    let account = book.desk.look().unwrap().account_of_text(NO).unwrap().unwrap().id;
    let told = view_explain::bill(&book.desk, account, id, "2026-11-21".parse().unwrap()).unwrap().join("\n");
    assert!(told.contains("2026-04-30 以前 (含当天) 按居民"), "{told}");
    assert_eq!(billed(&mut book, "2026-06-09", 160), ("mixed".into(), "125.00".into()));
    sound(&book);
}

#[test]
fn a_bill_run_splits_the_days_as_a_single_bill_does() {
    let mut book = household();
    billed(&mut book, "2026-04-10", 100);
    let case = ask(&book, "P1", &[], json!({ "mix": MIX, "from": "2026-05-01" }));
    adjusted(&mut book, case);
    let reading = json!({ "account": NO, "value": "140", "date": "2026-05-20", "confirm": true });
    support::adjust::act_at(&mut book, "2026-05-20", "room", "reading.enter", reading).unwrap();
    book.desk.sign_in_practice("room").unwrap();
    let run = Ask { cycle: "2026-05".parse().unwrap(), dated: None, dry_run: false };
    book.desk.bill_run(&run, |_, _| {}).unwrap();
    assert_eq!(amounts(&book), ["100 500.00", "40 225.00"]);
    assert_eq!(last(&book).earlier.len(), 1, "the row of a run says its prices");
    sound(&book);
}

#[test]
fn a_volume_put_right_on_a_bill_across_the_day_keeps_both_its_prices() {
    let mut book = household();
    billed(&mut book, "2026-04-10", 100);
    let case = ask(&book, "P1", &[0], json!({ "mix": MIX, "from": "2026-03-02" }));
    adjusted(&mut book, case);
    let case = ask(&book, "V1", &[0], json!({ "volume": "200" }));
    adjusted(&mut book, case);
    // 120 × 5; then 40 × 5 + 40 × 7.50.
    assert_eq!(amounts(&book), ["200 1100.00"]);
    sound(&book);
}

#[test]
fn a_bill_cancelled_and_issued_again_keeps_its_price_until_special_handling_names_it() {
    let mut book = household();
    billed(&mut book, "2026-04-10", 100);
    let again = |book: &mut Book| {
        let bill = bills(book, NO)[0].0;
        book.act("room", "bill.cancel", json!({ "bill": bill, "account": NO, "reason": "重出" }));
        book.act("room", "bill.issue", json!({ "account": NO }));
        amounts(book)
    };
    let change = json!({ "mix": MIX, "from": "2026-03-02" });
    // Not named, it keeps the price it was calculated with, also when one person makes it anew …
    let case = ask(&book, "P1", &[], change.clone());
    adjusted(&mut book, case);
    let case = ask(&book, "V1", &[0], json!({ "volume": "120" }));
    let shown = book.act("demo", "adjustment.preview", case);
    assert_eq!(shown["picture"]["bills"][0]["new"]["amount"], "600.00");
    assert_eq!(again(&mut book), ["100 500.00"]);
    // … until three people name it, though the account has that price already; then it is split, however often it is made anew.
    let case = ask(&book, "P1", &[0], change);
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 550.00"]);
    assert_eq!((again(&mut book), again(&mut book)), (vec!["100 550.00".to_owned()], vec!["100 550.00".to_owned()]));
    sound(&book);
}

#[test]
fn a_class_confirmed_from_the_first_day_takes_the_whole_bill() {
    let mut book = newcomer();
    assert_eq!(billed(&mut book, "2026-04-10", 100), ("non_resident".into(), "750.00".into()));
    let case = ask(&book, "P3", &[0], json!({ "class": "居民" }));
    adjusted(&mut book, case);
    assert_eq!((amounts(&book), last(&book).earlier.len()), (vec!["100 500.00".into()], 0));
}

#[test]
fn the_days_before_a_class_is_confirmed_pay_what_makes_the_very_bill_largest() {
    for (used, first, amount) in [
        (100, "non_resident", "650.00"), // 60×7.50 + 40×5, as a household 500.00
        // 600: as a household 180×5 + 80×7 + 340×9 = 4520 against 4500; then 400 × 9.
        (1000, "resident", "8120.00"),
    ] {
        let mut book = newcomer();
        billed(&mut book, "2026-04-10", used);
        let case = ask(&book, "P3", &[0], json!({ "class": "居民", "from": "2026-03-02" }));
        adjusted(&mut book, case);
        let bill = last(&book);
        let before = &bill.earlier[0];
        assert_eq!((before.class.as_str(), before.highest, bill.amount.to_string()), (first, true, amount.to_owned()));
        // Another volume: the class of the first days is looked for again.
        let volume = if used == 100 { "1000" } else { "100" };
        let case = ask(&book, "V1", &[0], json!({ "volume": volume, "reading": used.to_string() }));
        adjusted(&mut book, case);
        let other = if used == 100 { "8120.00" } else { "650.00" };
        assert_eq!(last(&book).amount.to_string(), other);
        sound(&book);
    }
}

#[test]
fn a_bill_of_days_before_the_class_was_confirmed_stays_under_the_highest_price() {
    let mut book = newcomer();
    billed(&mut book, "2026-04-10", 100);
    let case = ask(&book, "P3", &[], json!({ "class": "居民", "from": "2026-04-11" }));
    adjusted(&mut book, case);
    assert_eq!(amounts(&book), ["100 750.00"]);
    let case = ask(&book, "V1", &[0], json!({ "volume": "1000", "reading": "100" }));
    adjusted(&mut book, case);
    // As a household 180×5 + 80×7 + 740×9 = 8120 against 7500.
    assert_eq!(amounts(&book), ["1000 8120.00"]);
    assert_eq!(billed(&mut book, "2026-04-20", 110), ("resident".into(), "90.00".into()), "above all steps by now");
}

#[test]
fn the_same_price_may_be_given_an_earlier_day_and_no_day_that_it_has_already() {
    let mut book = household();
    billed(&mut book, "2026-04-10", 100);
    let case = ask(&book, "P1", &[], json!({ "mix": MIX, "from": "2026-06-01" }));
    adjusted(&mut book, case);
    let later = ask(&book, "P1", &[], json!({ "mix": MIX, "from": "2026-07-01" }));
    let refusal = book.try_act("demo", "adjustment.request", &later).unwrap_err();
    assert_eq!(refusal.faults[0].field.as_deref(), Some("change.mix"));
    let case = ask(&book, "P1", &[], json!({ "mix": MIX, "from": "2026-05-01" }));
    adjusted(&mut book, case);
    assert_eq!(billed(&mut book, "2026-05-20", 140).1, "225.00", "from 1 May");
}

#[test]
fn a_price_with_its_day_is_taken_back_when_it_was_rejected_elsewhere() {
    let town = support::orders::Town::new(|home| {
        fill(home, &water(), &account("water", "2020-01-01", true, Some(("2025-12-31", 0))));
        billed(home, "2026-04-10", 100);
        let case = ask(home, "P1", &[], json!({ "mix": MIX, "from": "2026-05-01" }));
        checked(home, case);
    });
    let (mut yes, mut no) = (town.site("S1", 5), town.site("S2", 6));
    let request = request(&yes);
    let decide = |approve: bool| json!({ "request": request, "approve": approve, "remark": "情况不符" });
    yes.act("chief", "adjustment.decide", decide(true));
    assert_eq!(prices(&yes).len(), 1);
    no.act("chief", "adjustment.decide", decide(false));
    yes.receive_from(&no);
    assert!(prices(&yes).is_empty());
    assert_eq!(billed(&mut yes, "2026-05-20", 140), ("resident".into(), "200.00".into()));
    assert!(all(&yes).iter().all(|bill| bill.earlier.is_empty()));
    sound(&yes);
}

/// Two sites set another price from a day of its own each, and neither knew of the other; both books in one.
fn two_prices() -> Book {
    let town = support::orders::Town::new(|home| {
        fill(home, &water(), &account("water", "2020-01-01", true, Some(("2025-12-31", 0))));
        billed(home, "2026-04-10", 100);
    });
    let (mut left, mut right) = (town.site("S1", 5), town.site("S2", 6));
    for (book, mix, from) in [(&mut left, MIX, "2026-05-01"), (&mut right, "居民20%;非居民80%", "2026-05-11")] {
        let case = ask(book, "P1", &[], json!({ "mix": mix, "from": from }));
        adjusted(book, case);
    }
    let mut both = town.site("S3", 30);
    both.receive_from(&right);
    both.receive_from(&left);
    both
}

#[test]
fn of_two_dated_prices_the_one_decided_for_counts_from_its_own_day_and_until_then_neither() {
    for (kept, class, amount) in [
        (None, "resident", "200.00"),            // 40 × 5
        (Some("2026-05-01"), "mixed", "225.00"), // 20 × 5, 10 × 5, 10 × 7.50
        (Some("2026-05-11"), "mixed", "220.00"), // 30 × 5, 2 × 5, 8 × 7.50
    ] {
        let mut book = two_prices();
        let view = view_exceptions::open(&book.desk).unwrap().into_iter().find(|view| view.what == "class_conflict");
        let view = view.expect("two words on one price");
        assert_eq!((view.sides.len(), view.choice), (2, true));
        if let Some(from) = kept {
            let sides = prices(&book);
            let side = sides.iter().find(|row| row.from_day.to_string() == from).unwrap();
            assert!(!side.stands);
            let decided =
                json!({ "exception": view.exception, "decision": "按核实", "reason": "核实单 7", "keep": side.id });
            book.act("chief", "exception.resolve", decided);
            let days: Vec<_> = prices(&book).iter().map(|row| (row.from_day.to_string(), row.stands)).collect();
            assert_eq!(days, [(from.to_owned(), true)]);
        }
        assert_eq!(billed(&mut book, "2026-05-20", 140), (class.into(), amount.into()), "{kept:?}");
        sound(&book);
    }
}

#[test]
fn a_third_price_set_by_three_people_decides_between_two_with_their_days() {
    let mut book = two_prices();
    let case = ask(&book, "P1", &[], json!({ "mix": "居民60%;非居民40%", "from": "2026-05-16" }));
    adjusted(&mut book, case);
    assert!(view_exceptions::open(&book.desk).unwrap().iter().all(|view| view.what != "class_conflict"));
    // 35 days of the price before all three: 35 × 5; 3 × 5 and 2 × 7.50.
    assert_eq!(billed(&mut book, "2026-05-20", 140), ("mixed".into(), "205.00".into()));
    sound(&book);
}
