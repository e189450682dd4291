//! A machine put back from an old copy writes at places that are taken. Both branches stay, each one's money stays counted, and
//! what the second branch made keeps its own names.

mod support;

use meterdesk::book::clock::FixedClock;
use meterdesk::book::verify;
use meterdesk::derive::ledger::trial_balance;
use meterdesk::derive::site::AcceptedFork;
use meterdesk::derive::{Received, rebuild};
use meterdesk::desk::Desk;
use meterdesk::desk::open::NewSite;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::OpenOptions;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::base::ClashRow;
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::json;
use support::arrive::{empty, entries, finish, hash, made, set_clock, site, take};
use support::orders::{Book, moment};
use support::site::new_site;
use support::till::{accounts, owes, prices, sound};

/// What both branches know, what the main one wrote, what the second wrote (at its twin places), and its next life.
struct Fork {
    common: Vec<EntryRow>,
    main: Vec<EntryRow>,
    twin: Vec<EntryRow>,
    next_life: Vec<EntryRow>,
}

fn home() -> serde_json::Value {
    json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
        "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 8, 8], "account": "3100000001",
    })
}

fn fork() -> Fork {
    let mut book = support::orders::book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    let common = entries(&book);
    let (mut left, mut right) = (site("B03", &common, 5), site("B03", &common, 6));
    let main = vec![
        made(&mut left, "demo", "payment.take", json!({ "account": "10000001" })),
        made(&mut left, "check", "shift.open", json!({ "float": "50.00" })),
    ];
    let mut twin = vec![
        made(&mut right, "check", "shift.open", json!({ "float": "100.00" })),
        made(&mut right, "check", "account.open", home()),
    ];
    let prepay = |amount: &str| json!({ "account": "3100000001", "bills": [], "to_prepaid": amount });
    twin.push(made(&mut right, "check", "payment.take", prepay("90.00")));
    twin.push(made(&mut right, "demo", "payment.take", json!({ "account": "10000001" })));
    let tx = right.desk.db_mut().write().unwrap();
    tx.set_setting("epoch", "2").unwrap();
    tx.commit().unwrap();
    set_clock(&mut right, 20);
    let next_life = vec![made(&mut right, "check", "payment.take", prepay("10.00"))];
    assert!(twin[2].payload.contains(&twin[1].id.to_string()), "the author names the account as its own book does");
    for row in &mut twin {
        row.id = row.id.twin();
    }
    Fork { common, main, twin, next_life }
}

fn prepaid(desk: &Desk, no: &str) -> Fen {
    let tx = desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    tx.get::<BalanceRow>(&[&account]).unwrap().map_or(Fen::ZERO, |row| row.prepaid)
}

#[test]
fn both_branches_stay_and_both_tills_money_is_counted_in_every_order() {
    let fork = fork();
    let mut rest: Vec<EntryRow> = fork.main.iter().chain(&fork.twin).cloned().collect();
    let late = rest.remove(1); // the main chain's second entry may come at any time
    let (mut wanted, mut count) = (None, 0);
    for at_next in 0..=rest.len() {
        for at_late in 1..=rest.len() {
            let mut order = rest.clone();
            order.insert(at_late, late.clone());
            order.insert(at_next, fork.next_life[0].clone());
            let mut desk = empty();
            take(&mut desk, &fork.common);
            finish(&mut desk);
            let size = 1 + (at_late + at_next) % 3;
            for batch in order.chunks(size) {
                assert!(take(&mut desk, batch).iter().all(|answer| *answer == Received::New));
            }
            let state = hash(&desk);
            assert_eq!(*wanted.get_or_insert(state), state, "next life {at_next}, late {at_late}");
            assert!(take(&mut desk, &order).iter().all(|answer| *answer == Received::Known));
            assert_eq!(rebuild::index_fault(&desk.look().unwrap()).unwrap(), None);
            rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
            assert_eq!(hash(&desk), state, "rebuild");
            assert_eq!(prepaid(&desk, "3100000001"), Fen(10_000), "90.00 and, in the next life, 10.00");
            check_money(Book { desk });
            count += 1;
        }
    }
    assert_eq!(count, 6 * 5);
}

