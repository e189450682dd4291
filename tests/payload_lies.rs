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
#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bundle::range;
use meterdesk::book::clock::FixedClock;
use meterdesk::book::entry;
use meterdesk::derive::{self, Incoming, bulk, ledger, rebuild};
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Desk, till};
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Header, Relay};
use meterdesk::exchange::site_keys::SiteKeys;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::{OpenOptions, Tx};
use serde_json::{Value, json};
use support::company;
use support::orders::{Chance, moment};

/// The head office that signs the lies, and the branch that takes them in: codes no golden file has.
const FROM: &str = "Q9";
const TO: &str = "Z9";

/// Files beside a book that a copy needs.
const BESIDE: [&str; 4] = ["", ".key", ".site", ".mark"];

/// What a liar writes in the place of a number, as JSON.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "0.5",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "99999999999999999999999999999999",
    "null",
    r#""""#,
];
/// In the place of any text. `FILL` is one as long as still fits into a payload, `SPILL` a byte longer.
const TEXTS: &[&str] = &[
    r#""""#,
    r#""-1""#,
    r#""\u0000\u001b[2J\u202e""#,
    r#""{""#,
    r#""a b:1""#,
    r#""ZZZZZ.63.3999999/511""#,
    r#""A.1.1""#,
    "0",
    "null",
    "FILL",
    "SPILL",
];
/// In the place of an amount or a quantity.
const AMOUNTS: &[&str] = &[
    r#""0""#,
    r#""0.01""#,
    r#""-0.01""#,
    r#""0.0001""#,
    r#""999999999.99""#,
    r#""-999999999.99""#,
    r#""92233720368547758.07""#,
    r#""-92233720368547758.08""#,
    r#""9223372036854775807""#,
    r#""99999999999999999999999999999.99""#,
    r#""1e308""#,
];
/// In the place of a day, a month, a moment.
const DAYS: &[&str] = &[
    r#""0001-01-01""#,
    r#""9999-12-31""#,
    r#""2026-02-30""#,
    r#""-0001-12-31""#,
    r#""+262142-12-31""#,
    r#""-262143-01-01""#,
    r#""0001-01""#,
    r#""9999-12""#,
    r#""+262142-12""#,
    r#""0001-01-01T00:00:00+08:00""#,
    r#""9999-12-31T23:59:59.999+08:00""#,
    r#""+262142-12-31T23:59:59-12:00""#,
    r#""24:00""#,
];

/// The lies for a value, by what it looks like.
fn values(truth: &Value) -> Vec<&'static str> {
    let Some(text) = truth.as_str() else { return NUMBERS.to_vec() };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let more = match text.trim_start_matches('-').split_once(['.', '-', ':', ';']) {
        None if digits(text) => AMOUNTS,
        Some((whole, rest)) if digits(whole) && rest.starts_with(|c: char| c.is_ascii_digit()) => {
            return [TEXTS, AMOUNTS, DAYS].concat();
        }
        _ => &[],
    };
    [TEXTS, more].concat()
}

/// The places of a payload's numbers and texts, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                places(inner, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        Value::Number(_) => found.push((at.to_owned(), true)),
        Value::String(_) => found.push((at.to_owned(), false)),
        _ => {}
    }
}

/// One lie: which entry of a file, where, what.
#[derive(Clone)]
struct Lie {
    entry: usize,
    place: String,
    value: &'static str,
}

impl Lie {
    fn name(&self, file: &str, rows: &[EntryRow]) -> String {
        let row = &rows[self.entry];
        format!("{file} {} {} {} = {}", row.id, row.action, self.place, self.value)
    }

