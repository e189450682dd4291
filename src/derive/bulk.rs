//! Bulk entries: `{"run":"B03.1.40","rows":[[…],[…]]}`, each row one subject's part, in the order of the entry's subjects.
//! They count when their run (批) is closed; then their rows are indexed and applied in slices that keep no till waiting.

use std::time::{Duration, Instant};

use crate::book::subject::{self, Kind};
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::local::PendingRow;
use crate::store::tables::base::RunRow;
use crate::store::{Db, StoreError, Tx};

use super::{Fx, cross, place};

const HEAD: &str = "{\"run\":\"";
const ROWS: &str = "\",\"rows\":[";

/// Longest time one slice may hold the write lock.
pub const SLICE: Duration = Duration::from_millis(40);

/// Is this the payload of a bulk entry?
pub fn is_bulk(payload: &str) -> bool {
    payload.starts_with(HEAD)
}

/// The run a bulk payload belongs to.
pub fn run_of(payload: &str) -> Option<Id> {
    let rest = payload.strip_prefix(HEAD)?;
    rest.get(..rest.find('"')?)?.parse().ok()
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

/// The subject-index rows of a bulk entry.
pub fn index_rows(entry: &EntryRow) -> Result<Vec<(Kind, SubjectRow)>, StoreError> {
    let broken = || StoreError::Corrupt(format!("成批凭单 {} 的行数与对象不符", entry.id));
    let spans = spans(&entry.payload).ok_or_else(broken)?;
    let subjects = subject::read(&entry.subjects, entry.id).ok_or_else(broken)?;
    if spans.len() != subjects.len() {
        return Err(broken());
    }
    let rows = spans.into_iter().zip(subjects).enumerate().filter_map(|(item, ((start, length), subject))| {
        let subject = subject?;
        let row = SubjectRow {
            kind: subject.kind.letter().to_owned(),
            subject: subject.id,
            hlc: entry.hlc,
            id: entry.id.with_item(item),
            start: i64::try_from(start).ok()?,
            length: i64::try_from(length).ok()?,
        };
        Some((subject.kind, row))
    });
    Ok(rows.collect())
}

/// Derives what closed runs left to do, slice by slice, each its own transaction. Interrupted, it goes on at the next call.
/// `done` is told the rows of each slice.
pub fn finish(db: &mut Db, mut done: impl FnMut(usize)) -> Result<(), StoreError> {
    while slice(db, &mut done)? {}
    Ok(())
}

/// One slice; false when nothing is left.
fn slice(db: &mut Db, done: &mut impl FnMut(usize)) -> Result<bool, StoreError> {
    let tx = db.write()?;
    let Some(pending) = tx.scan::<PendingRow>(&[])?.into_iter().next() else { return Ok(false) };
    let run = tx.get::<RunRow>(&[&pending.run])?;
    let Some(run) = run.filter(|run| run.state == "closed") else {
        tx.delete::<PendingRow>(&[&pending.run])?;
        tx.commit()?;
        return Ok(true);
    };
    let started = Instant::now();
    let mut fx = Fx::new(&tx);
    let mut next = pending.next;
    let mut rows = 0;
    let mut over = false;
    while !over && started.elapsed() < SLICE {
        let batch = tx.bulk_entries_after(next, run.closed_by.unwrap_or(run.id), &run.kind, 4)?;
        over = batch.is_empty();
        for entry in batch {
            next = entry.id;
            if run_of(&entry.payload) == Some(run.id) {
                rows += apply_entry(&mut fx, &entry)?;
            }
        }
    }
    fx.dirty.extend(fx.touched.iter().map(|(what, _)| *what));
    fx.touched.clear();
    if over {
        fx.dirty.extend(cross::ALL.iter().map(|cross| cross.what));
        cross::settle(&mut fx)?;
        tx.delete::<PendingRow>(&[&run.id])?;
    } else {
        tx.put(&PendingRow { run: run.id, next })?;
    }
    crate::store::local::note_bulk(&tx, &fx.reindex)?;
    tx.commit()?;
    done(rows);
    Ok(true)
}

/// Indexes and applies every row of a bulk entry.
pub fn apply_entry(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<usize, StoreError> {
    let rows = index_rows(entry)?;
    for (kind, row) in &rows {
        place(fx, *kind, row, entry)?;
    }
    Ok(rows.len())
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
