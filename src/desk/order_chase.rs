//! `order.chase` (催办, R-305): an order is urged. It changes no state and merges always.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::order_step;
use super::refusal::Refusal;
use crate::derive::order::body::OrdersChased;
use crate::rules::id::Id;
use crate::rules::order::What;

/// The action.
pub struct OrderChase;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The orders.
    #[serde(default)]
    pub orders: Vec<String>,
    /// One order, instead of the list.
    #[serde(default)]
    pub order: Option<String>,
    /// What was said.
    #[serde(default)]
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The orders.
    pub orders: Vec<Id>,
    /// Times each was urged, this one included.
    pub chased: Vec<u32>,
}

impl Action for OrderChase {
    const NAME: &'static str = "order.chase";
    const SUMMARY: &'static str = "催办工单";
    const MERGE: &'static str = "各算各的一次；已办结的工单上的催办不起作用，也不成疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let texts: Vec<String> = input.orders.into_iter().chain(input.order).collect();
        let found = order_step::find_all(cx.tx, &texts)?;
        let mut faults = Vec::new();
        let remark = order_step::text(cx, "reason", "催办内容", &input.reason, &mut faults);
        for one in &found {
            faults.extend(one.after(What::Chased, cx.at).err().unwrap_or_default());
        }
        Refusal::unless_empty(faults)?;
        let orders: Vec<Id> = found.iter().map(|one| one.row.id).collect();
        let chased = found.iter().map(|one| one.order.chased + 1).collect();
        let body = OrdersChased { orders: orders.clone(), remark };
        Decision::write(order_step::subjects_of(&found), &body, Output { orders, chased })
    }
}
