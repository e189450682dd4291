//! The dispatch desk (派工台): open orders by time left, least first. Space ticks, F4 takes a worker, F2 hands out.
//!
//! The list is a picture of one moment: the order under the hand stays under the hand until the list is read again, and then
//! the hand goes with it. Only rows in sight are computed.

mod deeds;
mod draw;
mod list;
mod meant;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::list::List;
use super::file_form;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::order::{DeferReason, PauseReason};
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Row, Table, TableEvent};

/// Rows below the list: rule, two lines about the order under the hand.
const FOOT: u16 = 3;
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
