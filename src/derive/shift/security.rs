//! Money of a drawer that is no income: 押金 taken and given back, and prepaid paid out when an account is transferred.
//!
//! Merge: the cash has moved whatever else is known; whether it was owed is for the case or the account to say.

use super::{Moved, RECEIPT, blank, cash_of, move_cash};
use crate::book::subject::Kind;
use crate::derive::account::payment::money_account;
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::ledger::Legs;
use crate::derive::order::body::{DepositReturned, DepositTaken};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::money::Fen;
use crate::store::tables::till::{TillRow, parse_receipt};

/// Kind of a movement: a deposit taken.
pub const TAKEN: &str = "security";
/// Kind of a movement: a deposit given back.
pub const RETURNED: &str = "security_back";
/// Kind of a movement: prepaid and credit paid out.
pub const REFUND: &str = "refund";
/// The word every deposit has on paper, so that its reversal is told apart from income.
const WORD: &str = "押金";
/// What a refund is on slips and reports.
pub const REFUND_ITEM: &str = "退预存";

/// Is it money of a deposit? A reversal is told by what it was for.
pub fn is_deposit(row: &TillRow) -> bool {
    match row.kind.as_str() {
        TAKEN | RETURNED => true,
        "reversal" => row.item.contains(WORD),
        _ => false,
    }
}

/// The item of a deposit on paper: always with its word.
pub fn item(name: &str) -> String {
    if name.contains(WORD) { name.to_owned() } else { format!("押金({name})") }
}

/// What the deposits of a shift come to, in cash alone or by any method.
pub fn net(rows: &[TillRow], cash: bool) -> Fen {
    let deposits = rows.iter().filter(|row| is_deposit(row));
    deposits.map(|row| if cash { cash_of(&row.method, row.amount) } else { row.amount }).sum()
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

/// Applies `account.transfer`: what the old owner is paid out.
pub(super) fn refund(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountTransferred = event.read()?;
    let Some(refund) = body.refund.filter(|refund| refund.shift == event.subject) else { return Ok(()) };
    let sum = refund.prepaid + refund.credit;
    let row = TillRow {
        account: Some(body.account),
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
