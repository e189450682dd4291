//! Late fee that a hand-written slip brings back: its money was there before a payment that is in the book already, so the fee ran on too
//! much (R-180: days are those from the due date to the day of payment).

use chrono::NaiveDate;

use super::due::late_fee_of;
use super::plan::{Days, PlanLine};
use crate::derive::account::adjust::refundable;
use crate::derive::account::late_back::LateOfBill;
use crate::derive::account::parts::{self, Part};
use crate::derive::account::payment::earlier;
use crate::derive::request::LateFeeBack;
use crate::desk::refusal::Refusal;
use crate::desk::tariffs;
use crate::rules::customer::prepaid_settles;
use crate::rules::money::Fen;
use crate::rules::part_payment::{self, Earlier, Owed, share};
use crate::rules::tariff::PriceBook;
use crate::rules::tariff::model::LateFeeRule;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BillLateRow, BillRow};

/// What comes back of one bill.
#[derive(Debug, Clone)]
pub struct Back {
    /// As the entry says it.
    pub late: LateOfBill,
    /// The day its last payment was made: since then that money was there.
    pub since: NaiveDate,
    /// What of the slip's money would have paid it in that payment's place: it is there since that payment, not since the slip.
    pub in_place: Fen,
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
        let parts = parts::of(tx, account.id, bill.id)?;
        let Some(since) = parts.last().map(|part| part.day).filter(|day| *day > days.taken) else { continue };
        let Ok((_, rule)) = tariffs::late_rule(book, account, bill) else { continue };
        let mut earlier = Earlier { charged: Fen::ZERO, ..line.due.earlier };
        earlier.add(line.principal, Fen::ZERO, bill.due, days.taken);
        let unpaid = bill.unpaid - line.principal;
        let right = part_payment::late_fee(rule, bill.amount, unpaid, bill.due, days.today, earlier)?.fee;
        let charged_before = line.due.earlier.charged + line.late_fee + line.waived;
        let refund = (charged_before - right).min(refundable(tx, account.id, bill.id)?);
        if refund > Fen::ZERO {
            let late = LateOfBill { bill: bill.id, back: LateFeeBack { charged_before, refund } };
            found.push(Back { late, since, in_place: Fen::ZERO });
        }
    }
    Ok(found)
}

/// What comes back of the other bills when a slip's money is put by: it was there, and would have paid them, before the payments that did.
/// Each bill bears the fee of its parts in their order, the slip's among them; of an open one the slip's money pays what is open.
pub fn of_put_by(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    days: Days,
    named: &[PlanLine],
    mut money: Fen,
) -> Result<Vec<Back>, Refusal> {
    if days.taken >= days.today || !prepaid_settles(&account.extra) {
        return Ok(Vec::new());
    }
    let mut bills = tx.scan::<BillRow>(&[&account.id])?;
    bills.retain(|bill| matches!(bill.state.as_str(), "paid" | "open") && bill.amount > Fen::ZERO);
    bills.retain(|bill| named.iter().all(|line| line.due.bill.id != bill.id));
    bills.sort_by_key(|bill| (bill.due, bill.cycle.clone(), bill.id));
    let mut found = Vec::new();
    for bill in bills {
        let Ok((_, rule)) = tariffs::late_rule(book, account, &bill) else { continue };
        let known = tx.get::<BillLateRow>(&[&account.id, &bill.id])?;
        let parts = parts::of(tx, account.id, bill.id)?;
        let charged = known.as_ref().map_or(Fen::ZERO, |row| row.charged);
        let since = parts.last().map(|part| part.day).filter(|day| charged > Fen::ZERO && *day > days.taken);
        let (right, in_place) = if bill.state == "open" {
            let earlier = known.as_ref().map(earlier).unwrap_or_default();
            let late_fee = late_fee_of(book, account, &bill, earlier, days.taken)?.fee.fee;
            let got = share(Owed { principal: bill.unpaid, late_fee }, money);
            money -= got.principal + got.late_fee;
            let mut then = Earlier { charged: Fen::ZERO, ..earlier };
            then.add(got.principal, Fen::ZERO, bill.due, days.taken);
            let rest = bill.unpaid - got.principal;
            (part_payment::late_fee(rule, bill.amount, rest, bill.due, days.today, then)?.fee, Fen::ZERO)
        } else if since.is_some() {
            let (right, got) = paid_before(rule, &bill, parts, days, money)?;
            money -= got;
            (right, got)
        } else {
            continue;
        };
        let Some(since) = since else { continue };
        let refund = (charged - right).min(refundable(tx, account.id, bill.id)?);
        if refund > Fen::ZERO {
            let back = LateFeeBack { charged_before: charged, refund };
            found.push(Back { late: LateOfBill { bill: bill.id, back }, since, in_place });
        }
    }
    Ok(found)
}

/// The late fee of a paid bill with the slip's money among its parts, and how much of that money it takes.
fn paid_before(
    rule: &LateFeeRule,
    bill: &BillRow,
    mut parts: Vec<Part>,
    days: Days,
    money: Fen,
) -> Result<(Fen, Fen), Refusal> {
    let (whole, at) = (parts::principal(&parts), parts.partition_point(|part| part.day <= days.taken));
    let before = &parts[..at];
    let unpaid = whole - parts::principal(before);
    let charged_then = before.iter().map(|part| part.late_fee + part.waived).sum();
    let then = Earlier { charged: charged_then, ..parts::first(before, whole, bill.due) };
    let fee = part_payment::late_fee(rule, bill.amount, unpaid, bill.due, days.taken, then)?.fee;
    let got = share(Owed { principal: unpaid, late_fee: fee }, money);
    let slip = Part { day: days.taken, principal: got.principal, ..parts[at].clone() };
    parts.insert(at, slip);
    let right = parts::first(&parts, whole, bill.due);
    let right = part_payment::late_fee(rule, bill.amount, Fen::ZERO, bill.due, days.today, right)?.fee;
    Ok((right, got.principal + got.late_fee))
}
