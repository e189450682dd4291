//! `order.resume` (恢复): a paused order goes on where it was; a promise by the day moves by the days it was held.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{intake_take, order_step};
use crate::derive::order::body::{NewDue, OrderResumed};
use crate::rules::id::Id;
use crate::rules::order::{State, What};

/// The action.
pub struct OrderResume;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// In the clerk's words.
    #[serde(default)]
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// Where it stands now.
    pub state: String,
}

impl Action for OrderResume {
    const NAME: &'static str = "order.resume";
    const SUMMARY: &'static str = "恢复暂停的工单";
    const MERGE: &'static str = "两处各恢复一次：先的有效，后的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let mut faults = Vec::new();
        order_step::text(cx, "reason", "备注", &input.reason, &mut faults);
        let dues = match found.order.state {
            State::Paused => {
                let moved = found.order.after_pauses(cx.at, &*intake_take::calendar(cx)?);
                moved.map_err(|refusal| Refusal::field(&refusal.rule, &refusal.field, &refusal.message))?
            }
            State::Waiting
            | State::Underway
            | State::Returned
            | State::Callback
            | State::Closed
            | State::Cancelled
            | State::Void => Vec::new(),
        };
        let after = match found.after(What::Resumed { dues: dues.clone() }, cx.at) {
            Ok(after) => Some(after),
            Err(reasons) => {
                faults.extend(reasons);
                None
            }
        };
        Refusal::unless_empty(faults)?;
        let state = after.map_or(found.order.state, |order| order.state).label().to_owned();
        let output = Output { order: found.row.id, state };
        let dues = dues.into_iter().map(|(key, due)| NewDue { key, due }).collect();
        Decision::write(found.subjects(), &OrderResumed { order: found.row.id, dues }, output)
    }
}
