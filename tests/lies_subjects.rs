//! Entries that a known site truly signed and that lie about whom they are about, or whose payload cannot be read: whatever they are,
//! the book that takes them in stays sound, and what is made of them at once is what a rebuild makes.

#[path = "support/bundle.rs"]
mod bundle;
#[allow(dead_code)] // other tests use the rest
#[path = "support/golden.rs"]
mod files;
mod support;

use std::collections::BTreeSet;

use meterdesk::book::{entry, verify};
use meterdesk::derive::account::payment::PaymentTaken;
use meterdesk::derive::ledger::trial_balance;
use meterdesk::derive::row::to_row;
use meterdesk::derive::{self, Fx, Incoming, bulk, parties, rebuild, whose};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::base::{ExceptionRow, HoldRow};
use meterdesk::store::{Db, Tx};
use serde_json::{Value, json};
use support::orders::book;
use support::till::{accounts, owes, prices, sound};

/// Actions whose legs stand on several subjects, or whose movements belong to the drawer they name.
const MONEY: &[&str] = &[
    "payment.take",
    "payment.enter_late",
    "payment.confirm",
    "payment.method",
    "payment.reverse",
    "fee.take",
    "deposit.take",
    "deposit.return",
    "account.transfer",
    "account.amend",
    "shift.deposit",
    "shift.deposit_reverse",
    "shift.float_add",
    "shift.close",
    "adjustment.request",
    "adjustment.check",
    "adjustment.decide",
];

/// The golden books: every action there is.
fn golden() -> Vec<(String, Vec<EntryRow>)> {
    let name = |path: &std::path::Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files::golden_files().iter().map(|path| (name(path), files::entries(path))).collect()
}

fn derived(rows: &[EntryRow]) -> Db {
    let mut db = Db::in_memory().unwrap();
    let tx = db.write().unwrap();
    tx.set_setting("site", "Z9").unwrap();
    tx.set_setting("epoch", "1").unwrap();
    receive(&tx, rows);
    tx.commit().unwrap();
    bulk::finish(&mut db, |_| {}).unwrap();
    db
}

fn receive(tx: &Tx<'_>, rows: &[EntryRow]) {
    let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
    derive::receive_many(tx, &batch).unwrap();
}

/// An entry changed and sealed again as the next of its chain.
fn next(before: &EntryRow, of: &EntryRow, change: impl FnOnce(&mut EntryRow)) -> EntryRow {
    let mut row = of.clone();
    change(&mut row);
    row.id = Id::new(&before.id.site(), before.epoch, before.seq + 1, 0).unwrap();
    row.site = before.site.clone();
    (row.epoch, row.seq, row.hlc, row.prev) = (before.epoch, before.seq + 1, before.hlc + 1, before.hash);
    row.key = None;
    entry::seal(row)
}

/// One entry of each action, and of each shape of its subjects.
fn kinds(rows: &[EntryRow]) -> Vec<&EntryRow> {
    let mut seen = BTreeSet::new();
    let shape = |row: &EntryRow| -> Vec<char> {
        let words = row.subjects.split(' ').take(4);
        words.filter_map(|word| word.chars().next()).collect()
    };
    rows.iter().filter(|row| seen.insert((row.action.clone(), row.version, shape(row)))).collect()
}

/// Subjects with each left out, each of another kind or of another place, foreign ones added, and none.
fn other_subjects(subjects: &str) -> Vec<String> {
    let words: Vec<&str> = subjects.split(' ').collect();
    let words = &words[..words.len().min(4)];
    let with = |at: usize, word: Option<String>| {
        let kept = words.iter().enumerate();
        let kept = kept.filter_map(|(index, kept)| if index == at { word.clone() } else { Some((*kept).to_owned()) });
        kept.collect::<Vec<_>>().join(" ")
    };
    let mut found = vec![String::new(), "a".into(), "aX".into(), "zZ8.1.5".into()];
    for (at, word) in words.iter().enumerate() {
        let other = if word.starts_with('a') { "s" } else { "a" };
        found.extend(
            [None, Some(format!("{other}{}", &word[1..])), Some(format!("{}Z8.1.5", &word[..1]))]
                .map(|to| with(at, to)),
        );
    }
    found.extend(["aZ8.1.6", "sZ8.1.7", "oZ8.1.8"].map(|more| format!("{subjects} {more}")));
    found.retain(|other| other != subjects);
    found
}

/// No line of the ledger is without its other side.
fn balances(tx: &Tx<'_>, word: &str) {
    let balance = trial_balance(tx).unwrap();
    assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO), "{word}");
}

