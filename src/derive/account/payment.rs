//! Payments (收费) as the account sees them.
//!
//! Merge: every payment's money stays counted. A bill takes what it still owes, in order of the payments; what it no longer owes
//! is the customer's credit, with an exception `paid_twice`. Late fee that another payment took meanwhile is not taken again, one that
//! nobody takes any more stays a debt ([`super::fee_first`]). Prepaid or credit spent twice: the first use is effective, the
//! second has no effect and is an exception. A payment is reversed at most once (I-11): of a second reversal the cash is gone
//! and stands in suspense, with an exception. A hand-written slip is confirmed by another person than its maker (I-10).

use serde::{Deserialize, Serialize};

use chrono::NaiveDate;

use super::cover::{self, Covers};
use super::fee_first;
use super::late_back::{self, LateOfBill};
use super::parts;
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::order::body::ChargeRef;
use crate::derive::shift::method::MethodCorrected;
use crate::derive::{DeriveError, Event, Fx, exception, sums};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment::Earlier;
use crate::store::StoreError;
use crate::store::tables::billing::{BalanceRow, BillLateRow, BillRow, PaymentRow};

/// Body of `payment.take` and `payment.enter_late`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct PaymentTaken {
    /// The account.
    pub account: Id,
    /// The shift; none for money that came without a till (bank debit): then the account itself posts it.
    pub shift: Option<Id>,
    /// 户号 and 户名 as printed.
    pub payer: String,
    /// What is paid for: 水费, 气费 …
    pub item: String,
    /// 现金, 银行卡, 转账, 预存.
    pub method: String,
    /// 核对单 number.
    pub receipt: String,
    /// Number of a hand-written slip.
    pub paper: Option<String>,
    /// The day late fees were counted to.
    pub day: NaiveDate,
    /// Money taken in: tendered − change.
    pub amount: Fen,
    /// What the customer gave.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Put to prepaid.
    pub to_prepaid: Fen,
    /// Taken from prepaid.
    pub from_prepaid: Fen,
    /// Taken from the customer's credit.
    pub from_credit: Fen,
    /// Per bill.
    pub lines: Vec<PaymentLine>,
    /// Bills that prepaid and credit stand for after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// Late fee paid since the day of a hand-written slip that comes back with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateOfBill>,
}

/// What one bill gets of a payment.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct PaymentLine {
    /// The bill.
    pub bill: Id,
    /// 账期, for the slip.
    pub cycle: String,
    /// Principal.
    pub principal: Fen,
    /// Late fee paid.
    pub late_fee: Fen,
    /// Late fee waived.
    pub waived: Fen,
    /// Late fee charged on the bill before, also what has come back since, as the author saw it; entries of before do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_before: Option<Fen>,
}

impl PaymentLine {
    /// Late fee charged on the bill after it, as its author saw it.
    fn charged_after(&self) -> Option<Fen> {
        self.charged_before.map(|before| before + self.late_fee + self.waived)
    }
}

/// Body of `payment.reverse`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct PaymentReversed {
    /// The entry reversed: a payment or a fee.
    pub payment: Id,
    /// Its account, if any.
    pub account: Option<Id>,
    /// The shift that had taken it.
    pub origin: Id,
    /// The shift whose drawer gives the money back.
    pub shift: Id,
    /// Why.
    pub reason: String,
    /// Its 核对单 number.
    pub receipt: String,
    /// What the slip said: 户号 and 户名.
    pub payer: String,
    /// 收款项目.
    pub item: String,
    /// 方式, the money goes back the way it came.
    pub method: String,
    /// Money given back.
    pub amount: Fen,
    /// Principal in it, for the report.
    pub principal: Fen,
    /// Late fee in it.
    pub late_fee: Fen,
    /// Late fee waived with it.
    pub waived: Fen,
    /// Prepaid in it.
    pub to_prepaid: Fen,
    /// Prepaid or credit it had used.
    pub from_prepaid: Fen,
    /// A service fee (`fee.take`), not a payment on bills.
    pub is_fee: bool,
    /// The charge it had paid (from version 2 on): the case takes it back, not the shift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<ChargeRef>,
    /// Bills that prepaid and credit stand for after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// Body of `payment.confirm`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct PaymentConfirmed {
    /// The payment.
    pub payment: Id,
    /// Its account.
    pub account: Id,
    /// Its shift.
    pub shift: Id,
    /// 备注.
    pub remark: String,
}

