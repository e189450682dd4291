//! The bill run against the raw insert of the same rows: bills a second of both, and their ratio (goal: 0.5 × raw).
//!
//! `cargo bench --bench bill_run [-- ACCOUNTS]`
//!
//! *Raw*: the same final rows of all tables with the same keys, the entries too, in account order, one prepared insert a row,
//! one transaction.

use std::path::Path;
use std::time::Instant;

use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use meterdesk::derive::account::reading::ReadingEntered;
use meterdesk::derive::row::to_row;
use meterdesk::desk::bill_run::Ask;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use meterdesk::store::OpenOptions;
use rusqlite::Connection;

const TARIFF: &str = include_str!("../assets/tariffs/bj-water-res-2014.toml");
/// Tables a bill run writes.
const TABLES: [&str; 4] = ["entry", "entry_subject", "d_bill", "d_posting"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts: i64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("meterdesk-bill-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder, accounts);
    std::fs::remove_dir_all(&folder)?;
    done
}

fn run(folder: &Path, accounts: i64) -> Result<(), Box<dyn std::error::Error>> {
    let place = folder.join("bill.db");
    let mut desk = new_desk(&place)?;
    let begun = Instant::now();
    open_accounts(&mut desk, accounts)?;
    enter_readings(&mut desk)?;
    desk.db().checkpoint()?;
    println!("{accounts} accounts with a reading each: {:.1} s", begun.elapsed().as_secs_f64());
    let before = last_entry(&desk)?;
    let begun = Instant::now();
    let ask = Ask { cycle: "2026-10".parse()?, dated: None, dry_run: true };
    desk.bill_run(&ask, |_, _| {})?;
    println!("rated only: {:.2} s", begun.elapsed().as_secs_f64());
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let summary = desk.bill_run(&Ask { dry_run: false, ..ask }, |_, _| {})?;
    let (ours, ours_cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    desk.db().checkpoint()?;
    drop(desk);
    let (raw, raw_cpu) = raw_insert(&place, &folder.join("raw.db"), before)?;
    println!("{} bills, {} held, {} yuan", summary.bills, summary.held, summary.total);
    println!("bill run  {ours:.2} s  {:.0} bills/s", summary.bills as f64 / ours);
    println!("raw       {raw:.2} s  {:.0} bills/s", summary.bills as f64 / raw);
    println!("ratio     {:.2} (goal 0.5)", raw / ours);
    println!(
        "processor {ours_cpu:.2} s and {raw_cpu:.2} s: ratio {:.2}, where the machine is shared",
        raw_cpu / ours_cpu
    );
    println!("memory    {} MB at most", peak_megabytes());
    Ok(())
}

fn new_desk(place: &Path) -> Result<Desk, Refusal> {
    use chrono::TimeZone;
    let now = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).single();
    let clock = FixedClock::at(now.ok_or_else(|| Refusal::data("no such moment"))?);
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
    let (mut desk, _) = Desk::create(place, OpenOptions::default(), Box::new(clock), &new)?;
    desk.sign_in_practice("boss")?;
    desk.perform("tariff.put", &serde_json::json!({ "text": TARIFF }).to_string(), Call::default())?;
    Ok(desk)
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
            opened: Some("2015-06-01".parse()?),
            meter: Some(MeterFacts {
                no: format!("M{n:08}"),
                dial: 5,
                state: "supplied".into(),
                ..MeterFacts::default()
            }),
            last_reading: Some(LastReading {
                day: "2026-08-10".parse()?,
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

fn enter_readings(desk: &mut Desk) -> Result<(), Box<dyn std::error::Error>> {
    let mut meters: Vec<(Id, i64)> = Vec::new();
    desk.look()?.walk_billing::<Refusal>(Id(i64::MIN), i64::MAX, |facts| {
        meters.push((facts.account.id, facts.readings[0].value.0 / 1000));
        Ok(())
    })?;
    let mut run = desk.open_run("reading.enter", "reading.enter", 1, "读数", None)?;
    for (index, (account, last)) in meters.into_iter().enumerate() {
        let body = ReadingEntered {
            meter: account,
            day: "2026-10-12".parse()?,
            value: Milli::whole(last + 3 + index as i64 % 60),
            source: "remote".into(),
            estimated: false,
            rollover: false,
            remark: String::new(),
            class: None,
            reader: String::new(),
            registers: Vec::new(),
            register_uses: Vec::new(),
        };
        run.push(desk, Kind::Account, Some(account), to_row(&body)?)?;
    }
    run.close(desk, serde_json::Value::Null, |_| {})?;
    Ok(())
}

fn last_entry(desk: &Desk) -> Result<i64, rusqlite::Error> {
    Connection::open(desk.path())?.query_row("SELECT max(id) FROM entry", [], |row| row.get(0))
}

/// Copies what the run wrote into an empty database of the same shape, as fast as prepared inserts go.
fn raw_insert(from: &Path, to: &Path, before: i64) -> Result<(f64, f64), Box<dyn std::error::Error>> {
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
    let (mut spent, mut spent_cpu) = (0.0, 0.0);
    target.execute_batch("BEGIN IMMEDIATE")?;
    for table in TABLES {
        let (wall, cpu) = copy(&source, &target, table, before)?;
        spent += wall;
        spent_cpu += cpu;
    }
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    target.execute_batch("COMMIT")?;
    Ok((spent + begun.elapsed().as_secs_f64(), spent_cpu + cpu_seconds() - cpu))
}

/// Copies one table a block at a time; only the inserting is timed.
fn copy(source: &Connection, target: &Connection, table: &str, before: i64) -> Result<(f64, f64), rusqlite::Error> {
    const BLOCK: usize = 20_000;
    let order = if table == "entry" {
        "id"
    } else if table == "d_bill" {
        "account, id"
    } else {
        "kind, subject, id"
    };
    let mut select = source.prepare(&format!("SELECT * FROM {table} WHERE id > ?1 ORDER BY {order}"))?;
    let width = select.column_count();
    let marks = vec!["?"; width].join(", ");
    let mut insert = target.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?;
    let mut rows = select.query([before])?;
    let (mut spent, mut spent_cpu) = (0.0, 0.0);
    loop {
        let mut block: Vec<Vec<rusqlite::types::Value>> = Vec::with_capacity(BLOCK);
        while block.len() < BLOCK
            && let Some(row) = rows.next()?
        {
            block.push((0..width).map(|column| row.get(column)).collect::<Result<_, _>>()?);
        }
        if block.is_empty() {
            return Ok((spent, spent_cpu));
        }
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        for row in &block {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
        spent += begun.elapsed().as_secs_f64();
        spent_cpu += cpu_seconds() - cpu;
    }
}

/// Processor time of this thread so far; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
