//! What is done to the orders that are ticked, typed or under the bar: handed out, their slips opened and printed, urged.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Dispatch, list};
use crate::desk::refusal::Refusal;
use crate::desk::view_orders as view;
use crate::outbound::check_slip::Slip;
use crate::outbound::{dispatch_slip, printer};
use crate::rules::id::Id;
use crate::rules::order::OrderKind;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::widgets::ask::{Pick, PickItem};

/// Orders named when they were handed out; of more the count is enough.
const NAMED: usize = 3;
/// Orders ticked by one key at most: as many as one entry hands out.
const ALL: usize = crate::desk::order_dispatch::MAX_ORDERS;

impl Dispatch {
    pub(super) fn ask_worker(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
        let area = match self.under_hand(app) {
            Some(id) => list::row_of(app, id)?.area,
            None => String::new(),
        };
        let workers = view::workers(&app.desk.look()?, &area)?;
        if workers.is_empty() {
            return Ok(Reply::refuse("还没有登记师傅，请在菜单“师傅”里登记"));
        }
        let item = |choice: &view::WorkerChoice| PickItem {
            key: choice.row.code.clone(),
            label: format!("{} {}", choice.row.name, choice.row.code),
            note: format!("{} {} 在手 {}", choice.row.team, choice.row.area, choice.out),
        };
        let whom = match (self.ticks.len(), self.under_hand(app)) {
            (0, Some(id)) => id.to_string(),
            (count, _) => format!("选了 {count} 张"),
        };
        let title = format!("派给哪位师傅  {whom}");
        Ok(Reply::push(Pick::new("worker", &title, workers.iter().map(item).collect(), initials)))
    }

    pub(super) fn hand_out(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        if self.stray.is_some() {
            self.settle_typed()?;
        }
        let Some((code, name)) = self.worker.clone() else { return Ok(self.ask_worker(app)?.and_hold()) };
        let orders = self.chosen(app)?;
        if let Err(refusal) = app.act("order.dispatch", &json!({ "orders": orders, "worker": code }), None) {
            self.untick_taken(app)?;
            return Err(refusal);
        }
        self.ticks.clear();
        self.worker = None;
        self.read(app);
        let named: Vec<String> = orders.iter().take(NAMED).map(Id::to_string).collect();
        let more = if orders.len() > NAMED { "等" } else { "" };
        let said = format!("已派 {} 张给{name}：{}{more}，Ctrl-O 打印派工单", orders.len(), named.join(" "));
        self.sent = orders;
        Ok(Reply::say(said))
    }

    /// What another terminal has handed out meanwhile is ticked no more: F2 again takes the rest.
    pub(super) fn untick_taken(&mut self, app: &App) -> Result<(), Refusal> {
        let tx = app.desk.look()?;
        let mut waiting = BTreeSet::new();
        for id in &self.ticks {
            if tx.order(*id)?.is_some_and(|order| order.stage == "waiting") {
                waiting.insert(*id);
            }
        }
        self.ticks = waiting;
        Ok(())
    }

    /// F5: the slip of the order meant; a complaint is answered instead.
    pub(super) fn open_slip(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let id = self.meant(app)?;
        let row = list::row_of(app, id)?;
        if row.answered {
            return Ok(crate::tui::screens::answer(app, id));
        }
        if row.stage != "underway" {
            return Err(Refusal::rule("R-287", format!("工单 {id} 现为“{}”，在途的才能填回执", row.state)));
        }
        Ok(crate::tui::screens::order_return(app, id))
    }

