//! The dispatch desk (派工台): open orders by time left, least first. Space ticks, F4 takes a worker, F2 hands out.
//!
//! The list is a picture of one moment: the order under the hand stays under the hand until the list is read again, and then
//! the hand goes with it. Only rows in sight are computed.

mod draw;
mod list;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::list::List;
use crate::desk::refusal::Refusal;
use crate::desk::view_orders as view;
use crate::outbound::{dispatch_slip, printer};
use crate::rules::id::Id;
use crate::rules::order::{OrderKind, PauseReason};
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{AskForm, Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Row, Table, TableEvent};

/// Rows below the list: rule, two lines about the order under the hand.
const FOOT: u16 = 3;
/// Orders ticked by one key at most: as many as one entry hands out.
const ALL: usize = crate::desk::order_dispatch::MAX_ORDERS;

/// The screen.
pub struct Dispatch {
    list: List,
    ticks: BTreeSet<Id>,
    worker: Option<(String, String)>,
    typed: String,
    /// The order a question was asked about that is not in the part of the list at hand.
    asked: Option<Id>,
}

impl Dispatch {
    /// The desk as it stands now.
    pub fn new(app: &App) -> Self {
        let table = Table::new(draw::columns(false)).when_empty("没有未办完的工单");
        let list = List::new(table, app.desk.now());
        let mut desk = Self { list, ticks: BTreeSet::new(), worker: None, typed: String::new(), asked: None };
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

    /// The order meant: the number typed, else the one under the hand.
    fn meant(&mut self, app: &App) -> Result<Id, Refusal> {
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() {
            return self.under_hand(app).ok_or_else(|| Refusal::rule("R-285", "先把光标移到一张工单上"));
        }
        Ok(crate::desk::order_step::find(&app.desk.look()?, "order", &typed)?.row.id)
    }

    /// The ticked orders, else the one meant.
    fn chosen(&mut self, app: &App) -> Result<Vec<Id>, Refusal> {
        if self.ticks.is_empty() || !self.typed.is_empty() {
            return Ok(vec![self.meant(app)?]);
        }
        Ok(self.ticks.iter().copied().collect())
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
        Ok(Reply::push(Pick::new("worker", "派给哪位师傅", workers.iter().map(item).collect(), initials)))
    }

    fn hand_out(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let Some((code, name)) = self.worker.clone() else { return self.ask_worker(app) };
        let orders = self.chosen(app)?;
        if let Err(refusal) = app.act("order.dispatch", &json!({ "orders": orders, "worker": code }), None) {
            self.untick_taken(app)?;
            return Err(refusal);
        }
        self.ticks.clear();
        self.worker = None;
        self.read(app);
        Ok(Reply::say(format!("已派 {} 张给{name}，Ctrl-O 打印派工单", orders.len())))
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

    /// F6: the callback of the order meant, or of the most urgent one waiting for it.
    fn open_callback(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let meant = if self.typed.is_empty() { self.under_hand(app) } else { Some(self.meant(app)?) };
        let waits = match meant {
            Some(id) => list::row_of(app, id)?.stage == "callback",
            None => false,
        };
        let first = view::first_of(&app.desk.look()?, "callback", app.desk.now())?;
        match meant.filter(|_| waits).or(first) {
            Some(id) => Ok(super::callback(app, id)),
            None => Err(Refusal::rule("R-350", "没有待回访的工单")),
        }
    }

    fn chase(&mut self, app: &mut App) -> Result<Reply<App>, Refusal> {
        let orders = self.chosen(app)?;
        app.act("order.chase", &json!({ "orders": orders }), None)?;
        self.ticks.clear();
        Ok(Reply::say(format!("已催办 {} 张", orders.len())))
    }

    /// Ctrl-O: the slips of the ticked orders, else of all handed out today.
    fn print(&mut self, app: &App) -> Result<Reply<App>, Refusal> {
        let slip = if self.ticks.is_empty() {
            dispatch_slip::print_day(&app.desk, app.facts().day)?
        } else {
            let orders: Vec<Id> = self.ticks.iter().copied().collect();
            let name = app.desk.now().format("%Y-%m-%d-%H%M%S").to_string();
            dispatch_slip::print_orders(&app.desk, &orders, &name)?
        };
        match printer::print_made(&app.desk.look()?, &slip) {
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
        match self.list.place_of(id) {
            Some(row) => self.list.table.select(row),
            None => self.asked = Some(id),
        }
        let today = app.desk.today();
        let reasons = PauseReason::ALL.iter().map(|reason| Choice::new(reason.label(), reason.label())).collect();
        let (tag, title, fields) = match command {
            Command::PauseOrder => (
                "order.pause",
                "暂停",
                vec![Field::choice("reason", "原因", reasons).required(), Field::text("remark", "备注", 60)],
            ),
            Command::DeferOrder => (
                "order.defer",
                "顺延",
                vec![
                    Field::text("until", "约定", 16).required().hint("如 2026-11-25 或 2026-11-25 09:30"),
                    Field::text("reason", "原因", 60).required(),
                ],
            ),
            _ => ("order.void", "作废", vec![Field::text("reason", "原因", 60).required()]),
        };
        Ok(Reply::push(AskForm::new(tag, &format!("{title} {id}"), Form::new(fields, today, initials))))
    }

    fn perform(&mut self, app: &mut App, action: &str, values: &Map<String, Value>) -> Result<Reply<App>, Refusal> {
        let id = self.asked.take().or_else(|| self.under_hand(app));
        let id = id.ok_or_else(|| Refusal::rule("R-285", "先把光标移到一张工单上"))?;
        let mut input = values.clone();
        input.retain(|_, value| value.as_str() != Some(""));
        input.insert("order".into(), json!(id));
        app.act(action, &Value::Object(input), None)?;
        self.read(app);
        Ok(Reply::say(format!("工单 {id} 已记")))
    }

    fn command(&mut self, command: Command, app: &mut App) -> Result<Reply<App>, Refusal> {
        match command {
            Command::Dispatch => self.hand_out(app),
            Command::Worker => self.ask_worker(app),
            Command::Return => self.open_slip(app),
            Command::Callback => self.open_callback(app),
            Command::Chase => self.chase(app),
            Command::PrintSlip => self.print(app),
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
        if let Some(id) = self.under_hand(app) {
            if !self.ticks.remove(&id) {
                self.ticks.insert(id);
            }
            self.list.table.select((self.list.table.selected() + 1).min(self.list.total().saturating_sub(1)));
        }
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
                self.list.turn_page(app, key.code == Code::Right);
                return Reply::done();
            }
            Code::Backspace if !self.typed.is_empty() => {
                self.typed.pop();
                return Reply::done();
            }
            Code::Esc if !self.typed.is_empty() => {
                self.typed.clear();
                return Reply::done();
            }
            _ => {}
        }
        let typed = key.typed().map(crate::tui::widgets::kind::half_width);
        if let Some(c) = typed.filter(|c| c.is_ascii_alphanumeric() || *c == '.') {
            if self.typed.len() < 20 {
                self.typed.push(c.to_ascii_uppercase());
            }
            return Reply::done();
        }
        Reply::used_if(self.list.table.on_key(key, self.list.total()) != TableEvent::Unused)
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
                self.perform(app, action, &values).unwrap_or_else(|refusal| Reply::refuse(refusal.message()))
            }
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        self.read(app);
    }

    fn tick_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn on_tick(&mut self, app: &mut App) -> Reply<App> {
        self.read(app);
        Reply::done()
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
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
        if let Some(row) = under {
            draw::foot(canvas, foot + 1, row);
        }
        if let Some(fault) = &self.list.fault {
            canvas.text(1, foot + 1, &format!("! {fault}"), Ink::Stop);
        }
    }
}
