//! Clocks that disagree: an hour apart, a year ahead, set back in the middle of the day. What a site writes after it saw
//! something sorts after it, its own entries always stand in their own order, and a clock far ahead moves nobody else's.

mod support;

use meterdesk::book::subject::{Kind, Subject};
use meterdesk::book::{append, clock};
use meterdesk::derive::rebuild;
use meterdesk::rules::id::Id;
use meterdesk::store::entries::EntryRow;
use serde_json::{Value, json};
use support::arrive::{entries, head_office, in_all_orders, made, set_clock, site, take};
use support::orders::{Book, book, moment};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

fn amend(seen: &str, value: &str) -> Value {
    json!({ "account": "3100000002", "field": "mobile", "seen": seen, "value": value })
}

const FIRST: &str = "13358990332";

fn mobile(desk: &meterdesk::desk::Desk) -> String {
    let tx = desk.look().unwrap();
    tx.account_of_text("3100000002").unwrap().unwrap().mobile.unwrap_or_default()
}

#[test]
fn of_one_moment_the_place_decides_whichever_comes_first() {
    let common = town();
    let (mut first, mut second) = (site("S1", &common, 5), site("S2", &common, 5));
    let here = made(&mut first, "demo", "account.amend", amend(FIRST, "13900000001"));
    let there = made(&mut second, "demo", "account.amend", amend(FIRST, "13900000002"));
    assert_eq!(here.hlc, there.hlc, "both stamped alike");
    for order in [[&here, &there], [&there, &here]] {
        let mut book = site("S3", &common, 6);
        for entry in order {
            take(&mut book.desk, std::slice::from_ref(entry));
        }
        assert_eq!(mobile(&book.desk), "13900000002", "{} is the later place", there.id);
    }
    in_all_orders(&common, &[here, there]);
}

/// Takes an entry in as the exchange does: kept, derived, and seen by the clock.
fn see(book: &mut Book, entry: &EntryRow) {
    take(&mut book.desk, std::slice::from_ref(entry));
    let now = book.desk.now();
    let tx = book.desk.db_mut().write().unwrap();
    clock::observe(&tx, [entry.hlc], now).unwrap();
    tx.commit().unwrap();
}

fn town() -> Vec<EntryRow> {
    let mut home = book("B01");
    support::town::small(&mut home);
    entries(&home)
}

#[test]
fn of_two_clocks_an_hour_apart_the_fast_one_stands_later_and_its_seq_orders_its_own() {
    let common = town();
    // The place alone would put the fast one's entry first.
    let (mut slow, mut fast) = (site("S2", &common, 5), site("S1", &common, HOUR + 5));
    let early = made(&mut fast, "demo", "account.amend", amend(FIRST, "13900000001"));
    see(&mut slow, &early);
    let answer = made(&mut slow, "demo", "account.amend", amend("13900000001", "13900000002"));
    assert!(answer.hlc < early.hlc, "an hour ahead: more than five minutes, the slow clock is not moved");
    let again = made(
        &mut slow,
        "demo",
        "account.amend",
        json!({ "account": "3100000004", "field": "mobile", "seen": FIRST, "value": "13900000003" }),
    );
    assert_eq!((again.seq, again.hlc > answer.hlc), (answer.seq + 1, true));
    in_all_orders(&common, &[early, answer, again]);
}

#[test]
fn what_is_done_after_seeing_an_entry_sorts_after_it_up_to_five_minutes() {
    let common = town();
    for (ahead, follows) in [(1, true), (4, true), (5, true), (6, false), (YEAR, false)] {
        let (mut left, mut right) = (site("S1", &common, 5), site("S2", &common, 5 + ahead));
        let first = made(&mut right, "demo", "account.amend", amend(FIRST, "13900000001"));
        see(&mut left, &first);
        let second = made(&mut left, "demo", "account.amend", amend("13900000001", "13900000002"));
        assert_eq!((second.hlc > first.hlc), follows, "{ahead} minutes ahead");
        let met = in_all_orders(&common, &[first, second]);
        assert_eq!(mobile(&met), if follows { "13900000002" } else { "13900000001" }, "{ahead} minutes ahead");
    }
}

