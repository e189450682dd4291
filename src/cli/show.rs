//! `show`: one record whole, with its history.

use clap::{Args, ValueEnum};

use super::common::{CliError, Context};
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;

/// Arguments of `show`.
#[derive(Args)]
pub struct ShowArgs {
    /// 什么
    kind: What,
    /// 编号
    id: String,
}

/// What can be shown.
#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// 凭单
    Entry,
}

/// Shows a record.
pub fn run(context: &Context, args: &ShowArgs) -> Result<u8, CliError> {
    let desk = context.open()?;
    let tx = desk.look()?;
    match args.kind {
        What::Entry => {
            let id: Id = args.id.parse().map_err(|_| Refusal::missing("id", "凭单", &args.id))?;
            let row = tx.entry(id)?.ok_or_else(|| Refusal::missing("id", "凭单", &args.id))?;
            let payload: serde_json::Value = serde_json::from_str(&row.payload).unwrap_or_default();
            let shown = serde_json::json!({
                "entry": row.id, "at": row.at, "business_day": row.business_day, "actor": row.actor, "action": row.action,
                "version": row.version, "subjects": row.subjects, "key": row.key, "payload": payload,
                "prev": crate::desk::verify::hex(&row.prev), "hash": crate::desk::verify::hex(&row.hash),
            });
            println!("{shown:#}");
        }
    }
    Ok(0)
}