/// The chains are whole, every part is indexed, and a rebuild makes the same of it. Answers how many questions there are.
fn stays_sound(tx: &Tx<'_>, word: &str) -> i64 {
    balances(tx, word);
    let mut fx = Fx::new(tx);
    let chains = verify::chains_asking(tx, |_| {}, |row| parties::question(&mut fx, row)).unwrap();
    assert_eq!(chains.fault, None, "{word}");
    assert_eq!(rebuild::index_fault(tx).unwrap(), None, "{word}");
    let tables = |tx: &Tx<'_>| -> Vec<(String, [u8; 32])> {
        let names = tx.derived_tables().unwrap();
        names.into_iter().map(|name| (name.clone(), tx.table_hash(&name).unwrap())).collect()
    };
    let before = tables(tx);
    rebuild::all(tx).unwrap();
    for (before, after) in before.iter().zip(tables(tx)) {
        assert_eq!(*before, after, "{word}: the rebuild differs");
    }
    balances(tx, word);
    chains.asked
}

fn posted(tx: &Tx<'_>, id: Id) -> bool {
    let mut found = false;
    tx.walk_postings(|at, _| found |= at.entry() == id).unwrap();
    found
}

#[test]
fn no_entry_this_program_ever_wrote_is_about_others_than_its_payload_names() {
    for (name, rows) in golden() {
        let db = derived(&rows);
        let tx = db.look().unwrap();
        let mut fx = Fx::new(&tx);
        for row in &rows {
            assert_eq!(parties::question(&mut fx, row).unwrap(), None, "{name}: {} {}", row.id, row.action);
        }
    }
}

#[test]
fn a_signed_entry_about_others_than_its_payload_names_counts_nowhere_and_is_asked_about() {
    let mut lies = 0;
    for (name, rows) in golden() {
        let mut db = derived(&rows);
        let last = rows.last().unwrap();
        let mut chain = vec![last.clone()];
        for row in kinds(&rows).into_iter().filter(|row| !bulk::is_bulk(&row.payload)) {
            for subjects in other_subjects(&row.subjects) {
                let word = format!("{name}: {} of {} as {subjects}", row.action, row.subjects);
                let lie = next(last, row, |row| row.subjects = subjects.clone());
                let tx = db.write().unwrap();
                let question = parties::question(&mut Fx::new(&tx), &lie).unwrap();
                receive(&tx, std::slice::from_ref(&lie));
                balances(&tx, &word);
                assert!(question.is_some() || !MONEY.contains(&row.action.as_str()), "{word}");
                if question.is_none() {
                    continue;
                }
                assert!(!posted(&tx, lie.id), "{word}: half of it counts");
                let held = tx.scan::<HoldRow>(&[]).unwrap();
                assert!(held.iter().all(|hold| hold.entry != lie.id), "{word}: it pauses {held:?}");
                let told = tx.scan::<ExceptionRow>(&[]).unwrap();
                let told = told.iter().filter(|one| [parties::OTHER, whose::OTHER].contains(&one.what.as_str()));
                let told = told.filter(|one| one.second == lie.id).count();
                assert_eq!(told, parties_of(&subjects, lie.id), "{word}");
                drop(tx);
                lies += 1;
                let again = next(chain.last().unwrap(), row, |row| row.subjects = subjects);
                chain.push(again);
            }
        }
        let tx = db.write().unwrap();
        receive(&tx, &chain[1..]);
        let asked = stays_sound(&tx, &name);
        assert_eq!(asked, i64::try_from(chain.len() - 1).unwrap(), "{name}: every one is a question");
    }
    assert!(lies > 300, "{lies}");
}

/// Every place of a payload, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(items) => {
            items.iter().take(2).enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// The till refused money under 预存 and the account took it, or the other way round: one side waited, the other was posted.
