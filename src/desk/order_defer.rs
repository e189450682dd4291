//! `order.defer` (顺延, R-300): the customer wants a set time, which takes the promise's place. Beyond the promise the team lead
//! (班组长) enters it. It is an event, not a return slip.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::order_step;
use super::refusal::{Fault, Refusal};
use crate::derive::order::body::OrderDeferred;
use crate::rules::id::Id;
use crate::rules::moment;
use crate::rules::order::{DeferReason, What};

/// The action.
pub struct OrderDefer;

/// The right to defer beyond the promise.
pub const BEYOND: &str = "order.defer_beyond";

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// The day or time agreed with the customer.
    pub until: String,
    /// 用户另约时间, 用户外出, 用户待准备, 我方原因, 其他原因; any other words count as 其他原因 and are kept.
    #[serde(default)]
    pub reason: String,
    /// In the clerk's words.
    #[serde(default)]
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// The time agreed.
    #[schemars(with = "String")]
    pub until: moment::Moment,
    /// Beyond the promise, so the team lead answers for it.
    pub beyond_promise: bool,
}

impl Action for OrderDefer {
    const NAME: &'static str = "order.defer";
    const SUMMARY: &'static str = "顺延：与用户另约时间，超过承诺的由班组长录入";
    const MERGE: &'static str = "两处各约一次：后约的时间为准，两次都在时间线上";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let mut faults = Vec::new();
        let said = input.reason.trim();
        let picked: Option<DeferReason> = serde_json::from_value(said.into()).ok();
        let other = if picked.is_none() { said } else { "" };
        let why = picked.or_else(|| (!said.is_empty()).then_some(DeferReason::Other));
        let reason = order_step::text(cx, "reason", "顺延原因", other, &mut faults);
        let remark = order_step::text(cx, "remark", "备注", &input.remark, &mut faults);
        let reason = [reason, remark].join(" ").trim().to_owned();
        let until = order_step::agreed("until", "约定时间", Some(&input.until), cx.at, &mut faults);
        if until.is_none() && faults.is_empty() {
            faults.push(Fault::field("R-300", "until", "请填写与用户约定的时间"));
        }
        Refusal::unless_empty(faults)?;
        let until = until.unwrap_or(cx.at);
        Refusal::unless_empty(found.after(What::Deferred { until }, cx.at).err().unwrap_or_default())?;
        let beyond_promise = found.order.deferral_needs_lead(until, cx.at);
        if beyond_promise && !cx.rights.allow(BEYOND) {
            let what = "约定时间超过对用户的承诺，须由班组长录入顺延，请交班组长办理";
            return Err(Refusal::permission("R-300", what));
        }
        let body = OrderDeferred { order: found.row.id, until, reason, why };
        Decision::write(found.subjects(), &body, Output { order: found.row.id, until, beyond_promise })
    }
}
