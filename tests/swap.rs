//! Meter swaps: given a meter on the wall, when its slip is entered, then no water is lost, invented or charged twice.

mod support;

use meterdesk::store::tables::account::MeterRow;
use meterdesk::store::tables::slip::SlipState;
use serde_json::json;
use support::orders::{Book, Town, book};
use support::water::{bill, bills, branch, day, line, prices, read, resident, slip, sound};

const A: &str = "3100000001";

fn meters(book: &Book, account: &str) -> Vec<MeterRow> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(account).unwrap().unwrap();
    tx.scan::<MeterRow>(&[&account.id]).unwrap()
}

#[test]
fn the_difference_is_charged_first_and_use_goes_on_with_the_new_meter() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    let mut preview = slip("HB1", A, "2026-09-20", "112", "N1", "3");
    preview["preview"] = json!(true);
    let picture = book.act("room", "swap.enter", preview)["picture"].clone();
    assert_eq!(
        (picture["old_use"].as_i64(), picture["days"].as_i64(), picture["charged"].as_str()),
        (Some(12), Some(41), Some("60.00"))
    );
    assert!(bills(&book, A).is_empty(), "a preview writes nothing");
    let answer = book.act("room", "swap.enter", slip("HB1", A, "2026-09-20", "112", "N1", "3"));
    assert_eq!(answer["bill"], answer["meter"]);
    let told = meterdesk::desk::customer_view::account(&book.desk, A).unwrap().timeline.remove(0).text;
    assert!(
        told.ends_with("；账单 2026-09 12 m3 60.00 未付"),
        "the bill of a slip was missing from the timeline: {told}"
    );
    read(&mut book, A, "2026-10-12", "11");
    bill(&mut book, "2026-10");
    let lines: Vec<String> = bills(&book, A).iter().map(line).collect();
    assert_eq!(lines, ["2026-08-11…2026-09-20 12 60.00 swap open", "2026-09-21…2026-10-12 8 40.00 use open"]);
    let old_and_new = meters(&book, A);
    assert_eq!((old_and_new[0].state.as_str(), old_and_new[0].removed), ("removed", Some(day("2026-09-20"))));
    assert_eq!(
        (old_and_new[1].no.as_str(), old_and_new[1].state.as_str(), old_and_new[1].calibre.as_str()),
        ("N1", "supplied", "20")
    );
    sound(&mut book);
}

#[test]
fn a_reading_not_billed_yet_comes_first_and_the_difference_goes_with_the_next_one() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    read(&mut book, A, "2026-10-12", "110");
    let answer = book.act("room", "swap.enter", slip("HB1", A, "2026-10-20", "113", "N1", "0"));
    assert!(answer["bill"].is_null() && answer["picture"]["charged_later"].as_str().unwrap().contains("未出账"));
    read(&mut book, A, "2026-11-12", "6");
    bill(&mut book, "2026-10");
    bill(&mut book, "2026-11");
    let volumes: Vec<String> = bills(&book, A).iter().map(|row| row.volume.to_string()).collect();
    assert_eq!(volumes, ["10", "9"], "3 on the old meter and 6 on the new one");
    sound(&mut book);
}

#[test]
fn every_defect_of_a_slip_is_named() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A), resident("3100000002")]);
    let good = || slip("HB9", A, "2026-09-20", "112", "N9", "0");
    let with = |field: &str, value: serde_json::Value| {
        let mut slip = good();
        slip[field] = value;
        slip
    };
    for (slip, rule, field) in [
        (with("account", json!("")), "R-266", "account"),
        (with("account", json!("3100009999")), "missing", "account"),
        (with("old_meter", json!("X1")), "R-265", "old_meter"),
        (with("final_value", json!("99")), "R-265", "final_value"),
        (with("final_value", json!("400")), "R-230", "final_value"),
        (with("new_meter", json!("M3100000002")), "R-038", "new_meter"),
        (with("new_meter", json!("M3100000001")), "R-038", "new_meter"),
        (with("date", json!("2026-08-01")), "R-265", "date"),
        (with("date", json!("2026-12-01")), "R-265", "date"),
        (with("date", json!(null)), "R-265", "date"),
        (with("slip", json!("")), "R-265", "slip"),
        (with("first_value", json!("100000")), "R-265", "first_value"),
    ] {
        let fault = book.try_act("room", "swap.enter", &slip).unwrap_err().faults.remove(0);
        assert_eq!((fault.rule.as_str(), fault.field.as_deref()), (rule, Some(field)), "{slip}");
    }
    book.act("room", "swap.enter", good());
    let again = book.try_act("room", "swap.enter", &good()).unwrap_err();
    assert_eq!(again.first_rule(), "same_slip_twice");
}

