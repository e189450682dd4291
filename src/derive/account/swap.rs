//! Meter swaps as the account sees them: the old meter ends, the new one begins, in its place.
//!
//! The chain of meters hangs by `replaced_by`; the new meter's first reading stands among the readings as a mark of the swap, so
//! use over any chain of swaps is old final − last + this − new first. A reading of a later day that names the old meter was
//! taken on the new one: whichever came first, it is counted there.
//!
//! Merge: one meter swapped twice at two sites: both stand, the meters are disputed, their billing is held and a field check
//! (现场核实) is asked for; the same swap entered twice counts once. A field check names the slip that stands.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::METER;
use super::bill::{self, BillIssued, Income};
use super::cover::{self, Covers};
use crate::book::subject::Kind;
use crate::derive::ledger::Legs;
use crate::derive::slip::SlipFacts;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::money::Milli;
use crate::store::tables::account::{MeterRow, ReadingRow};
use crate::store::tables::base::ExceptionRow;

/// Word of the exception: two slips for one meter.
pub const SWAPPED_TWICE: &str = "meter_swapped_twice";
/// Word of the exception: one swap entered twice.
pub const ENTERED_TWICE: &str = "swap_entered_twice";

/// Body of `swap.enter`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct SwapEntered {
    /// What stands on the slip; account, readings and day are there.
    pub facts: SlipFacts,
    /// The old meter.
    pub old: Id,
    /// 旧表止码.
    pub final_value: Milli,
    /// The old meter passed zero since its last reading.
    pub rollover: bool,
    /// 新表起码.
    pub first_value: Milli,
    /// 表位数 of the new meter.
    pub dial: i64,
    /// 拆换日期.
    pub day: NaiveDate,
    /// The difference charged, if any.
    pub bill: Option<BillIssued>,
}

/// Body of `swap.field_check`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct SwapChecked {
    /// The account.
    pub account: Id,
    /// The meter both slips removed.
    pub old: Id,
    /// The meter that hangs: the entry of the slip that stands.
    pub stands: Id,
    /// Meters that do not hang: entries of the other slips.
    pub fall: Vec<Id>,
    /// 旧表止码 by the slip that stands.
    pub final_value: Milli,
    /// 拆换日期 by the slip that stands.
    pub day: NaiveDate,
    /// Bills of the differences that other slips charged, and their income.
    pub cancel: Vec<(Id, Vec<Income>)>,
    /// What was seen on site.
    pub remark: String,
    /// Bills that prepaid and credit stand for after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// Applies `swap.enter`.
pub fn enter(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SwapEntered = event.read()?;
    let Some(old) = fx.tx.get::<MeterRow>(&[&event.subject, &body.old])? else { return Ok(()) };
    fx.touch(METER.what, &old.no);
    fx.touch(METER.what, &body.facts.new_meter);
    fx.reindex.insert(event.subject);
    if let Some(first) = old.replaced_by {
        return again(fx, event, &body, old, first);
    }
    let state = MeterState::Removed.code().to_owned();
    let ended = MeterRow {
        removed: Some(body.day),
        last: Some(body.final_value),
        replaced_by: Some(event.id),
        state,
        ..old.clone()
    };
    fx.tx.put(&ended)?;
    fit(fx, event, &body, &old, false)?;
    move_later_readings(fx, event.subject, body.old, event.id, body.day)?;
    if let Some(issued) = body.bill {
        let mut legs = Legs::default();
        bill::put(fx, event, event.id, issued, &mut legs)?;
        legs.post(fx, Kind::Account, event)?;
    }
    Ok(())
}

/// The old meter was swapped before.
fn again(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    body: &SwapEntered,
    old: MeterRow,
    first: Id,
) -> Result<(), DeriveError> {
    let earlier = fx.tx.get::<MeterRow>(&[&event.subject, &first])?;
    let same = earlier.as_ref().is_some_and(|earlier| {
        earlier.no == body.facts.new_meter
            && earlier.first == body.first_value
            && old.last == Some(body.final_value)
            && old.removed == Some(body.day)
    });
    if same {
        let note = format!("旧表 {} 的同一次拆换录入了两次：{first} 与 {}，只算一次", old.no, event.id);
        return Ok(exception::open(fx, Kind::Account, event, ENTERED_TWICE, first, note)?);
    }
    let note = format!("旧表 {} 有两张拆换单：{first} 与 {}，请现场核实装的是哪一块表", old.no, event.id);
    exception::open(fx, Kind::Account, event, SWAPPED_TWICE, first, note)?;
    fit(fx, event, body, &old, true)?;
    if let Some(earlier) = earlier {
        fx.tx.put(&MeterRow { disputed: true, ..earlier })?;
    }
    Ok(fx.tx.put(&MeterRow { disputed: true, ..old })?)
}

