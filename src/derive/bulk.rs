//! Bulk entries: `{"run":"B03.1.40","rows":[[…],[…]]}`, each row one subject's part, in the order of the entry's subjects.
//! They count when their run (批) is closed; then their rows are indexed and applied in slices that keep no till waiting.

use std::time::{Duration, Instant};

use crate::book::subject::Kind;
use crate::rules::id::{ITEMS, Id};
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::local::PendingRow;
use crate::store::log_folder::LogFolder;
use crate::store::tables::base::RunRow;
use crate::store::{Db, StoreError, Tx};

use super::{Fx, cross, index, refold};

const HEAD: &str = "{\"run\":\"";
const ROWS: &str = "\",\"rows\":[";

/// Longest time one slice may hold the write lock.
pub const SLICE: Duration = Duration::from_millis(40);

/// Rows placed between two looks at the clock: those of one subject among them are placed together.
const AT_ONCE: usize = 16;

/// Rows of a run up to which numbers held by several are settled slice by slice; beyond, once at the end for all.
const SETTLED_AT_ONCE: i64 = 20_000;

/// Actions whose rows change no number that two could hold: their slices settle what little a refold touches.
const WITHOUT_NUMBERS: &[&str] = &["reading.enter", "bill.issue"];

/// Is this the payload of a bulk entry?
pub fn is_bulk(payload: &str) -> bool {
    payload.starts_with(HEAD)
}

/// The run a bulk payload belongs to, as its author names it.
pub fn run_text(payload: &str) -> Option<&str> {
    let rest = payload.strip_prefix(HEAD)?;
    rest.get(..rest.find('"')?)
}

/// The run a bulk payload belongs to.
pub fn run_of(payload: &str) -> Option<Id> {
    run_text(payload)?.parse().ok()
}

/// Writes a bulk payload from rows that are JSON arrays already.
pub fn payload(run: Id, rows: &[String]) -> String {
    let mut text = String::with_capacity(rows.iter().map(|row| row.len() + 1).sum::<usize>() + 40);
    text.push_str(HEAD);
    text.push_str(&run.to_string());
    text.push_str(ROWS);
    text.push_str(&rows.join(","));
    text.push_str("]}");
    text
}

/// Where each row lies in a bulk payload: (start, length) in bytes. `None` when it is malformed.
pub fn spans(payload: &str) -> Option<Vec<(usize, usize)>> {
    let head = payload.find(ROWS)? + ROWS.len();
    let bytes = payload.as_bytes();
    let (mut found, mut depth, mut start, mut index) = (Vec::new(), 0usize, 0usize, head);
    while index < bytes.len() {
        match bytes[index] {
            b'"' => index = skip_string(bytes, index)?,
            b'[' | b'{' => {
                if depth == 0 {
                    start = index;
                }
                depth += 1;
            }
            b']' | b'}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push((start, index + 1 - start));
                }
            }
            b']' => return (&bytes[index..] == b"]}").then_some(found),
            _ => {}
        }
        index += 1;
    }
    None
}

fn skip_string(bytes: &[u8], open: usize) -> Option<usize> {
    let mut index = open + 1;
    loop {
        match bytes.get(index)? {
            b'\\' => index += 2,
            b'"' => return Some(index),
            _ => index += 1,
        }
    }
}

/// Derives what closed runs left to do, slice by slice, each its own transaction. Interrupted, it goes on at the next call.
/// `done` is told the rows of each slice.
pub fn finish(db: &mut Db, mut done: impl FnMut(usize)) -> Result<(), StoreError> {
    let mut log = LogFolder::new();
    loop {
        while slice(db, false, &mut done)? == Left::More {
            log.look(db)?;
        }
        if slice(db, true, &mut done)? == Left::Nothing {
            return Ok(());
        }
    }
}

/// What a slice left to do.
#[derive(PartialEq)]
enum Left {
    More,
    /// Every row of a run stands; that nothing waits any more is to be noted in a write that waits for the disk.
    ToEnd,
    Nothing,
}

