//! Late fee that a hand-written slip brings back: its money was there before a payment that is in the book already, so the fee ran on too
//! much (R-180: days are those from the due date to the day of payment).

use chrono::NaiveDate;

use super::plan::{Days, PlanLine};
use crate::derive::account::adjust::refundable;
use crate::derive::account::late_back::LateOfBill;
use crate::derive::account::payment::applied;
use crate::derive::request::LateFeeBack;
use crate::desk::refusal::Refusal;
use crate::desk::tariffs;
use crate::rules::customer::prepaid_settles;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment::{self, Earlier, Owed, share};
use crate::rules::tariff::PriceBook;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BillLateRow, BillRow};
use crate::store::{StoreError, Tx};

/// What comes back of one bill.
#[derive(Debug, Clone)]
pub struct Back {
    /// As the entry says it.
    pub late: LateOfBill,
    /// The day its last payment was made: since then that money was there.
    pub since: NaiveDate,
}

/// What comes back of the bills of a payment: what is charged beyond the fee that their parts bear, each to its own day. What was waived,
/// not paid, does not.
pub fn of(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    days: Days,
    lines: &[PlanLine],
) -> Result<Vec<Back>, Refusal> {
    let mut found = Vec::new();
    for line in lines.iter().filter(|line| days.taken < days.today && line.due.earlier.charged > Fen::ZERO) {
        let bill = &line.due.bill;
        let chain = tx.bill_ancestors(account.id, bill.id)?;
        let mut later = tx.payments(account.id)?;
        later.retain(|row| row.state == "taken" && row.day > days.taken);
        later.retain(|row| applied(row).iter().any(|line| chain.contains(&line.0)));
        let Some(since) = later.iter().map(|row| row.day).max() else { continue };
        let Ok((_, rule)) = tariffs::late_rule(book, account, bill) else { continue };
        let mut earlier = Earlier { charged: Fen::ZERO, ..line.due.earlier };
        earlier.add(line.principal, Fen::ZERO, bill.due, days.taken);
        let unpaid = bill.unpaid - line.principal;
        let right = part_payment::late_fee(rule, bill.amount, unpaid, bill.due, days.today, earlier)?.fee;
        let charged_before = line.due.earlier.charged + line.late_fee + line.waived;
        let refund = (charged_before - right).min(refundable(tx, account.id, bill.id)?);
        if refund > Fen::ZERO {
            let late = LateOfBill { bill: bill.id, back: LateFeeBack { charged_before, refund } };
            found.push(Back { late, since });
        }
    }
    Ok(found)
}

/// What comes back of bills that are paid already, when a slip's money is put by: it was there, and would have paid them, before the
/// payments that did. Each bill bears the fee of its parts in their order, the slip's among them.
pub fn of_put_by(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    days: Days,
    mut money: Fen,
) -> Result<Vec<Back>, Refusal> {
    if days.taken >= days.today || !prepaid_settles(&account.extra) {
        return Ok(Vec::new());
    }
    let mut bills = tx.scan::<BillRow>(&[&account.id])?;
    bills.retain(|bill| bill.state == "paid" && bill.amount > Fen::ZERO);
    bills.sort_by_key(|bill| (bill.due, bill.id));
    let mut found = Vec::new();
    for bill in bills {
        let Ok((_, rule)) = tariffs::late_rule(book, account, &bill) else { continue };
        let charged = tx.get::<BillLateRow>(&[&account.id, &bill.id])?.map_or(Fen::ZERO, |row| row.charged);
        let parts = parts(tx, account.id, &bill)?;
        let Some(since) = parts.last().map(|part| part.0).filter(|day| charged > Fen::ZERO && *day > days.taken) else {
            continue;
        };
        let (before, after) = parts.split_at(parts.partition_point(|part| part.0 <= days.taken));
        let by_parts: Fen = parts.iter().map(|part| part.1).sum();
        let then = borne(before, bill.due);
        let unpaid = by_parts - before.iter().map(|part| part.1).sum::<Fen>();
        let fee = part_payment::late_fee(rule, bill.amount, unpaid, bill.due, days.taken, then)?.fee;
        let got = share(Owed { principal: unpaid, late_fee: fee }, money);
        money -= got.principal + got.late_fee;
        let mut all = before.to_vec();
        let mut left = unpaid - got.principal;
        all.push((days.taken, got.principal, got.late_fee));
        for part in after {
            let principal = part.1.min(left);
            left -= principal;
            all.push((part.0, principal, Fen::ZERO));
        }
        let right = Earlier { charged: Fen::ZERO, ..borne(&all, bill.due) };
        let right = part_payment::late_fee(rule, bill.amount, Fen::ZERO, bill.due, days.today, right)?.fee;
        let refund = (charged - right).min(refundable(tx, account.id, bill.id)?);
        if refund > Fen::ZERO {
            let back = LateFeeBack { charged_before: charged, refund };
            found.push(Back { late: LateOfBill { bill: bill.id, back }, since });
        }
    }
    Ok(found)
}

/// What payments paid of a bill, in the order of their days: principal, and late fee paid or waived.
pub fn parts(tx: &Tx<'_>, account: Id, bill: &BillRow) -> Result<Vec<(NaiveDate, Fen, Fen)>, StoreError> {
    let chain = tx.bill_ancestors(account, bill.id)?;
    let mut parts = Vec::new();
    for row in tx.payments(account)?.iter().filter(|row| row.state == "taken") {
        let lines = applied(row).into_iter().filter(|line| chain.contains(&line.0));
        parts.extend(lines.map(|line| (row.day, line.1, line.2 + line.3)));
    }
    parts.sort_by_key(|part| part.0);
    Ok(parts)
}

fn borne(parts: &[(NaiveDate, Fen, Fen)], due: NaiveDate) -> Earlier {
    let mut earlier = Earlier::default();
    for (day, principal, fee) in parts {
        earlier.add(*principal, *fee, due, *day);
    }
    earlier
}
