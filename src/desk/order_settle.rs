//! 结算方数 on the slip of a seal, removal or unseal order: where the meter stood is a reading of the account, and the use up
//! to it a bill, by the same rating as any other, in the entry of the slip itself.
//!
//! What must be looked at first is asked as for a reading keyed by hand; a bill that may not go out unasked is held. A slip that makes
//! the meter stand still leaves nothing unread and nothing unbilled behind it: later readings begin at the seal.

use chrono::NaiveDate;

use super::action::Cx;
use super::billing::ledger::Cancelled;
use super::billing::{Ledger, Rater, doubt};
use super::debts;
use super::order_step::Found;
use super::reading_enter::{self, check_open};
use super::reading_judge::judge;
use super::refusal::{Fault, Refusal};
use crate::derive::account::bill::{BillIssued, HoldReason};
use crate::derive::account::reading::ReadingEntered;
use crate::derive::order::body::FieldSaid;
use crate::rules::billing::{Mark, MarkKind, Registers};
use crate::rules::customer_fields::IC_CARD;
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::moment;
use crate::rules::money::Milli;
use crate::rules::order::{Outcome, Slip};
use crate::rules::sealed_use::{SealedUse, stands_still};
use crate::store::tables::account::{AccountRow, MeterRow};

/// Key and label of the field a slip tells it in.
const FIELD: (&str, &str) = ("settled", "结算方数");

/// What a slip settles.
#[derive(Default)]
pub(super) struct Settled {
    /// The reading.
    pub reading: Option<ReadingEntered>,
    /// The bill up to it.
    pub bill: Option<BillIssued>,
}

/// What a person has answered beforehand.
#[derive(Clone, Copy)]
pub(super) struct Answers {
    /// The slip makes the meter stand still.
    pub shuts: bool,
    /// A large use was looked at, and past zero.
    pub confirm: bool,
    /// How a sealed meter came to run.
    pub sealed: Option<SealedUse>,
}

/// Reads and rates what a slip settles; nothing for a slip that says nothing or did not do the work.
pub(super) fn settled(
    cx: &Cx<'_, '_>,
    found: &Found,
    slip: &Slip,
    fields: &[FieldSaid],
    answers: Answers,
    faults: &mut Vec<Fault>,
) -> Result<Settled, Refusal> {
    let none = Ok(Settled::default());
    let said = fields.iter().find(|field| field.key == FIELD.0 || field.label == FIELD.1);
    let value = said.and_then(|said| said.value.trim().parse::<Milli>().ok());
    let Some(becomes) = found.order.terms.meter_state.filter(|_| slip.outcome == Outcome::Passed) else { return none };
    let Some(account) = found.row.account.map(|id| cx.tx.account(id)).transpose()?.flatten() else { return none };
    let Some(meter) = cx.tx.meter_on_wall(account.id)? else { return none };
    if account.user_type.as_deref() == Some(IC_CARD) {
        return none;
    }
    check_open(&account)?;
    let day = slip.done.or(slip.left).or(slip.arrived).map_or(cx.day, moment::day);
    let Some((said, value)) = said.zip(value) else {
        if answers.shuts && said.is_none() {
            faults.extend(unsettled(cx, &account, &meter, day)?);
        }
        return none;
    };
    match read_and_rate(cx, &account, &meter, becomes, (value, day), answers) {
        Ok(settled) => Ok(settled),
        Err(refusal) => {
            faults
                .extend(refusal.faults.into_iter().map(|fault| Fault { field: Some(field_of(&fault, said)), ..fault }));
            none
        }
    }
}

/// What a slip without 结算方数 would leave behind the seal: use that was read and not billed, days that nobody has read.
fn unsettled(
    cx: &Cx<'_, '_>,
    account: &AccountRow,
    meter: &MeterRow,
    day: NaiveDate,
) -> Result<Option<Fault>, Refusal> {
    let fault = |text: String| Ok(Some(Fault::field("R-136", &format!("fields.{}", FIELD.0), text)));
    if cx.tx.own()?.holds(account.id)
        && let Some(what) = debts::unbilled(cx.tx, account.id)?
    {
        return fault(format!("{what}；或填写封表时的结算方数，一并出账"));
    }
    let Some(facts) = cx.tx.billing_facts(account.id)? else { return Ok(None) };
    let ledger = Ledger::of(&facts);
    let last = ledger.last_mark();
    if stands_still(&meter.state, meter.shut.is_some()) || last.is_some_and(|last| last.day >= day) {
        return Ok(None);
    }
    let since = last.map_or_else(|| "装表以来没有抄过表".to_owned(), |last| format!("上次抄表是 {}", last.day));
    fault(format!("{since}，封表前的用量还没有抄：请填写封表时的结算方数"))
}

