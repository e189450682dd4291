//! The row of an order, made anew after each entry that had an effect.

use super::body::{IntakeTaken, OrderReturned};
use crate::derive::{DeriveError, Event};
use crate::rules::moment::Moment;
use crate::rules::money::Fen;
use crate::rules::order::{Milestone, Order, Reading, State, Whose};
use crate::store::tables::order::OrderRow;

/// State of a case that made no order: all was done at the window.
pub const WINDOW: &str = "窗口办结";

/// A due date for orders without a running clock: after all others (9999-12-31).
const NO_DUE: i64 = 253_402_271_999;

/// The row of a case just taken in.
pub(super) fn of_intake(event: &Event<'_>, body: IntakeTaken) -> OrderRow {
    let order = body.terms.map(Order::open);
    let mut row = OrderRow {
        id: event.subject,
        account: body.account,
        service: body.service,
        title: body.title,
        kind: order.as_ref().map_or("", |order| order.terms.kind.label()).to_owned(),
        category: body.category,
        state: WINDOW.to_owned(),
        open: false,
        stage: "closed".to_owned(),
        due: NO_DUE,
        held: false,
        promise: None,
        step: None,
        urgency: body.urgency,
        address: body.address,
        area: body.area,
        caller: body.caller,
        phone: body.phone,
        wish: body.wish,
        channel: body.channel,
        worker: None,
        day: event.entry.business_day,
        told: body.told.timestamp(),
        dispatched: None,
        done: None,
        outcome: String::new(),
        overrun: String::new(),
        window_over: body.window.map_or(0, |window| window.over(body.typed)),
        fee: body.charges.iter().map(|charge| charge.amount).sum::<Fen>(),
        owed: Fen::ZERO,
        deed_due: body.deed,
        deed: None,
        join_key: body.join_key,
        last: event.id,
        life: None,
    };
    match order {
        // A body read from an entry is written again without loss, so this cannot fail; if it did, the case stays closed.
        Some(order) => drop(refresh(&mut row, &order, body.typed)),
        None => row.done = Some(body.typed.timestamp()),
    }
    row
}

/// Brings a row up to what the order says at a moment.
pub(super) fn refresh(row: &mut OrderRow, order: &Order, at: Moment) -> Result<(), DeriveError> {
    let customer = order.next_due(Whose::Customer, at);
    let step = order.next_due(Whose::Step, at);
    let shown = customer.as_ref().or(step.as_ref());
    let due = |reading: &Reading| reading.due.timestamp();
    row.state = order.state.label().to_owned();
    row.open = !order.state.is_closed();
    row.stage = stage(order.state).to_owned();
    row.held = shown.is_some_and(|reading| reading.held);
    row.due = shown.map_or(NO_DUE, |reading| if reading.held { reading.left.num_seconds() } else { due(reading) });
    row.promise = customer.as_ref().map(due).or(row.promise.filter(|_| !order.state.is_open()));
    row.step = step.as_ref().map(due);
    row.worker = order.worker;
    row.dispatched = order.dispatched.map(|moment| moment.timestamp());
    row.done = order.milestones.get(&Milestone::Done).map(|moment| moment.timestamp());
    row.outcome = match (order.callback, order.outcome) {
        (Some(callback), _) => callback.label().to_owned(),
        (None, Some(outcome)) => outcome.label().to_owned(),
        (None, None) => String::new(),
    };
    if !row.open {
        row.join_key = None;
    }
    row.life = Some(serde_json::to_string(order).map_err(|error| DeriveError::Body(error.to_string()))?);
    Ok(())
}

/// The heap of the desk an order lies on. What came back not done is to be handed out again.
fn stage(state: State) -> &'static str {
    match state {
        State::Waiting | State::Returned => "waiting",
        State::Underway => "underway",
        State::Paused => "paused",
        State::Callback => "callback",
        State::Closed | State::Cancelled | State::Void => "closed",
    }
}

/// One line of the history for an intake.
pub(super) fn intake_note(body: &IntakeTaken) -> String {
    let promise = body.promise.as_ref().map(|promise| format!("承诺{}{}", promise.limit, promise.name));
    let over = body.window.map(|window| window.over(body.typed)).filter(|over| *over > 0);
    let over = over.map(|over| format!("窗口超时{over}分钟")).unwrap_or_default();
    let promise = promise.unwrap_or_default();
    let parts = [&body.title, &body.category, &body.wish, &promise, &over].map(String::as_str);
    let mut words: Vec<&str> = Vec::new();
    for part in parts {
        if !part.is_empty() && !words.contains(&part) {
            words.push(part);
        }
    }
    words.join(" ")
}

/// One line of the history for a return slip.
pub(super) fn slip_note(body: &OrderReturned) -> String {
    let time = |name: &str, at: Option<Moment>| at.map(|at| format!("{name} {}", at.format("%m-%d %H:%M")));
    let slip = &body.slip;
    let mut parts = vec![slip.outcome.label().to_owned()];
    parts.extend([time("到场", slip.arrived), time("完成", slip.done), time("离开", slip.left)].into_iter().flatten());
    parts.extend(body.fields.iter().map(|field| format!("{} {}", field.label, field.value)));
    parts.extend(slip.reason.map(|reason| reason.label().to_owned()));
    parts.extend(Some(slip.remark.clone()).filter(|remark| !remark.is_empty()));
    parts.extend(Some(&body.overrun).filter(|why| !why.is_empty()).map(|why| format!("超时原因 {why}")));
    parts.join(" ")
}
