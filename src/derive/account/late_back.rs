//! Late fee that comes back: what was paid on what a bill is reduced by, on a bill that is cancelled, or for days before a payment that a
//! hand-written slip shows to have been earlier.
//!
//! It stands as a waiver whose `fee` is that much below zero, which tells it from one that somebody gave. Never more comes back than
//! the payments that stand brought, of a waiver neither: once its payment is reversed, the fee it gave back is one that nobody paid. A bill issued again in the place of a cancelled one is charged again what it bears itself, by the
//! rule that the cancelling named.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::adjust::{give_back, refundable};
use super::bill::BillCancelled;
use super::{cover, parts, payment};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::request::LateFeeBack;
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment;
use crate::rules::tariff::model::LateFeeRule;
use crate::store::StoreError;
use crate::store::tables::adjust::WaiverRow;
use crate::store::tables::billing::{BalanceRow, BillLateRow, BillRow};

/// Late fee that comes back with a cancelled bill.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct LateWithBill {
    /// What comes back, and the level its author saw.
    pub back: LateFeeBack,
    /// By what the bill in its place is charged; none known, and nothing is charged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleSaid>,
}

/// Late fee of one bill that comes back with a slip that says it was paid earlier.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct LateOfBill {
    /// The bill.
    pub bill: Id,
    /// What comes back, and the level its author saw.
    pub back: LateFeeBack,
}

/// A late-fee rule as a body says it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct RuleSaid {
    /// Part of the principal a day, decimal text like all below.
    pub rate: String,
    /// The same after 31 December.
    pub next_year_rate: Option<String>,
    /// The fee is a multiple of this.
    pub step: String,
    /// To the nearest multiple.
    pub half_up: bool,
    /// Smallest fee.
    pub minimum: String,
    /// Never above the principal.
    pub cap_principal: bool,
}

impl From<&LateFeeRule> for RuleSaid {
    fn from(rule: &LateFeeRule) -> Self {
        Self {
            rate: rule.rate.to_string(),
            next_year_rate: rule.next_year_rate.map(|rate| rate.to_string()),
            step: rule.step.to_string(),
            half_up: rule.half_up,
            minimum: rule.minimum.to_string(),
            cap_principal: rule.cap_principal,
        }
    }
}

impl RuleSaid {
    /// The rule, if its texts are numbers and it has a step.
    fn rule(&self) -> Option<LateFeeRule> {
        let step: Decimal = self.step.parse().ok()?;
        Some(LateFeeRule {
            due_days: 0,
            rate: self.rate.parse().ok()?,
            next_year_rate: self.next_year_rate.as_ref().map(|rate| rate.parse()).transpose().ok()?,
            step: Some(step).filter(|step| !step.is_zero())?,
            half_up: self.half_up,
            minimum: self.minimum.parse().ok()?,
            cap_principal: self.cap_principal,
            own_waiver: Decimal::ZERO,
        })
    }
}

/// Gives late fee back, down to the level the author saw and never more than was paid. It is charged no more.
pub(super) fn give(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    request: Id,
    bill: Id,
    back: &LateFeeBack,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let above = payment::charged(fx, event.subject, bill)? - (back.charged_before - back.refund);
    let refund = back.refund.min(above).min(refundable(fx.tx, event.subject, bill)?);
    if refund > Fen::ZERO {
        payment::charge(fx, event.subject, bill, -refund)?;
        legs.add(account::LATE_FEE, refund).add(account::WAIVER, -refund);
        give_back(fx, event.subject, refund, legs)?;
        fx.tx.put(&WaiverRow { account: event.subject, bill, entry: event.id, request, fee: -refund, refund })?;
    }
    Ok(())
}

/// Gives back what a hand-written slip entered late shows to have been charged for days on which its money was there.
pub(super) fn with_slip(fx: &Fx<'_, '_>, event: &Event<'_>, late: &[LateOfBill]) -> Result<(), DeriveError> {
    let mut legs = Legs::default();
    for one in late {
        let bill = fx.tx.standing_bill(event.subject, one.bill)?;
        give(fx, event, event.id, bill, &one.back, &mut legs)?;
    }
    if !late.is_empty() {
        legs.post_more(fx, Kind::Account, event)?;
    }
    Ok(())
}

/// What of the late fee given back falls when a payment on the bill is reversed: no more may be given back than the other payments
/// brought. It is charged again, or, where special handling had waived it, is now waived without having been paid; the answer is the
/// credit to take back.
pub(super) fn without_payment(fx: &Fx<'_, '_>, of: Id, bill: Id, payment: Id) -> Result<Fen, StoreError> {
    let chain = fx.tx.bill_ancestors(of, bill)?;
    let mut waivers = fx.tx.waivers(of)?;
    waivers.retain(|row| chain.contains(&row.bill) && row.refund > Fen::ZERO);
    if waivers.is_empty() {
        return Ok(Fen::ZERO);
    }
    let mut others = parts::of(fx.tx, of, bill)?;
    others.retain(|part| part.payment != payment);
    let kept = parts::late_fee(&others);
    let excess = waivers.iter().map(|row| row.refund).sum::<Fen>() - kept;
    take_off(fx, of, bill, waivers, excess)
}