/// One line as a bill took it, in [`PaymentRow::lines`]: the bill, principal, late fee, waived; and the late fee charged on the bill after
/// it, as its author saw it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct AppliedLine(
    pub Id,
    pub Fen,
    pub Fen,
    pub Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")] pub Option<Fen>,
);

/// The ledger account a method's money stands on; none for prepaid.
pub fn money_account(method: &str) -> Option<&'static str> {
    match method {
        "现金" => Some(account::CASH),
        "预存" => None,
        _ => Some(account::BANK),
    }
}

/// Lines as they are kept.
pub(super) fn text(lines: &[AppliedLine]) -> String {
    serde_json::to_string(lines).unwrap_or_default()
}

/// The lines of a payment as the bills took them.
pub fn applied(row: &PaymentRow) -> Vec<AppliedLine> {
    serde_json::from_str(&row.lines).unwrap_or_default()
}

/// Applies `payment.take` and `payment.enter_late`.
pub fn take(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentTaken = event.read()?;
    check_sum(&body)?;
    taken(fx, event, &body)?;
    late_back::with_slip(fx, event, &body.late)?;
    cover::after(fx, event, body.covers.as_ref())
}

fn taken(fx: &Fx<'_, '_>, event: &Event<'_>, body: &PaymentTaken) -> Result<(), DeriveError> {
    let mut balance = balance(fx, event.subject)?;
    let mut legs = Legs::default();
    if body.shift.is_none() {
        legs.add(account::BANK, body.amount);
    }
    let short = body.from_prepaid > balance.prepaid.max(Fen::ZERO) || body.from_credit > balance.credit.max(Fen::ZERO);
    if short {
        // What was spent already cannot pay again; the money that came with it stays the customer's.
        let note = format!("核对单 {} 用的预存或余款已在别处用掉，这笔没有销账", body.receipt);
        exception::open(fx, Kind::Account, event, "prepaid_twice", last_spender(fx, event)?, note)?;
        legs.add(account::CREDIT, -body.amount);
        balance.credit += body.amount;
        legs.post(fx, Kind::Account, event)?;
        keep(fx, &balance)?;
        fx.tx.put(&PaymentRow { credit: body.amount, ..row(event, body, &[], "surplus") })?;
        return Ok(());
    }
    legs.add(account::PREPAID, body.from_prepaid - body.to_prepaid).add(account::CREDIT, body.from_credit);
    balance.prepaid += body.to_prepaid - body.from_prepaid;
    balance.credit -= body.from_credit;
    let (mut lines, mut rest) = (Vec::new(), Fen::ZERO);
    for line in &body.lines {
        let (applied, over) = pay_bill(fx, event, body, line)?;
        legs.add(account::RECEIVABLE, -applied.1).add(account::LATE_FEE, -applied.2 - applied.3);
        legs.add(account::WAIVER, applied.3);
        rest += over;
        lines.push(applied);
    }
    legs.add(account::CREDIT, -rest);
    balance.credit += rest;
    keep(fx, &balance)?;
    fx.tx.put(&PaymentRow { credit: rest, ..row(event, body, &lines, "taken") })?;
    for line in &lines {
        fee_first::of_bill(fx, event.subject, line.0, &mut legs)?;
    }
    legs.post(fx, Kind::Account, event)?;
    lines.iter().try_for_each(|line| fee_first::ask_of_left(fx, event, line.0, |row| row.day <= body.day))
}

/// The parts of a payment must be the money and balances it names; a body that is not is no payment.
fn check_sum(body: &PaymentTaken) -> Result<(), DeriveError> {
    sums::payment(body).map_or(Ok(()), |why| Err(DeriveError::Body(why.into())))
}