#[test]
fn a_body_that_one_fold_alone_rejects_counts_for_all_its_subjects_or_for_none() {
    let (mut lies, mut aside, mut split) = (0, 0, Vec::new());
    for (name, rows) in golden() {
        let mut db = derived(&rows);
        let last = rows.last().unwrap();
        for row in kinds(&rows).into_iter().filter(|row| !bulk::is_bulk(&row.payload)) {
            if parties_of(&row.subjects, row.id) < 2 {
                continue;
            }
            let (body, mut at) = (serde_json::from_str::<Value>(&row.payload).unwrap(), Vec::new());
            places(&body, "", &mut at);
            for place in at {
                let truth = body.pointer(&place).unwrap();
                let amount = truth.as_str().is_some_and(|text| text.parse::<f64>().is_ok());
                let others: &[&str] = match () {
                    () if place.ends_with("method") || place.ends_with("seen") => &["预存", "现金", "别的"],
                    () if amount => &["-0.01", "0.00", "12345.67", "?"],
                    () => &["?"],
                };
                for other in others.iter().filter(|other| truth != **other) {
                    let mut body = body.clone();
                    *body.pointer_mut(&place).unwrap() = json!(other);
                    let lie = next(last, row, |row| row.payload = body.to_string());
                    let word = format!("{name}: {} {place} = {other}", row.action);
                    let tx = db.write().unwrap();
                    receive(&tx, std::slice::from_ref(&lie));
                    let held = tx.scan::<HoldRow>(&[]).unwrap();
                    let held = held.iter().filter(|hold| hold.entry == lie.id).count();
                    let all = parties_of(&lie.subjects, lie.id);
                    // What nobody can read waits wherever it is read, and nothing of it counts; what can be read waits nowhere.
                    let whole = if *other == "?" { !posted(&tx, lie.id) } else { held == all };
                    if held != 0 && !whole {
                        split.push(format!("{word}: {held} of {all} wait"));
                    }
                    let told = tx.scan::<ExceptionRow>(&[]).unwrap();
                    aside += usize::from(told.iter().any(|one| one.what == parties::OTHER && one.second == lie.id));
                    lies += 1;
                }
            }
        }
    }
    assert!(split.is_empty(), "{} of {lies}:\n{}", split.len(), split.join("\n"));
    assert!(lies > 1_000 && aside > 100, "{lies} {aside}");
}

/// How many subjects of kinds there are these words name.
fn parties_of(subjects: &str, own: Id) -> usize {
    let found = meterdesk::book::subject::read(subjects, own).unwrap_or_default();
    found.into_iter().flatten().collect::<BTreeSet<_>>().len()
}

