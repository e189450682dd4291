//! Deriving everything again from the day book, subject by subject in key order, so that writes are sequential.

use std::collections::{HashMap, VecDeque};

use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::{Db, StoreError, Tx};

use super::{Fx, bulk, cross, index};

/// Entries kept at hand while folding; bulk entries list subjects in order, so neighbours share them.
const AT_HAND: usize = 96;

/// Empties the derived tables and folds every subject. One transaction: before or after, never between.
pub fn rebuild(db: &mut Db, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
    bulk::finish(db, |_| {})?;
    let tx = db.write()?;
    all(&tx, &mut progress)?;
    tx.commit()
}

/// The same inside a transaction.
pub fn all(tx: &Tx<'_>, progress: &mut impl FnMut(u64)) -> Result<(), StoreError> {
    tx.clear_derived()?;
    let mut fx = Fx::new(tx);
    let mut shelf = Shelf::default();
    let mut count = 0;
    tx.walk_subjects(|row| {
        count += 1;
        if count % 10_000 == 0 {
            progress(count);
            fx.touched.clear();
            fx.reindex.clear();
        }
        let Some(kind) = Kind::of(&row.kind) else { return Ok(true) };
        let entry = shelf.get(tx, row.id.entry())?;
        index::apply_row(&mut fx, kind, row, entry)?;
        Ok(true)
    })?;
    fx.touched.clear();
    fx.dirty.extend(cross::ALL.iter().map(|cross| cross.what));
    cross::settle(&mut fx)?;
    progress(count);
    Ok(())
}

/// The first entry whose parts are not indexed as its payload says, or an index row nobody wrote.
pub fn index_fault(tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
    let mut expected = 0i64;
    let mut after = Id(0);
    let mut fx = Fx::new(tx);
    loop {
        let batch = tx.entries_after(after, 200)?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        for entry in &batch {
            for row in parts(&mut fx, entry)? {
                expected += 1;
                if tx.get::<SubjectRow>(&[&row.kind, &row.subject, &row.hlc, &row.id])?.as_ref() != Some(&row) {
                    return Ok(Some(format!("凭单 {} 没有记到对象 {}", entry.id, row.subject)));
                }
            }
        }
    }
    let found = tx.subject_index_count()?;
    Ok((found != expected).then(|| format!("对象索引有 {found} 行，凭单只说了 {expected} 行")))
}

/// The index rows that must stand for an entry.
fn parts(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Vec<SubjectRow>, StoreError> {
    let rows = if !bulk::is_bulk(&entry.payload) {
        index::rows(fx, entry)?
    } else if bulk::counts(fx, entry)? {
        index::bulk_rows(fx, entry)?
    } else {
        Vec::new()
    };
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Entries read a short while ago.
#[derive(Default)]
struct Shelf {
    entries: HashMap<Id, EntryRow>,
    order: VecDeque<Id>,
}

impl Shelf {
    fn get(&mut self, tx: &Tx<'_>, id: Id) -> Result<&EntryRow, StoreError> {
        if !self.entries.contains_key(&id) {
            if self.order.len() >= AT_HAND
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
            let entry = tx.entry(id)?.ok_or_else(|| StoreError::Corrupt(format!("凭单 {id} 不在")))?;
            self.order.push_back(id);
            self.entries.insert(id, entry);
        }
        Ok(&self.entries[&id])
    }
}
