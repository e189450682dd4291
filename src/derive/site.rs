//! 网点: a site says who it is when its day book begins.

use serde::{Deserialize, Serialize};

use super::{DeriveError, Event, Fold, Fx};
use crate::book::subject::Kind;
use crate::store::tables::base::SiteRow;

/// The fold of sites.
pub const FOLD: Fold =
    Fold { kind: Kind::Site, tables: &[("d_site", "id")], knows: &[("site.open", 1), ("site.epoch", 1)], apply };

/// Body of `site.open`.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SiteOpened {
    /// Site code.
    pub code: String,
    /// Name of the office.
    pub name: String,
    /// Default utility: water, gas, power, heat.
    pub utility: String,
    /// Head office?
    pub head_office: bool,
    /// Practice book, for ever?
    pub practice: bool,
}

/// Body of `site.epoch`: the site goes on in a new life.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SiteEpoch {
    /// Why: `older_copy`, `restore`.
    pub reason: String,
    /// Head of the life before, as the database had it.
    pub after: String,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    if event.action() == "site.open" {
        let body: SiteOpened = event.read()?;
        fx.tx.put(&SiteRow {
            id: event.subject,
            code: body.code,
            name: body.name,
            utility: body.utility,
            head_office: body.head_office,
            practice: body.practice,
        })?;
    }
    Ok(())
}
