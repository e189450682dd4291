//! What a customer has with the company pays the bills that are open: money that comes after a bill was issued — credit of a
//! smaller bill, a cancelled or reversed payment, prepaid put by — stands for it from that day, so that no late fee runs on what is
//! covered. What prepaid pays of a bill when it is made is [`super::prepaid`].
//!
//! An entry says itself which bills it leaves covered ([`Covers`]: the account's setting and the late fees as its author saw them);
//! entries from before that was said cover nothing. As in a part payment the late fee of the days before goes first. What is paid so
//! stands as a payment without a receipt, under the entry's first items: one for each day since when the money is there.
//!
//! Merge: a bill takes what it still owes and what is still there; nothing is taken twice. Money that goes back — a payment reversed,
//! an approval withdrawn — comes back from the bills it covered, the last first, before anything falls below zero. A bill issued
//! again in the place of a cancelled one takes back what its own cancelling gave to others, then what went to bills due later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bill::BillCancelled;
use super::fee_first;
use super::payment::{self, AppliedLine, applied, text};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::StoreError;
use crate::store::tables::billing::{BillRow, PaymentRow};

/// Which open bills prepaid and credit pay once an entry has taken effect.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct Covers {
    /// The day: late fees are counted to it.
    pub day: NaiveDate,
    /// Per bill, oldest due first.
    pub lines: Vec<CoverLine>,
}

/// What one bill gets.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct CoverLine {
    /// The bill.
    pub bill: Id,
    /// 账期.
    pub cycle: String,
    /// Principal.
    pub principal: Fen,
    /// Late fee up to the day.
    pub late_fee: Fen,
    /// Late fee charged before, as the author saw it: two never charge more than one of them.
    pub charged_before: Fen,
    /// Since when its money is there, no earlier than the bill was due, when that is before the day: its late fee is counted to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
}

impl Covers {
    /// The day to which the late fee of a line is counted.
    pub fn day_of(&self, line: &CoverLine) -> NaiveDate {
        line.since.unwrap_or(self.day)
    }

    /// Principal and late fee, all bills.
    pub fn total(&self) -> Fen {
        self.lines.iter().map(|line| line.principal + line.late_fee).sum()
    }
}

/// The method of a payment out of prepaid and credit.
const METHOD: &str = "预存";

/// Is it money that stands for bills by itself, not a payment that somebody took?
pub fn is_cover(row: &PaymentRow) -> bool {
    row.shift.is_none() && row.receipt.is_empty() && row.method == METHOD
}

/// Pays the bills that an entry leaves covered, after everything else it does.
pub(super) fn after(fx: &Fx<'_, '_>, event: &Event<'_>, covers: Option<&Covers>) -> Result<(), DeriveError> {
    let Some(covers) = covers else { return Ok(()) };
    if covers.lines.iter().any(|line| (line.principal.0 | line.late_fee.0 | line.charged_before.0) < 0) {
        return Err(DeriveError::Body("抵缴的金额不能是负数".into()));
    }
    let mut balance = payment::balance(fx, event.subject)?;
    let (had_prepaid, had_credit) = (balance.prepaid.max(Fen::ZERO), balance.credit.max(Fen::ZERO));
    let (mut legs, mut of_day, mut left) = (Legs::default(), BTreeMap::<_, Vec<_>>::new(), had_prepaid + had_credit);
    for line in &covers.lines {
        let bill = fx.tx.standing_bill(event.subject, line.bill)?;
        let open = fx.tx.get::<BillRow>(&[&event.subject, &bill])?.filter(|row| row.state == "open");
        let Some(row) = open.filter(|row| row.unpaid > Fen::ZERO) else { continue };
        let charged = payment::charged(fx, event.subject, bill)?;
        let uncharged = (line.charged_before + line.late_fee - charged).min(line.late_fee).max(Fen::ZERO);
        let late_fee = uncharged.min(left);
        let principal = line.principal.min(row.unpaid).min(left - late_fee);
        if principal + late_fee == Fen::ZERO {
            continue;
        }
        left -= principal + late_fee;
        let (due, unpaid, day) = (row.due, row.unpaid - principal, covers.day_of(line));
        let state = if unpaid == Fen::ZERO { "paid" } else { "open" }.to_owned();
        fx.tx.put(&BillRow { unpaid, state, ..row })?;
        payment::change_late(fx, event.subject, bill, |earlier| earlier.add(principal, late_fee, due, day))?;
        legs.add(account::RECEIVABLE, -principal).add(account::LATE_FEE, -late_fee);
        let applied = AppliedLine(bill, principal, late_fee, Fen::ZERO, Some(line.charged_before + line.late_fee));
        of_day.entry(day).or_default().push(applied);
    }
    let used = had_prepaid + had_credit - left;
    if used == Fen::ZERO {
        return Ok(());
    }
    let mut from_prepaid = used.min(had_prepaid);
    let from_credit = used - from_prepaid;
    legs.add(account::PREPAID, from_prepaid).add(account::CREDIT, from_credit);
    balance.prepaid -= from_prepaid;
    balance.credit -= from_credit;
    payment::keep(fx, &balance)?;
    for (index, (day, lines)) in of_day.iter().enumerate() {
        let sum: Fen = lines.iter().map(|line| line.1 + line.2).sum();
        let prepaid = sum.min(from_prepaid);
        from_prepaid -= prepaid;
        fx.tx.put(&row(event, index + 1, *day, prepaid, sum - prepaid, lines))?;
    }
    for line in of_day.values().flatten() {
        fee_first::of_bill(fx, event.subject, line.0, &mut legs)?;
    }
    Ok(legs.post_more(fx, Kind::Account, event)?)
}

