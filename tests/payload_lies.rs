//! Lies in the values of payloads: in a golden entry one number or one text is put to an extreme, signed again as its author's head
//! office would, and taken in. It is refused, or taken in and kept aside or derived; never a panic, and afterwards `verify --full`,
//! `rebuild` and `backup` find the book sound.
//!
//! In each file every field of every action is lied in, where it is first said. `cargo test` takes a sample by seed, some in bundles and
//! more in memory; `METERDESK_LONG=1 cargo test --test payload_lies -- --nocapture` takes all of them in memory and one in a hundred in a bundle.
//! `METERDESK_ONLY=text` tries those whose name holds it: what a failure prints.

#[path = "support/bundle.rs"]
mod bundle;
#[path = "support/golden.rs"]
mod files;
#[path = "support/lie_memory.rs"]
mod lie_memory;
#[path = "support/lie_scene.rs"]
mod lie_scene;
#[path = "support/lie_values.rs"]
mod lie_values;
#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;

use lie_memory::Before;
use lie_scene::{Scene, chains, remove};
use lie_values::{Lie, lies};
use meterdesk::store::entries::EntryRow;
use serde_json::Value;
use support::orders::Chance;

/// Tries lies of one file, each in a bundle or in memory; answers how many were tried and taken, and what failed.
fn try_all(name: &str, rows: &[EntryRow], lies: &[Lie], bundled: bool) -> (usize, usize, Vec<String>) {
    let (mut tried, mut taken, mut failed) = (0, 0, Vec::new());
    let chains = chains(rows);
    let mut scene = bundled.then(Scene::new);
    let (mut base, mut before): (Option<(usize, PathBuf)>, Option<Before>) = (None, None);
    for lie in lies {
        let row = &rows[lie.entry];
        let Some(payload) = lie.payload(&row.payload) else { continue };
        let lied = EntryRow { payload, ..row.clone() };
        tried += 1usize;
        let outcome = match &mut scene {
            None => {
                if before.as_ref().is_none_or(|before| before.entry != lie.entry) {
                    before = Some(Before::new(rows, lie.entry));
                }
                let payload = lied.payload;
                catch_unwind(AssertUnwindSafe(|| before.as_mut().unwrap().derives(payload, tried % 20 == 0)))
                    .map(|()| true)
            }
            Some(scene) => {
                if base.as_ref().is_none_or(|(entry, _)| *entry != lie.entry) {
                    if let Some((_, old)) = base.take() {
                        remove(&old);
                    }
                    base = Some((lie.entry, scene.before(&chains, row)));
                }
                let path = base.as_ref().map(|(_, path)| path.clone()).unwrap();
                let chain = &chains[&row.id.chain()];
                let at = chain.iter().position(|other| other.id == row.id).unwrap();
                catch_unwind(AssertUnwindSafe(|| scene.holds(&path, lied, &chain[at + 1..])))
            }
        };
        match outcome {
            Ok(was_taken) => taken += usize::from(was_taken),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
                let line = format!("{}: {text}", lie.name(name, rows));
                println!("{line}");
                failed.push(line);
            }
        }
    }
    (tried, taken, failed)
}

fn is_long() -> bool {
    std::env::var_os("METERDESK_LONG").is_some()
}

/// Lies of all files, tried by two threads: one in so many by seed, or all. Answers how many were tried and taken.
fn run(bundled: bool, one_in: u64) -> (usize, usize) {
    let only = std::env::var("METERDESK_ONLY").ok();
    let mut chance = Chance(0x00C0_FFEE);
    let mut work = Vec::new();
    for file in files::golden_files() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let rows = files::entries(&file);
        let mut lies = lies(&rows);
        match &only {
            Some(only) => lies.retain(|lie| lie.name(&name, &rows).contains(only.as_str())),
            None => lies.retain(|_| one_in == 1 || chance.below(one_in) == 0),
        }
        work.extend(lies.chunks(200).map(|part| (name.clone(), rows.clone(), part.to_vec())));
    }
    work.reverse();
    let (work, results) = (Mutex::new(work), Mutex::new((0, 0, Vec::new())));
    let hand = || {
        loop {
            let Some((name, rows, lies)) = work.lock().unwrap().pop() else { break };
            let (tried, taken, failed) = try_all(&name, &rows, &lies, bundled);
            let mut results = results.lock().unwrap();
            results.0 += tried;
            results.1 += taken;
            results.2.extend(failed);
            if is_long() {
                println!("{name}: {} tried so far", results.0);
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(hand);
        scope.spawn(hand);
    });
    let (tried, taken, failed) = results.into_inner().unwrap();
    println!("{tried} tried, {taken} taken in, {} failed", failed.len());
    assert!(failed.is_empty(), "{} of {tried}:\n{}", failed.len(), failed.join("\n"));
    (tried, taken)
}

