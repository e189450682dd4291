//! A payment method (缴费方式) that was recorded wrongly is put right by 信息中心 on an approved request, so that
//! the system and the paper agree again.
//!
//! Merge: a correction counts when the method it saw is the one that stands; the same correction twice changes nothing more;
//! two different ones: the first stands, the second is an exception. The money moves between drawer and bank inside the
//! shift that took it; of a closed shift, over or short is worked out again.

use serde::{Deserialize, Serialize};

use super::cash_of;
use crate::book::subject::Kind;
use crate::derive::account::payment::money_account;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::TillRow;

/// Body of `payment.method`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct MethodCorrected {
    /// The payment or fee.
    pub payment: Id,
    /// Its account, if any.
    pub account: Option<Id>,
    /// The shift that took it.
    pub shift: Id,
    /// 核对单 number.
    pub receipt: String,
    /// 方式 as it was recorded.
    pub seen: String,
    /// 方式 as the customer paid.
    pub method: String,
    /// Number of the approved request.
    pub request: String,
    /// Why.
    pub reason: String,
}

/// Applies `payment.method` to the shift.
pub(super) fn correct(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: MethodCorrected = event.read()?;
    let row = fx.tx.till_of_entry(event.subject, body.payment)?;
    let Some(row) = row.filter(|row| row.method == body.seen) else {
        let stands = fx.tx.till_of_entry(event.subject, body.payment)?.map(|row| row.method);
        if stands.as_ref() == Some(&body.method) {
            return Ok(());
        }
        let note = format!(
            "核对单 {} 的方式由 {} 改 {}，而现为 {}，没有改",
            body.receipt,
            body.seen,
            body.method,
            stands.as_deref().unwrap_or("查无此笔")
        );
        return Ok(exception::open(fx, Kind::Shift, event, "method_differs", body.payment, note)?);
    };
    let (Some(from), Some(to)) = (money_account(&body.seen), money_account(&body.method)) else {
        return Err(DeriveError::Body("预存不能改成别的方式".into()));
    };
    let mut legs = Legs::default();
    legs.add(from, -row.amount).add(to, row.amount);
    let change = cash_of(&body.method, row.amount) - cash_of(&body.seen, row.amount);
    if let Some(mut shift) = fx.tx.shift(event.subject)?.filter(|_| change != Fen::ZERO) {
        shift.income += change;
        shift.cash += change;
        if let Some(over) = shift.over {
            // What was counted stays counted: the cash that was never there was no shortage.
            legs.add(account::CASH, -change).add(account::OVER_SHORT, change);
            shift.over = Some(over - change);
        }
        fx.tx.put(&shift)?;
    }
    legs.post(fx, Kind::Shift, event)?;
    super::sign::changed(fx, event)?;
    fx.tx.put(&TillRow { method: body.method, ..row })?;
    Ok(())
}
