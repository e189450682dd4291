//! Bulk work (批): opened by an entry, filled by bulk entries that are each under 64 KiB, closed by an entry. Commits every
//! twenty entries or 40 ms, so no till waits; nothing counts until it is closed. Interrupted, the same call goes on where it
//! stopped: the caller gives the same rows again and those already written are passed over.

use std::time::Instant;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Serialize;

use super::refusal::Refusal;
use super::{Desk, action::Draft, clock_jump};
use crate::book::append::{self, Head, NewEntry};
use crate::book::entry::MAX_PAYLOAD;
use crate::book::mark::Mark;
use crate::book::subject::{Kind, Subject, write as write_subjects};
use crate::derive::bulk::{self, SLICE};
use crate::derive::run::{RunClosed, RunOpened};
use crate::derive::{self, Fx, parties};
use crate::rules::id::{ITEMS, Id};
use crate::store::Tx;
use crate::store::entries::EntryRow;

/// Bytes of rows one bulk entry holds at most.
const MAX_ROWS_BYTES: usize = MAX_PAYLOAD - 1024;
/// Bulk entries between commits.
const ENTRIES_A_COMMIT: usize = 20;

/// Rows being written as a run. Not closed, it can be gone on with, or dropped.
pub struct Run {
    id: Id,
    kind: &'static str,
    version: u32,
    actor: String,
    rows: Vec<String>,
    subjects: Vec<Option<(Kind, Id)>>,
    kinds: Vec<Kind>,
    bytes: usize,
    passed_over: i64,
    already: i64,
    /// Hash over the rows an interrupted call wrote, and over those given again so far.
    before: blake3::Hash,
    again: blake3::Hasher,
    written: i64,
    entries: i64,
    waiting: Vec<Draft>,
    /// The caller folds the log into the file.
    leaves_log: bool,
}

/// What an interrupted call wrote.
#[derive(Default)]
struct Written {
    rows: i64,
    entries: i64,
    hash: blake3::Hasher,
}

/// Adds to a hash what a row is known by. Sealed fields of a customer differ at every sealing, the 户号 before them does not.
fn feed(hash: &mut blake3::Hasher, kind: &str, row: &str) {
    let known = if kind == "account.open" { row.split_once("\",").map_or(row, |(no, _)| no) } else { row };
    hash.update(known.as_bytes());
    hash.update(b"\n");
}

/// The rows of an interrupted run are not those given now: something they were judged by has changed since.
pub const RUN_CHANGED: &str = "run_changed";

fn run_changed() -> Refusal {
    Refusal::rule(RUN_CHANGED, "上次中断后情况有变，不能接着做，请重新执行")
}

impl Desk {
    /// Opens a run, or goes on with the open one of the same kind and source. `right` is what the person must hold.
    pub fn open_run(
        &mut self,
        right: &str,
        kind: &'static str,
        version: u32,
        label: &str,
        source: Option<&str>,
    ) -> Result<Run, Refusal> {
        let actor = self.bulk_actor(right)?;
        if let Some(session) = &self.session {
            super::session::refuse_left_open(&self.look()?, session.user, self.now(), kind)?;
        }
        super::frozen::refuse_set_aside(self.db.path())?;
        if let Some(frozen) = super::frozen::why(&self.look()?, &self.site)? {
            return Err(frozen.refusal());
        }
        let open = match source {
            Some(source) => self.look()?.own_runs_of_source(kind, source)?.into_iter().find(|run| run.state == "open"),
            None => None,
        };
        let (id, Written { rows: already, entries, hash: before }) = match open {
            Some(run) => (run.id, self.rows_of_run(run.id, kind)?),
            None => {
                let body = RunOpened { kind: kind.into(), label: label.into(), source: source.map(str::to_owned) };
                (self.write_system(&actor, "run.open", None, &body)?, Written::default())
            }
        };
        Ok(Run {
            id,
            kind,
            version,
            actor,
            rows: Vec::new(),
            subjects: Vec::new(),
            kinds: Vec::new(),
            bytes: 0,
            passed_over: 0,
            already,
            before: before.finalize(),
            again: blake3::Hasher::new(),
            written: already,
            entries,
            waiting: Vec::new(),
            leaves_log: false,
        })
    }

