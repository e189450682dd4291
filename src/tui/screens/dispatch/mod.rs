//! The dispatch desk (派工台): open orders by time left, least first. Space ticks, F4 takes a worker, F2 hands out.
//!
//! The list is a picture of one moment: the order under the hand stays under the hand until the list is read again, and then
//! the hand goes with it. Only rows in sight are computed.

mod draw;
mod list;
mod meant;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::list::List;
use super::file_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_orders as view;
use crate::outbound::check_slip::Slip;
use crate::outbound::{dispatch_slip, printer};
use crate::rules::id::Id;
use crate::rules::order::{DeferReason, OrderKind, PauseReason};
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Row, Table, TableEvent};

/// Rows below the list: rule, two lines about the order under the hand.
const FOOT: u16 = 3;
/// Orders named when they were handed out; of more the count is enough.
const NAMED: usize = 3;
/// Orders ticked by one key at most: as many as one entry hands out.
const ALL: usize = crate::desk::order_dispatch::MAX_ORDERS;

/// The screen.
pub struct Dispatch {
    list: List,
    ticks: BTreeSet<Id>,
    worker: Option<(String, String)>,
    typed: String,
    /// Why the number typed moved the bar nowhere.
    stray: Option<String>,
    /// The order a question was asked about.
    asked: Option<Id>,
    /// Handed out by the last F2, until the hand goes on.
    sent: Vec<Id>,
    /// Urged by the last Ctrl-E, and when: the key pressed twice urges once.
    chased: Option<(Vec<Id>, crate::rules::moment::Moment)>,
    /// The hand has put the bar somewhere, or ticked or typed.
    touched: bool,
    /// Another order came under the bar by itself, and no picture has shown it yet.
    moved: bool,
}

impl Dispatch {
    /// The desk as it stands now.
    pub fn new(app: &App) -> Self {
        let table = Table::new(draw::columns(false)).when_empty("没有未办完的工单");
        let list = List::new(table, app.desk.now());
        let mut desk = Self {
            list,
            ticks: BTreeSet::new(),
            worker: None,
            typed: String::new(),
            stray: None,
            asked: None,
            sent: Vec::new(),
            chased: None,
            touched: false,
            moved: false,
        };
        desk.read(app);
        desk
    }

    /// Reads the list again; what is closed meanwhile is ticked no more.
    fn read(&mut self, app: &App) {
        self.list.read(app);
        if let Some(open) = self.list.whole() {
            self.ticks.retain(|id| open.contains(id));
        }
    }

    fn under_hand(&mut self, app: &App) -> Option<Id> {
        self.list.under_hand(app)
    }

