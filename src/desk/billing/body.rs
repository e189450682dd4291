//! Finding a bill by its name, and the lines it was calculated with: they stand in the entry that made it.

use crate::book::subject::{self, Kind};
use crate::derive::account::bill::{BillIssued, BillReleased};
use crate::derive::bulk;
use crate::derive::request::AdjustmentDecided;
use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

/// A bill by its name: the entry's subjects say whose it is. Opening arrears (`#1` …) need their account.
pub fn find(tx: &Tx<'_>, bill: Id, account: Option<Id>) -> Result<Option<BillRow>, StoreError> {
    if let Some(account) = account {
        return tx.get::<BillRow>(&[&account, &bill]);
    }
    if bill.0 < 0 {
        return Ok(None);
    }
    let Some(entry) = tx.entry(bill.entry())? else { return Ok(None) };
    for account in accounts_of(&entry, bill) {
        if let Some(row) = tx.get::<BillRow>(&[&account, &bill])? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Accounts an item of an entry may be about.
fn accounts_of(entry: &EntryRow, bill: Id) -> Vec<Id> {
    let subjects = subject::read(&entry.subjects, entry.id).unwrap_or_default();
    let wanted = |subject: &Option<subject::Subject>| subject.filter(|s| s.kind == Kind::Account).map(|s| s.id);
    if bulk::is_bulk(&entry.payload) {
        let item = usize::try_from(bill.item()).unwrap_or(usize::MAX);
        return subjects.get(item).and_then(wanted).into_iter().collect();
    }
    subjects.iter().filter_map(wanted).collect()
}

/// What a bill was calculated with; `None` for opening arrears.
pub fn issued(tx: &Tx<'_>, bill: Id) -> Result<Option<BillIssued>, StoreError> {
    if bill.0 < 0 {
        return Ok(None);
    }
    let Some(entry) = tx.entry(bill.entry())? else { return Ok(None) };
    Ok(read(&entry, bill))
}

fn read(entry: &EntryRow, bill: Id) -> Option<BillIssued> {
    if bulk::is_bulk(&entry.payload) {
        let item = usize::try_from(bill.item()).ok()?;
        let (start, length) = bulk::spans(&entry.payload)?.get(item).copied()?;
        return serde_json::from_str(entry.payload.get(start..start + length)?).ok();
    }
    if entry.action == "adjustment.decide" {
        let effect = serde_json::from_str::<AdjustmentDecided>(&entry.payload).ok()?.effect?;
        let at = usize::try_from(bill.item()).ok()?.checked_sub(1)?;
        return effect.replace.into_iter().nth(at).map(|one| one.new);
    }
    if entry.action == "bill.release" {
        return serde_json::from_str::<BillReleased>(&entry.payload).ok().map(|body| body.issue);
    }
    if let Ok(whole) = serde_json::from_str::<BillIssued>(&entry.payload) {
        return Some(whole);
    }
    // Other actions that make a bill carry it whole under one of these names.
    let value: serde_json::Value = serde_json::from_str(&entry.payload).ok()?;
    let inner = ["bill", "rebill", "issue"].into_iter().find_map(|name| value.get(name).filter(|v| v.is_object()))?;
    serde_json::from_value(inner.clone()).ok()
}
