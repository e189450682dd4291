//! Deriving everything again from the day book, subject by subject in key order, so that writes are sequential.

use std::sync::mpsc::{channel, sync_channel};

use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::gather::Ground;
use crate::store::{Db, StoreError, Tx};

use super::{Fold, Fx, SHARED, bulk, cross, fold_of, index};

/// Batches of rows between the thread that folds and the one that writes.
const AHEAD: usize = 2;

/// Makes the derived tables anew and folds every subject. One transaction: before or after, never between.
pub fn rebuild(db: &mut Db, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
    bulk::finish(db, |_| {})?;
    db.sort_on_disk(true)?;
    let mut outcome = if db.is_file() { in_two(db, &mut progress) } else { Err(StoreError::Torn) };
    if matches!(outcome, Err(StoreError::Torn | StoreError::Busy)) {
        outcome = in_one(db, &mut progress);
    }
    db.sort_on_disk(false)?;
    outcome
}

/// One thread folds what another connection reads, this one writes. The write lock is held, so entries stand still.
fn in_two(db: &mut Db, progress: &mut impl FnMut(u64)) -> Result<(), StoreError> {
    let mut beside = db.again_to_walk()?;
    let tx = db.write()?;
    tx.renew_derived()?;
    let (sender, batches) = sync_channel(AHEAD);
    let (back, written_ones) = channel();
    std::thread::scope(|scope| {
        let folding = scope.spawn(move || {
            let tx = beside.read()?;
            tx.gather_into(sender, written_ones);
            let folded = fold_all(&tx);
            if tx.is_torn() { Err(StoreError::Torn) } else { folded }
        });
        let mut written = Ok(());
        let mut rows = 0;
        for batch in batches {
            rows += batch.len() as u64;
            written = tx.write_batch(&batch);
            let _ = back.send(batch); // when the folding thread is done, it is dropped here
            progress(rows);
            if written.is_err() {
                break; // the folding thread finds nobody to send to, and ends
            }
        }
        let folded = folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(folded)
    })?;
    finish(&tx)?;
    tx.commit()
}

fn in_one(db: &mut Db, progress: &mut impl FnMut(u64)) -> Result<(), StoreError> {
    let tx = db.write()?;
    all(&tx)?;
    progress(0);
    tx.commit()
}

/// The same inside a transaction.
pub fn all(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.renew_derived()?;
    tx.gather();
    fold_all(tx)?;
    finish(tx)
}

/// When every row stands: the indexes, then what crosses subjects.
fn finish(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.index_derived()?;
    let mut fx = Fx::new(tx);
    fx.dirty.extend(cross::ALL.iter().map(|cross| cross.what));
    cross::settle(&mut fx)
}

/// Folds every subject in key order, so that rows can be gathered and written in key order.
fn fold_all(tx: &Tx<'_>) -> Result<(), StoreError> {
    let mut fx = Fx::new(tx);
    fx.dirty.extend(cross::ALL.iter().map(|cross| cross.what)); // so that no number need be noted
    let mut at: Option<(Kind, Id)> = None;
    tx.walk_subjects(|row| {
        let Some(fold) = Kind::of(&row.kind).and_then(fold_of) else { return Ok(true) };
        if at != Some((fold.kind, row.subject)) {
            at = Some((fold.kind, row.subject));
            tx.gather_for(ground(fold), row.subject)?;
            fx.reindex.clear();
        }
        let entry = fx.at_hand.get(tx, row.id.entry())?;
        index::apply_row(&mut fx, fold.kind, row, &entry)?;
        Ok(true)
    })?;
    tx.gather_end()
}

fn ground(fold: &Fold) -> Ground {
    Ground { kind: fold.kind.letter(), tables: fold.tables, shared: SHARED }
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