#[test]
fn a_payload_that_names_another_shift_account_or_case_than_its_subjects_counts_nowhere() {
    let mut lies = 0;
    for (name, rows) in golden() {
        let mut db = derived(&rows);
        let last = rows.last().unwrap();
        for row in kinds(&rows).into_iter().filter(|row| MONEY.contains(&row.action.as_str())) {
            if bulk::is_bulk(&row.payload) {
                continue;
            }
            let body: Value = serde_json::from_str(&row.payload).unwrap();
            let mut changed: Vec<Value> = Vec::new();
            for field in ["account", "shift", "origin", "request"].into_iter().filter(|field| body[field].is_string()) {
                for other in ["Z8.1.999", "HQ.1.1", "Z9.1.30/6"] {
                    changed.push(with(&body, field, json!(other)));
                }
            }
            if body["charge"].is_object() {
                changed.push(with(&body, "charge", json!({ "order": "Z8.1.4", "key": body["charge"]["key"] })));
            }
            if row.action == "payment.reverse" {
                let fee = body["is_fee"].as_bool().unwrap();
                changed.push(with(&body, "is_fee", json!(!fee)));
                changed.push(with(&body, "charge", json!({ "order": "Z8.1.4", "key": "fee" })));
                changed.push(with(&body, "method", json!("预存")));
                changed.push(with(&body, "account", Value::Null));
            }
            for body in changed {
                let lie = next(last, row, |row| row.payload = body.to_string());
                let word = format!("{name}: {} {body}", row.action);
                let tx = db.write().unwrap();
                receive(&tx, std::slice::from_ref(&lie));
                balances(&tx, &word);
                lies += 1;
            }
        }
    }
    assert!(lies > 60, "{lies}");
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

#[test]
fn a_row_of_a_bulk_payment_that_names_a_drawer_counts_nowhere() {
    let (_, rows) = golden().into_iter().find(|(name, _)| name == "1-till").unwrap();
    let of = |action: &str| rows.iter().find(|row| row.action == action).unwrap();
    let paid: PaymentTaken = serde_json::from_str(&of("payment.take").payload).unwrap();
    let account = paid.account;
    for (shift, counts) in [(paid.shift, false), (None, true)] {
        let body = PaymentTaken {
            shift,
            to_prepaid: paid.amount,
            from_prepaid: Fen::ZERO,
            from_credit: Fen::ZERO,
            lines: Vec::new(),
            ..paid.clone()
        };
        let open = next(rows.last().unwrap(), of("run.open"), |row| {
            row.payload = json!({ "kind": "payment.take", "label": "代扣", "source": null }).to_string();
        });
        let bulk = next(&open, of("payment.take"), |row| {
            row.subjects = format!("a{account}");
            row.payload = bulk::payload(open.id, &[to_row(&body).unwrap()]);
        });
        let close = next(&bulk, of("run.close"), |row| {
            row.subjects = format!("r{}", open.id);
            row.payload = json!({ "rows": 1, "entries": 1 }).to_string();
        });
        let mut db = derived(&rows);
        let tx = db.write().unwrap();
        receive(&tx, &[open, bulk.clone(), close]);
        tx.commit().unwrap();
        bulk::finish(&mut db, |_| {}).unwrap();
        let tx = db.write().unwrap();
        assert_eq!(posted(&tx, bulk.id), counts, "{shift:?}");
        assert_eq!(stays_sound(&tx, "bulk"), i64::from(!counts), "{shift:?}");
    }
}

#[test]
fn a_signed_payload_that_cannot_be_read_is_held_alike_when_it_comes_and_in_a_rebuild() {
    for (name, rows) in golden() {
        for payload in ["{}", "[]", "null", "7", "\"x\"", "[null]", "{\"account\":7}"] {
            let mut chain = vec![rows.last().unwrap().clone()];
            for row in kinds(&rows) {
                chain.push(next(chain.last().unwrap(), row, |row| row.payload = payload.into()));
            }
            let mut db = derived(&rows);
            let tx = db.write().unwrap();
            receive(&tx, &chain[1..]);
            stays_sound(&tx, &format!("{name} {payload}"));
        }
    }
}

#[test]
fn two_accounts_without_a_number_do_not_hold_one_number() {
    let (_, rows) = golden().into_iter().find(|(name, _)| name == "1-import").unwrap();
    let open = rows.iter().find(|row| row.action == "account.open").unwrap();
    let mut chain = vec![rows.last().unwrap().clone()];
    for payload in ["{}", "[]", "{}"] {
        chain.push(next(chain.last().unwrap(), open, |row| {
            row.subjects = "a".into();
            row.payload = payload.into();
        }));
    }
    let mut db = derived(&rows);
    let tx = db.write().unwrap();
    receive(&tx, &chain[1..]);
    stays_sound(&tx, "account.open {}");
    let clashes = tx.scan::<meterdesk::store::tables::base::ClashRow>(&[]).unwrap();
    assert!(clashes.iter().all(|clash| !clash.number.is_empty()), "{clashes:?}");
}

#[test]
fn a_book_that_holds_such_an_entry_verifies_with_a_question_is_copied_and_goes_on() {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18"), owes(4_000, "2026-12-05")], vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"] }));
    let tx = book.desk.db_mut().write().unwrap();
    let rows = tx.entries_after(Id(0), 100_000).unwrap();
    let paid = rows.iter().rfind(|row| row.action == "payment.take").unwrap();
    let shift = paid.subjects.split(' ').next_back().unwrap().to_owned();
    let lie = next(rows.last().unwrap(), paid, |row| row.subjects = shift);
    receive(&tx, std::slice::from_ref(&lie));
    tx.commit().unwrap();
    sound(&book);
    let verdict = book.desk.verify(false, |_| {}).unwrap();
    assert!(verdict.ok, "{:?}", verdict.first_fault);
    let said: Vec<&str> = verdict.questions.iter().map(|question| question.message.as_str()).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("对象与内容不符") && verdict.questions[0].entry == Some(lie.id), "{said:?}");
    let state = book.desk.look().unwrap().state_hash().unwrap();
    rebuild::rebuild(book.desk.db_mut(), |_| {}).unwrap();
    assert_eq!(book.desk.look().unwrap().state_hash().unwrap(), state);
    let home = tempfile::tempdir().unwrap();
    book.desk.backup(&home.path().join("copy.db")).unwrap();
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#2"] }));
    sound(&book);
}

#[test]
fn an_entry_about_others_than_its_payload_names_is_not_written_here() {
    let (_, rows) = golden().into_iter().find(|(name, _)| name == "1-till").unwrap();
    let mut db = derived(&rows);
    let paid = rows.iter().find(|row| row.action == "payment.take").unwrap();
    let lie = next(rows.last().unwrap(), paid, |row| row.subjects = "s".into());
    let tx = db.write().unwrap();
    tx.insert_entry(&lie).unwrap();
    let Err(said) = derive::record(&tx, &lie) else { panic!("it was written") };
    assert!(said.to_string().contains("对象与内容不符"), "{said}");
}
