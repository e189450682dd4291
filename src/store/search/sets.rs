//! The sets of one block: each word's is read once, however many questions of a text ask for it.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, params};

use super::docset::Bits;
use super::query::Clause;

/// Places that hold what was asked for.
pub(super) struct Cut {
    /// With words meant outright only.
    pub(super) exact: Bits,
    /// Also with those that a number may become.
    pub(super) either: Bits,
}

impl Cut {
    /// Of no places.
    pub(super) fn empty() -> Self {
        Self { exact: Bits::empty(), either: Bits::empty() }
    }

    /// Keeps what is in both. Says whether anything is left.
    pub(super) fn and(&mut self, other: &Self) -> bool {
        self.exact.and(&other.exact);
        self.either.and(&other.either);
        !self.either.is_empty()
    }
}

/// The sets of the block at work.
pub(super) struct Sets<'c> {
    docs: CachedStatement<'c>,
    /// Of each word asked for, with the block whose set it is.
    known: HashMap<String, (u64, Bits)>,
    one: Bits,
}

impl<'c> Sets<'c> {
    /// Of no word yet.
    pub(super) fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let docs = conn.prepare_cached("SELECT docs FROM l_search_word WHERE block = ?1 AND word = ?2")?;
        Ok(Self { docs, known: HashMap::new(), one: Bits::empty() })
    }

    /// Cuts the clauses' sets in one block. Says whether anything is left; if not, `cut` means nothing.
    pub(super) fn cut(&mut self, block: u64, clauses: &[Clause], cut: &mut Cut) -> rusqlite::Result<bool> {
        for (at, clause) in clauses.iter().enumerate() {
            for word in clause.exact.iter().chain(&clause.open) {
                self.read(block, word)?;
            }
            if let ([word], []) = (&clause.exact[..], &clause.open[..])
                && let Some((_, set)) = self.known.get(word)
            {
                meet(&mut cut.exact, set, at);
                meet(&mut cut.either, set, at);
            } else {
                self.one.clear();
                self.unite(&clause.exact);
                meet(&mut cut.exact, &self.one, at);
                self.unite(&clause.open);
                meet(&mut cut.either, &self.one, at);
            }
            if cut.either.is_empty() {
                return Ok(false);
            }
        }
        Ok(!clauses.is_empty())
    }

    fn unite(&mut self, words: &[String]) {
        words.iter().filter_map(|word| self.known.get(word)).for_each(|(_, set)| self.one.or(set));
    }

    /// Reads the set of a word in this block, unless it is the one known.
    fn read(&mut self, block: u64, word: &str) -> rusqlite::Result<()> {
        if !self.known.contains_key(word) {
            self.known.insert(word.to_owned(), (u64::MAX, Bits::empty()));
        }
        let Some((of, set)) = self.known.get_mut(word).filter(|(of, _)| *of != block) else { return Ok(()) };
        *of = block;
        set.clear();
        let mut rows = self.docs.query(params![block as i64, word])?;
        if let Some(row) = rows.next()? {
            set.add(row.get_ref(0)?.as_blob()?);
        }
        Ok(())
    }
}

fn meet(all: &mut Bits, next: &Bits, at: usize) {
    if at == 0 {
        all.clone_from(next);
    } else {
        all.and(next);
    }
}
