//! `order.void` (作废, R-302): the order should never have been. The hall director decides on what a clerk took in, the lead of
//! the hotline on what the hotline took in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::action::{Action, Cx, Decision};
use super::order_step;
use super::refusal::{Fault, Refusal};
use crate::derive::order::body::OrderVoided;
use crate::derive::order::window::VOID;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::order::{Voider, What};
use crate::rules::service::Channel;
use crate::store::tables::order::OrderRow;

/// The action.
pub struct OrderVoid;

/// The right to void what the counter took in.
pub const COUNTER: &str = "order.void.counter";
/// The right to void what the hotline took in.
pub const HOTLINE: &str = "order.void.hotline";

/// The right to void what came in so.
fn right_of(by_phone: bool) -> &'static str {
    match Voider::of(by_phone) {
        Voider::HallDirector => COUNTER,
        Voider::HotlineLead => HOTLINE,
    }
}

/// May the person at the desk void this order, as far as its row says?
pub fn is_offered(desk: &Desk, row: &OrderRow) -> bool {
    let right = right_of(row.channel == Channel::Phone.code());
    row.open && row.deed.is_none() && desk.rights().is_ok_and(|rights| rights.allow(right))
}

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The order.
    pub order: String,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order.
    pub order: Id,
    /// Where it stands now.
    pub state: String,
    /// What was paid for it and is to be given back: fees by `payment.reverse`, deposits by `deposit.return`.
    pub refund: Fen,
}

impl Action for OrderVoid {
    const NAME: &'static str = "order.void";
    const SUMMARY: &'static str = "作废工单：柜台受理的由营业厅主任，电话受理的由接听组班组长";
    const MERGE: &'static str = "作废与回执各在一处：先到的有效，后到的列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = order_step::find_row(cx.tx, "order", &input.order)?;
        let mut faults = Vec::new();
        let reason = order_step::text(cx, "reason", "作废原因", &input.reason, &mut faults);
        let by_phone = if row.life.is_none() && row.open {
            faults.extend(at_window(&row, &reason));
            row.channel == Channel::Phone.code()
        } else {
            let found = order_step::find(cx.tx, "order", &input.order)?;
            faults.extend(found.after(What::Voided { reason: reason.clone() }, cx.at).err().unwrap_or_default());
            found.order.terms.by_phone
        };
        Refusal::unless_empty(faults)?;
        let voider = Voider::of(by_phone);
        if !cx.rights.allow(right_of(by_phone)) {
            let how = if by_phone { "电话" } else { "柜台" };
            let message = format!("这张工单由{how}受理，作废须由{}办理", voider.label());
            let fault = Fault { rule: "R-302".into(), field: Some("order".into()), message };
            return Err(Refusal { faults: vec![fault], ..Refusal::permission("R-302", "") });
        }
        let body = OrderVoided { order: row.id, reason };
        let refund = cx.tx.charges_of_order(row.id)?.iter().map(|charge| charge.paid).sum();
        let output = Output { order: row.id, state: VOID.to_owned(), refund };
        Decision::write(order_step::subjects_of_row(&row), &body, output)
    }
}

/// A case that is not done at the window yet can be voided until its deed.
fn at_window(row: &OrderRow, reason: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if row.deed.is_some() {
        let text = format!("{} 已经过户，不能作废；收错的费用请冲正", row.id);
        faults.push(Fault::field("R-126", "order", text));
    }
    if reason.is_empty() {
        faults.push(Fault::field("R-302", "reason", "作废要写原因"));
    }
    faults
}
