//! The day of a swap: what was read on the old meter, the difference at the swap and what was read on the new one are billed each by
//! itself, whatever of them is cancelled and issued again. No unit is lost or billed twice.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::bill::BillIssued;
use meterdesk::derive::row::to_row;
use meterdesk::desk::billing::body;
use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::id::Id;
use meterdesk::store::tables::account::ReadingRow;
use serde_json::{Value, json};
use support::ladder::{self, NO};
use support::orders::{Book, Town, book};
use support::transfer;
use support::water::{bill, bills, branch, line, read, resident, slip, sound};

const A: &str = "3100000001";
const DAY: &str = "2026-09-20";
const MORNING: &str = "2026-08-11…2026-09-20 20 100.00 use open";
const SWAP: &str = "2026-09-20…2026-09-20 2 10.00 swap open";
const EVENING: &str = "2026-09-20…2026-09-20 4 20.00 use open";

fn swap(book: &mut Book, no: &str, old: &str, last: &str, new: &str) -> Value {
    let mut paper = slip(no, A, DAY, last, new, "0");
    paper["old_meter"] = json!(old);
    book.act("room", "swap.enter", paper)
}

fn issue(book: &mut Book) -> Result<Value, Refusal> {
    book.try_act("room", "bill.issue", &json!({ "account": A })).map(|(_, answer)| answer)
}

fn cancel(book: &mut Book, bill: Id) {
    book.act("room", "bill.cancel", json!({ "account": A, "bill": bill, "reason": "错" }));
}

/// The living bills in the order in which they were used up: by their days, a bill of the day before those within it.
fn living(book: &Book) -> Vec<String> {
    let mut rows: Vec<String> = bills(book, A).iter().filter(|row| row.state != "cancelled").map(line).collect();
    rows.sort();
    rows
}

fn named(book: &Book, wanted: &str) -> Id {
    bills(book, A).iter().find(|row| line(row) == wanted).unwrap_or_else(|| panic!("{wanted}: {:?}", living(book))).id
}

fn doubts(book: &Book) -> usize {
    book.desk.look().unwrap().open_exceptions().unwrap().len()
}

/// Read at 120 and billed in the morning, swapped at 122.
fn morning() -> Book {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    read(&mut book, A, DAY, "120");
    bill(&mut book, "2026-09");
    swap(&mut book, "HB1", &format!("M{A}"), "122", "N1");
    assert_eq!(living(&book), [MORNING, SWAP]);
    book
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
fn a_cancelled_bill_of_the_old_meter_was_never_issued_again_once_the_meter_was_swapped_that_day() {
    for by_run in [false, true] {
        let mut book = morning();
        let first = named(&book, MORNING);
        let due = bills(&book, A).iter().find(|row| row.id == first).unwrap().due;
        cancel(&mut book, first);
        book.act("demo", "shift.open", json!({ "float": "0.00" }));
        book.act("demo", "payment.take", json!({ "account": A }));
        let told = gates(&mut book);
        assert_eq!(told.len(), 3, "{told:?}");
        for refusal in &told {
            assert!(refusal.message().contains("2026-09-20 抄表 120，用量 20 还没有出账"), "{refusal}");
        }
        match by_run {
            true => assert_eq!(bill(&mut book, "2026-09").bills, 1),
            false => assert_eq!(issue(&mut book).unwrap()["volume"], "20"),
        }
        assert_eq!(living(&book), [MORNING, &SWAP.replace("open", "paid")]);
        assert_eq!(bills(&book, A).iter().find(|row| line(row) == MORNING).unwrap().due, due);
        assert_eq!(issue(&mut book).unwrap_err().message(), "该户没有未出账的读数");
        read(&mut book, A, "2026-11-06", "10");
        bill(&mut book, "2026-11");
        assert_eq!(living(&book)[2], "2026-09-21…2026-11-06 10 50.00 use open");
        assert_eq!(doubts(&book), 0);
        sound(&mut book);
    }
}

#[test]
fn both_bills_of_the_day_cancelled_come_again_each_with_its_own_use() {
    for order in [[MORNING, SWAP], [SWAP, MORNING]] {
        for by_run in [false, true] {
            let mut book = morning();
            for wanted in order {
                let bill = named(&book, wanted);
                cancel(&mut book, bill);
            }
            match by_run {
                true => assert_eq!(bill(&mut book, "2026-09").bills, 2),
                false => {
                    assert_eq!(issue(&mut book).unwrap()["volume"], "20", "{order:?}");
                    assert_eq!(issue(&mut book).unwrap()["volume"], "2", "{order:?}");
                }
            }
            assert_eq!(living(&book), [MORNING, SWAP], "{order:?}");
            assert!(issue(&mut book).is_err());
            sound(&mut book);
        }
    }
}

#[test]
fn use_of_the_new_meter_on_the_day_of_its_swap_was_no_debt_and_went_to_the_new_owner() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    swap(&mut book, "HB1", &format!("M{A}"), "120", "N1");
    read(&mut book, A, DAY, "4");
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": A }));
    let told = gates(&mut book);
    assert_eq!(told.len(), 3, "{told:?}");
    for refusal in &told {
        assert!(refusal.message().contains("2026-09-20 抄表 4，用量 4 还没有出账"), "{refusal}");
    }
    assert_eq!(issue(&mut book).unwrap()["volume"], "4");
    assert_eq!(living(&book), ["2026-08-11…2026-09-20 20 100.00 swap paid", EVENING]);
    book.act("demo", "payment.take", json!({ "account": A }));
    read(&mut book, A, "2026-11-06", "10");
    bill(&mut book, "2026-11");
    assert_eq!(living(&book)[2], "2026-09-21…2026-11-06 6 30.00 use open");
    assert_eq!(doubts(&book), 0);
    sound(&mut book);
}

