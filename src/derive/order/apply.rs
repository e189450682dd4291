//! Applying one entry to an order.

use super::body::{
    CallbackRecorded, ComplaintAnswered, Happening, IntakeParked, IntakeTaken, OrderDeferred, OrderPaused,
    OrderResumed, OrderReturned, OrderVoided, OrdersChased, OrdersDispatched,
};
use super::{SAME, charge, row, window};
use crate::book::subject::Kind;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::moment::{self, Moment};
use crate::rules::order::{DeferReason, Event as OrderEvent, Order, State, What};
use crate::store::entries::EntryRow;
use crate::store::tables::order::{OrderEventRow, OrderRow, ParkedRow};

/// Applies one entry to one order or parked case.
pub(super) fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    match event.action() {
        "intake.park" => return park(fx, event),
        "intake.resume" => return mark(fx, event, "resumed"),
        "fee.take" | "deposit.take" => return charge::take(fx, event),
        "payment.reverse" => return charge::reverse(fx, event),
        "deposit.return" => return charge::give_back(fx, event),
        "account.transfer" => return window::deed(fx, event),
        "intake.take" => {
            let body: IntakeTaken = event.read()?;
            if body.parked == Some(event.subject) {
                return mark(fx, event, "taken");
            }
            if body.joins != Some(event.subject) {
                return open(fx, event, body);
            }
        }
        _ => {}
    }
    // Before the intake nothing can happen to an order; the derivation tells of it as an exception.
    let Some(known) = fx.tx.order(event.subject)? else { return Ok(()) };
    let happening = happening(event.action(), event.body)?;
    happen(fx, event, known, happening)
}

/// When the entry was written.
pub(super) fn moment_of(entry: &EntryRow) -> Result<Moment, DeriveError> {
    moment::parse(&entry.at).ok_or_else(|| DeriveError::Body(format!("时间“{}”读不懂", entry.at)))
}

fn park(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: IntakeParked = event.read()?;
    if fx.tx.get::<ParkedRow>(&[&event.subject])?.is_some_and(|row| row.state == "taken") {
        return Ok(());
    }
    fx.tx.put(&ParkedRow {
        id: event.subject,
        queue: body.queue,
        service: body.service,
        account: body.account,
        day: event.entry.business_day,
        at: moment_of(event.entry)?.timestamp(),
        actor: event.entry.actor.clone(),
        missing: body.missing.join("、"),
        draft: body.draft,
        state: "parked".into(),
    })?;
    Ok(())
}

fn mark(fx: &mut Fx<'_, '_>, event: &Event<'_>, state: &str) -> Result<(), DeriveError> {
    let known = fx.tx.get::<ParkedRow>(&[&event.subject])?;
    if let Some(known) = known.filter(|row| row.state != "taken") {
        // What was typed lives on in the order; the row keeps only that it was taken.
        let draft = if state == "taken" { String::new() } else { known.draft.clone() };
        let at = moment_of(event.entry)?.timestamp();
        fx.tx.put(&ParkedRow { draft, at, actor: event.entry.actor.clone(), state: state.into(), ..known })?;
    }
    Ok(())
}

fn open(fx: &mut Fx<'_, '_>, event: &Event<'_>, body: IntakeTaken) -> Result<(), DeriveError> {
    note(fx, event, "受理", None, row::intake_note(&body), true)?;
    let owed = charge::open(fx, event, body.account, &body.charges)?;
    let typed = body.typed.timestamp();
    let mut new = OrderRow { owed, ..row::of_intake(event, body) };
    window::stand(&mut new, typed);
    if let Some(key) = &new.join_key {
        fx.touch(SAME.what, key);
    }
    Ok(fx.tx.put(&new)?)
}

