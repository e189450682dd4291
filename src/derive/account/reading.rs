//! Readings.
//!
//! Merge: readings of different days stand side by side; two of one day both stand, the later place counts as the
//! day's; a
//! correction names what it corrects and both values stay.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::adjust::Followed;
use super::swap;
use crate::book::subject::Kind;
use crate::derive::request::ReadingFollows;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::billing::ByRegister;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::sealed_use::SealedUse;
use crate::store::tables::account::{AccountRow, ReadingRow};
use crate::store::tables::billing_facts::CardRow;

/// Word of the exception: a sealed meter runs.
pub const SEALED_USE: &str = "sealed_use";

/// Body of `reading.enter`: of a single entry and of a bulk row.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct ReadingEntered {
    /// The meter it was read on.
    pub meter: Id,
    /// 抄表日期.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub day: NaiveDate,
    /// 示数.
    pub value: Milli,
    /// card, handheld, remote, self, till.
    pub source: String,
    /// 估抄.
    #[serde(default)]
    pub estimated: bool,
    /// The counter passed zero, confirmed.
    #[serde(default)]
    pub rollover: bool,
    /// 备注.
    #[serde(default)]
    pub remark: String,
    /// The price class seen on site at the first reading of a new account.
    #[serde(default)]
    pub class: Option<String>,
    /// 抄表员.
    #[serde(default)]
    pub reader: String,
    /// Where each register stands (分时, R-222).
    #[serde(default)]
    pub registers: ByRegister,
    /// Use by register since the reading before, where it cannot be read off the registers: after a swap.
    #[serde(default)]
    pub register_uses: ByRegister,
    /// How a meter that should stand still came to run, as the clerk picked it.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
}

/// Body of `reading.correct`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct ReadingCorrected {
    /// The account.
    pub account: Id,
    /// The reading corrected: its day …
    pub day: NaiveDate,
    /// … and its entry.
    pub reading: Id,
    /// The value seen before.
    pub seen: Milli,
    /// The right value.
    pub value: Milli,
    /// Why.
    pub reason: String,
    /// The counter passed zero before it.
    #[serde(default)]
    pub rollover: bool,
    /// Where each register stands; none: as before.
    #[serde(default)]
    pub registers: ByRegister,
    /// Use by register since the reading before; none: as before.
    #[serde(default)]
    pub register_uses: ByRegister,
}

/// Body of `reading.key`: a reading card keyed from paper, once or for the second time.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct CardKeyed {
    /// The account.
    pub account: Id,
    /// 账期 of the card.
    pub cycle: String,
    /// 抄表日期.
    pub day: NaiveDate,
    /// What was keyed.
    pub value: Milli,
    /// The reading it makes, when this is the second keying.
    pub reading: Option<ReadingEntered>,
}

/// Applies `reading.key`. Two second keyings made apart are two readings of one day: the later place counts.
pub fn key(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: CardKeyed = event.read()?;
    fx.tx.put(&CardRow {
        account: event.subject,
        cycle: body.cycle,
        id: event.id,
        actor: event.entry.actor.clone(),
        day: body.day,
        value: body.value,
        posted: body.reading.is_some(),
    })?;
    match body.reading {
        Some(reading) => put(fx, event, reading),
        None => Ok(()),
    }
}

/// Applies `reading.enter`.
pub fn enter(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ReadingEntered = event.read()?;
    put(fx, event, body)
}

pub(super) fn put(fx: &mut Fx<'_, '_>, event: &Event<'_>, body: ReadingEntered) -> Result<(), DeriveError> {
    if let Some(class) = &body.class {
        confirm_class(fx, event, class)?;
    }
    let meter = swap::hanging_on(fx, event.subject, body.meter, body.day)?;
    fx.tx.add(&ReadingRow {
        account: event.subject,
        day: body.day,
        id: event.id,
        meter,
        value: body.value,
        source: body.source,
        estimated: body.estimated,
        rollover: body.rollover,
        remark: body.remark,
        reader: body.reader,
        registers: registers_text(&body.registers, &body.register_uses)?,
        sealed: body.sealed.map(SealedUse::code).unwrap_or_default().to_owned(),
    })?;
    let Some(how) = body.sealed else { return Ok(()) };
    let note = format!("表在封表期间走到 {} ({})：{}，请现场核实，核实后放行账单", body.value, body.day, how.label());
    Ok(exception::open(fx, Kind::Account, event, SEALED_USE, meter, note)?)
}

/// The first reading of a new account confirms its price class; a class confirmed before stays.
fn confirm_class(fx: &Fx<'_, '_>, event: &Event<'_>, class: &str) -> Result<(), DeriveError> {
    if let Some(row) = fx.tx.account(event.subject)?.filter(|row| !row.class_confirmed) {
        let new = AccountRow { class: class.to_owned(), class_confirmed: true, ..row.clone() };
        super::amend::note_changes(fx, event, &row, &new)?;
        super::price::from_the_beginning(fx, event.subject)?;
        fx.tx.put(&new)?;
    }
    Ok(())
}

/// Applies `reading.correct`.
pub fn correct(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ReadingCorrected = event.read()?;
    if let Some(row) = fx.tx.get::<ReadingRow>(&[&event.subject, &body.day, &body.reading])? {
        let registers = match (body.registers.is_empty(), body.register_uses.is_empty()) {
            (true, true) => row.registers.clone(),
            _ => registers_text(&body.registers, &body.register_uses)?,
        };
        fx.tx.put(&ReadingRow { value: body.value, rollover: body.rollover, estimated: false, registers, ..row })?;
    }
    Ok(())
}

/// A reading follows the bills that special handling put right; both values stay, this entry holds them. Nothing when it is not there.
pub(super) fn follow(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    follows: &ReadingFollows,
) -> Result<Option<Followed>, DeriveError> {
    let Some(row) = fx.tx.get::<ReadingRow>(&[&event.subject, &follows.day, &follows.reading])? else {
        return Ok(None);
    };
    let followed = Followed {
        day: row.day,
        reading: row.id,
        now: follows.value,
        value: row.value,
        rollover: row.rollover,
        registers: row.registers.clone(),
    };
    let registers = registers_text(&follows.registers, &follows.register_uses)?;
    fx.tx.put(&ReadingRow { value: follows.value, rollover: follows.rollover, registers, ..row })?;
    Ok(Some(followed))
}

/// Puts a reading back that had followed, unless it was corrected since.
pub(super) fn unfollow(fx: &Fx<'_, '_>, event: &Event<'_>, followed: &Followed) -> Result<(), DeriveError> {
    let row = fx.tx.get::<ReadingRow>(&[&event.subject, &followed.day, &followed.reading])?;
    if let Some(row) = row.filter(|row| row.value == followed.now) {
        let Followed { value, rollover, registers, .. } = followed.clone();
        fx.tx.put(&ReadingRow { value, rollover, registers, ..row })?;
    }
    Ok(())
}

/// The column of what a reading says by register: `[read, used]`, empty for an ordinary meter.
pub(super) fn registers_text(read: &[(String, Milli)], used: &[(String, Milli)]) -> Result<String, DeriveError> {
    if read.is_empty() && used.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(&(read, used)).map_err(|error| DeriveError::Body(error.to_string()))
}
