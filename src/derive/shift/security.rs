//! Money of a drawer that is no income: 押金 taken and given back, and prepaid paid out when an account is transferred or closed.
//!
//! Merge: the cash has moved whatever else is known; whether it was owed is for the case or the account to say.

use super::{Moved, RECEIPT, blank, cash_of, move_cash};
use crate::book::subject::Kind;
use crate::derive::account::amend::AccountAmended;
use crate::derive::account::payment::money_account;
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::ledger::Legs;
use crate::derive::order::body::{DepositReturned, DepositTaken};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::{ShiftRow, TillRow, parse_receipt};
use crate::store::{StoreError, Tx};

/// Kind of a movement: a deposit taken.
pub const TAKEN: &str = "security";
/// Kind of a movement: a deposit given back.
pub const RETURNED: &str = "security_back";
/// Kind of a movement: prepaid and credit paid out.
pub const REFUND: &str = "refund";
/// The word every deposit has on paper.
const WORD: &str = "押金";
/// What a refund is on slips and reports.
pub const REFUND_ITEM: &str = "退预存";

/// Is it money of a deposit? A reversal is told by the entry it reverses: the catalogue names fees as it likes.
pub fn is_deposit(tx: &Tx<'_>, row: &TillRow) -> Result<bool, StoreError> {
    Ok(match (row.kind.as_str(), row.reverses) {
        (TAKEN | RETURNED, _) => true,
        ("reversal", Some(reversed)) => tx.entry(reversed)?.is_some_and(|entry| entry.action == "deposit.take"),
        _ => false,
    })
}

/// The movements of a shift that are money of deposits.
pub fn deposits(tx: &Tx<'_>, shift: Id) -> Result<Vec<TillRow>, StoreError> {
    let mut found = Vec::new();
    for row in tx.scan::<TillRow>(&[&shift])? {
        if is_deposit(tx, &row)? {
            found.push(row);
        }
    }
    Ok(found)
}

/// The item of a deposit on paper: always with its word.
pub fn item(name: &str) -> String {
    if name.contains(WORD) { name.to_owned() } else { format!("押金({name})") }
}

/// What the deposits of a shift come to in cash.
pub fn cash(tx: &Tx<'_>, shift: Id) -> Result<Fen, StoreError> {
    Ok(deposits(tx, shift)?.iter().map(|row| cash_of(&row.method, row.amount)).sum())
}

/// 本日营业收入 of a shift, and the cash of its deposits, which lies in the drawer and is no income.
pub fn income(tx: &Tx<'_>, shift: &ShiftRow) -> Result<(Fen, Fen), StoreError> {
    let deposits = cash(tx, shift.id)?;
    Ok((shift.income - deposits, deposits))
}

/// Applies `deposit.take`.
pub(super) fn take(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: DepositTaken = event.read()?;
    let (series, serial) = parse_receipt(&body.receipt).unwrap_or_default();
    fx.touch(RECEIPT.what, &body.receipt);
    let row = TillRow {
        series,
        serial,
        account: body.account,
        payer: body.payer,
        item: body.kind,
        method: body.method,
        principal: body.amount,
        amount: body.amount,
        ..blank(fx, event, TAKEN)?
    };
    move_money(fx, event, row)
}

/// Applies `deposit.return`.
pub(super) fn give_back(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: DepositReturned = event.read()?;
    let row = TillRow {
        account: body.account,
        payer: body.payer,
        item: body.kind,
        method: body.method,
        principal: -body.amount,
        amount: -body.amount,
        ..blank(fx, event, RETURNED)?
    };
    move_money(fx, event, row)
}

/// Applies `account.transfer` and `account.amend`: what the customer who leaves is paid out.
pub(super) fn refund(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let (account, refund) = match event.action() {
        "account.amend" => event.read::<AccountAmended>().map(|body| (body.account, body.refund))?,
        _ => event.read::<AccountTransferred>().map(|body| (body.account, body.refund))?,
    };
    let Some(refund) = refund.filter(|refund| refund.shift == event.subject) else { return Ok(()) };
    let sum = refund.prepaid + refund.credit;
    let row = TillRow {
        account: Some(account),
        payer: refund.payer,
        item: REFUND_ITEM.to_owned(),
        principal: -refund.credit,
        to_prepaid: -refund.prepaid,
        amount: -sum,
        ..blank(fx, event, REFUND)?
    };
    move_money(fx, event, row)
}

fn move_money(fx: &mut Fx<'_, '_>, event: &Event<'_>, row: TillRow) -> Result<(), DeriveError> {
    let money = money_account(&row.method).ok_or_else(|| DeriveError::Body("押金不能用预存".into()))?;
    let mut legs = Legs::default();
    legs.add(money, row.amount).post(fx, Kind::Shift, event)?;
    fx.tx.put(&row)?;
    move_cash(fx, event, Moved::Income(cash_of(&row.method, row.amount)))
}