/// Hangs the new meter and marks its first reading.
fn fit(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    body: &SwapEntered,
    old: &MeterRow,
    disputed: bool,
) -> Result<(), DeriveError> {
    fx.tx.put(&MeterRow {
        account: event.subject,
        id: event.id,
        no: body.facts.new_meter.clone(),
        maker: String::new(),
        model: String::new(),
        calibre: body.facts.calibre.clone(),
        dial: body.dial,
        direction: old.direction.clone(),
        fitted: Some(body.day),
        first: body.first_value,
        removed: None,
        last: None,
        state: old.state.clone(),
        seal: body.facts.new_seal.clone(),
        disputed,
        replaced_by: None,
        shut: old.shut,
    })?;
    fx.tx.put(&ReadingRow {
        account: event.subject,
        day: body.day,
        id: event.id,
        meter: event.id,
        value: body.first_value,
        source: "swap".into(),
        estimated: false,
        rollover: body.rollover,
        remark: String::new(),
        reader: String::new(),
        registers: String::new(),
        sealed: String::new(),
    })?;
    Ok(())
}

/// Readings after the swap that name the old meter were taken on the new one.
fn move_later_readings(fx: &Fx<'_, '_>, account: Id, from: Id, to: Id, day: NaiveDate) -> Result<(), DeriveError> {
    for row in fx.tx.scan::<ReadingRow>(&[&account])? {
        if row.meter == from && row.day > day {
            fx.tx.put(&ReadingRow { meter: to, ..row })?;
        }
    }
    Ok(())
}

/// The meter that hung on a day in the place of the one named: a reading after a swap was taken on the new meter.
pub fn hanging_on(fx: &mut Fx<'_, '_>, account: Id, meter: Id, day: NaiveDate) -> Result<Id, DeriveError> {
    const LONGEST_CHAIN: usize = 100;
    let mut at = meter;
    for _ in 0..LONGEST_CHAIN {
        let known = fx.hanging.as_ref().filter(|known| (known.account, known.id) == (account, at));
        let row = match known {
            Some(known) => Some(known.clone()),
            None => fx.tx.hanging_meter(account, at)?,
        };
        fx.hanging.clone_from(&row);
        match row.filter(|row| row.removed.is_some_and(|removed| removed < day)).and_then(|row| row.replaced_by) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(at)
}

/// Applies `swap.field_check`: one slip stands, the others fall.
pub fn field_check(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SwapChecked = event.read()?;
    let account = event.subject;
    let Some(old) = fx.tx.get::<MeterRow>(&[&account, &body.old])? else { return Ok(()) };
    let Some(stands) = fx.tx.get::<MeterRow>(&[&account, &body.stands])? else { return Ok(()) };
    if !old.disputed {
        return Ok(());
    }
    fx.reindex.insert(account);
    for fallen in &body.fall {
        let Some(row) = fx.tx.get::<MeterRow>(&[&account, fallen])? else { continue };
        fx.touch(METER.what, &row.no);
        fx.tx.delete::<ReadingRow>(&[&account, &row.fitted.unwrap_or(body.day), fallen])?;
        let (first, fitted) = (row.first, row.fitted);
        let state = MeterState::Removed.code().to_owned();
        fx.tx.put(&MeterRow { removed: fitted, last: Some(first), state, disputed: false, ..row })?;
        for reading in fx.tx.scan::<ReadingRow>(&[&account])?.into_iter().filter(|row| row.meter == *fallen) {
            fx.tx.put(&ReadingRow { meter: body.stands, ..reading })?;
        }
    }
    let (final_value, removed) = (Some(body.final_value), Some(body.day));
    fx.tx.put(&MeterRow { last: final_value, removed, replaced_by: Some(body.stands), disputed: false, ..old })?;
    fx.tx.put(&MeterRow { disputed: false, ..stands })?;
    let mut legs = Legs::default();
    for (bill, income) in &body.cancel {
        bill::void(fx, event, *bill, "现场核实后另一张拆换单有效", income, &mut legs)?;
    }
    legs.post(fx, Kind::Account, event)?;
    cover::after(fx, event, body.covers.as_ref())?;
    resolve(fx, event, &body)
}

fn resolve(fx: &Fx<'_, '_>, event: &Event<'_>, body: &SwapChecked) -> Result<(), DeriveError> {
    let letter = Kind::Account.letter();
    for row in fx.tx.scan::<ExceptionRow>(&[&letter, &event.subject, &SWAPPED_TWICE])? {
        exception::close(fx, row, format!("{}：以 {} 为准。{}", event.id, body.stands, body.remark))?;
    }
    Ok(())
}