/// What an entry says happens to an order.
pub fn happening(action: &str, body: &str) -> Result<Happening, DeriveError> {
    let plain = |what, note: String| Happening { what, note, worker: None, overrun: String::new() };
    Ok(match action {
        "order.dispatch" => {
            let body: OrdersDispatched = read(body)?;
            let worker = body.worker;
            Happening { worker: Some(worker), ..plain(What::Dispatched { worker }, String::new()) }
        }
        "order.pause" => {
            let body: OrderPaused = read(body)?;
            let until = body.until.map(|until| format!("至 {}", until.format("%m-%d %H:%M"))).unwrap_or_default();
            let note = [body.reason.label(), &body.remark, &until].join(" ");
            plain(What::Paused { reason: body.reason }, note.trim_end().to_owned())
        }
        "order.resume" => {
            let body: OrderResumed = read(body)?;
            let dues = body.dues.into_iter().map(|new| (new.key, new.due)).collect();
            plain(What::Resumed { dues }, String::new())
        }
        "order.defer" => {
            let body: OrderDeferred = read(body)?;
            let why = body.why.map(DeferReason::label).unwrap_or_default();
            let until = body.until.format("%m-%d %H:%M").to_string();
            let parts = ["约定", &until, why, &body.reason].into_iter().filter(|part| !part.is_empty());
            plain(What::Deferred { until: body.until }, parts.collect::<Vec<_>>().join(" "))
        }
        "order.void" => {
            let body: OrderVoided = read(body)?;
            plain(What::Voided { reason: body.reason.clone() }, body.reason)
        }
        "order.chase" => plain(What::Chased, read::<OrdersChased>(body)?.remark),
        "order.return" => {
            let body: OrderReturned = read(body)?;
            let note = row::slip_note(&body);
            Happening { overrun: body.overrun, ..plain(What::Returned(body.slip), note) }
        }
        "callback.record" => {
            let body: CallbackRecorded = read(body)?;
            let dues = body.dues.into_iter().map(|new| (new.key, new.due)).collect();
            let note = format!("{} {}", body.outcome.label(), body.remark);
            let what = What::CalledBack { outcome: body.outcome, remark: body.remark, dues };
            plain(what, note.trim_end().to_owned())
        }
        "complaint.answer" => {
            let body: ComplaintAnswered = read(body)?;
            let note = format!("{} {}", body.outcome.label(), body.remark);
            let what = What::Answered { outcome: body.outcome, remark: body.remark };
            Happening { overrun: body.overrun, ..plain(what, note) }
        }
        "intake.take" => plain(What::Joined, row::intake_note(&read(body)?)),
        other => return Err(DeriveError::Body(format!("工单不认识操作 {other}"))),
    })
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DeriveError> {
    serde_json::from_str(body).map_err(|error| DeriveError::Body(error.to_string()))
}

fn happen(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    mut known: OrderRow,
    happening: Happening,
) -> Result<(), DeriveError> {
    let at = moment_of(event.entry)?;
    let word = word(&happening.what);
    let mut order: Order = match known.life.as_deref() {
        Some(text) => read(text)?,
        None => return window::happen(fx, event, known, &happening.what, happening.note),
    };
    let chased = matches!(happening.what, What::Chased);
    let refusal = order.apply(&OrderEvent { at, what: happening.what }).err();
    note(fx, event, word, happening.worker, happening.note, refusal.is_none())?;
    if let Some(refusal) = refusal {
        return if chased { Ok(()) } else { clash(fx, event, &known, word, &refusal.message) };
    }
    if let Some(key) = &known.join_key {
        fx.touch(SAME.what, key);
    }
    if !happening.overrun.is_empty() {
        known.overrun = happening.overrun;
    }
    known.last = event.id;
    row::refresh(&mut known, &order, at)?;
    if matches!(order.state, State::Void | State::Cancelled) {
        charge::cancel(fx, event)?;
        known.owed = charge::owed(fx, event.subject)?;
    }
    window::stand(&mut known, at.timestamp());
    Ok(fx.tx.put(&known)?)
}

/// The word of the history and of the exception.
pub(super) fn word(what: &What) -> &'static str {
    match what {
        What::Dispatched { .. } => "派工",
        What::Paused { .. } => "暂停",
        What::Resumed { .. } => "恢复",
        What::Deferred { .. } => "顺延",
        What::Returned(_) => "回执",
        What::Answered { .. } => "答复",
        What::CalledBack { .. } => "回访",
        What::Voided { .. } => "作废",
        What::Chased => "催办",
        What::Joined => "再次来电",
    }
}

pub(super) fn clash(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    known: &OrderRow,
    word: &str,
    reason: &str,
) -> Result<(), DeriveError> {
    let note = format!("{word} {} 没有生效：{reason}；先到的是 {}", event.id, known.last);
    Ok(exception::open(fx, Kind::Order, event, "order_no_effect", known.last, note)?)
}

pub(super) fn note(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    what: &str,
    worker: Option<crate::rules::id::Id>,
    note: String,
    effective: bool,
) -> Result<(), DeriveError> {
    fx.tx.put(&OrderEventRow {
        order_id: event.subject,
        id: event.id,
        day: event.entry.business_day,
        at: moment_of(event.entry)?.timestamp(),
        actor: event.entry.actor.clone(),
        what: what.to_owned(),
        worker,
        note,
        effective,
    })?;
    Ok(())
}