fn row(
    event: &Event<'_>,
    item: usize,
    day: NaiveDate,
    from_prepaid: Fen,
    from_credit: Fen,
    lines: &[AppliedLine],
) -> PaymentRow {
    PaymentRow {
        account: event.subject,
        id: event.id.with_item(item),
        shift: None,
        business_day: event.entry.business_day,
        day,
        actor: event.entry.actor.clone(),
        method: METHOD.to_owned(),
        receipt: String::new(),
        paper: None,
        amount: Fen::ZERO,
        late_fee: lines.iter().map(|line| line.2).sum(),
        waived: Fen::ZERO,
        to_prepaid: Fen::ZERO,
        from_prepaid,
        from_credit,
        credit: Fen::ZERO,
        lines: text(lines),
        state: "taken".to_owned(),
        reversed_by: None,
        confirmed_by: None,
    }
}

/// Takes back what money stood for that is not there any more: that of the entry `gone` first, as it is its money, then the last first,
/// until neither prepaid nor credit is below zero. Adds to `legs`; the caller posts them.
pub(super) fn make_up(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    gone: Option<Id>,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let short = |sum: Fen| (-sum).max(Fen::ZERO);
    // What prepaid paid of a bill since cancelled lies in credit: so prepaid first.
    for of_prepaid in [true, false] {
        let mut rows = covers_of(fx, event.subject)?;
        rows.sort_by_key(|row| gone.is_none_or(|gone| row.id.entry() != gone.entry()));
        for row in rows {
            let balance = payment::balance(fx, event.subject)?;
            let most = match of_prepaid {
                true => Most { prepaid: short(balance.prepaid), credit: Fen::ZERO },
                false => Most { prepaid: Fen::ZERO, credit: short(balance.credit) },
            };
            draw(fx, event, row, most, |_| true, legs)?;
        }
    }
    Ok(())
}

/// What a bill issued again lacks.
pub(super) struct Lack {
    /// Of what was its own.
    pub own: Fen,
    /// Of what it may take from bills due later.
    pub all: Fen,
}

/// A bill issued again in the place of a cancelled one takes back what it lacks: first what the cancelling gave to other bills, as that is
/// its own money, then what went to bills due later.
pub(super) fn make_room(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    (bill, due): (Id, NaiveDate),
    lack: Lack,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let chain = fx.tx.bill_ancestors(event.subject, bill)?;
    let drawn = draw_up_to(fx, event, lack.own, |row, _| is_of_cancelling(fx, row, &chain), legs)?;
    draw_up_to(fx, event, lack.all - drawn, |_, bill| Ok(bill.due > due), legs)?;
    Ok(())
}

/// Draws from the covers of living bills that fit, the last first, up to a sum; answers how much.
fn draw_up_to(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    want: Fen,
    fits: impl Fn(&PaymentRow, &BillRow) -> Result<bool, StoreError>,
    legs: &mut Legs,
) -> Result<Fen, DeriveError> {
    let mut left = want.max(Fen::ZERO);
    for row in covers_of(fx, event.subject)? {
        let credit = left.min(row.from_credit).max(Fen::ZERO);
        let most = Most { prepaid: (left - credit).max(Fen::ZERO), credit };
        let mut bills = Vec::new();
        for line in applied(&row) {
            let id = fx.tx.standing_bill(event.subject, line.0)?;
            if let Some(bill) = fx.tx.get::<BillRow>(&[&event.subject, &id])?
                && bill.state != "cancelled"
                && fits(&row, &bill)?
            {
                bills.push(id);
            }
        }
        left -= draw(fx, event, row, most, |bill| bills.contains(&bill.id), legs)?;
    }
    Ok(want.max(Fen::ZERO) - left)
}

