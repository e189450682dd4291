//! Is a subject what its entries say? Folds it again and compares: the check behind the simulator.

use std::collections::BTreeMap;

use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

use super::{Fx, SHARED, cross, fold_of, refold};

/// The first table in which a subject's rows are not what folding all of its entries again gives; none when all are. Writes:
/// the caller lets the transaction go.
pub fn fault(tx: &Tx<'_>, kind: Kind, subject: Id) -> Result<Option<&'static str>, StoreError> {
    let before = rows(tx, kind, subject)?;
    let mut fx = Fx::new(tx);
    refold(&mut fx, kind, subject)?;
    cross::settle(&mut fx)?;
    let after = rows(tx, kind, subject)?;
    Ok(before.into_iter().find(|(table, hash)| after.get(table) != Some(hash)).map(|(table, _)| table))
}

/// The first table in which a subject's rows differ between two books; none when both hold the same of it.
pub fn difference(left: &Tx<'_>, right: &Tx<'_>, kind: Kind, subject: Id) -> Result<Option<&'static str>, StoreError> {
    let other = rows(right, kind, subject)?;
    Ok(rows(left, kind, subject)?
        .into_iter()
        .find(|(table, hash)| other.get(table) != Some(hash))
        .map(|(table, _)| table))
}

/// Hash of a subject's rows, table by table.
fn rows(tx: &Tx<'_>, kind: Kind, subject: Id) -> Result<BTreeMap<&'static str, [u8; 32]>, StoreError> {
    let mut found = BTreeMap::new();
    for (table, column) in fold_of(kind).map_or(&[][..], |fold| fold.tables) {
        found.insert(*table, tx.rows_hash(table, column, None, subject)?);
    }
    for table in SHARED {
        found.insert(*table, tx.rows_hash(table, "subject", Some(kind.letter()), subject)?);
    }
    Ok(found)
}