    fn bulk_actor(&self, right: &str) -> Result<String, Refusal> {
        Ok(self.may(right)?.user.to_string())
    }

    fn rows_of_run(&self, run: Id, kind: &str) -> Result<Written, Refusal> {
        let tx = self.look()?;
        let (mut written, mut after) = (Written::default(), run);
        loop {
            let batch = tx.bulk_entries_after(after, Id(i64::MAX), kind, 50)?;
            let Some(last) = batch.last() else { break };
            after = last.id;
            for entry in batch.iter().filter(|entry| bulk::run_of(&entry.payload) == Some(run)) {
                written.entries += 1;
                for (start, length) in bulk::spans(&entry.payload).unwrap_or_default() {
                    written.rows += 1;
                    feed(&mut written.hash, kind, &entry.payload[start..start + length]);
                }
            }
        }
        Ok(written)
    }

    /// Writes an entry of a run's frame.
    fn write_system<B: Serialize>(
        &mut self,
        actor: &str,
        action: &str,
        subject: Option<Id>,
        body: &B,
    ) -> Result<Id, Refusal> {
        let at = self.clock.now();
        let payload = serde_json::to_string(body).map_err(|error| Refusal::data(error.to_string()))?;
        let whose = (&self.site, self.db.is_file());
        let tx = self.db.write()?;
        let head = Head::read(&tx)?;
        super::prove_head(&tx, &head, whose)?;
        clock_jump::require(&tx, &head, at, action, self.practice)?;
        let subject = Subject::new(Kind::Run, subject.unwrap_or(head.next()?));
        let when = (at, super::session::business_day(&tx, at)?);
        let row = append::append(&tx, &head, entry(when, actor, action, 1, &[subject], payload))?;
        derive::record(&tx, &row)?;
        let mark = Mark::of(&tx, &Head { seq: row.seq, hlc: row.hlc, hash: row.hash, ..head })?;
        tx.commit()?;
        self.note_mark(&mark);
        Ok(row.id)
    }
}

/// An entry of a moment and its business day.
fn entry<'a>(
    (at, day): (DateTime<FixedOffset>, NaiveDate),
    actor: &'a str,
    action: &'a str,
    version: u32,
    subjects: &'a [Subject],
    payload: String,
) -> NewEntry<'a> {
    NewEntry { at, business_day: day, actor, action, version, subjects, key: None, payload }
}

impl Run {
    /// The run's name.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The caller goes on by itself after what is written (it looked): no row is passed over.
    pub fn go_on(&mut self) {
        (self.already, self.passed_over) = (0, 0);
    }

    /// The caller folds the log into the file at moments of its own, when nobody reads beside it.
    pub fn leave_log(&mut self) {
        self.leaves_log = true;
    }

    /// Rows written so far, those of an interrupted call included.
    pub fn rows(&self) -> i64 {
        self.written
    }

    /// Adds a row about a subject; `None` makes a new subject of this kind, named by its place. `row` is a JSON array.
    pub fn push(&mut self, desk: &mut Desk, kind: Kind, subject: Option<Id>, row: String) -> Result<(), Refusal> {
        if self.passed_over < self.already {
            self.passed_over += 1;
            feed(&mut self.again, self.kind, &row);
            return if self.passed_over == self.already { self.check_same() } else { Ok(()) };
        }
        if self.bytes + row.len() + 1 > MAX_ROWS_BYTES || self.rows.len() >= ITEMS as usize - 1 {
            self.flush(desk)?;
        }
        self.bytes += row.len() + 1;
        self.rows.push(row);
        self.kinds.push(kind);
        self.subjects.push(subject.map(|id| (kind, id)));
        Ok(())
    }

