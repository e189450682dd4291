//! 师傅: the register of workers by team and area.
//!
//! Merge: the latest word on a worker counts whole; two sites seldom write one worker.

use serde::{Deserialize, Serialize};

use super::{DeriveError, Event, Fold, Fx};
use crate::book::subject::Kind;
use crate::store::tables::user::WorkerRow;

pub use crate::store::tables::user::Post;

/// The fold of workers.
pub const FOLD: Fold =
    Fold { kind: Kind::Worker, tables: &[("d_worker", "id")], knows: &[("worker.add", 1), ("worker.amend", 1)], apply };

/// Body of `worker.add` and `worker.amend`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct WorkerFacts {
    /// Short code, typed to pick.
    pub code: String,
    /// Name.
    pub name: String,
    /// 班组.
    pub team: String,
    /// Area served.
    pub area: String,
    /// Phone.
    pub phone: String,
    /// Still there.
    pub active: bool,
    /// 工种; not said of those registered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Post>,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: WorkerFacts = event.read()?;
    fx.tx.put(&WorkerRow {
        id: event.subject,
        code: body.code,
        name: body.name,
        team: body.team,
        area: body.area,
        phone: body.phone,
        active: body.active,
        post: body.post.map(|post| post.word().to_owned()).unwrap_or_default(),
    })?;
    Ok(())
}
