//! The second pass over approvals: does the right an approval rests on still count on its day, as every entry now known says?
//! A right withdrawn at one site while an approval rested on it at another is a clash of the two entries, shown until a third
//! decision settles it; the account's own rows are not touched from here.

use crate::rules::id::Id;
use crate::store::tables::adjust::RequestRow;
use crate::store::{StoreError, Tx};

use super::request::{AdjustmentDecided, standing_of};

/// The decision and the rights entry it clashes with; nothing when the right counts.
pub fn holders(tx: &Tx<'_>, decision: &str) -> Result<Vec<Id>, StoreError> {
    let Ok(decision) = decision.parse::<Id>() else { return Ok(Vec::new()) };
    let Some(entry) = tx.entry(decision)? else { return Ok(Vec::new()) };
    let entry = super::twin::as_meant(tx, entry)?;
    let Ok(body) = serde_json::from_str::<AdjustmentDecided>(&entry.payload) else { return Ok(Vec::new()) };
    let Ok(actor) = entry.actor.parse::<Id>() else { return Ok(Vec::new()) };
    let counts = of(tx, body.request)?.contains(&decision.to_string());
    if !body.approve || !counts {
        return Ok(Vec::new());
    }
    let day = entry.calendar_day();
    let site = if actor.site() == decision.site() { String::new() } else { decision.site().to_string() };
    match tx.role_at(actor, &body.right.role, &site)? {
        Some(right) if day < right.first_day || right.last_day.is_some_and(|last| last < day) => {
            Ok(vec![decision, right.entry])
        }
        Some(right) if super::delegation::beyond(tx, &right)?.is_some() => Ok(vec![decision, right.entry]),
        _ => Ok(Vec::new()),
    }
}

/// Every decision that clashes now.
pub fn several(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut clashing = Vec::new();
    for id in tx.decided_requests()? {
        for decision in of(tx, id)? {
            if holders(tx, &decision)?.len() > 1 {
                clashing.push(decision);
            }
        }
    }
    clashing.sort();
    Ok(clashing)
}

/// The decisions of a request.
pub fn of(tx: &Tx<'_>, request: Id) -> Result<Vec<String>, StoreError> {
    Ok(tx.request(request)?.map(|row| decisions(&row)).unwrap_or_default())
}

/// Decisions by a user that count, for when the user's rights change.
pub fn by_user(tx: &Tx<'_>, user: Id) -> Result<Vec<String>, StoreError> {
    let user = user.to_string();
    let mut found = Vec::new();
    for request in tx.decided_requests()? {
        for decision in of(tx, request)? {
            let entry = decision.parse::<Id>().ok().map(|id| tx.entry(id)).transpose()?.flatten();
            if entry.is_some_and(|entry| entry.actor == user) {
                found.push(decision);
            }
        }
    }
    Ok(found)
}

fn decisions(row: &RequestRow) -> Vec<String> {
    let standing = standing_of(&row.standing).ok();
    let made = |standing: crate::rules::adjustment::Standing| {
        standing.decisions.into_iter().map(|decision| decision.entry.to_string()).collect()
    };
    standing.map(made).unwrap_or_default()
}
