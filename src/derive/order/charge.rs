//! 应收业务费 and 押金: what the catalogue asks for a case is owed from its intake on, until it is paid, or the case is voided.
//!
//! A fee is income when it is agreed (`charge` against `fee`) and settled when it is paid. A deposit is no income: the money taken
//! is owed to the customer (`deposit`) until it is given back. Entries of version 1 agreed fees without owing them.
//!
//! Merge: every payment's money stays counted. The first settles the charge, what it no longer owes is to be given back
//! (`refundable`), with an exception `charge_paid_twice`. A voided case owes nothing: what was paid is to be given back. Of two
//! reversals, or two returns of one deposit (I-9, I-11), the first is effective; the money of the second stands in suspense.

use super::body::{ChargeRef, Charged, DepositReturned, DepositTaken};
use super::window;
use crate::book::subject::Kind;
use crate::derive::account::payment::PaymentReversed;
use crate::derive::ledger::{Legs, account};
use crate::derive::shift::FeeTaken;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::StoreError;
use crate::store::tables::order::{ChargePaidRow, ChargeRow, OrderRow};

/// The version of `intake.take` from which on a fee agreed is a fee owed.
const OWED_FROM: i64 = 2;

/// Puts the charges of a case just taken in; answers what is owed.
pub(super) fn open(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    case: Option<Id>,
    charged: &[Charged],
) -> Result<Fen, DeriveError> {
    if event.entry.version < OWED_FROM {
        return Ok(Fen::ZERO);
    }
    let (mut legs, mut owed) = (Legs::default(), Fen::ZERO);
    for charge in charged {
        if charge.amount.is_negative() {
            return Err(DeriveError::Body("业务费不能是负数".into()));
        }
        if fx.tx.has::<ChargeRow>(&[&event.subject, &charge.key.as_str()])? {
            continue;
        }
        if !charge.deposit {
            legs.add(account::CHARGE, charge.amount).add(account::FEE, -charge.amount);
        }
        owed += charge.amount;
        fx.tx.put(&settled(ChargeRow {
            order_id: event.subject,
            key: charge.key.clone(),
            account: case,
            name: charge.name.clone(),
            amount: charge.amount,
            invoice: charge.invoice.clone(),
            deposit: charge.deposit,
            before: charge.before.clone(),
            day: event.entry.business_day,
            paid: Fen::ZERO,
            owed: Fen::ZERO,
            refundable: Fen::ZERO,
            cancelled: false,
            returned: false,
            state: String::new(),
        }))?;
    }
    legs.post(fx, Kind::Order, event)?;
    Ok(owed)
}

/// What is owed, and the word of where a charge stands.
fn settled(mut row: ChargeRow) -> ChargeRow {
    let over = row.cancelled || row.returned;
    row.owed = if over { Fen::ZERO } else { row.amount - row.paid };
    row.state = match &row {
        _ if row.paid > Fen::ZERO && row.deposit && row.owed == Fen::ZERO => "held",
        _ if row.cancelled && row.refundable > Fen::ZERO => "refundable",
        _ if row.cancelled => "cancelled",
        _ if row.returned => "returned",
        _ if row.owed > Fen::ZERO => "owed",
        _ if row.amount == Fen::ZERO => "free",
        _ => "paid",
    }
    .to_owned();
    row
}

/// Money taken for a charge.
struct Taken {
    charge: ChargeRef,
    amount: Fen,
    kind: String,
    receipt: String,
}

fn taken(event: &Event<'_>) -> Result<Option<Taken>, DeriveError> {
    if event.action() == "deposit.take" {
        let body: DepositTaken = event.read()?;
        return Ok(Some(Taken { charge: body.charge, amount: body.amount, kind: body.kind, receipt: body.receipt }));
    }
    let body: FeeTaken = event.read()?;
    let FeeTaken { amount, kind, receipt, charge, .. } = body;
    Ok(charge.map(|charge| Taken { charge, amount, kind, receipt }))
}

/// Applies `fee.take` and `deposit.take`: the charge takes what it still owes.
pub(super) fn take(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let Some(taken) = taken(event)?.filter(|taken| taken.charge.order == event.subject) else { return Ok(()) };
    if taken.amount.is_negative() {
        return Err(DeriveError::Body("收款不能是负数".into()));
    }
    let mut legs = Legs::default();
    let Some(row) = charge(fx, event, &taken.charge.key)? else {
        legs.add(account::SUSPENSE, -taken.amount).post(fx, Kind::Order, event)?;
        return Ok(());
    };
    let applied = taken.amount.min(row.owed);
    let over = taken.amount - applied;
    legs.add(if row.deposit { account::DEPOSIT } else { account::CHARGE }, -applied);
    legs.add(account::REFUNDABLE, -over).post(fx, Kind::Order, event)?;
    if over > Fen::ZERO {
        let why = if row.cancelled { "业务已作废" } else { "已经收过" };
        let note = format!("{} 的{}{why}，核对单 {} 又收 {over}，请退给用户", event.subject, row.name, taken.receipt);
        exception::open(
            fx,
            Kind::Order,
            event,
            "charge_paid_twice",
            last_payment(fx, event, &row.key)?.unwrap_or(event.subject),
            note,
        )?;
    }
    fx.tx.put(&ChargePaidRow {
        order_id: event.subject,
        id: event.id,
        key: row.key.clone(),
        receipt: taken.receipt.clone(),
        amount: taken.amount,
        applied,
        ended: None,
    })?;
    fx.tx.put(&settled(ChargeRow { paid: row.paid + applied, refundable: row.refundable + over, ..row }))?;
    window::told(fx, event, "收费", format!("{} {} 核对单 {}", taken.kind, taken.amount.grouped(), taken.receipt))
}