#[test]
fn a_clock_set_back_in_the_middle_of_the_day_keeps_the_order_of_the_site() {
    let common = town();
    let mut left = site("S1", &common, 2 * HOUR);
    let before = made(&mut left, "demo", "account.amend", amend(FIRST, "13900000001"));
    set_clock(&mut left, -3 * HOUR);
    let after = made(&mut left, "demo", "account.amend", amend("13900000001", "13900000002"));
    assert_eq!(after.hlc, before.hlc + 1);
    assert!(after.at < before.at, "the author's time is kept as the clock said it");
    assert_eq!(mobile(&in_all_orders(&common, &[before, after])), "13900000002");
}

#[test]
fn a_clock_a_year_ahead_moves_nobody_and_is_put_right_by_head_office() {
    let mut hq = head_office("HQ");
    take(&mut hq.desk, &town());
    support::arrive::finish(&mut hq.desk);
    let all = entries(&hq);
    let (mut wild, mut calm) = (site("S1", &all, YEAR), site("S2", &all, 10));
    let ahead = made(&mut wild, "demo", "account.amend", amend(FIRST, "13900000001"));
    let ahead_too = made(&mut wild, "demo", "account.amend", amend("13900000001", "13900000002"));
    see(&mut calm, &ahead);
    set_clock(&mut calm, 20);
    let later = made(&mut calm, "demo", "account.amend", amend("13900000001", "13900000003"));
    assert!(later.hlc < ahead.hlc && clock::ahead(ahead.hlc, moment()) > clock::FAR_AHEAD);
    assert_eq!(mobile(&in_all_orders(&all, &[ahead.clone(), ahead_too.clone(), later.clone()])), "13900000002");
    // Head office has all of it and gives the two another place: what happened afterwards counts again.
    for entry in [&ahead, &ahead_too, &later] {
        see(&mut hq, entry);
    }
    set_clock(&mut hq, 30);
    let place = json!({ "entries": [ahead_too.id, ahead.id], "at": "2026-11-21 10:15", "reason": "S1 的时钟快了一年" });
    let place = made(&mut hq, "hq", "entry.place", place);
    let met = in_all_orders(&all, &[ahead.clone(), ahead_too.clone(), later.clone(), place.clone()]);
    assert_eq!(mobile(&met), "13900000003");
    let at = |entry: &EntryRow| met.look().unwrap().order_key(entry).unwrap();
    assert!(at(&ahead) < at(&ahead_too) && at(&ahead_too) < later.hlc);
    assert_eq!(met.look().unwrap().entry(ahead.id).unwrap().unwrap().hash, ahead.hash, "the entry stays as it is");
    // Placed twice: the last word of head office counts, in every order.
    set_clock(&mut hq, 40);
    let again = json!({ "entries": [ahead.id, ahead_too.id], "at": "2026-11-21 10:25", "reason": "核实过" });
    let again = made(&mut hq, "hq", "entry.place", again);
    assert_eq!(mobile(&in_all_orders(&all, &[ahead, ahead_too, later, place, again])), "13900000002");
}

/// Accounts opened at a site; the entries it wrote.
fn town_of(book: &mut Book) -> Vec<EntryRow> {
    let before = entries(book).len();
    let had: std::collections::BTreeSet<Id> = entries(book).into_iter().map(|entry| entry.id).collect();
    support::town::small(book);
    let made: Vec<EntryRow> = entries(book).into_iter().filter(|entry| !had.contains(&entry.id)).collect();
    assert_eq!(made.len() + before, entries(book).len());
    made
}

#[test]
fn who_may_place_what_is_said() {
    let mut hq = head_office("HQ");
    hq.receive_from(&book("B01"));
    let common = entries(&hq);
    let mut branch = site("S1", &common, YEAR);
    let accounts = town_of(&mut branch);
    for entry in &accounts {
        take(&mut hq.desk, std::slice::from_ref(entry));
    }
    support::arrive::finish(&mut hq.desk);
    let (first, last) = (accounts[0].id, accounts[accounts.len() - 1].id);
    let own = common[0].id;
    for (input, field) in [
        (json!({ "entries": [], "reason": "x" }), "entries"),
        (json!({ "entries": [first], "reason": " " }), "reason"),
        (json!({ "entries": [first], "at": "2027-01-01 10:00", "reason": "x" }), "at"),
        (json!({ "entries": [own], "reason": "x" }), "entries"),
        (json!({ "entries": ["S1.1.999"], "reason": "x" }), "entries"),
        (json!({ "entries": [last], "reason": "x" }), "entries"),
    ] {
        let refusal = hq.try_act("hq", "entry.place", &input).unwrap_err();
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{input}");
    }
    assert_eq!(
        branch.try_act("boss", "entry.place", &json!({ "entries": [first], "reason": "x" })).unwrap_err().exit_code(),
        4
    );
    let all: Vec<Id> = accounts.iter().map(|entry| entry.id).collect();
    hq.act("hq", "entry.place", json!({ "entries": all, "reason": "时钟快了一年" }));
    let state = support::arrive::hash(&hq.desk);
    rebuild::rebuild(hq.desk.db_mut(), |_| {}).unwrap();
    assert_eq!(support::arrive::hash(&hq.desk), state);
    assert_eq!(rebuild::index_fault(&hq.desk.look().unwrap()).unwrap(), None);
}

