//! `order.return` (回执): what the worker wrote on the slip comes back: arrived, done, left, outcome, remark. After 合格 the
//! meter of a seal or unseal order takes its state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::action::{Action, Cx, Decision};
use super::bill_issue::settled_at_once;
use super::order_settle::{self, Answers, Settled};
use super::order_step::{self, Found};
use super::refusal::{Fault, Refusal};
use super::{catalogue, intake_case, session};
use crate::derive::account::bill::BillIssued;
use crate::derive::order::body::{FieldSaid, OrderReturned};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::moment;
use crate::rules::money::{Fen, Milli};
use crate::rules::order::{Order, Outcome, ReturnReason, Slip, What};
use crate::rules::sealed_use::{SealedUse, stands_still};
use crate::rules::service::{Facts, Field};
use crate::rules::utility::Utility;

/// The action.
pub struct OrderReturn;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// 到场时间: `2026-11-21T09:30`, or `09:30` of today.
    #[serde(default)]
    pub arrived: Option<String>,
    /// 实施时间
    #[serde(default)]
    pub done: Option<String>,
    /// 离开时间
    #[serde(default)]
    pub left: Option<String>,
    /// 实施情况: 合格, 不合格, 未完成, 无法实施, 取消; 合格 if not said.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Why it was not done, picked: 需先改管, 联系不上, 用户无时间要求, 灶具无熄火保护, 消毒柜挡住15C, 用户不办了, 其他原因;
    /// 取消 needs it.
    #[serde(default)]
    pub reason: Option<ReturnReason>,
    /// 现场备注; left out, it is the sentence of the paper for the reason picked.
    #[serde(default)]
    pub remark: String,
    /// State of the meter after 合格; that of the business if not said. `false` leaves it as it is.
    #[serde(default)]
    pub write_back: Option<WriteBack>,
    /// Further fields of the slip by key or Chinese label.
    #[serde(default)]
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Why a promise was not kept, needed where one was not; the remark is none.
    #[serde(default)]
    pub overrun: String,
    /// A large use up to 结算方数, or one past zero, was looked at.
    #[serde(default)]
    pub confirm: bool,
    /// How a sealed meter came to run, as for `reading.enter`.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
}

/// What the slip changes on the meter.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WriteBack {
    /// Take the business's state, or leave it.
    Whether(bool),
    /// This state: 封表, 通水, `sealed`, `supplied`.
    State(String),
    /// The same in an object.
    Named {
        /// This state.
        meter_state: String,
    },
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// Where it stands now.
    pub state: String,
    /// State of the meter now, if the slip changed it.
    pub meter_state: Option<MeterState>,
    /// A business to take in next.
    pub next: Option<String>,
    /// Promises that were not kept.
    pub overdue: Vec<String>,
    /// The bill of the use up to 结算方数.
    pub bill: Option<SettledBill>,
}

/// The bill a slip brings.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct SettledBill {
    /// The bill.
    pub bill: Id,
    /// 用量.
    pub volume: Milli,
    /// 应收.
    pub amount: Fen,
    /// What prepaid and credit pay of it at once.
    pub settled: Fen,
    /// Why it is held.
    pub held: Option<String>,
}

