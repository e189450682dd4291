//! What the dispatch desk, home and the order's own page show: counts, the list by time left, history. Only rows in sight are
//! computed, so a desk of 50,000 open orders costs as much as one of fifty.

use chrono::NaiveDate;

use super::refusal::Refusal;
use crate::book::subject::Kind;
use crate::derive::order::life;
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::order::{Order, Outcome, Span, Whose};
use crate::store::query::order::Heaps;
use crate::store::tables::base::ExceptionRow;
use crate::store::tables::order::{OrderRow, ParkedRow};
use crate::store::tables::user::WorkerRow;
use crate::store::{StoreError, Tx};

/// The heaps of the desk: word for [`rows`] and name on the screen.
pub const STAGES: &[(&str, &str)] =
    &[("", "全部"), ("waiting", "待派"), ("underway", "在途"), ("callback", "待回访"), ("paused", "暂停")];

/// Seconds before a due date from which it is shown in yellow.
pub const SOON: i64 = 3600;

/// A row of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRow {
    /// The order.
    pub id: Id,
    /// `-00:18`, `00:41`, `2天`; a held clock stands in brackets.
    pub left: String,
    /// The clock shown has run out.
    pub late: bool,
    /// It runs out within the hour.
    pub soon: bool,
    /// 类别
    pub category: String,
    /// Address.
    pub address: String,
    /// Area and limit where the promise goes by them: `(城区45分)`.
    pub limit: String,
    /// 师傅, `-` while nobody has it.
    pub worker: String,
    /// `09:40` today, `11-24` another day.
    pub promise: String,
    /// 待派, 在途 …
    pub state: String,
    /// Heap it lies on.
    pub stage: String,
    /// 派工单类型 word.
    pub kind: String,
    /// 区域
    pub area: String,
    /// The step's own limit, as the promise.
    pub step: String,
    /// 业务级别
    pub urgency: String,
    /// 联系电话
    pub phone: String,
    /// Answered at a desk, not by a slip.
    pub answered: bool,
    /// Name of the business.
    pub title: String,
    /// What is wanted.
    pub wish: String,
}

/// The orders in sight: `limit` of a heap after the first `skip`, least time left first.
pub fn rows(tx: &Tx<'_>, stage: &str, now: Moment, skip: usize, limit: usize) -> Result<Vec<DeskRow>, StoreError> {
    let (skip, limit) = (i64::try_from(skip).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let ids = tx.orders_by_time_left(stage, now.timestamp(), skip, limit)?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(order) = tx.order(id)? {
            rows.push(row(tx, order, now)?);
        }
    }
    Ok(rows)
}

/// One row of the desk.
pub fn row(tx: &Tx<'_>, order: OrderRow, now: Moment) -> Result<DeskRow, StoreError> {
    let life = life(order.life.as_deref());
    let worker = order.worker.filter(|_| order.stage != "waiting").map(|id| tx.worker(id)).transpose()?.flatten();
    let clock = life.as_ref().and_then(|life| {
        let next = life.next_due(Whose::Customer, now).or_else(|| life.next_due(Whose::Step, now))?;
        let span = life.terms.clocks.iter().find(|clock| clock.key == next.key).map(|clock| clock.span)?;
        Some((next, span))
    });
    let seconds = clock.as_ref().map(|(next, _)| next.left.num_seconds());
    let left = match &clock {
        Some((next, _)) => left_text(next.left.num_seconds(), next.held),
        None => String::new(),
    };
    let minutes = clock.as_ref().and_then(|(_, span)| match span {
        Span::Minutes(minutes) => Some(*minutes),
        Span::Hours(_) | Span::Days(_) | Span::WorkingDays(_) | Span::SameDay => None,
    });
    let limit = minutes.filter(|_| !order.area.is_empty()).map(|minutes| format!("({}{minutes}分)", order.area));
    Ok(DeskRow {
        id: order.id,
        left,
        late: seconds.is_some_and(|left| left < 0),
        soon: seconds.is_some_and(|left| (0..SOON).contains(&left)),
        category: order.category,
        address: order.address,
        limit: limit.unwrap_or_default(),
        worker: worker.map_or_else(|| "-".to_owned(), |row| row.name),
        promise: clock.map(|(next, span)| due_text(next.due, span.is_days(), now)).unwrap_or_default(),
        state: order.state,
        stage: order.stage,
        kind: order.kind,
        area: order.area,
        step: life
            .as_ref()
            .and_then(|life| life.next_due(Whose::Step, now))
            .map(|next| format!("{} {}", next.name, due_text(next.due, false, now)))
            .unwrap_or_default(),
        urgency: order.urgency,
        phone: order.phone,
        answered: life.is_some_and(|life| life.terms.kind.is_answered()),
        title: order.title,
        wish: order.wish,
    })
}