/// Applies `payment.reverse` of a fee or deposit: the charge is owed again; what was to be given back has been.
pub(super) fn reverse(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentReversed = event.read()?;
    let Some(named) = body.charge.filter(|charge| charge.order == event.subject) else { return Ok(()) };
    let end = End { payment: body.payment, key: named.key, amount: body.amount, receipt: body.receipt };
    let Some((mut row, paid, mut legs)) = end.apply(fx, event, "reversed_twice", "冲正了两次")? else {
        return Ok(());
    };
    let mut back = paid.amount - paid.applied;
    if row.cancelled && !row.deposit {
        back += paid.applied;
    } else {
        legs.add(if row.deposit { account::DEPOSIT } else { account::CHARGE }, paid.applied);
        row.paid -= paid.applied;
    }
    row.refundable -= back;
    legs.add(account::REFUNDABLE, back).post(fx, Kind::Order, event)?;
    fx.tx.put(&settled(row))?;
    window::told(fx, event, "冲正", format!("{} {} {}", body.item, body.amount.grouped(), body.reason))
}

/// Applies `deposit.return`: what was held is the customer's again.
pub(super) fn give_back(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: DepositReturned = event.read()?;
    if body.charge.order != event.subject {
        return Ok(());
    }
    let end = End { payment: body.deposit, key: body.charge.key, amount: body.amount, receipt: body.receipt };
    let Some((mut row, paid, mut legs)) = end.apply(fx, event, "deposit_returned_twice", "退了两次")? else {
        return Ok(());
    };
    let over = paid.amount - paid.applied;
    legs.add(if row.deposit { account::DEPOSIT } else { account::CHARGE }, paid.applied);
    legs.add(account::REFUNDABLE, over).post(fx, Kind::Order, event)?;
    row.paid -= paid.applied;
    row.refundable -= over;
    row.returned |= paid.applied > Fen::ZERO && row.deposit;
    fx.tx.put(&settled(row))?;
    window::told(fx, event, "退押金", format!("{} {} 收据 {}", body.kind, body.amount.grouped(), end.receipt))
}

/// Money that goes back for a payment.
struct End {
    payment: Id,
    key: String,
    amount: Fen,
    receipt: String,
}

impl End {
    /// Ends the payment, once. What does not fit it stands in suspense with an exception, and none is answered.
    fn apply(
        &self,
        fx: &Fx<'_, '_>,
        event: &Event<'_>,
        what: &str,
        twice: &str,
    ) -> Result<Option<(ChargeRow, ChargePaidRow, Legs)>, DeriveError> {
        let mut legs = Legs::default();
        let row = charge(fx, event, &self.key)?;
        let paid = fx.tx.get::<ChargePaidRow>(&[&event.subject, &self.payment])?;
        let (Some(row), Some(paid)) = (row, paid.clone().filter(|paid| paid.ended.is_none())) else {
            let first = paid.and_then(|paid| paid.ended).unwrap_or(self.payment);
            let note = format!("核对单 {} 的钱{twice}，第二次退出的 {} 挂账待查", self.receipt, self.amount);
            exception::open(fx, Kind::Order, event, what, first, note)?;
            legs.add(account::SUSPENSE, self.amount).post(fx, Kind::Order, event)?;
            return Ok(None);
        };
        fx.tx.put(&ChargePaidRow { ended: Some(event.id), ..paid.clone() })?;
        legs.add(account::SUSPENSE, self.amount - paid.amount);
        Ok(Some((row, paid, legs)))
    }
}

/// A case was voided or cancelled: what is not paid is owed no more, what is paid is to be given back. A deposit held stays held.
pub(super) fn cancel(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let mut legs = Legs::default();
    for row in fx.tx.scan::<ChargeRow>(&[&event.subject])?.into_iter().filter(|row| !row.cancelled && !row.returned) {
        let mut row = ChargeRow { cancelled: true, ..row };
        if !row.deposit {
            legs.add(account::FEE, row.amount).add(account::CHARGE, row.paid - row.amount);
            legs.add(account::REFUNDABLE, -row.paid);
            row.refundable += std::mem::take(&mut row.paid);
        }
        fx.tx.put(&settled(row))?;
    }
    Ok(legs.post(fx, Kind::Order, event)?)
}

/// What a case still owes.
pub(super) fn owed(fx: &Fx<'_, '_>, order: Id) -> Result<Fen, StoreError> {
    Ok(fx.tx.scan::<ChargeRow>(&[&order])?.iter().map(|row| row.owed).sum())
}

fn charge(fx: &Fx<'_, '_>, event: &Event<'_>, key: &str) -> Result<Option<ChargeRow>, StoreError> {
    // Without the case's beginning there is no charge yet, whatever its name.
    match fx.tx.get::<OrderRow>(&[&event.subject])? {
        Some(_) => fx.tx.get::<ChargeRow>(&[&event.subject, &key]),
        None => Ok(None),
    }
}

fn last_payment(fx: &Fx<'_, '_>, event: &Event<'_>, key: &str) -> Result<Option<Id>, StoreError> {
    let paid = fx.tx.scan::<ChargePaidRow>(&[&event.subject])?;
    Ok(paid.iter().rev().find(|row| row.key == key && row.ended.is_none()).map(|row| row.id))
}
