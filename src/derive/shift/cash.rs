//! Cash that moves between a drawer and the house, not a customer: 备用金 added, and deposits taken back.

use super::{Moved, ShiftDepositReversed, ShiftFloatAdded, blank, move_cash};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::store::tables::till::TillRow;

/// Applies `shift.float_add`.
pub(super) fn add_float(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftFloatAdded = event.read()?;
    let mut legs = Legs::default();
    legs.add(account::CASH, body.amount).add(account::TILL, -body.amount).post(fx, Kind::Shift, event)?;
    fx.tx.put(&TillRow { item: body.from, payer: body.slip, amount: body.amount, ..blank(fx, event, "float")? })?;
    move_cash(fx, event, Moved::Added(body.amount))
}

/// Applies `shift.deposit_reverse`.
pub(super) fn reverse(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftDepositReversed = event.read()?;
    let known = fx.tx.till_of_entry(event.subject, body.reverses)?.filter(TillRow::is_of_the_house);
    let Some(row) = known.filter(|row| row.reversed_by.is_none()) else {
        let known = fx.tx.till_of_entry(event.subject, body.reverses)?;
        let first = known.and_then(|row| row.reversed_by).unwrap_or(body.reverses);
        let note = format!("存入或备用金 {} 查无此笔或已经冲正，凭单 {} 没有生效", body.reverses, event.id);
        return Ok(exception::open(fx, Kind::Shift, event, "deposit_reversed_twice", first, note)?);
    };
    let back = -row.amount;
    let other = if row.kind == "float" { account::TILL } else { account::PAID_IN };
    let mut legs = Legs::default();
    legs.add(account::CASH, back).add(other, -back).post(fx, Kind::Shift, event)?;
    fx.tx.put(&TillRow {
        item: row.item.clone(),
        payer: body.reason,
        amount: back,
        reverses: Some(row.id),
        ..blank(fx, event, &row.kind)?
    })?;
    let moved = if row.kind == "float" { Moved::Added(back) } else { Moved::PaidIn(-back) };
    fx.tx.put(&TillRow { reversed_by: Some(event.id), ..row })?;
    move_cash(fx, event, moved)
}