/// Time left as it is shown: hours and minutes within a day, else whole days; a held clock in brackets.
fn left_text(seconds: i64, held: bool) -> String {
    const DAY: i64 = 86_400;
    let sign = if seconds < 0 { "-" } else { "" };
    let size = seconds.abs();
    let text = if size >= DAY {
        format!("{sign}{}天", size / DAY)
    } else {
        format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60)
    };
    if held { format!("({text})") } else { text }
}

/// When something is due: the time today, else the day.
pub fn due_text(due: Moment, by_day: bool, now: Moment) -> String {
    let (day, today) = (moment::day(due), moment::day(now));
    let due = due.with_timezone(&moment::offset());
    let year = chrono::Datelike::year(&day) != chrono::Datelike::year(&today);
    let date = due.format(if year { "%Y-%m-%d" } else { "%m-%d" });
    match (by_day, day == today) {
        (true, _) => date.to_string(),
        (false, true) => due.format("%H:%M").to_string(),
        (false, false) => format!("{date} {}", due.format("%H:%M")),
    }
}

/// What home shows of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HomeOrders {
    /// Taken in today.
    pub taken: i64,
    /// Handed out today.
    pub dispatched: i64,
    /// Slips entered today.
    pub returned: i64,
    /// Callbacks today.
    pub called: i64,
    /// Cases parked.
    pub parked: i64,
    /// Run out within the hour.
    pub due_soon: i64,
    /// Run out already.
    pub overdue: i64,
    /// The worst: minutes late, order, category, address.
    pub worst: Option<(i64, Id, String, String)>,
}

/// Reads what home shows.
pub fn home(tx: &Tx<'_>, day: NaiveDate, now: Moment) -> Result<HomeOrders, StoreError> {
    let second = now.timestamp();
    let overdue = tx.orders_due_between(i64::MIN, second)?;
    let first = if overdue > 0 { rows(tx, "", now, 0, 1)?.into_iter().next() } else { None };
    let worst = first.map(|row| -> Result<_, StoreError> {
        let order = tx.order(row.id)?;
        let late = order.as_ref().map_or(0, |order| if order.held { -order.due } else { second - order.due });
        Ok((late / 60, row.id, row.category, order.map(|order| order.address).unwrap_or_default()))
    });
    Ok(HomeOrders {
        taken: tx.order_events_on(day, "受理")?,
        dispatched: tx.order_events_on(day, "派工")?,
        returned: tx.order_events_on(day, "回执")?,
        called: tx.order_events_on(day, "回访")?,
        parked: tx.parked_count()?,
        due_soon: tx.orders_due_between(second, second + SOON)?,
        overdue,
        worst: worst.transpose()?,
    })
}

impl HomeOrders {
    /// The numbers of today: `受理 23  派工 9  回执 7  回访 4  挂起 1`.
    pub fn today_text(&self) -> String {
        let Self { taken, dispatched, returned, called, parked, .. } = self;
        format!("受理 {taken}  派工 {dispatched}  回执 {returned}  回访 {called}  挂起 {parked}")
    }

