//! The order of hits: the address that agrees best with what was typed, a name typed or spelled whole, a number typed whole, then
//! those who owe, then by address as people count (2幢 before 10幢).

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension};

use crate::rules::id::Id;
use crate::text::address::{Agreement, Typed};
use crate::text::in_place::InPlace;
use crate::text::pinyin::spells_whole;
use crate::text::width::normal;
use crate::text::words::without_dots;

use super::matching::{Look, Question};
use super::query::{Clause, Query, Way};
use super::spread::{ById, Ids};
use super::{CLOSELY, FIRST, Found, Owes, Total};

const ADDRESS: &str = "SELECT address, name FROM d_account WHERE id = ?1";

/// The hits in their order.
pub(super) struct Ranked {
    /// Best first.
    pub(super) ids: Vec<i64>,
    /// How many there are in all.
    pub(super) total: Total,
    /// More hold the typed numbers in their places than are looked at one by one.
    pub(super) many: bool,
}

/// The ids best first. Few hits are put in the order of their addresses, and those whose account is gone fall out. Of many,
/// those whose numbers stand in the places typed are looked at closely; the others stay in the order in which they came into
/// the book, which is the walk.
pub(super) fn ranked(look: &mut Look<'_>, mut found: Found, query: &Query, owes: &Owes) -> rusqlite::Result<Ranked> {
    let conn = look.conn;
    if found.ids.len() <= CLOSELY {
        let ids: Vec<i64> = close(conn, &found.ids, &found, query, owes)?.into_iter().map(|(_, id)| id).collect();
        let total = total(&found, ids.len());
        return Ok(Ranked { ids, total, many: false });
    }
    let named = whole_names(look, query)?;
    if !named.is_empty() {
        found.ids.extend(&named);
        found.settle();
        let first: Vec<i64> = close(conn, &named, &found, query, owes)?.into_iter().map(|(_, id)| id).collect();
        return Ok(after(first, &found, owes, false));
    }
    let Placed { ids: mut before, alike, own } = placed(look, query)?;
    // The first that were taken may not hold them.
    found.ids.extend(before.iter().take(CLOSELY));
    let many = before.len() > CLOSELY;
    if !many {
        found.settle();
        before = close(conn, &before, &found, query, owes)?.into_iter().map(|(_, id)| id).collect();
    } else {
        let mut same = Vec::new();
        if alike.len() <= CLOSELY {
            found.ids.extend(&alike);
            same = close(conn, &alike, &found, query, owes)?;
            same.retain(|(agreement, _)| *agreement <= Agreement::Same);
        }
        let mut first: Vec<i64> = same.into_iter().map(|(_, id)| id).collect();
        found.ids.extend(&own);
        found.settle();
        before.extend(&own);
        before.sort_unstable();
        before.dedup();
        let mut own: Vec<i64> = own.into_iter().filter(|id| !first.contains(id)).collect();
        own.sort_by_cached_key(|id| (tier(&found, owes, *id), *id));
        first.append(&mut own);
        let known: Ids = first.iter().copied().collect();
        before.retain(|id| found.ids.binary_search(id).is_ok() && !known.contains(id));
        before.sort_by_cached_key(|id| (tier(&found, owes, *id), *id));
        before.splice(0..0, first);
    }
    Ok(after(before, &found, owes, many))
}

/// The others behind those that come first.
fn after(mut before: Vec<i64>, found: &Found, owes: &Owes, many: bool) -> Ranked {
    let known: Ids = before.iter().copied().collect();
    let mut others: Vec<i64> = found.ids.iter().copied().filter(|id| !known.contains(id)).collect();
    others.sort_by_cached_key(|id| (tier(found, owes, *id), *id));
    before.append(&mut others);
    before.truncate(FIRST.max(known.len()));
    let total = total(found, before.len());
    Ranked { ids: before, total, many }
}

/// Accounts whose whole name was typed, as far as they are looked at closely.
fn whole_names(look: &mut Look<'_>, query: &Query) -> rusqlite::Result<Vec<i64>> {
    let mut found = Found::default();
    for clauses in query.whole_names() {
        found.join(look.holding(&clauses)?);
    }
    found.settle();
    found.ids.truncate(CLOSELY * 2);
    Ok(found.ids)
}

