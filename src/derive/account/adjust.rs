//! Special handling as the account sees it: an approved request cancels and rebills, sets the price, waives late fee; a rejection
//! elsewhere undoes that.
//!
//! Merge: a bill is adjusted once — of two approvals on one bill the first is effective, the second an exception. What was paid on
//! the old bill goes over to the new one, and what is over becomes credit, once: a payment on the old bill that comes later
//! pays the new one, a reversal takes back from where the money went. A late fee is waived up to the level the request saw,
//! so two waivers together never waive more than one of them. The late fee paid on what a bill is reduced by comes back the same
//! way, and only while the payments that brought it stand.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::amend::{self, AccountAmended};
use super::bill::BillIssued;
use super::{bill, cover, fee_first, late_back, parts, payment, prepaid};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::request::{
    AdjustmentChecked, AdjustmentDecided, AdjustmentEffect, AdjustmentRequested, PriceSet, Replacement, WaiverGiven,
    decision, entry_hash, standing_of, standing_text,
};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::adjustment::Standing;
use crate::rules::adjustment::standing::Effect;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::tables::adjust::{AdjustRow, RebillRow, WaiverRow};
use crate::store::tables::billing::{BillLateRow, BillRow};
use crate::store::{StoreError, Tx};

/// What took effect, for undoing it.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, schemars::JsonSchema)]
struct Applied {
    /// Bills replaced.
    rebills: Vec<Rebilled>,
    /// The price set.
    price: Option<PriceSet>,
    /// Entry of the decision, under which waivers stand.
    entry: Option<Id>,
    /// Readings that followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    readings: Vec<Followed>,
    /// Facts of the file that were set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<AccountAmended>,
}

/// A reading that followed a bill.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub(super) struct Followed {
    pub day: NaiveDate,
    pub reading: Id,
    /// What it was set to.
    pub now: Milli,
    /// What it was.
    pub value: Milli,
    pub rollover: bool,
    pub registers: String,
}

/// One bill replaced.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
struct Rebilled {
    old: Id,
    new: Id,
    /// What of the old bill's payments became credit.
    over: Fen,
    /// What of the old bill prepaid had paid by itself.
    #[serde(default, skip_serializing_if = "is_nothing")]
    prepaid: Fen,
    /// The old bill's state before.
    replacement: Replacement,
}

fn is_nothing(sum: &Fen) -> bool {
    *sum == Fen::ZERO
}

/// Applies `adjustment.request`.
pub fn requested(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentRequested = event.read()?;
    for old in &body.supersedes {
        if let Some((row, mut standing)) = known(fx, event, *old)? {
            standing.supersede();
            keep(fx, row, &standing)?;
        }
    }
    let standing = Standing::asked(event.id, &event.entry.actor);
    Ok(fx.tx.put(&AdjustRow {
        account: event.subject,
        request: event.id,
        entry_hash: entry_hash(event),
        standing: standing_text(&standing)?,
        applied: String::new(),
    })?)
}

/// Applies `adjustment.check`.
pub fn checked(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentChecked = event.read()?;
    let Some((row, mut standing)) = known(fx, event, body.request)? else { return Ok(()) };
    standing.check(event.id, &event.entry.actor, body.approve); // what is odd is the request's exception
    keep(fx, row, &standing)
}

/// Applies `adjustment.decide`.
pub fn decided(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentDecided = event.read()?;
    let Some((mut row, mut standing)) = known(fx, event, body.request)? else { return Ok(()) };
    let (effect, _) = standing.decide(&decision(event, &body, &row.entry_hash));
    let covers = body.covers;
    match effect {
        Effect::None => {}
        Effect::Apply => {
            let applied = apply(fx, event, body.request, body.effect.unwrap_or_default())?;
            row.applied = serde_json::to_string(&applied).map_err(|error| DeriveError::Body(error.to_string()))?;
        }
        Effect::Undo => {
            let applied = serde_json::from_str(&row.applied).map_err(|error| DeriveError::Body(error.to_string()))?;
            undo(fx, event, applied)?;
            row.applied = String::new();
        }
    }
    keep(fx, row, &standing)?;
    cover::after(fx, event, covers.as_ref())
}

fn known(fx: &Fx<'_, '_>, event: &Event<'_>, request: Id) -> Result<Option<(AdjustRow, Standing)>, DeriveError> {
    let Some(row) = fx.tx.get::<AdjustRow>(&[&event.subject, &request])? else { return Ok(None) };
    let standing = standing_of(&row.standing)?;
    Ok(Some((row, standing)))
}

fn keep(fx: &Fx<'_, '_>, row: AdjustRow, standing: &Standing) -> Result<(), DeriveError> {
    Ok(fx.tx.put(&AdjustRow { standing: standing_text(standing)?, ..row })?)
}

