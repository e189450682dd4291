//! Entries that come in from elsewhere, in whatever order and batches: the state is that of the set (I-5), equals a rebuild
//! (I-4), and nothing counts twice (I-6).

mod support;

use std::sync::OnceLock;

use meterdesk::book::subject::Kind;
use meterdesk::derive::row::to_row;
use meterdesk::derive::{self, Incoming, Received, rebuild};
use meterdesk::desk::Desk;
use meterdesk::store::entries::EntryRow;
use serde_json::json;
use support::arrive::{differing, empty, entries, finish, hash, in_all_orders, set_clock, state_of, take};
use support::orders::{Book, Chance, book};

/// A branch's history with runs, readings, bills, money and requests, and its state.
fn history() -> &'static (Vec<EntryRow>, [u8; 32]) {
    static HISTORY: OnceLock<(Vec<EntryRow>, [u8; 32])> = OnceLock::new();
    HISTORY.get_or_init(|| {
        let mut book = book("B01");
        support::adjust::branch(&mut book);
        support::town::small(&mut book);
        book.act("demo", "shift.open", json!({ "float": "200.00" }));
        book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "300.00" }));
        book.act("demo", "payment.take", json!({ "account": "31000003", "amounts": "200.00" }));
        book.act("demo", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" }));
        let late = json!({ "account": "31000001", "amounts": "20.00", "paper": "S1", "happened": "2026-11-19" });
        book.act("demo", "payment.enter_late", late);
        book.act("chief", "payment.confirm", json!({ "payment": "S1" }));
        let fault = json!({ "service": "fault", "account": "31000002", "fields": { "kind": "漏水" } });
        let order = book.act("demo", "intake.take", fault)["order"].clone();
        book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "lq" }));
        let amend = json!({ "account": "31000001", "field": "mobile", "seen": "", "value": "13800000000" });
        book.act("demo", "account.amend", amend);
        let ask = support::adjust::ask_volume(&book, "31000001", "25");
        support::adjust::checked(&mut book, ask);
        book.act("demo", "shift.close", json!({ "counted": "420.00", "note": "点钞", "confirm": true }));
        let hash = hash(&book.desk);
        (entries(&book), hash)
    })
}

#[test]
fn a_whole_history_in_any_order_of_batches_gives_one_state() {
    let (entries, wanted) = history();
    let mut chance = Chance(0xA5A5_1234_9E37_79B9);
    for round in 0..40 {
        let mut order = entries.clone();
        for index in (1..order.len()).rev() {
            order.swap(index, chance.below(index as u64 + 1) as usize);
        }
        let mut desk = empty();
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let size = (1 + chance.below([1, 4, 40][round % 3]) as usize).min(rest.len());
            let answers = take(&mut desk, &rest[..size]);
            assert!(answers.iter().all(|answer| *answer == Received::New));
            if chance.below(3) == 0 {
                finish(&mut desk);
            }
            rest = &rest[size..];
        }
        finish(&mut desk);
        if hash(&desk) != *wanted {
            let plain = state_of(entries);
            panic!("round {round} differs in {:?}", differing(&plain, &desk));
        }
        assert!(take(&mut desk, &order).iter().all(|answer| *answer == Received::Known));
        assert_eq!(rebuild::index_fault(&desk.look().unwrap()).unwrap(), None);
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        assert_eq!(hash(&desk), *wanted, "round {round}: rebuild differs");
    }
}

#[test]
fn a_batch_may_hold_an_entry_twice_and_a_fork_is_not_kept() {
    let (entries, _) = history();
    let mut other = entries[3].clone();
    other.payload.push(' ');
    let other = meterdesk::book::entry::seal(other);
    let mut desk = empty();
    let batch = [entries[3].clone(), entries[3].clone(), other];
    assert_eq!(take(&mut desk, &batch), [Received::New, Received::Known, Received::Fork]);
    let mut broken = entries[4].clone();
    broken.actor.push('x');
    let tx = desk.db_mut().write().unwrap();
    assert!(derive::receive_many(&tx, &[Incoming { row: broken }]).is_err());
}

/// Accounts of one run in `rows` bulk entries of two, left open.
fn half_done(book: &mut Book, rows: usize) -> meterdesk::desk::run::Run {
    book.desk.sign_in_practice("room").unwrap();
    let mut run = book.desk.open_run("import.customers", "account.open", 1, "用户档案", Some("f1")).unwrap();
    for entry in 0..rows {
        for row in 0..2 {
            let no = format!("32{:08}", entry * 2 + row);
            let account = support::town::account(&no, "甲", "supplied", 500);
            run.push(&mut book.desk, Kind::Account, None, to_row(&account).unwrap()).unwrap();
        }
        run.pause(&mut book.desk).unwrap();
    }
    run
}

fn accounts(desk: &Desk) -> i64 {
    let tx = desk.look().unwrap();
    (0..100).filter(|n| tx.account_of_text(&format!("32{n:08}")).unwrap().is_some()).count() as i64
}

#[test]
fn a_closed_run_counts_whatever_comes_first() {
    let mut home = book("B01");
    let common = entries(&home);
    let run = half_done(&mut home, 3);
    run.close(&mut home.desk, json!({}), |_| {}).unwrap();
    let apart = entries(&home).split_off(common.len());
    assert_eq!(apart.len(), 5);
    assert_eq!(accounts(&in_all_orders(&common, &apart)), 6);
}

#[test]
fn a_dropped_run_counts_nothing_whatever_comes_first() {
    let mut home = book("B01");
    let common = entries(&home);
    let run = half_done(&mut home, 2);
    run.discard(&mut home.desk).unwrap();
    let apart = entries(&home).split_off(common.len());
    assert_eq!(accounts(&in_all_orders(&common, &apart)), 0);
}

/// A copy of a book as it was after `count` entries, restored: it goes on in life 2, at a clock `minutes` after the common one.
fn restored(book: &Book, count: usize, minutes: i64) -> Book {
    let mut book = support::arrive::site("B01", &entries(book)[..count], minutes);
    let tx = book.desk.db_mut().write().unwrap();
    tx.set_setting("epoch", "2").unwrap();
    tx.commit().unwrap();
    book
}

#[test]
fn a_run_closed_before_and_dropped_after_a_restore_counts_as_the_earlier_says() {
    for (minutes, wanted) in [(30, 4), (-60, 0)] {
        let mut home = book("B01");
        let common = entries(&home).len();
        let run = half_done(&mut home, 2);
        let so_far = entries(&home).len();
        set_clock(&mut home, 5);
        run.close(&mut home.desk, json!({}), |_| {}).unwrap();
        let mut again = restored(&home, so_far, minutes);
        again.desk.sign_in_practice("room").unwrap();
        let run = again.desk.open_run("import.customers", "account.open", 1, "用户档案", Some("f1")).unwrap();
        run.discard(&mut again.desk).unwrap();
        let whole = entries(&home);
        let mut apart = whole[common..].to_vec();
        apart.push(entries(&again).pop().unwrap());
        assert_eq!(apart.len(), 5);
        assert_eq!(accounts(&in_all_orders(&whole[..common], &apart)), wanted, "{minutes}");
    }
}