/// The field of the slip a fault stands at: a question is a field of its own.
fn field_of(fault: &Fault, said: &FieldSaid) -> String {
    match fault.field.as_deref() {
        Some("sealed") => "sealed".to_owned(),
        _ => format!("fields.{}", said.key),
    }
}

fn read_and_rate(
    cx: &Cx<'_, '_>,
    account: &AccountRow,
    meter: &MeterRow,
    becomes: MeterState,
    (value, day): (Milli, NaiveDate),
    answers: Answers,
) -> Result<Settled, Refusal> {
    let facts = cx.tx.billing_facts(account.id)?;
    let mut ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?.recalled(cx.tx)?;
    if !stands_still(becomes.code(), true) && ledger.last_mark().is_none() {
        return Ok(Settled::default()); // opened again, and nobody knows where it stood before
    }
    let of_day = ledger.last_mark().filter(|last| last.day == day && last.meter == meter.id && last.id.0 > 0);
    let mut settled = Settled::default();
    if of_day.is_none_or(|last| last.value != value) {
        let typed = reading_enter::Input {
            value,
            confirm: answers.confirm,
            rollover: answers.confirm,
            sealed: answers.sealed,
            ..reading_enter::Input::default()
        };
        let judged = judge(&typed, day, &ledger, meter)?;
        ledger.add_mark(mark(meter.id, day, value, judged.rollover));
        ledger.sealed.extend(judged.sealed.then_some(day));
        settled.reading =
            Some(reading(meter.id, day, value, judged.rollover, answers.sealed.filter(|_| judged.sealed)));
    }
    // The bill of another site's account is made there.
    if cx.tx.own()?.holds(account.id) {
        settled.bill = bill(cx, &ledger, settled.reading.is_some())?;
        if answers.shuts {
            refuse_left(ledger, settled.bill.as_ref())?;
        }
    }
    Ok(settled)
}

/// Use that the slip's own bill does not reach, such as that of a bill cancelled between others, is billed first.
fn refuse_left(mut ledger: Ledger, bill: Option<&BillIssued>) -> Result<(), Refusal> {
    if let Some(bill) = bill {
        let span = ledger.span_of(bill);
        ledger.add_span(span);
    }
    match debts::waits(&ledger) {
        Some(what) => Err(Refusal::rule("R-136", what)),
        None => Ok(()),
    }
}

/// A bill that was cancelled keeps its due date in the one in its place, which one bill of several could not: it is issued first.
fn refuse_cancelled(ledger: &Ledger, bill: &BillIssued) -> Result<(), Refusal> {
    let span = ledger.span_of(bill);
    let taken = |one: &&Cancelled| one.swap || one.to() != span.stretch.to;
    let Some(one) = ledger.cancelled.iter().filter(taken).find(|one| one.taken_up_by(&span)) else { return Ok(()) };
    let what = if one.swap { "换表差额" } else { "账单" };
    Err(Refusal::rule(
        "R-183",
        format!(
            "截止 {} 的{what} (用量 {}) 作废后还没有重新出账：先给该户出账，到期日和违约金照原账单，再录入回执",
            one.last,
            one.volume.grouped()
        ),
    ))
}

/// The bill up to the newest reading; none when there is no use to charge.
fn bill(cx: &Cx<'_, '_>, ledger: &Ledger, new: bool) -> Result<Option<BillIssued>, Refusal> {
    let newest = ledger.all_closing_marks().pop();
    let prices = cx.shelf.prices(cx.tx)?;
    let rater = Rater { book: &prices, dated: cx.day };
    let Some(bill) = newest.and_then(|end| rater.one_or_held(ledger, end)) else { return Ok(None) };
    if bill.volume == Milli::ZERO && bill.held.is_none() {
        return Ok(None);
    }
    let reason: Option<HoldReason> = match bill.held {
        None => doubt::doubt(ledger, &bill, &doubt::limits(cx.tx)?),
        Some(_) => None,
    };
    refuse_cancelled(ledger, &bill)?;
    let bill = BillIssued { reading: if new { Some(cx.next) } else { bill.reading }, ..bill };
    Ok(Some(match reason {
        Some(reason) => doubt::held(bill, reason),
        None => bill,
    }))
}

/// The mark a reading leaves that is not on file yet.
pub(super) fn mark(meter: Id, day: NaiveDate, value: Milli, rollover: bool) -> Mark {
    Mark {
        id: Id(i64::MAX),
        day,
        meter,
        value,
        kind: MarkKind::Read,
        rollover,
        estimated: false,
        registers: Registers::default(),
    }
}

fn reading(meter: Id, day: NaiveDate, value: Milli, rollover: bool, sealed: Option<SealedUse>) -> ReadingEntered {
    ReadingEntered {
        meter,
        day,
        value,
        source: "slip".into(),
        estimated: false,
        rollover,
        remark: FIELD.1.into(),
        class: None,
        reader: String::new(),
        registers: Vec::new(),
        register_uses: Vec::new(),
        sealed,
    }
}
