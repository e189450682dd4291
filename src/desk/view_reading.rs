//! What the screen of one reading shows: the account, its last reading, the registers its price asks for, and the reading that
//! is to be corrected.

use chrono::NaiveDate;

use super::Desk;
use super::billing::{Ledger, by_register};
use super::refusal::Refusal;
use crate::rules::billing::registers::{self, ByRegister};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::tables::account::ReadingRow;

/// A register as the screen asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterLine {
    /// Its name in the price.
    pub name: String,
    /// 峰 平 谷.
    pub label: String,
    /// Where it stood last.
    pub last: Option<Milli>,
}

/// An account whose meter is read.
#[derive(Debug, Clone)]
pub struct ReadingView {
    /// The account.
    pub account: Id,
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// Meter on the wall.
    pub meter: String,
    /// The reading before: its value and day.
    pub last: Option<(Milli, NaiveDate)>,
    /// Registers of the price on that day; empty for a price of the whole day.
    pub registers: Vec<RegisterLine>,
    /// A meter was changed since the reading before: then the registers do not tell the use.
    pub swapped: bool,
    /// The reading to correct.
    pub found: Option<ReadingRow>,
}

/// Where a reading stood, register by register; empty for an ordinary meter.
pub fn read_of(row: &ReadingRow) -> ByRegister {
    by_register::of_column(&row.registers).read
}

/// `峰 260 谷 140` of a reading, what was used instead where that was told; empty for an ordinary meter.
pub fn words(row: &ReadingRow) -> String {
    let told = by_register::of_column(&row.registers);
    let used = registers::words(&told.used);
    match (told.read.is_empty(), used.is_empty()) {
        (_, true) => registers::words(&told.read),
        (true, false) => format!("用 {used}"),
        (false, false) => format!("{} 用 {used}", registers::words(&told.read)),
    }
}

/// Does the price of an account ask for registers on a day?
pub fn is_timed(desk: &Desk, account: Id, day: NaiveDate) -> Result<bool, Refusal> {
    let prices = desk.prices()?;
    let facts = desk.look()?.billing_facts(account)?;
    Ok(facts.is_some_and(|facts| !by_register::names(&prices, &Ledger::of(&facts), day).is_empty()))
}

/// An account for a reading of a day; `correct` names the reading to be put right.
pub fn view(desk: &Desk, account: Id, day: NaiveDate, correct: Option<Id>) -> Result<ReadingView, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let row = tx.account(account)?.ok_or_else(|| Refusal::missing("account", "户", &account.to_string()))?;
    let facts = tx.billing_facts(account)?.ok_or_else(|| Refusal::data("用户档案不完整"))?;
    let ledger = Ledger::of(&facts);
    let mut readings = tx.scan::<ReadingRow>(&[&account])?;
    let found = correct.and_then(|id| readings.iter().find(|row| row.id == id).cloned());
    let day = found.as_ref().map_or(day, |row| row.day);
    if let Some(found) = &found {
        readings.retain(|row| (row.day, row.id) < (found.day, found.id));
    }
    let last = readings.last();
    let before = last.map(read_of).unwrap_or_default();
    let line = |name: String| RegisterLine {
        label: registers::label(&name).to_owned(),
        last: before.iter().find(|(known, _)| *known == name).map(|(_, value)| *value),
        name,
    };
    Ok(ReadingView {
        account,
        no: row.no,
        name: row.name,
        meter: tx.meter_on_wall(account)?.map(|meter| meter.no).unwrap_or_default(),
        registers: by_register::names(&prices, &ledger, day).into_iter().map(line).collect(),
        swapped: last.is_some_and(|row| row.source == super::billing::ledger::SWAP),
        last: last.map(|row| (row.value, row.day)),
        found,
    })
}
