//! A bulk entry that comes late: readings of five hundred accounts from another site, stamped before the last of the 24 bulk entries the
//! accounts stand under. Every account is folded again (goal: 50 ms), in slices that keep no till waiting longer than 50 ms.
//!
//! `cargo bench --bench late_entry [-- ACCOUNTS [ENTRIES]]`

mod support;

use std::path::Path;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use meterdesk::book::clock::{Clock, FixedClock};
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::reading::ReadingEntered;
use meterdesk::derive::row::to_row;
use meterdesk::derive::{Incoming, bulk, receive_many};
use meterdesk::desk::Desk;
use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Milli;
use support::{Failure, spend};

fn main() -> Result<(), Failure> {
    support::in_folder("late", |folder| run(folder, support::number(500)))
}

fn run(folder: &Path, accounts: i64) -> Result<(), Failure> {
    let entries: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).nth(1).unwrap_or(24);
    let mut late = support::desk_of(&folder.join("late.db"), "B05", support::clock()?)?;
    let tomorrow = support::clock()?.now() + chrono::Duration::days(1);
    let mut desk = support::desk_of(&folder.join("book.db"), "B03", FixedClock::at(tomorrow))?;
    support::open_accounts(&mut desk, accounts, "2020-01-10")?;
    let mut meters = Vec::new();
    desk.look()?.walk_billing::<Refusal>(Id(i64::MIN), i64::MAX, |facts| {
        meters.push(facts.account.id);
        Ok(())
    })?;
    let first: NaiveDate = "2020-02-01".parse()?;
    let day = |number: u64| first.checked_add_days(Days::new(30 * number)).unwrap_or(first);
    for number in 0..entries {
        read_all(&mut desk, &meters, day(number), 1_600 + 10 * number as i64)?;
    }
    read_all(&mut late, &meters, first.checked_add_days(Days::new(15)).unwrap_or(first), 1_605)?;
    let mut coming = late.look()?.entries_after(Id(i64::MIN), i64::MAX)?;
    coming.retain(|entry| entry.action == "reading.enter" || entry.action.starts_with("run."));
    let coming: Vec<Incoming> = coming.into_iter().map(|row| Incoming { row }).collect();
    let ((), kept) = spend(|| {
        let tx = desk.db_mut().write()?;
        receive_many(&tx, &coming)?;
        tx.commit()
    })?;
    let (mut last, mut longest, mut slices, mut rows) = (Instant::now(), 0.0f64, 0, 0);
    let ((), folded) = spend(|| {
        bulk::finish(desk.db_mut(), |done| {
            longest = longest.max(last.elapsed().as_secs_f64());
            last = Instant::now();
            (slices, rows) = (slices + 1, rows + done);
        })
    })?;
    println!("{rows} late rows of {accounts} accounts under {entries} bulk entries");
    println!("kept      {:.1} ms", kept.wall * 1e3);
    println!("refolded  {:.1} ms, processor {:.1} (goal 50 for 500 accounts)", folded.wall * 1e3, folded.cpu * 1e3);
    println!("a till waits {:.1} ms at most (goal 50): {slices} slices", longest * 1e3);
    Ok(())
}

fn read_all(desk: &mut Desk, meters: &[Id], day: NaiveDate, value: i64) -> Result<(), Failure> {
    let mut run = desk.open_run("reading.enter", "reading.enter", 1, "读数", None)?;
    for account in meters {
        let body = ReadingEntered {
            meter: *account,
            day,
            value: Milli::whole(value),
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
        run.push(desk, Kind::Account, Some(*account), to_row(&body)?)?;
    }
    run.close(desk, serde_json::Value::Null, |_| {})?;
    Ok(())
}
