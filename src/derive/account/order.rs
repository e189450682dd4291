//! Orders as the account they are on sees them: the end of a seal or unseal order changes its meter, and what it
//! settled there is a reading and a bill.
//!
//! Merge: the account replays its orders by the same state machine as the order itself, on the same entries in the same order,
//! so both agree which return slip has an effect. A state the meter cannot take is an exception.

use chrono::NaiveDate;

use super::bill::{self, BillIssued};
use super::reading::{self, ReadingEntered};
use crate::book::subject::Kind;
use crate::derive::ledger::Legs;
use crate::derive::order::body::{IntakeTaken, OrderReturned};
use crate::derive::order::happening;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::moment;
use crate::rules::order::{Event as OrderEvent, Order, Outcome};
use crate::rules::sealed_use::stands_still;
use crate::store::tables::account::MeterRow;
use crate::store::tables::order::WriteBackRow;

/// Applies an entry about orders of this account.
pub fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    match event.action() {
        "intake.take" => open(fx, event),
        "intake.park" | "intake.resume" => Ok(()),
        _ => happen(fx, event),
    }
}

fn open(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: IntakeTaken = event.read()?;
    match body.terms.filter(|terms| body.joins.is_none() && terms.meter_state.is_some()) {
        Some(terms) => keep(fx, event.subject, event.id.entry(), &Order::open(terms)),
        None => Ok(()),
    }
}

fn keep(fx: &Fx<'_, '_>, account: Id, order_id: Id, order: &Order) -> Result<(), DeriveError> {
    let life = serde_json::to_string(order).map_err(|error| DeriveError::Body(error.to_string()))?;
    Ok(fx.tx.put(&WriteBackRow { account, order_id, life })?)
}

fn happen(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let at = moment::parse(&event.entry.at).ok_or_else(|| DeriveError::Body("凭单的时间读不懂".into()))?;
    let rows = fx.tx.scan::<WriteBackRow>(&[&event.subject])?;
    if rows.is_empty() {
        return Ok(());
    }
    let named = orders_of(event)?;
    for row in rows.into_iter().filter(|row| named.contains(&row.order_id)) {
        let mut order: Order = serde_json::from_str(&row.life).map_err(|error| DeriveError::Body(error.to_string()))?;
        let what = happening(event.action(), event.body)?.what;
        if order.apply(&OrderEvent { at, what }).is_err() {
            continue;
        }
        if event.action() == "order.return" {
            let body: OrderReturned = event.read()?;
            settle(fx, event, body.reading, body.bill)?;
            if let (Outcome::Passed, Some(state)) = (body.slip.outcome, body.write_back) {
                let day = body.slip.done.map_or(event.entry.business_day, moment::day);
                turn(fx, event, row.order_id, state, day)?;
            }
        }
        keep(fx, event.subject, row.order_id, &order)?;
    }
    Ok(())
}

/// 结算方数 on the slip: a reading of the account, and the bill up to it.
fn settle(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    reading: Option<ReadingEntered>,
    issued: Option<BillIssued>,
) -> Result<(), DeriveError> {
    if let Some(reading) = reading {
        reading::put(fx, event, reading)?;
    }
    if let Some(issued) = issued {
        let mut legs = Legs::default();
        bill::put(fx, event, event.id, issued, &mut legs)?;
        legs.post(fx, Kind::Account, event)?;
    }
    Ok(())
}

/// The orders an entry names.
fn orders_of(event: &Event<'_>) -> Result<Vec<Id>, DeriveError> {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Named {
        order: Option<Id>,
        #[serde(default)]
        orders: Vec<Id>,
    }
    let named: Named = event.read()?;
    Ok(named.orders.into_iter().chain(named.order).collect())
}

/// The meter on the wall takes a state by a slip.
fn turn(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    order: Id,
    state: MeterState,
    day: NaiveDate,
) -> Result<(), DeriveError> {
    let Some(meter) = fx.tx.meter_on_wall(event.subject)? else { return Ok(()) };
    let now = MeterState::parse(&meter.state);
    if now == Some(state) {
        return Ok(());
    }
    if now.is_none_or(|now| now.may_become(state)) {
        let shut = stands_still(state.code(), true).then_some(day);
        return Ok(fx.tx.put(&MeterRow { state: state.code().to_owned(), shut, ..meter })?);
    }
    let note =
        format!("工单 {order} 的回执要把表 {} 改为“{}”，但表现为“{}”", meter.no, state.paper_word(), meter.state);
    Ok(exception::open(fx, Kind::Account, event, "meter_state", meter.id, note)?)
}