fn apply(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    request: Id,
    effect: AdjustmentEffect,
) -> Result<Applied, DeriveError> {
    let mut legs = Legs::default();
    let mut applied = Applied { entry: Some(event.id), ..Applied::default() };
    let mut whole = true;
    for (index, replacement) in effect.replace.into_iter().enumerate() {
        let new = event.id.with_item(index + 1);
        let measured = changes_volume(fx, event, &replacement)?;
        let done = rebill(fx, event, request, new, replacement, &mut legs)?;
        whole &= done.is_some() || !measured;
        applied.rebills.extend(done);
    }
    // What was not replaced would be measured from a reading it never had: then none follows, and the exception tells.
    if whole {
        for follows in &effect.readings {
            applied.readings.extend(super::reading::follow(fx, event, follows)?);
        }
    }
    for given in &effect.waive {
        waive(fx, event, request, given, &mut legs)?;
    }
    if let Some(price) = effect.price
        && super::price::set(fx, event, &price)?
    {
        applied.price = Some(price);
    }
    if let Some(file) = effect.file {
        amend::amend_as(fx, event, &file)?;
        applied.file = Some(file);
    }
    legs.post(fx, Kind::Account, event)?;
    Ok(applied)
}

/// Does the bill in the place of another say another volume, or only other steps?
fn changes_volume(fx: &Fx<'_, '_>, event: &Event<'_>, replacement: &Replacement) -> Result<bool, StoreError> {
    let old = fx.tx.get::<BillRow>(&[&event.subject, &replacement.old])?;
    Ok(old.is_none_or(|row| row.volume != replacement.new.volume))
}

/// Cancels a bill and puts another in its place; nothing when the bill does not live any more.
fn rebill(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    request: Id,
    new: Id,
    replacement: Replacement,
    legs: &mut Legs,
) -> Result<Option<Rebilled>, DeriveError> {
    let old = replacement.old;
    let Some(row) = fx.tx.get::<BillRow>(&[&event.subject, &old])?.filter(lives) else {
        let first = fx.tx.get::<RebillRow>(&[&event.subject, &old])?.map_or(old, |row| row.new.entry());
        let note = format!("申请 {request} 要改的账单 {old} 已经调整或作废，这一次没有生效");
        exception::open(fx, Kind::Account, event, "adjusted_twice", first, note)?;
        return Ok(None);
    };
    let (prepaid, paid) = (row.prepaid, row.amount - row.unpaid - row.prepaid);
    let carried = carried(fx, event, &row, replacement.new.amount)?;
    bill::void(fx, event, old, &format!("特殊处理 {request}"), &replacement.income, legs)?;
    bill::put(fx, event, new, BillIssued { settles: false, ..replacement.new.clone() }, legs)?;
    let moved = move_credit(fx, event, new, carried.payments, legs)?;
    prepaid::go_over(fx, event, new, carried.prepaid, legs)?;
    if replacement.new.settles {
        prepaid::settle(fx, event, new, legs)?;
    }
    move_late(fx, event, old, new)?;
    fx.tx.put(&RebillRow { account: event.subject, old, new, request })?;
    // What an earlier, smaller bill in its place had left over was paid for it, on the days it was.
    let left_over = parts::principal(&parts::of(fx.tx, event.subject, new)?) - paid;
    let credit = payment::balance(fx, event.subject)?.credit.max(Fen::ZERO);
    let moved = moved + move_credit(fx, event, new, left_over.min(credit), legs)?;
    payment::bear_again(fx, event.subject, new, None)?;
    if let Some(back) = &replacement.late {
        late_back::give(fx, event, request, new, back, legs)?;
    }
    if let Some(rule) = &replacement.rule {
        late_back::charged_again(fx, event, new, Some(rule), legs)?;
    }
    Ok(Some(Rebilled { old, new, over: paid - moved, prepaid, replacement }))
}

/// A bill issued in the place of one that was cancelled: what was paid on that one and still is the customer's credit pays
/// it, and what was charged as late fee goes with it. Nothing when the new bill does not count or the old one is not cancelled.
pub(super) fn issued_again(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    (old, new): (Id, Id),
    stands: bool,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let old = fx.tx.standing_bill(event.subject, old)?;
    let before = fx.tx.get::<BillRow>(&[&event.subject, &old])?.filter(|row| old != new && row.state == "cancelled");
    let (Some(before), Some(_)) = (before, fx.tx.get::<BillRow>(&[&event.subject, &new])?.filter(lives)) else {
        return Ok(());
    };
    let by_itself = if stands { before.prepaid } else { Fen::ZERO };
    fx.tx.put(&RebillRow { account: event.subject, old, new, request: new })?;
    move_late(fx, event, old, new)?;
    let paid = parts::principal(&parts::of(fx.tx, event.subject, new)?);
    let known = payment::balance(fx, event.subject)?;
    if let Some(row) = fx.tx.get::<BillRow>(&[&event.subject, &new])? {
        let credit = known.credit.max(Fen::ZERO);
        let there = known.prepaid.max(Fen::ZERO) + credit;
        let own = (paid.min(row.unpaid) - credit).max((paid + by_itself).min(row.unpaid) - there);
        let all = row.unpaid - there;
        cover::make_room(fx, event, (new, row.due), cover::Lack { own, all }, legs)?;
    }
    let credit = payment::balance(fx, event.subject)?.credit.max(Fen::ZERO);
    move_credit(fx, event, new, paid.min(credit), legs)?;
    prepaid::paid_again(fx, event, new, by_itself, legs)?;
    // What of the credit went elsewhere is unpaid again and bears the fee of its days as such, not twice.
    payment::bear_again(fx, event.subject, new, None)?;
    late_back::charged_again(fx, event, new, None, legs)
}

