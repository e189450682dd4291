//! Rows held back while everything is derived again, so that they are written in the order of their keys.
//!
//! A fold reads and writes rows of its own subject only ([`crate::derive`]). While a transaction gathers, such rows stay in
//! memory: they are found there again without SQL, and go to their tables sorted, many at a time. Whatever else is asked of
//! the transaction is answered by SQLite, after everything held back was written: gathering changes speed, never an answer.
//!
//! Rows may also go to another thread, which owns the transaction that writes ([`Tx::gather_into`]). Then nothing but held
//! rows can be answered; a fold that asks for more ends the gathering with [`StoreError::Torn`].

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::db::Key;
use super::table::Sql;
use super::{Column, StoreError, Table, Tx};

/// Rows held at most, between subjects.
const ROWS: usize = 8_192;

/// A kind of subject as its fold sees it.
#[derive(Clone, Copy)]
pub struct Ground {
    /// Letter of the kind.
    pub kind: &'static str,
    /// Tables of its rows, with the column of the subject.
    pub tables: &'static [(&'static str, &'static str)],
    /// Tables every kind shares, keyed (kind, subject).
    pub shared: &'static [&'static str],
}

/// Adds a value to a key; keys of one table compare as SQLite compares them, and a prefix of values is a prefix of bytes.
pub fn push_key(key: &mut Vec<u8>, value: &ToSqlOutput<'_>) {
    let value = match value {
        ToSqlOutput::Borrowed(value) => *value,
        ToSqlOutput::Owned(Value::Integer(number)) => ValueRef::Integer(*number),
        ToSqlOutput::Owned(Value::Text(text)) => ValueRef::Text(text.as_bytes()),
        ToSqlOutput::Owned(Value::Blob(blob)) => ValueRef::Blob(blob),
        _ => ValueRef::Null,
    };
    let bytes = |key: &mut Vec<u8>, tag: u8, bytes: &[u8]| {
        key.push(tag);
        for byte in bytes {
            key.push(*byte);
            if *byte == 0 {
                key.push(0xFF);
            }
        }
        key.extend_from_slice(&[0, 0]);
    };
    match value {
        ValueRef::Integer(number) => {
            key.push(1);
            key.extend_from_slice(&(number ^ i64::MIN).to_be_bytes());
        }
        ValueRef::Text(text) => bytes(key, 2, text),
        ValueRef::Blob(blob) => bytes(key, 3, blob),
        ValueRef::Null | ValueRef::Real(_) => key.push(0),
    }
}

fn key_of(parts: &[&dyn Key]) -> Vec<u8> {
    let mut key = Vec::with_capacity(24);
    for part in parts {
        push_key(&mut key, &part.sql());
    }
    key
}

