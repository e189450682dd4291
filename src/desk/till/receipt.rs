//! Numbers of 核对单: one series a site and life of its database, continuous, so a number is given once (I-9).

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
    let last = tx.last_receipt(&series)?;
    Ok(receipt(&series, last + 1))
}
