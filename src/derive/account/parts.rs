//! What payments brought a bill and those in whose place it stands: principal, and late fee.

use chrono::NaiveDate;

use super::cover::is_cover;
use super::payment::applied;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment::Earlier;
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

/// What a payment that stands brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The payment.
    pub payment: Id,
    /// The day it was made.
    pub day: NaiveDate,
    /// Principal.
    pub principal: Fen,
    /// Late fee paid.
    pub late_fee: Fen,
    /// Late fee waived with it.
    pub waived: Fen,
    /// Prepaid and credit stand for it; nobody took it.
    pub is_cover: bool,
}

/// The parts of a bill, in the order of their days.
pub fn of(tx: &Tx<'_>, account: Id, bill: Id) -> Result<Vec<Part>, StoreError> {
    let chain = tx.bill_ancestors(account, bill)?;
    let mut parts = Vec::new();
    for row in tx.payments(account)?.iter().filter(|row| row.state == "taken") {
        let (payment, day, is_cover) = (row.id, row.day, is_cover(row));
        for line in applied(row).into_iter().filter(|line| chain.contains(&line.0)) {
            parts.push(Part { payment, day, principal: line.1, late_fee: line.2, waived: line.3, is_cover });
        }
    }
    parts.sort_by_key(|part| (part.day, part.payment));
    Ok(parts)
}

/// Their principal.
pub fn principal(parts: &[Part]) -> Fen {
    parts.iter().map(|part| part.principal).sum()
}

/// Their late fee, as it was paid.
pub fn late_fee(parts: &[Part]) -> Fen {
    parts.iter().map(|part| part.late_fee).sum()
}

/// What of a bill that takes another's place is paid by what had paid the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// By payments.
    pub payments: Fen,
    /// By prepaid that had paid it when it was made.
    pub prepaid: Fen,
}

/// Payments made in time come first, then what prepaid had paid, then the late payments: what is over is what was paid last, so that no
/// late fee stays for days on which the money was there.
pub fn carried(parts: &[Part], old: &BillRow, amount: Fen) -> Carried {
    let by_payments = old.amount - old.unpaid - old.prepaid;
    let timely = parts.iter().filter(|part| part.day <= old.due).map(|part| part.principal).sum::<Fen>();
    let timely = timely.min(by_payments).min(amount);
    let prepaid = old.prepaid.min(amount - timely);
    let late = (by_payments - timely).min(amount - timely - prepaid);
    Carried { payments: timely + late, prepaid }
}

/// The days that the first of them were late with, up to a sum; nothing charged.
pub fn first(parts: &[Part], sum: Fen, due: NaiveDate) -> Earlier {
    let (mut earlier, mut left) = (Earlier::default(), sum);
    for part in parts {
        let principal = part.principal.min(left);
        left -= principal;
        earlier.add(principal, Fen::ZERO, due, part.day);
    }
    earlier
}
