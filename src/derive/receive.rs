//! Entries that come in: from this desk one by one, from other sites in thousands. All of them are kept and indexed first, then
//! each subject concerned is brought up to date once: at the end when everything new is last, by one fold from the start
//! otherwise.

use std::collections::BTreeMap;

use super::{Fx, bulk, cross, fork, index, placed, refold, twin, whose};
use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::tables::base::RunRow;
use crate::store::{StoreError, Tx};

/// An entry another book wrote, byte for byte. A twin (the second branch of a fork) stands at its twin place: `row.id.twin()`.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The entry.
    pub row: EntryRow,
}

/// What became of an entry that came from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// New: kept and derived.
    New,
    /// Held already: nothing changed (I-6).
    Known,
    /// Its place is taken by another entry: a fork. Not kept; as a twin it can be.
    Fork,
    /// A twin whose branch is not held up to it, or that is no fork at all. Not kept.
    Loose,
}

/// Takes entries in. Checking signatures and chains is the exchange's business; here each only has to be sound by itself.
/// Rows of bulk entries whose run is closed are left pending: [`bulk::finish`] derives them.
pub fn receive_many(tx: &Tx<'_>, incoming: &[Incoming]) -> Result<Vec<Received>, StoreError> {
    let rows: Vec<&EntryRow> = incoming.iter().map(|incoming| &incoming.row).collect();
    take(tx, &rows)
}

/// Takes one entry in.
pub fn receive(tx: &Tx<'_>, entry: &EntryRow) -> Result<Received, StoreError> {
    Ok(take(tx, &[entry])?.pop().unwrap_or(Received::Known))
}

fn take(tx: &Tx<'_>, rows: &[&EntryRow]) -> Result<Vec<Received>, StoreError> {
    let mut answers = Vec::with_capacity(rows.len());
    let mut new = Vec::with_capacity(rows.len());
    for row in rows {
        let answer = keep(tx, row)?;
        if answer == Received::New {
            new.push(*row);
        }
        answers.push(answer);
    }
    let mut fx = Fx::new(tx);
    derive(&mut fx, &new)?;
    cross::settle(&mut fx)?;
    crate::store::local::note_bulk(tx, &fx.reindex)?;
    Ok(answers)
}

fn keep(tx: &Tx<'_>, row: &EntryRow) -> Result<Received, StoreError> {
    if let Some(word) = crate::book::entry::fault(row) {
        return Err(StoreError::Corrupt(format!("凭单 {}：{word}", row.id)));
    }
    if let Some(known) = tx.entry_hash(row.id)? {
        return Ok(if known == row.hash { Received::Known } else { Received::Fork });
    }
    if row.id.is_twin() && !tx.is_single(row.id)? && !twin::fits(tx, row)? {
        return Ok(Received::Loose);
    }
    tx.insert_entry(row)?;
    Ok(Received::New)
}

/// Indexes and applies entries that have just been kept. The second pass is the caller's.
pub(super) fn derive(fx: &mut Fx<'_, '_>, new: &[&EntryRow]) -> Result<(), StoreError> {
    let mut subjects: BTreeMap<(Kind, Id), Vec<(SubjectRow, &EntryRow)>> = BTreeMap::new();
    for entry in new {
        placed::note(fx, entry)?;
    }
    twin::reroot(fx, new)?;
    for entry in new {
        let found = index::subjects(fx, entry)?;
        index::note_unknown_kinds(fx, entry, found.as_deref())?;
        if !bulk::is_bulk(&entry.payload) {
            for (kind, row) in index::rows_of(fx, entry, found)? {
                subjects.entry((kind, row.subject)).or_default().push((row, entry));
            }
        }
    }
    for ((kind, subject), rows) in subjects {
        arrive(fx, kind, subject, rows)?;
    }
    for entry in new {
        whose::note(fx, entry)?;
    }
    for entry in new.iter().filter(|entry| bulk::is_bulk(&entry.payload)) {
        bulk::wait(fx, entry)?;
    }
    fork::settle(fx)
}

/// New parts of one subject: at the end, or by folding again.
fn arrive(
    fx: &mut Fx<'_, '_>,
    kind: Kind,
    subject: Id,
    mut rows: Vec<(SubjectRow, &EntryRow)>,
) -> Result<(), StoreError> {
    rows.sort_by_key(|(row, _)| (row.hlc, row.id));
    let Some((first, _)) = rows.first() else { return Ok(()) };
    let before = if kind == Kind::Run { fx.tx.get::<RunRow>(&[&subject])? } else { None };
    let later = fx.tx.holds_later(kind.letter(), subject, first.hlc, first.id)?;
    for (row, _) in &rows {
        fx.tx.index_row(row)?;
    }
    if later {
        refold(fx, kind, subject)?;
    } else {
        for (row, entry) in &rows {
            index::apply_row(fx, kind, row, entry)?;
        }
    }
    if kind == Kind::Run { bulk::follow(fx, before.as_ref(), subject) } else { Ok(()) }
}