/// A row of any table.
trait Kept: Send {
    fn bind_all(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Table> Kept for T {
    fn bind_all(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        self.bind(statement)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How a table belongs to the subject at work.
#[derive(Clone, Copy, PartialEq)]
enum Own {
    No,
    Subject,
    KindAndSubject,
}

/// Rows of one table.
struct Sheet {
    name: &'static str,
    sql: &'static Sql,
    first: &'static str,
    own: Own,
    rows: BTreeMap<Vec<u8>, Box<dyn Kept>>,
}

/// Rows on their way to their tables: of each table, in key order.
pub struct Batch(Vec<(&'static Sql, Vec<Box<dyn Kept>>)>);

impl Batch {
    /// How many rows.
    #[expect(clippy::len_without_is_empty, reason = "an empty batch is never sent")]
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, rows)| rows.len()).sum()
    }
}

/// What a transaction holds back.
pub(super) struct Gathered {
    ground: Ground,
    subject: Vec<u8>,
    kind_and_subject: Vec<u8>,
    sheets: Vec<Sheet>,
    rows: usize,
    /// Who writes them, if not this transaction, and what has been written.
    writer: Option<(SyncSender<Batch>, Receiver<Batch>)>,
    /// Rows of the subject at work are in the tables already: nothing is held back until the next subject.
    torn: bool,
    /// Why rows could not be written.
    fault: Option<StoreError>,
}

impl Gathered {
    fn own(&self, name: &str, first: &str) -> Own {
        if self.ground.shared.contains(&name) {
            Own::KindAndSubject
        } else if self.ground.tables.contains(&(name, first)) {
            Own::Subject
        } else {
            Own::No
        }
    }

    fn take(&mut self) -> Batch {
        self.rows = 0;
        let full = self.sheets.iter_mut().filter(|sheet| !sheet.rows.is_empty());
        Batch(full.map(|sheet| (sheet.sql, std::mem::take(&mut sheet.rows).into_values().collect())).collect())
    }

    fn sheet<T: Table>(&mut self) -> usize {
        if let Some(at) = self.sheets.iter().position(|sheet| sheet.name == T::NAME) {
            return at;
        }
        let first = T::COLUMNS.first().copied().unwrap_or_default();
        let own = self.own(T::NAME, first);
        self.sheets.push(Sheet { name: T::NAME, sql: T::sql(), first, own, rows: BTreeMap::new() });
        self.sheets.len() - 1
    }

    /// The sheet that alone knows the rows of a key, or none: then SQLite must be asked.
    fn answering<T: Table>(&mut self, key: &[u8]) -> Option<&mut Sheet> {
        let at = self.sheet::<T>();
        let begins = match self.sheets[at].own {
            Own::No => return None,
            Own::Subject => &self.subject,
            Own::KindAndSubject => &self.kind_and_subject,
        };
        key.starts_with(begins).then(|| &mut self.sheets[at])
    }
}

/// An answer from what is held back.
pub(super) enum Held<A> {
    /// This is it.
    Yes(A),
    /// SQLite knows.
    Ask,
}

impl Tx<'_> {
    /// Holds rows back from now on. Only for a derivation into empty tables in the order of subjects.
    pub fn gather(&self) {
        self.begin_gathering(None);
    }

    /// The same, for another transaction to write: this one only reads entries. What is written comes back to be dropped by
    /// the thread that made it: two threads at one heap wait for each other.
    pub fn gather_into(&self, writer: SyncSender<Batch>, written: Receiver<Batch>) {
        self.begin_gathering(Some((writer, written)));
    }

    fn begin_gathering(&self, writer: Option<(SyncSender<Batch>, Receiver<Batch>)>) {
        let ground = Ground { kind: "", tables: &[], shared: &[] };
        *self.held.borrow_mut() = Some(Gathered {
            ground,
            subject: Vec::new(),
            kind_and_subject: Vec::new(),
            sheets: Vec::new(),
            rows: 0,
            writer,
            torn: true, // until the first subject
            fault: None,
        });
    }

    /// The next subject is folded: none of its rows exist yet.
    pub fn gather_for(&self, ground: Ground, subject: crate::rules::id::Id) -> Result<(), StoreError> {
        if self.held.borrow().as_ref().is_some_and(|held| held.rows >= ROWS) {
            self.write_held()?;
        }
        if let Some(held) = &mut *self.held.borrow_mut() {
            if let Some(fault) = held.fault.take() {
                return Err(fault);
            }
            let changed = held.ground.kind != ground.kind;
            held.ground = ground;
            held.torn = false;
            held.subject.clear();
            push_key(&mut held.subject, &subject.to_sql());
            held.kind_and_subject.clear();
            push_key(&mut held.kind_and_subject, &ground.kind.to_sql());
            held.kind_and_subject.extend_from_slice(&held.subject);
            if changed {
                let owns: Vec<Own> = held.sheets.iter().map(|sheet| held.own(sheet.name, sheet.first)).collect();
                for (sheet, own) in held.sheets.iter_mut().zip(owns) {
                    sheet.own = own;
                }
            }
        }
        Ok(())
    }

    /// Writes what is held back and holds nothing back any more.
    pub fn gather_end(&self) -> Result<(), StoreError> {
        self.write_held()?;
        match self.held.borrow_mut().take().and_then(|held| held.fault) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Are rows held back?
    pub fn is_gathering(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// Was something asked that only the writing thread could answer? Whatever came after it is worth nothing.
    pub fn is_torn(&self) -> bool {
        self.held.borrow().as_ref().is_some_and(|held| held.torn && held.writer.is_some())
    }

    /// Before SQLite is asked anything: what is held back goes to its tables. A fault is told at the next subject.
    pub(super) fn tear(&self) {
        if self.held.borrow().as_ref().is_none_or(|held| held.torn) {
            return;
        }
        let written = self.write_held();
        if let Some(held) = &mut *self.held.borrow_mut() {
            held.torn = true;
            let elsewhere = held.writer.is_some().then_some(StoreError::Torn);
            if let Some(fault) = written.err().or(elsewhere) {
                held.fault.get_or_insert(fault);
            }
        }
    }

    fn write_held(&self) -> Result<(), StoreError> {
        let mut held = self.held.borrow_mut();
        let Some(held) = held.as_mut().filter(|held| held.rows > 0) else { return Ok(()) };
        let batch = held.take();
        match &held.writer {
            Some((writer, written)) => {
                written.try_iter().for_each(drop);
                writer.send(batch).map_err(|_| StoreError::Torn)
            }
            None => self.write_batch(&batch),
        }
    }

    /// Writes rows that were held back.
    pub fn write_batch(&self, batch: &Batch) -> Result<(), StoreError> {
        for (sql, rows) in &batch.0 {
            let mut insert = self.tx.prepare_cached(&sql.insert)?;
            for row in rows {
                row.bind_all(&mut insert)?;
                if insert.raw_execute().is_err() {
                    // Not new after all, or a real fault, which shows again.
                    let mut put = self.tx.prepare_cached(&sql.put)?;
                    row.bind_all(&mut put)?;
                    put.raw_execute()?;
                }
            }
        }
        Ok(())
    }

    /// Holds a row back, when that is what this transaction does.
    pub(super) fn hold<T: Table>(&self, row: &T) -> bool {
        let mut held = self.held.borrow_mut();
        let Some(held) = held.as_mut().filter(|held| !held.torn && is_derived::<T>()) else { return false };
        let at = held.sheet::<T>();
        if held.sheets[at].rows.insert(row.key(), Box::new(row.clone())).is_none() {
            held.rows += 1;
        }
        true
    }

    /// The row of a key.
    pub(super) fn held_row<T: Table>(&self, key: &[&dyn Key]) -> Held<Option<T>> {
        match self.held_rows::<T>(key) {
            Held::Yes(mut rows) => Held::Yes(rows.pop()),
            Held::Ask => Held::Ask,
        }
    }

    /// Rows whose key begins so, in key order.
    pub(super) fn held_rows<T: Table>(&self, prefix: &[&dyn Key]) -> Held<Vec<T>> {
        let found = match &mut *self.held.borrow_mut() {
            Some(held) if !held.torn && is_derived::<T>() => {
                let key = key_of(prefix);
                held.answering::<T>(&key).and_then(|sheet| {
                    let rows = sheet.rows.range(key.clone()..).take_while(|(of, _)| of.starts_with(&key));
                    rows.map(|(_, row)| row.as_any().downcast_ref::<T>().cloned()).collect()
                })
            }
            _ => return Held::Ask,
        };
        found.map_or_else(
            || {
                self.tear();
                Held::Ask
            },
            Held::Yes,
        )
    }

    /// Takes back the row of a key.
    pub(super) fn unhold<T: Table>(&self, key: &[&dyn Key]) -> Held<()> {
        let found = match &mut *self.held.borrow_mut() {
            Some(held) if !held.torn && is_derived::<T>() => {
                let key = key_of(key);
                let gone = held.answering::<T>(&key).map(|sheet| sheet.rows.remove(&key).is_some());
                held.rows -= usize::from(gone == Some(true));
                gone
            }
            _ => return Held::Ask,
        };
        if found.is_none() {
            self.tear();
            return Held::Ask;
        }
        Held::Yes(())
    }
}

fn is_derived<T: Table>() -> bool {
    T::NAME.starts_with("d_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::id::Id;
    use crate::store::Db;
    use crate::store::tables::base::{HoldRow, RunRow};
    use proptest::prelude::*;

    const GROUND: Ground = Ground { kind: "r", tables: &[("d_run", "id")], shared: &["d_hold"] };

    fn run(id: i64) -> RunRow {
        let text = String::new();
        RunRow {
            id: Id(id),
            kind: "k".into(),
            label: text.clone(),
            source: None,
            state: text,
            rows: 0,
            closed_by: None,
        }
    }

    fn hold(subject: i64, entry: i64) -> HoldRow {
        HoldRow { kind: "r".into(), subject: Id(subject), entry: Id(entry), reason: String::new() }
    }

    #[test]
    fn held_rows_are_found_in_key_order_and_stand_in_the_tables_when_sqlite_is_asked() {
        let mut db = Db::in_memory().unwrap();
        let tx = db.write().unwrap();
        tx.gather();
        tx.gather_for(GROUND, Id(1)).unwrap();
        tx.put(&run(1)).unwrap();
        tx.gather_for(GROUND, Id(2)).unwrap();
        for entry in [9, -3, 4] {
            tx.put(&hold(2, entry)).unwrap();
        }
        tx.delete::<HoldRow>(&[&"r", &Id(2), &Id(4)]).unwrap();
        assert_eq!(tx.get::<RunRow>(&[&Id(2)]).unwrap(), None);
        assert_eq!(tx.scan::<HoldRow>(&[&"r", &Id(2)]).unwrap(), [hold(2, -3), hold(2, 9)]);
        // Another subject's row is not this subject's to know: SQLite is asked, with everything written.
        assert_eq!(tx.get::<RunRow>(&[&Id(1)]).unwrap(), Some(run(1)));
        tx.put(&RunRow { rows: 7, ..run(1) }).unwrap();
        tx.gather_end().unwrap();
        assert_eq!(tx.scan::<RunRow>(&[]).unwrap(), [RunRow { rows: 7, ..run(1) }]);
        assert_eq!(tx.scan::<HoldRow>(&[]).unwrap().len(), 2);
    }

    #[test]
    fn a_fold_that_asks_for_more_than_its_own_rows_is_not_answered_by_a_reading_transaction() {
        let mut db = Db::in_memory().unwrap();
        let tx = db.write().unwrap();
        let (sender, batches) = std::sync::mpsc::sync_channel(9);
        let (_back, written) = std::sync::mpsc::channel();
        tx.gather_into(sender, written);
        tx.gather_for(GROUND, Id(2)).unwrap();
        tx.put(&run(2)).unwrap();
        assert_eq!(tx.get::<RunRow>(&[&Id(1)]).unwrap(), None);
        assert!(matches!(tx.gather_end(), Err(StoreError::Torn)));
        assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), 1);
    }

    proptest! {
        #[test]
        fn keys_compare_as_their_values_do(left in (any::<i64>(), "[\\x00-\\x02王]{0,4}", any::<i64>()), right in (any::<i64>(), "[\\x00-\\x02王]{0,4}", any::<i64>())) {
            let key = |of: &(i64, String, i64)| key_of(&[&of.0, &of.1, &of.2]);
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
            let turned = |of: &(i64, String, i64)| key_of(&[&of.1, &of.0]);
            prop_assert_eq!(turned(&left).cmp(&turned(&right)), (&left.1, left.0).cmp(&(&right.1, right.0)));
            prop_assert!(key(&left).starts_with(&key_of(&[&left.0, &left.1])));
        }
    }
}
