//! `fee.take`: a service fee (过户费, 补卡费, 报装费 …) by kind, for an account or for a passer-by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::ask::Method;
use super::till::ask::cash;
use super::till::book::payer;
use super::till::mistyped;
use super::till::receipt::give_receipt;
use super::till::shift;
use super::whose::Whose;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::FeeTaken;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::text::till::{say_cash, say_other};

/// The action.
pub struct FeeTake;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or id, if it concerns one.
    #[serde(default)]
    pub account: Option<String>,
    /// 收款项目: 过户费, 补卡费 …
    pub kind: String,
    /// How much.
    pub amount: Fen,
    /// 方式: 现金, 银行卡, 转账.
    #[serde(default = "cash")]
    pub method: Method,
    /// 实收; none: exactly the fee.
    #[serde(default)]
    pub tendered: Option<Fen>,
    /// 实收 was looked at: change above 1,000.00 or above what the drawer holds is right.
    #[serde(default)]
    pub confirm: bool,
    /// Who pays, without an account.
    #[serde(default)]
    pub payer: String,
    /// The intake, order or request it belongs to.
    #[serde(default)]
    pub for_what: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The fee's entry.
    pub payment: Id,
    /// 核对单 number.
    pub receipt: String,
    /// The shift.
    pub shift: Id,
    /// 收款项目.
    pub kind: String,
    /// How much.
    pub amount: Fen,
    /// 实收.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// The line to say.
    pub spoken: String,
}

impl Action for FeeTake {
    const NAME: &'static str = "fee.take";
    const SUMMARY: &'static str = "收服务费";
    const MERGE: &'static str = "每笔都算数；冲正一次，第二次冲正挂账待查";
    const WHOSE: Whose = Whose::AnyAccount;
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let shift = shift::own(cx)?;
        Refusal::unless_empty(faults(&input))?;
        let account = match input.account.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Some(cx.tx.account_of_text(text)?.ok_or_else(|| Refusal::missing("account", "户", text))?),
            None => None,
        };
        let tendered = input.tendered.unwrap_or(input.amount);
        let change = tendered - input.amount;
        if change.is_negative() || (change > Fen::ZERO && input.method != Method::Cash) {
            let text = format!("实收 {tendered} 与费用 {} 不符，请改正", input.amount);
            return Err(Refusal::field("R-175", "tendered", text));
        }
        mistyped::ask(tendered, change, Fen::ZERO, shift.cash, input.confirm)?;
        let receipt = give_receipt(cx.tx, cx.next)?;
        let who = account.as_ref().map_or(input.payer.trim().to_owned(), |row| payer(&row.no, &row.name));
        let kind = input.kind.trim().to_owned();
        let body = FeeTaken {
            shift: shift.id,
            account: account.as_ref().map(|row| row.id),
            payer: who,
            kind: kind.clone(),
            amount: input.amount,
            method: input.method.word().to_owned(),
            tendered,
            change,
            receipt: receipt.clone(),
            for_what: input.for_what.trim().to_owned(),
        };
        let mut subjects: Vec<Subject> = account.iter().map(|row| Subject::new(Kind::Account, row.id)).collect();
        subjects.push(Subject::new(Kind::Shift, shift.id));
        let spoken = match input.method {
            Method::Cash => say_cash(tendered, change),
            other => say_other(other.word(), input.amount),
        };
        let (payment, amount) = (cx.next, input.amount);
        Decision::write(
            subjects,
            &body,
            Output { payment, receipt, shift: shift.id, kind, amount, tendered, change, spoken },
        )
    }
}

fn faults(input: &Input) -> Vec<Fault> {
    let mut faults = Vec::new();
    if input.kind.trim().is_empty() || input.kind.chars().count() > 20 {
        faults.push(Fault::field("R-209", "kind", "收款项目不能为空，最多 20 字"));
    }
    if input.amount <= Fen::ZERO {
        faults.push(Fault::field("R-209", "amount", "费用要大于零，请改正"));
    }
    if input.tendered.is_some_and(Fen::is_negative) {
        faults.push(Fault::field("R-175", "tendered", "实收不能是负数，请改正"));
    }
    if input.method == Method::Prepaid {
        faults.push(Fault::field("R-209", "method", "服务费不能用预存，请选现金、银行卡或转账"));
    }
    if input.payer.chars().count() > 40 || input.for_what.chars().count() > 60 {
        faults.push(Fault::field("R-209", "payer", "缴款人最多 40 字，事由最多 60 字"));
    }
    faults
}
