//! What an account must be clear of before it changes hands, and what becomes of the money it has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::derive::account::transfer::Refund;
use crate::desk::action::Cx;
use crate::desk::debts;
use crate::desk::refusal::Refusal;
use crate::desk::till::book::payer;
use crate::desk::till::give_back;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BalanceRow;

/// What becomes of prepaid and credit.
#[derive(Deserialize, Serialize, JsonSchema, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Balance {
    /// Paid out to the customer who leaves, cash out of the drawer.
    #[serde(rename = "refund", alias = "退原户主", alias = "退用户")]
    Refund,
    /// Goes over to the new owner.
    #[serde(rename = "pass", alias = "转新户主", alias = "随户")]
    Pass,
}

/// nothing owed, by bills or by other businesses than this one. The debts are shown, so that they can be settled at the
/// same counter. Every debt that stands in the way of a new owner is judged here.
pub fn check_debts(cx: &Cx<'_, '_>, row: &AccountRow, case: Option<Id>) -> Result<(), Refusal> {
    let unpaid = cx.tx.unpaid_bills(row.id)?;
    let owed: Fen = unpaid.iter().map(|bill| bill.unpaid).sum();
    if owed != Fen::ZERO {
        let cycles = unpaid.iter().map(|bill| bill.cycle.as_str()).collect::<Vec<_>>().join("、");
        let what = format!("还欠 {} 元 ({} 笔：{cycles})，须先缴清欠费方可过户", owed.grouped(), unpaid.len());
        return Err(Refusal::field("R-122", "account", what));
    }
    if let Some(what) = debts::unbilled(cx.tx, row.id)? {
        return Err(Refusal::field("R-122", "account", format!("不能过户：{what}")));
    }
    if let Some(what) = debts::unconfirmed(cx.tx, row.id)? {
        return Err(Refusal::field("R-122", "account", format!("不能过户：{what}")));
    }
    // Another site's case of the same transfer is a question of its own, no debt.
    let same: Vec<Id> = cx.tx.deed_cases(row.id)?.into_iter().map(|order| order.id).collect();
    let fees: Vec<_> = cx.tx.charges_of_account(row.id)?.into_iter().filter(|charge| charge.owed > Fen::ZERO).collect();
    let others: Vec<String> = fees
        .iter()
        .filter(|charge| Some(charge.order_id) != case && !same.contains(&charge.order_id))
        .map(|charge| format!("{} {} ({})", charge.name, charge.owed.grouped(), charge.order_id))
        .collect();
    if !others.is_empty() {
        let what = format!("还欠业务费：{}，须先缴清方可过户", others.join("、"));
        return Err(Refusal::field("R-122", "account", what));
    }
    Ok(())
}

/// What the account has.
pub fn balance(cx: &Cx<'_, '_>, account: Id) -> Result<BalanceRow, Refusal> {
    let known = cx.tx.get::<BalanceRow>(&[&account])?;
    Ok(known.unwrap_or(BalanceRow { account, prepaid: Fen::ZERO, credit: Fen::ZERO }))
}

/// What becomes of it: nobody is given money he did not pay in without having been asked. Answers what passes and what is paid out.
pub fn settle(
    cx: &Cx<'_, '_>,
    row: &AccountRow,
    (how, shift): (Option<Balance>, Option<Id>),
) -> Result<(Option<Fen>, Option<Refund>), Refusal> {
    let balance = balance(cx, row.id)?;
    let fault = |text: String| Err(Refusal::field("A-08", "balance", text));
    if balance.prepaid.is_negative() || balance.credit.is_negative() {
        let short = balance.prepaid.min(Fen::ZERO) + balance.credit.min(Fen::ZERO);
        return fault(format!("预存或余款缺 {}，须先补足再过户", short.abs().grouped()));
    }
    let has = balance.prepaid + balance.credit;
    if has == Fen::ZERO {
        return Ok((None, None));
    }
    match how {
        None => fault(format!(
            "该户有预存 {}、余款 {}，请问清：退给原户主，还是转给新户主",
            balance.prepaid.grouped(),
            balance.credit.grouped()
        )),
        Some(Balance::Pass) => Ok((Some(has), None)),
        Some(Balance::Refund) => Ok((None, Some(pay_out(cx, row, &balance, ("account.transfer", shift))?))),
    }
}

/// What becomes of it when the account is closed: nobody comes after, so it is paid out, or the account stays open.
pub fn close(
    cx: &Cx<'_, '_>,
    row: &AccountRow,
    (how, shift): (Option<Balance>, Option<Id>),
) -> Result<Option<Refund>, Refusal> {
    let balance = balance(cx, row.id)?;
    let fault = |text: String| Err(Refusal::field("R-080", "balance", text));
    if balance.prepaid.is_negative() || balance.credit.is_negative() {
        let short = balance.prepaid.min(Fen::ZERO) + balance.credit.min(Fen::ZERO);
        return fault(format!("预存或余款缺 {}，须先补足再销户", short.abs().grouped()));
    }
    if balance.prepaid + balance.credit == Fen::ZERO {
        return Ok(None);
    }
    let has = format!("该户有预存 {}、余款 {}", balance.prepaid.grouped(), balance.credit.grouped());
    match how {
        None => fault(format!("{has}，销户前须从钱箱退给用户：请选“退用户”再销户")),
        Some(Balance::Pass) => fault(format!("{has}，销户以后没有户主，不能随户：请选“退用户”")),
        Some(Balance::Refund) => Ok(Some(pay_out(cx, row, &balance, ("account.amend", shift))?)),
    }
}

/// All of it in cash: within what the person may give back, and what lies in the drawer, theirs or a clerk's that a superior names.
fn pay_out(
    cx: &Cx<'_, '_>,
    row: &AccountRow,
    balance: &BalanceRow,
    (action, shift): (&str, Option<Id>),
) -> Result<Refund, Refusal> {
    let has = balance.prepaid + balance.credit;
    give_back::within_limit(cx, "payment.reverse", action, has)?;
    let drawer = give_back::drawer(cx, shift, None)?;
    if has > drawer.cash {
        let text = format!("钱箱应有现金 {}，不够退 {}，请先补备用金", drawer.cash.grouped(), has.grouped());
        return Err(Refusal::field("R-366", "balance", text));
    }
    let payer = payer(&row.no, &row.name);
    Ok(Refund { shift: drawer.id, payer, prepaid: balance.prepaid, credit: balance.credit })
}
