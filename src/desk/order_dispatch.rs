//! `order.dispatch` (派工): one or several orders are handed to a worker. All or none: an order that cannot go out says why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::order_step::{self, Found};
use super::refusal::{Fault, Refusal};
use super::till::charges;
use crate::derive::order::body::OrdersDispatched;
use crate::rules::id::Id;
use crate::rules::moment;
use crate::rules::order::{State, What};
use crate::rules::service::Before;
use crate::store::Tx;
use crate::store::tables::user::WorkerRow;

/// The action.
pub struct OrderDispatch;

/// Most orders handed out by one entry.
pub const MAX_ORDERS: usize = 200;

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
    /// The worker by code, name or id.
    pub worker: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The orders handed out.
    pub orders: Vec<Id>,
    /// Who goes.
    pub worker: Id,
    /// Their name.
    pub name: String,
}

impl Action for OrderDispatch {
    const NAME: &'static str = "order.dispatch";
    const SUMMARY: &'static str = "派工：一张或几张工单派给师傅";
    const MERGE: &'static str = "同一工单在两个网点各派一次：先派的有效，后派的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let texts: Vec<String> = input.orders.into_iter().chain(input.order).collect();
        if texts.len() > MAX_ORDERS {
            return Err(Refusal::field("R-285", "orders", format!("一次最多派 {MAX_ORDERS} 张，请分几次")));
        }
        let worker = worker(cx.tx, &input.worker)?;
        let found = order_step::find_all(cx.tx, &texts)?;
        let mut faults = Vec::new();
        for one in &found {
            if let Err(reasons) = one.after(What::Dispatched { worker: worker.id }, cx.at) {
                faults.extend(taken(cx.tx, one)?.map_or(reasons, |fault| vec![fault]));
            }
            faults.extend(charges::waits_for(cx.tx, one.row.id, Before::Dispatch)?);
        }
        Refusal::unless_empty(faults)?;
        let orders: Vec<Id> = found.iter().map(|one| one.row.id).collect();
        let body = OrdersDispatched { orders: orders.clone(), worker: worker.id };
        let output = Output { orders, worker: worker.id, name: worker.name };
        Decision::write(order_step::subjects_of(&found), &body, output)
    }
}

/// The worker a person means.
pub fn worker(tx: &Tx<'_>, text: &str) -> Result<WorkerRow, Refusal> {
    let found = tx.workers_of_text(text)?;
    match <[WorkerRow; 1]>::try_from(found) {
        Ok([worker]) if worker.active => Ok(worker),
        Ok([worker]) => Err(Refusal::field("R-024", "worker", format!("{}师傅已停用，请派别人", worker.name))),
        Err(several) if several.is_empty() => {
            Err(Refusal::missing("worker", "师傅", &crate::rules::fault::shown(text)))
        }
        Err(several) => {
            let codes: Vec<&str> = several.iter().map(|worker| worker.code.as_str()).collect();
            let what = format!("叫“{}”的师傅不止一位，请用代号或编号：{}", several[0].name, codes.join("、"));
            Err(Refusal::field("R-024", "worker", what))
        }
    }
}

/// Somebody was quicker: who has it, since when.
fn taken(tx: &Tx<'_>, one: &Found) -> Result<Option<Fault>, Refusal> {
    let (State::Underway, Some(worker), Some(since)) = (one.order.state, one.order.worker, one.order.dispatched) else {
        return Ok(None);
    };
    let name = tx.worker(worker)?.map_or_else(|| worker.to_string(), |row| row.name);
    let since = since.with_timezone(&moment::offset()).format("%m-%d %H:%M");
    let what = format!("工单 {} 已于 {since} 派给{name}，不能再派；要改派须先填回执", one.row.id);
    Ok(Some(Fault::field("R-303", "orders", what)))
}
