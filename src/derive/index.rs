//! The subject index: which subjects an entry is about, under which order key, and where each one's text lies in the payload.

use std::collections::BTreeSet;

use super::{Event, Fx, apply, bulk};
use crate::book::subject::{self, Kind, Subject};
use crate::rules::id::Id;
use crate::store::StoreError;
use crate::store::entries::{EntryRow, SubjectRow};

/// Setting: an entry about a kind of subject this program does not know was taken in.
pub const UNKNOWN_KIND: &str = "unknown_kind";

/// The index rows of an entry that is not bulk: one a subject, each with the whole payload.
pub fn rows(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Vec<(Kind, SubjectRow)>, StoreError> {
    let found = subjects(fx, entry)?;
    rows_of(fx, entry, found)
}

/// Subjects as they are read from an entry, one a place: `None` for one of an unknown kind; no list when it is malformed.
type Found = Option<Vec<Option<Subject>>>;

/// The same when its subjects are read already.
pub(super) fn rows_of(
    fx: &mut Fx<'_, '_>,
    entry: &EntryRow,
    found: Found,
) -> Result<Vec<(Kind, SubjectRow)>, StoreError> {
    let hlc = fx.order_key(entry)?;
    let length = i64::try_from(entry.payload.len()).unwrap_or(i64::MAX);
    let known: BTreeSet<Subject> = found.unwrap_or_default().into_iter().flatten().collect();
    let row = |subject: Subject| {
        let kind = subject.kind.letter().to_owned();
        (subject.kind, SubjectRow { kind, subject: subject.id, hlc, id: entry.id, start: 0, length })
    };
    Ok(known.into_iter().map(row).collect())
}

/// The index rows of a bulk entry: one a row of it. A malformed one has none.
pub fn bulk_rows(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Vec<(Kind, SubjectRow)>, StoreError> {
    let Some(spans) = bulk::spans(&entry.payload) else { return Ok(Vec::new()) };
    let Some(subjects) = subjects(fx, entry)?.filter(|subjects| subjects.len() == spans.len()) else {
        return Ok(Vec::new());
    };
    let hlc = fx.order_key(entry)?;
    let rows = spans.into_iter().zip(subjects).enumerate().filter_map(|(item, ((start, length), subject))| {
        let subject = subject.filter(|_| (item as i64) < crate::rules::id::ITEMS)?;
        let row = SubjectRow {
            kind: subject.kind.letter().to_owned(),
            subject: subject.id,
            hlc,
            id: entry.id.with_item(item),
            start: i64::try_from(start).ok()?,
            length: i64::try_from(length).ok()?,
        };
        Some((subject.kind, row))
    });
    Ok(rows.collect())
}

/// The index rows an entry may have, whether or not its run is closed.
pub fn all_rows(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Vec<(Kind, SubjectRow)>, StoreError> {
    if bulk::is_bulk(&entry.payload) { bulk_rows(fx, entry) } else { rows(fx, entry) }
}

/// The run a bulk entry belongs to.
pub fn run_of(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Option<Id>, StoreError> {
    let names = fx.names.of(fx.tx, entry.id)?;
    Ok(bulk::run_text(&entry.payload).and_then(|run| names.text(run).parse().ok()))
}

/// Whom an entry is about, by the names its author used.
pub(super) fn subjects(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Found, StoreError> {
    let names = fx.names.of(fx.tx, entry.id)?;
    let lacks = fx.lacks()?;
    let read = subject::read(&names.text(&entry.subjects), entry.id);
    Ok(read.map(|list| list.into_iter().map(|found| found.filter(|found| !lacks.kind(found.kind))).collect()))
}

/// Notes that an entry is about a kind of subject this program does not know: an upgraded one reads all entries again.
pub(super) fn note_unknown_kinds(
    fx: &mut Fx<'_, '_>,
    entry: &EntryRow,
    found: Option<&[Option<Subject>]>,
) -> Result<(), StoreError> {
    let unknown = found.is_some_and(|list| list.iter().any(Option::is_none));
    if unknown && fx.tx.setting(UNKNOWN_KIND)?.is_none_or(|known| known.is_empty()) {
        fx.tx.set_setting(UNKNOWN_KIND, &entry.id.to_string())?;
    }
    Ok(())
}

/// Applies one subject's part of an entry, with its order key and its author's own names.
pub(super) fn apply_row(fx: &mut Fx<'_, '_>, kind: Kind, row: &SubjectRow, entry: &EntryRow) -> Result<(), StoreError> {
    let body = text(entry, row)?;
    let names = fx.names.of(fx.tx, entry.id)?;
    if names.are_plain() && row.hlc == entry.hlc {
        return apply(fx, kind, &Event { subject: row.subject, id: row.id, entry, body });
    }
    let (actor, subjects) = (names.text(&entry.actor).into_owned(), names.text(&entry.subjects).into_owned());
    let meant = EntryRow { hlc: row.hlc, actor, subjects, ..entry.clone() };
    let body = names.text(body);
    apply(fx, kind, &Event { subject: row.subject, id: row.id, entry: &meant, body: &body })
}

pub(super) fn text<'a>(entry: &'a EntryRow, row: &SubjectRow) -> Result<&'a str, StoreError> {
    let start = usize::try_from(row.start).unwrap_or(usize::MAX);
    let end = start.saturating_add(usize::try_from(row.length).unwrap_or(usize::MAX));
    entry.payload.get(start..end).ok_or_else(|| StoreError::Corrupt(format!("凭单 {} 的索引越界", entry.id)))
}