    /// F6: the callback of the order under the bar. While the bar was put nowhere yet it first goes to the most urgent order that
    /// waits for one, and says so.
    pub(super) fn open_callback(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let free = !self.touched && self.typed.is_empty() && self.ticks.is_empty();
        let first = view::first_of(&app.desk.look()?, "callback", app.desk.now())?;
        let first = first.ok_or_else(|| Refusal::rule("R-350", "没有待回访的工单"));
        let meant = match self.meant(app) {
            Ok(id) => id,
            Err(_) if free => first.clone()?,
            Err(refusal) => return Err(refusal),
        };
        let row = list::row_of(app, meant)?;
        if row.stage == "callback" {
            return Ok(crate::tui::screens::callback(app, meant));
        }
        let first = first?;
        if !free {
            let why = format!("工单 {meant} 现为“{}”，待回访的才能记回访；请到“待回访”一堆里选", row.state);
            return Err(Refusal::rule("R-350", why));
        }
        self.list.show(app, "callback", first);
        Ok(crate::tui::screens::callback(app, first).and_say(format!("光标已移到最急的待回访工单 {first}")))
    }

    pub(super) fn chase(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let (orders, now) = (self.chosen(app)?, app.desk.now());
        let named: Vec<String> = orders.iter().take(NAMED).map(Id::to_string).collect();
        let named = format!("{}{}", named.join(" "), if orders.len() > NAMED { "等" } else { "" });
        if self.chased.as_ref().is_some_and(|(of, at)| *of == orders && now - *at < chrono::TimeDelta::minutes(1)) {
            return Err(Refusal::rule("R-008", format!("刚催办过 {named}，没有再催")));
        }
        app.act("order.chase", &json!({ "orders": orders }), None)?;
        self.ticks.clear();
        let said = format!("已催办 {} 张：{named}", orders.len());
        self.chased = Some((orders, now));
        Ok(Reply::say(said))
    }

    /// Ctrl-O: the slips of the ticked orders, else of those just sent, else of the one under the bar.
    pub(super) fn print(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
        let just_sent = self.ticks.is_empty() && self.typed.is_empty() && !self.sent.is_empty();
        let orders = if just_sent { self.sent.clone() } else { self.chosen(app)? };
        let name = app.desk.now().format("%Y-%m-%d-%H%M%S").to_string();
        let slip = dispatch_slip::print_orders(&app.desk, &orders, &name)?;
        for id in &orders {
            let row = list::row_of(app, *id)?;
            if row.stage == "waiting" {
                let why = format!("工单 {id} 还没有派出，没有派工单可打；今天派出的全部用 Ctrl-P“当天单”");
                return Err(Refusal::rule("R-285", why));
            }
        }
        Self::printed(app, &slip)
    }

    /// All that was handed out today and is still out.
    pub(super) fn print_day(app: &App) -> Result<Reply<App>, Refusal> {
        Self::printed(app, &dispatch_slip::print_day(&app.desk, app.facts().day)?)
    }

    pub(super) fn printed(app: &App, slip: &Slip) -> Result<Reply<App>, Refusal> {
        match printer::print_made(&app.desk.look()?, slip) {
            Ok(Some(place)) => Ok(Reply::say(format!("派工单已送到 {place}"))),
            Ok(None) => Ok(crate::tui::screens::text(&slip.number, &slip.text)),
            Err(error) => Err(Refusal::data(error.to_string())),
        }
    }

    pub(super) fn tick_all(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
        if !self.ticks.is_empty() {
            self.ticks.clear();
            return Ok(Reply::done());
        }
        let tx = app.desk.look()?;
        let stage = if self.list.stage().is_empty() { "waiting" } else { self.list.stage() };
        let limit = i64::try_from(ALL).unwrap_or(i64::MAX);
        for id in tx.orders_by_time_left(stage, self.list.as_of.timestamp(), 0, limit)? {
            // Complaints and questions go to a department one by one, not out with the evening's slips.
            let kind = tx.order(id)?.and_then(|order| OrderKind::from_label(&order.kind));
            if kind.is_some_and(|kind| !kind.is_answered()) {
                self.ticks.insert(id);
            }
        }
        let more = if self.ticks.len() == ALL { format!("，一次最多 {ALL} 张") } else { String::new() };
        Ok(Reply::say(format!("选了 {} 张{more}", self.ticks.len())))
    }
}
