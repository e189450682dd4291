//! `payment.method`: 信息中心 alone puts a wrongly recorded payment method right, on an approved request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::ask::Method;
use super::till::find;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::payment::money_account;
use crate::derive::shift::method::MethodCorrected;
use crate::rules::id::Id;

/// The action.
pub struct PaymentMethod;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The payment: entry, 核对单 number or paper number.
    pub payment: String,
    /// How it was paid in truth: 现金, 银行卡, 转账.
    pub method: Method,
    /// Number of the approved request (OA 单号).
    pub request: String,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The payment.
    pub payment: Id,
    /// 核对单 number.
    pub receipt: String,
    /// 方式 before.
    pub before: String,
    /// 方式 now.
    pub method: String,
}

impl Action for PaymentMethod {
    const NAME: &'static str = "payment.method";
    const SUMMARY: &'static str = "更改录错的缴费方式";
    const MERGE: &'static str = "看到的方式与现有的相同才算数；两处改得不同，以第一次为准，第二次列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = find::receipt(cx.tx, "payment", &input.payment)?;
        let mut faults = Vec::new();
        let (request, reason) = (input.request.trim(), input.reason.trim());
        for (field, text, what) in [("request", request, "已批准的申请单号"), ("reason", reason, "更改原因")]
        {
            if text.is_empty() || text.chars().count() > 60 || text.chars().any(char::is_control) {
                faults.push(Fault::field("R-021", field, format!("请填{what}，最多 60 字")));
            }
        }
        if row.reversed_by.is_some() {
            faults.push(Fault::field("R-263", "payment", "这笔已经冲正，不用更改"));
        }
        let method = input.method.word();
        if money_account(&row.method).is_none() || money_account(method).is_none() {
            faults.push(Fault::field("R-263", "method", "预存缴费没有收钱，方式不能更改；请冲正后重收"));
        } else if method == row.method {
            faults.push(Fault::field("R-263", "method", format!("这笔现在就是{method}，不用更改")));
        }
        let maker = cx.tx.entry(row.id)?.map(|entry| entry.actor);
        if maker.as_deref() == Some(cx.actor.id.to_string().as_str()) {
            faults.push(Fault::field("I-10", "payment", "经手人不能自己更改，请信息中心另一人办理"));
        }
        Refusal::unless_empty(faults)?;
        let body = MethodCorrected {
            payment: row.id,
            account: row.account,
            shift: row.shift,
            receipt: row.receipt(),
            seen: row.method.clone(),
            method: method.to_owned(),
            request: request.to_owned(),
            reason: reason.to_owned(),
        };
        let mut subjects: Vec<Subject> = row.account.iter().map(|id| Subject::new(Kind::Account, *id)).collect();
        subjects.push(Subject::new(Kind::Shift, row.shift));
        let (payment, receipt) = (row.id, row.receipt());
        Decision::write(subjects, &body, Output { payment, receipt, before: row.method, method: method.into() })
    }
}
