//! The state hash: every derived table, canonical rows in primary-key order (I-4, I-5). Two books with equal entry sets give
//! equal hashes on every machine.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::types::ValueRef;

use crate::rules::id::Id;
use crate::store::migrate::{self, derived_tables};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Hash over all `d_*` tables.
    pub fn state_hash(&self) -> Result<[u8; 32], StoreError> {
        let mut whole = blake3::Hasher::new_derive_key("meterdesk state 1");
        for table in derived_tables(self.conn())? {
            whole.update(table.as_bytes());
            whole.update(&self.table_hash(&table)?);
        }
        Ok(*whole.finalize().as_bytes())
    }

    /// Hash over one derived table and how many rows it has, for finding where two states differ.
    pub fn table_hash(&self, table: &str) -> Result<[u8; 32], StoreError> {
        let order = self.key_of(table)?;
        self.hash_of(&format!("SELECT * FROM {table} ORDER BY {order}"), &[])
    }

    /// Hash over the rows of a derived table that are one subject's; of a table all kinds share, with the letter of its kind.
    pub fn rows_hash(
        &self,
        table: &'static str,
        column: &'static str,
        kind: Option<&str>,
        subject: Id,
    ) -> Result<[u8; 32], StoreError> {
        let order = self.key_of(table)?;
        let tail = if kind.is_some() { " AND kind = ?2" } else { "" };
        let sql = format!("SELECT * FROM {table} WHERE {column} = ?1{tail} ORDER BY {order}");
        match kind {
            Some(kind) => self.hash_of(&sql, &[&subject.0, &kind]),
            None => self.hash_of(&sql, &[&subject.0]),
        }
    }

    /// The columns of a table's primary key, in its order: asked for once, a program knows only one shape of its tables.
    fn key_of(&self, table: &str) -> Result<String, StoreError> {
        static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known().get(table) {
            return Ok(key.clone());
        }
        let key = self.read_key_of(table)?;
        known().insert(table.to_owned(), key.clone());
        Ok(key)
    }

    fn read_key_of(&self, table: &str) -> Result<String, StoreError> {
        let mut key = Vec::new();
        let mut columns = self.conn().prepare_cached(&format!("PRAGMA table_info({table})"))?;
        let mut rows = columns.query([])?;
        while let Some(row) = rows.next()? {
            let (name, place): (String, i64) = (row.get(1)?, row.get(5)?);
            if place > 0 {
                key.push((place, name));
            }
        }
        key.sort();
        Ok(key.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", "))
    }

    fn hash_of(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<[u8; 32], StoreError> {
        let mut statement = self.conn().prepare_cached(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query(values)?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = Vec::with_capacity(1 << 16);
        while let Some(row) = rows.next()? {
            for column in 0..width {
                canonical(row.get_ref(column)?, &mut buffer);
            }
            if buffer.len() > 1 << 15 {
                hasher.update(&buffer);
                buffer.clear();
            }
        }
        hasher.update(&buffer);
        Ok(*hasher.finalize().as_bytes())
    }

    /// Names of the derived tables.
    pub fn derived_tables(&self) -> Result<Vec<String>, StoreError> {
        derived_tables(self.conn())
    }

    /// Makes every derived table anew, empty and without its indexes: rows come sorted, and an index is quicker made of all.
    pub fn renew_derived(&self) -> Result<(), StoreError> {
        migrate::renew_derived(self.conn())
    }

    /// Makes the indexes of the derived tables.
    pub fn index_derived(&self) -> Result<(), StoreError> {
        migrate::index_derived(self.conn())
    }
}

fn canonical(value: ValueRef<'_>, out: &mut Vec<u8>) {
    let bytes = |tag: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(tag);
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => out.push(0),
        ValueRef::Integer(number) => {
            out.push(1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Text(text) => bytes(2, text, out),
        ValueRef::Blob(blob) => bytes(3, blob, out),
        ValueRef::Real(number) => bytes(4, &number.to_le_bytes(), out),
    }
}
