//! Which open bills prepaid and credit pay once an entry has taken effect, and what they leave (see
//! [`crate::derive::account::cover`]).

use chrono::NaiveDate;
use serde::Serialize;

use super::balance;
use super::due::{self, Due, late_fee_of};
use super::since::{self, Before, Lot};
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
use crate::store::tables::billing::{BalanceRow, PaymentRow};

/// What prepaid and credit come to; what is below zero pays nothing and takes nothing from the other.
pub fn money(balance: &BalanceRow) -> Fen {
    balance.prepaid.max(Fen::ZERO) + balance.credit.max(Fen::ZERO)
}

/// Lays the money of `lots` on what is due, oldest first, late fee before principal. A bill is paid as of the day since when the money
/// is there, or its due date. None when there is nothing to lay or to lay it on. A bill whose late fee cannot be calculated is passed
/// over.
pub fn lay(book: &PriceBook, account: &AccountRow, dues: &[Due], lots: &[Lot], day: NaiveDate) -> Option<Covers> {
    let (mut lots, mut lines) = (lots.to_vec(), Vec::new());
    for due in dues.iter().filter(|due| due.late.is_ok() && due.bill.unpaid > Fen::ZERO) {
        let (mut bill, mut earlier) = (due.bill.clone(), due.earlier);
        for lot in &mut lots {
            let as_of = lot.since.max(bill.due).min(day);
            let Ok(late) = late_fee_of(book, account, &bill, earlier, as_of) else { break };
            let owed = Owed { principal: bill.unpaid.max(Fen::ZERO), late_fee: late.fee.fee };
            let Owed { principal, late_fee } = share(owed, lot.amount);
            if principal + late_fee == Fen::ZERO {
                continue;
            }
            lot.amount -= principal + late_fee;
            bill.unpaid -= principal;
            let charged_before = earlier.charged;
            earlier.add(principal, late_fee, bill.due, as_of);
            add(
                &mut lines,
                CoverLine {
                    bill: bill.id,
                    cycle: bill.cycle.clone(),
                    principal,
                    late_fee,
                    charged_before,
                    since: Some(as_of).filter(|as_of| *as_of < day),
                },
            );
        }
    }
    (!lines.is_empty()).then_some(Covers { day, lines })
}

/// Money of one day on one bill is one line.
fn add(lines: &mut Vec<CoverLine>, line: CoverLine) {
    match lines.last_mut().filter(|last| (last.bill, last.since) == (line.bill, line.since)) {
        Some(last) => {
            (last.principal, last.late_fee) = (last.principal + line.principal, last.late_fee + line.late_fee)
        }
        None => lines.push(line),
    }
}

/// The lines of covers, for answers.
pub fn lines(covers: Option<&Covers>) -> Vec<CoverLine> {
    covers.map_or_else(Vec::new, |covers| covers.lines.clone())
}

/// A bill as covers leave it, its late fee as of `day`.
pub fn covered(book: &PriceBook, account: &AccountRow, mut due: Due, covers: &Covers, day: NaiveDate) -> Due {
    for line in covers.lines.iter().filter(|line| line.bill == due.bill.id) {
        due.earlier.add(line.principal, line.late_fee, due.bill.due, covers.day_of(line));
        due.bill.unpaid -= line.principal;
        due.late = late_fee_of(book, account, &due.bill, due.earlier, day);
    }
    due
}

/// What an account's open bills and its money make of each other as the books stand after the entry `by`; none when the account keeps
/// its prepaid.
fn standing(tx: &Tx<'_>, book: &PriceBook, had: &Had, by: Id, day: NaiveDate) -> Result<Option<Covers>, Refusal> {
    let Some(row) = tx.account(had.account)?.filter(|row| prepaid_settles(&row.extra)) else { return Ok(None) };
    let balance = balance::of(tx, row.id)?;
    let lots = if had.settled {
        let undone = |payment: &PaymentRow| payment.reversed_by.is_some_and(|reversal| reversal.entry() == by.entry());
        let mut undone_now = tx.payments(row.id)?;
        undone_now.retain(undone);
        had.before.lots(tx, &balance, &undone_now, day)?
    } else {
        since::all_since(&balance, day)
    };
    if lots.is_empty() {
        return Ok(None);
    }
    Ok(lay(book, &row, &due::due(tx, book, &row, day)?, &lots, day))
}

/// An account before an entry.
struct Had {
    account: Id,
    /// It let its money stand for bills.
    settled: bool,
    before: Before,
}

impl Had {
    fn of(cx: &Cx<'_, '_>, account: Id) -> Result<Self, Refusal> {
        let settled = cx.tx.account(account)?.is_none_or(|row| prepaid_settles(&row.extra));
        Ok(Self { account, settled, before: Before::of(cx.tx, account, cx.day)? })
    }
}

/// What bills an entry leaves covered: it is derived as if it were written, and let go again.
pub fn ahead<A: Action, B: Serialize>(
    cx: &Cx<'_, '_>,
    account: Id,
    subjects: &[Subject],
    body: &B,
) -> Result<Option<Covers>, Refusal> {
    let book = cx.shelf.prices(cx.tx)?;
    let had = Had::of(cx, account)?;
    tried::<A, B, _>(cx, subjects, body, |tx| standing(tx, &book, &had, cx.next, cx.day))
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
