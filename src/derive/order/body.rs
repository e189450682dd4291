//! What the entries about orders say: the bodies that `desk` writes and the folds read.

use serde::{Deserialize, Serialize};

use crate::derive::account::bill::BillIssued;
use crate::derive::account::reading::ReadingEntered;
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::moment::Moment;
use crate::rules::money::Fen;
use crate::rules::order::{AnswerOutcome, CallbackOutcome, DeferReason, PauseReason, Slip, Terms};
use crate::rules::service::AtWindow;

/// Body of `intake.take`. Numbers of IDs and cards never stand in it: the desk refuses them in any field.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct IntakeTaken {
    /// Code of the business.
    pub service: String,
    /// Its name.
    pub title: String,
    /// counter or phone.
    pub channel: String,
    /// The account, if any.
    #[serde(default)]
    pub account: Option<Id>,
    /// Address as it is printed.
    pub address: String,
    /// Who came or called.
    #[serde(default)]
    pub caller: String,
    /// 联系电话.
    #[serde(default)]
    pub phone: String,
    /// 类别 on the dispatch desk.
    pub category: String,
    /// 区域.
    #[serde(default)]
    pub area: String,
    /// What is wanted, in one line.
    #[serde(default)]
    pub wish: String,
    /// Papers seen, by key.
    #[serde(default)]
    pub papers: Vec<String>,
    /// What was ticked about the case.
    #[serde(default)]
    pub situations: Vec<String>,
    /// The form.
    #[serde(default)]
    pub fields: Vec<FieldSaid>,
    /// 业务级别.
    pub urgency: String,
    /// When it happened.
    #[serde(default)]
    pub happened: Option<Moment>,
    /// When the customer told us.
    pub told: Moment,
    /// When it was typed.
    pub typed: Moment,
    /// Its time at the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<AtWindow>,
    /// Fees agreed at the window; the till posts the money.
    #[serde(default)]
    pub charges: Vec<Charged>,
    /// What was promised, as it was spoken.
    #[serde(default)]
    pub promise: Option<Promised>,
    /// What was said to the customer.
    #[serde(default)]
    pub line: String,
    /// The order it makes, whole; none when closed at the window or joined.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// Same thing at the same place, for repeat calls.
    #[serde(default)]
    pub join_key: Option<String>,
    /// The open order a repeat call joins.
    #[serde(default)]
    pub joins: Option<Id>,
    /// The parked case it was taken up from.
    #[serde(default)]
    pub parked: Option<Id>,
    /// It is over only when the account has its new owner by `account.transfer`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deed: bool,
}

/// A field of a form or slip with what it says.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct FieldSaid {
    /// Key in the catalogue.
    pub key: String,
    /// Label as the clerk read it.
    pub label: String,
    /// What it says.
    pub value: String,
}

/// A fee agreed at the window.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct Charged {
    /// Kind of `fee.take`.
    pub key: String,
    /// 过户费.
    pub name: String,
    /// Amount; zero when free with proof.
    pub amount: Fen,
    /// What is given for it.
    pub invoice: String,
    /// Given back later.
    pub deposit: bool,
    /// What must not happen while it is owed: 派工, 过户; empty when it stops nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// A charge by its name: the case and the fee's key in the catalogue.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct ChargeRef {
    /// The case.
    pub order: Id,
    /// Key in the catalogue.
    pub key: String,
}

/// Body of `deposit.take` (收押金, R-142): no income, it is owed to the customer until it is given back.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct DepositTaken {
    /// The shift.
    pub shift: Id,
    /// The charge it is for.
    pub charge: ChargeRef,
    /// The account, if any.
    #[serde(default)]
    pub account: Option<Id>,
    /// 户号 and 户名, or who paid.
    pub payer: String,
    /// 收款项目: 检测押金.
    pub kind: String,
    /// How much.
    pub amount: Fen,
    /// 方式.
    pub method: String,
    /// What the customer gave.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Number of the receipt, which is asked for when it is given back.
    pub receipt: String,
}