/// Did the cancelling of one of these bills lay this on other bills?
fn is_of_cancelling(fx: &Fx<'_, '_>, row: &PaymentRow, chain: &[Id]) -> Result<bool, StoreError> {
    let Some(entry) = fx.tx.entry(row.id.entry())?.filter(|entry| entry.action == "bill.cancel") else {
        return Ok(false);
    };
    let body: Option<BillCancelled> = serde_json::from_str(&entry.payload).ok();
    Ok(body.is_some_and(|body| chain.contains(&body.bill)))
}

/// The bills that a payment and all that stands for bills are about.
pub(super) fn bills_with(fx: &Fx<'_, '_>, of: Id, payment: &PaymentRow) -> Result<BTreeSet<Id>, DeriveError> {
    let mut bills: BTreeSet<Id> = applied(payment).iter().map(|line| line.0).collect();
    bills.extend(covers_of(fx, of)?.iter().flat_map(applied).map(|line| line.0));
    Ok(bills)
}

/// What stands for bills, the last first.
fn covers_of(fx: &Fx<'_, '_>, of: Id) -> Result<Vec<PaymentRow>, DeriveError> {
    let mut rows = fx.tx.payments(of)?;
    rows.retain(|row| row.state == "taken" && is_cover(row));
    rows.reverse();
    Ok(rows)
}

/// The most that is given back to each.
struct Most {
    prepaid: Fen,
    credit: Fen,
}

/// Gives back what a row stands for, of the bills that `fits` names, the last line first: principal, then the late fee. Answers how
/// much.
fn draw(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    row: PaymentRow,
    most: Most,
    fits: impl Fn(&BillRow) -> bool,
    legs: &mut Legs,
) -> Result<Fen, DeriveError> {
    let (of, credit_most) = (event.subject, most.credit.min(row.from_credit));
    let whole = most.prepaid.min(row.from_prepaid) + credit_most;
    let (mut left, mut gone, mut touched, mut lines) = (whole, Fen::ZERO, Vec::new(), applied(&row));
    for line in lines.iter_mut().rev() {
        let id = fx.tx.standing_bill(of, line.0)?;
        let Some(bill) = fx.tx.get::<BillRow>(&[&of, &id])?.filter(|bill| fits(bill)) else { continue };
        let principal = line.1.min(left);
        let late_fee = line.2.min(left - principal);
        if principal + late_fee == Fen::ZERO {
            continue;
        }
        left -= principal + late_fee;
        (line.1, line.2) = (line.1 - principal, line.2 - late_fee);
        // What became credit when the bill was cancelled or replaced is taken from there.
        let back = principal.min(payment::paid_by_payments(&bill)).max(Fen::ZERO);
        gone += principal - back;
        legs.add(account::RECEIVABLE, back).add(account::CREDIT, principal - back).add(account::LATE_FEE, late_fee);
        if back > Fen::ZERO {
            fx.tx.put(&BillRow { unpaid: bill.unpaid + back, state: "open".into(), ..bill })?;
        }
        payment::charge(fx, of, id, -late_fee)?;
        touched.push(id);
    }
    let drawn = whole - left;
    if drawn == Fen::ZERO {
        return Ok(drawn);
    }
    let credit = drawn.min(credit_most);
    let prepaid = drawn - credit;
    legs.add(account::PREPAID, -prepaid).add(account::CREDIT, -credit);
    lines.retain(|line| line.1 + line.2 > Fen::ZERO);
    if lines.is_empty() {
        fx.tx.delete::<PaymentRow>(&[&of, &row.id])?;
    } else {
        let late_fee = lines.iter().map(|line| line.2).sum();
        let (from_prepaid, from_credit) = (row.from_prepaid - prepaid, row.from_credit - credit);
        fx.tx.put(&PaymentRow { late_fee, from_prepaid, from_credit, lines: text(&lines), ..row })?;
    }
    for id in touched {
        payment::bear_again(fx, of, id, None)?;
        let given = super::late_back::without_payment(fx, of, id, event.id)?;
        legs.add(account::LATE_FEE, -given).add(account::CREDIT, given);
        gone += given;
    }
    let mut balance = payment::balance(fx, of)?;
    balance.prepaid += prepaid;
    balance.credit += credit - gone;
    payment::keep(fx, &balance)?;
    Ok(drawn)
}