/// One slice. What one does is not told to anybody, so only the last waits for the disk; it says that the run is derived.
fn slice(db: &mut Db, last: bool, done: &mut impl FnMut(usize)) -> Result<Left, StoreError> {
    let tx = if last { db.write()? } else { db.write_part()? };
    let Some(pending) = tx.scan::<PendingRow>(&[])?.into_iter().next() else { return Ok(Left::Nothing) };
    let run = tx.get::<RunRow>(&[&pending.run])?;
    let Some(run) = run.filter(|run| run.state == "closed") else {
        tx.delete::<PendingRow>(&[&pending.run])?;
        tx.commit()?;
        return Ok(Left::More);
    };
    let at_once = run.rows <= SETTLED_AT_ONCE || WITHOUT_NUMBERS.contains(&run.kind.as_str());
    let started = Instant::now();
    let mut fx = Fx::new(&tx);
    let mut next = pending.next;
    let mut rows = 0;
    let mut over = false;
    'slice: while !over && started.elapsed() < SLICE {
        let batch = entries_of(&tx, &run, next)?;
        over = batch.is_empty();
        for entry in batch {
            if index::run_of(&mut fx, &entry)? != Some(run.id) {
                next = end_of(entry.id);
                continue;
            }
            let waiting: Vec<(Kind, SubjectRow)> =
                index::bulk_rows(&mut fx, &entry)?.into_iter().filter(|(_, row)| row.id > next).collect();
            for some in waiting.chunks(AT_ONCE) {
                rows += place_all(&mut fx, some, &entry)?;
                next = some.last().map_or(next, |(_, row)| row.id);
                if started.elapsed() >= SLICE {
                    break 'slice; // perhaps inside the entry: the next slice goes on after this row
                }
            }
            next = end_of(entry.id);
        }
    }
    if at_once {
        cross::settle(&mut fx)?;
    }
    fx.touched.clear();
    if over && last {
        fx.dirty.extend(cross::ALL.iter().map(|cross| cross.what).filter(|_| !at_once));
        cross::settle(&mut fx)?;
        tx.delete::<PendingRow>(&[&run.id])?;
    } else {
        tx.put(&PendingRow { run: run.id, next })?;
    }
    crate::store::local::note_bulk(&tx, &fx.reindex)?;
    tx.commit()?;
    done(rows);
    Ok(if over && !last { Left::ToEnd } else { Left::More })
}

/// Puts rows of one bulk entry in their subjects' orders, each subject once: at the end, or by folding it again. Answers how many
/// were new.
fn place_all(fx: &mut Fx<'_, '_>, rows: &[(Kind, SubjectRow)], entry: &EntryRow) -> Result<usize, StoreError> {
    let mut sorted: Vec<&(Kind, SubjectRow)> = rows.iter().collect();
    sorted.sort_by_key(|(kind, row)| (*kind, row.subject, row.hlc, row.id));
    let mut placed = 0;
    for of_one in sorted.chunk_by(|left, right| (left.0, left.1.subject) == (right.0, right.1.subject)) {
        let Some((kind, first)) = of_one.first() else { continue };
        let later = fx.tx.holds_later(&first.kind, first.subject, first.hlc, first.id)?;
        let mut new = Vec::with_capacity(1);
        for (_, row) in of_one {
            if fx.tx.index_row(row)? {
                new.push(row);
            }
        }
        placed += new.len();
        if later && !new.is_empty() {
            refold(fx, *kind, first.subject)?;
        } else {
            for row in new {
                index::apply_row(fx, *kind, row, entry)?;
            }
        }
    }
    Ok(placed)
}

/// A few bulk entries of a closed run from a place on; the one the place stands in is among them until it is done.
fn entries_of(tx: &Tx<'_>, run: &RunRow, next: Id) -> Result<Vec<EntryRow>, StoreError> {
    let after = if next == end_of(next) { next } else { Id(next.entry().0 - 1) };
    tx.bulk_entries_after(after.max(run.id), run.closed_by.unwrap_or(run.id), &run.kind, 4)
}

/// The last item a place can have.
fn end_of(place: Id) -> Id {
    place.with_item(ITEMS as usize - 1)
}

