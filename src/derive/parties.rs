//! Whom an entry is about, as its payload says. The legs of one entry stand on several subjects: one left out, or one too many, and half of
//! them would be posted, or twice. So an entry whose subjects are not those its payload names counts nowhere: no fold applies any of
//! it, every subject it does name has an exception, and `verify` asks about it. It is never written here.
//!
//! So does one whose payload says of money what cannot be ([`sums`]): the side that would not see it must not count either.
//!
//! Both sides are read by the same names, the author's or ours. A payload that cannot be read names nobody: each fold holds it. Of a newer
//! version than this program knows nothing is said either.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::account::amend::AccountAmended;
use super::account::payment::{PaymentConfirmed, PaymentReversed, PaymentTaken, money_account};
use super::account::swap::SwapEntered;
use super::account::transfer::AccountTransferred;
use super::order::body::{
    CallbackRecorded, ComplaintAnswered, DepositReturned, DepositTaken, IntakeParked, IntakeResumed, IntakeTaken,
    OrderDeferred, OrderPaused, OrderResumed, OrderReturned, OrderVoided, OrdersChased, OrdersDispatched,
};
use super::request::{AdjustmentChecked, AdjustmentDecided, AdjustmentRequested};
use super::shift::method::MethodCorrected;
use super::shift::sign::ShiftConfirmed;
use super::shift::{FeeTaken, ShiftClosed, ShiftDepositReversed, ShiftDeposited, ShiftFloatAdded};
use super::{Fx, bulk, index, knowledge, sums, whose};
use crate::book::subject::{self, Kind, Subject};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::StoreError;
use crate::store::entries::EntryRow;

/// Word of the exception.
pub const OTHER: &str = "other_subjects";

/// Whom a payload names.
enum Named {
    /// These and no others.
    Just(BTreeSet<Subject>),
    /// These, and of one kind any others, which the payload does not name.
    With(BTreeSet<Subject>, Kind),
    /// One of a kind, which the payload does not name.
    One(Kind),
    /// What it says of them cannot be, whoever they are.
    Never(&'static str),
}

impl Named {
    fn just(subjects: impl IntoIterator<Item = Option<Subject>>) -> Self {
        Self::Just(subjects.into_iter().flatten().collect())
    }

    /// Nobody, when what it says of money cannot be.
    fn unless(self, why: sums::Why) -> Self {
        why.map_or(self, Self::Never)
    }

    /// Orders, with the accounts they are on.
    fn orders(orders: impl IntoIterator<Item = Id>) -> Self {
        Self::With(orders.into_iter().map(|id| Subject::new(Kind::Order, id)).collect(), Kind::Account)
    }

