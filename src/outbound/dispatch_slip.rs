//! 派工单: what a worker takes along, as text of 80 columns. Made each evening for a date, sorted by worker and
//! kind, or for single orders; marked 重印 when asked for again.

use chrono::NaiveDate;

use super::check_slip::Slip;
use super::paper::{cells, ends, middle, rule};
use crate::derive::order::life;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::desk::rights::PRINT_SLIPS;
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::order::{OrderKind, Whose};
use crate::store::tables::order::OrderRow;
use crate::store::{StoreError, Tx};
use crate::text::safe;

/// The slips of a date, for a person who may print them: the duty clerk (责任营业员) or the dispatcher.
pub fn print_day(desk: &Desk, day: NaiveDate) -> Result<Slip, Refusal> {
    desk.rights()?.require(PRINT_SLIPS)?;
    let slip = of_day(&desk.look()?, day, desk.now())?;
    if slip.text.is_empty() {
        let what = format!("{day} 没有派出去还未回执的工单，没有派工单可打");
        return Err(Refusal::field("R-286", "number", what));
    }
    Ok(slip)
}

/// The slips of these orders as one paper, for a person who may print them.
pub fn print_orders(desk: &Desk, orders: &[Id], name: &str) -> Result<Slip, Refusal> {
    desk.rights()?.require(PRINT_SLIPS)?;
    let tx = desk.look()?;
    let mut rows: Vec<OrderRow> = Vec::with_capacity(orders.len());
    for order in orders {
        rows.extend(tx.order(*order)?);
    }
    Ok(of(&tx, &rows, &format!("派工单-{name}"), desk.now())?)
}

/// The slips of orders handed out on a date and still out, one after the other. Empty when there are none.
pub fn of_day(tx: &Tx<'_>, day: NaiveDate, now: Moment) -> Result<Slip, StoreError> {
    let orders = tx.orders_dispatched_on(day)?;
    of(tx, &orders, &format!("派工单-{day}"), now)
}

/// The slips of these orders.
pub fn of(tx: &Tx<'_>, orders: &[OrderRow], number: &str, now: Moment) -> Result<Slip, StoreError> {
    let office = tx.setting("site")?.map(|code| tx.own_site(&code)).transpose()?.flatten();
    let hall = office.as_ref().map_or("", |site| site.name.as_str());
    let practice = office.as_ref().is_some_and(|site| site.practice);
    let mut text = String::new();
    for order in orders {
        for line in one(tx, order, hall, practice, now)? {
            text.push_str(safe::line(&line).trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    Ok(Slip { number: number.to_owned(), text })
}

fn one(tx: &Tx<'_>, order: &OrderRow, hall: &str, practice: bool, now: Moment) -> Result<Vec<String>, StoreError> {
    let heap = OrderKind::from_label(&order.kind).map_or(order.kind.as_str(), |kind| kind.heap());
    let worker = order.worker.map(|worker| tx.worker(worker)).transpose()?.flatten();
    let account = order.account.map(|account| tx.account(account)).transpose()?.flatten();
    let meter = order.account.map(|account| tx.meter_on_wall(account)).transpose()?.flatten();
    let promise = order.promise.and_then(|second| chrono::DateTime::from_timestamp(second, 0));
    let by_day = life(order.life.as_deref())
        .and_then(|life| life.next_due(Whose::Customer, now).map(|next| (life, next)))
        .is_some_and(|(life, next)| life.terms.clocks.iter().any(|c| c.key == next.key && c.span.is_days()));
    let promise = promise.map(|due| {
        let due = due.with_timezone(&moment::offset());
        if by_day { due.format("%Y-%m-%d").to_string() } else { due.format("%Y-%m-%d %H:%M").to_string() }
    });
    let who = account.as_ref().map_or_else(|| order.caller.clone(), |row| format!("{} {}", row.no, row.name));
    let worker_words = worker.map(|row| format!("{} {} {}", row.name, row.team, row.phone)).unwrap_or_default();
    let mut lines = vec![
        middle(&format!("{hall}派工单（{heap}）{}", if practice { " 练习" } else { "" })),
        ends(&format!("工单号 {}", order.id), &format!("业务级别 {}", order.urgency)),
        rule(),
        pair("业务", &format!("{} {}", order.title, order.category), "师傅", &worker_words),
        pair("用户", &who, "电话", &order.phone),
        format!("地  址 {}  {}", order.address, order.area),
        pair("承诺", promise.as_deref().unwrap_or("无"), "受理", &order.day.to_string()),
    ];
    if let Some(meter) = meter {
        let state = format!("{} {}", meter.no, meter.maker);
        lines.push(pair("表号", &state, "口径", &format!("DN{}", meter.calibre)));
    }
    lines.push(format!("备  注 {}", order.wish));
    lines.push(rule());
    lines.push("到场时间 ____________  实施时间 ____________  离开时间 ____________".to_owned());
    lines.push(outcomes(order));
    lines.push("现场备注 ______________________________________________________________________".to_owned());
    lines.push(ends("师傅签名 ______________", "用户签名 ______________"));
    Ok(lines)
}

fn pair(left: &str, left_text: &str, right: &str, right_text: &str) -> String {
    let spread = |word: &str| {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        letters.join("  ")
    };
    cells(&[(&spread(left), 7, false), (left_text, 38, false), (&spread(right), 7, false), (right_text, 28, false)])
}

fn outcomes(order: &OrderRow) -> String {
    let allowed = life(order.life.as_deref()).map(|life| life.terms.outcomes).unwrap_or_default();
    let boxes: Vec<String> = allowed.iter().map(|outcome| format!("[ ]{}", outcome.label())).collect();
    format!("实施情况 {}", boxes.join("  "))
}