    /// The rows passed over are those written before.
    fn check_same(&self) -> Result<(), Refusal> {
        let same = self.passed_over == self.already && self.again.finalize() == self.before;
        if same || self.already == 0 { Ok(()) } else { Err(run_changed()) }
    }

    fn flush(&mut self, desk: &mut Desk) -> Result<(), Refusal> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let payload = bulk::payload(self.id, &self.rows);
        // A new subject's name is known when its entry gets its place; until then it is marked by the zero id and its row.
        let subjects = self
            .subjects
            .iter()
            .zip(&self.kinds)
            .map(|(subject, kind)| subject.map_or(Subject::new(*kind, Id(0)), |(kind, id)| Subject::new(kind, id)))
            .collect();
        self.written += self.rows.len() as i64;
        self.rows.clear();
        self.subjects.clear();
        self.kinds.clear();
        self.bytes = 0;
        self.waiting.push(Draft { subjects, payload, under: None });
        if self.waiting.len() >= ENTRIES_A_COMMIT { self.commit(desk) } else { Ok(()) }
    }

    fn commit(&mut self, desk: &mut Desk) -> Result<(), Refusal> {
        let mut waiting = std::mem::take(&mut self.waiting).into_iter().peekable();
        while waiting.peek().is_some() {
            let started = Instant::now();
            let at = desk.clock.now();
            let tx = desk.db.write()?;
            let mut head = Head::read(&tx)?;
            while started.elapsed() < SLICE {
                let Some(draft) = waiting.next() else { break };
                let row = self.append(&tx, &head, at, draft)?;
                self.entries += 1;
                head = Head { seq: row.seq, hlc: row.hlc, hash: row.hash, ..head };
            }
            let mark = Mark::of(&tx, &head)?;
            tx.commit()?;
            desk.note_mark(&mark);
        }
        if !self.leaves_log {
            desk.db.checkpoint_when_large()?;
        }
        Ok(())
    }

    fn append(
        &self,
        tx: &Tx<'_>,
        head: &Head,
        at: DateTime<FixedOffset>,
        mut draft: Draft,
    ) -> Result<EntryRow, Refusal> {
        let own = head.next()?;
        for (item, subject) in draft.subjects.iter_mut().enumerate() {
            if subject.id == Id(0) {
                subject.id = own.with_item(item);
            }
        }
        debug_assert!(!write_subjects(&draft.subjects, own).is_empty());
        let when = (at, super::session::business_day(tx, at)?);
        let new = entry(when, &self.actor, self.kind, self.version, &draft.subjects, draft.payload);
        let row = append::append(tx, head, new)?;
        parties::require(&mut Fx::new(tx), &row)?;
        Ok(row)
    }

    /// Closes the run and derives its rows; `progress` is told how many rows are derived.
    pub fn close(
        mut self,
        desk: &mut Desk,
        note: serde_json::Value,
        mut progress: impl FnMut(usize),
    ) -> Result<Id, Refusal> {
        self.check_same()?;
        self.flush(desk)?;
        self.commit(desk)?;
        let body = RunClosed { rows: self.written, entries: self.entries, note };
        desk.write_system(&self.actor.clone(), "run.close", Some(self.id), &body)?;
        bulk::finish(&mut desk.db, &mut progress)?;
        desk.hash_people(|_| {})?;
        desk.db.checkpoint_when_large()?;
        Ok(self.id)
    }

    /// Writes what is still held back; the run stays open.
    pub fn pause(&mut self, desk: &mut Desk) -> Result<(), Refusal> {
        self.flush(desk)?;
        self.commit(desk)
    }

    /// Drops the run: its rows stay in the day book and never count.
    pub fn discard(self, desk: &mut Desk) -> Result<(), Refusal> {
        desk.write_system(&self.actor.clone(), "run.drop", Some(self.id), &serde_json::json!({}))?;
        Ok(())
    }
}