#[test]
fn a_slip_told_its_mistakes_one_after_the_other() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    let mut paper = slip("", A, "2026-08-01", "99", "M3100000001", "-1");
    paper["old_meter"] = json!("X1");
    let fields = |book: &mut Book, paper: &serde_json::Value| -> Vec<String> {
        let refusal = book.try_act("room", "swap.enter", paper).unwrap_err();
        refusal.faults.into_iter().filter_map(|fault| fault.field).collect()
    };
    let all = ["slip", "old_meter", "new_meter", "first_value", "date", "final_value"];
    assert_eq!(fields(&mut book, &paper), all);
    // Without an account what can be judged without it is told all the same.
    (paper["account"], paper["new_meter"], paper["date"]) = (json!(""), json!(""), json!("2026-12-01"));
    assert_eq!(fields(&mut book, &paper), ["slip", "account", "new_meter", "date", "first_value"]);
}

#[test]
fn a_meter_is_not_swapped_before_it_was_fitted() {
    let mut book = book("B03");
    let mut applied = resident(A);
    let meter = applied.meter.as_mut().unwrap();
    (meter.fitted, meter.state) = (Some(day("2026-09-25")), "applied".into());
    applied.last_reading = None;
    branch(&mut book, &[applied]);
    let refusal = book.try_act("room", "swap.enter", &slip("HB1", A, "2026-09-20", "0", "N1", "0")).unwrap_err();
    let rules: Vec<&str> = refusal.faults.iter().map(|fault| fault.rule.as_str()).collect();
    assert_eq!(rules, ["A-05", "A-05"], "too early, and not fitted: {refusal}");
}

#[test]
fn a_slip_without_account_number_goes_back_and_is_resumed_when_it_is_known() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A)]);
    let mut paper = slip("HB1", A, "2026-09-20", "112", "N1", "0");
    paper["account"] = json!(null);
    let task = book.act("room", "swap.task", json!({ "slip": paper, "clerk": "check" }));
    assert_eq!(task["without_account"], true);
    assert!(book.try_act("room", "swap.task", &json!({ "slip": paper })).is_err(), "the same slip is taken in once");
    assert_eq!(
        book.try_act("room", "swap.send_back", &json!({ "slip": "HB1", "reason": " " })).unwrap_err().first_rule(),
        "R-266"
    );
    book.act("room", "swap.send_back", json!({ "slip": "HB1", "reason": "单上没有户号" }));
    assert_eq!(
        book.try_act("room", "swap.enter", &slip("HB1", A, "2026-09-20", "112", "N1", "0")).unwrap_err().first_rule(),
        "R-266"
    );
    book.act("room", "swap.number_found", json!({ "slip": "HB1", "account": A }));
    book.act("room", "swap.enter", json!({ "slip": "HB1" }));
    let tx = book.desk.look().unwrap();
    let row = tx.slips_of_no("HB1").unwrap().remove(0);
    assert_eq!((row.state, row.account_no.as_str(), row.worker.as_str()), (SlipState::Entered, A, "陈志强"));
    assert_eq!((row.materials.as_str(), row.new_seal.as_str()), ("生料带×1", "F2"));
    let returns = tx.slip_returns(10).unwrap();
    assert_eq!((returns.len(), returns[0].resumed), (1, Some(day("2026-11-21"))));
    drop(tx);
    sound(&mut book);
}

/// Entries of several sites put together in one book.
fn together(common: impl FnOnce(&mut Book), apart: &[support::orders::Sample]) -> Book {
    let town = Town::new(common);
    town.merged(apart)
}

