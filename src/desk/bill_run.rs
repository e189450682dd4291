//! `bill run`: rates the readings of a cycle (账期) and posts the bills as one run, in the order of the accounts.
//!
//! It streams ([`super::bill_batches`]). A reading that is billed already is left alone, so the same command again is a no-op; a run
//! that was interrupted goes on after the last account written. What cannot be calculated, or may not go out unasked
//! ([`doubt`]), is held with its reason, as a row of its own that `bill.release`, or the next run, takes up. Two terminals never run at once ([`super::only_one`]).
//!
//! It bills this site's accounts only: those of other sites in the book are billed by their own site.
//!
//! Merge: bills come as `bill.issue`; two of one reading: the first counts, the second is an exception.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Desk;
use super::bill_batches::{self as batches, Wanted};
use super::billing::doubt;
use super::refusal::Refusal;
use super::run::Run;
use crate::book::subject::{self, Kind};
use crate::derive::account::bill::BillIssued;
use crate::derive::bulk;
use crate::rules::billing::BillCycle;
use crate::rules::billing::large::Limits;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::{StoreError, Tx};

/// The right it needs.
pub const RIGHT: &str = "bill.run";
/// The right to change from when on a bill is held as too large.
pub const LIMITS: &str = "bill.limits";
/// The action of its bulk entries.
pub const ACTION: &str = "bill.issue";
/// Held bills named in an answer; the rest are counted.
const NAMED: usize = 1_000;
/// The largest bills named in an answer.
const LARGEST: usize = 10;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// The month of the readings.
    pub cycle: BillCycle,
    /// The bills' date; today when absent.
    pub dated: Option<NaiveDate>,
    /// Calculate, write nothing.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The cycle.
    pub cycle: String,
    /// Readings due: bills and held ones together.
    pub readings: u64,
    /// Bills issued.
    pub bills: u64,
    /// Held with a reason.
    pub held: u64,
    /// Sum of the bills.
    pub total: Fen,
    /// Use of the bills, whole units.
    pub volume: i64,
    /// Nothing was written.
    pub dry_run: bool,
    /// Held ones by rule.
    pub reasons: BTreeMap<String, u64>,
    /// Held ones by name, at most a thousand.
    pub holds: Vec<Hold>,
    /// The largest bills, those held as too large among them, largest first.
    pub largest: Vec<Large>,
    /// Bills far above the last one: held by rule, at most a thousand named.
    pub above: Vec<Large>,
    /// From when on a bill is held as too large: so many times the last one …
    pub times: u32,
    /// … and at least this.
    pub least: Fen,
    /// The run, when something was written.
    pub run: Option<Id>,
}

/// A bill that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// 户号.
    pub account: String,
    /// Day of the reading.
    pub day: NaiveDate,
    /// Rule number, or a word of our own.
    pub rule: String,
    /// Why, in one sentence.
    pub message: String,
}

/// A large bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Large {
    /// 户号.
    pub account: String,
    /// 户名.
    pub name: String,
    /// Day of the reading.
    pub day: NaiveDate,
    /// 用量, whole units.
    pub volume: i64,
    /// What it comes to.
    pub amount: Fen,
    /// What the last one came to.
    pub last: Option<Fen>,
    /// Is it held?
    pub held: bool,
}

impl Summary {
    fn new(ask: &Ask, limits: Limits) -> Self {
        Self {
            cycle: ask.cycle.to_string(),
            readings: 0,
            bills: 0,
            held: 0,
            total: Fen::ZERO,
            volume: 0,
            dry_run: ask.dry_run,
            reasons: BTreeMap::new(),
            holds: Vec::new(),
            largest: Vec::new(),
            above: Vec::new(),
            times: limits.times,
            least: limits.least,
            run: None,
        }
    }

    /// Is a bill of this amount among the largest so far?
    pub(super) fn is_large(&self, amount: Fen) -> bool {
        self.largest.len() < LARGEST || self.largest.last().is_some_and(|least| least.amount < amount)
    }

    /// Notes a large bill; `above` when it is held as too large.
    pub(super) fn note_large(&mut self, bill: Large, above: bool) {
        if above && self.above.len() < NAMED {
            self.above.push(bill.clone());
        }
        if self.is_large(bill.amount) {
            let place = self.largest.partition_point(|other| other.amount >= bill.amount);
            self.largest.insert(place, bill);
            self.largest.truncate(LARGEST);
        }
    }

    pub(super) fn count(&mut self, account: &str, bill: &BillIssued) {
        self.readings += 1;
        let Some(reason) = &bill.held else {
            self.bills += 1;
            self.total += bill.amount;
            self.volume += bill.volume.0 / 1000;
            return;
        };
        self.held += 1;
        *self.reasons.entry(reason.rule.clone()).or_default() += 1;
        if self.holds.len() < NAMED {
            self.holds.push(Hold {
                account: account.to_owned(),
                day: bill.last_day,
                rule: reason.rule.clone(),
                message: reason.message.clone(),
            });
        }
    }
}

