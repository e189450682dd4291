//! `payment.reverse`: 冲正. A counter-entry with a reason, within the amount a role may reverse; nothing is deleted. The money goes
//! back the way it came, cash out of the drawer of the person who gives it back, or, a superior's reversal, of the clerk named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account_transfer::AccountTransfer;
use super::action::{Action, Cx, Decision, def};
use super::adjusting::owner;
use super::refusal::{Fault, Refusal};
use super::till::{charges, cover, find, give_back, late_lost};
use super::whose;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::cover::CoverLine;
use crate::derive::account::payment::{PaymentReversed, money_account};
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::ledger::account as ledger;
use crate::derive::shift::security;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::account::AccountRow;
use crate::store::tables::till::{ShiftRow, TillRow};
use crate::text::till::say_back;

/// The action.
pub struct PaymentReverse;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The payment or fee: entry, 核对单 number or paper number.
    pub payment: String,
    /// Why.
    pub reason: String,
    /// The open shift that gives the money back, of a clerk; for a superior, who has no till. Not said: the one that took
    /// it, else the only one open.
    #[serde(default)]
    pub shift: Option<Id>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The payment reversed.
    pub payment: Id,
    /// Its 核对单 number.
    pub receipt: String,
    /// Money given back.
    pub amount: Fen,
    /// 方式.
    pub method: String,
    /// The shift whose drawer gives it.
    pub shift: Id,
    /// The line to say.
    pub spoken: String,
    /// Open bills that prepaid and credit now pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<CoverLine>,
}

impl Action for PaymentReverse {
    const NAME: &'static str = "payment.reverse";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "冲正一笔收费，写明原因";
    const MERGE: &'static str = "一笔收费只冲正一次，以第一次为准；第二次退出的钱挂账待查，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = find::receipt(cx.tx, "payment", &input.payment)?;
        let reason = input.reason.trim();
        if reason.is_empty() || reason.chars().count() > 200 {
            return Err(Refusal::field("R-178", "reason", "冲正必须写明原因，最多 200 字"));
        }
        if let Some(by) = row.reversed_by {
            return Err(Refusal::field(
                "I-11",
                "payment",
                format!("核对单 {} 已由 {by} 冲正，不能再冲", row.receipt()),
            ));
        }
        // All of it: what came as money and what was taken from the balance.
        give_back::within_limit(cx, Self::NAME, Self::NAME, row.amount + row.from_prepaid)?;
        let charge = charges::of_movement(cx.tx, &row)?;
        if let Some(charge) = &charge {
            charges::still_here(cx.tx, "payment", &row, charge)?;
        }
        if charge.is_some() || !is_fee(&row) {
            of_old_owner(cx, &row, charge.as_ref().map(|charge| charge.order))?;
        }
        let drawer = give_back::drawer(cx, input.shift, Some(row.shift))?;
        Refusal::unless_empty(money_is_there(&row, &drawer))?;
        let mut subjects = charges::subjects(row.account, charge.as_ref().map(|charge| charge.order), drawer.id);
        let body = PaymentReversed { charge, ..body(&row, &drawer, reason) };
        if drawer.id != row.shift {
            subjects.push(Subject::new(Kind::Shift, row.shift));
        }
        // Before it is tried how the account would stand: money that another site took is given back there.
        whose::require(cx.tx, &def::<Self>(), &subjects)?;
        let account = row.account.filter(|_| !body.is_fee);
        if let Some(account) = account {
            late_lost::refuse::<Self, _>(cx, account, row.id, &subjects, &body)?;
        }
        let covers = account.map(|account| cover::ahead::<Self, _>(cx, account, &subjects, &body));
        let covers = covers.transpose()?.flatten();
        let output = Output {
            payment: row.id,
            receipt: row.receipt(),
            amount: row.amount,
            spoken: say_back(&row.method, row.amount),
            method: row.method,
            shift: drawer.id,
            covered: cover::lines(covers.as_ref()),
        };
        Decision::write(subjects, &PaymentReversed { covers, ..body }, output)
    }
}

/// What an owner paid is not taken back behind a transfer: the bill or the charge would be the new owner's debt. The fee
/// of the transfer itself may be.
fn of_old_owner(cx: &Cx<'_, '_>, row: &TillRow, case: Option<Id>) -> Result<(), Refusal> {
    let Some(account) = row.account.map(|id| cx.tx.account(id)).transpose()?.flatten() else { return Ok(()) };
    if owner::of_entry(cx.tx, &account, row.id)?.is_none() || (case.is_some() && case == deed_case(cx, &account)?) {
        return Ok(());
    }
    let text = format!(
        "核对单 {} 是过户前收的，现户主是 {}：冲正会把旧账和预存缺额转给新户主，不能冲正；账单有误请走特殊处理",
        row.receipt(),
        account.name
    );
    Err(Refusal::field("R-122", "payment", text))
}

/// The case that ended with the deed of the present owner.
fn deed_case(cx: &Cx<'_, '_>, account: &AccountRow) -> Result<Option<Id>, Refusal> {
    let deed = cx.tx.entry(account.customer)?.filter(|entry| entry.action == AccountTransfer::NAME);
    let Some(deed) = deed else { return Ok(None) };
    let body: AccountTransferred =
        serde_json::from_str(&deed.payload).map_err(|error| Refusal::data(error.to_string()))?;
    Ok(body.case)
}

/// Cash must lie in the drawer. That the customer's balance still has what the payment had put on it is seen when the entry is derived
/// ([`super::till::balance`]).
fn money_is_there(row: &TillRow, drawer: &ShiftRow) -> Vec<Fault> {
    let mut faults = Vec::new();
    if money_account(&row.method) == Some(ledger::CASH) && row.amount > drawer.cash {
        let text = format!("钱箱应有现金 {}，不够退 {}，请先补备用金", drawer.cash.grouped(), row.amount.grouped());
        faults.push(Fault::field("R-366", "payment", text));
    }
    faults
}

fn body(row: &TillRow, drawer: &ShiftRow, reason: &str) -> PaymentReversed {
    PaymentReversed {
        payment: row.id,
        account: row.account,
        origin: row.shift,
        shift: drawer.id,
        reason: reason.to_owned(),
        receipt: row.receipt(),
        payer: row.payer.clone(),
        item: row.item.clone(),
        method: row.method.clone(),
        amount: row.amount,
        principal: row.principal,
        late_fee: row.late_fee,
        waived: row.waived,
        to_prepaid: row.to_prepaid,
        from_prepaid: row.from_prepaid,
        is_fee: is_fee(row),
        charge: None,
        covers: None,
    }
}

/// Is it money of a business, not of bills?
fn is_fee(row: &TillRow) -> bool {
    row.kind == "fee" || row.kind == security::TAKEN
}
