//! The search box over a million accounts: every keystroke of a script of typed texts, in milliseconds.
//!
//! `cargo bench --bench find [-- ACCOUNTS [ROUNDS]]`

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

use meterdesk::rules::id::{Id, Site};
use meterdesk::store::search::{Owes, Total};
use meterdesk::store::{Db, OpenOptions, StoreError, local};
use meterdesk::text::pinyin::{Kind, initials};
use rusqlite::{Connection, params};

#[path = "../src/store/search/sample.rs"]
mod sample;

/// Accounts a bulk entry opens, about 64 KiB of them.
const ENTRY: u64 = 150;
/// Hits a large screen shows.
const SHOWN: usize = 40;
/// Typed letter by letter, each a line of its own: everyday texts first, then the worst we could think of.
const TYPED: [&str; 58] = [
    "zsf",
    "wf",
    "rml12",
    "rml 12 502",
    "人民路12 0502",
    "人民路12号",
    "建设路3 2 301",
    "王芳",
    "王芳 人民路",
    "曾世芳",
    "yghy 3 2 502",
    "cxxc502",
    "502 rml 12",
    "柏悦里西区 3 1",
    "31000233",
    "3104002330",
    "lc2200001932",
    "13912345",
    "5678",
    "0502 wf",
    "云泽市聚友纺织",
    "yzsjyf",
    "jyfz",
    "１２号５０２",
    "m0031",
    "老王面馆",
    "zjmg",
    "用户",
    // The worst.
    "1 2 3 4",
    "z 1",
    "1 1 1 1",
    "人 1 2 3",
    "路 1",
    "w 302 1 2",
    "zz 1 2 3",
    "ml 7 7 7",
    "l l l l",
    "区 路 1 用户",
    "x y z w",
    "101 201",
    "1 1 1 101",
    "王 1 1",
    "王1",
    "w1 1",
    "wang 1 1 101",
    "翠竹1-1-101",
    "cuizhu1-1-101",
    "czhy 1 1 101",
    "1幢1单元101室",
    "1单元1幢",
    "12 4 4 502",
    "101 1 1",
    "人民路1号1幢",
    "小区 7 7",
    "n 3 2 1",
    "东方 2 2 2 2",
    "renminlu12hao 3zhuang",
    "9 9 9",
];