#[test]
fn read_swapped_and_read_again_on_one_day_every_bill_can_be_cancelled_and_comes_again() {
    let mut book = morning();
    read(&mut book, A, DAY, "4");
    issue(&mut book).unwrap();
    let all = [MORNING, SWAP, EVENING];
    assert_eq!(living(&book), all);
    for wanted in [vec![0], vec![1], vec![2], vec![0, 1], vec![2, 0], vec![1, 2], vec![2, 1, 0]] {
        for at in &wanted {
            let bill = named(&book, all[*at]);
            cancel(&mut book, bill);
        }
        for _ in &wanted {
            issue(&mut book).unwrap();
        }
        assert_eq!(living(&book), all, "{wanted:?}");
        assert!(issue(&mut book).is_err(), "{wanted:?}");
    }
    // The year's steps stand on what was used before within the day too.
    let used = |wanted: &str| {
        let bill = named(&book, wanted);
        body::issued(&book.desk.look().unwrap(), bill).unwrap().unwrap().used_before.0 / 1_000
    };
    assert_eq!([used(SWAP) - used(MORNING), used(EVENING) - used(SWAP)], [20, 2]);
    assert_eq!(doubts(&book), 0);
    sound(&mut book);
}

#[test]
fn a_second_swap_on_one_day_billed_nothing() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    swap(&mut book, "HB1", &format!("M{A}"), "120", "N1");
    let second = swap(&mut book, "HB2", "N1", "5", "N2");
    assert_eq!((&second["picture"]["old_use"], &second["picture"]["charged"]), (&json!(5), &json!("25.00")));
    let all = ["2026-08-11…2026-09-20 20 100.00 swap open", "2026-09-20…2026-09-20 5 25.00 swap open"];
    assert_eq!((living(&book), doubts(&book)), (all.map(str::to_owned).to_vec(), 0));
    for wanted in [vec![0], vec![1], vec![0, 1], vec![1, 0]] {
        for at in &wanted {
            let bill = named(&book, all[*at]);
            cancel(&mut book, bill);
        }
        for _ in &wanted {
            issue(&mut book).unwrap();
        }
        assert_eq!(living(&book), all, "{wanted:?}");
    }
    read(&mut book, A, "2026-11-06", "10");
    bill(&mut book, "2026-11");
    assert_eq!(living(&book)[2], "2026-09-21…2026-11-06 10 50.00 use open");
    sound(&mut book);
}

#[test]
fn a_difference_that_goes_with_the_next_reading_was_lost_behind_the_bill_of_that_day() {
    let monthly = "cycle = \"month\"\n[[component]]\nkey = \"w\"\nname = \"费\"\nsteps = [ { price = \"1\" } ]";
    let file = ladder::tariff("resident", "water", "2014-05-01", monthly);
    let mut book = ladder::given(&[file], &ladder::account("water", "2020-01-01", true, Some(("2025-12-31", 0))));
    ladder::billed(&mut book, "2026-04-01", 80);
    let done = book.act("room", "swap.enter", ladder::slip("85"));
    assert!(done["picture"]["charged_later"].as_str().unwrap().contains("随下次抄表出账"), "{done}");
    ladder::billed(&mut book, "2026-04-30", 13);
    // 5 on the old meter, 10 on the new one from 3.
    assert_eq!(ladder::amounts(&book), ["80 80.00", "15 15.00"]);
    sound(&mut book);
}

