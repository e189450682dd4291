//! 户: an account's fold. Everything on an account — its file, meters, readings, bills, payments, corrections — is derived
//! from the account's own entries in order; each file here takes one family of actions and states its merge rule.

use super::cross::Cross;
use super::{DeriveError, Event, Fold, Fx};
use crate::book::subject::Kind;
use crate::store::tables::account::NewcomerRow;

pub mod adjust;
pub mod amend;
pub mod bill;
pub mod cover;
pub mod fee_first;
pub mod fields;
pub mod file;
pub mod late_back;
pub mod order;
pub mod parts;
pub mod payment;
pub mod prepaid;
mod price;
pub mod reading;
pub mod swap;
pub mod transfer;
mod within;

/// The fold of accounts.
pub const FOLD: Fold = Fold {
    kind: Kind::Account,
    tables: &[
        ("d_account", "id"),
        ("d_owner", "account"),
        ("d_field", "account"),
        ("d_newcomer", "account"),
        ("d_meter", "account"),
        ("d_reading", "account"),
        ("d_card", "account"),
        ("d_bill", "account"),
        ("d_payment", "account"),
        ("d_bill_late", "account"),
        ("d_balance", "account"),
        ("d_adjust", "account"),
        ("d_rebill", "account"),
        ("d_waiver", "account"),
        ("d_price", "account"),
        ("d_write_back", "account"),
    ],
    knows: &[
        ("adjustment.request", 1),
        ("adjustment.check", 1),
        ("adjustment.decide", 1),
        ("account.open", 1),
        ("account.amend", 1),
        ("account.transfer", 2),
        ("customer.reveal", 1),
        ("reading.enter", 1),
        ("reading.correct", 1),
        ("reading.key", 1),
        ("bill.issue", 1),
        ("swap.enter", 1),
        ("swap.field_check", 1),
        ("bill.cancel", 1),
        ("fee.take", 2),
        ("bill.release", 1),
        ("payment.take", 1),
        ("payment.enter_late", 1),
        ("payment.confirm", 1),
        ("payment.method", 1),
        ("payment.reverse", 2),
        ("intake.take", 2),
        ("order.dispatch", 1),
        ("order.pause", 1),
        ("order.resume", 1),
        ("order.defer", 1),
        ("order.void", 1),
        ("order.chase", 1),
        ("order.return", 1),
        ("callback.record", 1),
        ("complaint.answer", 1),
        ("deposit.take", 1),
        ("deposit.return", 1),
    ],
    apply,
};

/// One 户号, one account.
pub const NUMBER: Cross = Cross {
    what: "account_no",
    kind: Kind::Account,
    holders: |tx, no| Ok(tx.accounts_of_no(no)?.into_iter().map(|row| row.id).collect()),
    several: |tx| tx.account_nos_of_several(),
    of: |tx, id| Ok(tx.account(id)?.map(|row| row.no).into_iter().collect()),
};

/// One 表号, one account.
pub const METER: Cross = Cross {
    what: "meter_no",
    kind: Kind::Account,
    holders: |tx, no| tx.accounts_of_meter(no),
    several: |tx| tx.meter_nos_of_several(),
    of: |tx, id| tx.meter_nos_of(id),
};

/// One person, one new file, unless the clerk knew of the other.
pub const PERSON: Cross = Cross {
    what: "one_person",
    kind: Kind::Account,
    holders: |tx, mark| match mark.parse() {
        Ok(mark) => tx.newcomers_unaware(mark),
        Err(_) => Ok(Vec::new()),
    },
    several: |tx| tx.newcomer_marks_of_several(),
    of: |tx, id| Ok(tx.get::<NewcomerRow>(&[&id])?.map(|row| row.mark.to_string()).into_iter().collect()),
};

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    if event.action() != "reading.enter" {
        fx.hanging = None; // it may hang another one
    }
    match event.action() {
        "adjustment.request" => adjust::requested(fx, event),
        "adjustment.check" => adjust::checked(fx, event),
        "adjustment.decide" => adjust::decided(fx, event),
        "account.open" => file::open(fx, event),
        "account.amend" => amend::amend(fx, event),
        "account.transfer" => transfer::transfer(fx, event),
        "reading.enter" => reading::enter(fx, event),
        "reading.correct" => reading::correct(fx, event),
        "reading.key" => reading::key(fx, event),
        "bill.issue" => bill::issue(fx, event),
        "swap.enter" => swap::enter(fx, event),
        "swap.field_check" => swap::field_check(fx, event),
        "bill.cancel" => bill::cancel(fx, event),
        "payment.take" | "payment.enter_late" => payment::take(fx, event),
        "payment.confirm" => payment::confirm(fx, event),
        "payment.method" => payment::method(fx, event),
        "bill.release" => bill::release(fx, event),
        "payment.reverse" => payment::reverse(fx, event),
        action if is_of_order(action) => order::apply(fx, event),
        _ => Ok(()),
    }
}

fn is_of_order(action: &str) -> bool {
    let money = matches!(action, "fee.take" | "deposit.take" | "deposit.return");
    !money && super::order::ACTIONS.iter().any(|(name, _)| *name == action)
}