    fn ask_worker(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
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

    fn hand_out(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
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
    fn untick_taken(&mut self, app: &App) -> Result<(), Refusal> {
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
    fn open_slip(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let id = self.meant(app)?;
        let row = list::row_of(app, id)?;
        if row.answered {
            return Ok(super::answer(app, id));
        }
        if row.stage != "underway" {
            return Err(Refusal::rule("R-287", format!("工单 {id} 现为“{}”，在途的才能填回执", row.state)));
        }
        Ok(super::order_return(app, id))
    }

    /// F6: the callback of the order under the bar. While the bar was put nowhere yet it first goes to the most urgent order that
    /// waits for one, and says so.
    fn open_callback(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
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
            return Ok(super::callback(app, meant));
        }
        let first = first?;
        if !free {
            let why = format!("工单 {meant} 现为“{}”，待回访的才能记回访；请到“待回访”一堆里选", row.state);
            return Err(Refusal::rule("R-350", why));
        }
        self.list.show(app, "callback", first);
        Ok(super::callback(app, first).and_say(format!("光标已移到最急的待回访工单 {first}")))
    }

    fn chase(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
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
    fn print(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
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
    fn print_day(app: &App) -> Result<Reply<App>, Refusal> {
        Self::printed(app, &dispatch_slip::print_day(&app.desk, app.facts().day)?)
    }

    fn printed(app: &App, slip: &Slip) -> Result<Reply<App>, Refusal> {
        match printer::print_made(&app.desk.look()?, slip) {
            Ok(Some(place)) => Ok(Reply::say(format!("派工单已送到 {place}"))),
            Ok(None) => Ok(super::text(&slip.number, &slip.text)),
            Err(error) => Err(Refusal::data(error.to_string())),
        }
    }

    fn tick_all(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
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

    /// Asks what pausing, deferring or voiding needs.
    fn ask(&mut self, app: &App, command: Command) -> Result<Reply<App>, Refusal> {
        let id = self.meant(app)?;
        self.asked = Some(id);
        let tag = match command {
            Command::PauseOrder => "order.pause",
            Command::DeferOrder => "order.defer",
            _ => "order.void",
        };
        Ok(self.question(app, tag, None))
    }

    /// The question about the order asked about; after a refusal with what was typed before.
    fn question(&self, app: &App, tag: &'static str, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let id = self.asked.map(|id| id.to_string()).unwrap_or_default();
        let today = app.desk.today();
        let reasons = PauseReason::ALL.iter().map(|reason| Choice::new(reason.label(), reason.label())).collect();
        let defers = DeferReason::ALL.iter().map(|reason| Choice::new(reason.label(), reason.label())).collect();
        let (title, fields) = match tag {
            "order.pause" => {
                ("暂停", vec![Field::choice("reason", "原因", reasons).required(), Field::text("remark", "备注", 60)])
            }
            "order.defer" => (
                "顺延",
                vec![
                    Field::text("until", "约定", 16).required().hint("如 2026-11-25 或 2026-11-25 09:30"),
                    Field::choice("reason", "原因", defers).required(),
                    Field::text("remark", "备注", 60),
                ],
            ),
            _ => ("作废", vec![Field::text("reason", "原因", 60).required()]),
        };
        file_form::ask_again(tag, &format!("{title} {id}"), Form::new(fields, today, initials), before)
    }

    fn perform(&mut self, app: &mut App, action: &str, values: &Map<String, Value>) -> Result<Reply<App>, Refusal> {
        let id = self.asked.ok_or_else(|| Refusal::rule("R-285", "先把光标移到一张工单上"))?;
        let mut input = values.clone();
        input.retain(|_, value| value.as_str() != Some(""));
        input.insert("order".into(), json!(id));
        app.act(action, &Value::Object(input), None)?;
        self.asked = None;
        self.read(app);
        let said = Reply::say(format!("工单 {id} 已记"));
        Ok(if self.under_hand(app) == Some(id) { said } else { said.and_hold() })
    }

    fn command(&mut self, command: Command, app: &mut App) -> Result<Reply<App>, Refusal> {
        // A number typed names its order; every other key means the one that was seen under the bar.
        let named = !self.typed.is_empty() || matches!(command, Command::TickAll | Command::PrintDay);
        if self.moved && !named && (command != Command::PrintSlip || self.sent.is_empty()) {
            return Ok(Reply::unseen());
        }
        match command {
            Command::Dispatch => self.hand_out(app),
            Command::Worker => self.ask_worker(app),
            Command::Return => self.open_slip(app),
            Command::Callback => self.open_callback(app),
            Command::Chase => self.chase(app),
            Command::PrintSlip => self.print(app),
            Command::PrintDay => Self::print_day(app),
            Command::TickAll => self.tick_all(app),
            Command::Tick => Ok(self.turn_tick(app)),
            Command::Open => {
                let id = self.meant(app)?;
                Ok(super::order(app, id))
            }
            Command::ResumeOrder => {
                let id = self.meant(app)?;
                app.act("order.resume", &json!({ "order": id }), None)?;
                self.read(app);
                Ok(Reply::say(format!("工单 {id} 已恢复")))
            }
            Command::PauseOrder | Command::DeferOrder | Command::VoidOrder => self.ask(app, command),
            _ => Ok(Reply::unused()),
        }
    }

    fn turn_tick(&mut self, app: &App) -> Reply<App> {
        if let Err(refusal) = self.settle_typed() {
            return Reply::refuse(refusal.message());
        }
        self.touch();
        let Some(id) = self.under_hand(app) else { return Reply::refuse("先把光标移到一张工单上") };
        if !self.ticks.remove(&id) {
            self.ticks.insert(id);
        }
        self.list.table.select((self.list.table.selected() + 1).min(self.list.total().saturating_sub(1)));
        Reply::done()
    }
}

impl Dispatch {
    /// What is ticked, picked or typed, for the head.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.ticks.is_empty() {
            words.push(format!("选了 {}", self.ticks.len()));
        }
        if let Some((_, name)) = &self.worker {
            words.push(format!("师傅 {name}"));
        }
        if !self.typed.is_empty() {
            words.push(format!("工单 {}_", self.typed));
        }
        words
    }
}

impl Screen<App> for Dispatch {
    fn place(&self) -> Place {
        Place::Dispatch
    }

    fn title(&self, _: &App) -> String {
        "派工台".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.list.total() == 0 && self.typed.is_empty() {
            return Vec::new();
        }
        vec![
            Command::Tick,
            Command::Worker,
            Command::Dispatch,
            Command::Return,
            Command::Callback,
            Command::PrintSlip,
            Command::Chase,
            Command::TickAll,
            Command::Open,
            Command::PauseOrder,
            Command::ResumeOrder,
            Command::DeferOrder,
            Command::VoidOrder,
            Command::PrintDay,
        ]
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        self.command(command, app).unwrap_or_else(|refusal| {
            self.read(app);
            Reply::refuse(refusal.message())
        })
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match key.code {
            Code::Left | Code::Right if !key.ctrl => {
                self.touch();
                self.list.turn_page(app, key.code == Code::Right);
                self.seek(app);
                let put_down = std::mem::take(&mut self.ticks).len();
                return match put_down {
                    0 => Reply::done(),
                    count => Reply::say(format!("换了一堆，选中的 {count} 张已放下")),
                };
            }
            Code::Backspace if !self.typed.is_empty() => {
                self.typed.pop();
                self.seek(app);
                return Reply::done();
            }
            Code::Char('u') if key.ctrl => {
                self.typed.clear();
                self.stray = None;
                return Reply::done();
            }
            Code::Esc if !self.typed.is_empty() => {
                self.typed.clear();
                self.stray = None;
                return Reply::done();
            }
            _ => {}
        }
        let typed = key.typed().map(crate::tui::widgets::kind::half_width);
        if let Some(c) = typed.filter(|c| c.is_ascii_alphanumeric() || *c == '.') {
            if self.typed.len() >= 20 {
                return Reply::unused(); // no order has so long a number
            }
            self.typed.push(c.to_ascii_uppercase());
            self.touch();
            self.seek(app);
            return Reply::done();
        }
        let moved = self.list.table.on_key(key, self.list.total()) != TableEvent::Unused;
        if moved {
            self.touch();
            if self.stray.take().is_some() {
                self.typed.clear();
            }
        }
        Reply::used_if(moved)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("worker", Given::Picked(code)) => {
                let found = app.desk.look().ok().and_then(|tx| tx.workers_of_text(&code).ok());
                let name = found.and_then(|found| found.into_iter().next()).map_or(code.clone(), |row| row.name);
                self.worker = Some((code, name));
                Reply::done()
            }
            (action @ ("order.pause" | "order.defer" | "order.void"), Given::Values(values)) => {
                match self.perform(app, action, &values) {
                    Ok(reply) => reply,
                    Err(refusal) => self.question(app, action, Some((&values, &refusal))),
                }
            }
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        let before = self.under_hand(app);
        self.read(app);
        self.moved |= before != self.under_hand(app);
    }

    fn tick_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn on_tick(&mut self, app: &mut App) -> Reply<App> {
        let before = self.under_hand(app);
        self.read(app);
        // Another stands under the bar now, without the hand: it is seen before a key acts on it.
        if before == self.under_hand(app) { Reply::done() } else { Reply::done().and_hold() }
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        self.moved = false;
        let (width, height) = (canvas.width(), canvas.height());
        draw::head(canvas, &self.list, &self.words());
        self.list.table.set_columns(draw::columns(width >= draw::WIDE));
        let rows = height.saturating_sub(1 + FOOT);
        let total = self.list.total();
        let sight = self.list.table.sight(rows, total);
        let seen = self.list.in_sight(app, sight.clone());
        let ticks = &self.ticks;
        let row = |i: usize| match i.checked_sub(sight.start).and_then(|i| seen.get(i)) {
            Some(row) => draw::row(row, ticks.contains(&row.id), width),
            None => Row::default(),
        };
        self.list.table.draw(&mut canvas.part(0, 1, width, rows), total, true, row);
        let foot = 1 + rows;
        canvas.rule(foot, "", Ink::Faint);
        let under = self.list.table.selected().checked_sub(sight.start).and_then(|i| seen.get(i));
        match (&self.stray, under) {
            (Some(why), _) => {
                canvas.paragraph(1, foot + 1, width.saturating_sub(2), &format!("! {why}"), Ink::Look);
            }
            (None, Some(row)) => draw::foot(canvas, foot + 1, row),
            (None, None) => {}
        }
        if let Some(fault) = &self.list.fault {
            canvas.text(1, foot + 1, &format!("! {fault}"), Ink::Stop);
        }
    }
}
