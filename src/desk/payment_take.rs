//! `payment.take`: 收费. One, several or part of the bills of an account, by cash, bank card, transfer or prepaid.

use schemars::JsonSchema;
use serde::Deserialize;

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::till::ask::{Amounts, Ask, Method, Waive};
use super::till::book::{Taken, book};
use super::till::plan::plan;
use super::till::shift;
use crate::rules::money::Fen;

/// The action.
pub struct PaymentTake;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or id.
    pub account: String,
    /// Bills by id, `#1` (opening arrears) or 账期; none: all that is owed, oldest first; `[]`: none, only to prepaid.
    #[serde(default)]
    pub bills: Option<Vec<String>>,
    /// Part payments; the late fee is paid first.
    #[serde(default)]
    pub amounts: Option<Amounts>,
    /// 方式.
    #[serde(default = "cash")]
    pub method: Method,
    /// 实收; none: exactly what is due.
    #[serde(default)]
    pub tendered: Option<Fen>,
    /// 减免 of late fees of estimated bills.
    #[serde(default)]
    pub waive: Option<Waive>,
    /// To put to prepaid besides.
    #[serde(default)]
    pub to_prepaid: Option<Fen>,
    /// Put the change to prepaid.
    #[serde(default)]
    pub keep_change: bool,
    /// To take from prepaid and credit first; the rest by `method`.
    #[serde(default)]
    pub from_prepaid: Option<Fen>,
    /// 应收 as the caller saw it; refused when it has changed.
    #[serde(default)]
    pub expected_total: Option<Fen>,
}

/// The default method.
pub fn cash() -> Method {
    Method::Cash
}

impl From<Input> for Ask {
    fn from(input: Input) -> Self {
        Self {
            account: input.account,
            bills: input.bills,
            amounts: input.amounts,
            method: input.method,
            tendered: input.tendered,
            waive: input.waive,
            to_prepaid: input.to_prepaid,
            keep_change: input.keep_change,
            from_prepaid: input.from_prepaid,
            expected_total: input.expected_total,
        }
    }
}

impl Action for PaymentTake {
    const NAME: &'static str = "payment.take";
    const SUMMARY: &'static str = "收费：一笔、几笔或部分账单";
    const MERGE: &'static str =
        "钱都算数；账单按收费先后销账，已缴清的再收即为用户余款并列疑问；预存用两次时后一次无效";
    type Input = Input;
    type Output = Taken;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Taken>, Refusal> {
        let shift = shift::own(cx)?;
        let prices = cx.shelf.prices(cx.tx)?;
        let plan = plan(cx.tx, &prices, cx.day, &input.into())?;
        book(cx, &shift, &plan, None)
    }
}
