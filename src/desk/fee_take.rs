//! `fee.take`: a service fee (过户费, 补卡费, 报装费 …) by kind, for an account or for a passer-by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::ask::{Method, cash};
use super::till::charges::{self, Asked};
use super::till::taking::{Taken, Taking, account_of, account_typed};
use super::till::{fee_kinds, mistyped, shift};
use crate::book::subject::Subject;
use crate::derive::order::body::ChargeRef;
use crate::derive::shift::FeeTaken;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::order::ChargeRow;

/// The action.
pub struct FeeTake;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or id, if it concerns one.
    #[serde(default)]
    pub account: Option<String>,
    /// The charge it pays: the case, or the case and the fee where it has several (`B01.1.23/过户费`). Not said: the oldest charge
    /// owed of the account, or of the case in `for_what`, that is called as `kind`.
    #[serde(default)]
    pub charge: Option<String>,
    /// 收款项目: of a charge its own; without one 补卡费, 报装费, 改装费, IC卡安装费, 启封费, 封表费, 校表费, or 其他 with `for_what`.
    #[serde(default)]
    pub kind: String,
    /// How much; of a charge what is owed.
    #[serde(default)]
    pub amount: Option<Fen>,
    /// 方式: 现金, 银行卡, 转账.
    #[serde(default = "cash")]
    pub method: Method,
    /// 实收; none: exactly the fee.
    #[serde(default)]
    pub tendered: Option<Fen>,
    /// 实收 was looked at: change above 1,000.00 or above what the drawer holds is right, or a fee of no case above 1,000.00.
    #[serde(default)]
    pub confirm: bool,
    /// Who pays; needed without an account and a case.
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
    /// The case whose charge it paid.
    pub order: Option<Id>,
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
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "收服务费，业务的应收费用由此收取";
    const MERGE: &'static str =
        "每笔都算数；同一应收费用收了两次，先收的销账，后收的应退，列为疑问；冲正一次，第二次冲正挂账待查";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let (subjects, body, output) = taken(cx, input)?;
        Decision::write(subjects, &body, output)
    }
}

/// Whom the entry of a fee is about, its body and what is answered.
pub(super) fn taken(cx: &Cx<'_, '_>, input: Input) -> Result<(Vec<Subject>, FeeTaken, Output), Refusal> {
    let shift = shift::own(cx)?;
    Refusal::unless_empty(faults(&input))?;
    let account = account_typed(cx.tx, input.account.as_deref())?;
    let kind = input.kind.trim();
    let asked = Asked {
        charge: input.charge.as_deref(),
        account: account.as_ref(),
        kind,
        for_what: &input.for_what,
        deposit: false,
    };
    let charge = charges::owed(cx.tx, &asked)?;
    if charge.is_none() {
        let has_payer = account.is_some() || !input.payer.trim().is_empty();
        fee_kinds::refuse(cx.tx, kind, has_payer, &input.for_what)?;
    }
    let amount = amount_of(&input, charge.as_ref())?;
    if charge.is_none() {
        mistyped::ask_fee(kind, amount, input.confirm)?;
    }
    let account = match &charge {
        Some(charge) => account_of(cx.tx, charge, account)?,
        None => account,
    };
    let taking = Taking {
        amount,
        method: input.method,
        tendered: input.tendered,
        confirm: input.confirm,
        payer: &input.payer,
        account: account.as_ref(),
        charge: charge.as_ref(),
    };
    let Taken { tendered, change, receipt, payer, spoken } = taking.take(cx, &shift)?;
    let order = charge.as_ref().map(|charge| charge.order_id);
    let kind = charge.as_ref().map_or(kind, |charge| charge.name.as_str()).to_owned();
    let said = input.for_what.trim();
    let for_what = order.filter(|_| said.is_empty()).map_or(said.to_owned(), |order| order.to_string());
    let body = FeeTaken {
        shift: shift.id,
        account: account.as_ref().map(|row| row.id),
        payer,
        kind: kind.clone(),
        amount,
        method: input.method.word().to_owned(),
        tendered,
        change,
        receipt: receipt.clone(),
        for_what,
        charge: charge.map(|charge| ChargeRef { order: charge.order_id, key: charge.key }),
    };
    let subjects = charges::subjects(body.account, order, shift.id);
    let payment = cx.next;
    let output = Output { payment, receipt, shift: shift.id, kind, order, amount, tendered, change, spoken };
    Ok((subjects, body, output))
}

/// The amount: of a charge just what is owed, so that a fee is the catalogue's wherever it is taken.
fn amount_of(input: &Input, charge: Option<&ChargeRow>) -> Result<Fen, Refusal> {
    let fault = |text: String| Err(Refusal::field("R-209", "amount", text));
    match (charge, input.amount) {
        (Some(charge), Some(amount)) if amount != charge.owed => {
            fault(format!("{} 的{}应收 {}，不是 {amount}，请改正", charge.order_id, charge.name, charge.owed))
        }
        (Some(charge), _) => Ok(charge.owed),
        (None, Some(amount)) => Ok(amount),
        (None, None) => fault("请填写费用".into()),
    }
}

fn faults(input: &Input) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (kind, by_charge) = (input.kind.trim(), input.charge.as_deref().is_some_and(|text| !text.trim().is_empty()));
    if (kind.is_empty() && !by_charge) || kind.chars().count() > 20 {
        faults.push(Fault::field("R-209", "kind", "收款项目不能为空，最多 20 字"));
    }
    if input.amount.is_some_and(|amount| amount <= Fen::ZERO) {
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