fn main() -> Result<(), StoreError> {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let (accounts, rounds) = (numbers.first().copied().unwrap_or(1_000_000), numbers.get(1).copied().unwrap_or(11));
    let folder = std::env::temp_dir().join(format!("meterdesk-find-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .map_err(|error| StoreError::File { path: folder.clone(), reason: error.to_string() })?;
    let place = folder.join("find.db");
    let done = run(&place, accounts, rounds);
    let _ = std::fs::remove_dir_all(&folder);
    done
}

fn run(place: &Path, accounts: u64, rounds: u64) -> Result<(), StoreError> {
    drop(Db::create(place, OpenOptions::default())?);
    words(accounts);
    fill(place, accounts)?;
    let (db, _) = Db::open(place, OpenOptions::default())?;
    db.checkpoint()?;
    let started = Instant::now();
    db.reindex_search(|_| true)?;
    println!("index of {accounts} accounts made in {:.1} s", started.elapsed().as_secs_f64());
    db.checkpoint()?;
    println!("index: {:.1} bytes an account", db.search_bytes()? as f64 / accounts as f64);
    let owes: Owes = (0..accounts).filter(|n| sample::mix(*n).is_multiple_of(10)).map(id).collect();
    drop(db);
    first(place, &owes)?;
    let (mut db, _) = Db::open(place, OpenOptions::default())?;
    keys(&db, &owes, rounds as usize, true)?;
    let started = Instant::now();
    let differs = db.look()?.search_differs()?;
    println!("index held against every account: {:.1} s (differs: {differs})", started.elapsed().as_secs_f64());
    change(&mut db, accounts)?;
    keys(&db, &owes, rounds as usize, false)
}

fn id(n: u64) -> Id {
    let site = Site::parse("B03").ok();
    let id = site.and_then(|site| Id::new(&site, 1, (n / ENTRY) as i64 + 10, (n % ENTRY) as i64));
    id.unwrap_or_default()
}

/// Cutting names and addresses into words, without any database.
fn words(accounts: u64) {
    let (mut gatherer, mut letters, mut took, mut read) =
        (meterdesk::text::words::Words::default(), 0, Duration::ZERO, Duration::ZERO);
    for n in 0..accounts {
        let one = sample::account(n);
        let started = Instant::now();
        gatherer.name(&one.name, None);
        gatherer.address(&one.address);
        letters += gatherer.finish().len();
        took += started.elapsed();
        let started = Instant::now();
        letters += initials(&one.name, Kind::Name, None).len();
        read += started.elapsed();
    }
    println!("words of {accounts} names and addresses: {took:.1?}, initials of the names: {read:.1?} ({letters})");
}

/// Fills the derived tables.
fn fill(place: &Path, accounts: u64) -> rusqlite::Result<()> {
    let mut conn = Connection::open(place)?;
    let tx = conn.transaction()?;
    {
        let columns = ["id", "no", "name", "address", "mobile", "phone"];
        let mut account = tx.prepare(&sample::insert(&tx, "d_account", &columns)?)?;
        let mut meter = tx.prepare(&sample::insert(&tx, "d_meter", &["account", "id", "no"])?)?;
        for n in 0..accounts {
            let one = sample::account(n);
            let (mobile, phone) = (one.phones.first(), one.phones.get(1));
            account.execute(params![id(n).0, one.no, one.name, one.address, mobile, phone])?;
            meter.execute(params![id(n).0, id(n).0, one.meter])?;
        }
    }
    tx.commit()
}

/// The first keys after the program was started.
fn first(place: &Path, owes: &Owes) -> Result<(), StoreError> {
    for typed in ["z", "1", "rml12 5", "31000"] {
        let (db, _) = Db::open(place, OpenOptions::default())?;
        let tx = db.look()?;
        let started = Instant::now();
        tx.find(typed, SHOWN, owes)?;
        println!("first key after opening, {typed:?}: {:.2} ms", started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}

/// Every beginning of every text, as a clerk types it, some rounds; the slowest of each text is printed.
fn keys(db: &Db, owes: &Owes, rounds: usize, print: bool) -> Result<(), StoreError> {
    let (mut all, mut usual) = (Vec::new(), Vec::new());
    let mut answers = DefaultHasher::new();
    for text in TYPED {
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        let mut slowest = (Duration::ZERO, "", Total::Exactly(0));
        for typed in ends.map(|end| &text[..end]) {
            let (mut took, mut total) = (Vec::new(), Total::Exactly(0));
            for _ in 0..rounds {
                let started = Instant::now();
                total = db.look()?.find(typed, SHOWN, owes)?.total;
                took.push(started.elapsed());
            }
            format!("{:?}", db.look()?.find(typed, SHOWN, owes)?).hash(&mut answers);
            took.sort();
            all.extend(&took);
            let middle = took[rounds / 2];
            usual.push(middle);
            if middle > slowest.0 {
                slowest = (middle, typed, total);
            }
        }
        if print {
            let (took, typed, total) = slowest;
            println!("  {:>6.2} ms  {typed:<16} of {text:?} ({total:?})", took.as_secs_f64() * 1e3);
        }
    }
    println!("answers {:016x}: another number, and something else is found", answers.finish());
    spread(&format!("{} keys", all.len()), &mut all);
    spread(&format!("{} keys, the middle one of {rounds} each", usual.len()), &mut usual);
    Ok(())
}

fn spread(what: &str, all: &mut [Duration]) {
    all.sort();
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{what}: p50 {:.2} ms, p95 {:.2}, p99 {:.2}, most {:.2}", at(0.5), at(0.95), at(0.99), at(1.0));
}

/// Accounts amended one after the other: noted with the action, taken into the index in an idle moment.
fn change(db: &mut Db, accounts: u64) -> Result<(), StoreError> {
    let mut all: Vec<Duration> = Vec::new();
    for n in 0..2_000 {
        let tx = db.write()?;
        local::note_words(&tx, &[id(sample::mix(n) % accounts)].into())?;
        tx.commit()?;
        let started = Instant::now();
        db.refresh_search(|_| true)?;
        all.push(started.elapsed());
    }
    spread("an amended account taken in, durably", &mut all);
    Ok(())
}