#[test]
fn extremes_in_the_values_of_a_payload_are_refused_or_leave_the_book_sound() {
    let (tried, taken) = run(true, if is_long() { 100 } else { 400 });
    assert!(taken > tried / 2, "{tried} tried, {taken} taken in");
}

#[test]
fn extremes_in_the_values_of_a_payload_are_derived_alike_or_kept_aside() {
    run(false, if is_long() { 1 } else { 100 });
}

#[test]
fn a_payload_a_byte_too_long_is_carried_by_no_bundle_and_the_longest_is_taken() {
    let file = files::folder().join("1-finance.mdx");
    let rows = files::entries(&file);
    let at = rows.iter().position(|row| row.action == "shift.close").unwrap();
    let lies: Vec<Lie> = lies(&rows).into_iter().filter(|lie| lie.entry == at && lie.place == "/note").collect();
    for (value, fits) in [("FILL", 1), ("SPILL", 0)] {
        let one: Vec<Lie> = lies.iter().filter(|lie| lie.value == value).cloned().collect();
        assert_eq!(try_all("1-finance", &rows, &one, true), (1, fits, Vec::new()), "{value}");
    }
}

/// One lie, in memory and in a bundle.
fn one(file: &str, action: &str, place: &str, value: &'static str) {
    let rows = files::entries(&files::folder().join(format!("{file}.mdx")));
    let at = |row: &EntryRow| {
        let body: Value = serde_json::from_str(&row.payload).unwrap();
        row.action == action && body.pointer(place).is_some_and(|truth| !truth.is_null())
    };
    let entry = rows.iter().position(at).unwrap();
    let lie = [Lie { entry, place: place.to_owned(), value }];
    for bundled in [false, true] {
        assert_eq!(try_all(file, &rows, &lie, bundled), (1, 1, Vec::new()), "{action} {place} {value}");
    }
}

/// The half of the till was posted, that of the account not, or twice: `verify` called the book out of balance for ever.
#[test]
fn money_whose_body_named_another_till_account_or_case_left_the_ledger_out_of_balance() {
    let other = r#""B06.1.1""#;
    for (file, action, place, value) in [
        ("1-finance", "payment.take", "/shift", "null"),
        ("1-finance", "payment.take", "/shift", other),
        ("1-finance", "payment.take", "/account", other),
        ("1-till", "payment.enter_late", "/shift", "null"),
        ("1-till", "payment.reverse", "/shift", other),
        ("1-till", "payment.reverse", "/origin", other),
        ("1-till", "payment.reverse", "/is_fee", "true"),
        ("2-cases", "fee.take", "/charge/order", other),
        ("2-cases", "fee.take", "/shift", other),
        ("2-cases", "deposit.take", "/charge/order", other),
        ("2-cases", "deposit.return", "/shift", other),
        ("2-cases", "deposit.return", "/charge/order", other),
        ("2-cases", "account.transfer", "/refund/shift", other),
    ] {
        one(file, action, place, value);
    }
}

#[test]
fn a_blank_in_the_name_of_a_component_broke_the_stored_legs() {
    one("1-meters", "bill.issue", "/lines/0/component", r#""a b:1""#);
}

/// Rows that were no bulk entry any more opened three accounts without a number: a clash for whoever derived all, none for the others.
#[test]
fn accounts_without_a_number_clashed_in_a_rebuild_only() {
    one("1-meters", "account.open", "/run", "0");
}
