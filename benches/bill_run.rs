//! The bill run against the raw insert of the same rows: bills a second of both, and their ratio (goal: 0.5 × raw).
//!
//! `cargo bench --bench bill_run [-- ACCOUNTS]`

mod support;

use std::path::Path;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::reading::ReadingEntered;
use meterdesk::derive::row::to_row;
use meterdesk::desk::bill_run::Ask;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use support::{Failure, spend};

const TARIFF: &str = include_str!("../assets/tariffs/bj-water-res-2014.toml");
/// Tables a bill run writes, in account order.
const TABLES: [(&str, &str); 4] = [
    ("entry", "id"),
    ("entry_subject", "kind, subject, id"),
    ("d_bill", "account, id"),
    ("d_posting", "kind, subject, id"),
];

fn main() -> Result<(), Failure> {
    support::in_folder("bill", |folder| run(folder, support::number(1_000_000)))
}

fn run(folder: &Path, accounts: i64) -> Result<(), Failure> {
    let place = folder.join("bill.db");
    let mut desk = support::new_desk(&place)?;
    desk.perform("tariff.put", &serde_json::json!({ "text": TARIFF }).to_string(), Call::default())?;
    let ((), made) = spend(|| {
        support::open_accounts(&mut desk, accounts, "2026-08-10")?;
        enter_readings(&mut desk)?;
        Ok::<_, Failure>(desk.db().checkpoint()?)
    })?;
    println!("{accounts} accounts with a reading each: {:.1} s", made.wall);
    let new = support::ids_to_come(&desk)?;
    let ask = Ask { cycle: "2026-10".parse()?, dated: None, dry_run: true };
    let (_, rated) = spend(|| desk.bill_run(&ask, |_, _| {}))?;
    println!("rated only: {:.2} s", rated.wall);
    support::forget_peak();
    let (summary, ours) = spend(|| desk.bill_run(&Ask { dry_run: false, ..ask }, |_, _| {}))?;
    let memory = support::peak_megabytes();
    desk.db().checkpoint()?;
    drop(desk);
    let raw = support::raw_insert(&place, &folder.join("raw.db"), &TABLES, new)?;
    println!("{} bills, {} held, {} yuan", summary.bills, summary.held, summary.total);
    support::compare("bill run", summary.bills as f64, ours, raw, 0.5);
    println!("memory    {memory} MB at most");
    Ok(())
}

fn enter_readings(desk: &mut Desk) -> Result<(), Failure> {
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
            sealed: None,
        };
        run.push(desk, Kind::Account, Some(account), to_row(&body)?)?;
    }
    run.close(desk, serde_json::Value::Null, |_| {})?;
    Ok(())
}