/// What had paid a bill, as it pays one of `amount` in its place.
fn carried(fx: &Fx<'_, '_>, event: &Event<'_>, bill: &BillRow, amount: Fen) -> Result<parts::Carried, StoreError> {
    Ok(parts::carried(&parts::of(fx.tx, event.subject, bill.id)?, bill, amount))
}

fn lives(row: &BillRow) -> bool {
    matches!(row.state.as_str(), "open" | "paid")
}

/// Pays a bill with up to `paid` of the credit that its forerunner's cancelling left; answers how much it took.
fn move_credit(fx: &Fx<'_, '_>, event: &Event<'_>, to: Id, paid: Fen, legs: &mut Legs) -> Result<Fen, DeriveError> {
    let Some(row) = fx.tx.get::<BillRow>(&[&event.subject, &to])?.filter(lives) else {
        return Ok(Fen::ZERO);
    };
    let moved = paid.min(row.unpaid);
    if moved <= Fen::ZERO {
        return Ok(Fen::ZERO);
    }
    let mut balance = payment::balance(fx, event.subject)?;
    balance.credit -= moved;
    fx.tx.put(&balance)?;
    legs.add(account::CREDIT, moved).add(account::RECEIVABLE, -moved);
    let unpaid = row.unpaid - moved;
    let state = if unpaid == Fen::ZERO { "paid" } else { "open" }.to_owned();
    fx.tx.put(&BillRow { unpaid, state, ..row })?;
    Ok(moved)
}

/// What was charged and paid in parts goes with the bill.
fn move_late(fx: &Fx<'_, '_>, event: &Event<'_>, from: Id, to: Id) -> Result<(), DeriveError> {
    if let Some(late) = fx.tx.get::<BillLateRow>(&[&event.subject, &from])? {
        fx.tx.delete::<BillLateRow>(&[&event.subject, &from])?;
        fx.tx.put(&BillLateRow { bill: to, ..late })?;
    }
    Ok(())
}

/// Waives late fee of a bill: what is not paid yet is charged no more, what was paid becomes credit.
fn waive(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    request: Id,
    given: &WaiverGiven,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let bill = fx.tx.standing_bill(event.subject, given.bill)?;
    let living = fx.tx.get::<BillRow>(&[&event.subject, &bill])?.filter(lives).is_some();
    let charged = payment::charged(fx, event.subject, bill)?;
    let fee = if living { given.fee.min(given.charged_before + given.fee - charged).max(Fen::ZERO) } else { Fen::ZERO };
    let refund =
        if living { given.refund.min(refundable(fx.tx, event.subject, bill)?).max(Fen::ZERO) } else { Fen::ZERO };
    if (fee, refund) != (given.fee, given.refund) {
        let note = format!(
            "申请 {request} 减免账单 {} 违约金 {}，其中 {} 已在别处收取、减免或账单已作废，没有生效",
            given.bill,
            given.fee + given.refund,
            given.fee + given.refund - fee - refund
        );
        exception::open(fx, Kind::Account, event, "waived_twice", given.bill, note)?;
    }
    payment::charge(fx, event.subject, bill, fee)?;
    legs.add(account::LATE_FEE, -fee).add(account::WAIVER, fee);
    give_back(fx, event.subject, refund, legs)?;
    if fee + refund > Fen::ZERO {
        fx.tx.put(&WaiverRow { account: event.subject, bill, entry: event.id, request, fee, refund })?;
    }
    Ok(())
}

/// Late fee paid on a bill and its forerunners that was not given back yet.
pub fn refundable(tx: &Tx<'_>, account: Id, bill: Id) -> Result<Fen, StoreError> {
    let chain = tx.bill_ancestors(account, bill)?;
    let sum = parts::late_fee(&parts::of(tx, account, bill)?);
    let given: Fen = tx.waivers(account)?.iter().filter(|row| chain.contains(&row.bill)).map(|row| row.refund).sum();
    Ok(sum - given)
}

