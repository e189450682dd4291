//! Which open bills prepaid and credit pay once an entry has taken effect, and what they leave (see
//! [`crate::derive::account::cover`]).

use chrono::NaiveDate;
use serde::Serialize;

use super::balance;
use super::due::{self, Due, late_fee_of};
use crate::book::append::{self, Head, NewEntry};
use crate::book::subject::Subject;
use crate::derive;
use crate::derive::account::cover::{CoverLine, Covers};
use crate::desk::action::{Action, Cx};
use crate::desk::refusal::Refusal;
use crate::rules::customer::prepaid_settles;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment::{Owed, share};
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BalanceRow;

/// What prepaid and credit come to; what is below zero pays nothing and takes nothing from the other.
pub fn money(balance: &BalanceRow) -> Fen {
    balance.prepaid.max(Fen::ZERO) + balance.credit.max(Fen::ZERO)
}

/// Lays `money` on what is due, oldest first, late fee before principal. None when there is nothing to lay or to lay it on. A bill
/// whose late fee cannot be calculated is passed over.
pub fn lay(dues: &[Due], money: Fen, day: NaiveDate) -> Option<Covers> {
    let (mut left, mut lines) = (money, Vec::new());
    for due in dues.iter().filter(|due| due.late.is_ok() && due.bill.unpaid > Fen::ZERO) {
        let Owed { principal, late_fee } = share(Owed { principal: due.bill.unpaid, late_fee: due.fee() }, left);
        if principal + late_fee > Fen::ZERO {
            left -= principal + late_fee;
            let (bill, cycle) = (due.bill.id, due.bill.cycle.clone());
            lines.push(CoverLine { bill, cycle, principal, late_fee, charged_before: due.earlier.charged });
        }
    }
    (!lines.is_empty()).then_some(Covers { day, lines })
}

/// The lines of covers, for answers.
pub fn lines(covers: Option<&Covers>) -> Vec<CoverLine> {
    covers.map_or_else(Vec::new, |covers| covers.lines.clone())
}

/// A bill as covers leave it, its late fee as of `day`.
pub fn covered(book: &PriceBook, account: &AccountRow, mut due: Due, covers: &Covers, day: NaiveDate) -> Due {
    if let Some(line) = covers.lines.iter().find(|line| line.bill == due.bill.id) {
        due.earlier.add(line.principal, line.late_fee, due.bill.due, covers.day);
        due.bill.unpaid -= line.principal;
        due.late = late_fee_of(book, account, &due.bill, due.earlier, day);
    }
    due
}

/// What an account's open bills and its money make of each other as the books stand; none when the account keeps its prepaid.
fn standing(tx: &Tx<'_>, book: &PriceBook, account: Id, day: NaiveDate) -> Result<Option<Covers>, Refusal> {
    let Some(row) = tx.account(account)?.filter(|row| prepaid_settles(&row.extra)) else { return Ok(None) };
    let money = money(&balance::of(tx, account)?);
    if money == Fen::ZERO {
        return Ok(None);
    }
    Ok(lay(&due::due(tx, book, &row, day)?, money, day))
}

/// What bills an entry leaves covered: it is derived as if it were written, and let go again.
pub fn ahead<A: Action, B: Serialize>(
    cx: &Cx<'_, '_>,
    account: Id,
    subjects: &[Subject],
    body: &B,
) -> Result<Option<Covers>, Refusal> {
    let book = cx.shelf.prices(cx.tx)?;
    tried::<A, B, _>(cx, subjects, body, |tx| standing(tx, &book, account, cx.day))
}

/// Looks at the books as an entry would leave them.
pub fn tried<A: Action, B: Serialize, T>(
    cx: &Cx<'_, '_>,
    subjects: &[Subject],
    body: &B,
    look: impl FnOnce(&Tx<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let payload = serde_json::to_string(body).map_err(|error| Refusal::data(error.to_string()))?;
    let actor = cx.actor.id.to_string();
    let head = Head::read(cx.tx)?;
    cx.tx.trial(|| {
        let new = NewEntry {
            at: cx.at,
            business_day: cx.day,
            actor: &actor,
            action: A::NAME,
            version: A::VERSION,
            subjects,
            key: None,
            payload,
        };
        let row = append::append(cx.tx, &head, new)?;
        derive::record(cx.tx, &row)?;
        look(cx.tx)
    })
}
