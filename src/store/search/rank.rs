//! The order of hits: a number typed whole first, then those who owe, then by address as people count (2幢 before 10幢).

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use crate::rules::id::Id;

use super::{CLOSELY, FIRST, Found, Owes, Total};

const ADDRESS: &str = "SELECT address FROM d_account WHERE id = ?1";

/// The ids best first. Few hits are put in the order of their addresses, and those whose account is gone fall out;
/// many stay in the order in which they came into the book, which is the walk.
pub(super) fn ranked(conn: &Connection, found: Found, owes: &Owes) -> rusqlite::Result<(Vec<i64>, Total)> {
    let tier = |id: &i64| (!found.first.contains(id), !owes.has(Id(*id)));
    let mut ids = found.ids.clone();
    if ids.len() > CLOSELY {
        ids.sort_by_cached_key(|id| (tier(id), *id));
    } else {
        let addresses = addresses(conn, &ids)?;
        ids.retain(|id| addresses.contains_key(id));
        ids.sort_by(|a, b| {
            let address = |id| addresses.get(id).map_or("", String::as_str);
            tier(a).cmp(&tier(b)).then_with(|| counted(address(a), address(b))).then(a.cmp(b))
        });
    }
    let total = if found.cut { Total::AtLeast(ids.len().min(FIRST)) } else { Total::Exactly(ids.len()) };
    Ok((ids, total))
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