impl Action for OrderReturn {
    const NAME: &'static str = "order.return";
    const SUMMARY: &'static str = "录入回执：到场、实施、离开、实施情况、现场备注";
    const MERGE: &'static str = "同一工单两处各填一张回执：先填的有效，后填的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = order_step::find(cx.tx, "order", &input.order)?;
        let mut faults = Vec::new();
        let slip = slip(cx, &input, &mut faults);
        let fields = slip_fields(cx, &found, &input.fields, &mut faults)?;
        let overrun = order_step::text(cx, "overrun", "超时原因", &input.overrun, &mut faults);
        let write_back = write_back(cx, &found, &slip, input.write_back.as_ref(), &mut faults)?;
        let shuts = write_back.is_some_and(|state| stands_still(state.code(), true));
        let answers = Answers { shuts, confirm: input.confirm, sealed: input.sealed };
        let settled = order_settle::settled(cx, &found, &slip, &fields, answers, &mut faults)?;
        let after = match found.after(What::Returned(slip.clone()), cx.at) {
            Ok(after) => Some(after),
            Err(reasons) => {
                // A time that cannot be read is not one that was left out.
                let told: Vec<_> = faults.iter().filter_map(|fault| fault.field.clone()).collect();
                let is_new = |reason: &Fault| !reason.field.as_ref().is_some_and(|field| told.contains(field));
                faults.extend(reasons.into_iter().filter(is_new));
                None
            }
        };
        faults.extend(reason_fault(&found.order, &slip, cx.at));
        let overrun = overrun_reason(cx, &found, after.as_ref(), overrun, &mut faults);
        Refusal::unless_empty(faults)?;
        let after = after.unwrap_or_else(|| found.order.clone());
        let output = Output {
            order: found.row.id,
            state: after.state.label().to_owned(),
            meter_state: write_back,
            next: next(cx, &found, &slip),
            overdue: after.overruns(cx.at).into_iter().map(|reading| reading.name).collect(),
            bill: told(cx, &found, settled.bill.as_ref())?,
        };
        let Settled { reading, bill } = settled;
        if reading.is_some() || bill.is_some() {
            session::refuse_left_open(cx.tx, cx.actor.id, cx.at, "reading.enter")?;
        }
        let body = OrderReturned { order: found.row.id, slip, write_back, fields, overrun, reading, bill };
        Decision::write(found.subjects(), &body, output)
    }
}

/// The bill of a slip, as it is answered.
fn told(cx: &Cx<'_, '_>, found: &Found, bill: Option<&BillIssued>) -> Result<Option<SettledBill>, Refusal> {
    let Some((bill, account)) = bill.zip(found.row.account) else { return Ok(None) };
    Ok(Some(SettledBill {
        bill: cx.next,
        volume: bill.volume,
        amount: bill.amount,
        settled: settled_at_once(cx.tx, account, bill)?,
        held: bill.held.as_ref().map(|reason| reason.message.clone()),
    }))
}

fn slip(cx: &Cx<'_, '_>, input: &Input, faults: &mut Vec<Fault>) -> Slip {
    let mut time = |field, label, said: &Option<String>| order_step::time(field, label, said.as_deref(), cx.at, faults);
    let arrived = time("arrived", "到场时间", &input.arrived);
    let done = time("done", "实施时间", &input.done);
    let left = time("left", "离开时间", &input.left);
    let remark = order_step::text(cx, "remark", "现场备注", &input.remark, faults);
    let outcome = input.outcome.unwrap_or(Outcome::Passed);
    let reason = input.reason;
    let paper = reason.map(ReturnReason::remark).filter(|_| remark.is_empty() && outcome != Outcome::Passed);
    Slip { arrived, done, left, outcome, reason, remark: paper.map_or(remark, str::to_owned) }
}

