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
    /// It is one household with so many accounts, water and gas: somebody must choose.
    Accounts(usize),
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
    let mut look = |id: &i64| -> rusqlite::Result<(String, Option<_>)> {
        let address: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        let address = normal(&without_dots(&address.unwrap_or_default()));
        let agreement = placed.fits(&address).then(|| typed.agrees_closely(&address));
        Ok((address, agreement))
    };
    let best = ids.iter().take(2).map(&mut look).collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(match best.iter().map(|(_, agreement)| *agreement).collect::<Vec<_>>()[..] {
        [None, ..] if many => Answer::Several,
        [None, ..] => Answer::Near,
        [Some((Agreement::Whole | Agreement::Same, _)), None] => Answer::First,
        // The name before the numbers is somebody's, or a number the end of a phone's: they say no place.
        [Some((Agreement::Loose, _)), ..] if placed.is_spaced() => Answer::First,
        [Some(one), Some(other)] if one == other => {
            // As long as they agree as well as the first: all at its address, or somewhere else too.
            let equal = ids.iter().map(look).map_while(|looked| match looked {
                Ok((address, agreement)) => (agreement == Some(one)).then_some(Ok(address)),
                Err(error) => Some(Err(error)),
            });
            let mut accounts = 0;
            for address in equal {
                if address? != best[0].0 {
                    return Ok(Answer::Several);
                }
                accounts += 1;
            }
            if many && accounts == ids.len() { Answer::Several } else { Answer::Accounts(accounts) }
        }
        [Some(_), _] if many => Answer::Several,
        [] | [Some(_), ..] => Answer::First,
    })
}
