//! Since when the customer's money is there that pays no bill: a bill that opens again beside it — a payment reversed, use put right —
//! bears no late fee for days on which the money for it lay here.
//!
//! Prepaid is spent oldest first, so what is left came with the last payments that brought some; what no payment brought was there when
//! the account was opened. Of credit only the day of the last entry that made it larger is known; that may be later, never earlier, than
//! its money.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use crate::book::subject::Kind;
use crate::derive::account::payment::{PaymentReversed, PaymentTaken};
use crate::desk::refusal::Refusal;
use crate::desk::till::balance;
use crate::desk::till::cover::money;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::query::timeline::Passage;
use crate::store::tables::billing::{BalanceRow, PaymentRow};
use crate::store::{StoreError, Tx};

/// How many entries back the last that made credit larger is looked for.
const LOOK_BACK: i64 = 400;

/// A sum that is there since one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The day.
    pub since: NaiveDate,
    /// How much of it pays nothing yet.
    pub amount: Fen,
}

/// All of it as of one day.
pub fn all_since(balance: &BalanceRow, day: NaiveDate) -> Vec<Lot> {
    let amount = money(balance);
    if amount > Fen::ZERO { vec![Lot { since: day, amount }] } else { Vec::new() }
}

/// Credit as it lay before an entry.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    credit: Lot,
}

impl Before {
    /// Of an account, as the books stand on `day`.
    pub fn of(tx: &Tx<'_>, account: Id, day: NaiveDate) -> Result<Self, Refusal> {
        let amount = balance::of(tx, account)?.credit.max(Fen::ZERO);
        let since = if amount > Fen::ZERO { credit_since(tx, account)?.unwrap_or(day) } else { day };
        Ok(Self { credit: Lot { since, amount } })
    }

    /// The money that `balance` says is there after the entry, oldest first. What the entry itself made credit is there since `day`; what
    /// the reversed payment `undone` had spent of it, at the latest since that payment.
    pub fn lots(
        &self,
        tx: &Tx<'_>,
        balance: &BalanceRow,
        undone: &[PaymentRow],
        day: NaiveDate,
    ) -> Result<Vec<Lot>, StoreError> {
        let mut lots = prepaid(tx, balance.account, balance.prepaid.max(Fen::ZERO))?;
        let mut left = balance.credit.max(Fen::ZERO);
        let spent = undone.iter().map(|row| Lot { since: row.day, amount: row.from_credit });
        for lot in [self.credit].into_iter().chain(spent).chain([Lot { since: day, amount: left }]) {
            let amount = lot.amount.min(left);
            left -= amount;
            lots.push(Lot { amount, ..lot });
        }
        lots.retain(|lot| lot.amount > Fen::ZERO);
        lots.sort_by_key(|lot| lot.since);
        Ok(lots)
    }
}

/// The last payments that brought it.
fn prepaid(tx: &Tx<'_>, account: Id, sum: Fen) -> Result<Vec<Lot>, StoreError> {
    if sum == Fen::ZERO {
        return Ok(Vec::new());
    }
    let mut payments = tx.payments(account)?;
    payments.retain(|row| row.state == "taken" && row.to_prepaid > Fen::ZERO);
    payments.sort_by_key(|row| (row.day, row.id));
    let (mut lots, mut left) = (Vec::new(), sum);
    for row in payments.iter().rev() {
        let amount = row.to_prepaid.min(left);
        left -= amount;
        lots.push(Lot { since: row.day, amount });
    }
    lots.push(Lot { since: NaiveDate::MIN, amount: left });
    Ok(lots)
}

/// The day of the last entry that made the credit of an account larger.
fn credit_since(tx: &Tx<'_>, account: Id) -> Result<Option<NaiveDate>, StoreError> {
    let twice: Vec<Id> = tx.payments(account)?.iter().filter(|row| row.credit > Fen::ZERO).map(|row| row.id).collect();
    let passages = tx.passages(Kind::Account.letter(), account, None, LOOK_BACK)?;
    let last = passages.into_iter().find(|passage| match passage.action.as_str() {
        "bill.cancel" | "adjustment.decide" => true,
        "payment.reverse" => body::<PaymentReversed>(passage).is_none_or(|body| !body.is_fee),
        "payment.enter_late" if body::<PaymentTaken>(passage).is_none_or(|body| !body.late.is_empty()) => true,
        _ => twice.contains(&passage.id),
    });
    Ok(last.map(|passage| passage.day))
}

fn body<T: DeserializeOwned>(passage: &Passage) -> Option<T> {
    serde_json::from_str(&passage.body).ok()
}