    /// The payload with the lie in it; none when it says the same as before.
    fn payload(&self, truth: &str) -> Option<String> {
        const MARK: &str = "\"@the lie@\"";
        let mut body: Value = serde_json::from_str(truth).unwrap();
        *body.pointer_mut(&self.place).unwrap() = json!("@the lie@");
        let text = body.to_string();
        let room = (64 << 10) - (text.len() - MARK.len()) - 2;
        let value = match self.value {
            "FILL" => format!("\"{}\"", "x".repeat(room)),
            "SPILL" => format!("\"{}\"", "x".repeat(room + 1)),
            other => other.to_owned(),
        };
        let lied = text.replacen(MARK, &value, 1);
        (lied != truth).then_some(lied)
    }
}

/// Which field of its action a place is: the same in every row of a bulk entry, in every item of a list.
fn field(row: &EntryRow, place: &str) -> String {
    let place = match bulk::is_bulk(&row.payload) && place.starts_with("/rows/") {
        true => place.splitn(4, '/').nth(3).unwrap_or(""),
        false => place,
    };
    let columns = bulk::is_bulk(&row.payload);
    place.split('/').map(|part| if !columns && part.parse::<usize>().is_ok() { "*" } else { part }).collect()
}

/// Every lie in a file's entries: in each field of each action once, where it is first said.
fn lies(rows: &[EntryRow]) -> Vec<Lie> {
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (entry, row) in rows.iter().enumerate() {
        let (body, mut found) = (serde_json::from_str::<Value>(&row.payload).unwrap(), Vec::new());
        places(&body, "", &mut found);
        for (place, is_number) in found {
            if seen.insert((row.action.clone(), row.version, field(row, &place), is_number)) {
                let values = values(body.pointer(&place).unwrap());
                all.extend(values.into_iter().map(|value| Lie { entry, place: place.clone(), value }));
            }
        }
    }
    all
}

fn office_keys() -> SiteKeys {
    SiteKeys::from_seed(blake3::derive_key("meterdesk site keys of a book in memory 1", FROM.as_bytes()))
}

fn copy(from: &Path, to: &Path) {
    for tail in BESIDE {
        std::fs::copy(format!("{}{tail}", from.display()), format!("{}{tail}", to.display())).unwrap();
    }
}

fn remove(path: &Path) {
    for tail in BESIDE.iter().chain(&["-wal", "-shm", "-open", ".exchange"]) {
        let _ = std::fs::remove_file(format!("{}{tail}", path.display()));
    }
}