/// Accounts with all words that hold the numbers in places where they may stand.
#[derive(Default)]
struct Placed {
    /// Any of these places.
    ids: Vec<i64>,
    /// And no other numbers; more than [`CLOSELY`] are not all here.
    alike: Vec<i64>,
    /// Each number at one of its own, the likeliest choice that anybody has.
    own: Vec<i64>,
}

fn placed(look: &mut Look<'_>, query: &Query) -> rusqlite::Result<Placed> {
    let places = query.in_place();
    if places.is_empty() || !query.numbers.is_empty() {
        return Ok(Placed::default());
    }
    let ask = |clauses: Vec<Clause>, enough: Option<usize>| Question { clauses, enough, otherwise: false };
    let alike = places.iter().cloned().chain([query.shape()]).collect();
    let choices = query.choices().into_iter().map(|choice| Question { otherwise: true, ..ask(choice, None) });
    let questions: Vec<Question> = [ask(places, None), ask(alike, Some(CLOSELY))].into_iter().chain(choices).collect();
    let mut lists: Vec<Vec<Clause>> = [Way::Plain, Way::SpelledPlace].map(|way| query.clauses(way)).into();
    lists.retain(|words| !words.is_empty());
    let mut found = look.among(&lists, &questions)?.into_iter().map(|found| found.ids);
    let (ids, alike) = (found.next().unwrap_or_default(), found.next().unwrap_or_default());
    Ok(Placed { ids, alike, own: found.find(|ids| !ids.is_empty()).unwrap_or_default() })
}

/// A number typed whole, and who owes.
fn tier(found: &Found, owes: &Owes, id: i64) -> (bool, bool) {
    (!found.first.contains(&id), !owes.has(Id(id)))
}

/// Looks at each name and address.
fn close(
    conn: &Connection,
    ids: &[i64],
    found: &Found,
    query: &Query,
    owes: &Owes,
) -> rusqlite::Result<Vec<(Agreement, i64)>> {
    let known = names_and_addresses(conn, ids)?;
    let typed = Typed::new(&query.normal);
    let placed = query.placed().and_then(InPlace::new);
    let (letters, name) = (query.letters(), query.name());
    let is_named = |whole: &str| {
        let whole: String = normal(&without_dots(whole)).split_whitespace().collect();
        letters.as_ref().is_some_and(|letters| spells_whole(letters, &whole)) || name.as_ref() == Some(&whole)
    };
    let rank = |id: i64, name: &str, address: &str| {
        let address = normal(&without_dots(address));
        let (agreement, apart) = typed.agrees_closely(&address);
        let elsewhere = placed.as_ref().is_some_and(|placed| !placed.fits(&address));
        Rank { elsewhere, agreement, otherwise_named: !is_named(name), apart, tier: tier(found, owes, id) }
    };
    let ranks = ids.iter().filter_map(|id| known.get(id).map(|(name, address)| (rank(*id, name, address), *id)));
    let mut ranked: Vec<(Rank, i64)> = ranks.collect();
    ranked.sort_by(|(a, one), (b, other)| {
        let address = |id| known.get(id).map_or("", |(_, address)| address.as_str());
        a.cmp(b).then_with(|| counted(address(one), address(other))).then(one.cmp(other))
    });
    Ok(ranked.into_iter().map(|(rank, id)| (rank.agreement, id)).collect())
}

/// Where an account stands among the hits; the smaller comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// The numbers stand in other places than was said.
    elsewhere: bool,
    agreement: Agreement,
    /// The name is not the text typed, as it stands or spelled.
    otherwise_named: bool,
    /// A number stands between a name and the one typed right behind it.
    apart: bool,
    tier: (bool, bool),
}

fn total(found: &Found, count: usize) -> Total {
    if found.cut { Total::AtLeast(count.min(FIRST)) } else { Total::Exactly(count) }
}

fn names_and_addresses(conn: &Connection, ids: &[i64]) -> rusqlite::Result<ById<(String, String)>> {
    let mut statement = conn.prepare_cached(ADDRESS)?;
    let mut found = ById::with_capacity_and_hasher(ids.len(), Default::default());
    for &id in ids {
        if let Some(both) = statement.query_row([id], |row| Ok((row.get(1)?, row.get(0)?))).optional()? {
            found.insert(id, both);
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
