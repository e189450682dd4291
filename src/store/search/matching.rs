//! Which accounts hold the words: block by block, the sets of the words cut with one another as bits.

use rusqlite::Connection;

use super::docset::{BLOCK, Bits};
use super::index::state;
use super::query::Clause;
use super::recent::Recent;
use super::sets::{Cut, Sets};
use super::{FIRST, Found, ids};

/// Up to so many places of a block are kept for the next question about the same words.
const KEPT: usize = 4_096;

/// A look into the index for one text: its questions share what was read.
pub(super) struct Look<'c> {
    pub(super) conn: &'c Connection,
    blocks: u64,
    recent: Recent,
    sets: Sets<'c>,
    kept: Vec<Kept>,
    /// What holds the words, in the block at work.
    words: Cut,
    /// What holds a question's clauses there.
    own: Cut,
}

/// The places that held these words: of every block looked at, as far as they are few.
struct Kept {
    words: Vec<Clause>,
    blocks: Vec<Option<[Vec<u16>; 2]>>,
}

/// What accounts must hold besides words.
pub(super) struct Question {
    pub(super) clauses: Vec<Clause>,
    /// It is asked no longer once more than these hold it.
    pub(super) enough: Option<usize>,
    /// It is asked only as long as no earlier one of this kind has found anybody.
    pub(super) otherwise: bool,
}

impl<'c> Look<'c> {
    /// Begins to look.
    pub(super) fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let blocks = state(conn)?.places.div_ceil(BLOCK as u64);
        let (recent, sets) = (Recent::read(conn)?, Sets::new(conn)?);
        Ok(Self { conn, blocks, recent, sets, kept: Vec::new(), words: Cut::empty(), own: Cut::empty() })
    }

    /// Accounts that hold of every clause one word, [`FIRST`] at most; those with outright words come first.
    pub(super) fn holding(&mut self, clauses: &[Clause]) -> rusqlite::Result<Found> {
        Ok(self.holding_each(vec![clauses.to_vec()])?.pop().unwrap_or_default())
    }

    /// The same of each list of clauses, block by block.
    pub(super) fn holding_each(&mut self, lists: Vec<Vec<Clause>>) -> rusqlite::Result<Vec<Found>> {
        let mut all = Vec::with_capacity(lists.len());
        for clauses in lists {
            let mut found = Found::default();
            if !clauses.is_empty() {
                self.recent.holding(&clauses).iter().for_each(|one| found.add(one.id, one.outright));
            }
            all.push((Kept { words: clauses, blocks: Vec::new() }, found));
        }
        for block in 0..self.blocks {
            let asked = |(kept, found): &&mut (Kept, Found)| {
                !kept.words.is_empty() && (block == 0 || found.first.len() < FIRST)
            };
            let mut over = true;
            for (kept, found) in all.iter_mut().filter(asked) {
                over = false;
                let any = self.sets.cut(block, &kept.words, &mut self.words)?;
                if any {
                    gather(self.conn, block, &self.words, &self.recent, found)?;
                }
                kept.blocks.push(if any { few(&self.words) } else { Some(Default::default()) });
            }
            if over {
                break;
            }
        }
        let (kept, mut all): (Vec<Kept>, Vec<Found>) = all.into_iter().unzip();
        self.kept.extend(kept);
        all.iter_mut().for_each(|found| found.cut = found.first.len() >= FIRST || found.ids.len() >= FIRST);
        Ok(all)
    }

    /// The same of these accounts only (rising ids).
    pub(super) fn holding_of(&mut self, clauses: &[Clause], only: &[i64]) -> rusqlite::Result<Found> {
        let mut found = Found::default();
        if clauses.is_empty() {
            return Ok(found);
        }
        let beside = self.recent.holding(clauses);
        let wanted = beside.iter().filter(|one| only.binary_search(&one.id).is_ok());
        wanted.for_each(|one| found.add(one.id, one.outright));
        for here in ids::places(self.conn, only)?.chunk_by(|(a, _), (b, _)| a / BLOCK as u64 == b / BLOCK as u64) {
            let block = here[0].0 / BLOCK as u64;
            if found.first.len() >= FIRST || !self.sets.cut(block, clauses, &mut self.words)? {
                continue;
            }
            for (place, id) in here {
                let place = (place % BLOCK as u64) as u16;
                if self.words.either.has(place) && !self.recent.has(*id) {
                    found.add(*id, self.words.exact.has(place));
                }
            }
        }
        found.cut = found.first.len() >= FIRST || found.ids.len() >= FIRST;
        Ok(found)
    }

    /// For each question the accounts that hold one of these lists of words and what the question asks besides, rising; of each list
    /// [`FIRST`] at most. A block is asked all questions before the next one, so that a set is read once for all.
    pub(super) fn among(&mut self, lists: &[Vec<Clause>], questions: &[Question]) -> rusqlite::Result<Vec<Found>> {
        let mut found: Vec<Vec<Found>> = questions.iter().map(|question| self.beside(lists, question)).collect();
        for block in 0..self.blocks {
            let mut asked = false;
            for (list, words) in lists.iter().enumerate() {
                let mut any = self.recall(words, block);
                for (at, question) in questions.iter().enumerate() {
                    if question.is_over(&found[at][list]) || is_answered(questions, &found, at) {
                        continue;
                    }
                    asked = true;
                    // What a question asks for is rarer than words of which so much holds them that it was not kept.
                    if any == Some(false) || !self.sets.cut(block, &question.clauses, &mut self.own)? {
                        continue;
                    }
                    let left = match any {
                        Some(any) => any,
                        None => self.sets.cut(block, words, &mut self.words)?,
                    };
                    any = Some(left);
                    if left && self.own.and(&self.words) {
                        gather(self.conn, block, &self.own, &self.recent, &mut found[at][list])?;
                    }
                }
            }
            if !asked {
                break;
            }
        }
        let joined = |lists: Vec<Found>| {
            let mut all = Found::default();
            lists.into_iter().for_each(|one| all.join(one));
            all.settle();
            all
        };
        Ok(found.into_iter().map(joined).collect())
    }

    /// Of the changed accounts those that answer a question, of each list of words.
    fn beside(&self, lists: &[Vec<Clause>], question: &Question) -> Vec<Found> {
        let of = |words: &Vec<Clause>| {
            let mut found = Found::default();
            let holding = self.recent.holding(words).into_iter();
            holding.filter_map(|one| one.with(&question.clauses)).for_each(|one| found.add(one.id, one.outright));
            found
        };
        lists.iter().map(of).collect()
    }

    /// Takes up what held the words in this block, and says whether anything did; none where that was not kept.
    fn recall(&mut self, words: &[Clause], block: u64) -> Option<bool> {
        let kept = self.kept.iter().find(|kept| kept.words == words)?;
        let [exact, either] = kept.blocks.get(block as usize)?.as_ref()?;
        for (set, places) in [(&mut self.words.exact, exact), (&mut self.words.either, either)] {
            set.clear();
            places.iter().for_each(|place| set.set(*place));
        }
        Some(!either.is_empty())
    }
}