/// Body of `deposit.return` (退押金).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct DepositReturned {
    /// The entry that took it.
    pub deposit: Id,
    /// The charge it was for.
    pub charge: ChargeRef,
    /// The account, if any.
    #[serde(default)]
    pub account: Option<Id>,
    /// The shift whose drawer gives it back.
    pub shift: Id,
    /// 户号 and 户名, or who paid.
    pub payer: String,
    /// 收款项目: 检测押金.
    pub kind: String,
    /// How much.
    pub amount: Fen,
    /// 方式, as it came.
    pub method: String,
    /// Number of its receipt.
    pub receipt: String,
    /// Why, in the clerk's words.
    #[serde(default)]
    pub remark: String,
}

/// A promise as it was spoken.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct Promised {
    /// 到场, 启封.
    pub name: String,
    /// 3个工作日.
    pub limit: String,
    /// By when.
    pub due: Moment,
}

/// Body of `intake.park`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct IntakeParked {
    /// The parked case.
    pub parked: Id,
    /// 排队号.
    pub queue: String,
    /// Code of the business.
    pub service: String,
    /// The account, if known.
    #[serde(default)]
    pub account: Option<Id>,
    /// Papers still to bring.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What was typed, sealed.
    pub draft: String,
}

/// Body of `intake.resume`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct IntakeResumed {
    /// The parked case.
    pub parked: Id,
}

/// Body of `order.dispatch`: several orders to one worker.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrdersDispatched {
    /// The orders.
    pub orders: Vec<Id>,
    /// Who goes.
    pub worker: Id,
}

/// Body of `order.pause`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrderPaused {
    /// The order.
    pub order: Id,
    /// Why.
    pub reason: PauseReason,
    /// In the clerk's words.
    #[serde(default)]
    pub remark: String,
    /// Until about when.
    #[serde(default)]
    pub until: Option<Moment>,
}

/// Body of `order.resume`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrderResumed {
    /// The order.
    pub order: Id,
    /// Deadlines by the day as the pause moved them, by clock; entries of before have none and move by the time held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dues: Vec<NewDue>,
}

/// Body of `order.defer` (顺延).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrderDeferred {
    /// The order.
    pub order: Id,
    /// The time agreed with the customer.
    pub until: Moment,
    /// In the clerk's words.
    pub reason: String,
    /// Why, picked from the list; entries of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<DeferReason>,
}

/// Body of `order.void` (作废).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrderVoided {
    /// The order.
    pub order: Id,
    /// Why.
    pub reason: String,
}

/// Body of `order.chase` (催办).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrdersChased {
    /// The orders.
    pub orders: Vec<Id>,
    /// What was said.
    #[serde(default)]
    pub remark: String,
}

/// Body of `order.return` (回执).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct OrderReturned {
    /// The order.
    pub order: Id,
    /// The slip.
    pub slip: Slip,
    /// State of the meter after 合格.
    #[serde(default)]
    pub write_back: Option<MeterState>,
    /// Further fields of the slip.
    #[serde(default)]
    pub fields: Vec<FieldSaid>,
    /// Why a promise was not kept.
    #[serde(default)]
    pub overrun: String,
    /// 结算方数 of a seal or removal slip, as a reading of the account.
    #[serde(default)]
    pub reading: Option<ReadingEntered>,
    /// The bill of the use up to it.
    #[serde(default)]
    pub bill: Option<BillIssued>,
}

/// Body of `callback.record` (回访).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct CallbackRecorded {
    /// The order.
    pub order: Id,
    /// What came of it.
    pub outcome: CallbackOutcome,
    /// What was said.
    #[serde(default)]
    pub remark: String,
    /// For 返修: new deadlines by clock.
    #[serde(default)]
    pub dues: Vec<NewDue>,
}

/// A deadline counted anew.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct NewDue {
    /// Key of the clock.
    pub key: String,
    /// By when.
    pub due: Moment,
}

/// Body of `complaint.answer` (答复).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct ComplaintAnswered {
    /// The order.
    pub order: Id,
    /// Answered, or solved too.
    pub outcome: AnswerOutcome,
    /// What was said.
    pub remark: String,
    /// Why a promise was not kept.
    #[serde(default)]
    pub overrun: String,
}

/// What an entry says happens to one order.
pub struct Happening {
    /// For [`crate::rules::order::Order::apply`].
    pub what: crate::rules::order::What,
    /// One line for the history.
    pub note: String,
    /// The worker concerned.
    pub worker: Option<Id>,
    /// Why a promise was not kept.
    pub overrun: String,
}
