//! A bill far above the last one, or very large where nothing is known, does not go out unasked: the trial shows it, the run holds
//! it by rule, who may lets it go with a reason.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::rules::billing::large::Limits;
use meterdesk::rules::money::Fen;
use serde_json::json;
use support::orders::{Book, book};
use support::water::{bill, bills, branch, line, read, resident, run, sound};

const A: &str = "3100000001";
const B: &str = "3100000002";

fn two_read() -> Book {
    let mut book = book("B03");
    branch(&mut book, &[resident(A), resident(B)]);
    read(&mut book, A, "2026-10-12", "120");
    read(&mut book, B, "2026-10-12", "125");
    bill(&mut book, "2026-10");
    book
}

#[test]
fn a_household_of_nearly_a_million_went_through_unasked() {
    let mut book = two_read();
    read(&mut book, A, "2026-11-12", "97992");
    read(&mut book, B, "2026-11-12", "140");
    let trial = run(&mut book, "2026-11", true);
    assert_eq!((trial.bills, trial.held, trial.reasons.get("large")), (1, 1, Some(&1)));
    let largest: Vec<_> =
        trial.largest.iter().map(|large| (large.account.as_str(), large.volume, large.held)).collect();
    assert_eq!(largest, [(A, 97_872, true), (B, 15, false)]);
    let above = &trial.above[0];
    assert_eq!((above.account.as_str(), above.last), (A, Some(Fen(10_000))));
    assert!(above.amount > Fen(80_000_000), "{}", above.amount);
    assert!(trial.holds[0].message.contains("倍"), "{}", trial.holds[0].message);
    let said = serde_json::to_value(&trial).unwrap();
    assert_eq!((&said["times"], &said["above"][0]["account"]), (&json!(10), &json!(A)));
    bill(&mut book, "2026-11");
    let held = bills(&book, A).remove(1);
    assert_eq!(line(&held), "2026-10-13…2026-11-12 97872 0.00 use held");
    assert_eq!(bill(&mut book, "2026-11").held, 1, "again it is held, not let through");
    let refusal = book.try_act("demo", "bill.release", &json!({ "bill": held.id, "reason": "试" })).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-003");
    assert!(book.try_act("room", "bill.release", &json!({ "bill": held.id, "reason": " " })).is_err());
    book.act("room", "bill.release", json!({ "bill": held.id, "reason": "消防爆管，现场核实" }));
    assert_eq!(bills(&book, A)[1].amount, above.amount);
    sound(&mut book);
}

#[test]
fn one_bill_alone_is_held_by_the_same_rule() {
    let mut book = two_read();
    read(&mut book, A, "2026-11-12", "97992");
    let answer = book.act("chief", "bill.issue", json!({ "account": A }));
    assert!(answer["held"].as_str().unwrap().contains("倍"), "{answer}");
    assert_eq!(bills(&book, A)[1].state, "held");
    read(&mut book, B, "2026-11-12", "140");
    assert!(book.act("room", "bill.issue", json!({ "account": B }))["held"].is_null());
}

#[test]
fn without_an_earlier_bill_the_old_systems_use_or_the_amount_decides() {
    let new = AccountOpened { recent: String::new(), ..resident(B) };
    let mut book = book("B03");
    branch(&mut book, &[resident(A), new]);
    read(&mut book, A, "2026-10-12", "450");
    read(&mut book, B, "2026-10-12", "450");
    let trial = run(&mut book, "2026-10", true);
    let held: Vec<_> = trial.above.iter().map(|large| large.account.as_str()).collect();
    assert_eq!(held, [A], "350 after 20 is asked about; nothing is known of the other");
    read(&mut book, B, "2026-10-13", "5100");
    let trial = run(&mut book, "2026-10", true);
    assert_eq!(trial.above.len(), 2);
}

#[test]
fn the_branch_sets_how_many_times_are_too_many() {
    let mut book = two_read();
    read(&mut book, A, "2026-11-12", "260");
    assert_eq!(run(&mut book, "2026-11", true).held, 0, "seven times the last");
    book.desk.sign_in_practice("demo").unwrap();
    let five = Limits { times: 5, least: Fen(50_000), ..Limits::default() };
    assert_eq!(book.desk.set_bill_limits(five).unwrap_err().first_rule(), "R-003");
    book.desk.sign_in_practice("boss").unwrap();
    book.desk.set_bill_limits(five).unwrap();
    let trial = run(&mut book, "2026-11", true);
    assert_eq!((trial.held, trial.times), (1, 5));
}