/// Lets one bill take what it still owes; answers what it took and what is over.
fn pay_bill(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    body: &PaymentTaken,
    line: &PaymentLine,
) -> Result<(AppliedLine, Fen), DeriveError> {
    // A bill that special handling replaced is paid as the bill in its place.
    let target = fx.tx.standing_bill(event.subject, line.bill)?;
    let bill = fx.tx.get::<BillRow>(&[&event.subject, &target])?.filter(|bill| bill.state == "open");
    let Some(bill) = bill.filter(|bill| bill.unpaid > Fen::ZERO) else {
        let other = payer_of(fx, event.subject, line.bill)?.unwrap_or(line.bill);
        let note =
            format!("账单 {} 已经缴清或作废，核对单 {} 又收了一次，多收的记为用户余款", line.cycle, body.receipt);
        exception::open(fx, Kind::Account, event, "paid_twice", other, note)?;
        return Ok((AppliedLine(line.bill, Fen::ZERO, Fen::ZERO, Fen::ZERO, None), line.principal + line.late_fee));
    };
    let late_fee = line.late_fee - fee_first::taken_already(fx, event.subject, target, line)?;
    let money = line.principal + line.late_fee - late_fee;
    let principal = money.min(bill.unpaid);
    let over = money - principal;
    if over > Fen::ZERO {
        let other = payer_of(fx, event.subject, line.bill)?.unwrap_or(line.bill);
        let note = format!("账单 {} 只欠 {principal}，核对单 {} 多收 {over}，记为用户余款", line.cycle, body.receipt);
        exception::open(fx, Kind::Account, event, "paid_twice", other, note)?;
    }
    let (due, unpaid) = (bill.due, bill.unpaid - principal);
    let state = if unpaid == Fen::ZERO { "paid" } else { "open" }.to_owned();
    fx.tx.put(&BillRow { unpaid, state, ..bill })?;
    change_late(fx, event.subject, target, |earlier| {
        earlier.add(principal, late_fee + line.waived, due, body.day);
    })?;
    Ok((AppliedLine(target, principal, late_fee, line.waived, line.charged_after()), over))
}

fn row(event: &Event<'_>, body: &PaymentTaken, lines: &[AppliedLine], state: &str) -> PaymentRow {
    PaymentRow {
        account: event.subject,
        id: event.id,
        shift: body.shift,
        business_day: event.entry.business_day,
        day: body.day,
        actor: event.entry.actor.clone(),
        method: body.method.clone(),
        receipt: body.receipt.clone(),
        paper: body.paper.clone(),
        amount: body.amount,
        late_fee: lines.iter().map(|line| line.2).sum(),
        waived: lines.iter().map(|line| line.3).sum(),
        to_prepaid: body.to_prepaid,
        from_prepaid: body.from_prepaid,
        from_credit: body.from_credit,
        credit: Fen::ZERO,
        lines: text(lines),
        state: state.to_owned(),
        reversed_by: None,
        confirmed_by: None,
    }
}

/// The payment that a bill took money of last.
fn payer_of(fx: &Fx<'_, '_>, account: Id, bill: Id) -> Result<Option<Id>, StoreError> {
    let pays =
        |row: &PaymentRow| row.state == "taken" && applied(row).iter().any(|line| line.0 == bill && line.1.0 > 0);
    Ok(fx.tx.payments(account)?.iter().rev().find(|row| pays(row)).map(|row| row.id.entry()))
}

