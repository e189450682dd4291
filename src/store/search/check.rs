//! Holds an index that says it is whole against the accounts it was made from: each word and each phone of every account.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::doc::{self, Doc, Reader};
use super::docset::{BLOCK, Bits};
use super::ids::{self, CHUNK, DEAD};
use super::index::{is_of_these_words, state};
use crate::text::words::Words;

/// Accounts looked at together, a row of the ids.
const STEP: usize = CHUNK as usize;

/// Is an account not found by what it is found by, or by something else? Of an index that is made anew by itself nothing is said.
pub(super) fn differs(conn: &Connection) -> rusqlite::Result<bool> {
    let state = state(conn)?;
    if !state.ready || !is_of_these_words(conn)? {
        return Ok(false);
    }
    let mut check = Check {
        conn,
        reader: Reader::new(conn)?,
        gatherer: Words::default(),
        waiting: doc::stale(conn, i64::MAX as usize)?.into_iter().collect(),
    };
    if check.beside_differ()? || check.has_homeless()? {
        return Ok(true);
    }
    for block in 0..state.places.div_ceil(BLOCK as u64) {
        if check.block_differs(block)? {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Check<'c> {
    conn: &'c Connection,
    reader: Reader<'c>,
    gatherer: Words,
    /// Accounts whose words do not stand in the blocks: not taken in yet, or beside them.
    waiting: HashSet<i64>,
}

impl Check<'_> {
    /// Are the words beside the blocks not those of their accounts?
    fn beside_differ(&mut self) -> rusqlite::Result<bool> {
        let mut statement = self.conn.prepare_cached("SELECT id, words FROM l_search_recent")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if !self.waiting.insert(id) {
                continue;
            }
            let doc = self.reader.read(id)?;
            let words = doc.as_ref().map_or("", |doc| doc.words(&mut self.gatherer));
            if row.get_ref(1)?.as_str()? != words || doc.is_some_and(|doc| self.lacks_phone(&doc).unwrap_or(true)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has an account no place in the blocks?
    fn has_homeless(&self) -> rusqlite::Result<bool> {
        let mut last = i64::MIN;
        loop {
            let some = doc::after(self.conn, last, STEP)?;
            let Some(end) = some.last() else { return Ok(false) };
            last = *end;
            let housed: HashSet<i64> = ids::places(self.conn, &some)?.into_iter().map(|(_, id)| id).collect();
            if some.iter().any(|id| !housed.contains(id) && !self.waiting.contains(id)) {
                return Ok(true);
            }
        }
    }

    /// Are the sets of a block not those of the accounts that stand there?
    fn block_differs(&mut self, block: u64) -> rusqlite::Result<bool> {
        let (mut expected, mut here) = (HashMap::<Box<str>, Vec<u16>>::new(), Bits::empty());
        let chunks = BLOCK as u64 / CHUNK;
        for chunk in block * chunks..(block + 1) * chunks {
            for (at, id) in ids::read(self.conn, chunk)?.into_iter().enumerate() {
                if id == DEAD || self.waiting.contains(&id) {
                    continue;
                }
                let Some(doc) = self.reader.read(id)? else { continue };
                if self.lacks_phone(&doc)? {
                    return Ok(true);
                }
                let place = ((chunk * CHUNK) % BLOCK as u64 + at as u64) as u16;
                here.set(place);
                for word in doc.words(&mut self.gatherer).split(' ').filter(|word| !word.is_empty()) {
                    match expected.get_mut(word) {
                        Some(places) if places.last() == Some(&place) => {}
                        Some(places) => places.push(place),
                        None => drop(expected.insert(word.into(), vec![place])),
                    }
                }
            }
        }
        let mut statement = self.conn.prepare_cached("SELECT word, docs FROM l_search_word WHERE block = ?1")?;
        let mut rows = statement.query(params![block as i64])?;
        let (mut set, mut meant) = (Bits::empty(), Bits::empty());
        while let Some(row) = rows.next()? {
            set.clear();
            set.add(row.get_ref(1)?.as_blob()?);
            set.and(&here);
            meant.clear();
            let places = expected.remove(row.get_ref(0)?.as_str()?).unwrap_or_default();
            places.into_iter().for_each(|place| meant.set(place));
            if set != meant {
                return Ok(true);
            }
        }
        Ok(!expected.is_empty())
    }

    fn lacks_phone(&self, doc: &Doc) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM l_search_phone WHERE digits = ?1 AND id = ?2)";
        let mut known = self.conn.prepare_cached(sql)?;
        for digits in doc.phones() {
            if !known.query_row([digits, doc.id], |row| row.get::<_, bool>(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