impl Desk {
    /// Rates a cycle. `progress` is told accounts looked at and accounts in all.
    pub fn bill_run(&mut self, ask: &Ask, mut progress: impl FnMut(u64, u64)) -> Result<Summary, Refusal> {
        self.may(RIGHT)?;
        let _one = match ask.dry_run {
            true => None,
            false => Some(self.only_one(&format!("{} 账期出账", ask.cycle))?),
        };
        let dated = match ask.dated {
            Some(day) => day,
            None => self.business_day()?,
        };
        if ask.cycle > BillCycle::of(dated) {
            return Err(Refusal::field("input", "cycle", format!("账期 {} 还没有到，请核对", ask.cycle)));
        }
        let prices = self.prices()?;
        if prices.tariffs().next().is_none() {
            return Err(Refusal::rule("R-036", "价目册是空的，请先用 import tariffs 载入价目"));
        }
        let accounts = u64::try_from(self.look()?.own_account_count()?).unwrap_or(0);
        let limits = doubt::limits(&self.look()?)?;
        let mut summary = Summary::new(ask, limits);
        let mut run = None;
        let mut after = Id(i64::MIN);
        if !ask.dry_run
            && let Some(last) = self.resume(ask, &mut summary)?
        {
            after = last;
            run = Some(self.open_bill_run(ask)?);
        }
        let wanted = Wanted { prices, cycle: ask.cycle, dated, limits };
        let mut seen = 0;
        let beside = if self.db.is_file() { Some(self.db.again_to_walk()?) } else { None };
        let mut summary = batches::rate_all(self, beside, wanted, after, summary, |desk, batch| {
            for ready in batch.ready.into_iter().filter(|_| !ask.dry_run) {
                if run.is_none() {
                    run = Some(desk.open_bill_run(ask)?);
                }
                if let Some(run) = run.as_mut() {
                    run.push(desk, Kind::Account, Some(ready.account), ready.row)?;
                }
            }
            seen += batches::ACCOUNTS as u64;
            progress(seen.min(accounts), accounts);
            Ok(())
        })?;
        if let Some(run) = run {
            let note = serde_json::json!({
                "cycle": summary.cycle, "bills": summary.bills, "held": summary.held, "total": summary.total,
            });
            let (mut derived, rows) = (0, summary.readings);
            summary.run = Some(run.close(self, note, |done| {
                derived += done as u64;
                progress(derived.min(rows), rows);
            })?);
        }
        Ok(summary)
    }

    /// From when on a bill is held as too large.
    pub fn bill_limits(&self) -> Result<Limits, Refusal> {
        Ok(doubt::limits(&self.look()?)?)
    }

    /// Sets it for this book.
    pub fn set_bill_limits(&mut self, limits: Limits) -> Result<(), Refusal> {
        self.rights()?.require(LIMITS)?;
        if [limits.least, limits.household, limits.other].iter().any(|sum| sum.is_negative()) || limits.times < 2 {
            return Err(Refusal::field("input", "times", "倍数至少为 2，金额不能为负，请改正"));
        }
        let tx = self.db.write()?;
        doubt::set_limits(&tx, limits)?;
        Ok(tx.commit()?)
    }

    fn open_bill_run(&mut self, ask: &Ask) -> Result<Run, Refusal> {
        let label = format!("{} 账期出账", ask.cycle);
        let mut run = self.open_run(RIGHT, ACTION, 1, &label, Some(&source(ask.cycle)))?;
        run.go_on();
        run.leave_log();
        Ok(run)
    }

    /// An interrupted run of this cycle: counts its rows and answers the last account written.
    fn resume(&self, ask: &Ask, summary: &mut Summary) -> Result<Option<Id>, Refusal> {
        let tx = self.look()?;
        let open = tx.own_runs_of_source(ACTION, &source(ask.cycle))?.into_iter().find(|run| run.state == "open");
        let Some(open) = open else { return Ok(None) };
        let (mut after, mut last) = (open.id, None);
        let end_of_site = tx.own()?.high;
        loop {
            let batch = tx.bulk_entries_after(after, end_of_site, ACTION, 50)?;
            let Some(end) = batch.last() else { break };
            after = end.id;
            for entry in batch.iter().filter(|entry| bulk::run_of(&entry.payload) == Some(open.id)) {
                let subjects = subject::read(&entry.subjects, entry.id).unwrap_or_default();
                let spans = bulk::spans(&entry.payload).unwrap_or_default();
                for (subject, (start, length)) in subjects.into_iter().zip(spans) {
                    let Some(account) = subject.map(|subject| subject.id) else { continue };
                    last = last.max(Some(account));
                    if let Ok(bill) = serde_json::from_str(&entry.payload[start..start + length]) {
                        let no = tx.account(account)?.map(|row| row.no).unwrap_or_default();
                        summary.count(&no, &bill);
                    }
                }
            }
        }
        Ok(last)
    }
}

/// The run's source: the cycle it bills.
fn source(cycle: BillCycle) -> String {
    format!("bill {cycle}")
}

/// Is the subject of an account paused by an entry this program does not know? Then nothing may be billed to it.
pub fn is_paused(tx: &Tx<'_>, account: Id) -> Result<bool, StoreError> {
    tx.is_held(Kind::Account.letter(), account)
}
