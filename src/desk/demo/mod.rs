//! The practice branch of `demo`: people, a town, a year of work; the same for a seed.
//!
//! It lives on one pinned day, because the built-in calendar ends with a year. Everything in it is made by the same entries as
//! real work: bulk runs for the file, the readings and the bills, single actions for the rest.

pub mod chance;
pub mod money;
pub mod orders;
pub mod people;
pub mod words;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::open::{NewSite, PINNED};
use super::refusal::Refusal;
use super::{Call, Desk, practice};
use crate::book::clock::{FixedClock, PinnedClock, zone};
use crate::book::subject::Kind;
use crate::derive::account::reading::ReadingEntered;
use crate::derive::row::to_row;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::sealed_use::stands_still;
use crate::store::OpenOptions;

/// Accounts of a demo when nobody says how many.
pub const ACCOUNTS: u64 = 3_000;
/// Up to so many accounts the demo has six cycles and orders; beyond, one cycle.
pub const FULL_HISTORY: u64 = 20_000;

/// The day a demo lives on.
pub fn day() -> NaiveDate {
    const DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 21);
    const { DAY.expect("a day of the calendar") }
}

/// One reading cycle: its label, and the day everybody is read.
struct Cycle {
    number: u64,
    label: String,
    day: NaiveDate,
}

/// What a build tells while it runs: the stage, how much of it is done, of how much.
pub type Progress<'p> = &'p mut dyn FnMut(&str, u64, u64);

/// A demo being made.
pub struct Builder<'p> {
    desk: Desk,
    time: Arc<AtomicI64>,
    seed: u64,
    accounts: u64,
    progress: Progress<'p>,
}

/// Makes a practice branch in a new file. The desk comes back with nobody logged in, on the pinned day.
pub fn build(path: &Path, accounts: u64, seed: u64, progress: Progress<'_>) -> Result<Desk, Refusal> {
    let clock = FixedClock::at(moment(first_reading(accounts), 8, 0));
    let time = Arc::clone(&clock.0);
    let new = NewSite {
        site: "B03",
        name: "城南营业所",
        utility: "water",
        head_office: false,
        practice: true,
        login: practice::DIRECTOR.0,
        manager: practice::DIRECTOR.1,
        password: practice::PASSWORD,
    };
    let (desk, _) = Desk::create(path, OpenOptions::default(), Box::new(clock), &new)?;
    let mut builder = Builder { desk, time, seed, accounts, progress };
    builder.people()?;
    builder.tariffs()?;
    builder.town()?;
    let cycles = cycles(accounts);
    for cycle in &cycles {
        builder.readings(cycle)?;
        builder.bills(cycle)?;
        builder.payments(cycle, cycle.number + 1 == cycles.len() as u64)?;
    }
    if accounts <= FULL_HISTORY {
        let ids = builder.desk.look()?.account_ids()?;
        builder.orders(&ids)?;
    }
    builder.today()?;
    let Builder { mut desk, .. } = builder;
    let morning = moment(day(), 9, 30);
    let tx = desk.db_mut().write()?;
    tx.set_setting(PINNED, &morning.to_rfc3339())?;
    tx.commit()?;
    desk.db().refresh_search(|_| true)?;
    desk.db().checkpoint()?;
    desk.sign_out();
    desk.set_clock(Box::new(PinnedClock::from(morning)));
    Ok(desk)
}

fn moment(day: NaiveDate, hour: u32, minute: u32) -> DateTime<FixedOffset> {
    let time = day.and_hms_opt(hour, minute, 0).unwrap_or_default();
    time.and_local_timezone(zone()).single().unwrap_or_default()
}

fn first_reading(accounts: u64) -> NaiveDate {
    let (year, month) = if accounts <= FULL_HISTORY { (2025, 11) } else { (2026, 9) };
    NaiveDate::from_ymd_opt(year, month, 5).unwrap_or_default()
}

fn cycles(accounts: u64) -> Vec<Cycle> {
    let months: &[u32] = if accounts <= FULL_HISTORY { &[1, 3, 5, 7, 9, 11] } else { &[11] };
    let cycle = |(number, month): (usize, &u32)| Cycle {
        number: number as u64,
        label: format!("2026-{month:02}"),
        day: NaiveDate::from_ymd_opt(2026, *month, 5).unwrap_or_default(),
    };
    months.iter().enumerate().map(cycle).collect()
}

