//! `payment.confirm`: another person compares a hand-written slip with what was entered late and confirms it (R-177, I-10).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::till::find;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::payment::PaymentConfirmed;
use crate::rules::id::Id;
use crate::store::tables::billing::PaymentRow;

/// The action.
pub struct PaymentConfirm;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The payment: entry, 核对单 number or paper number.
    pub payment: String,
    /// 备注.
    #[serde(default)]
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The payment.
    pub payment: Id,
    /// 核对单 number.
    pub receipt: String,
    /// Number of the hand-written slip.
    pub paper: String,
}

impl Action for PaymentConfirm {
    const NAME: &'static str = "payment.confirm";
    const SUMMARY: &'static str = "确认补录的手开核对单";
    const MERGE: &'static str = "确认一次即可，第二次不改变什么；经手人自己的确认不算数，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = find::receipt(cx.tx, "payment", &input.payment)?;
        let (Some(account), Some(paper)) = (row.account, row.paper.clone()) else {
            return Err(Refusal::field("R-177", "payment", "这笔不是补录的手开单，不用确认"));
        };
        let payment = cx.tx.get::<PaymentRow>(&[&account, &row.id])?;
        let payment = payment.ok_or_else(|| Refusal::missing("payment", "收费", &input.payment))?;
        if payment.state == "reversed" {
            return Err(Refusal::field("R-177", "payment", "这笔已经冲正，不用确认"));
        }
        if payment.confirmed_by.is_some() {
            return Err(Refusal::field("R-177", "payment", "这笔已经有人确认过了"));
        }
        if payment.actor == cx.actor.id.to_string() {
            return Err(Refusal::field("I-10", "payment", "补录的人不能自己确认，请另一人来确认"));
        }
        let remark = input.remark.trim().chars().take(200).collect();
        let body = PaymentConfirmed { payment: row.id, account, shift: row.shift, remark };
        let subjects = vec![Subject::new(Kind::Account, account), Subject::new(Kind::Shift, row.shift)];
        Decision::write(subjects, &body, Output { payment: row.id, receipt: row.receipt(), paper })
    }
}
