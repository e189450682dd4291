//! Under whom something of an account came to be: what an earlier owner used and paid is not the present one's.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::store::tables::account::{AccountRow, OwnerRow};
use crate::store::{StoreError, Tx};

/// The owner under whom an entry was made, when the account has passed to another since.
pub fn of_entry(tx: &Tx<'_>, account: &AccountRow, entry: Id) -> Result<Option<String>, StoreError> {
    let owners = owners(tx, account)?;
    let Some(made) = tx.entry(entry)?.filter(|_| owners.len() > 1) else { return Ok(None) };
    let mut under = owners.first();
    for owner in owners.iter().skip(1) {
        if tx.entry(owner.id)?.is_some_and(|since| (since.hlc, since.id) < (made.hlc, made.id)) {
            under = Some(owner);
        }
    }
    Ok(under.filter(|owner| owner.id != account.customer).map(|owner| owner.name.clone()))
}

/// The owner who used what ends on a day, when the account has passed to another since.
pub fn of_use(tx: &Tx<'_>, account: &AccountRow, last: NaiveDate) -> Result<Option<String>, StoreError> {
    let owners = owners(tx, account)?;
    let under = owners.iter().skip(1).rev().find(|owner| owner.since < last).or(owners.first());
    Ok(under.filter(|owner| owner.id != account.customer).map(|owner| owner.name.clone()))
}

/// Everybody who has owned it, in their order.
fn owners(tx: &Tx<'_>, account: &AccountRow) -> Result<Vec<OwnerRow>, StoreError> {
    let mut owners = tx.scan::<OwnerRow>(&[&account.id])?;
    owners.retain(|row| row.state == "owner");
    owners.sort_by_key(|row| (row.since, row.id));
    Ok(owners)
}