    /// What is wrong with subjects an entry says it is about; those of kinds this program does not know are passed over.
    fn fault(self, said: &BTreeSet<Subject>) -> Option<String> {
        let (must, free) = match self {
            Self::Just(must) => (must, None),
            Self::With(must, free) => (must, Some(free)),
            Self::One(kind) => {
                let fits = said.len() == 1 && said.iter().all(|one| one.kind == kind);
                return (!fits).then(|| format!("对象应是一个 {}", kind.letter()));
            }
            Self::Never(why) => return Some(why.to_owned()),
        };
        let lacks = must.difference(said).next().map(|one| format!("内容写的 {} 不在对象里", text(one)));
        let over = said.difference(&must).find(|one| Some(one.kind) != free);
        lacks.or_else(|| over.map(|one| format!("对象 {} 不是内容写的", text(one))))
    }
}

fn text(subject: &Subject) -> String {
    format!("{}{}", subject.kind.letter(), subject.id)
}

fn account(id: Id) -> Option<Subject> {
    Some(Subject::new(Kind::Account, id))
}

fn order(id: Id) -> Option<Subject> {
    Some(Subject::new(Kind::Order, id))
}

fn shift(id: Id) -> Option<Subject> {
    Some(Subject::new(Kind::Shift, id))
}

fn request(id: Id) -> Option<Subject> {
    Some(Subject::new(Kind::Request, id))
}

fn read<T: DeserializeOwned>(body: &str) -> Option<T> {
    serde_json::from_str(body).ok()
}

/// Whom the payload of an action names; `own` is what the entry makes. None for actions whose fold looks itself, or that
/// touch nothing but the one subject they are about, and for a payload that cannot be read.
fn named(action: &str, own: Id, body: &str) -> Option<Named> {
    Some(match action {
        "payment.take" | "payment.enter_late" => {
            let body: PaymentTaken = read(body)?;
            Named::just([account(body.account), body.shift.and_then(shift)]).unless(sums::payment(&body))
        }
        "payment.confirm" => {
            let body: PaymentConfirmed = read(body)?;
            Named::just([account(body.account), shift(body.shift)])
        }
        "payment.method" => {
            let body: MethodCorrected = read(body)?;
            let money = |method: &str| sums::money(method, "预存不能改成别的方式");
            let why = money(&body.seen).or_else(|| money(&body.method));
            Named::just([body.account.and_then(account), shift(body.shift)]).unless(why)
        }
        "payment.reverse" => reversal(read(body)?),
        "fee.take" => {
            let body: FeeTaken = read(body)?;
            let why = sums::fee(&body);
            let charge = body.charge.and_then(|charge| order(charge.order));
            Named::just([body.account.and_then(account), charge, shift(body.shift)]).unless(why)
        }
        "deposit.take" => {
            let body: DepositTaken = read(body)?;
            let short = body.amount.is_negative().then_some("收款不能是负数");
            let why = sums::money(&body.method, "押金不能用预存").or(short);
            Named::just([body.account.and_then(account), order(body.charge.order), shift(body.shift)]).unless(why)
        }
        "deposit.return" => {
            let body: DepositReturned = read(body)?;
            let why = sums::money(&body.method, "押金不能用预存");
            Named::just([body.account.and_then(account), order(body.charge.order), shift(body.shift)]).unless(why)
        }
        "account.transfer" => {
            let body: AccountTransferred = read(body)?;
            let why = sums::refund(body.refund.as_ref());
            let refund = body.refund.and_then(|refund| shift(refund.shift));
            Named::just([account(body.account), body.case.and_then(order), refund]).unless(why)
        }
        "account.amend" => {
            let body: AccountAmended = read(body)?;
            let why = sums::refund(body.refund.as_ref());
            Named::just([account(body.account), body.refund.and_then(|refund| shift(refund.shift))]).unless(why)
        }
        "shift.deposit" => Named::just([shift(read::<ShiftDeposited>(body)?.shift)]),
        "shift.deposit_reverse" => Named::just([shift(read::<ShiftDepositReversed>(body)?.shift)]),
        "shift.float_add" => Named::just([shift(read::<ShiftFloatAdded>(body)?.shift)]),
        "shift.close" => Named::just([shift(read::<ShiftClosed>(body)?.shift)]),
        "shift.confirm" => Named::just([shift(read::<ShiftConfirmed>(body)?.shift)]),
        "adjustment.request" => {
            let body: AdjustmentRequested = read(body)?;
            let others = body.supersedes.into_iter().map(request);
            Named::just(others.chain([request(own), account(body.account)]))
        }
        "adjustment.check" => {
            let body: AdjustmentChecked = read(body)?;
            Named::just([request(body.request), account(body.account)])
        }
        "adjustment.decide" => {
            let body: AdjustmentDecided = read(body)?;
            Named::just([request(body.request), account(body.account)]).unless(sums::decision(&body))
        }
        _ => return of_case(action, own, body).or_else(|| of_one(action, own)),
    })
}

/// A reversal takes back on one side what it gives back on the other: of bills by their account, of a fee by its shift or its case.
fn reversal(body: PaymentReversed) -> Named {
    if !body.is_fee && (body.account.is_none() || body.charge.is_some()) {
        return Named::Never("冲正的不是服务费，却没有写明户，或写了业务费");
    }
    if money_account(&body.method).is_none() && body.amount != Fen::ZERO {
        return Named::Never("冲正预存缴费不应退钱");
    }
    let why = sums::covers(body.covers.as_ref());
    let charge = body.charge.and_then(|charge| order(charge.order));
    Named::just([body.account.and_then(account), charge, shift(body.shift), shift(body.origin)]).unless(why)
}

/// Cases and orders.
fn of_case(action: &str, own: Id, body: &str) -> Option<Named> {
    Some(match action {
        "intake.take" => {
            let body: IntakeTaken = read(body)?;
            let case = order(body.joins.unwrap_or(own));
            let all: BTreeSet<Subject> =
                [case, body.account.and_then(account), body.parked.and_then(order)].into_iter().flatten().collect();
            // A repeat call also concerns the account of the order it joins.
            let named = if body.joins.is_some() { Named::With(all, Kind::Account) } else { Named::Just(all) };
            named.unless(sums::charges(&body.charges))
        }
        // Account and slip look themselves whom it is about; the bill of the difference is asked about for both.
        "swap.enter" => sums::bill(read::<SwapEntered>(body)?.bill.as_ref()).map(Named::Never)?,
        "intake.park" => Named::just([order(read::<IntakeParked>(body)?.parked)]),
        "intake.resume" => Named::just([order(read::<IntakeResumed>(body)?.parked)]),
        "order.dispatch" => Named::orders(read::<OrdersDispatched>(body)?.orders),
        "order.chase" => Named::orders(read::<OrdersChased>(body)?.orders),
        "order.pause" => Named::orders([read::<OrderPaused>(body)?.order]),
        "order.resume" => Named::orders([read::<OrderResumed>(body)?.order]),
        "order.defer" => Named::orders([read::<OrderDeferred>(body)?.order]),
        "order.void" => Named::orders([read::<OrderVoided>(body)?.order]),
        "order.return" => {
            let body: OrderReturned = read(body)?;
            Named::orders([body.order]).unless(sums::bill(body.bill.as_ref()))
        }
        "callback.record" => Named::orders([read::<CallbackRecorded>(body)?.order]),
        "complaint.answer" => Named::orders([read::<ComplaintAnswered>(body)?.order]),
        _ => return None,
    })
}

/// Entries about one thing: one they make, or one of a kind.
fn of_one(action: &str, own: Id) -> Option<Named> {
    let made = |kind| Named::just([Some(Subject::new(kind, own))]);
    Some(match action {
        "account.open" => made(Kind::Account),
        "shift.open" => made(Kind::Shift),
        "user.add" => made(Kind::User),
        "worker.add" => made(Kind::Worker),
        "customer.reveal" | "reading.enter" | "reading.correct" | "reading.key" | "bill.issue" | "bill.cancel"
        | "bill.release" | "swap.field_check" => Named::One(Kind::Account),
        _ => return None,
    })
}

/// What does not fit between a part of an entry and the subjects it says it is about.
pub(super) fn fault(
    lacks: &knowledge::Lacks,
    entry: &EntryRow,
    own: Id,
    said: impl FnOnce() -> BTreeSet<Subject>,
    body: &str,
) -> Option<String> {
    let named = named(&entry.action, own, body)?;
    named.fault(&said()).filter(|_| knowledge::understands(lacks, &entry.action, entry.version))
}

/// Subjects of an entry that is not bulk, each once; `own` is what it makes.
pub fn said(subjects: &str, own: Id) -> BTreeSet<Subject> {
    subject::read(subjects, own).unwrap_or_default().into_iter().flatten().collect()
}

/// The question about an entry that counts nowhere: about what is not its author's business, or whose subjects are not those its payload names.
pub fn question(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<Option<String>, StoreError> {
    let lacks = fx.lacks()?;
    let names = fx.names.of(fx.tx, entry.id)?;
    let text = names.text(&entry.payload);
    let all = said(&names.text(&entry.subjects), entry.id);
    if let Some(why) = whose::fault(fx.tx, entry, &all, &text)? {
        return Ok(Some(whose::sentence(entry.id, &why)));
    }
    if !bulk::is_bulk(&entry.payload) {
        let why = fault(&lacks, entry, entry.id, || all, &text);
        return Ok(why.map(|why| sentence(entry.id, &why)));
    }
    if named_of_no_payload(&entry.action) {
        return Ok(None); // a row has one subject, of whatever kind its fold takes
    }
    for (kind, row) in index::bulk_rows(fx, entry)? {
        let body = index::text(entry, &row)?;
        let said = || BTreeSet::from([Subject::new(kind, row.subject)]);
        if let Some(fault) = fault(&lacks, entry, row.id, said, &names.text(body)) {
            return Ok(Some(sentence(entry.id, &fault)));
        }
    }
    Ok(None)
}

/// Are whole bulk entries of an action passed over, because their rows name nobody?
fn named_of_no_payload(action: &str) -> bool {
    matches!(action, "reading.enter" | "bill.issue")
}

/// Refuses to write an entry here that would count nowhere.
pub fn require(fx: &mut Fx<'_, '_>, entry: &EntryRow) -> Result<(), StoreError> {
    match question(fx, entry)? {
        Some(why) => Err(StoreError::Corrupt(why)),
        None => Ok(()),
    }
}

/// The sentence of the exception and of the question.
pub fn sentence(id: Id, why: &str) -> String {
    format!("凭单 {id} 的对象与内容不符 ({why})，没有入账")
}
