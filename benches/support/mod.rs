//! What the benches of bulk work share: a branch to work on, the raw insert they are compared with, time and memory.
//!
//! *Raw*: the same final rows of all tables with the same keys, the entries too, in account order, one prepared insert a row,
//! one transaction.

#![allow(dead_code)] // each bench uses its own part

#[path = "../../tests/support/site.rs"]
pub mod site;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Instant;

use meterdesk::book::append::{Head, NewEntry, append};
use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::book::subject::{Kind, Subject};
use meterdesk::derive;
use meterdesk::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::derive::worker::WorkerFacts;
use meterdesk::desk::Desk;
use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use meterdesk::store::OpenOptions;
use rusqlite::Connection;
use site::new_site;

/// A bench's own error.
pub type Failure = Box<dyn std::error::Error>;

/// Runs a bench in a folder of its own, which is gone afterwards.
pub fn in_folder(name: &str, run: impl FnOnce(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let folder: PathBuf = std::env::temp_dir().join(format!("meterdesk-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    done
}

/// The first number of the command line.
pub fn number(default: i64) -> i64 {
    std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(default)
}

/// The moment every bench lives at.
pub fn clock() -> Result<FixedClock, Refusal> {
    use chrono::TimeZone;
    let now = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).single();
    Ok(FixedClock::at(now.ok_or_else(|| Refusal::data("no such moment"))?))
}

/// A new branch with its director at the desk.
pub fn new_desk(place: &Path) -> Result<Desk, Refusal> {
    desk_of(place, "B03", clock()?)
}

/// The same for a site and a clock.
pub fn desk_of(place: &Path, site: &str, clock: FixedClock) -> Result<Desk, Refusal> {
    let new = new_site(site, false);
    let (mut desk, _) = Desk::create(place, OpenOptions::default(), Box::new(clock), &new)?;
    desk.sign_in_practice("boss")?;
    Ok(desk)
}

/// Opens so many files of households, each with a meter and its last reading before this book, on that day.
pub fn open_accounts(desk: &mut Desk, accounts: i64, last_read: &str) -> Result<(), Failure> {
    let mut run = desk.open_run("import.customers", "account.open", 1, "用户档案", None)?;
    for n in 0..accounts {
        let body = AccountOpened {
            no: (3_100_000_000 + n).to_string(),
            utility: "water".into(),
            name: "王建国".into(),
            address: format!("人民路{}号{}幢2单元{:04}室", n / 400, n / 40 % 10, n % 40),
            book: format!("{:04}", n / 300),
            class: "resident".into(),
            class_confirmed: true,
            method: "现金".into(),
            status: "正常".into(),
            recent: "18;22;20".into(),
            read_way: "card".into(),
            opened: Some("2015-06-01".parse()?),
            meter: Some(MeterFacts {
                no: format!("M{n:08}"),
                dial: 5,
                state: "supplied".into(),
                ..MeterFacts::default()
            }),
            last_reading: Some(LastReading {
                day: last_read.parse()?,
                value: Milli::whole(1_000 + n % 500),
                registers: Vec::new(),
            }),
            ..AccountOpened::default()
        };
        run.push(desk, Kind::Account, None, to_row(&body)?)?;
    }
    run.close(desk, serde_json::Value::Null, |_| {})?;
    Ok(())
}

/// The ids of what this desk, the only site of its book, writes from now on.
pub fn ids_to_come(desk: &Desk) -> Result<RangeInclusive<i64>, rusqlite::Error> {
    let last: i64 = Connection::open(desk.path())?.query_row("SELECT max(id) FROM entry", [], |row| row.get(0))?;
    Ok(last + 512..=i64::MAX)
}

/// Writes entries of everyday size, a thousand a transaction: a tenth of them new workers, the others amendments.
pub fn write_small_entries(desk: &mut Desk, entries: i64) -> Result<(), Failure> {
    let (at, mut worker, mut made) = (desk.now(), Id::default(), 0);
    while made < entries {
        let tx = desk.db_mut().write()?;
        for _ in 0..1_000.min(entries - made) {
            let head = Head::read(&tx)?;
            let is_new = made % 10 == 0;
            worker = if is_new { head.next()? } else { worker };
            let new = NewEntry {
                at,
                business_day: at.date_naive(),
                actor: "B1.1.2",
                action: if is_new { "worker.add" } else { "worker.amend" },
                version: 1,
                subjects: &[Subject::new(Kind::Worker, worker)],
                key: None,
                payload: serde_json::to_string(&worker_facts(made))?,
            };
            let row = append(&tx, &head, new)?;
            derive::record(&tx, &row)?;
            made += 1;
        }
        tx.commit()?;
    }
    desk.db().checkpoint()?;
    Ok(())
}

fn worker_facts(number: i64) -> WorkerFacts {
    WorkerFacts {
        code: format!("W{}", number / 10),
        name: "张师傅".into(),
        team: "抢修班".into(),
        area: format!("第{}片", number % 17),
        phone: format!("138{:08}", number * 7_919 % 100_000_000),
        active: true,
        post: None,
    }
}

/// What something took.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of this thread's processor.
    pub cpu: f64,
}

/// Does something and says what it took.
pub fn spend<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Spent), E> {
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let done = work()?;
    Ok((done, Spent { wall: begun.elapsed().as_secs_f64(), cpu: cpu_seconds() - cpu }))
}