impl Question {
    fn is_over(&self, found: &Found) -> bool {
        found.first.len() >= FIRST || self.enough.is_some_and(|enough| found.ids.len() > enough)
    }
}

/// Has an earlier question of the same kind found somebody?
fn is_answered(questions: &[Question], found: &[Vec<Found>], at: usize) -> bool {
    let before = || questions[..at].iter().zip(found).filter(|(question, _)| question.otherwise);
    questions[at].otherwise && before().any(|(_, lists)| lists.iter().any(|found| !found.ids.is_empty()))
}

/// The places, where they are few.
fn few(cut: &Cut) -> Option<[Vec<u16>; 2]> {
    let list = |set: &Bits| set.places().collect::<Vec<u16>>();
    (cut.either.count() <= KEPT).then(|| [list(&cut.exact), list(&cut.either)])
}

/// Turns the places of a block into accounts.
fn gather(conn: &Connection, block: u64, cut: &Cut, recent: &Recent, found: &mut Found) -> rusqlite::Result<()> {
    let base = block * BLOCK as u64;
    let add = |places: &mut dyn Iterator<Item = u16>, outright: bool, found: &mut Found| {
        let places: Vec<u64> = places.map(|place| base + u64::from(place)).collect();
        let mut all = Vec::with_capacity(places.len());
        ids::at(conn, &places, &mut all)?;
        all.into_iter().filter(|id| !recent.has(*id)).for_each(|id| found.add(id, outright));
        rusqlite::Result::Ok(())
    };
    let left = FIRST - found.first.len().min(FIRST);
    add(&mut cut.exact.places().take(left), true, found)?;
    let left = FIRST - found.ids.len().min(FIRST);
    add(&mut cut.either.places().filter(|place| !cut.exact.has(*place)).take(left), false, found)
}
