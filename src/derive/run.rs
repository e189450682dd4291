//! 批: bulk work is opened, filled by bulk entries, and closed; nothing of it counts until it is closed.

use serde::{Deserialize, Serialize};

use super::{DeriveError, Event, Fold, Fx};
use crate::book::subject::Kind;
use crate::store::tables::base::RunRow;

/// The fold of runs.
pub const FOLD: Fold = Fold {
    kind: Kind::Run,
    tables: &[("d_run", "id")],
    knows: &[("run.open", 1), ("run.close", 1), ("run.drop", 1), ("import.drop", 1)],
    apply,
};

/// Body of `run.open`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct RunOpened {
    /// The action of its bulk entries.
    pub kind: String,
    /// What a person calls it.
    pub label: String,
    /// Hash of the file, or the cycle.
    pub source: Option<String>,
}

/// Body of `run.close`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct RunClosed {
    /// Rows in all bulk entries.
    pub rows: i64,
    /// Bulk entries.
    pub entries: i64,
    /// Anything worth keeping of the outcome.
    #[serde(default)]
    pub note: serde_json::Value,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let known = fx.tx.get::<RunRow>(&[&event.subject])?;
    match (event.action(), known) {
        ("run.open", None) => {
            let body: RunOpened = event.read()?;
            fx.tx.put(&RunRow {
                id: event.subject,
                kind: body.kind,
                label: body.label,
                source: body.source,
                state: "open".into(),
                rows: 0,
                closed_by: None,
            })?;
        }
        ("run.close", Some(run)) if run.state == "open" => {
            let body: RunClosed = event.read()?;
            fx.tx.put(&RunRow { state: "closed".into(), rows: body.rows, closed_by: Some(event.id), ..run })?;
        }
        ("run.drop", Some(run)) if run.state == "open" => {
            fx.tx.put(&RunRow { state: "dropped".into(), closed_by: Some(event.id), ..run })?;
        }
        _ => {}
    }
    Ok(())
}
