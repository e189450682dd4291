//! Which accounts hold the words: block by block, the sets of the words cut with one another as bits.

use std::collections::HashSet;

use rusqlite::{CachedStatement, Connection, params};

use super::doc::{self, Reader};
use super::docset::{BLOCK, Bits};
use super::index::state;
use super::query::Clause;
use super::{FIRST, Found, ids};
use crate::text::words::Words;

/// So many changed accounts are read afresh by a search, until the index takes them in.
const STALE: usize = 64;

/// Accounts that hold of every clause one word, [`FIRST`] at most; those with outright words come first. With `only`,
/// none but these (rising ids).
pub(super) fn holding(conn: &Connection, clauses: &[Clause], only: Option<&[i64]>) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    if clauses.is_empty() {
        return Ok(found);
    }
    let recent = Recent::search(conn, clauses, only, &mut found)?;
    let places = only.map(|wanted| ids::places(conn, wanted)).transpose()?;
    let mut search = Search {
        docs: conn.prepare_cached("SELECT docs FROM l_search_word WHERE block = ?1 AND word = ?2")?,
        one: Bits::empty(),
        exact: Bits::empty(),
        either: Bits::empty(),
    };
    for block in 0..state(conn)?.places.div_ceil(BLOCK as u64) {
        if let Some(places) = &places
            && !places.iter().any(|(place, _)| place / BLOCK as u64 == block)
        {
            continue;
        }
        if search.block(clauses, block)? {
            search.gather(conn, block, &recent, places.as_deref(), &mut found)?;
        }
        if found.first.len() >= FIRST {
            break;
        }
    }
    found.cut = found.first.len() >= FIRST || found.ids.len() >= FIRST;
    Ok(found)
}

/// The sets of one block, in buffers used again: with the outright words, and with those a number may become.
struct Search<'c> {
    docs: CachedStatement<'c>,
    one: Bits,
    exact: Bits,
    either: Bits,
}

impl Search<'_> {
    /// Cuts the clauses' sets in one block. Says whether anything is left.
    fn block(&mut self, clauses: &[Clause], block: u64) -> rusqlite::Result<bool> {
        for (at, clause) in clauses.iter().enumerate() {
            self.one.clear();
            self.load(&clause.exact, block)?;
            if at == 0 {
                self.exact.clone_from(&self.one)
            } else {
                self.exact.and(&self.one)
            }
            self.load(&clause.open, block)?;
            if at == 0 {
                self.either.clone_from(&self.one)
            } else {
                self.either.and(&self.one)
            }
            if self.either.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn load(&mut self, words: &[String], block: u64) -> rusqlite::Result<()> {
        for word in words {
            let mut rows = self.docs.query(params![block as i64, word])?;
            if let Some(row) = rows.next()? {
                self.one.add(row.get_ref(0)?.as_blob()?);
            }
        }
        Ok(())
    }

    /// Turns the places left in the block into accounts.
    fn gather(
        &self,
        conn: &Connection,
        block: u64,
        recent: &Recent,
        only: Option<&[(u64, i64)]>,
        found: &mut Found,
    ) -> rusqlite::Result<()> {
        let base = block * BLOCK as u64;
        if let Some(only) = only {
            for (place, id) in only.iter().filter(|(place, _)| place / BLOCK as u64 == block) {
                let place = (place - base) as u16;
                if self.either.has(place) && !recent.has(*id) {
                    found.add(*id, self.exact.has(place));
                }
            }
            return Ok(());
        }
        let outright = self.exact.places().take(FIRST - found.first.len().min(FIRST));
        self.translate(conn, base, outright, recent, true, found)?;
        let further = self.either.places().filter(|place| !self.exact.has(*place));
        self.translate(conn, base, further.take(FIRST - found.ids.len().min(FIRST)), recent, false, found)
    }

    fn translate(
        &self,
        conn: &Connection,
        base: u64,
        places: impl Iterator<Item = u16>,
        recent: &Recent,
        outright: bool,
        found: &mut Found,
    ) -> rusqlite::Result<()> {
        let places: Vec<u64> = places.map(|place| base + u64::from(place)).collect();
        let mut all = Vec::with_capacity(places.len());
        ids::at(conn, &places, &mut all)?;
        all.into_iter().filter(|id| !recent.has(*id)).for_each(|id| found.add(id, outright));
        Ok(())
    }
}

/// Accounts changed since the blocks were written; what stands beside the blocks holds, whatever they say.
struct Recent(HashSet<i64>);

impl Recent {
    /// Looks through the changed accounts one by one.
    fn search(
        conn: &Connection,
        clauses: &[Clause],
        only: Option<&[i64]>,
        found: &mut Found,
    ) -> rusqlite::Result<Self> {
        let mut recent = Self(HashSet::new());
        let (mut reader, mut gatherer) = (Reader::new(conn)?, Words::default());
        for id in doc::stale(conn, STALE)? {
            recent.0.insert(id);
            if let Some(doc) = reader.read(id)?.filter(|_| wanted(id, only)) {
                look(id, doc.words(&mut gatherer), clauses, found);
            }
        }
        let mut statement = conn.prepare_cached("SELECT id, words FROM l_search_recent")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if recent.0.insert(id) && wanted(id, only) {
                look(id, row.get_ref(1)?.as_str()?, clauses, found);
            }
        }
        Ok(recent)
    }

    fn has(&self, id: i64) -> bool {
        self.0.contains(&id)
    }
}

fn wanted(id: i64, only: Option<&[i64]>) -> bool {
    only.is_none_or(|only| only.binary_search(&id).is_ok())
}

/// Takes an account when its words hold what is asked for.
fn look(id: i64, words: &str, clauses: &[Clause], found: &mut Found) {
    let holds = |word: &String| {
        words.match_indices(word.as_str()).any(|(at, _)| {
            let end = at + word.len();
            (at == 0 || words.as_bytes()[at - 1] == b' ') && (end == words.len() || words.as_bytes()[end] == b' ')
        })
    };
    let exact = |clause: &Clause| clause.exact.iter().any(holds);
    if clauses.iter().all(|clause| exact(clause) || clause.open.iter().any(holds)) {
        found.add(id, clauses.iter().all(exact));
    }
}