/// Copies the rows whose ids lie in a range into an empty database of the same shape, as fast as prepared inserts go. Of each
/// table: its name and the order its rows are written in.
pub fn raw_insert(from: &Path, to: &Path, tables: &[(&str, &str)], ids: RangeInclusive<i64>) -> Result<Spent, Failure> {
    let source = Connection::open(from)?;
    let target = Connection::open(to)?;
    target.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192;",
    )?;
    for (table, _) in tables {
        let mut shapes = source.prepare(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL AND type IN ('table', 'index')
             ORDER BY type DESC",
        )?;
        let shapes: Vec<String> = shapes.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        target.execute_batch(&shapes.join(";"))?;
    }
    let mut spent = Spent::default();
    target.execute_batch("BEGIN IMMEDIATE")?;
    for (table, order) in tables {
        copy(&source, &target, table, order, &ids, &mut spent)?;
    }
    let ((), commit) = spend(|| target.execute_batch("COMMIT"))?;
    Ok(Spent { wall: spent.wall + commit.wall, cpu: spent.cpu + commit.cpu })
}

/// Copies one table a block at a time; only the inserting is timed.
fn copy(
    source: &Connection,
    target: &Connection,
    table: &str,
    order: &str,
    ids: &RangeInclusive<i64>,
    spent: &mut Spent,
) -> Result<(), rusqlite::Error> {
    const BLOCK: usize = 20_000;
    let mut select = source.prepare(&format!("SELECT * FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY {order}"))?;
    let width = select.column_count();
    let marks = vec!["?"; width].join(", ");
    let mut insert = target.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?;
    let mut rows = select.query([ids.start(), ids.end()])?;
    loop {
        let mut block: Vec<Vec<rusqlite::types::Value>> = Vec::with_capacity(BLOCK);
        while block.len() < BLOCK
            && let Some(row) = rows.next()?
        {
            block.push((0..width).map(|column| row.get(column)).collect::<Result<_, _>>()?);
        }
        if block.is_empty() {
            return Ok(());
        }
        let ((), this) = spend(|| {
            for row in &block {
                insert.execute(rusqlite::params_from_iter(row))?;
            }
            Ok::<_, rusqlite::Error>(())
        })?;
        spent.wall += this.wall;
        spent.cpu += this.cpu;
    }
}

/// Says how the work compares with the raw insert of its rows.
pub fn compare(words: &str, rows: f64, ours: Spent, raw: Spent, goal: f64) {
    println!("{words:9} {:.2} s  {:.0} rows/s", ours.wall, rows / ours.wall);
    println!("raw       {:.2} s  {:.0} rows/s", raw.wall, rows / raw.wall);
    println!("ratio     {:.2} (goal {goal})", raw.wall / ours.wall);
    println!(
        "processor {:.2} s and {:.2} s: ratio {:.2}, where the machine is shared",
        ours.cpu,
        raw.cpu,
        raw.cpu / ours.cpu
    );
}

/// Processor time of this thread so far; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Begins the peak of resident memory anew.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The peak of resident memory; 0 where the system does not say.
pub fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
