//! What the hits are to a text whose numbers count in their places: one household, several that are equal, or only near ones.

use rusqlite::{Connection, OptionalExtension};

use super::query::Query;
use crate::text::address::{Agreement, Typed};
use crate::text::in_place::InPlace;
use crate::text::width::normal;
use crate::text::words::without_dots;

/// May the first hit be opened by itself?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Answer {
    /// It may: it comes first.
    #[default]
    First,
    /// Other households are as good an answer: somebody must choose.
    Several,
    /// No household stands where the numbers were said to stand: these are only near.
    Near,
}

/// What the best hits are to the text; `many`: so many hold its numbers that they were not looked at one by one.
pub(super) fn of(conn: &Connection, query: &Query, ids: &[i64], many: bool) -> rusqlite::Result<Answer> {
    let Some(placed) = query.placed().and_then(InPlace::new) else { return Ok(Answer::First) };
    let typed = Typed::new(&query.normal);
    let mut statement = conn.prepare_cached("SELECT address FROM d_account WHERE id = ?1")?;
    let mut best = Vec::with_capacity(2);
    for id in ids.iter().take(2) {
        let address: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        let address = normal(&without_dots(&address.unwrap_or_default()));
        best.push(placed.fits(&address).then(|| typed.agrees_closely(&address)));
    }
    Ok(match best[..] {
        [None, ..] if many => Answer::Several,
        [None, ..] => Answer::Near,
        [Some((Agreement::Whole | Agreement::Same, _)), None] => Answer::First,
        // The name before the numbers is somebody's, or a number the end of a phone's: they say no place.
        [Some((Agreement::Loose, _)), ..] if placed.is_spaced() => Answer::First,
        [Some(one), Some(other)] if one == other => Answer::Several,
        [Some(_), _] if many => Answer::Several,
        [] | [Some(_), ..] => Answer::First,
    })
}
