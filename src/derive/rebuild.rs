//! Deriving everything again from the day book, subject by subject in key order, so that writes are sequential.

use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};

use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::gather::Ground;
use crate::store::{Db, StoreError, Tx};

use super::{FOLDS, Fold, Fx, SHARED, bulk, cross, fold_of, index};

/// Batches of rows between the thread that folds and the one that writes.
const AHEAD: usize = 2;

/// How long a start waits for another that is deriving everything again.
const PATIENCE: Duration = Duration::from_secs(600);

/// Puts the schema's guards back, makes the derived tables anew and folds every subject. One transaction: before or after, never
/// between.
pub fn rebuild(db: &mut Db, progress: impl FnMut(u64)) -> Result<(), StoreError> {
    if !db.look()?.is_derived_stale()? {
        bulk::finish(db, |_| {})?;
    }
    whole(db, false, progress).map(|_| ())
}

/// The same at the first start after an upgrade, when the derived tables are of another shape: once, whoever comes first; the
/// others wait. A start cut short leaves the file as it was. Answers whether it was done here.
pub fn after_upgrade(db: &mut Db) -> Result<bool, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        if !db.look()?.is_derived_stale()? {
            return Ok(false);
        }
        match whole(db, true, |_| {}) {
            Err(StoreError::Busy) if Instant::now() < until => {}
            done => return done,
        }
    }
}

/// Answers whether it was done: not, when only a stale book is meant and another process was quicker.
fn whole(db: &mut Db, only_stale: bool, mut progress: impl FnMut(u64)) -> Result<bool, StoreError> {
    db.sort_on_disk(true)?;
    let mut outcome = if db.is_file() { in_two(db, only_stale, &mut progress) } else { Err(StoreError::Torn) };
    if matches!(outcome, Err(StoreError::Torn | StoreError::Busy)) {
        outcome = in_one(db, only_stale, &mut progress);
    }
    db.sort_on_disk(false)?;
    outcome
}

/// One thread folds what another connection reads, this one writes. The write lock is held, so entries stand still.
fn in_two(db: &mut Db, only_stale: bool, progress: &mut impl FnMut(u64)) -> Result<bool, StoreError> {
    let mut beside = db.again_to_walk()?;
    let tx = db.write()?;
    if only_stale && !tx.is_derived_stale()? {
        return Ok(false);
    }
    tx.mend_schema()?;
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
    tx.commit()?;
    Ok(true)
}

fn in_one(db: &mut Db, only_stale: bool, progress: &mut impl FnMut(u64)) -> Result<bool, StoreError> {
    let tx = db.write()?;
    if only_stale && !tx.is_derived_stale()? {
        return Ok(false);
    }
    tx.mend_schema()?;
    all(&tx)?;
    progress(0);
    tx.commit()?;
    Ok(true)
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
    cross::settle(&mut fx)?;
    tx.note_derived()
}

/// Entries without derived rows: the first kind of subject whose entries left no row at all. Such a book is never sound.
pub fn emptiness_fault(tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
    for fold in FOLDS {
        let kind = fold.kind.letter();
        let mut rows = false;
        for (table, _) in fold.tables {
            rows = rows || tx.has_rows(table)?;
        }
        for table in SHARED {
            rows = rows || tx.has_rows_of(table, kind)?;
        }
        if !rows && tx.has_subjects(kind)? {
            let tables: Vec<&str> = fold.tables.iter().map(|(table, _)| *table).collect();
            let tables = tables.join("、");
            return Ok(Some(format!("日记账里有凭单，记出的表 ({tables}) 却是空的；请运行 rebuild 重新记账")));
        }
    }
    Ok(None)
}

/// Is nothing derived at all, though there are entries? So a start after an upgrade, cut short under an earlier program, left it.
pub fn is_empty(tx: &Tx<'_>) -> Result<bool, StoreError> {
    if !tx.has_rows("entry")? {
        return Ok(false);
    }
    for table in tx.derived_tables()? {
        if tx.has_rows(&table)? {
            return Ok(false);
        }
    }
    Ok(true)
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
