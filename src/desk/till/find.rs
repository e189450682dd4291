//! Finds a payment or fee by what a person holds in hand: entry id, 核对单 number, hand-written slip number.

use crate::derive::shift::security;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::entries::EntryRow;
use crate::store::tables::till::{TillRow, parse_receipt};

/// The movement a text names: a payment, a late entry or a fee.
pub fn movement(tx: &Tx<'_>, text: &str) -> Result<Option<TillRow>, Refusal> {
    let found = if let Ok(id) = text.trim().parse::<Id>() {
        match tx.entry(id)? {
            Some(entry) => of_entry(tx, &entry)?,
            None => None,
        }
    } else if let Some((series, serial)) = parse_receipt(text) {
        tx.till_of_receipt(&series, serial)?.into_iter().next()
    } else {
        None
    };
    if found.is_some() {
        return Ok(found);
    }
    let papers = tx.till_of_paper(&text.trim().to_uppercase())?;
    let alive = papers.iter().find(|row| row.reversed_by.is_none()).or(papers.first()).cloned();
    Ok(alive)
}

/// The movement an entry made in its shift.
fn of_entry(tx: &Tx<'_>, entry: &EntryRow) -> Result<Option<TillRow>, Refusal> {
    let subjects = crate::book::subject::read(&entry.subjects, entry.id).unwrap_or_default();
    for subject in subjects.into_iter().flatten() {
        if subject.kind == crate::book::subject::Kind::Shift
            && let Some(row) = tx.till_of_entry(subject.id, entry.id)?
        {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The payment, late entry or fee a text names; refused with a sentence when there is none.
pub fn receipt(tx: &Tx<'_>, field: &str, text: &str) -> Result<TillRow, Refusal> {
    let row = movement(tx, text)?
        .filter(|row| matches!(row.kind.as_str(), "payment" | "late_entry" | "fee" | security::TAKEN));
    row.ok_or_else(|| Refusal::missing(field, "收费或核对单", text))
}
