//! `import.drop`: a row of the fix list is not wanted, with the reason; a row that was only shown is seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{decide, kept, require_open};
use crate::book::subject::{Kind, Subject};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::bill_cancel::checked_reason;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::tables::fixes::StagedRow;

/// The action.
pub struct ImportDrop;

/// What is typed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file, by its run.
    pub file: Id,
    /// The line.
    pub line: i64,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The older reading of the meter that now waits for a decision of its own.
    pub older: Option<i64>,
}

/// Body of `import.drop`.
#[derive(Serialize, JsonSchema)]
pub struct ImportDropped {
    /// Line of the file.
    pub line: i64,
    /// What was wrong with it.
    pub kind: String,
    /// Why it is dropped.
    pub reason: String,
}

impl Action for ImportDrop {
    const NAME: &'static str = "import.drop";
    const SUMMARY: &'static str = "作废待改清单里的一行";
    const MERGE: &'static str = "清单只在本机；作废记两次算一次";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let kept = kept(cx.tx, cx.keys, input.file, input.line)?;
        require_open(&kept.row)?;
        let reason = checked_reason(&input.reason)
            .map_err(|_| Refusal::field("input", "reason", "作废须写明原因，最多 200 字"))?;
        // Of a remote meter the next older good reading takes the place of the one that fell.
        let mut older = cx.tx.fixes_following(input.file, input.line)?;
        let newest = older.pop();
        if let Some(row) = &newest {
            let message = "较新的一次已作废，请确认是否以这一次为准".to_owned();
            cx.tx.put(&StagedRow { state: "open".into(), follows: None, message, ..row.clone() })?;
            for row in older {
                cx.tx.put(&StagedRow { follows: newest.as_ref().map(|newest| newest.line), ..row })?;
            }
        }
        let state = if kept.row.state == "flagged" { "seen" } else { "dropped" };
        decide(cx, &kept.row, state, &reason)?;
        let body = ImportDropped { line: input.line, kind: kept.row.defect.clone(), reason };
        let output = Output { older: newest.map(|row| row.line) };
        Decision::write(vec![Subject::new(Kind::Run, input.file)], &body, output)
    }
}
