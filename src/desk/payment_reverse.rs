//! `payment.reverse`: 冲正. A counter-entry with a reason, within the amount a role may reverse; nothing is deleted. The money goes
//! back the way it came, cash out of the drawer of the person who gives it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::adjusting::owner;
use super::refusal::{Fault, Refusal};
use super::session;
use super::till::{charges, cover, find, shift};
use super::whose::Whose;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::cover::CoverLine;
use crate::derive::account::payment::{PaymentReversed, money_account};
use crate::derive::ledger::account as ledger;
use crate::derive::shift::security;
use crate::rules::id::Id;
use crate::rules::money::Fen;
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
    /// The open shift whose drawer gives the money back, for who has none; not said: the one that took it, else the only one open.
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
    const WHOSE: Whose = Whose::AnyCase;
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
        cx.rights.require_amount("payment.reverse", row.amount + row.from_prepaid)?;
        let charge = charges::of_movement(cx.tx, &row)?;
        if let Some(charge) = &charge {
            charges::still_here(cx.tx, "payment", &row, charge)?;
        }
        if charge.is_none() && !is_fee(&row) {
            of_old_owner(cx, &row)?;
        }
        let drawer = drawer(cx, &row, input.shift)?;
        Refusal::unless_empty(money_is_there(&row, &drawer))?;
        let mut subjects = charges::subjects(row.account, charge.as_ref().map(|charge| charge.order), drawer.id);
        let body = PaymentReversed { charge, ..body(&row, &drawer, reason) };
        if drawer.id != row.shift {
            subjects.push(Subject::new(Kind::Shift, row.shift));
        }
        let account = row.account.filter(|_| !body.is_fee);
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

/// What an owner paid is not taken back behind a transfer: the bill would be the new owner's debt.
fn of_old_owner(cx: &Cx<'_, '_>, row: &TillRow) -> Result<(), Refusal> {
    let Some(account) = row.account.map(|id| cx.tx.account(id)).transpose()?.flatten() else { return Ok(()) };
    if owner::of_entry(cx.tx, &account, row.id)?.is_none() {
        return Ok(());
    }
    let text = format!(
        "核对单 {} 是过户前收的，现户主是 {}：冲正会把旧账和预存缺额转给新户主，不能冲正；账单有误请走特殊处理",
        row.receipt(),
        account.name
    );
    Err(Refusal::field("R-122", "payment", text))
}

/// The drawer that gives the money back: the actor's own, else the one that took it while it is still open. Who may give back but keeps
/// no drawer gives out of the one named, or the only one open.
fn drawer(cx: &Cx<'_, '_>, row: &TillRow, named: Option<Id>) -> Result<ShiftRow, Refusal> {
    if let Some(own) = cx.tx.open_shift(cx.actor.id)? {
        return Ok(own);
    }
    let own = cx.tx.own()?;
    let took = cx.tx.shift(row.shift)?.filter(|shift| shift.state == "open" && own.holds(shift.id));
    let drawer = match (took, named) {
        (Some(took), None) => took,
        _ if cx.rights.allow("shift.open") => {
            return Err(Refusal::rule("R-178", "收这笔钱的班次已经交班，请先开班，从自己的钱箱退"));
        }
        (_, Some(id)) => shift::open(cx, id)?,
        (None, None) => only(cx)?,
    };
    shift::still_today(cx, &drawer)?;
    Ok(drawer)
}

/// The only drawer whose day is not over.
fn only(cx: &Cx<'_, '_>) -> Result<ShiftRow, Refusal> {
    let mut open = Vec::new();
    for shift in cx.tx.open_shifts(cx.tx.own()?)? {
        if !session::is_over(cx.tx, &shift, cx.at)? {
            open.push(shift);
        }
    }
    let told: Vec<String> =
        open.iter().map(|shift| format!("{} 班次 {} ({})", shift.clerk, shift.no, shift.id)).collect();
    match <[ShiftRow; 1]>::try_from(open) {
        Ok([one]) => Ok(one),
        Err(none) if none.is_empty() => {
            Err(Refusal::rule("R-178", "收这笔钱的班次已经交班，现在没有开着的班，请先由营业员开班"))
        }
        Err(_) => {
            let text = format!("收这笔钱的班次已经交班，请写明由哪个班的钱箱退 (shift)：{}", told.join("、"));
            Err(Refusal::field("R-178", "shift", text))
        }
    }
}

/// Cash must lie in the drawer. That the customer's balance still has what the payment had put on it is seen when the entry is derived
/// ([`super::till::balance`]).
fn money_is_there(row: &TillRow, drawer: &ShiftRow) -> Vec<Fault> {
    let mut faults = Vec::new();
    if money_account(&row.method) == Some(ledger::CASH) && row.amount > drawer.cash {
        let text = format!("钱箱应有现金 {}，不够退 {}，请先补备用金", drawer.cash, row.amount);
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
