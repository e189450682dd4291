//! A head office and a branch in files, made once and copied for each trial; what stands in their folders after a mishap is looked at
//! from outside.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use meterdesk::book::clock::SystemClock;
use meterdesk::book::verify;
use meterdesk::desk::verify::Verdict;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::{Db, OpenOptions};
use serde_json::json;

use super::office::Office;
use super::orders::Chance;

/// The commands of a night, in order: what the one leaves the next begins with.
pub const NIGHT: [Step; 4] = [Step::BranchOut, Step::OfficeIn, Step::OfficeOut, Step::BranchIn];

/// One command of a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    BranchOut,
    OfficeIn,
    OfficeOut,
    BranchIn,
}

impl Step {
    /// Whose book it works on.
    pub fn site(self) -> &'static str {
        if matches!(self, Self::BranchOut | Self::BranchIn) { "B1" } else { "HO" }
    }

    /// Does it take bundles in?
    pub fn is_in(self) -> bool {
        matches!(self, Self::OfficeIn | Self::BranchIn)
    }

    /// The stick it works with.
    pub fn stick(self) -> &'static str {
        if matches!(self, Self::BranchOut | Self::OfficeIn) { "to-office" } else { "to-branch" }
    }

    /// Its words on the command line, after `--db FILE`.
    pub fn args(self, stick: &Path) -> Vec<String> {
        let stick = stick.to_str().unwrap().to_owned();
        let words: &[&str] = if self.is_in() { &["exchange", "in"] } else { &["exchange", "out", "--to"] };
        ["--json"].iter().chain(words).map(|word| (*word).to_owned()).chain([stick]).collect()
    }

    /// Does it on the books of an office.
    pub fn run(self, office: &Office) -> super::office::Said {
        let stick = office.stick(self.stick());
        if self.is_in() { office.take(self.site(), &stick) } else { office.out(self.site(), &stick, &[]) }
    }

    /// What is left of the night from here on.
    pub fn onwards(self) -> &'static [Step] {
        &NIGHT[NIGHT.iter().position(|step| *step == self).unwrap()..]
    }
}

/// The books as they stand before a step, and what the step does to them when nobody disturbs it.
pub struct Before {
    /// The step.
    pub step: Step,
    /// The books and sticks.
    pub office: Office,
    /// Entries of the step's book before and after it.
    pub entries: (i64, i64),
    /// How long it took.
    pub took: Duration,
}

/// How both books stand after an undisturbed night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Entries in each of the two.
    pub entries: i64,
    /// The branch's chain: its last entry's hash.
    pub branch_head: String,
    /// State of both; the acceptance is written anew in a trial, so only steps behind it end with just this.
    pub state: String,
}

/// A pair of books with so many entries of each side, before every step of the night, and as they stand after it.
pub fn night(entries: u64) -> (Vec<Before>, After) {
    let office = Office::new(&["B1"]);
    let mut chance = Chance(entries + 1);
    for site in ["HO", "B1"] {
        fill(&office.db(site), entries, &mut chance);
    }
    let office = office.copy(); // as quick as the trials will be
    let mut befores = Vec::new();
    for step in NIGHT {
        let copy = office.copy();
        let before = count(&office.db(step.site()));
        let begun = Instant::now();
        step.run(&office).ends(0);
        let took = begun.elapsed();
        let entries = (before, count(&office.db(step.site())));
        befores.push(Before { step, office: copy, entries, took });
    }
    (befores, after(&office, true))
}

/// Many entries, each with some text that does not pack.
fn fill(db: &Path, entries: u64, chance: &mut Chance) {
    let options = OpenOptions { unsafe_sync_off: true, ..OpenOptions::default() };
    let mut desk = Desk::open(db, options, Box::new(SystemClock)).unwrap();
    desk.sign_in_practice("boss").unwrap();
    for number in 0..entries {
        let name: String = (0..12).map(|_| char::from_u32(0x4E00 + chance.below(5000) as u32).unwrap()).collect();
        let input = json!({ "code": format!("w{number}"), "name": name, "team": "抢修班" }).to_string();
        desk.perform("worker.add", &input, Call { key: None, at: None }).unwrap();
    }
    desk.db().checkpoint().unwrap();
}

/// Entries a book holds and whether its chains are whole, without the program's way of opening it: what the disk has.
pub fn raw(db: &Path) -> verify::Chains {
    let (mut db, _) = Db::open(db, OpenOptions::default()).unwrap();
    verify::chains(&db.read().unwrap(), |_| {}).unwrap()
}

fn count(db: &Path) -> i64 {
    raw(db).entries
}

/// Opens a book as the program does, which goes on with what was interrupted, and checks it.
pub fn opened(db: &Path, full: bool) -> Verdict {
    let mut desk = Desk::open(db, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    desk.verify(full, |_| {}).unwrap()
}

/// Both books after a night: sound, and the same.
pub fn after(office: &Office, full: bool) -> After {
    let [branch, head] = ["B1", "HO"].map(|site| opened(&office.db(site), full));
    assert!(branch.ok && head.ok, "{:?} {:?}", branch.first_fault, head.first_fault);
    assert_eq!(branch.state_hash, head.state_hash, "the two books agree");
    assert_eq!(branch.sites, head.sites);
    let own = branch.sites.iter().find(|chain| chain.site == "B1").unwrap();
    After { entries: branch.entries, branch_head: own.head.clone(), state: branch.state_hash }
}

/// Every bundle under its name, on sticks and beside the books, is whole. Answers how many there are.
pub fn whole_bundles(office: &Office) -> usize {
    whole_bundles_in(&office.path(""))
}

/// The same below one folder.
pub fn whole_bundles_in(folder: &Path) -> usize {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let bundles: Vec<PathBuf> =
        files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "mdx")).collect();
    // What is being taken in is copied under a name of its own; nobody takes a file from there unless its hash is right.
    let named = bundles.iter().filter(|path| !path.parent().unwrap().ends_with("spool"));
    for bundle in named.clone() {
        assert!(is_whole(&std::fs::read(bundle).unwrap()), "{} is cut", bundle.display());
    }
    named.count()
}

/// Files of interrupted work: on sticks, beside the books.
pub fn leftovers(office: &Office) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&office.path(""), &mut files);
    files.retain(|path| {
        path.extension().is_some_and(|ending| ending == "part") || path.parent().unwrap().ends_with("spool")
    });
    files
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// The outside of a bundle as docs/exchange.md has it: ends, lengths, and the hash of the ciphertext.
pub fn is_whole(bytes: &[u8]) -> bool {
    let Some(tail) = bytes.len().checked_sub(84).filter(|_| bytes.starts_with(b"MDXBNDL1")) else { return false };
    let number =
        |at: usize, length: usize| bytes[at..at + length].iter().rev().fold(0, |sum, b| sum << 8 | usize::from(*b));
    let (cipher, header) = (number(tail, 8), number(tail + 8, 4));
    if !bytes.ends_with(b"MDXEND01") || 8 + cipher + header + 84 != bytes.len() {
        return false;
    }
    let said: serde_json::Value = serde_json::from_slice(&bytes[8 + cipher..tail]).unwrap();
    said["cipher_hash"] == blake3::hash(&bytes[8..8 + cipher]).to_hex().as_str()
}