/// Further fields as the business's file describes them. A business no longer in the catalogue asks for none.
fn slip_fields(
    cx: &Cx<'_, '_>,
    found: &Found,
    said: &BTreeMap<String, serde_json::Value>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<FieldSaid>, Refusal> {
    let loaded = catalogue::of(cx.tx);
    let known = loaded.catalogue.get(&found.row.service).and_then(|service| service.order.as_ref());
    let known: &[Field] = known.map_or(&[], |order| &order.slip);
    let facts = utility_facts(cx, found)?;
    let mut fields = Vec::new();
    for (name, value) in said {
        let Some(field) = known.iter().find(|field| field.key == *name || field.label == *name) else {
            let what = format!("回执没有栏目“{}”，请删去", crate::rules::fault::shown(name));
            faults.push(Fault::field("input", "fields", what));
            continue;
        };
        let value = order_step::text(cx, "fields", &field.label, &intake_case::text_of(value), faults);
        faults.extend(field.fault(&value, &facts, "fields").map(Fault::from));
        if !value.is_empty() {
            fields.push(FieldSaid { key: field.key.clone(), label: field.label.clone(), value });
        }
    }
    Ok(fields)
}

fn utility_facts(cx: &Cx<'_, '_>, found: &Found) -> Result<Facts, Refusal> {
    let account = found.row.account.map(|id| cx.tx.account(id)).transpose()?.flatten();
    let site = cx.tx.own_site(cx.site.as_str())?.map(|row| row.utility);
    let code = account.map(|row| row.utility).or(site).unwrap_or_default();
    Ok(Utility::from_code(&code).map_or_else(Facts::new, |utility| Facts::new().with(utility.code())))
}

/// The state the meter takes after 合格. What is not the business's own state must be a move the meter can make.
fn write_back(
    cx: &Cx<'_, '_>,
    found: &Found,
    slip: &Slip,
    said: Option<&WriteBack>,
    faults: &mut Vec<Fault>,
) -> Result<Option<MeterState>, Refusal> {
    let own = found.order.terms.meter_state;
    let state = match said {
        None | Some(WriteBack::Whether(true)) => own,
        Some(WriteBack::Whether(false)) => None,
        Some(WriteBack::State(text) | WriteBack::Named { meter_state: text }) => {
            let read = MeterState::parse(text.trim());
            if read.is_none() || own.is_none() || read != own {
                let allowed = own
                    .map_or("该业务不改表状态".to_owned(), |state| format!("只能写“{}”", state.paper_word()));
                let what = format!("回写表状态“{}”不对，{allowed}", crate::rules::fault::shown(text));
                faults.push(Fault::field("A-05", "write_back", what));
            }
            read
        }
    };
    let Some(state) = state.filter(|_| slip.outcome == Outcome::Passed) else { return Ok(None) };
    let meter = found.row.account.map(|account| cx.tx.meter_on_wall(account)).transpose()?.flatten();
    if let Some(now) = meter.as_ref().and_then(|meter| MeterState::parse(&meter.state))
        && now != state
        && !now.may_become(state)
    {
        let what = format!("表现为“{}”，不能改为“{}”，请核对户号和表", now.paper_word(), state.paper_word());
        faults.push(Fault::field("A-05", "write_back", what));
    }
    Ok(Some(state))
}

/// Why an order was not done is picked from the list, not read out of a text: 取消 needs it, and nobody reached is a reason only
/// once the promise has run out; until then the customer is called on.
fn reason_fault(order: &Order, slip: &Slip, at: moment::Moment) -> Option<Fault> {
    let fault = |rule, field, what: String| Some(Fault::field(rule, field, what));
    match (slip.outcome, slip.reason) {
        (Outcome::Passed, Some(_)) => fault("R-294", "reason", "实施情况为“合格”，原因请留空".into()),
        (Outcome::Cancelled, None) => {
            let words: Vec<&str> = ReturnReason::ALL.iter().map(|reason| reason.label()).collect();
            fault("R-301", "reason", format!("取消要选原因：{}", words.join("、")))
        }
        (_, Some(reason)) if reason.only_overdue() && !order.is_overdue(at) => {
            fault("R-301", "reason", "承诺还没有到期，请继续联系用户；到期仍无法联系的才能取消".into())
        }
        _ => None,
    }
}

/// A promise that was not kept needs its reason, once; a remark about the work is none.
pub(super) fn overrun_reason(
    cx: &Cx<'_, '_>,
    found: &Found,
    after: Option<&Order>,
    reason: String,
    faults: &mut Vec<Fault>,
) -> String {
    let late = after.map_or_else(Vec::new, |order| order.overruns(cx.at));
    if late.is_empty() || !found.row.overrun.is_empty() {
        return reason;
    }
    if reason.is_empty() {
        let names: Vec<String> =
            late.iter().map(|reading| format!("{}（{}）", reading.name, reading.due.format("%m-%d %H:%M"))).collect();
        let what = format!("已超过承诺时限：{}，请填写超时原因并向用户解释", names.join("、"));
        faults.push(Fault::field("R-325", "overrun", what));
    }
    reason
}

/// The business to take in next.
fn next(cx: &Cx<'_, '_>, found: &Found, slip: &Slip) -> Option<String> {
    let loaded = catalogue::of(cx.tx);
    let service = loaded.catalogue.get(&found.row.service)?;
    let follow = service.follow_ups.iter().find(|next| next.on == slip.outcome && next.when.holds(&Facts::new()));
    let modify = slip.outcome == Outcome::Cancelled && slip.reason.is_some_and(ReturnReason::then_modify);
    follow.map(|next| next.service.clone()).or_else(|| modify.then(|| "改装".to_owned()))
}
