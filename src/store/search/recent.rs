//! Accounts changed since the blocks were written; what stands beside the blocks holds, whatever they say.

use rusqlite::Connection;

use super::doc::{self, Reader};
use super::query::Clause;
use super::spread::Ids;
use crate::text::words::Words;

/// So many changed accounts are read afresh by a search, until the index takes them in.
const STALE: usize = 64;

/// The changed accounts with their words.
pub(super) struct Recent {
    ids: Ids,
    words: Vec<(i64, String)>,
}

impl Recent {
    /// Reads them, once for a text.
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let (mut ids, mut words) = (Ids::default(), Vec::new());
        let (mut reader, mut gatherer) = (Reader::new(conn)?, Words::default());
        for id in doc::stale(conn, STALE)? {
            ids.insert(id);
            if let Some(doc) = reader.read(id)? {
                words.push((id, doc.words(&mut gatherer).to_owned()));
            }
        }
        let mut statement = conn.prepare_cached("SELECT id, words FROM l_search_recent")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if ids.insert(id) {
                words.push((id, row.get(1)?));
            }
        }
        Ok(Self { ids, words })
    }

    /// Is the account one of them?
    pub(super) fn has(&self, id: i64) -> bool {
        self.ids.contains(&id)
    }

    /// Those that hold of every clause one word.
    pub(super) fn holding(&self, clauses: &[Clause]) -> Vec<Held<'_>> {
        let all = self.words.iter().map(|(id, words)| Held { id: *id, words, outright: true });
        all.filter_map(|one| one.with(clauses)).collect()
    }
}

/// A changed account that holds what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) id: i64,
    words: &'a str,
    /// Every word was meant outright.
    pub(super) outright: bool,
}

impl Held<'_> {
    /// The same when it holds these, too.
    pub(super) fn with(self, clauses: &[Clause]) -> Option<Self> {
        let exact = |clause: &Clause| clause.exact.iter().any(|word| self.holds(word));
        let mut outright = self.outright;
        for clause in clauses {
            if !exact(clause) {
                outright = false;
                if !clause.open.iter().any(|word| self.holds(word)) {
                    return None;
                }
            }
        }
        Some(Self { outright, ..self })
    }

    fn holds(&self, word: &str) -> bool {
        self.words.match_indices(word).any(|(at, _)| {
            let end = at + word.len();
            (at == 0 || self.words.as_bytes()[at - 1] == b' ')
                && (end == self.words.len() || self.words.as_bytes()[end] == b' ')
        })
    }
}
