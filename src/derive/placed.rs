//! `entry.place`: head office gives an entry whose stamp was from the future another place in the order. It says so for ever,
//! whichever of the two arrives first.
//!
//! Merge: of several entries about one, the last head office wrote counts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{DeriveError, Event, Fx, exception, index, refold_all, whose};
use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, PlacedRow};
use crate::store::tables::base::ExceptionRow;
use crate::store::{StoreError, Tx};

/// The action's name.
pub const ACTION: &str = "entry.place";

/// Body of `entry.place`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct EntryPlaced {
    /// Which entries, and where they stand now.
    pub places: Vec<NewPlace>,
    /// Why.
    pub reason: String,
}

/// The new place of one entry.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct NewPlace {
    /// Which entry.
    pub entry: Id,
    /// Its order key.
    pub hlc: i64,
}

/// Keeps what an `entry.place` says, and moves the entries that are here already. Any other entry is passed over.
pub(super) fn note(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<(), StoreError> {
    if entry.action != ACTION || entry.version != 1 || !whose::is_head_office(fx.tx, &entry.id.site())? {
        return Ok(());
    }
    let Ok(body) = serde_json::from_str::<EntryPlaced>(&entry.payload) else { return Ok(()) };
    for place in body.places {
        let known = fx.tx.get::<PlacedRow>(&[&place.entry])?;
        let by = match &known {
            Some(known) => fx.tx.entry(known.by)?.map(|by| (by.hlc, by.id)),
            None => None,
        };
        if by.is_some_and(|by| by >= (entry.hlc, entry.id)) || place.entry.item() > 0 || place.hlc < 0 {
            continue;
        }
        let row = PlacedRow { entry: place.entry, hlc: place.hlc, by: entry.id };
        fx.placed = Some(true);
        match fx.tx.entry(place.entry)? {
            Some(target) => change_index(fx, &target, |tx| tx.put(&row))?,
            None => fx.tx.put(&row)?,
        }
    }
    Ok(())
}

/// Changes something the index rows of an entry depend on; the rows that stand are put where they belong afterwards.
pub(super) fn change_index(
    fx: &mut Fx<'_, '_>,
    entry: &EntryRow,
    change: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut stood = false;
    let mut touched = BTreeSet::new();
    for (kind, row) in index::all_rows(fx, entry)? {
        if fx.tx.unindex_row(&row)? {
            stood = true;
            touched.insert((kind, row.subject));
        }
    }
    change(fx.tx)?;
    if stood {
        for (kind, row) in index::all_rows(fx, entry)? {
            fx.tx.index_row(&row)?;
            touched.insert((kind, row.subject));
        }
    }
    refold_all(fx, touched)
}

/// An entry given another place is no longer a question.
pub(super) fn settle(fx: &mut Fx<'_, '_>, kind: Kind, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: EntryPlaced = event.read()?;
    let placed: BTreeSet<Id> = body.places.iter().map(|place| place.entry).collect();
    let (letter, what) = (kind.letter(), super::site::STAMP_AHEAD);
    for row in fx.tx.scan::<ExceptionRow>(&[&letter, &event.subject, &what])? {
        if row.state == "open" && (placed.contains(&row.first) || placed.contains(&row.second)) {
            exception::close(fx, row, format!("已改排：{}", body.reason))?;
        }
    }
    Ok(())
}