    /// What is due: `2 张工单 1 小时内到期   1 张已超时 18 分钟 (B03.1.3981 漏水 人民路)`; empty when nothing is.
    pub fn due_text(&self) -> String {
        let mut parts = Vec::new();
        if self.due_soon > 0 {
            parts.push(format!("{} 张工单 1 小时内到期", self.due_soon));
        }
        if let Some((minutes, id, category, address)) = &self.worst {
            let late = if *minutes < 1440 { format!("{minutes} 分钟") } else { format!("{} 天", minutes / 1440) };
            let most = if self.overdue > 1 { "最久" } else { "" };
            parts.push(format!("{} 张已超时{most} {late} ({id} {category} {address})", self.overdue));
        }
        parts.join("   ")
    }
}

/// Cases whose second half is still to be done at the window: `窗口未办完 2 (B03.1.3981 过户 10023377 待过户)`; none when all is done.
pub fn window_text(tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
    let cases = tx.window_cases()?;
    let Some(first) = cases.first() else { return Ok(None) };
    let account = first.account.map(|account| tx.account(account)).transpose()?.flatten();
    let who = account.map_or_else(|| first.caller.clone(), |row| row.no);
    let (id, title, state) = (first.id, &first.title, &first.state);
    Ok(Some(format!("窗口未办完 {} ({id} {title} {who} {state})", cases.len())))
}

/// The counts at the head of the desk.
pub fn heaps(tx: &Tx<'_>, now: Moment) -> Result<Heaps, StoreError> {
    tx.order_heaps(now.timestamp())
}

/// One line of an order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// The entry.
    pub entry: Id,
    /// When.
    pub at: String,
    /// 受理, 派工 …
    pub what: String,
    /// Who did it.
    pub who: String,
    /// What it says.
    pub text: String,
    /// It had an effect.
    pub effective: bool,
}

/// An order whole.
#[derive(Debug, Clone)]
pub struct OrderDetail {
    /// Its row.
    pub row: OrderRow,
    /// Its life; none when closed at the window.
    pub order: Option<Order>,
    /// As on the desk.
    pub desk: DeskRow,
    /// The account's number and name.
    pub account: Option<(String, String)>,
    /// What happened, oldest first.
    pub history: Vec<HistoryLine>,
    /// What does not fit.
    pub exceptions: Vec<ExceptionRow>,
}

/// Reads an order whole.
pub fn detail(tx: &Tx<'_>, id: Id, now: Moment) -> Result<Option<OrderDetail>, StoreError> {
    let Some(row) = tx.order(id)? else { return Ok(None) };
    let mut history = Vec::new();
    for event in tx.order_events(id)? {
        let actor = event.actor.parse::<Id>().ok().map(|id| tx.user(id)).transpose()?.flatten();
        let worker = event.worker.map(|worker| tx.worker(worker)).transpose()?.flatten();
        let at = chrono::DateTime::from_timestamp(event.at, 0).unwrap_or_default().with_timezone(&moment::offset());
        let worker = worker.map(|row| row.name).unwrap_or_default();
        history.push(HistoryLine {
            entry: event.id,
            at: at.format("%Y-%m-%d %H:%M").to_string(),
            what: event.what,
            who: tx.with_site(event.id, &actor.map_or(event.actor, |user| user.name))?,
            text: [worker.as_str(), &event.note].join(" ").trim().to_owned(),
            effective: event.effective,
        });
    }
    let account = row.account.map(|account| tx.account(account)).transpose()?.flatten();
    Ok(Some(OrderDetail {
        order: life(row.life.as_deref()),
        desk: self::row(tx, row.clone(), now)?,
        account: account.map(|row| (row.no, row.name)),
        history,
        exceptions: tx.scan::<ExceptionRow>(&[&Kind::Order.letter(), &id])?,
        row,
    }))
}

