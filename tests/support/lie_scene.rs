//! A branch in files that takes lies in by bundles, signed as their author's head office would.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use meterdesk::book::clock::FixedClock;
use meterdesk::book::entry;
use meterdesk::derive::rebuild;
use meterdesk::desk::Desk;
use meterdesk::desk::open::NewSite;
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Header, Relay};
use meterdesk::exchange::site_keys::SiteKeys;
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use meterdesk::store::entries::EntryRow;
use serde_json::json;

use super::bundle::range;
use super::support::company;
use super::support::orders::moment;

/// The head office that signs the lies, and the branch that takes them in: codes no golden file has.
const FROM: &str = "Q9";
pub const TO: &str = "Z9";

/// Files beside a book that a copy needs.
const BESIDE: [&str; 4] = ["", ".key", ".site", ".mark"];

fn office_keys() -> SiteKeys {
    SiteKeys::from_seed(blake3::derive_key("meterdesk site keys of a book in memory 1", FROM.as_bytes()))
}

fn copy(from: &Path, to: &Path) {
    for tail in BESIDE {
        std::fs::copy(format!("{}{tail}", from.display()), format!("{}{tail}", to.display())).unwrap();
    }
}

pub fn remove(path: &Path) {
    for tail in BESIDE.iter().chain(&["-wal", "-shm", "-open", ".exchange"]) {
        let _ = std::fs::remove_file(format!("{}{tail}", path.display()));
    }
}

fn open(path: &Path) -> Desk {
    Desk::open(path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap()
}

/// Chains of a golden file, in order.
pub fn chains(rows: &[EntryRow]) -> BTreeMap<Id, Vec<EntryRow>> {
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
pub struct Scene {
    home: tempfile::TempDir,
    made: usize,
    number: i64,
    recipient: age::x25519::Recipient,
}

impl Scene {
    /// A branch that trusts the head office.
    pub fn new() -> Self {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let new = NewSite { name: "营业所", ..super::support::site::new_site(TO, false) };
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
    pub fn before(&mut self, chains: &BTreeMap<Id, Vec<EntryRow>>, lied: &EntryRow) -> PathBuf {
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
    pub fn holds(&mut self, base: &Path, lied: EntryRow, after: &[EntryRow]) -> bool {
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
