//! Numbers of 核对单: one series a site and life of its database, continuous, so a number is given once (I-9). The series holds
//! the site and the life: two sites never print one number, and after a restore a new life begins a new series, so numbers of
//! lost entries are never given again. The counter stands in a setting too, because rows of a shift that waits for an upgrade
//! are not derived.

use crate::rules::id::Id;
use crate::store::tables::till::receipt;
use crate::store::{StoreError, Tx};

/// The series of an entry's site: `B03-1`.
pub fn series(next: Id) -> String {
    format!("{}-{}", next.site(), next.epoch())
}

/// The number the next receipt of this site gets: `B03-1-000815`.
pub fn next_receipt(tx: &Tx<'_>, next: Id) -> Result<String, StoreError> {
    let series = series(next);
    Ok(receipt(&series, last(tx, &series)? + 1))
}

/// Gives the next number: it is gone with this transaction's commit, whatever becomes of the entry's rows.
pub fn give_receipt(tx: &Tx<'_>, next: Id) -> Result<String, StoreError> {
    let series = series(next);
    let serial = last(tx, &series)? + 1;
    tx.set_setting(&setting(&series), &serial.to_string())?;
    Ok(receipt(&series, serial))
}

/// The last number given in a series, as the tills or the counter know it.
pub(in crate::desk) fn last(tx: &Tx<'_>, series: &str) -> Result<i64, StoreError> {
    let counted = tx.setting(&setting(series))?.and_then(|text| text.parse().ok()).unwrap_or(0);
    Ok(tx.last_receipt(series)?.max(counted))
}

fn setting(series: &str) -> String {
    crate::book::mark::receipts_setting(series)
}