/// A bill made before the order within a day was known: the reading of the morning and the difference at the swap in one.
#[test]
fn an_older_bill_that_took_reading_and_swap_together_takes_them_together_again() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    read(&mut book, A, DAY, "120");
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(A).unwrap().unwrap().id;
    drop(tx);
    let swapped = swap(&mut book, "HB1", &format!("M{A}"), "122", "N1");
    assert_eq!(swapped["bill"], Value::Null, "the reading comes first");
    let mark = swapped["meter"].as_str().unwrap().parse().unwrap();
    let (_, shown) = book.try_act("room", "bill.issue", &json!({ "account": A })).unwrap();
    let new = shown["bill"].as_str().unwrap().parse().unwrap();
    let known = body::issued(&book.desk.look().unwrap(), new).unwrap().unwrap();
    cancel(&mut book, new);
    assert_eq!(known.volume.to_string(), "20");
    // As it was made then; the one of now never was.
    let mut lines = known.lines.clone();
    for line in &mut lines {
        line.amount = meterdesk::rules::money::Fen(line.amount.0 / 20 * 22);
        line.quantity = "22".into();
    }
    let amount = lines.iter().map(|line| line.amount).sum();
    let volume = meterdesk::rules::money::Milli::whole(22);
    let old = BillIssued { reading: Some(mark), volume, lines, amount, replaces: None, ..known };
    let desk = &mut book.desk;
    desk.sign_in_practice("room").unwrap();
    let mut run = desk.open_run("bill.run", "bill.issue", 1, "出账", None).unwrap();
    run.push(desk, Kind::Account, Some(account), to_row(&old).unwrap()).unwrap();
    run.close(desk, json!({}), |_| {}).unwrap();
    let both = "2026-08-11…2026-09-20 22 110.00 use open";
    assert_eq!(living(&book), [both]);
    assert!(issue(&mut book).is_err(), "it took the reading with it");
    let bill_of_both = named(&book, both);
    cancel(&mut book, bill_of_both);
    issue(&mut book).unwrap();
    assert_eq!(living(&book), [both]);
    assert!(issue(&mut book).is_err());
    read(&mut book, A, "2026-11-06", "10");
    bill(&mut book, "2026-11");
    assert_eq!(living(&book)[1], "2026-09-21…2026-11-06 10 50.00 use open");
    sound(&mut book);
}

#[test]
fn what_is_put_right_on_the_day_moves_the_bills_behind_it_in_the_order_of_use() {
    let mut book = ladder::household();
    ladder::billed(&mut book, "2026-04-01", 179);
    book.act("room", "swap.enter", ladder::slip("181"));
    ladder::billed(&mut book, "2026-04-01", 4);
    // 180 at 5, then 7: 179×5; 1×5 + 1×7; 1×7.
    assert_eq!(ladder::amounts(&book), ["179 895.00", "2 12.00", "1 7.00"]);
    let case = ladder::ask(&book, "V4", &[0], json!({ "volume": "178", "reading": "179" }));
    support::adjust::adjusted(&mut book, case);
    let mut amounts = ladder::amounts(&book);
    amounts.sort();
    assert_eq!(amounts, ["1 7.00", "178 890.00", "2 10.00"]);
    sound(&mut book);
}