/// Does this bulk entry count: is its run closed, after it?
pub fn counts(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<bool, StoreError> {
    let Some(id) = index::run_of(fx, entry)? else { return Ok(false) };
    Ok(fx.tx.get::<RunRow>(&[&id])?.is_some_and(|run| covers(&run, entry.id, &entry.action)))
}

fn covers(run: &RunRow, place: Id, action: &str) -> bool {
    let closed = run.closed_by.filter(|_| run.state == "closed");
    run.kind == action && place > run.id && closed.is_some_and(|end| place < end)
}

/// A bulk entry has come: when its run is closed already, its rows wait to be derived.
pub(super) fn wait(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<(), StoreError> {
    if let Some(run) = index::run_of(fx, entry)?
        && counts(fx, entry)?
    {
        pend(fx.tx, run, Id(entry.id.0 - 1))?;
    }
    Ok(())
}

/// A run is to be derived from a place on, or from an earlier one it waits at already.
fn pend(tx: &Tx<'_>, run: Id, from: Id) -> Result<(), StoreError> {
    let next = tx.get::<PendingRow>(&[&run])?.map_or(from, |known| known.next.min(from));
    tx.put(&PendingRow { run, next })
}

/// Every row of a run, when it is closed, is to be derived again; of one that is not, none.
pub(super) fn again(tx: &Tx<'_>, run: Id) -> Result<(), StoreError> {
    let closed = tx.get::<RunRow>(&[&run])?.is_some_and(|row| row.state == "closed");
    if closed { tx.put(&PendingRow { run, next: run }) } else { tx.delete::<PendingRow>(&[&run]) }
}

/// A run may be closed otherwise than before: rows that count now wait to be derived, rows that count no more are taken out.
pub(super) fn follow(fx: &mut Fx<'_, '_>, before: Option<&RunRow>, run: Id) -> Result<(), StoreError> {
    let now = fx.tx.get::<RunRow>(&[&run])?;
    let end = |row: Option<&RunRow>| row.and_then(|row| row.closed_by.filter(|_| row.state == "closed"));
    let kind = |row: Option<&RunRow>| row.map(|row| row.kind.clone());
    let (old_end, new_end) = (end(before), end(now.as_ref()));
    let same_kind = kind(before) == kind(now.as_ref());
    if let (Some(before), Some(old_end)) = (before, old_end)
        && (!same_kind || new_end.is_none_or(|new_end| new_end < old_end))
    {
        take_out(fx, before, now.as_ref())?;
    }
    if new_end.is_some() && (new_end != old_end || !same_kind) {
        pend(fx.tx, run, run)?;
    }
    Ok(())
}

/// Takes out the rows that counted and do not any more. Only a restored copy or a fork closes a run twice, so this is rare.
fn take_out(fx: &mut Fx<'_, '_>, before: &RunRow, now: Option<&RunRow>) -> Result<(), StoreError> {
    let mut touched = std::collections::BTreeSet::new();
    let mut after = before.id;
    loop {
        let batch = fx.tx.bulk_entries_after(after, before.closed_by.unwrap_or(before.id), &before.kind, 4)?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        for entry in &batch {
            let counts = now.is_some_and(|now| covers(now, entry.id, &entry.action));
            if counts || index::run_of(fx, entry)? != Some(before.id) {
                continue;
            }
            for (kind, row) in index::bulk_rows(fx, entry)? {
                if fx.tx.unindex_row(&row)? {
                    touched.insert((kind, row.subject));
                }
            }
        }
    }
    super::refold_all(fx, touched)
}

/// Is a run still being derived?
pub fn is_pending(tx: &Tx<'_>) -> Result<bool, StoreError> {
    Ok(!tx.scan::<PendingRow>(&[])?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_malformed_bulk_payload_has_no_rows() {
        for bad in [
            "{\"run\":\"B03.1.1\",\"rows\":[[1]",
            "{\"run\":\"B03.1.1\",\"rows\":[[1]]} ",
            "{}",
            "{\"run\":\"B03.1.1\",\"rows\":[[\"a]]}",
        ] {
            assert_eq!(spans(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_found_where_they_were_written(rows in prop::collection::vec(("\\PC*", any::<i32>()), 0..20)) {
            let texts: Vec<String> = rows.iter().map(|(text, number)| serde_json::to_string(&(text, [number])).unwrap()).collect();
            let run: Id = "B03.1.7".parse().unwrap();
            let whole = payload(run, &texts);
            prop_assert_eq!(run_of(&whole), Some(run));
            let found: Vec<&str> = spans(&whole).unwrap().into_iter().map(|(start, length)| &whole[start..start + length]).collect();
            prop_assert_eq!(found, texts);
        }
    }
}
