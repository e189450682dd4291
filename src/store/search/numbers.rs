//! Accounts by the beginning of an account number, a meter number or a phone number.

use rusqlite::{Connection, params};

use super::doc::phone_key;
use super::matching::Look;
use super::query::Clause;
use super::{CLOSELY, FIRST, Found};
use crate::text::words::tail;

const ACCOUNTS: &str = "SELECT id, no FROM d_account WHERE no >= ?1 AND no < ?2 ORDER BY no LIMIT ?3";
const METERS: &str = "SELECT account, no FROM d_meter WHERE no >= ?1 AND no < ?2 ORDER BY no LIMIT ?3";
const PHONES: &str =
    "SELECT id, digits FROM l_search_phone WHERE digits >= ?1 AND digits < ?2 ORDER BY digits LIMIT ?3";
/// Still the account's phone? The index keeps a number that was changed until it is made anew.
const PHONE_HOLDS: &str = "SELECT coalesce(phone, '') || ' ' || coalesce(mobile, '') || ' ' || coalesce(sms, '') FROM d_account WHERE id = ?1";
/// Digits of the longest phone number kept.
const PHONE_DIGITS: usize = 17;

/// Accounts with a number that begins with this one (capitals and digits); a number typed whole makes its account
/// come first.
pub(super) fn beginning(conn: &Connection, number: &str) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    text_range(conn, ACCOUNTS, number, &mut found)?;
    text_range(conn, METERS, number, &mut found)?;
    phones(conn, number, &mut found)?;
    Ok(found)
}

/// Accounts whose meter has exactly these digits behind its letters, zeros counted: 00000431 is M00000431.
pub(super) fn meter_by_digits(look: &mut Look<'_>, number: &str) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let Some(word) = tail(number).filter(|_| number.bytes().all(|b| b.is_ascii_digit())) else { return Ok(found) };
    let mut statement = look.conn.prepare_cached("SELECT no FROM d_meter WHERE account = ?1")?;
    for id in look.holding(&[Clause::word(&word)])?.ids {
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(0)?.as_str()?.chars().filter(char::is_ascii_digit).eq(number.chars()) {
                found.add(id, true);
            }
        }
    }
    Ok(found)
}

fn text_range(conn: &Connection, sql: &str, number: &str, found: &mut Found) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(sql)?;
    let end = format!("{number}\u{10FFFF}");
    let mut rows = statement.query(params![number, end, FIRST as i64])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        found.add(id, row.get_ref(1)?.as_str()? == number);
        count += 1;
    }
    found.cut |= count == FIRST;
    Ok(())
}

/// A beginning is a range for every length a number may have: `139` is 139…, 1390 to 1399, 13900 to 13999 and so on.
fn phones(conn: &Connection, number: &str, found: &mut Found) -> rusqlite::Result<()> {
    let (true, Some(key)) = (number.bytes().all(|b| b.is_ascii_digit()), phone_key(number)) else { return Ok(()) };
    let mut statement = conn.prepare_cached(PHONES)?;
    let (mut hits, mut width): (Vec<(i64, i64)>, i64) = (Vec::new(), 1);
    for _ in number.len()..=PHONE_DIGITS {
        let range = params![key * width, (key + 1) * width, (FIRST - hits.len()) as i64];
        for hit in statement.query_map(range, |row| Ok((row.get(0)?, row.get(1)?)))? {
            hits.push(hit?);
        }
        width *= 10;
    }
    found.cut |= hits.len() == FIRST;
    if hits.len() <= CLOSELY {
        let mut kept = Vec::with_capacity(hits.len());
        for (id, digits) in hits {
            if still_has(conn, id, digits)? {
                kept.push((id, digits));
            }
        }
        hits = kept;
    }
    hits.iter().for_each(|(id, digits)| found.add(*id, *digits == key));
    Ok(())
}

fn still_has(conn: &Connection, id: i64, digits: i64) -> rusqlite::Result<bool> {
    let mut statement = conn.prepare_cached(PHONE_HOLDS)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let phones: String = row.get(0)?;
    let text: String = phones.chars().map(crate::text::width::plain).filter(char::is_ascii_digit).collect();
    Ok(text.contains(&digits.to_string()[1..]))
}