#[test]
fn entries_of_the_day_agree_in_every_order() {
    let mut first = Value::Null;
    let town = Town::new(|book| {
        branch(book, &[resident(A)]);
        read(book, A, DAY, "120");
        first = book.act("chief", "bill.issue", json!({ "account": A }))["bill"].clone();
    });
    let samples = vec![
        ("room", "swap.enter", slip("HB1", A, DAY, "122", "N1", "0")),
        ("check", "swap.enter", slip("HB1", A, DAY, "122", "N1", "0")),
        ("check", "swap.enter", slip("HB2", A, DAY, "123", "N2", "0")),
        ("chief", "bill.cancel", json!({ "account": A, "bill": first, "reason": "抄错" })),
        ("room", "reading.enter", json!({ "account": A, "date": "2026-09-21", "value": "121" })),
        ("chief", "bill.cancel", json!({ "account": A, "bill": first, "reason": "重复" })),
    ];
    town.agree_all(&samples, 6);
    // Three bills of one day, and what cancels one of them, from two sites.
    let mut known = Vec::new();
    let town = Town::new(|book| {
        branch(book, &[resident(A)]);
        read(book, A, DAY, "120");
        known.push(book.act("chief", "bill.issue", json!({ "account": A }))["bill"].clone());
        known.push(book.act("room", "swap.enter", slip("HB1", A, DAY, "122", "N1", "0"))["bill"].clone());
        read(book, A, DAY, "4");
    });
    let mut samples = vec![
        ("chief", "bill.issue", json!({ "account": A })),
        ("room", "bill.issue", json!({ "account": A })),
        ("check", "reading.enter", json!({ "account": A, "date": "2026-10-20", "value": "9" })),
    ];
    for bill in &known {
        samples.push(("chief", "bill.cancel", json!({ "account": A, "bill": bill, "reason": "错" })));
    }
    town.agree_all(&samples, 6);
}

mod any_day {
    use super::*;
    use proptest::prelude::*;

    fn readings(book: &Book) -> Vec<ReadingRow> {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text(NO).unwrap().unwrap().id;
        tx.scan::<ReadingRow>(&[&account]).unwrap()
    }

    fn all_issued(book: &mut Book) {
        for _ in 0..60 {
            if book.try_act("room", "bill.issue", &json!({ "account": NO })).is_err() {
                return;
            }
        }
        panic!("bills without end: {:?}", ladder::amounts(book));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Water runs; its meter is read, swapped, billed, bills are cancelled, often several on one day: in the end every unit is billed
        /// once, at the step of the year it stands at.
        #[test]
        fn all_water_of_a_day_of_swaps_is_billed_once(
            steps in prop::collection::vec((0i64..30, 0u8..6, any::<bool>(), any::<prop::sample::Index>()), 4..24),
        ) {
            let mut book = ladder::household();
            let (mut meter, mut counter, mut ran) = ("M61".to_owned(), 0, 0);
            let mut date: chrono::NaiveDate = "2026-01-10".parse().unwrap();
            for (index, (flow, what, later, pick)) in steps.iter().enumerate() {
                date = date + chrono::Days::new(if *later { 9 } else { 0 });
                ran += flow;
                counter += flow;
                let on = date.to_string();
                match what {
                    0 | 1 => {
                        let new = format!("N{index}");
                        let mut paper = ladder::slip(&counter.to_string());
                        paper["slip"] = json!(format!("1{index:05}"));
                        paper["old_meter"] = json!(meter);
                        paper["new_meter"] = json!(new);
                        paper["date"] = json!(on);
                        paper["confirm"] = json!(true);
                        book.act("room", "swap.enter", paper);
                        (meter, counter) = (new, 3);
                    }
                    2 | 3 => {
                        let input = json!({ "account": NO, "date": on, "value": counter.to_string(), "confirm": true });
                        // A meter is read once a day.
                        let _ = book.try_act("room", "reading.enter", &input);
                    }
                    4 => all_issued(&mut book),
                    _ => {
                        let known = support::adjust::bills(&book, NO);
                        if !known.is_empty() {
                            let bill = known[pick.index(known.len())].0;
                            book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "错" }));
                        }
                    }
                }
            }
            let end = (date + chrono::Days::new(5)).to_string();
            book.act("room", "reading.enter", json!({ "account": NO, "date": end, "value": counter.to_string(), "confirm": true }));
            all_issued(&mut book);
            let issued = ladder::all(&book);
            prop_assert!(issued.iter().all(|bill| bill.held.is_none()));
            prop_assert_eq!(issued.iter().map(|bill| bill.volume.0 / 1000).sum::<i64>(), ran, "{:?}", readings(&book));
            let right = 5 * ran.min(180) + 7 * (ran.min(260) - 180).max(0) + 9 * (ran - 260).max(0);
            let total: meterdesk::rules::money::Fen = issued.iter().map(|bill| bill.amount).sum();
            prop_assert_eq!(total.0, right * 100, "{:?}", ladder::amounts(&book));
            prop_assert_eq!(doubts(&book), 0);
            sound(&mut book);
        }
    }
}
