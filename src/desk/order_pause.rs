//! `order.pause` (暂停): work stands still for a reason. One of the customer's holds the promise too; one of our own holds only
//! the step's limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::order_step;
use super::refusal::Refusal;
use crate::derive::order::body::OrderPaused;
use crate::rules::id::Id;
use crate::rules::order::{PauseReason, What};

/// The action.
pub struct OrderPause;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// 用户原因, 等材料, 天气, 交通, 等他方; any other words count as 等他方 and are kept.
    pub reason: String,
    /// In the clerk's words.
    #[serde(default)]
    pub remark: String,
    /// Until about when.
    #[serde(default)]
    pub until: Option<String>,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// The reason as it counts.
    pub reason: PauseReason,
    /// The customer's clock is held.
    pub holds_promise: bool,
}

impl Action for OrderPause {
    const NAME: &'static str = "order.pause";
    const SUMMARY: &'static str = "暂停工单，写明原因";
    const MERGE: &'static str = "两处各暂停一次：先的有效，后的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let said = input.reason.trim();
        if said.is_empty() {
            return Err(Refusal::field("R-305", "reason", "请填写暂停原因"));
        }
        let reason: Option<PauseReason> = serde_json::from_value(said.into()).ok();
        let other = if reason.is_none() { said } else { "" };
        let reason = reason.unwrap_or(PauseReason::Others);
        let mut faults = Vec::new();
        let remark = [other, input.remark.trim()].join(" ");
        let remark = order_step::text(cx, "remark", "备注", &remark, &mut faults);
        let until = order_step::time("until", "预计恢复时间", input.until.as_deref(), cx.at, &mut faults);
        faults.extend(found.after(What::Paused { reason }, cx.at).err().unwrap_or_default());
        Refusal::unless_empty(faults)?;
        let body = OrderPaused { order: found.row.id, reason, remark, until };
        let output = Output { order: found.row.id, reason, holds_promise: reason.holds_promise() };
        Decision::write(found.subjects(), &body, output)
    }
}
