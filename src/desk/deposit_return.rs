//! `deposit.return`: 押金 goes back to the customer against its receipt, the way it came, cash out of the
//! drawer of the person who gives it; only when the case it secures has ended, so that what waits for it stays shut until then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::order_step;
use super::refusal::{Fault, Refusal};
use super::till::{charges, give_back};
use crate::derive::account::payment::money_account;
use crate::derive::ledger::account as ledger;
use crate::derive::order::body::DepositReturned;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::text::till::say_back;

/// The action.
pub struct DepositReturn;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The deposit: number of its receipt, or its entry.
    pub deposit: String,
    /// 备注: what came of the business.
    #[serde(default)]
    pub remark: String,
    /// The open shift that gives the money back, of a clerk; for a superior, who has no till.
    #[serde(default)]
    pub shift: Option<Id>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The deposit given back.
    pub deposit: Id,
    /// Number of its receipt.
    pub receipt: String,
    /// The case.
    pub order: Id,
    /// Money given back.
    pub amount: Fen,
    /// 方式.
    pub method: String,
    /// The shift whose drawer gives it.
    pub shift: Id,
    /// The line to say.
    pub spoken: String,
}

impl Action for DepositReturn {
    const NAME: &'static str = "deposit.return";
    const SUMMARY: &'static str = "凭收据退押金";
    const MERGE: &'static str = "一笔押金只退一次，以第一次为准；第二次退出的钱挂账待查，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let (row, charge) = charges::deposit(cx.tx, &input.deposit)?;
        let mut faults: Vec<_> = still_to_be_done(cx, charge.order)?.into_iter().collect();
        let remark = order_step::text(cx, "remark", "备注", &input.remark, &mut faults);
        Refusal::unless_empty(faults)?;
        give_back::within_limit(cx, Self::NAME, Self::NAME, row.amount)?;
        let drawer = give_back::drawer(cx, input.shift, Some(row.shift))?;
        if money_account(&row.method) == Some(ledger::CASH) && row.amount > drawer.cash {
            let text = format!("钱箱应有现金 {}，不够退 {}，请先补备用金", drawer.cash.grouped(), row.amount.grouped());
            return Err(Refusal::field("R-366", "deposit", text));
        }
        let (order, receipt) = (charge.order, row.receipt());
        let body = DepositReturned {
            deposit: row.id,
            charge,
            account: row.account,
            shift: drawer.id,
            payer: row.payer,
            kind: row.item,
            amount: row.amount,
            method: row.method.clone(),
            receipt: receipt.clone(),
            remark,
        };
        let subjects = charges::subjects(row.account, Some(order), drawer.id);
        let output = Output {
            deposit: row.id,
            receipt,
            order,
            amount: row.amount,
            spoken: say_back(&row.method, row.amount),
            method: row.method,
            shift: drawer.id,
        };
        Decision::write(subjects, &body, output)
    }
}

/// A case that is not over keeps its deposit. One that was taken by mistake is reversed, and owed again.
fn still_to_be_done(cx: &Cx<'_, '_>, order: Id) -> Result<Option<Fault>, Refusal> {
    let row = cx.tx.order(order)?.filter(|row| row.open);
    Ok(row.map(|row| {
        let what =
            format!("{order} {}现为“{}”，还没有办完，押金等办结或作废后再退；收错了的用冲正", row.title, row.state);
        Fault::field("R-142", "deposit", what)
    }))
}