/// 200.00 + 50.00 + 100.00 of float, the bill of 86.90 taken twice, 100.00 prepaid.
fn check_money(book: Book) {
    sound(&book);
    let tx = book.desk.look().unwrap();
    let balance = trial_balance(&tx).unwrap();
    assert_eq!((balance.total(), balance.unbalanced), (Fen::ZERO, None));
    assert_eq!(balance.accounts["cash"], Fen(35_000 + 2 * 8_690 + 10_000));
    assert_eq!(verify::chains(&tx, |_| {}).unwrap().fault, None);
    let receipts: Vec<String> =
        tx.scan::<ClashRow>(&[&"receipt_no"]).unwrap().into_iter().map(|row| row.number).collect();
    assert_eq!(receipts, ["B03-1-000001"], "the number both branches gave is a question");
    let account = tx.account_of_text("3100000001").unwrap().unwrap();
    assert!(account.id.is_twin());
}

/// Head office enrols the branch and says which entry stands on the main branch of its fork; later, gone back to an old copy, it says the
/// other.
fn word_of_head_office(branch: &Desk, main: &EntryRow, other: &EntryRow) -> Vec<EntryRow> {
    let mut office = support::company::site("HQ", true);
    let (_, card) = branch.site_card().unwrap();
    let print = branch.site_keys().unwrap().public().fingerprint();
    let enrol = json!({ "card": card, "fingerprint": print, "areas": [], "roles": [] });
    support::company::act(&mut office, "boss", "site.enrol", &enrol);
    let hex = |hash: [u8; 32]| blake3::Hash::from_bytes(hash).to_hex().to_string();
    for (main, other) in [(main, other), (other, main)] {
        let fork = AcceptedFork { place: main.id.main(), held: hex(main.hash), other: hex(other.hash) };
        support::company::accept(&mut office, "B03", |body| body.forks = vec![fork]);
    }
    office.look().unwrap().entries_after(Id(0), 1_000).unwrap()
}

/// Takes a branch of a fork where there is room: as the main one when its place is free, else as the twin.
fn take_branch(desk: &mut Desk, rows: &[EntryRow]) {
    for (from, to) in [(Id::main as fn(Id) -> Id, "main"), (Id::twin, "twin")] {
        let named: Vec<EntryRow> = rows.iter().map(|row| EntryRow { id: from(row.id), ..row.clone() }).collect();
        if desk.look().unwrap().entry(named[0].id).unwrap().is_none() {
            assert!(take(desk, &named).iter().all(|answer| *answer == Received::New), "{to}");
            return;
        }
    }
    panic!("both places are taken");
}

#[test]
fn the_branch_head_office_named_first_is_the_main_one_in_every_order() {
    let fork = fork();
    let branch = support::orders::book("B03");
    for main_is_second in [false, true] {
        let (main, other) = if main_is_second { (&fork.twin, &fork.main) } else { (&fork.main, &fork.twin) };
        let word = word_of_head_office(&branch.desk, &main[0], &other[0]);
        let mut wanted = None;
        let mut orders = 0;
        for order in support::orders::permutations(vec![0, 1, 2, 3]) {
            let mut desk = empty();
            take(&mut desk, &fork.common);
            for step in &order {
                match step {
                    0 => take_branch(&mut desk, &fork.main),
                    1 => take_branch(&mut desk, &fork.twin),
                    2 => _ = take(&mut desk, &fork.next_life),
                    _ => _ = take(&mut desk, &word),
                }
                finish(&mut desk);
            }
            let state = hash(&desk);
            assert_eq!(*wanted.get_or_insert(state), state, "second branch main: {main_is_second}, order {order:?}");
            let tx = desk.look().unwrap();
            assert_eq!(tx.entry_hash(main[0].id.main()).unwrap(), Some(main[0].hash), "{order:?}");
            assert_eq!(tx.entry_hash(main[0].id.twin()).unwrap(), Some(other[0].hash), "{order:?}");
            let account = tx.account_of_text("3100000001").unwrap().unwrap();
            assert_eq!(account.id.is_twin(), !main_is_second, "{order:?}");
            assert_eq!(rebuild::index_fault(&tx).unwrap(), None);
            assert_eq!(verify::chains(&tx, |_| {}).unwrap().fault, None, "{order:?}");
            drop(tx);
            assert_eq!(prepaid(&desk, "3100000001"), Fen(10_000), "{order:?}");
            rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
            assert_eq!(hash(&desk), state, "rebuild");
            orders += 1;
        }
        assert_eq!(orders, 24);
    }
}