/// The payment that used the balance before.
fn last_spender(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<Id, StoreError> {
    let spent = |row: &PaymentRow| row.state == "taken" && row.from_prepaid + row.from_credit > Fen::ZERO;
    Ok(fx.tx.payments(event.subject)?.iter().rev().find(|row| spent(row)).map_or(event.id, |row| row.id.entry()))
}

/// Keeps a balance that has changed; an account that never had one gets no row.
pub(super) fn keep(fx: &Fx<'_, '_>, balance: &BalanceRow) -> Result<(), StoreError> {
    let known = fx.tx.get::<BalanceRow>(&[&balance.account])?;
    let empty = balance.prepaid == Fen::ZERO && balance.credit == Fen::ZERO;
    if known.as_ref() == Some(balance) || (known.is_none() && empty) { Ok(()) } else { fx.tx.put(balance) }
}

/// The money of the customer that no bill took.
pub fn balance(fx: &Fx<'_, '_>, account: Id) -> Result<BalanceRow, StoreError> {
    let known = fx.tx.get::<BalanceRow>(&[&account])?;
    Ok(known.unwrap_or(BalanceRow { account, prepaid: Fen::ZERO, credit: Fen::ZERO }))
}

/// What part payments of a bill left behind for its late fee.
pub fn earlier(row: &BillLateRow) -> Earlier {
    Earlier { fen_days: row.fen_days, fen_days_later: row.fen_days_later, charged: row.charged }
}

pub(super) fn change_late(
    fx: &Fx<'_, '_>,
    account: Id,
    bill: Id,
    change: impl FnOnce(&mut Earlier),
) -> Result<(), StoreError> {
    let known = fx.tx.get::<BillLateRow>(&[&account, &bill])?;
    let mut sum = known.as_ref().map(earlier).unwrap_or_default();
    change(&mut sum);
    if known.is_none() && sum == Earlier::default() {
        return Ok(());
    }
    if sum == Earlier::default() {
        return fx.tx.delete::<BillLateRow>(&[&account, &bill]);
    }
    let Earlier { fen_days, fen_days_later, charged } = sum;
    fx.tx.put(&BillLateRow { account, bill, fen_days, fen_days_later, charged })
}

/// Reckons anew what payments left behind for the late fee of a bill that changed its place or lost one: those that stand, on it and
/// on the bills before it, pay it in their order as far as payments pay it, each to its own day. `without` is being reversed.
pub(super) fn bear_again(fx: &Fx<'_, '_>, account: Id, bill: Id, without: Option<Id>) -> Result<(), StoreError> {
    let Some(row) = fx.tx.get::<BillRow>(&[&account, &bill])? else { return Ok(()) };
    let mut parts = parts::of(fx.tx, account, bill)?;
    parts.retain(|part| Some(part.payment) != without);
    let first = parts::first(&parts, paid_by_payments(&row), row.due);
    change_late(fx, account, bill, |earlier| *earlier = Earlier { charged: earlier.charged, ..first })
}

/// What of a bill is paid otherwise than by prepaid of itself; of a cancelled one nothing.
pub(super) fn paid_by_payments(row: &BillRow) -> Fen {
    if row.state == "cancelled" { Fen::ZERO } else { row.amount - row.unpaid - row.prepaid }
}

/// What prepaid and credit paid of a living bill when it was made: no payment stands for it, and no fee ran on it.
pub(super) fn paid_by_itself(fx: &Fx<'_, '_>, account: Id, row: &BillRow) -> Result<Fen, StoreError> {
    let brought = parts::principal(&parts::of(fx.tx, account, row.id)?);
    Ok((row.amount - row.unpaid - brought).max(Fen::ZERO))
}

/// Late fee charged on a bill so far, paid or waived.
pub(super) fn charged(fx: &Fx<'_, '_>, account: Id, bill: Id) -> Result<Fen, StoreError> {
    Ok(fx.tx.get::<BillLateRow>(&[&account, &bill])?.map_or(Fen::ZERO, |row| row.charged))
}

/// Adds to what is charged on a bill: a waiver that special handling gave.
pub(super) fn charge(fx: &Fx<'_, '_>, account: Id, bill: Id, fee: Fen) -> Result<(), StoreError> {
    change_late(fx, account, bill, |earlier| earlier.charged += fee)
}

/// Applies `payment.reverse`: the account takes back what the payment had given, the drawer's side is the shift's.
pub fn reverse(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentReversed = event.read()?;
    if body.is_fee {
        return Ok(()); // the money of a fee is the shift's alone
    }
    reversed(fx, event, &body)?;
    cover::after(fx, event, body.covers.as_ref())
}

fn reversed(fx: &Fx<'_, '_>, event: &Event<'_>, body: &PaymentReversed) -> Result<(), DeriveError> {
    let mut legs = Legs::default();
    let known = fx.tx.get::<PaymentRow>(&[&event.subject, &body.payment])?;
    let Some(payment) = known.filter(|row| row.state != "reversed") else {
        let first = fx.tx.get::<PaymentRow>(&[&event.subject, &body.payment])?.and_then(|row| row.reversed_by);
        let note = format!("核对单 {} 冲正了两次，第二次退出的 {} 挂账待查", body.receipt, body.amount);
        exception::open(fx, Kind::Account, event, "reversed_twice", first.unwrap_or(body.payment), note)?;
        legs.add(account::SUSPENSE, body.amount).post(fx, Kind::Account, event)?;
        return Ok(());
    };
    let mut balance = balance(fx, event.subject)?;
    let bills = cover::bills_with(fx, event.subject, &payment)?;
    let surplus = payment.state == "surplus";
    if !surplus {
        legs.add(account::PREPAID, payment.to_prepaid - payment.from_prepaid);
        legs.add(account::CREDIT, -payment.from_credit);
        balance.prepaid += payment.from_prepaid - payment.to_prepaid;
        balance.credit += payment.from_credit;
    }
    legs.add(account::CREDIT, payment.credit);
    balance.credit -= payment.credit;
    for line in applied(&payment) {
        let credit = unpay_bill(fx, event, &payment, &line, balance.credit)?;
        balance.credit -= credit;
        legs.add(account::RECEIVABLE, line.1 - credit).add(account::CREDIT, credit);
        legs.add(account::LATE_FEE, line.2 + line.3).add(account::WAIVER, -line.3);
        let bill = fx.tx.standing_bill(event.subject, line.0)?;
        let given = late_back::without_payment(fx, event.subject, bill, payment.id)?;
        balance.credit -= given;
        legs.add(account::LATE_FEE, -given).add(account::CREDIT, given);
    }
    let given = late_back::of_slip_gone(fx, event.subject, payment.id)?;
    balance.credit -= given;
    legs.add(account::LATE_FEE, -given).add(account::CREDIT, given);
    // A reversal gives back what the payment had brought; anything else of its cash is unexplained.
    legs.add(account::SUSPENSE, body.amount - payment.amount);
    keep(fx, &balance)?;
    fx.tx.put(&PaymentRow { state: "reversed".into(), reversed_by: Some(event.id), ..payment.clone() })?;
    cover::make_up(fx, event, Some(payment.id), &mut legs)?;
    for bill in bills {
        fee_first::of_bill(fx, event.subject, bill, &mut legs)?;
    }
    legs.post(fx, Kind::Account, event)?;
    for line in applied(&payment) {
        fee_first::ask_of_left(fx, event, line.0, |row| row.id == payment.id)?;
    }
    let balance = self::balance(fx, event.subject)?;
    if balance.prepaid.is_negative() || balance.credit.is_negative() {
        let note = format!("冲正核对单 {} 后预存或余款不足，缺额待补", body.receipt);
        exception::open(fx, Kind::Account, event, "balance_negative", payment.id, note)?;
    }
    Ok(())
}

/// Gives a bill its debt back, or the bill in its place; what had become credit when it was cancelled or replaced is answered. Of a bill
/// that became smaller the other payments pay it on, each as of its own day, where no late fee goes with the payment; what they cannot, and
/// what is not there as `credit` any more, the bill owes again.
fn unpay_bill(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    payment: &PaymentRow,
    line: &AppliedLine,
    credit: Fen,
) -> Result<Fen, DeriveError> {
    let AppliedLine(id, principal, late_fee, waived, _) = line.clone();
    let id = fx.tx.standing_bill(event.subject, id)?;
    let Some(bill) = fx.tx.get::<BillRow>(&[&event.subject, &id])? else { return Ok(Fen::ZERO) };
    // What prepaid and credit cover of a bill that became smaller they cover on; they come back by themselves where they are short.
    let (covers, payments): (Vec<_>, Vec<_>) =
        parts::of(fx.tx, event.subject, id)?.into_iter().partition(|part| part.is_cover);
    let others: Fen = payments.iter().filter(|part| part.payment != payment.id).map(|part| part.principal).sum();
    let by_payments = paid_by_payments(&bill) - parts::principal(&covers);
    let most = principal.min(by_payments).max(Fen::ZERO);
    // With its late fee gone the bill must be open, to bear it anew.
    let fee_goes = late_fee + waived > Fen::ZERO;
    let least = if fee_goes { most } else { (by_payments - others).min(most).max(Fen::ZERO) };
    let short = (principal - least - credit.max(Fen::ZERO)).max(Fen::ZERO);
    let back = least + short.min(most - least);
    if back > Fen::ZERO {
        fx.tx.put(&BillRow { unpaid: bill.unpaid + back, state: "open".into(), ..bill })?;
    }
    charge(fx, event.subject, id, -late_fee - waived)?;
    bear_again(fx, event.subject, id, Some(payment.id))?;
    Ok(principal - back)
}

/// Applies `payment.confirm`.
pub fn confirm(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentConfirmed = event.read()?;
    let Some(payment) = fx.tx.get::<PaymentRow>(&[&event.subject, &body.payment])? else { return Ok(()) };
    if payment.actor == event.entry.actor {
        let note = format!("手开核对单 {} 由经手人自己确认，不算数", payment.receipt);
        exception::open(fx, Kind::Account, event, "confirmed_by_maker", payment.id, note)?;
    } else if payment.confirmed_by.is_none() {
        fx.tx.put(&PaymentRow { confirmed_by: Some(event.id), ..payment })?;
    }
    Ok(())
}

/// Applies `payment.method`: the account shows the method that stands. The money is the shift's, and so is a correction that
/// does not fit.
pub fn method(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: MethodCorrected = event.read()?;
    let payment = fx.tx.get::<PaymentRow>(&[&event.subject, &body.payment])?;
    match payment.filter(|payment| payment.method == body.seen) {
        Some(payment) => Ok(fx.tx.put(&PaymentRow { method: body.method, ..payment })?),
        None => Ok(()),
    }
}