#[test]
fn a_payment_that_sorts_before_the_opening_of_its_shift_is_in_the_drawer_all_the_same() {
    let mut home = book("B01");
    support::town::small(&mut home);
    let before = entries(&home);
    home.act("demo", "shift.open", json!({ "float": "100.00" }));
    let opened = entries(&home);
    let pay = json!({ "account": "3100000004", "bills": [], "to_prepaid": "50.00" });
    let behind = made(&mut site("S1", &opened, -30), "demo", "payment.take", pay);
    let opening = opened[before.len()].clone();
    assert!(behind.hlc < opening.hlc);
    let met = Book { desk: in_all_orders(&before, &[opening, behind]) };
    support::till::sound(&met);
    let demo = user(&met, "demo");
    let shift = met.desk.look().unwrap().open_shift(demo).unwrap().unwrap();
    assert_eq!((shift.cash, shift.income), (meterdesk::rules::money::Fen(15_000), meterdesk::rules::money::Fen(5_000)));
}

fn user(book: &Book, login: &str) -> Id {
    let users = meterdesk::desk::view_users::users(&book.desk).unwrap();
    users.into_iter().find(|user| user.login == login).unwrap().user
}

/// An entry head office writes about a site, as the exchange and the enrolment do.
fn about_site(hq: &mut Book, code: &str, action: &str, body: &Value) -> EntryRow {
    let at = hq.desk.now();
    let tx = hq.desk.db_mut().write().unwrap();
    let head = append::Head::read(&tx).unwrap();
    let site = meterdesk::derive::site::subject_of(&meterdesk::rules::id::Site::parse(code).unwrap());
    let new = append::NewEntry {
        at,
        business_day: at.date_naive(),
        actor: "-",
        action,
        version: 1,
        subjects: &[Subject::new(Kind::Site, site)],
        key: None,
        payload: body.to_string(),
    };
    let row = append::append(&tx, &head, new).unwrap();
    meterdesk::derive::record(&tx, &row).unwrap();
    tx.commit().unwrap();
    row
}

#[test]
fn the_question_about_a_stamp_from_the_future_is_settled_by_placing_the_entry() {
    let mut hq = head_office("HQ");
    take(&mut hq.desk, &town());
    support::arrive::finish(&mut hq.desk);
    let keys = json!({ "sign": "00".repeat(32), "seal": "age1" });
    let enrol = json!({ "code": "S1", "name": "城北", "utility": "water", "practice": true, "keys": keys, "areas": [],
        "everything": false, "roles": [], "good_for_days": 30 });
    about_site(&mut hq, "S1", "site.enrol", &enrol);
    let common = entries(&hq);
    let mut wild = site("S1", &common, YEAR);
    // About what is its own: of another site's account it has nothing to say.
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班", "area": "城区" });
    let ahead = made(&mut wild, "boss", "worker.add", worker);
    see(&mut hq, &ahead);
    let accept = json!({ "from": "S1", "number": 1, "bundle": "00", "heads": [], "ahead": [ahead.id] });
    let accept = about_site(&mut hq, "S1", "bundle.accept", &accept);
    let asked = |book: &Book| {
        let views = meterdesk::desk::view_exceptions::open(&book.desk).unwrap();
        views.into_iter().filter(|view| view.what == "stamp_ahead").count()
    };
    assert_eq!(asked(&hq), 1);
    let place = made(&mut hq, "hq", "entry.place", json!({ "entries": [ahead.id], "reason": "S1 的时钟快了一年" }));
    assert_eq!(asked(&hq), 0);
    let met = Book { desk: in_all_orders(&common, &[ahead, accept, place]) };
    assert_eq!(asked(&met), 0);
}
