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
use crate::rules::money::Fen;
use crate::rules::part_payment::{self, Earlier};
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;

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
