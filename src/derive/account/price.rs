//! The account's price set by special handling (P1, P3, P4): one amendment of the price's guarded unit in the customer file, with
//! its history and its merge rule (`amend`): unequal words that did not know of each other leave the old price until decided.

use super::amend::{self, AccountAmended, Change};
use super::fields::CustomerFile;
use crate::derive::request::PriceSet;
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::store::tables::account::FieldRow;

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
    stands(fx, event.subject, &wanted)
}

/// Puts the price back to what it was before, if it still is what was set.
pub(super) fn unset(fx: &mut Fx<'_, '_>, event: &Event<'_>, price: &PriceSet) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(()) };
    if !stands(fx, event.subject, &wanted(&price.class, true, price.mix.as_deref()))? {
        return Ok(());
    }
    let history = fx.tx.scan::<FieldRow>(&[&event.subject])?;
    let before = wanted(&price.old_class, price.old_confirmed, price.old_mix.as_deref());
    let changes = changes(&row, &before, amend::base_of(&history, "class"));
    amend::amend_as(
        fx,
        event,
        &AccountAmended { account: event.subject, owner: row.customer, meter: None, changes, refund: None },
    )
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
