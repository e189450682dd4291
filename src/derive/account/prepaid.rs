//! What a customer has with the company pays a bill when the bill is made, so that no late fee runs on what is covered.
//!
//! Prepaid goes first, then credit, as at the till. A bill says itself whether it is paid so (`settles`: the account's setting
//! as its maker saw it), and an opening with arrears whether its prepaid pays them; bills from before that was said stay open. Money that becomes prepaid or credit later is
//! [`super::cover`].
//!
//! Merge: bills take what is there in their order; a payment that names prepaid which a bill took meanwhile is the exception
//! `prepaid_twice`. What prepaid paid of a bill is prepaid again when the bill is cancelled.

use super::payment;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::{BalanceRow, BillRow};

/// What of an amount prepaid and credit pay, each: prepaid first.
pub fn shares(amount: Fen, balance: &BalanceRow) -> (Fen, Fen) {
    let prepaid = amount.min(balance.prepaid).max(Fen::ZERO);
    let credit = (amount - prepaid).min(balance.credit).max(Fen::ZERO);
    (prepaid, credit)
}

/// Pays an open bill from prepaid and credit as far as they go. Adds to `legs`; the caller posts them.
pub fn settle(fx: &Fx<'_, '_>, event: &Event<'_>, bill: Id, legs: &mut Legs) -> Result<(), DeriveError> {
    let Some(row) = open_bill(fx, event, bill)? else { return Ok(()) };
    let balance = payment::balance(fx, event.subject)?;
    let (prepaid, credit) = shares(row.unpaid, &balance);
    pay(fx, row, balance, prepaid, credit, legs)
}

/// A bill in another's place: what prepaid had paid of the other goes over to it.
pub fn go_over(fx: &Fx<'_, '_>, event: &Event<'_>, bill: Id, had: Fen, legs: &mut Legs) -> Result<(), DeriveError> {
    let Some(row) = open_bill(fx, event, bill)?.filter(|_| had > Fen::ZERO) else { return Ok(()) };
    let balance = payment::balance(fx, event.subject)?;
    let (prepaid, _) = shares(row.unpaid.min(had), &balance);
    pay(fx, row, balance, prepaid, Fen::ZERO, legs)
}

/// A bill in a cancelled one's place: what prepaid and credit had paid of that when it was made they pay of this, as far as they are
/// still there.
pub fn paid_again(fx: &Fx<'_, '_>, event: &Event<'_>, bill: Id, had: Fen, legs: &mut Legs) -> Result<(), DeriveError> {
    let Some(row) = open_bill(fx, event, bill)?.filter(|_| had > Fen::ZERO) else { return Ok(()) };
    let balance = payment::balance(fx, event.subject)?;
    let (prepaid, credit) = shares(row.unpaid.min(had), &balance);
    pay(fx, row, balance, prepaid, credit, legs)
}

fn open_bill(fx: &Fx<'_, '_>, event: &Event<'_>, bill: Id) -> Result<Option<BillRow>, DeriveError> {
    let row = fx.tx.get::<BillRow>(&[&event.subject, &bill])?;
    Ok(row.filter(|row| row.state == "open" && row.unpaid > Fen::ZERO))
}

fn pay(
    fx: &Fx<'_, '_>,
    row: BillRow,
    balance: BalanceRow,
    prepaid: Fen,
    credit: Fen,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    if prepaid + credit == Fen::ZERO {
        return Ok(());
    }
    legs.add(account::PREPAID, prepaid).add(account::CREDIT, credit).add(account::RECEIVABLE, -prepaid - credit);
    fx.tx.put(&BalanceRow { prepaid: balance.prepaid - prepaid, credit: balance.credit - credit, ..balance })?;
    let unpaid = row.unpaid - prepaid - credit;
    let state = if unpaid == Fen::ZERO { "paid" } else { "open" }.to_owned();
    Ok(fx.tx.put(&BillRow { unpaid, state, prepaid: row.prepaid + prepaid, ..row })?)
}
