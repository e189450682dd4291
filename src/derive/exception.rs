//! 疑问 assigned and decided: the same entries for every kind of subject.
//!
//! Merge: the last owner named looks after it; the first decision stands, a later one is only history. A decision about a
//! number that several hold counts while the same holders clash: another holder opens it again.

use serde::{Deserialize, Serialize};

use super::{DeriveError, Event, Fx};
use crate::book::subject::{Kind, Subject};
use crate::rules::id::Id;
use crate::store::StoreError;
use crate::store::tables::base::{ClashRow, ClashWordRow, ExceptionRow};

/// Actions that every kind of subject understands.
pub const KNOWS: &[(&str, u32)] = &[("exception.assign", 1), ("exception.resolve", 1), (super::placed::ACTION, 1)];

/// Which exception: it is named by what it is about, never by a counter.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Two entries inside one subject.
    Inside {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// What does not fit.
        what: String,
        /// The entry that counts.
        first: Id,
        /// The entry that does not fit with it.
        second: Id,
    },
    /// One number, several holders.
    Across {
        /// What clashes.
        what: String,
        /// The number.
        number: String,
        /// The holders seen.
        holders: String,
    },
}

/// Body of `exception.assign`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct ExceptionAssigned {
    /// Which.
    pub place: Place,
    /// Who looks after it: `login@B03`, of the user's own site; a bare login in the first entries.
    pub owner: String,
}

/// Body of `exception.resolve`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct ExceptionResolved {
    /// Which.
    pub place: Place,
    /// How it was decided.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Of two amendments without automatic winner: the one that stands.
    pub keep: Option<Id>,
}

impl Place {
    /// The place of an exception inside a subject.
    pub fn of_exception(row: &ExceptionRow) -> Self {
        Self::Inside {
            kind: row.kind.clone(),
            subject: row.subject,
            what: row.what.clone(),
            first: row.first,
            second: row.second,
        }
    }

    /// The place of a clash.
    pub fn of_clash(row: &ClashRow) -> Self {
        Self::Across { what: row.what.clone(), number: row.number.clone(), holders: row.holders.clone() }
    }

    /// The printed number: `Y` and eight letters, from what it is about. The same on every machine.
    pub fn code(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut hasher = blake3::Hasher::new();
        let parts = match self {
            Self::Inside { kind, subject, what, first, second } => {
                vec![kind.clone(), subject.to_string(), what.clone(), first.to_string(), second.to_string()]
            }
            Self::Across { what, number, .. } => vec![what.clone(), number.clone()],
        };
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let bytes = *hasher.finalize().as_bytes();
        let letters = bytes.iter().take(8).map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
        std::iter::once('Y').chain(letters).collect()
    }

    /// The subjects its entries are about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Inside { kind, subject, .. } => {
                Kind::of(kind).map(|kind| Subject::new(kind, *subject)).into_iter().collect()
            }
            Self::Across { what, holders, .. } => {
                let kind = super::cross::ALL.iter().find(|cross| cross.what == what).map(|cross| cross.kind);
                let ids = holders.split(' ').filter_map(|id| id.parse::<Id>().ok());
                kind.map(|kind| ids.map(|id| Subject::new(kind, id)).collect()).unwrap_or_default()
            }
        }
    }
}

/// Opens an exception in the subject of an event that does not fit with the entry `first`.
pub(super) fn open(
    fx: &Fx<'_, '_>,
    kind: Kind,
    event: &Event<'_>,
    what: &str,
    first: Id,
    note: String,
) -> Result<(), StoreError> {
    open_between(fx, kind, event.subject, what, [first, event.id], note)
}

/// Opens an exception in a subject: the entry that counts, and the one that does not fit with it.
pub(super) fn open_between(
    fx: &Fx<'_, '_>,
    kind: Kind,
    subject: Id,
    what: &str,
    [first, second]: [Id; 2],
    note: String,
) -> Result<(), StoreError> {
    fx.tx.put(&ExceptionRow {
        kind: kind.letter().to_owned(),
        subject,
        what: what.to_owned(),
        first,
        second,
        note,
        state: "open".to_owned(),
        owner: None,
        decision: None,
    })
}

/// Closes an exception that later entries have settled.
pub(super) fn close(fx: &Fx<'_, '_>, row: ExceptionRow, decision: String) -> Result<(), StoreError> {
    fx.tx.put(&ExceptionRow { state: "resolved".to_owned(), decision: Some(decision), ..row })
}

/// Applies `exception.assign`, `exception.resolve` and `entry.place` to one of their subjects.
pub(super) fn apply(fx: &mut Fx<'_, '_>, kind: Kind, event: &Event<'_>) -> Result<(), DeriveError> {
    if event.action() == super::placed::ACTION {
        return super::placed::settle(fx, kind, event);
    }
    if event.action() == "exception.assign" {
        let body: ExceptionAssigned = event.read()?;
        return write(fx, kind, event, &body.place, Some(body.owner), None, None);
    }
    let body: ExceptionResolved = event.read()?;
    let decision = format!("{}：{}", body.decision, body.reason);
    write(fx, kind, event, &body.place, None, Some(decision), body.keep)
}

fn write(
    fx: &mut Fx<'_, '_>,
    kind: Kind,
    event: &Event<'_>,
    place: &Place,
    owner: Option<String>,
    decision: Option<String>,
    keep: Option<Id>,
) -> Result<(), DeriveError> {
    match place {
        Place::Inside { kind: letter, subject, what, first, second } => {
            let known = fx.tx.get::<ExceptionRow>(&[letter, subject, what, first, second])?;
            let Some(row) = known.filter(|row| row.state == "open" && row.subject == event.subject) else {
                return Ok(());
            };
            if let (Kind::Account, Some(winner)) = (kind, keep) {
                super::account::amend::decide(fx, event, &row, winner)?;
            }
            let state = if decision.is_some() { "resolved" } else { "open" }.to_owned();
            fx.tx.put(&ExceptionRow { state, owner: owner.or(row.owner.clone()), decision, ..row })?;
        }
        Place::Across { what, number, holders } => {
            fx.tx.put(&ClashWordRow {
                kind: kind.letter().to_owned(),
                subject: event.subject,
                what: what.clone(),
                number: number.clone(),
                id: event.id,
                holders: holders.clone(),
                owner,
                decision,
            })?;
            if let Some(cross) = super::cross::ALL.iter().find(|cross| cross.what == what) {
                fx.touch(cross.what, number);
            }
        }
    }
    Ok(())
}
