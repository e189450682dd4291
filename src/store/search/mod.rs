//! The search box (找): one text, in any order, of anything a clerk may know about an account.
//!
//! Numbers of five digits and more are looked up at the beginning of account, meter and phone numbers. Everything else
//! becomes words; an account must hold them all, and the first 2,000 are taken. Those whose address agrees with the text, its
//! numbers in their places, come first; then those whose number was typed whole, those who owe, and by address. Letters are
//! initials; where they may be whole syllables, names said so are found too, and where nobody is, those by a less likely reading.
//!
//! The index is our own (an FTS5 table was tried first: figures in docs/performance.md): a table of words and blocks of
//! 65,536 accounts, each a short blob of a set. Sets are cut as bits, so the worst text costs little more than the best,
//! and nothing a person types can be syntax. What changed since the blocks were written lies in a small table beside
//! them that is searched word by word, so an amended account costs one small row.

mod answer;
mod build;
mod check;
mod doc;
mod docset;
mod ids;
mod index;
mod lock;
mod matching;
mod numbers;
mod owes;
mod query;
mod rank;
mod recent;
mod sets;
mod spread;
mod varint;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use rusqlite::Connection;

use super::{Db, StoreError, Tx};
use crate::rules::id::Id;
use crate::text::{pinyin, spelled_places};
use matching::Look;
use query::Way;

pub use answer::Answer;
pub use owes::Owes;
pub use query::{Named, Query};

/// At most so many accounts are taken for one text.
pub const FIRST: usize = 2_000;
/// Up to so many hits are looked at one by one: is the phone still theirs, how do their addresses follow one another.
const CLOSELY: usize = 200;

/// How many accounts a text finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Total {
    /// All of them.
    Exactly(usize),
    /// Only the first were taken, there may be more: "2,000+".
    AtLeast(usize),
}

/// What a text found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hits {
    /// An order or receipt number in the text; whoever shows hits looks it up.
    pub named: Option<Named>,
    /// Accounts, best first.
    pub ids: Vec<Id>,
    /// How many there are in all.
    pub total: Total,
    /// May the first be opened by itself?
    pub answer: Answer,
    /// The text as it was understood, when its numbers count in their places only.
    pub placed: Option<String>,
}

/// Accounts found, those that come before debtors, and whether there may be more.
#[derive(Default)]
struct Found {
    ids: Vec<i64>,
    first: spread::Ids,
    cut: bool,
}

impl Found {
    fn add(&mut self, id: i64, first: bool) {
        self.ids.push(id);
        if first {
            self.first.insert(id);
        }
    }

    /// Takes in what another way found.
    fn join(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.first.extend(other.first);
        self.cut |= other.cut;
    }

    /// Takes in what another reading of the text found, behind all of these.
    fn before(&mut self, other: Self) {
        if !other.ids.is_empty() {
            self.first.extend(&self.ids);
            self.ids.extend(other.ids);
            self.cut |= other.cut;
            self.settle();
        }
    }

    /// Every id once, rising.
    fn settle(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
    }

    fn retain(&mut self, other: &Self) {
        self.ids.retain(|id| other.ids.binary_search(id).is_ok());
        self.cut |= other.cut;
    }
}

impl Tx<'_> {
    /// Finds accounts, at most `limit`. Any text is fine; one that says nothing finds nothing. Accounts changed a moment
    /// ago are found by what they are now. While an index is made anew, some are not found yet.
    pub fn find(&self, text: &str, limit: usize, owes: &Owes) -> Result<Hits, StoreError> {
        Ok(find(self.conn(), text, limit, owes)?)
    }

    /// Is an account of the book not found by its words and phones, or by others, though the search index says that it is whole? Somebody
    /// changed the file with another tool. Looks at every account.
    pub fn search_differs(&self) -> Result<bool, StoreError> {
        Ok(check::differs(self.conn())?)
    }

    /// Who owes: every account with an unpaid bill or charge. Read once, on a thread of its own, then kept by [`Owes::note`].
    pub fn owing(&self) -> Result<Owes, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT DISTINCT account FROM d_bill WHERE unpaid > 0
             UNION SELECT account FROM d_charge WHERE owed > 0 AND account IS NOT NULL",
        )?;
        let ids = statement.query_map([], |row| row.get(0).map(Id))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