/// What a hand-written slip gave back is charged again when the slip is taken back; answers the credit to take back. A bill that is open
/// bears it by itself.
pub(super) fn of_slip_gone(fx: &Fx<'_, '_>, of: Id, slip: Id) -> Result<Fen, StoreError> {
    let mut taken = Fen::ZERO;
    for row in fx.tx.waivers(of)?.into_iter().filter(|row| row.entry == slip && row.fee.is_negative()) {
        let bill = fx.tx.standing_bill(of, row.bill)?;
        if fx.tx.get::<BillRow>(&[&of, &bill])?.is_some_and(|bill| bill.unpaid > Fen::ZERO) {
            continue;
        }
        payment::charge(fx, of, bill, row.refund)?;
        taken += row.refund;
        fx.tx.delete::<WaiverRow>(&[&of, &row.bill, &row.entry])?;
    }
    Ok(taken)
}

/// Takes up to `excess` off what came back, what nobody waived before what somebody did, each the last first, and charges it on the
/// bill; answers how much. Of a waiver it only changes whether the fee had been paid.
fn take_off(fx: &Fx<'_, '_>, of: Id, bill: Id, waivers: Vec<WaiverRow>, mut excess: Fen) -> Result<Fen, StoreError> {
    let mut taken = Fen::ZERO;
    let (waived, back): (Vec<_>, Vec<_>) = waivers.into_iter().rev().partition(|row| !row.fee.is_negative());
    for row in back.into_iter().chain(waived) {
        let part = excess.min(row.refund).max(Fen::ZERO);
        (excess, taken) = (excess - part, taken + part);
        let left = WaiverRow { fee: row.fee + part, refund: row.refund - part, ..row };
        if (left.fee, left.refund) == (Fen::ZERO, Fen::ZERO) {
            fx.tx.delete::<WaiverRow>(&[&of, &left.bill, &left.entry])?;
        } else if part > Fen::ZERO {
            fx.tx.put(&left)?;
        }
    }
    payment::charge(fx, of, bill, taken)?;
    Ok(taken)
}

/// A bill issued in the place of a cancelled one, or made larger again, is charged what it bears of the late fee that came back before; it
/// is older than what the money went to meanwhile, and as in a part payment the late fee goes before the principal. `said`: the rule of
/// this entry; of a bill issued again it is that of the cancelling.
pub(super) fn charged_again(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    bill: Id,
    said: Option<&RuleSaid>,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let of = event.subject;
    let chain = fx.tx.bill_ancestors(of, bill)?;
    let mut waivers = fx.tx.waivers(of)?;
    waivers.retain(|row| chain.contains(&row.bill) && row.fee.is_negative());
    let rule = match said {
        Some(said) => said.rule(),
        None => rule_of(fx, &waivers)?,
    };
    let Some(rule) = rule else { return Ok(()) };
    let given: Fen = waivers.iter().map(|row| row.refund).sum();
    let Some(due) = borne(fx, of, bill, &rule, event.entry.business_day)? else { return Ok(()) };
    let again = due.min(given);
    if again <= Fen::ZERO {
        return Ok(());
    }
    let sums = payment::balance(fx, of)?;
    let there = sums.prepaid.max(Fen::ZERO) + sums.credit.max(Fen::ZERO);
    if let Some(row) = fx.tx.get::<BillRow>(&[&of, &bill])? {
        let lack = cover::Lack { own: again - sums.credit.max(Fen::ZERO), all: again - there };
        cover::make_room(fx, event, (bill, row.due), lack, legs)?;
    }
    let short = again - payment::balance(fx, of)?.credit.max(Fen::ZERO);
    if let Some(row) = fx.tx.get::<BillRow>(&[&of, &bill])? {
        let back = short.min(payment::paid_by_payments(&row)).max(Fen::ZERO);
        if back > Fen::ZERO {
            let known = payment::balance(fx, of)?;
            fx.tx.put(&BalanceRow { credit: known.credit + back, ..known })?;
            legs.add(account::RECEIVABLE, back).add(account::CREDIT, -back);
            fx.tx.put(&BillRow { unpaid: row.unpaid + back, state: "open".into(), ..row })?;
            payment::bear_again(fx, of, bill, None)?;
        }
    }
    let again = again.min(payment::balance(fx, of)?.credit).max(Fen::ZERO);
    let taken = take_off(fx, of, bill, waivers, again)?;
    let known = payment::balance(fx, of)?;
    payment::keep(fx, &BalanceRow { credit: known.credit - taken, ..known })?;
    legs.add(account::LATE_FEE, -taken).add(account::CREDIT, taken);
    Ok(())
}

/// The rule that the last of these cancellings named.
fn rule_of(fx: &Fx<'_, '_>, waivers: &[WaiverRow]) -> Result<Option<LateFeeRule>, StoreError> {
    for row in waivers.iter().rev() {
        let Some(entry) = fx.tx.entry(row.entry)?.filter(|entry| entry.action == "bill.cancel") else { continue };
        let body: Option<BillCancelled> = serde_json::from_str(&entry.payload).ok();
        let rule = body.and_then(|body| body.late?.rule).and_then(|said| said.rule());
        if rule.is_some() {
            return Ok(rule);
        }
    }
    Ok(None)
}

/// Late fee that a bill bears to a day and is not charged.
fn borne(fx: &Fx<'_, '_>, of: Id, bill: Id, rule: &LateFeeRule, day: NaiveDate) -> Result<Option<Fen>, StoreError> {
    let Some(row) = fx.tx.get::<BillRow>(&[&of, &bill])? else { return Ok(None) };
    let known = fx.tx.get::<BillLateRow>(&[&of, &bill])?;
    let earlier = known.as_ref().map(payment::earlier).unwrap_or_default();
    let fee = part_payment::late_fee(rule, row.amount, row.unpaid, row.due, day, earlier);
    Ok(fee.ok().map(|fee| fee.fee))
}
