//! Keeps the index of the search box in step with the accounts: a few changed, many came, all anew.
//!
//! The tables are local (`l_`): made from the derived tables, made again when in doubt, never exchanged. Account and
//! meter numbers are looked up in the derived tables, which index them anyway; phones have a table here. An action only
//! notes in `l_stale` that an account changed; the words are taken from there in an idle moment.

use rusqlite::{Connection, OptionalExtension, params};

use super::build::{Builder, write_phones};
use super::doc::{self, Doc, Reader};
use super::ids::{self, CHUNK, DEAD};
use crate::text::words::Words;

/// Changed accounts taken into the index in one transaction.
const FEW: usize = 256;
/// More changed accounts than this are written into the blocks at once: something was imported.
const MANY: usize = 2_048;
/// Accounts read at once when many come.
const STEP: usize = 4_096;
/// So many accounts beside the blocks make it worth writing them in.
const FOLD: i64 = 256;

/// Which words an account gives; another number, and every index is made anew.
const WORDS_OF: &str = "3";

/// Was the index made with the words this program looks for?
pub(super) fn is_of_these_words(conn: &Connection) -> rusqlite::Result<bool> {
    let mut statement = conn.prepare_cached("SELECT value FROM l_setting WHERE name = 'search_words'")?;
    let known: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(known.as_deref() == Some(WORDS_OF))
}

/// Is the index whole, and how many places has it given?
pub(super) struct State {
    pub(super) ready: bool,
    pub(super) places: u64,
}

/// Takes what changed into the index, each step a transaction of some tens of milliseconds, so that no till waits;
/// makes it all anew when it is not whole. `go_on` hears how many accounts were taken in so far and may stop the work.
pub(super) fn refresh(conn: &Connection, go_on: &mut dyn FnMut(u64) -> bool) -> rusqlite::Result<()> {
    if !state(conn)?.ready || !is_of_these_words(conn)? {
        return reindex(conn, go_on);
    }
    if doc::stale(conn, MANY + 1)?.len() > MANY {
        absorb(conn, &mut || take_stale(conn, STEP), true, go_on)?;
    }
    while go_on(0) && transact(conn, || take_few(conn))? {}
    if recent(conn)? >= FOLD {
        transact(conn, || fold(conn))?;
    }
    Ok(())
}

/// Makes the whole index anew, in the same steps. Interrupted, it says that it is not whole.
pub(super) fn reindex(conn: &Connection, go_on: &mut dyn FnMut(u64) -> bool) -> rusqlite::Result<()> {
    transact(conn, || {
        set_state(conn, &State { ready: false, places: 0 })?;
        let sql = "INSERT OR REPLACE INTO l_setting(name, value) VALUES('search_words', ?1)";
        conn.execute(sql, [WORDS_OF])?;
        for table in ["l_search_word", "l_search_ids", "l_search_recent", "l_search_phone", "l_stale"] {
            conn.execute(&format!("DELETE FROM {table}"), [])?;
        }
        Ok(())
    })?;
    let mut last = i64::MIN;
    let mut next = || {
        let ids = doc::after(conn, last, STEP)?;
        last = ids.last().copied().unwrap_or(last);
        Ok(ids)
    };
    absorb(conn, &mut next, false, go_on)
}