#[test]
fn one_meter_swapped_twice_is_disputed_until_somebody_looked() {
    let mut book = together(
        |book| branch(book, &[resident(A), resident("3100000002")]),
        &[
            ("room", "swap.enter", slip("HB1", A, "2026-09-20", "112", "N1", "0")),
            ("room", "swap.enter", slip("HB2", A, "2026-09-21", "115", "N2", "0")),
        ],
    );
    assert!(meters(&book, A).iter().all(|meter| meter.disputed));
    read(&mut book, A, "2026-10-12", "6");
    read(&mut book, "3100000002", "2026-10-12", "110");
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.held, summary.holds[0].rule.as_str()), (1, 1, "disputed"));
    assert_eq!(book.desk.look().unwrap().open_exceptions().unwrap()[0].what, "meter_swapped_twice");
    let held = bills(&book, A).into_iter().find(|row| row.state == "held").unwrap();
    let refusal = book.try_act("room", "bill.release", &json!({ "bill": held.id, "reason": "试" })).unwrap_err();
    assert_eq!(refusal.first_rule(), "disputed");
    book.act("room", "swap.field_check", json!({ "account": A, "meter": "N2", "remark": "墙上是 N2，李强看过" }));
    assert!(book.desk.look().unwrap().open_exceptions().unwrap().is_empty());
    bill(&mut book, "2026-10");
    let living: Vec<String> = bills(&book, A).iter().filter(|row| row.state == "open").map(line).collect();
    assert_eq!(living, ["2026-08-11…2026-10-12 21 105.00 use open"], "15 on the old meter, 6 on N2");
    sound(&mut book);
}

#[test]
fn a_reading_entered_before_its_swap_is_counted_on_the_new_meter() {
    let mut book = together(
        |book| branch(book, &[resident(A)]),
        &[
            ("check", "reading.enter", json!({ "account": A, "date": "2026-10-12", "value": "120" })),
            ("room", "swap.enter", slip("HB1", A, "2026-09-20", "112", "N1", "115")),
        ],
    );
    bill(&mut book, "2026-10");
    let sum: i64 = bills(&book, A).iter().map(|row| row.volume.0 / 1000).sum();
    assert_eq!(sum, 17, "12 on the old meter, 5 on the new one");
    sound(&mut book);
}

#[test]
fn readings_swaps_and_bills_agree_in_every_order() {
    let mut issued = serde_json::Value::Null;
    let town = Town::new(|book| {
        prices(book);
        support::town::open_accounts(book, &[resident(A)]);
        read(book, A, "2026-09-10", "108");
        issued = book.act("chief", "bill.issue", json!({ "account": A }))["bill"].clone();
        let mut paper = slip("HB7", A, "2026-10-01", "110", "N7", "0");
        paper["account"] = json!(null);
        book.act("room", "swap.task", json!({ "slip": paper }));
        read(book, A, "2026-09-30", "110");
        book.act("check", "reading.key", json!({ "account": A, "value": "120" }));
    });
    let samples = vec![
        ("room", "reading.enter", json!({ "account": A, "date": "2026-10-12", "value": "120" })),
        ("check", "reading.enter", json!({ "account": A, "date": "2026-10-12", "value": "121" })),
        ("room", "reading.correct", json!({ "account": A, "value": "111", "remark": "复表" })),
        ("room", "reading.key", json!({ "account": A, "value": "120" })),
        ("room", "reading.key", json!({ "account": A, "value": "120", "second": true })),
        ("room", "swap.enter", slip("HB1", A, "2026-10-05", "112", "N1", "0")),
        ("check", "swap.enter", slip("HB1", A, "2026-10-05", "112", "N1", "0")),
        ("check", "swap.enter", slip("HB2", A, "2026-10-06", "113", "N2", "1")),
        ("chief", "bill.issue", json!({ "account": A })),
        ("chief", "bill.cancel", json!({ "bill": issued, "reason": "抄错" })),
        ("chief", "bill.cancel", json!({ "bill": issued, "reason": "重复" })),
        ("room", "swap.send_back", json!({ "slip": "HB7", "reason": "没有户号" })),
        ("room", "swap.number_found", json!({ "slip": "HB7", "account": A })),
        ("room", "swap.assign", json!({ "slips": ["HB7"], "clerk": "check" })),
        ("room", "swap.task", json!({ "slip": { "slip": "HB8" } })),
        ("check", "swap.task", json!({ "slip": { "slip": "HB8", "remark": "另一份" } })),
    ];
    town.agree_all(&samples, 6);
}

