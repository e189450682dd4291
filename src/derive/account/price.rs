//! The account's price set by special handling (P1, P3, P4): one amendment of the price's guarded unit in the customer file, with
//! its history and its merge rule (`amend`): unequal words that did not know of each other leave the old price until decided.
//!
//! A price set counts from its day: `d_price` keeps, in the order in which prices were set, what stood until each (`rules::price_days`).
//! Sets that agree all count, so the price is the new one from the earliest of their days; one taken back gives its days to what stood
//! before it; one in a conflict waits with the other side. A price that comes with no day (the first reading, a decision for it) is the
//! account's from the beginning.

use super::amend::{self, AccountAmended, Change};
use super::fields::CustomerFile;
use crate::derive::request::PriceSet;
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::customer::CLASS;
use crate::rules::id::Id;
use crate::store::StoreError;
use crate::store::tables::account::{AccountRow, FieldRow};
use crate::store::tables::adjust::PriceRow;

/// Sets the price. Answers whether it now stands.
pub(super) fn set(fx: &mut Fx<'_, '_>, event: &Event<'_>, price: &PriceSet) -> Result<bool, DeriveError> {
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(false) };
    let wanted = wanted(&price.class, true, price.mix.as_deref());
    let changes = changes(&row, &wanted, price.base);
    amend::amend_as(
        fx,
        event,
        &AccountAmended { account: event.subject, owner: row.customer, meter: None, changes, refund: None },
    )?;
    let made = fx.tx.get::<FieldRow>(&[&event.subject, &CLASS, &event.id])?;
    if let Some(made) = made {
        if made.outcome == "decided" {
            drop_rows(fx, event.subject, |row| !row.stands)?; // what waited has lost
        }
        let stands = made.outcome != "pending";
        fx.tx.put(&PriceRow { stands, ..until(&row, made.turn, event.id, price.from) })?;
    }
    stands(fx, event.subject, &wanted)
}

/// A row of what stands until a price set from a day.
fn until(row: &AccountRow, turn: i64, id: Id, from_day: chrono::NaiveDate) -> PriceRow {
    let (class, confirmed, mix) = (row.class.clone(), row.class_confirmed, row.mix.clone());
    PriceRow { account: row.id, turn, id, from_day, class, confirmed, mix, stands: true }
}

/// Takes the price back that a decision set: its days have again what stood before it. What was set after it stays.
pub(super) fn unset(fx: &mut Fx<'_, '_>, event: &Event<'_>, decision: Id, price: &PriceSet) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(()) };
    let mut rows = fx.tx.scan::<PriceRow>(&[&event.subject])?;
    rows.retain(|row| row.stands);
    let Some(at) = rows.iter().position(|row| row.id == decision) else { return Ok(()) };
    let gone = rows.remove(at);
    fx.tx.delete::<PriceRow>(&[&gone.account, &gone.turn])?;
    if let Some(next) = rows.get(at) {
        let PriceRow { class, confirmed, mix, .. } = gone;
        return Ok(fx.tx.put(&PriceRow { class, confirmed, mix, ..next.clone() })?);
    }
    if !stands(fx, event.subject, &wanted(&price.class, true, price.mix.as_deref()))? {
        return Ok(());
    }
    let history = fx.tx.scan::<FieldRow>(&[&event.subject])?;
    let before = wanted(&gone.class, gone.confirmed, gone.mix.as_deref());
    let changes = changes(&row, &before, amend::base_of(&history, CLASS));
    amend::amend_as(
        fx,
        event,
        &AccountAmended { account: event.subject, owner: row.customer, meter: None, changes, refund: None },
    )
}

/// Prices set by these entries wait for a conflict to be decided.
pub(super) fn suspend(fx: &Fx<'_, '_>, account: Id, entries: &[Id]) -> Result<(), StoreError> {
    for row in fx.tx.scan::<PriceRow>(&[&account])?.into_iter().filter(|row| entries.contains(&row.id)) {
        fx.tx.put(&PriceRow { stands: false, ..row })?;
    }
    Ok(())
}

/// A conflict was decided for one side, as the unit's `turn`: a price set from a day counts from it, any other from the beginning.
/// `before` is the file as it was.
pub(super) fn decided(fx: &Fx<'_, '_>, before: &AccountRow, winner: Id, turn: i64) -> Result<(), StoreError> {
    let won = fx.tx.scan::<PriceRow>(&[&before.id])?.into_iter().find(|row| row.id == winner);
    let dated = won.is_some();
    drop_rows(fx, before.id, |row| !row.stands || !dated)?;
    won.map_or(Ok(()), |won| fx.tx.put(&until(before, turn, winner, won.from_day)))
}

/// A price without a day is the account's from the beginning; what waits for a decision still waits.
pub(super) fn from_the_beginning(fx: &Fx<'_, '_>, account: Id) -> Result<(), StoreError> {
    drop_rows(fx, account, |row| row.stands)
}

fn drop_rows(fx: &Fx<'_, '_>, account: Id, which: impl Fn(&PriceRow) -> bool) -> Result<(), StoreError> {
    for row in fx.tx.scan::<PriceRow>(&[&account])?.iter().filter(|row| which(row)) {
        fx.tx.delete::<PriceRow>(&[&row.account, &row.turn])?;
    }
    Ok(())
}

type Wanted = [(&'static str, Option<String>); 3];

fn wanted(class: &str, confirmed: bool, mix: Option<&str>) -> Wanted {
    [
        ("class", Some(class.to_owned())),
        ("class_confirmed", Some(confirmed.to_string())),
        ("mix", mix.map(str::to_owned)),
    ]
}

/// All three fields of the unit, changed or not: they are decided together.
fn changes(row: &impl CustomerFile, wanted: &Wanted, base: Option<Id>) -> Vec<Change> {
    let change = |(field, value): &(&str, Option<String>)| Change {
        field: (*field).to_owned(),
        seen: row.value(field),
        value: value.clone(),
        base,
        mark: None,
    };
    wanted.iter().map(change).collect()
}

fn stands(fx: &Fx<'_, '_>, account: Id, wanted: &Wanted) -> Result<bool, DeriveError> {
    let Some(row) = fx.tx.account(account)? else { return Ok(false) };
    Ok(wanted.iter().all(|(field, value)| row.value(field) == *value))
}
