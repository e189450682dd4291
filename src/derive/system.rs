//! Entries the program writes by itself, without anybody at the desk: a site's first, what head office accepts, a new life.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::site::SiteEpoch;
use crate::book::append::{self, AppendError, Head, NewEntry};
use crate::book::subject::{Kind, Subject};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// Writes an entry at the end of this site's chain and derives it. Without a subject it is about what it makes itself, of this kind.
pub fn write<B: Serialize>(
    tx: &Tx<'_>,
    action: &str,
    subject: Result<Subject, Kind>,
    at: DateTime<FixedOffset>,
    body: &B,
) -> Result<EntryRow, AppendError> {
    let head = Head::read(tx)?;
    // A book's beginning and a new life are all that is written where nothing is yet.
    if !matches!(action, "site.open" | "site.epoch") {
        head.prove(tx)?;
    }
    let subject = match subject {
        Ok(subject) => subject,
        Err(kind) => Subject::new(kind, head.next()?),
    };
    let payload = serde_json::to_string(body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let new = NewEntry {
        at,
        business_day: at.date_naive(),
        actor: "-",
        action,
        version: 1,
        subjects: &[subject],
        key: None,
        payload,
    };
    let row = append::append(tx, &head, new)?;
    super::record(tx, &row)?;
    Ok(row)
}

/// Begins a new life of this site: `known` is the last one known to have been. Answers it, and where the one before ended.
pub fn begin_life(
    tx: &Tx<'_>,
    reason: &str,
    known: i64,
    now: DateTime<FixedOffset>,
) -> Result<(i64, String), AppendError> {
    let head = Head::read(tx)?;
    let epoch = known.max(head.epoch) + 1;
    tx.set_setting("epoch", &epoch.to_string())?;
    let after = format!("{}.{}.{}", head.site, head.epoch, head.seq);
    // Who knows of a fork in its own lives names the branches as everybody does.
    let plain = tx.forks()?.iter().any(|fork| fork.place.site() == head.site);
    let body = SiteEpoch { reason: reason.to_owned(), after: after.clone(), plain };
    write(tx, "site.epoch", Err(Kind::Site), now, &body)?;
    Ok((epoch, after))
}
