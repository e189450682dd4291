//! The order of hits: the address that agrees best with what was typed, a number typed whole, then those who owe, then by
//! address as people count (2幢 before 10幢).

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension};

use crate::rules::id::Id;
use crate::text::address::{Agreement, Typed};
use crate::text::width::normal;
use crate::text::words::without_dots;

use super::query::{Query, Way};
use super::{CLOSELY, FIRST, Found, Owes, Total, matching};

const ADDRESS: &str = "SELECT address FROM d_account WHERE id = ?1";

/// The ids best first. Few hits are put in the order of their addresses, and those whose account is gone fall out. Of many,
/// those whose numbers stand in the places typed are looked at closely; the others stay in the order in which they came into
/// the book, which is the walk.
pub(super) fn ranked(
    conn: &Connection,
    mut found: Found,
    query: &Query,
    owes: &Owes,
) -> rusqlite::Result<(Vec<i64>, Total)> {
    if found.ids.len() <= CLOSELY {
        let ids: Vec<i64> = close(conn, &found.ids, &found, query, owes)?.into_iter().map(|(_, id)| id).collect();
        let total = total(&found, ids.len());
        return Ok((ids, total));
    }
    let placed = in_place(conn, query, false)?;
    let mut before: Vec<i64> = placed.ids;
    // The first that were taken may not hold them.
    found.ids.extend(before.iter().take(CLOSELY));
    if before.len() <= CLOSELY {
        found.settle();
        before = close(conn, &before, &found, query, owes)?.into_iter().map(|(_, id)| id).collect();
    } else {
        let alike = in_place(conn, query, true)?.ids;
        let mut same = Vec::new();
        if alike.len() <= CLOSELY {
            found.ids.extend(&alike);
            same = close(conn, &alike, &found, query, owes)?;
            same.retain(|(agreement, _)| *agreement <= Agreement::Same);
        }
        found.settle();
        let first: Vec<i64> = same.into_iter().map(|(_, id)| id).collect();
        before.retain(|id| found.ids.binary_search(id).is_ok() && !first.contains(id));
        before.sort_by_cached_key(|id| (tier(&found, owes, *id), *id));
        before.splice(0..0, first);
    }
    let known: HashSet<i64> = before.iter().copied().collect();
    let mut others: Vec<i64> = found.ids.iter().copied().filter(|id| !known.contains(id)).collect();
    others.sort_by_cached_key(|id| (tier(&found, owes, *id), *id));
    before.append(&mut others);
    before.truncate(FIRST.max(known.len()));
    let total = total(&found, before.len());
    Ok((before, total))
}

/// Accounts with all words, and the numbers in their places; `alike`: and no other numbers.
fn in_place(conn: &Connection, query: &Query, alike: bool) -> rusqlite::Result<Found> {
    let places = query.in_place();
    if places.is_empty() || !query.numbers.is_empty() {
        return Ok(Found::default());
    }
    let shape = alike.then(|| query.shape());
    let mut found = Found::default();
    for way in [Way::Plain, Way::SpelledPlace] {
        let words = query.clauses(way);
        if !words.is_empty() {
            let clauses: Vec<_> = places.iter().cloned().chain(shape.clone()).chain(words).collect();
            found.join(matching::holding(conn, &clauses, None)?);
        }
    }
    found.settle();
    Ok(found)
}

/// A number typed whole, and who owes.
fn tier(found: &Found, owes: &Owes, id: i64) -> (bool, bool) {
    (!found.first.contains(&id), !owes.has(Id(id)))
}

/// Looks at each address.
fn close(
    conn: &Connection,
    ids: &[i64],
    found: &Found,
    query: &Query,
    owes: &Owes,
) -> rusqlite::Result<Vec<(Agreement, i64)>> {
    let addresses = addresses(conn, ids)?;
    let typed = Typed::new(&query.normal);
    let agreement = |id: i64| -> Agreement {
        addresses.get(&id).map_or(Agreement::Loose, |address| typed.agrees(&normal(&without_dots(address))))
    };
    let mut ranked: Vec<(Agreement, (bool, bool), i64)> = ids
        .iter()
        .filter(|id| addresses.contains_key(id))
        .map(|id| (agreement(*id), tier(found, owes, *id), *id))
        .collect();
    ranked.sort_by(|a, b| {
        let address = |id| addresses.get(id).map_or("", String::as_str);
        (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| counted(address(&a.2), address(&b.2))).then(a.2.cmp(&b.2))
    });
    Ok(ranked.into_iter().map(|(agreement, _, id)| (agreement, id)).collect())
}

fn total(found: &Found, count: usize) -> Total {
    if found.cut { Total::AtLeast(count.min(FIRST)) } else { Total::Exactly(count) }
}

fn addresses(conn: &Connection, ids: &[i64]) -> rusqlite::Result<HashMap<i64, String>> {
    let mut statement = conn.prepare_cached(ADDRESS)?;
    let mut found = HashMap::with_capacity(ids.len());
    for &id in ids {
        if let Some(address) = statement.query_row([id], |row| row.get(0)).optional()? {
            found.insert(id, address);
        }
    }
    Ok(found)
}

/// Compares two texts with their numbers as numbers.
fn counted(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (one, rest_a) = piece(a);
        let (other, rest_b) = piece(b);
        let numbers = one.starts_with(|c: char| c.is_ascii_digit()) && other.starts_with(|c: char| c.is_ascii_digit());
        let order = if numbers { by_value(one, other) } else { one.cmp(other) };
        if order != Ordering::Equal || (rest_a.is_empty() && rest_b.is_empty()) {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

fn by_value(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The digits at the start of a text, or what stands before the first digit, and the rest.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ordered_as_people_count() {
        let mut all = ["人民路12号", "人民路2号10幢", "人民路2号9幢", "建设路", "人民路", "人民路02号9幢1单元"];
        all.sort_by(|a, b| counted(a, b));
        assert_eq!(all, ["人民路", "人民路2号9幢", "人民路02号9幢1单元", "人民路2号10幢", "人民路12号", "建设路"]);
    }
}
