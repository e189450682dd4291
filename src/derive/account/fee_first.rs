//! Late fee goes before the principal, also where two sites acted at once. A payment says what was charged on its bill when its author
//! looked. Where another took that fee too, it is not taken a second time; where what had been charged is gone when the bill is paid —
//! a payment reversed, without effect, or a waiver withdrawn elsewhere — the money goes to that fee first, and the bill stays open by as
//! much. So a late fee is a debt until somebody pays or waives it, whichever of the two entries counts first.

use super::payment::{self, AppliedLine, PaymentLine, applied};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::{BillRow, PaymentRow};
use crate::store::{StoreError, Tx};

/// Late fee of a bill and its forerunners that was charged and came back: not a waiver that somebody gave.
pub fn come_back(tx: &Tx<'_>, account: Id, bill: Id) -> Result<Fen, StoreError> {
    let waivers = tx.waivers(account)?;
    if waivers.is_empty() {
        return Ok(Fen::ZERO);
    }
    let chain = tx.bill_ancestors(account, bill)?;
    let back = waivers.iter().filter(|row| row.fee.is_negative() && chain.contains(&row.bill));
    Ok(back.map(|row| -row.fee).sum())
}

/// Late fee charged on a bill, paid, waived or come back since.
fn level(fx: &Fx<'_, '_>, of: Id, bill: Id) -> Result<Fen, StoreError> {
    Ok(payment::charged(fx, of, bill)? + come_back(fx.tx, of, bill)?)
}

/// What of a line's late fee was charged by somebody else since its author looked.
pub(super) fn taken_already(fx: &Fx<'_, '_>, of: Id, bill: Id, line: &PaymentLine) -> Result<Fen, StoreError> {
    let Some(before) = line.charged_before else { return Ok(Fen::ZERO) };
    Ok((level(fx, of, bill)? - before).min(line.late_fee).max(Fen::ZERO))
}

/// Lays the money of a paid bill on the late fee first that its payers saw charged and that is charged no more, the last payer's first.
/// Adds to `legs`; the caller posts them.
pub(super) fn of_bill(fx: &Fx<'_, '_>, of: Id, bill: Id, legs: &mut Legs) -> Result<(), StoreError> {
    let bill = fx.tx.standing_bill(of, bill)?;
    let Some(mut row) = fx.tx.get::<BillRow>(&[&of, &bill])? else { return Ok(()) };
    if row.state == "open" {
        return seen_no_more(fx, of, bill);
    }
    if row.state != "paid" {
        return Ok(());
    }
    let chain = alike(fx, of, &row)?;
    let mut charged = level(fx, of, bill)?;
    let mut payments = fx.tx.payments(of)?;
    payments.retain(|row| row.state == "taken");
    payments.sort_by_key(|row| (row.day, row.id));
    let mut whole = Fen::ZERO;
    for paid in payments.into_iter().rev() {
        let mut lines = applied(&paid);
        let mut turned = Fen::ZERO;
        for line in lines.iter_mut().filter(|line| chain.contains(&line.0)) {
            let lacks = line.4.map_or(Fen::ZERO, |seen| seen - charged);
            let part = lacks.min(line.1).min(payment::paid_by_payments(&row)).max(Fen::ZERO);
            (line.1, line.2) = (line.1 - part, line.2 + part);
            (charged, turned, row.unpaid) = (charged + part, turned + part, row.unpaid + part);
        }
        if turned > Fen::ZERO {
            let late_fee = paid.late_fee + turned;
            fx.tx.put(&PaymentRow { late_fee, lines: payment::text(&lines), ..paid })?;
            whole += turned;
        }
    }
    if whole > Fen::ZERO {
        fx.tx.put(&BillRow { state: "open".into(), ..row })?;
        payment::charge(fx, of, bill, whole)?;
        payment::bear_again(fx, of, bill, None)?;
        legs.add(account::RECEIVABLE, whole).add(account::LATE_FEE, -whole);
    }
    Ok(())
}

/// On an open bill the next payer sees what is charged now, and is asked for the rest by the days: what earlier payers saw counts no more.
fn seen_no_more(fx: &Fx<'_, '_>, of: Id, bill: Id) -> Result<(), StoreError> {
    let chain = fx.tx.bill_ancestors(of, bill)?;
    let charged = level(fx, of, bill)?;
    for paid in fx.tx.payments(of)?.into_iter().filter(|row| row.state == "taken") {
        let mut lines = applied(&paid);
        let above = |line: &&mut AppliedLine| chain.contains(&line.0) && line.4.is_some_and(|seen| seen > charged);
        let mut lowered = false;
        for line in lines.iter_mut().filter(above) {
            (line.4, lowered) = (Some(charged), true);
        }
        if lowered {
            fx.tx.put(&PaymentRow { lines: payment::text(&lines), ..paid })?;
        }
    }
    Ok(())
}

/// A bill and its forerunners of the same amount: what was charged on another says nothing of this one.
fn alike(fx: &Fx<'_, '_>, of: Id, bill: &BillRow) -> Result<Vec<Id>, StoreError> {
    let mut chain = Vec::new();
    for before in fx.tx.bill_ancestors(of, bill.id)? {
        let row = fx.tx.get::<BillRow>(&[&of, &before])?;
        chain.extend(row.filter(|row| row.amount == bill.amount).map(|_| before));
    }
    Ok(chain)
}

/// A payer of before did not say what it saw charged: a payment of late fee alone that was reversed while it took the rest of the bill
/// is asked about.
pub(super) fn ask_of_left(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    bill: Id,
    of: impl Fn(&PaymentRow) -> bool,
) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.get::<BillRow>(&[&event.subject, &bill])?.filter(|row| row.state == "paid") else {
        return Ok(());
    };
    let now = payment::charged(fx, event.subject, bill)?;
    for payment in fx.tx.payments(event.subject)?.iter().filter(|row| row.state == "reversed" && of(row)) {
        let alone = applied(payment).into_iter().find(|line| line.0 == bill && line.1 == Fen::ZERO && line.2 > now);
        if let Some(line) = alone {
            let left = line.2 - now;
            let note = format!(
                "核对单 {} 单收的滞纳金已冲正，账单 {} 又在别处缴清，{left} 滞纳金没有人缴，请核实后补收或减免",
                payment.receipt, row.cycle
            );
            exception::open(fx, Kind::Account, event, "late_fee_left", payment.id, note)?;
        }
    }
    Ok(())
}
