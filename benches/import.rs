//! The import of readings against the raw insert of the same rows: readings a second of both, and their ratio (goals: 0.4 × raw
//! on a book with history, 0.3 on an empty one).
//!
//! `cargo bench --bench import [-- ACCOUNTS]`
//!
//! *Raw*: the same final rows of all tables with the same keys, the entries too, in account order, one prepared insert a row,
//! one transaction. The first file meets accounts without a reading of their own, the second one their history.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::desk::Desk;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::open::NewSite;
use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::money::Milli;
use meterdesk::store::OpenOptions;
use rusqlite::Connection;

/// Tables an import of readings writes.
const TABLES: [&str; 3] = ["entry", "entry_subject", "d_reading"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts: i64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("meterdesk-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder, accounts);
    std::fs::remove_dir_all(&folder)?;
    done
}

fn run(folder: &Path, accounts: i64) -> Result<(), Box<dyn std::error::Error>> {
    let place = folder.join("import.db");
    let mut desk = new_desk(&place)?;
    let begun = Instant::now();
    open_accounts(&mut desk, accounts)?;
    desk.db().checkpoint()?;
    println!("{accounts} accounts: {:.1} s", begun.elapsed().as_secs_f64());
    drop(desk);
    for (words, goal, day, add) in [("empty book", 0.3, "2026-08-12", 9), ("with history", 0.4, "2026-10-12", 21)] {
        let file = folder.join(format!("cards-{day}.csv"));
        write_cards(&file, accounts, day, add)?;
        let mut desk = Desk::open(&place, OpenOptions::default(), Box::new(clock()?))?;
        desk.sign_in_practice("boss")?;
        let before = last_entry(&desk)?;
        let request =
            Request { what: What::Readings, path: file, read_by: None, profile: None, on: None, dry_run: true };
        forget_peak();
        let begun = Instant::now();
        let tried = desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(()))?;
        let judged = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let request = Request { dry_run: false, ..request };
        let answer = desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(()))?;
        let ours = begun.elapsed().as_secs_f64();
        let memory = peak_megabytes();
        assert_eq!((tried.accepted, answer.accepted), (accounts as u64, accounts as u64));
        desk.db().checkpoint()?;
        drop(desk);
        let target = folder.join(format!("raw-{day}.db"));
        let raw = raw_insert(&place, &target, before)?;
        let each = |seconds: f64| accounts as f64 / seconds;
        println!("{words}: judged only {judged:.2} s");
        println!("  import  {ours:.2} s  {:.0} readings/s", each(ours));
        println!("  raw     {raw:.2} s  {:.0} readings/s", each(raw));
        println!("  ratio   {:.2} (goal {goal})", raw / ours);
        println!("  memory  {memory} MB at most");
    }
    Ok(())
}

fn clock() -> Result<FixedClock, Refusal> {
    use chrono::TimeZone;
    let now = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).single();
    Ok(FixedClock::at(now.ok_or_else(|| Refusal::data("no such moment"))?))
}

fn new_desk(place: &Path) -> Result<Desk, Refusal> {
    let new = NewSite {
        site: "B03",
        name: "城南营业所",
        utility: "water",
        head_office: false,
        practice: true,
        login: "boss",
        manager: "主任",
        password: "demo",
    };
    let (mut desk, _) = Desk::create(place, OpenOptions::default(), Box::new(clock()?), &new)?;
    desk.sign_in_practice("boss")?;
    Ok(desk)
}

/// A card a row, with what stands on a real one.
fn write_cards(path: &Path, accounts: i64, day: &str, add: i64) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    out.write_all("册号,序号,户号,户名,地址,上次示数,本次示数,抄表日期,备注码,抄表员\r\n".as_bytes())?;
    for n in 0..accounts {
        let (account, value) = (3_100_000_000 + n, 1_000 + n % 500 + add);
        write!(
            out,
            "{:04},{},{account},王建国,人民路{}号{}幢2单元{:04}室,,",
            n / 300,
            n % 300,
            n / 400,
            n / 40 % 10,
            n % 40
        )?;
        write!(out, "{value},{day},,谭秀兰\r\n")?;
    }
    out.flush()
}

fn open_accounts(desk: &mut Desk, accounts: i64) -> Result<(), Box<dyn std::error::Error>> {
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
                day: "2026-06-10".parse()?,
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

fn last_entry(desk: &Desk) -> Result<i64, rusqlite::Error> {
    Connection::open(desk.path())?.query_row("SELECT max(id) FROM entry", [], |row| row.get(0))
}

/// Copies what the run wrote into an empty database of the same shape, as fast as prepared inserts go.
fn raw_insert(from: &Path, to: &Path, before: i64) -> Result<f64, Box<dyn std::error::Error>> {
    let source = Connection::open(from)?;
    let target = Connection::open(to)?;
    target.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192;",
    )?;
    for table in TABLES {
        let mut shapes = source.prepare("SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL AND type IN ('table', 'index') ORDER BY type DESC")?;
        let shapes: Vec<String> = shapes.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        target.execute_batch(&shapes.join(";"))?;
    }
    let mut spent = 0.0;
    target.execute_batch("BEGIN IMMEDIATE")?;
    for table in TABLES {
        spent += copy(&source, &target, table, before)?;
    }
    let begun = Instant::now();
    target.execute_batch("COMMIT")?;
    Ok(spent + begun.elapsed().as_secs_f64())
}

/// Copies one table a block at a time; only the inserting is timed.
fn copy(source: &Connection, target: &Connection, table: &str, before: i64) -> Result<f64, rusqlite::Error> {
    const BLOCK: usize = 20_000;
    let order = if table == "entry" {
        "id"
    } else if table == "d_reading" {
        "account, day, id"
    } else {
        "kind, subject, hlc, id"
    };
    let mut select = source.prepare(&format!("SELECT * FROM {table} WHERE id > ?1 ORDER BY {order}"))?;
    let width = select.column_count();
    let marks = vec!["?"; width].join(", ");
    let mut insert = target.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?;
    let mut rows = select.query([before])?;
    let mut spent = 0.0;
    loop {
        let mut block: Vec<Vec<rusqlite::types::Value>> = Vec::with_capacity(BLOCK);
        while block.len() < BLOCK
            && let Some(row) = rows.next()?
        {
            block.push((0..width).map(|column| row.get(column)).collect::<Result<_, _>>()?);
        }
        if block.is_empty() {
            return Ok(spent);
        }
        let begun = Instant::now();
        for row in &block {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
        spent += begun.elapsed().as_secs_f64();
    }
}

/// Begins the peak of resident memory anew.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