/// Writes many accounts into the blocks, `next` giving some ids at a time until there are none. Stopped by `go_on` it
/// leaves the index whole when the accounts left out are noted as changed (`noted`), else it has to be made anew.
fn absorb(
    conn: &Connection,
    next: &mut dyn FnMut() -> rusqlite::Result<Vec<i64>>,
    noted: bool,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> rusqlite::Result<()> {
    let before = state(conn)?.places;
    set_state(conn, &State { ready: false, places: before })?;
    let (mut builder, mut reader, mut gatherer) = (Builder::new(conn)?, Reader::new(conn)?, Words::default());
    let (mut count, mut stopped) = (0, false);
    while !stopped {
        let ids = next()?;
        if ids.is_empty() {
            break;
        }
        if before > 0 {
            transact(conn, || bury(conn, &ids))?;
        }
        for &id in &ids {
            if let Some(doc) = reader.read(id)? {
                doc.phones().for_each(|digits| builder.phone(digits, id));
                builder.add(id, doc.words(&mut gatherer))?;
            }
        }
        count += ids.len() as u64;
        stopped = !go_on(count);
    }
    builder.flush()?;
    set_state(conn, &State { ready: noted || !stopped, places: state(conn)?.places })
}

/// Puts a few changed accounts beside the blocks. Says whether there were any.
fn take_few(conn: &Connection) -> rusqlite::Result<bool> {
    let ids = take_stale(conn, FEW)?;
    let (mut reader, mut gatherer) = (Reader::new(conn)?, Words::default());
    for &id in &ids {
        match reader.read(id)? {
            Some(doc) => put(conn, &doc, &mut gatherer)?,
            None => put_recent(conn, id, "")?,
        }
    }
    Ok(!ids.is_empty())
}

fn put(conn: &Connection, doc: &Doc, gatherer: &mut Words) -> rusqlite::Result<()> {
    put_recent(conn, doc.id, doc.words(gatherer))?;
    let phones: Vec<(i64, i64)> = doc.phones().map(|digits| (digits, doc.id)).collect();
    write_phones(conn, &phones)
}

fn put_recent(conn: &Connection, id: i64, words: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO l_search_recent(id, words) VALUES(?1, ?2)";
    conn.prepare_cached(sql)?.execute(params![id, words])?;
    Ok(())
}

fn take_stale(conn: &Connection, most: usize) -> rusqlite::Result<Vec<i64>> {
    let ids = doc::stale(conn, most)?;
    if let Some(last) = ids.last() {
        conn.prepare_cached("DELETE FROM l_stale WHERE account <= ?1")?.execute([last])?;
    }
    Ok(ids)
}

/// Writes the accounts beside the blocks into them, at new places; their old places die.
pub(super) fn fold(conn: &Connection) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached("SELECT id, words FROM l_search_recent ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let recent = rows.collect::<Result<Vec<_>, _>>()?;
    bury(conn, &recent.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
    let mut builder = Builder::new(conn)?;
    for (id, words) in recent.iter().filter(|(_, words)| !words.is_empty()) {
        builder.add(*id, words)?;
    }
    builder.flush()
}

/// Takes accounts (rising ids) out of the blocks and from beside them.
fn bury(conn: &Connection, ids: &[i64]) -> rusqlite::Result<()> {
    let places = ids::places(conn, ids)?;
    for group in places.chunk_by(|a, b| a.0 / CHUNK == b.0 / CHUNK) {
        let chunk = group.first().map_or(0, |(place, _)| place / CHUNK);
        let mut all = ids::read(conn, chunk)?;
        for (place, _) in group {
            if let Some(id) = all.get_mut((place % CHUNK) as usize) {
                *id = DEAD;
            }
        }
        ids::write(conn, chunk, &all)?;
    }
    let mut statement = conn.prepare_cached("DELETE FROM l_search_recent WHERE id = ?1")?;
    ids.iter().try_for_each(|id| statement.execute([id]).map(drop))
}

fn recent(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT count(*) FROM l_search_recent")?.query_row([], |row| row.get(0))
}

/// The state of the index; without a row it is whole and empty.
pub(super) fn state(conn: &Connection) -> rusqlite::Result<State> {
    let read = |row: &rusqlite::Row<'_>| Ok(State { ready: row.get(0)?, places: row.get::<_, i64>(1)? as u64 });
    let mut statement = conn.prepare_cached("SELECT ready, places FROM l_search_state")?;
    Ok(statement.query_row([], read).optional()?.unwrap_or(State { ready: true, places: 0 }))
}

fn set_state(conn: &Connection, state: &State) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO l_search_state(one, ready, places) VALUES(1, ?1, ?2)";
    conn.execute(sql, params![state.ready, state.places as i64])?;
    Ok(())
}

/// Notes how many places were given.
pub(super) fn set_places(conn: &Connection, places: u64) -> rusqlite::Result<()> {
    set_state(conn, &State { places, ..state(conn)? })
}

/// Runs the work in a transaction: the caller's, where there is one, else its own.
pub(super) fn transact<T>(conn: &Connection, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    if !conn.is_autocommit() {
        return work();
    }
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = work();
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    conn.prepare_cached(end)?.execute([])?;
    done
}