/// Late fee paid becomes the customer's credit; a negative amount takes it back.
pub(super) fn give_back(fx: &Fx<'_, '_>, of: Id, refund: Fen, legs: &mut Legs) -> Result<(), DeriveError> {
    if refund != Fen::ZERO {
        let mut balance = payment::balance(fx, of)?;
        balance.credit += refund;
        fx.tx.put(&balance)?;
        legs.add(account::WAIVER, refund).add(account::CREDIT, -refund);
    }
    Ok(())
}

/// Undoes what an approval had done: it was rejected elsewhere.
fn undo(fx: &mut Fx<'_, '_>, event: &Event<'_>, applied: Applied) -> Result<(), DeriveError> {
    let mut legs = Legs::default();
    let mut charged_again = Vec::new();
    for row in fx.tx.waivers(event.subject)?.into_iter().filter(|row| Some(row.entry) == applied.entry) {
        let living = fx.tx.get::<BillRow>(&[&event.subject, &row.bill])?.filter(lives).is_some();
        if row.fee.is_negative() && !living {
            continue; // the smaller bill went on its way and is not withdrawn, nor what came back with it
        }
        let bill = fx.tx.standing_bill(event.subject, row.bill)?;
        payment::charge(fx, event.subject, bill, -row.fee)?;
        legs.add(account::LATE_FEE, row.fee).add(account::WAIVER, -row.fee);
        give_back(fx, event.subject, -row.refund, &mut legs)?;
        fx.tx.delete::<WaiverRow>(&[&event.subject, &row.bill, &row.entry])?;
        charged_again.push(row.bill);
    }
    let mut living = true;
    for rebilled in &applied.rebills {
        if !changes_volume(fx, event, &rebilled.replacement)? {
            continue;
        }
        living &= fx.tx.get::<BillRow>(&[&event.subject, &rebilled.new])?.filter(lives).is_some();
    }
    for followed in applied.readings.iter().filter(|_| living) {
        super::reading::unfollow(fx, event, followed)?;
    }
    for rebilled in applied.rebills.into_iter().rev() {
        restore(fx, event, rebilled, &mut legs)?;
    }
    if let (Some(price), Some(decision)) = (applied.price, applied.entry) {
        super::price::unset(fx, event, decision, &price)?;
    }
    if let Some(file) = applied.file {
        amend::take_back(fx, event, &file)?;
    }
    cover::make_up(fx, event, applied.entry, &mut legs)?;
    for bill in charged_again {
        fee_first::of_bill(fx, event.subject, bill, &mut legs)?;
    }
    legs.post(fx, Kind::Account, event)?;
    if payment::balance(fx, event.subject)?.credit.is_negative() {
        let note = format!("凭单 {} 撤回特殊处理后余款不足，缺额待补", event.id);
        exception::open(fx, Kind::Account, event, "balance_negative", applied.entry.unwrap_or(event.id), note)?;
    }
    Ok(())
}

/// Puts the old bill back in the new one's place, with the money that had gone over.
fn restore(fx: &mut Fx<'_, '_>, event: &Event<'_>, rebilled: Rebilled, legs: &mut Legs) -> Result<(), DeriveError> {
    let Rebilled { old, new, over, prepaid, replacement } = rebilled;
    let living = fx.tx.get::<BillRow>(&[&event.subject, &new])?.filter(lives);
    let Some(row) = living else {
        let note = format!("凭单 {} 要撤回的账单 {new} 已经另行调整或作废，没有撤回", event.id);
        return Ok(exception::open(fx, Kind::Account, event, "adjusted_twice", new.entry(), note)?);
    };
    let paid = row.amount - row.unpaid - row.prepaid;
    bill::void(fx, event, new, &bill::withdrawn_by(event.id), &replacement.new.income(), legs)?;
    let Some(before) = fx.tx.get::<BillRow>(&[&event.subject, &old])? else { return Ok(()) };
    let amount = before.amount;
    legs.add(account::RECEIVABLE, amount);
    if before.kind == bill::OPENING {
        legs.add(account::OPENING, -amount);
    } else {
        for part in &replacement.income {
            legs.add(&account::income(&part.component), -part.amount);
        }
        legs.add(account::SUSPENSE, replacement.income.iter().map(|part| part.amount).sum::<Fen>() - amount);
    }
    let state = if amount > Fen::ZERO { "open" } else { "paid" }.to_owned();
    fx.tx.put(&BillRow { unpaid: amount, state, note: String::new(), prepaid: Fen::ZERO, ..before })?;
    move_credit(fx, event, old, paid + over, legs)?;
    prepaid::go_over(fx, event, old, prepaid, legs)?;
    move_late(fx, event, new, old)?;
    fx.tx.delete::<RebillRow>(&[&event.subject, &old])?;
    Ok(payment::bear_again(fx, event.subject, old, None)?)
}