/// An order as `show order` answers it.
pub fn order_json(tx: &Tx<'_>, id: Id, now: Moment) -> Result<Option<serde_json::Value>, StoreError> {
    let Some(detail) = detail(tx, id, now)? else { return Ok(None) };
    let row = &detail.row;
    let time = |second: i64| {
        chrono::DateTime::from_timestamp(second, 0).map(|at| at.with_timezone(&moment::offset()).to_rfc3339())
    };
    let worker = row.worker.map(|worker| tx.worker(worker)).transpose()?.flatten();
    let clocks: Vec<serde_json::Value> = detail.order.iter().flat_map(|order| order.read_clocks(now)).map(|clock| {
        serde_json::json!({
            "clock": clock.key, "name": clock.name, "whose": clock.whose, "due": clock.due.to_rfc3339(),
            "stopped": clock.stopped.map(|at| at.to_rfc3339()), "minutes_left": clock.left.num_minutes(), "held": clock.held,
        })
    }).collect();
    let history: Vec<serde_json::Value> = detail
        .history
        .iter()
        .map(|line| {
            serde_json::json!({
                "entry": line.entry, "at": line.at, "what": line.what, "who": line.who, "text": line.text,
                "effective": line.effective,
            })
        })
        .collect();
    Ok(Some(serde_json::json!({
        "order": row.id, "service": row.service, "title": row.title, "kind": row.kind, "category": row.category,
        "state": row.state, "open": row.open, "urgency": row.urgency,
        "account": detail.account.as_ref().map(|(no, _)| no), "name": detail.account.as_ref().map(|(_, name)| name),
        "address": row.address, "area": row.area, "caller": row.caller, "phone": row.phone, "wish": row.wish,
        "channel": row.channel, "worker": worker.map(|worker| worker.name), "day": row.day, "told": time(row.told),
        "dispatched": row.dispatched.and_then(time), "promise": row.promise.and_then(time), "done": row.done.and_then(time),
        "outcome": row.outcome, "overrun": row.overrun, "fee": row.fee, "owed": row.owed,
        "charges": tx.charges_of_order(id)?, "deed": row.deed, "clocks": clocks,
        "history": history, "exceptions": detail.exceptions,
    })))
}

/// A worker to pick, with how much they have out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerChoice {
    /// The worker.
    pub row: WorkerRow,
    /// Orders out now.
    pub out: i64,
    /// Serves the area asked for.
    pub near: bool,
}

/// Workers still there, those of the area first.
pub fn workers(tx: &Tx<'_>, area: &str) -> Result<Vec<WorkerChoice>, StoreError> {
    let mut found = Vec::new();
    for row in tx.workers()?.into_iter().filter(|row| row.active) {
        let near = !area.is_empty() && row.area.contains(area);
        found.push(WorkerChoice { out: tx.load_of_worker(row.id)?, near, row });
    }
    found.sort_by(|a, b| (!a.near, &a.row.team, &a.row.code).cmp(&(!b.near, &b.row.team, &b.row.code)));
    Ok(found)
}

/// The most urgent order of a heap, for a key pressed on a row that lies on another.
pub fn first_of(tx: &Tx<'_>, stage: &str, now: Moment) -> Result<Option<Id>, StoreError> {
    Ok(tx.orders_by_time_left(stage, now.timestamp(), 0, 1)?.into_iter().next())
}

/// Cases parked, with the name of who parked them.
pub fn parked(tx: &Tx<'_>) -> Result<Vec<(ParkedRow, String)>, StoreError> {
    let mut found = Vec::new();
    for row in tx.parked()? {
        let user = row.actor.parse::<Id>().ok().map(|id| tx.user(id)).transpose()?.flatten();
        let name = user.map_or_else(|| row.actor.clone(), |user| user.name);
        found.push((row, name));
    }
    Ok(found)
}

/// Outcomes an order's slip may have, the usual one first.
pub fn outcomes(tx: &Tx<'_>, id: Id) -> Result<Vec<Outcome>, Refusal> {
    let row = tx.order(id)?.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))?;
    Ok(life(row.life.as_deref()).map(|order| order.terms.outcomes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_hours_and_minutes_within_a_day_and_days_beyond() {
        for (seconds, held, text) in [
            (-18 * 60, false, "-00:18"),
            (41 * 60, false, "00:41"),
            (90 * 60, true, "(01:30)"),
            (2 * 86_400 + 5, false, "2天"),
            (14 * 3600, false, "14:00"),
            (-2 * 86_400, false, "-2天"),
        ] {
            assert_eq!(left_text(seconds, held), text);
        }
    }
}