impl Builder<'_> {
    fn at(&mut self, moment: DateTime<FixedOffset>) {
        self.time.store(moment.timestamp_millis(), Ordering::Relaxed);
    }

    /// Performs an action as somebody.
    fn act(&mut self, user: &str, action: &str, input: &serde_json::Value) -> Result<serde_json::Value, Refusal> {
        self.desk.sign_in_practice(user)?;
        let done = self.desk.perform(action, &input.to_string(), Call::default())?;
        serde_json::from_str(&done.result).map_err(|error| Refusal::data(error.to_string()))
    }

    fn people(&mut self) -> Result<(), Refusal> {
        self.desk.add_practice_users()?;
        let lists = words::words();
        for (number, name) in lists.workers.iter().enumerate() {
            let code = crate::text::initials_of(name);
            let team = lists.teams.get(number % lists.teams.len()).copied().unwrap_or_default();
            let area = ["城区", "城区", "农村"][number % 3];
            let input = serde_json::json!({ "code": code, "name": name, "team": team, "area": area });
            self.act("desk", "worker.add", &input)?;
        }
        Ok(())
    }

    fn tariffs(&mut self) -> Result<(), Refusal> {
        for (file, text) in crate::rules::tariff::builtin::FILES {
            self.act("boss", "tariff.put", &serde_json::json!({ "file": file, "text": text }))?;
        }
        Ok(())
    }

    /// Opens every account in one run.
    fn town(&mut self) -> Result<(), Refusal> {
        let keys = self.desk.keys().again();
        let town = people::Town { seed: self.seed, first_reading: first_reading(self.accounts), keys: &keys };
        self.desk.sign_in_practice("room")?;
        let mut run = self.desk.open_run("account.open", "account.open", 1, "练习库建档", Some("demo"))?;
        for n in 0..self.accounts {
            let row = to_row(&town.account(n)?).map_err(|error| Refusal::data(error.to_string()))?;
            run.push(&mut self.desk, Kind::Account, None, row)?;
            if n % 5_000 == 0 {
                (self.progress)("建档", n, self.accounts);
            }
        }
        self.close(run, "建档")
    }

    fn close(&mut self, run: super::run::Run, stage: &str) -> Result<(), Refusal> {
        let (total, mut done) = (self.accounts, 0);
        let progress = &mut self.progress;
        run.close(&mut self.desk, serde_json::Value::Null, |rows| {
            done += rows as u64;
            progress(stage, done.min(total), total);
        })?;
        Ok(())
    }

    /// Everybody is read on the day of the cycle, but a few doors are shut.
    fn readings(&mut self, cycle: &Cycle) -> Result<(), Refusal> {
        self.at(moment(cycle.day, 16, 0));
        self.desk.sign_in_practice("room")?;
        let label = format!("{} 抄表", cycle.label);
        let source = format!("demo-{}", cycle.label);
        let mut run = self.desk.open_run("reading.enter", "reading.enter", 1, &label, Some(&source))?;
        let reader = self.desk.db().again_to_walk()?;
        let mut after = Id(i64::MIN);
        for n in (0u64..).step_by(1_000) {
            let tx = reader.look()?;
            let ids = tx.account_ids_after(after, 1_000)?;
            let Some(last) = ids.last() else { break };
            after = *last;
            for (n, id) in (n..).zip(&ids) {
                if chance::Chance::of(self.seed, 300 + cycle.number, n).one_in(70) {
                    continue; // 门闭
                }
                let Some(last) = tx.last_reading(*id)? else { continue };
                let still =
                    tx.meter_on_wall(*id)?.is_some_and(|meter| stands_still(&meter.state, meter.shut.is_some()));
                let used = if still { 0 } else { people::use_of(self.seed, n, cycle.number).0 };
                let value = Milli(last.value.0 + used);
                let body = ReadingEntered {
                    meter: last.meter,
                    class: None,
                    day: cycle.day,
                    value,
                    source: ["card", "handheld", "remote"][usize::try_from(n / 1000 % 3).unwrap_or(0)].into(),
                    estimated: chance::Chance::of(self.seed, 400 + cycle.number, n).one_in(60),
                    rollover: false,
                    remark: String::new(),
                    reader: String::new(),
                    registers: Vec::new(),
                    register_uses: Vec::new(),
                    sealed: None,
                };
                let row = to_row(&body).map_err(|error| Refusal::data(error.to_string()))?;
                run.push(&mut self.desk, Kind::Account, Some(*id), row)?;
            }
            (self.progress)("抄表", n, self.accounts);
        }
        self.close(run, "抄表")
    }
}