impl Db {
    /// Takes accounts that changed into the search index, or makes it anew where it is not whole. Every step is a short
    /// transaction of its own; after an import of a million it takes half a minute, so call it beside the screens' thread,
    /// on a connection of its own. When another process is at it, nothing is done. `go_on` hears how many accounts were
    /// taken in so far, and may stop the work: the next call goes on, or begins anew where that is safer.
    pub fn refresh_search(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<(), StoreError> {
        match lock::try_take(self.path())? {
            Some(_held) => Ok(index::refresh(self.conn(), &mut go_on)?),
            None => Ok(()),
        }
    }

    /// Makes the search index anew from the derived tables; `go_on` as in [`Db::refresh_search`].
    pub fn reindex_search(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<(), StoreError> {
        let _held = lock::take(self.path())?;
        Ok(index::reindex(self.conn(), &mut go_on)?)
    }

    /// Bytes the search index takes in the file.
    pub fn search_bytes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name LIKE 'l\\_search%' ESCAPE '\\'";
        Ok(self.conn().query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
    }
}

fn find(conn: &Connection, text: &str, limit: usize, owes: &Owes) -> rusqlite::Result<Hits> {
    let query = Query::parse(text);
    if query.is_empty() {
        let (ids, total) = (Vec::new(), Total::Exactly(0));
        return Ok(Hits { named: query.named, ids, total, answer: Answer::First, placed: None });
    }
    let mut look = Look::new(conn)?;
    let mut found = search(&mut look, &query)?;
    let mut asked = &query;
    let words;
    // A number with zeros in front is a meter's or a receipt's, never a house's.
    if found.ids.is_empty() && !query.numbers.is_empty() && !query.numbers.iter().any(|number| number.starts_with('0'))
    {
        words = Query::words_only(text);
        found = search(&mut look, &words)?;
        asked = &words;
    }
    let said = spelled_places::said(text).map(|said| Query::parse(&said));
    if let Some(said) = &said {
        let mut placed = search(&mut look, said)?;
        if !placed.ids.is_empty() {
            // The other reading stands behind: 12dongfang may be 东方.
            placed.before(found);
            (found, asked) = (placed, said);
        }
    }
    let rank::Ranked { ids, total, many } = rank::ranked(&mut look, found, asked, owes)?;
    let answer = answer::of(conn, asked, &ids, many)?;
    let placed = asked.placed().map(str::to_owned);
    let ids = ids.into_iter().take(limit).map(Id).collect();
    Ok(Hits { named: query.named, ids, total, answer, placed })
}

fn search(look: &mut Look<'_>, query: &Query) -> rusqlite::Result<Found> {
    if !query.numbers.is_empty() {
        return by_numbers(look, query);
    }
    let conn = look.conn;
    // An estate may be spelled as somebody's given name is: a number with it is a place's.
    let place = if query.spells_a_place() { query.clauses(Way::SpelledPlace) } else { Vec::new() };
    let ways = std::iter::once(Way::Plain).chain((0..pinyin::WAYS).map(Way::Spelled));
    let lists = std::iter::once(place).chain(ways.map(|way| query.clauses(way))).collect();
    let mut all = look.holding_each(lists)?.into_iter();
    let place = all.next().unwrap_or_default();
    let mut found = Found::default();
    all.for_each(|one| found.join(one));
    let mut holding = |way: Way| look.holding(&query.clauses(way));
    if found.ids.is_empty() {
        found = holding(Way::Further)?;
    }
    if found.ids.is_empty() && !query.spells_a_place() {
        found = holding(Way::SpelledPlace)?;
    }
    found.join(place);
    found.settle();
    if found.first.len() == found.ids.len() {
        // Nobody is behind the others for a number not typed whole, so nobody need be put before them.
        found.first.clear();
    }
    if found.ids.is_empty()
        && let Some(number) = query.short_number()
    {
        found = numbers::beginning(conn, &number)?;
    }
    if found.ids.is_empty() {
        found = holding(Way::Loose)?;
    }
    found.settle();
    Ok(found)
}

/// Accounts with numbers that begin so, and all the words.
fn by_numbers(look: &mut Look<'_>, query: &Query) -> rusqlite::Result<Found> {
    let mut all: Option<Found> = None;
    for number in &query.numbers {
        let mut next = numbers::beginning(look.conn, number)?;
        if next.ids.is_empty() {
            next = numbers::meter_by_digits(look, number)?;
        }
        next.settle();
        if let Some(before) = &all {
            next.retain(before);
        }
        all = Some(next);
    }
    let mut found = all.unwrap_or_default();
    if query.has_words() {
        let mut worded = look.holding_of(&query.clauses(Way::Plain), &found.ids)?;
        worded.settle();
        found.retain(&worded);
    }
    Ok(found)
}
