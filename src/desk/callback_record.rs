//! `callback.record` (回访): what the customer said when called back. Trouble found sends the order back to repair with new
//! deadlines; a third call without an answer closes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::intake_take;
use super::order_step::{self, Found};
use super::refusal::{Fault, Refusal};
use crate::derive::order::body::{CallbackRecorded, NewDue};
use crate::rules::id::Id;
use crate::rules::order::{CallbackOutcome, What, WorkingDays};

/// The action.
pub struct CallbackRecord;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// 满意, 不满意, 返修, 无人接听; 满意 if not said.
    #[serde(default)]
    pub outcome: Option<CallbackOutcome>,
    /// What was said.
    #[serde(default)]
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// Where it stands now.
    pub state: String,
    /// Calls without an answer so far.
    pub unreached: usize,
}

impl Action for CallbackRecord {
    const NAME: &'static str = "callback.record";
    const SUMMARY: &'static str = "记回访结果";
    const MERGE: &'static str = "同一工单两处各回访一次：先完结的有效，后的列为疑问；无人接听按次累计";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let outcome = input.outcome.unwrap_or(CallbackOutcome::Satisfied);
        let mut faults = Vec::new();
        let remark = order_step::text(cx, "remark", "用户意见", &input.remark, &mut faults);
        let dues = match outcome {
            CallbackOutcome::Trouble => new_dues(&found, cx.at, &*intake_take::calendar(cx)?, &mut faults),
            CallbackOutcome::Satisfied | CallbackOutcome::Dissatisfied | CallbackOutcome::Unreached => Vec::new(),
        };
        let told = dues.iter().map(|new| (new.key.clone(), new.due)).collect();
        let after = match found.after(What::CalledBack { outcome, remark: remark.clone(), dues: told }, cx.at) {
            Ok(after) => Some(after),
            Err(reasons) => {
                faults.extend(reasons);
                None
            }
        };
        Refusal::unless_empty(faults)?;
        let after = after.unwrap_or_else(|| found.order.clone());
        let output = Output { order: found.row.id, state: after.state.label().to_owned(), unreached: after.unreached };
        let body = CallbackRecorded { order: found.row.id, outcome, remark, dues };
        Decision::write(found.subjects(), &body, output)
    }
}

/// Deadlines of the new round, counted from now.
fn new_dues(
    found: &Found,
    at: crate::rules::moment::Moment,
    calendar: &dyn WorkingDays,
    faults: &mut Vec<Fault>,
) -> Vec<NewDue> {
    let mut dues = Vec::new();
    for clock in found.order.terms.clocks.iter().filter(|clock| clock.from.is_at_intake()) {
        match clock.span.due(at, calendar) {
            Ok(due) => dues.push(NewDue { key: clock.key.clone(), due }),
            Err(refusal) => faults.push(refusal.into()),
        }
    }
    dues
}
