//! Writes accounts into the blocks of the index.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::docset::{BLOCK, Bits, encode};
use super::ids::{self, CHUNK, DEAD};
use super::index::{set_places, state, transact};

/// Words written in one transaction: some tens of milliseconds.
const WORDS: usize = 8_192;

/// A block with fewer places is written again when some come, a few hundred kilobytes; one with more is left alone.
const SMALL: u64 = 8_192;

/// Gathers accounts until their block is full, and writes it.
pub(super) struct Builder<'c> {
    conn: &'c Connection,
    /// Places given so far.
    next: u64,
    /// First place not written yet.
    written: u64,
    words: HashMap<Box<str>, Vec<u16>>,
    ids: Vec<i64>,
    phones: Vec<(i64, i64)>,
}

impl<'c> Builder<'c> {
    /// Goes on behind the last place of the index: in its last block while that is small, else in a new one.
    pub(super) fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let mut next = state(conn)?.places;
        if next % BLOCK as u64 >= SMALL {
            next = next.next_multiple_of(BLOCK as u64);
        }
        Ok(Self { conn, next, written: next, words: HashMap::new(), ids: Vec::new(), phones: Vec::new() })
    }

    /// Adds a phone of an account.
    pub(super) fn phone(&mut self, digits: i64, id: i64) {
        self.phones.push((digits, id));
    }

    /// Adds an account with its words, blanks between them; a word may come twice.
    pub(super) fn add(&mut self, id: i64, words: &str) -> rusqlite::Result<()> {
        let place = (self.next % BLOCK as u64) as u16;
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            match self.words.get_mut(word) {
                Some(places) if places.last() == Some(&place) => {}
                Some(places) => places.push(place),
                None => {
                    self.words.insert(word.into(), vec![place]);
                }
            }
        }
        self.ids.push(id);
        self.next += 1;
        if self.next.is_multiple_of(BLOCK as u64) { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered: the words first, then the ids that make them count.
    pub(super) fn flush(&mut self) -> rusqlite::Result<()> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let block = self.written / BLOCK as u64;
        let fresh = self.written.is_multiple_of(BLOCK as u64);
        let mut words: Vec<(Box<str>, Vec<u16>)> = self.words.drain().collect();
        words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for some in words.chunks(WORDS) {
            transact(self.conn, || write_words(self.conn, block, fresh, some))?;
        }
        self.phones.sort_unstable();
        for some in self.phones.chunks(WORDS) {
            transact(self.conn, || write_phones(self.conn, some))?;
        }
        self.phones.clear();
        transact(self.conn, || self.write_ids())?;
        self.ids.clear();
        self.written = self.next;
        Ok(())
    }

    fn write_ids(&self) -> rusqlite::Result<()> {
        let mut place = self.written;
        let mut rest = &self.ids[..];
        while !rest.is_empty() {
            let (chunk, used) = (place / CHUNK, place % CHUNK);
            let mut all = if used > 0 { ids::read(self.conn, chunk)? } else { Vec::new() };
            all.resize(used as usize, DEAD);
            let (now, later) = rest.split_at(rest.len().min((CHUNK - used) as usize));
            all.extend(now);
            ids::write(self.conn, chunk, &all)?;
            place += now.len() as u64;
            rest = later;
        }
        set_places(self.conn, self.next)
    }
}

fn write_words(conn: &Connection, block: u64, fresh: bool, words: &[(Box<str>, Vec<u16>)]) -> rusqlite::Result<()> {
    let mut old = conn.prepare_cached("SELECT docs FROM l_search_word WHERE block = ?1 AND word = ?2")?;
    let mut put = conn.prepare_cached("INSERT OR REPLACE INTO l_search_word(block, word, docs) VALUES(?1, ?2, ?3)")?;
    for (word, places) in words {
        let before: Option<Vec<u8>> =
            if fresh { None } else { old.query_row(params![block as i64, word], |row| row.get(0)).optional()? };
        let blob = match before {
            None => encode(places),
            Some(blob) => {
                let mut bits = Bits::empty();
                bits.add(&blob);
                places.iter().for_each(|place| bits.set(*place));
                encode(&bits.places().collect::<Vec<_>>())
            }
        };
        put.execute(params![block as i64, word, blob])?;
    }
    Ok(())
}

/// Writes phones, each with its account.
pub(super) fn write_phones(conn: &Connection, phones: &[(i64, i64)]) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached("INSERT OR IGNORE INTO l_search_phone(digits, id) VALUES(?1, ?2)")?;
    phones.iter().try_for_each(|(digits, id)| statement.execute([digits, id]).map(drop))
}
