//! `complaint.answer` (答复): a complaint or a question is answered, or solved too; each has a clock of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{order_return, order_step};
use crate::derive::order::body::ComplaintAnswered;
use crate::rules::id::Id;
use crate::rules::order::{AnswerOutcome, What};

/// The action.
pub struct ComplaintAnswer;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The complaint's order.
    pub order: String,
    /// 已答复 or 已解决; 已解决 if not said.
    #[serde(default)]
    pub outcome: Option<AnswerOutcome>,
    /// What was said.
    #[serde(default)]
    pub remark: String,
    /// Why a promise was not kept, needed where one was not; the remark is none.
    #[serde(default)]
    pub overrun: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// Where it stands now.
    pub state: String,
}

impl Action for ComplaintAnswer {
    const NAME: &'static str = "complaint.answer";
    const SUMMARY: &'static str = "录入投诉、咨询的答复";
    const MERGE: &'static str = "两处各答复一次都保留；先解决的有效，后来的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let outcome = input.outcome.unwrap_or(AnswerOutcome::Solved);
        let mut faults = Vec::new();
        let remark = order_step::text(cx, "remark", "答复内容", &input.remark, &mut faults);
        let overrun = order_step::text(cx, "overrun", "超时原因", &input.overrun, &mut faults);
        let after = match found.after(What::Answered { outcome, remark: remark.clone() }, cx.at) {
            Ok(after) => Some(after),
            Err(reasons) => {
                faults.extend(reasons);
                None
            }
        };
        let overrun = order_return::overrun_reason(cx, &found, after.as_ref(), overrun, &mut faults);
        Refusal::unless_empty(faults)?;
        let after = after.unwrap_or_else(|| found.order.clone());
        let output = Output { order: found.row.id, state: after.state.label().to_owned() };
        let body = ComplaintAnswered { order: found.row.id, outcome, remark, overrun };
        Decision::write(found.subjects(), &body, output)
    }
}