#[test]
fn disputes_and_held_bills_agree_in_every_order() {
    let mut held = serde_json::Value::Null;
    let town = Town::new(|book| {
        branch(
            book,
            &[meterdesk::derive::account::file::AccountOpened { discount: Some("双证".into()), ..resident(A) }],
        );
        read(book, A, "2026-10-12", "110");
        bill(book, "2026-10");
        held = json!(bills(book, A)[0].id);
        let own = include_str!("../assets/tariffs/bj-water-res-2014.toml");
        book.act(
            "boss",
            "tariff.put",
            json!({ "text": own.replace("BJ-WATER-RES-2014", "TWO").replace("\"resident\"", "\"双证\"") }),
        );
    });
    // A class of its own: a second price of one class is refused.
    let other = include_str!("../assets/tariffs/bj-water-res-2014.toml");
    let other = other.replace("BJ-WATER-RES-2014", "THREE").replace("\"resident\"", "\"特困\"");
    let calendar =
        |days: &str| format!("year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-{days}\n");
    let samples = vec![
        ("room", "bill.release", json!({ "bill": held, "reason": "价目已载入" })),
        ("check", "bill.release", json!({ "bill": held, "reason": "价目已载入" })),
        ("chief", "bill.cancel", json!({ "bill": held, "reason": "不出" })),
        ("chief", "bill.issue", json!({ "account": A })),
        ("boss", "tariff.put", json!({ "text": other })),
        ("chief", "tariff.put", json!({ "text": other.replace("2.07", "2.17") })),
        ("boss", "calendar.put", json!({ "text": calendar("01") })),
        ("chief", "calendar.put", json!({ "text": calendar("03") })),
        ("room", "swap.enter", slip("HB1", A, "2026-10-20", "112", "N1", "0")),
        ("check", "swap.enter", slip("HB2", A, "2026-10-20", "113", "N2", "0")),
    ];
    town.agree_all(&samples, 4);
}

mod any_chain {
    use super::*;
    use meterdesk::rules::tariff::builtin;
    use meterdesk::rules::tariff::engine::{self, Case, Share};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    /// What one bill over the whole year would cost.
    fn in_one(volume: i64) -> String {
        let prices = builtin::price_book();
        let shares = [Share { tariff: "BJ-WATER-RES-2014", ratio: Decimal::ONE }];
        let case = Case {
            shares: &shares,
            usage: Decimal::from(volume),
            used_before: Decimal::ZERO,
            from: day("2026-01-11"),
            to: day("2026-10-30"),
            people: None,
            months: None,
            cycles: None,
            registers: None,
        };
        engine::rate(&prices, &case).unwrap().total.to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// Water runs, is read, its meter is swapped, bills are run at any time: in the end every unit is billed once, at the
        /// step of the year it stands at.
        #[test]
        fn all_water_is_billed_once_at_its_step(steps in prop::collection::vec((0i64..40, 0u8..5, 0i64..60), 3..25)) {
            let mut book = book("B03");
            let mut account = resident(A);
            account.recent = String::new();
            account.last_reading.as_mut().unwrap().day = day("2026-01-10");
            branch(&mut book, &[account]);
            let (mut meter, mut counter, mut ran) = (format!("M{A}"), 100, 0);
            let mut date = day("2026-01-10");
            for (index, (flow, what, first)) in steps.iter().enumerate() {
                date = date + chrono::Days::new(11);
                ran += flow;
                counter += flow;
                if *what == 0 {
                    let new = format!("N{index}");
                    let mut paper = slip(&format!("HB{index}"), A, &date.to_string(), &counter.to_string(), &new, &first.to_string());
                    paper["old_meter"] = json!(meter);
                    paper["confirm"] = json!(true);
                    book.act("room", "swap.enter", paper);
                    (meter, counter) = (new, *first);
                } else {
                    read(&mut book, A, &date.to_string(), &counter.to_string());
                    if *what > 2 {
                        bill(&mut book, &date.format("%Y-%m").to_string());
                    }
                }
            }
            read(&mut book, A, &(date + chrono::Days::new(5)).to_string(), &counter.to_string());
            for month in 1..=11 {
                bill(&mut book, &format!("2026-{month:02}"));
            }
            let rows = bills(&book, A);
            prop_assert!(rows.iter().all(|row| row.state == "open" || row.state == "paid"));
            prop_assert_eq!(rows.iter().map(|row| row.volume.0 / 1000).sum::<i64>(), ran);
            let total: meterdesk::rules::money::Fen = rows.iter().map(|row| row.amount).sum();
            prop_assert_eq!(total.to_string(), in_one(ran));
            sound(&mut book);
        }
    }
}
