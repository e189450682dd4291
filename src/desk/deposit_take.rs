//! `deposit.take`: 押金 of a business is taken. No income: it is owed to the customer and has a receipt of its own number,
//! which is asked for when it is given back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::till::ask::{Method, cash};
use super::till::charges::{self, Asked};
use super::till::shift;
use super::till::taking::{Taken, Taking, account_of, account_typed};
use crate::derive::order::body::{ChargeRef, DepositTaken};
use crate::derive::shift::security;
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// The action.
pub struct DepositTake;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or id; enough where the account owes one deposit.
    #[serde(default)]
    pub account: Option<String>,
    /// The case, or the case and the deposit where it has several (`B01.1.23/检测押金`).
    #[serde(default)]
    pub charge: Option<String>,
    /// The deposit by name, where the account owes several.
    #[serde(default)]
    pub kind: String,
    /// How much; not said: what is owed.
    #[serde(default)]
    pub amount: Option<Fen>,
    /// 方式: 现金, 银行卡, 转账.
    #[serde(default = "cash")]
    pub method: Method,
    /// 实收; none: exactly the deposit.
    #[serde(default)]
    pub tendered: Option<Fen>,
    /// Who pays, without an account.
    #[serde(default)]
    pub payer: String,
    /// The sum was looked at again: a change above 1,000.00 or above what the drawer holds is asked about once.
    #[serde(default)]
    pub confirm: bool,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The deposit's entry.
    pub deposit: Id,
    /// Number of its receipt.
    pub receipt: String,
    /// The case.
    pub order: Id,
    /// The shift.
    pub shift: Id,
    /// 检测押金.
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

impl Action for DepositTake {
    const NAME: &'static str = "deposit.take";
    const SUMMARY: &'static str = "收押金，给押金收据，以后凭收据退还";
    const MERGE: &'static str = "每笔都算数；同一押金收了两次，先收的有效，后收的应退，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let shift = shift::own(cx)?;
        if input.method == Method::Prepaid {
            return Err(Refusal::field("R-142", "method", "押金不能用预存，请选现金、银行卡或转账"));
        }
        if input.payer.chars().count() > 40 {
            return Err(Refusal::field("R-142", "payer", "缴款人最多 40 字"));
        }
        let account = account_typed(cx.tx, input.account.as_deref())?;
        let asked = Asked {
            charge: input.charge.as_deref(),
            account: account.as_ref(),
            kind: input.kind.trim(),
            for_what: "",
            deposit: true,
        };
        let charge = charges::owed(cx.tx, &asked)?.ok_or_else(|| {
            let text = "没有要收的押金，请先受理要收押金的业务，或核对户号和业务编号";
            Refusal::field("R-142", "charge", text)
        })?;
        if input.amount.is_some_and(|amount| amount != charge.owed) {
            let text = format!("{} 的{}应收 {}，请改正", charge.order_id, charge.name, charge.owed);
            return Err(Refusal::field("R-142", "amount", text));
        }
        let amount = charge.owed;
        let account = account_of(cx.tx, &charge, account)?;
        let taking = Taking {
            amount,
            method: input.method,
            tendered: input.tendered,
            confirm: input.confirm,
            payer: &input.payer,
            account: account.as_ref(),
            charge: Some(&charge),
        };
        let Taken { tendered, change, receipt, payer, spoken } = taking.take(cx, &shift)?;
        let (order, kind) = (charge.order_id, security::item(&charge.name));
        let body = DepositTaken {
            shift: shift.id,
            charge: ChargeRef { order, key: charge.key },
            account: account.map(|row| row.id),
            payer,
            kind: kind.clone(),
            amount,
            method: input.method.word().to_owned(),
            tendered,
            change,
            receipt: receipt.clone(),
        };
        let subjects = charges::subjects(body.account, Some(order), shift.id);
        let (deposit, shift) = (cx.next, shift.id);
        Decision::write(
            subjects,
            &body,
            Output { deposit, receipt, order, shift, kind, amount, tendered, change, spoken },
        )
    }
}
