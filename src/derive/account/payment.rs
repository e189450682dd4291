//! Payments (收费) as the account sees them.
//!
//! Merge: every payment's money stays counted. A bill takes what it still owes, in order of the payments; what it no longer owes
//! is the customer's credit, with an exception. A payment is reversed at most once; a second reversal is an exception.

use serde::{Deserialize, Serialize};

use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// Body of `payment.take`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentTaken {
    /// The account.
    pub account: Id,
    /// The shift.
    pub shift: Id,
    /// 现金, 银行卡, 转账, 预存.
    pub method: String,
    /// 核对单 number.
    pub receipt: String,
    /// Money taken in.
    pub amount: Fen,
    /// What the customer gave.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Put to prepaid.
    pub to_prepaid: Fen,
    /// Taken from prepaid.
    pub from_prepaid: Fen,
    /// Per bill.
    pub lines: Vec<PaymentLine>,
}

/// What one bill gets of a payment.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentLine {
    /// The bill.
    pub bill: Id,
    /// Principal.
    pub principal: Fen,
    /// Late fee.
    pub late_fee: Fen,
    /// Late fee waived.
    pub waived: Fen,
}

/// Applies `payment.take`.
pub fn take(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentTaken = event.read()?;
    let _ = (fx, body);
    Ok(())
}

/// Applies `payment.reverse`.
pub fn reverse(_fx: &mut Fx<'_, '_>, _event: &Event<'_>) -> Result<(), DeriveError> {
    Ok(())
}
