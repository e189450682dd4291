//! Which account stands at which place of the index: places are numbered without gaps, ids are not.
//!
//! Ids of one entry follow one another, so 4,096 places are a few dozen runs. A place whose account was amended or taken
//! out is dead; its account, if there still is one, stands at a later place.

use rusqlite::{Connection, OptionalExtension, params};

use super::varint;

/// Places of one row of `l_search_ids`.
pub(super) const CHUNK: u64 = 4096;
/// The id at a dead place.
pub(super) const DEAD: i64 = 0;

/// The ids at these places, dead ones left out. `places` rise.
pub(super) fn at(conn: &Connection, places: &[u64], ids: &mut Vec<i64>) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached("SELECT ids FROM l_search_ids WHERE chunk = ?1")?;
    for group in places.chunk_by(|a, b| a / CHUNK == b / CHUNK) {
        let chunk = group.first().map_or(0, |place| place / CHUNK);
        let mut rows = statement.query([chunk as i64])?;
        if let Some(row) = rows.next()? {
            pick(row.get_ref(0)?.as_blob()?, group, ids);
        }
    }
    Ok(())
}

/// The places of these ids with the ids, in the order of places. `ids` rise.
pub(super) fn places(conn: &Connection, ids: &[i64]) -> rusqlite::Result<Vec<(u64, i64)>> {
    let mut found = Vec::with_capacity(ids.len());
    let mut statement = conn.prepare_cached("SELECT chunk, least, most, ids FROM l_search_ids ORDER BY chunk")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (chunk, least, most): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let from = ids.partition_point(|id| *id < least);
        let to = ids.partition_point(|id| *id <= most);
        if from < to {
            let wanted = &ids[from..to];
            runs(row.get_ref(3)?.as_blob()?, |run| {
                let end = run.id.saturating_add(run.length as i64);
                let inside = wanted.partition_point(|id| *id < run.id)..wanted.partition_point(|id| *id < end);
                let place = |id: i64| chunk as u64 * CHUNK + run.place + (id - run.id) as u64;
                found.extend(wanted[inside].iter().map(|id| (place(*id), *id)));
            });
        }
    }
    Ok(found)
}

/// All ids of a chunk, dead places too; empty for a chunk that is not there.
pub(super) fn read(conn: &Connection, chunk: u64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = conn.prepare_cached("SELECT ids FROM l_search_ids WHERE chunk = ?1")?;
    let blob: Option<Vec<u8>> = statement.query_row([chunk as i64], |row| row.get(0)).optional()?;
    let mut ids = Vec::new();
    runs(blob.as_deref().unwrap_or_default(), |run| {
        ids.resize(run.place as usize, DEAD);
        ids.extend(run.id..run.id.saturating_add(run.length as i64));
    });
    Ok(ids)
}

/// Writes a chunk, at most [`CHUNK`] ids.
pub(super) fn write(conn: &Connection, chunk: u64, ids: &[i64]) -> rusqlite::Result<()> {
    let alive = || ids.iter().copied().filter(|id| *id != DEAD);
    let (least, most) = (alive().min().unwrap_or(DEAD), alive().max().unwrap_or(DEAD));
    conn.prepare_cached("INSERT OR REPLACE INTO l_search_ids(chunk, least, most, ids) VALUES(?1, ?2, ?3, ?4)")?
        .execute(params![chunk as i64, least, most, encode(ids)])?;
    Ok(())
}

/// Ids that follow one another, from a place in the chunk on.
struct Run {
    place: u64,
    id: i64,
    length: u64,
}

/// Runs as: distance from the end of the last run, dead places before it, length.
fn encode(ids: &[i64]) -> Vec<u8> {
    let (mut blob, mut dead, mut end) = (Vec::new(), 0, 0i64);
    for run in ids.chunk_by(|a, b| *a != DEAD && a.checked_add(1) == Some(*b)) {
        let first = run.first().copied().unwrap_or(DEAD);
        if first == DEAD {
            dead += run.len() as u64;
            continue;
        }
        varint::write(&mut blob, dead);
        varint::write(&mut blob, varint::fold(first.wrapping_sub(end)));
        varint::write(&mut blob, run.len() as u64);
        end = first + run.len() as i64;
        dead = 0;
    }
    blob
}

/// Visits the living runs of a chunk; stops where a damaged blob makes no sense.
fn runs(mut blob: &[u8], mut visit: impl FnMut(&Run)) {
    let (mut place, mut end) = (0, 0i64);
    while let (Some(dead), Some(step), Some(length)) =
        (varint::read(&mut blob), varint::read(&mut blob), varint::read(&mut blob))
    {
        let id = end.wrapping_add(varint::unfold(step));
        if dead > CHUNK || length > CHUNK || place + dead + length > CHUNK {
            return;
        }
        place += dead;
        visit(&Run { place, id, length });
        place += length;
        end = id.wrapping_add(length as i64);
    }
}

fn pick(blob: &[u8], places: &[u64], ids: &mut Vec<i64>) {
    let mut wanted = places.iter().map(|place| place % CHUNK).peekable();
    runs(blob, |run| {
        while let Some(place) = wanted.next_if(|place| *place < run.place + run.length) {
            if place >= run.place {
                ids.push(run.id.wrapping_add((place - run.place) as i64));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_gives_its_id_and_back(steps in proptest::collection::vec((0..5i64, any::<bool>(), 0..900i64), 0..60)) {
            let mut all: Vec<i64> = Vec::new();
            for (far, dead, length) in steps {
                let from = all.iter().copied().max().unwrap_or(0) + 1 + (far << 30);
                let length = length.min(CHUNK as i64 * 3 - all.len() as i64);
                all.extend((from..from + length).map(|id| if dead { DEAD } else { id }));
            }
            let conn = Connection::open_in_memory().unwrap();
            crate::store::migrate::create(&conn).unwrap();
            for (chunk, ids) in all.chunks(CHUNK as usize).enumerate() {
                write(&conn, chunk as u64, ids).unwrap();
                let read = read(&conn, chunk as u64).unwrap();
                prop_assert!(ids.starts_with(&read) && ids[read.len()..].iter().all(|id| *id == DEAD));
            }
            let every: Vec<u64> = (0..all.len() as u64).filter(|place| place % 3 < 2).collect();
            let mut found = Vec::new();
            at(&conn, &every, &mut found).unwrap();
            let expected: Vec<i64> = every.iter().map(|place| all[*place as usize]).filter(|id| *id != DEAD).collect();
            prop_assert_eq!(&found, &expected);
            for (place, id) in places(&conn, &expected).unwrap() {
                prop_assert_eq!(all[place as usize], id);
            }
            prop_assert_eq!(places(&conn, &expected).unwrap().len(), expected.len());
        }

        #[test]
        fn a_damaged_chunk_does_no_harm(blob in proptest::collection::vec(any::<u8>(), 0..60)) {
            runs(&blob, |run| assert!(run.place + run.length <= CHUNK));
        }
    }
}