fn open(path: &Path) -> Desk {
    Desk::open(path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap()
}

/// Chains of a golden file, in order.
fn chains(rows: &[EntryRow]) -> BTreeMap<Id, Vec<EntryRow>> {
    let mut chains: BTreeMap<Id, Vec<EntryRow>> = BTreeMap::new();
    for row in rows {
        chains.entry(row.id.chain()).or_default().push(row.clone());
    }
    for chain in chains.values_mut() {
        chain.sort_by_key(|row| row.id);
    }
    chains
}

/// A branch that trusts the head office, and what is made from it.
struct Scene {
    home: tempfile::TempDir,
    made: usize,
    number: i64,
    recipient: age::x25519::Recipient,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let new = NewSite { name: "营业所", ..support::site::new_site(TO, false) };
        let path = home.path().join("branch.db");
        let clock = Box::new(FixedClock::at(moment()));
        let (mut branch, _) = Desk::create(&path, OpenOptions::default(), clock, &new).unwrap();
        let office = company::site(FROM, true);
        let (_, card) = office.site_card().unwrap();
        let print = office.site_keys().unwrap().public().fingerprint();
        company::act(&mut branch, "boss", "site.trust", &json!({ "card": card, "fingerprint": print }));
        let recipient = branch.site_keys().unwrap().public().recipient().unwrap();
        Self { home, made: 0, number: 0, recipient }
    }

    fn file(&mut self) -> PathBuf {
        self.made += 1;
        self.home.path().join(format!("{}.db", self.made))
    }

    /// A bundle with these stretches of chains; none when no bundle can carry them.
    fn bundle(&mut self, stretches: &[&[EntryRow]]) -> Option<Vec<u8>> {
        self.number += 1;
        let mut writer = BundleWriter::begin(Vec::new(), &self.recipient).unwrap();
        for row in stretches.iter().flat_map(|rows| rows.iter()) {
            writer.entry(row, FrameKind::Chained).ok()?;
        }
        let header = Header {
            from: FROM.into(),
            to: TO.into(),
            life: 1,
            practice: true,
            made_at: "2026-11-21T10:00:00.000+08:00".into(),
            number: self.number,
            key: office_keys().public().name(),
            ranges: stretches.iter().filter(|rows| !rows.is_empty()).map(|rows| range(rows)).collect(),
            relay: Relay { life: 1, from: 1, upto: 0 },
            relay_seen: Relay { life: 1, from: 0, upto: 0 },
            ..Header::default()
        };
        Some(writer.finish(header, |text| office_keys().sign(text)).unwrap().0)
    }

    /// A book that holds every entry of a file but those of one chain from one place on.
    fn before(&mut self, chains: &BTreeMap<Id, Vec<EntryRow>>, lied: &EntryRow) -> PathBuf {
        let path = self.file();
        copy(&self.home.path().join("branch.db"), &path);
        let held = |chain: &Id, rows: &'_ Vec<EntryRow>| -> Vec<EntryRow> {
            rows.iter().filter(|row| *chain != lied.id.chain() || row.id < lied.id).cloned().collect()
        };
        let stretches: Vec<Vec<EntryRow>> = chains.iter().map(|(chain, rows)| held(chain, rows)).collect();
        let stretches: Vec<&[EntryRow]> = stretches.iter().map(Vec::as_slice).filter(|rows| !rows.is_empty()).collect();
        if !stretches.is_empty() {
            let bytes = self.bundle(&stretches).unwrap();
            let mut desk = open(&path);
            desk.take_bundle(Cursor::new(bytes), "truth.mdx", None, |_, _| {}).unwrap();
        }
        path
    }

    /// The lie comes in, and what follows it in its chain; answers whether it was taken.
    fn holds(&mut self, base: &Path, lied: EntryRow, after: &[EntryRow]) -> bool {
        let mut rows = vec![entry::seal(lied)];
        for row in after {
            let prev = rows[rows.len() - 1].hash;
            rows.push(entry::seal(EntryRow { prev, ..row.clone() }));
        }
        let Some(bytes) = self.bundle(&[&rows]) else { return false };
        let path = self.file();
        copy(base, &path);
        let mut desk = open(&path);
        let before = desk.look().unwrap().entry_count().unwrap();
        let taken = desk.take_bundle(Cursor::new(bytes), "lie.mdx", None, |_, _| {});
        let now = desk.look().unwrap().entry_count().unwrap();
        match &taken {
            Ok(taken) => assert_eq!(now - before, taken.fresh),
            Err(error) => {
                assert!(error.is_of_the_bundle(), "{error}");
                assert_eq!(now, before, "{error}");
            }
        }
        let verdict = desk.verify(true, |_| {}).unwrap();
        assert!(verdict.ok, "{:?}", verdict.first_fault);
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        let state = meterdesk::desk::verify::hex(&desk.look().unwrap().state_hash().unwrap());
        assert_eq!(state, verdict.state_hash, "the rebuild differs");
        let backup = self.file();
        let proved = desk.backup(&backup);
        assert_eq!(proved.unwrap_or_else(|error| panic!("{error:?}")).entries, now);
        drop(desk);
        remove(&path);
        remove(&backup);
        taken.is_ok_and(|taken| taken.fresh > 0)
    }
}

/// Whom an entry is about, each by its full name.
fn subjects(row: &EntryRow) -> BTreeSet<String> {
    let full = |word: &str| match word.split_at(1) {
        (kind, "") => format!("{kind}{}", row.id),
        (kind, item) if item.starts_with('/') => format!("{kind}{}{}", row.id, item.trim_end_matches("/0")),
        _ => word.to_owned(),
    };
    row.subjects.split(' ').filter(|word| !word.is_empty()).map(full).collect()
}

