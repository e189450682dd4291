//! `import.confirm`: a held row is right as it stands: a large use, a counter past zero, one of two readings that contradict, a
//! low reading whose swap is in. It goes in as the reading it is; of readings that contradict it, the others fall.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Again, Said, close_older, decide, kept, notes, require_open, write};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::inbound::judge::{Disposition, Kind};
use crate::rules::id::Id;
use crate::rules::sealed_use::SealedUse;

/// The action.
pub struct ImportConfirm;

/// What is typed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file, by its run.
    pub file: Id,
    /// The line.
    pub line: i64,
    /// How a sealed meter came to run, as for `reading.enter`.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The entry that took the row in.
    pub entry: Id,
    /// What somebody should know beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Lines that fell with the decision.
    pub dropped: Vec<i64>,
}

impl Action for ImportConfirm {
    const NAME: &'static str = "import.confirm";
    const SUMMARY: &'static str = "确认待改清单里的一行";
    const MERGE: &'static str = "清单只在本机；收下的读数按读数归并，各记各的";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let kept = kept(cx.tx, cx.keys, input.file, input.line)?;
        require_open(&kept.row)?;
        let mut rollover = false;
        let fit = match kept.judge(cx, &kept.cells)? {
            Again::Good(fit) => fit,
            // A held row waits for just this; a low one, and a row that still names the old meter, once the swap is in.
            Again::Defect(defect, Some(fit)) if may_confirm(kept.row.defect.as_str(), defect.kind) => {
                rollover = defect.kind == Kind::Rollover;
                fit
            }
            Again::Defect(defect, _) => {
                let what = format!("第{}行不能直接确认：{}", input.line, defect.message);
                return Err(Refusal::field(defect.rule.as_deref().unwrap_or(defect.kind.code()), "line", what));
            }
            Again::Unread(why) => {
                let what = format!("第{}行没有读数（{why}），请补填示数", input.line);
                return Err(Refusal::field("unread", "line", what));
            }
        };
        let notes = notes(cx, &fit)?;
        let draft = write(cx, *fit, Said { confirm: true, rollover, sealed: input.sealed })?;
        let mut dropped = Vec::new();
        if let Some(account) = kept.row.account.filter(|_| kept.row.defect == Kind::ConflictingDuplicate.code()) {
            let others = cx.tx.fixes_of_account(input.file, account)?;
            for other in others.iter().filter(|other| other.line != input.line && other.defect == kept.row.defect) {
                decide(cx, other, "dropped", &format!("已选定第{}行", input.line))?;
                dropped.push(other.line);
            }
        }
        close_older(cx, &kept.row)?;
        decide(cx, &kept.row, "confirmed", "已确认收下")?;
        Ok(Decision { draft: Some(draft), output: Output { entry: cx.next, notes, dropped } })
    }
}

/// May a row that was held for `before` and is now judged `now` go in when a person says so?
fn may_confirm(before: &str, now: Kind) -> bool {
    let held = Kind::from_code(before).is_some_and(|kind| kind.disposition() == Disposition::Held);
    let settles = now.disposition() == Disposition::Held || now == Kind::UnknownMeter;
    held && settles
}