#[test]
fn a_twin_without_the_branch_before_it_or_without_a_fork_is_not_kept() {
    let fork = fork();
    let mut desk = empty();
    take(&mut desk, &fork.common);
    assert_eq!(take(&mut desk, &fork.twin[..1]), [Received::Loose], "nothing is forked yet");
    take(&mut desk, &fork.main);
    assert_eq!(take(&mut desk, &fork.twin[1..2]), [Received::Loose], "its branch begins earlier");
    let mut same = fork.main[0].clone();
    same.id = same.id.twin();
    assert_eq!(take(&mut desk, &[same]), [Received::Loose], "the same entry is no fork");
    assert_eq!(take(&mut desk, &fork.twin), [Received::New; 4]);
    let mut third = fork.twin[0].clone();
    third.payload.push(' ');
    assert_eq!(take(&mut desk, &[meterdesk::book::entry::seal(third)]), [Received::Fork], "a third branch");
}

#[test]
fn a_whole_book_with_a_fork_a_restored_life_and_single_entries_verifies_in_full() {
    let fork = fork();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hq.db");
    let new = NewSite { name: "总部", login: "hq", ..new_site("HQ", true) };
    let clock = Box::new(FixedClock::at(moment()));
    let (mut desk, _) = Desk::create(&path, OpenOptions::default(), clock, &new).unwrap();
    for batch in [&fork.common, &fork.main, &fork.twin, &fork.next_life] {
        assert!(take(&mut desk, batch).iter().all(|answer| *answer == Received::New));
        finish(&mut desk);
    }
    // Of a third site two entries are relayed, with holes before and between.
    let mut other = support::orders::book("B09");
    other.act("boss", "worker.add", json!({ "code": "lq", "name": "李强", "team": "抢修班", "area": "城区" }));
    let theirs = entries(&other);
    let single = [theirs[3].clone(), theirs[6].clone()];
    assert_eq!(take(&mut desk, &single), [Received::New; 2]);
    let verdict = desk.verify(true, |_| {}).unwrap();
    let fault = verdict.first_fault.map(|fault| fault.message).unwrap_or_default();
    assert!(fault.starts_with("B09.1 缺第 1 张凭单"), "not marked as single: {fault}");
    let tx = desk.db_mut().write().unwrap();
    for entry in &single {
        tx.put(&meterdesk::store::entries::RelayedRow { id: entry.id }).unwrap();
    }
    tx.commit().unwrap();
    let verdict = desk.verify(true, |_| {}).unwrap();
    assert_eq!(verdict.first_fault.map(|fault| fault.message), None);
    let chains: Vec<(String, i64)> = verdict.sites.into_iter().map(|head| (head.site, head.epoch)).collect();
    assert_eq!(chains, [("B03".into(), 1), ("B03".into(), 2), ("B03".into(), 33), ("HQ".into(), 1)]);
}

#[test]
fn a_life_may_follow_any_entry_of_an_earlier_one_and_nothing_else() {
    let mut book = support::orders::book("B03");
    let so_far = entries(&book);
    book.act("boss", "worker.add", json!({ "code": "lq", "name": "李强", "team": "抢修班", "area": "城区" }));
    let whole = entries(&book);
    let next_life = |known: &[EntryRow]| {
        let mut again = site("B03", known, 30);
        let tx = again.desk.db_mut().write().unwrap();
        tx.set_setting("epoch", "2").unwrap();
        tx.commit().unwrap();
        made(
            &mut again,
            "boss",
            "worker.add",
            json!({ "code": "zm", "name": "张明", "team": "表务班", "area": "农村" }),
        )
    };
    let looked_at = |first: &EntryRow, known: &[EntryRow]| {
        let mut desk = empty();
        take(&mut desk, known);
        take(&mut desk, std::slice::from_ref(first));
        verify::chains(&desk.look().unwrap(), |_| {}).unwrap()
    };
    let fault = |first: &EntryRow, known: &[EntryRow]| looked_at(first, known).fault.map(|fault| fault.message);
    let early = next_life(&so_far[..so_far.len() - 1]);
    assert_eq!(fault(&early, &whole), None, "the copy was older by two entries");
    assert_eq!(fault(&early, &so_far[..3]).unwrap(), "凭单 B03.2.1：与前一张不相接");
    let mut back = early.clone();
    back.hlc = so_far[1].hlc;
    (back.action, back.subjects) = ("site.epoch".to_owned(), "i".to_owned());
    back.payload = json!({ "reason": "restore", "after": "B03.1.9" }).to_string();
    // A stamp that goes back, in a book that took it before it was refused, is a question.
    let asked = looked_at(&meterdesk::book::entry::seal(back), &whole);
    assert_eq!((asked.fault, asked.asked), (None, 1));
    assert!(asked.questions[0].message.contains("B03.2.1"), "{:?}", asked.questions);
}
