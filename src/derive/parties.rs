//! An entry about money posts its halves on several subjects (I-3). Its body and its subjects must name the same ones: where they do not,
//! one half would be missing for ever, so none counts. No program writes such an entry; a signed lie may be one.

use super::account::payment::{PaymentReversed, PaymentTaken};
use super::account::transfer::AccountTransferred;
use super::order::body::{DepositReturned, DepositTaken};
use super::shift::FeeTaken;
use super::{DeriveError, Event};
use crate::book::subject::{self, Kind, Subject};

/// Refuses an entry whose body names somebody it is not about.
pub(super) fn agree(event: &Event<'_>) -> Result<(), DeriveError> {
    let Some(named) = named(event)? else { return Ok(()) };
    let about = subject::read(&event.entry.subjects, event.entry.id).unwrap_or_default();
    let is_about = |one: &Subject| about.contains(&Some(*one));
    // A payment without a till is the account's alone: it posts the money itself.
    let is_till = |one: &Subject| one.kind == Kind::Shift;
    let till_unnamed = about.iter().flatten().any(is_till) && !named.iter().any(is_till);
    match named.iter().all(is_about) && !till_unnamed {
        true => Ok(()),
        false => Err(DeriveError::Body("内容所写的户、班次或业务不是这张凭单的对象".into())),
    }
}

/// Whom the body of an entry about money names; none for other entries.
fn named(event: &Event<'_>) -> Result<Option<Vec<Subject>>, DeriveError> {
    let shift = |id| Subject::new(Kind::Shift, id);
    let account = |id| Subject::new(Kind::Account, id);
    let order = |id| Subject::new(Kind::Order, id);
    Ok(Some(match event.action() {
        "payment.take" | "payment.enter_late" => {
            let body: PaymentTaken = event.read()?;
            [account(body.account)].into_iter().chain(body.shift.map(shift)).collect()
        }
        "payment.reverse" => {
            let body: PaymentReversed = event.read()?;
            let paid = body.account.filter(|_| !body.is_fee).map(account);
            let case = body.charge.map(|charge| order(charge.order));
            [shift(body.shift), shift(body.origin)].into_iter().chain(paid).chain(case).collect()
        }
        "fee.take" => {
            let body: FeeTaken = event.read()?;
            [shift(body.shift)].into_iter().chain(body.charge.map(|charge| order(charge.order))).collect()
        }
        "deposit.take" => {
            let body: DepositTaken = event.read()?;
            vec![shift(body.shift), order(body.charge.order)]
        }
        "deposit.return" => {
            let body: DepositReturned = event.read()?;
            vec![shift(body.shift), order(body.charge.order)]
        }
        "account.transfer" => {
            let body: AccountTransferred = event.read()?;
            [account(body.account)].into_iter().chain(body.refund.map(|refund| shift(refund.shift))).collect()
        }
        _ => return Ok(None),
    }))
}
