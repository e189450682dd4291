//! What must hold of every till, for `verify`: I-8 (cash), I-9 (receipt numbers; a clash already shown is no news), I-11 (reversals).

use crate::book::verify::Fault;
use crate::derive::shift::RECEIPT;
use crate::store::tables::base::ClashRow;
use crate::store::tables::till::receipt;
use crate::store::{StoreError, Tx};

/// The first thing that does not hold.
pub fn fault(tx: &Tx<'_>) -> Result<Option<Fault>, StoreError> {
    if let Some(shift) = tx.shifts_out_of_balance()?.into_iter().next() {
        let message = format!("班次 {shift} 的现金不等于备用金加收支");
        return Ok(Some(Fault { entry: Some(shift), message }));
    }
    for (series, serial) in tx.receipts_given_twice()? {
        let number = receipt(&series, serial);
        if tx.get::<ClashRow>(&[&RECEIPT.what, &number])?.is_none() {
            return Ok(Some(Fault { entry: None, message: format!("核对单 {number} 出现了两次") }));
        }
    }
    let again = tx.reversed_twice_unseen()?.into_iter().next();
    Ok(again
        .map(|entry| Fault { entry: Some(entry), message: format!("凭单 {entry}：同一笔收费冲正了两次") }))
}
