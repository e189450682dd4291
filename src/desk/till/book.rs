//! Books a planned payment: the entry's body and the answer, for a payment at the till and for a hand-written slip entered late.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::ask::{Ask, Method};
use super::plan::Plan;
use super::receipt::give_receipt;
use super::{balance, cover, due, mistyped};
use crate::book::subject::{Kind, Subject};
use crate::derive::account::cover::{CoverLine, Covers};
use crate::derive::account::payment::PaymentTaken;
use crate::desk::action::{Cx, Decision};
use crate::desk::fee_take;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::account::AccountRow;
use crate::store::tables::till::ShiftRow;
use crate::text::till::item_of;

/// What is answered to a payment.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Taken {
    /// The payment.
    pub payment: Id,
    /// 核对单 number.
    pub receipt: String,
    /// The account.
    pub account: String,
    /// 户名.
    pub name: String,
    /// The shift.
    pub shift: Id,
    /// 方式.
    pub method: Method,
    /// Per bill.
    pub lines: Vec<TakenLine>,
    /// 应收.
    pub total: Fen,
    /// 滞纳金 in it.
    pub late_fee: Fen,
    /// 减免.
    pub waived: Fen,
    /// Late fee charged since the day of a hand-written slip that comes back as credit.
    #[serde(skip_serializing_if = "is_nothing")]
    pub late_back: Fen,
    /// 实收.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Money taken in: tendered − change.
    pub amount: Fen,
    /// Put to prepaid.
    pub to_prepaid: Fen,
    /// Used from prepaid and credit.
    pub from_prepaid: Fen,
    /// What the account still owes in principal.
    pub owed_after: Fen,
    /// What it still owes in late fee, as of today.
    pub late_fee_after: Fen,
    /// Prepaid and credit after.
    pub balance_after: Fen,
    /// Open bills that prepaid and credit pay after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<CoverLine>,
    /// The line to say.
    pub spoken: String,
    /// Waits for a second person (hand-written slips).
    pub pending: bool,
    /// The case whose fee was paid, of a payment that named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Id>,
}

impl Taken {
    /// The answer to a payment that named a fee: no bill gets anything, and what the account owes stays.
    pub fn of_fee(
        cx: &Cx<'_, '_>,
        fee: fee_take::Output,
        method: Method,
        account: &AccountRow,
    ) -> Result<Self, Refusal> {
        let balance = balance::of(cx.tx, account.id)?;
        let bills = due::due(cx.tx, &*cx.shelf.prices(cx.tx)?, account, cx.day)?;
        Ok(Self {
            payment: fee.payment,
            receipt: fee.receipt,
            account: account.no.clone(),
            name: account.name.clone(),
            shift: fee.shift,
            method,
            lines: Vec::new(),
            total: fee.amount,
            late_fee: Fen::ZERO,
            waived: Fen::ZERO,
            late_back: Fen::ZERO,
            tendered: fee.tendered,
            change: fee.change,
            amount: fee.amount,
            to_prepaid: Fen::ZERO,
            from_prepaid: Fen::ZERO,
            owed_after: bills.iter().map(|due| due.bill.unpaid).sum(),
            late_fee_after: bills.iter().map(due::Due::fee).sum(),
            balance_after: balance.prepaid + balance.credit,
            covered: Vec::new(),
            spoken: fee.spoken,
            pending: false,
            order: fee.order,
        })
    }
}

/// What a bill got.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct TakenLine {
    /// The bill.
    pub bill: Id,
    /// 账期.
    pub cycle: String,
    /// Principal.
    pub principal: Fen,
    /// Late fee paid.
    pub late_fee: Fen,
    /// Late fee waived.
    pub waived: Fen,
    /// Days late.
    pub days_late: i64,
    /// Principal it owes after.
    pub unpaid: Fen,
}

/// Writes the entry of a plan.
pub fn book(
    cx: &Cx<'_, '_>,
    shift: &ShiftRow,
    plan: &Plan,
    ask: &Ask,
    paper: Option<(String, NaiveDate)>,
) -> Result<Decision<Taken>, Refusal> {
    let money = &plan.money;
    let (tendered, change, kept) = (money.tendered, money.change, plan.kept(ask));
    let paid = mistyped::Paid { tendered, change, kept, prepaid: ask.to_prepaid.unwrap_or_default() };
    mistyped::ask(paid, shift.cash, ask.confirm)?;
    let prices = cx.shelf.prices(cx.tx)?;
    let covers = plan.covers(cx.tx, &prices)?;
    let left = plan.left(cx.tx, &prices, cx.day, covers.as_ref())?;
    let receipt = give_receipt(cx.tx, cx.next)?;
    let pending = paper.is_some();
    let body = PaymentTaken {
        account: plan.account.id,
        shift: Some(shift.id),
        payer: payer(&plan.account.no, &plan.account.name),
        item: item_of(&plan.account.utility).to_owned(),
        method: money.method.word().to_owned(),
        receipt: receipt.clone(),
        day: plan.day,
        paper: paper.map(|(paper, _)| paper),
        amount: money.amount,
        tendered: money.tendered,
        change: money.change,
        to_prepaid: money.to_prepaid,
        from_prepaid: money.from_prepaid,
        from_credit: money.from_credit,
        lines: plan.payment_lines(),
        covers: covers.clone(),
        late: plan.back.iter().map(|back| back.late.clone()).collect(),
    };
    let subjects = vec![Subject::new(Kind::Account, plan.account.id), Subject::new(Kind::Shift, shift.id)];
    let output = Taken {
        payment: cx.next,
        receipt,
        account: plan.account.no.clone(),
        name: plan.account.name.clone(),
        shift: shift.id,
        method: money.method,
        lines: plan.lines.iter().map(line).collect(),
        total: plan.total,
        late_fee: plan.late_fee(),
        waived: plan.waived(),
        late_back: plan.late_back(),
        tendered: money.tendered,
        change: money.change,
        amount: money.amount,
        to_prepaid: money.to_prepaid,
        from_prepaid: money.from_prepaid + money.from_credit,
        owed_after: left.principal,
        late_fee_after: left.late_fee,
        balance_after: plan.balance.prepaid + plan.balance.credit + money.to_prepaid
            - money.from_prepaid
            - money.from_credit
            + plan.late_back()
            - covers.as_ref().map_or(Fen::ZERO, Covers::total),
        covered: cover::lines(covers.as_ref()),
        spoken: money.spoken(),
        pending,
        order: None,
    };
    Decision::write(subjects, &body, output)
}

fn is_nothing(sum: &Fen) -> bool {
    *sum == Fen::ZERO
}

fn line(line: &super::plan::PlanLine) -> TakenLine {
    TakenLine {
        bill: line.due.bill.id,
        cycle: line.due.bill.cycle.clone(),
        principal: line.principal,
        late_fee: line.late_fee,
        waived: line.waived,
        days_late: line.due.late.as_ref().map_or(0, |late| late.fee.days),
        unpaid: line.due.bill.unpaid - line.principal,
    }
}

/// 户号 and 户名 as printed.
pub fn payer(no: &str, name: &str) -> String {
    format!("{no} {name}")
}