/// A book in memory that holds every entry of a file but one that is to lie, and those after it that share a subject with it: a fold
/// sees no others.
struct Before {
    desk: Desk,
    entry: usize,
    /// The entry, and those that share a subject with it, as they are true.
    rest: Vec<EntryRow>,
}

impl Before {
    fn new(rows: &[EntryRow], entry: usize) -> Self {
        let lied = &rows[entry];
        let about = subjects(lied);
        let shares = |row: &EntryRow| row.hlc > lied.hlc && !about.is_disjoint(&subjects(row));
        let (mut rest, mut held) = (vec![lied.clone()], Vec::new());
        for row in rows.iter().filter(|row| row.id != lied.id) {
            if shares(row) { &mut rest } else { &mut held }.push(row.clone());
        }
        let mut desk = Desk::in_memory(TO, Box::new(FixedClock::at(moment()))).unwrap();
        receive(&mut desk, &held);
        Self { desk, entry, rest }
    }

    /// Derives the lie and what follows it, in order and backwards: sound, and one state. Bulk entries, and some of the others, stay, and
    /// the book is rebuilt too; otherwise nothing stays.
    fn derives(&mut self, payload: String, rebuilt: bool) {
        let mut rows = self.rest.clone();
        rows[0] = entry::seal(EntryRow { payload, ..rows[0].clone() });
        if rows[0].payload.len() > 64 << 10 || entry::fault(&rows[0]).is_some() {
            return; // is refused, or no bundle carries it
        }
        if rebuilt || rows.iter().any(|row| bulk::is_bulk(&row.payload) || row.action.starts_with("run.")) {
            return self.stays(&rows);
        }
        let mut states = Vec::new();
        for round in 0..2 {
            let tx = self.desk.db_mut().write().unwrap();
            let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
            match round {
                0 => assert!(derive::receive_many(&tx, &batch).is_ok()),
                _ => batch.iter().rev().for_each(|one| assert!(derive::receive(&tx, &one.row).is_ok())),
            }
            states.push(sound(&tx));
        }
        assert_eq!(states[0], states[1], "backwards it derives otherwise");
    }

    fn stays(&self, rows: &[EntryRow]) {
        let mut desk = Desk::in_memory(TO, Box::new(FixedClock::at(moment()))).unwrap();
        let held = self.desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap();
        receive(&mut desk, &[held.as_slice(), rows].concat());
        let tables = |desk: &Desk| -> Vec<(String, [u8; 32])> {
            let tx = desk.look().unwrap();
            let hash = |name: String| (name.clone(), tx.table_hash(&name).unwrap());
            tx.derived_tables().unwrap().into_iter().map(hash).collect()
        };
        sound(&desk.look().unwrap());
        let before = tables(&desk);
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        let after = tables(&desk);
        let other: Vec<&str> =
            before.iter().zip(&after).filter(|(old, new)| old != new).map(|((name, _), _)| name.as_str()).collect();
        assert!(other.is_empty(), "rebuilt otherwise: {other:?}");
    }
}

fn receive(desk: &mut Desk, rows: &[EntryRow]) {
    let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
    let tx = desk.db_mut().write().unwrap();
    derive::receive_many(&tx, &batch).unwrap();
    tx.commit().unwrap();
    bulk::finish(desk.db_mut(), |_| {}).unwrap();
}

/// What `verify` asks of a book, but for the chains and the copy; answers the state.
fn sound(tx: &Tx<'_>) -> [u8; 32] {
    let balance = ledger::trial_balance(tx).unwrap();
    let (total, odd) = (balance.total(), balance.unbalanced);
    assert!(total == Fen::ZERO && odd.is_none(), "out of balance by {total}, {odd:?}");
    assert!(till::sound::fault(tx).unwrap().is_none(), "{:?}", till::sound::fault(tx));
    assert_eq!(rebuild::index_fault(tx).unwrap(), None);
    tx.state_hash().unwrap()
}

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
