//! The dispatch desk (派工台): open orders by time left, least first. Space ticks, F4 takes a worker, F2 hands out.
//!
//! The list is a picture of one moment: the order under the hand stays under the hand until the list is read again, and then
//! the hand goes with it. Only rows in sight are computed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::desk::refusal::Refusal;
use crate::desk::view_orders::{self as view, DeskRow, STAGES};
use crate::outbound::{dispatch_slip, printer};
use crate::rules::id::Id;
use crate::rules::moment::Moment;
use crate::rules::order::{OrderKind, PauseReason};
use crate::store::query::order::Heaps;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{AskForm, Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Ids read at once, where the hand comes.
const CHUNK: usize = 200;
/// Rows below the list: rule, two lines about the order under the hand.
const FOOT: u16 = 3;
/// A wide window shows state and the step's limit too.
const WIDE: u16 = 110;
/// Cells of a narrow window that the other columns take.
const OTHERS: u16 = 56;
/// Orders ticked by one key at most: as many as one entry hands out.
const ALL: usize = crate::desk::order_dispatch::MAX_ORDERS;

/// The screen.
pub struct Dispatch {
    stage: usize,
    table: Table,
    /// Ids in their order, by chunk: only where the hand has been.
    ids: BTreeMap<usize, Vec<Id>>,
    /// Rows seen since the list was read.
    seen: BTreeMap<Id, DeskRow>,
    as_of: Moment,
    heaps: Heaps,
    ticks: BTreeSet<Id>,
    worker: Option<(String, String)>,
    typed: String,
    /// The order a question was asked about that is not in the part of the list at hand.
    asked: Option<Id>,
    fault: Option<String>,
}

impl Dispatch {
    /// The desk as it stands now.
    pub fn new(app: &App) -> Self {
        let table = Table::new(columns(false)).when_empty("没有未办完的工单");
        let mut desk = Self {
            stage: 0,
            table,
            ids: BTreeMap::new(),
            seen: BTreeMap::new(),
            as_of: app.desk.now(),
            heaps: Heaps::default(),
            ticks: BTreeSet::new(),
            worker: None,
            typed: String::new(),
            asked: None,
            fault: None,
        };
        desk.read(app);
        desk
    }

    fn stage(&self) -> &'static str {
        STAGES[self.stage].0
    }

    /// Reads the list again; the hand goes with its order.
    fn read(&mut self, app: &App) {
        let kept = self.under_hand(app);
        self.as_of = app.desk.now();
        self.forget();
        let heaps = app.desk.look().and_then(|tx| view::heaps(&tx, self.as_of));
        self.fault = heaps.as_ref().err().map(ToString::to_string);
        self.heaps = heaps.unwrap_or_default();
        let near = self.table.selected() / CHUNK;
        for chunk in [near, 0] {
            self.load(app, chunk);
            let place = self.ids.get(&chunk).and_then(|ids| ids.iter().position(|id| Some(*id) == kept));
            if let Some(place) = place {
                self.table.select(chunk * CHUNK + place);
                break;
            }
        }
        if let (1, Some(open)) = (self.ids.len(), self.ids.get(&0).filter(|_| self.total() <= CHUNK)) {
            let heap_is_all = self.stage().is_empty();
            self.ticks.retain(|id| !heap_is_all || open.contains(id));
        }
    }

    fn forget(&mut self) {
        self.ids.clear();
        self.seen.clear();
    }

    /// Reads one chunk of ids, unless it is at hand.
    fn load(&mut self, app: &App, chunk: usize) {
        if self.ids.contains_key(&chunk) {
            return;
        }
        let (skip, limit) = (i64::try_from(chunk * CHUNK).unwrap_or(i64::MAX), CHUNK as i64);
        let second = self.as_of.timestamp();
        let read = app.desk.look().and_then(|tx| tx.orders_by_time_left(self.stage(), second, skip, limit));
        match read {
            Ok(ids) => drop(self.ids.insert(chunk, ids)),
            Err(error) => self.fault = Some(error.to_string()),
        }
    }

    fn id_at(&mut self, app: &App, row: usize) -> Option<Id> {
        self.load(app, row / CHUNK);
        self.ids.get(&(row / CHUNK))?.get(row % CHUNK).copied()
    }

    /// The row of an order known to be in the list.
    fn place_of(&self, id: Id) -> Option<usize> {
        let found = self.ids.iter().find_map(|(chunk, ids)| Some((chunk, ids.iter().position(|known| *known == id)?)));
        found.map(|(chunk, place)| chunk * CHUNK + place)
    }

    fn total(&self) -> usize {
        let Heaps { waiting, underway, paused, callback, .. } = self.heaps;
        let count = match self.stage() {
            "waiting" => waiting,
            "underway" => underway,
            "callback" => callback,
            "paused" => paused,
            _ => waiting + underway + paused + callback,
        };
        usize::try_from(count).unwrap_or(0)
    }

    fn under_hand(&mut self, app: &App) -> Option<Id> {
        self.id_at(app, self.table.selected())
    }

    /// The order meant: the number typed, else the one under the hand.
    fn meant(&mut self, app: &App) -> Result<Id, Refusal> {
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() {
            return self.under_hand(app).ok_or_else(|| Refusal::rule("R-285", "先把光标移到一张工单上"));
        }
        Ok(crate::desk::order_step::find(&app.desk.look()?, "order", &typed)?.row.id)
    }

    fn row_of(&self, app: &App, id: Id) -> Result<DeskRow, Refusal> {
        let tx = app.desk.look()?;
        let row = tx.order(id)?.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))?;
        Ok(view::row(&tx, row, app.desk.now())?)
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
            Some(id) => self.row_of(app, id)?.area,
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
        let row = self.row_of(app, id)?;
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
            Some(id) => self.row_of(app, id)?.stage == "callback",
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
        let stage = if self.stage().is_empty() { "waiting" } else { self.stage() };
        let limit = i64::try_from(ALL).unwrap_or(i64::MAX);
        for id in tx.orders_by_time_left(stage, self.as_of.timestamp(), 0, limit)? {
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
        match self.place_of(id) {
            Some(row) => self.table.select(row),
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
            self.table.select((self.table.selected() + 1).min(self.total().saturating_sub(1)));
        }
        Reply::done()
    }

    fn turn_page(&mut self, app: &App, forward: bool) {
        let count = STAGES.len();
        self.stage = (self.stage + if forward { 1 } else { count - 1 }) % count;
        self.table.select(0);
        self.forget();
        self.load(app, 0);
    }
}

fn columns(wide: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::text("", Width::Cells(3)),
        Column::number("剩余", 7),
        Column::text("工单", Width::Cells(12)),
        Column::text("类别", Width::Cells(8)),
        Column::text("地址", Width::Fill(14, 1)).keeping_end(),
        Column::text("师傅", Width::Cells(6)),
        Column::text("承诺", Width::Cells(if wide { 11 } else { 5 })),
    ];
    if wide {
        columns.insert(6, Column::text("状态", Width::Cells(6)));
        columns.push(Column::text("本环节", Width::Cells(16)));
    }
    columns
}

impl Screen<App> for Dispatch {
    fn place(&self) -> Place {
        Place::Dispatch
    }

    fn title(&self, _: &App) -> String {
        "派工台".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.total() == 0 && self.typed.is_empty() {
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
                self.turn_page(app, key.code == Code::Right);
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
        Reply::used_if(self.table.on_key(key, self.total()) != TableEvent::Unused)
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
        self.draw_head(canvas);
        self.table.set_columns(columns(width >= WIDE));
        let list = height.saturating_sub(1 + FOOT);
        let total = self.total();
        let sight = self.table.sight(list, total);
        let seen = self.in_sight(app, sight.clone());
        let ticks = &self.ticks;
        let row = |i: usize| match i.checked_sub(sight.start).and_then(|i| seen.get(i)) {
            Some(row) => desk_row(row, ticks.contains(&row.id), width),
            None => Row::default(),
        };
        self.table.draw(&mut canvas.part(0, 1, width, list), total, true, row);
        let foot = 1 + list;
        canvas.rule(foot, "", Ink::Faint);
        let under = self.table.selected().checked_sub(sight.start).and_then(|i| seen.get(i));
        if let Some(row) = under {
            draw_foot(canvas, foot + 1, row);
        }
        if let Some(fault) = &self.fault {
            canvas.text(1, foot + 1, &format!("! {fault}"), Ink::Stop);
        }
    }
}

impl Dispatch {
    /// The rows in sight, each computed once until the list is read again.
    fn in_sight(&mut self, app: &App, sight: std::ops::Range<usize>) -> Vec<DeskRow> {
        let mut rows = Vec::with_capacity(sight.len());
        for place in sight {
            let Some(id) = self.id_at(app, place) else { break };
            if !self.seen.contains_key(&id) {
                match self.row_of(app, id) {
                    Ok(row) => drop(self.seen.insert(id, row)),
                    Err(refusal) => self.fault = Some(refusal.message()),
                }
            }
            rows.extend(self.seen.get(&id).cloned());
        }
        rows
    }

    fn draw_head(&self, canvas: &mut Canvas) {
        let Heaps { waiting, underway, paused, callback, overdue } = self.heaps;
        let mut x = 1;
        for (at, (stage, name)) in STAGES.iter().enumerate() {
            let count = match *stage {
                "waiting" => waiting,
                "underway" => underway,
                "callback" => callback,
                "paused" => paused,
                _ => waiting + underway + paused + callback,
            };
            let ink = if at == self.stage { Ink::Accent } else { Ink::Text };
            let (open, close) = if at == self.stage { ("<", ">") } else { ("", "") };
            x = canvas.text(x, 0, &format!("{open}{name} {count}{close}"), ink) + 2;
        }
        if overdue > 0 {
            x = canvas.text(x, 0, &format!("! 超时 {overdue}"), Ink::Stop) + 2;
        }
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
        let ink = if words.is_empty() { Ink::Faint } else { Ink::Accent };
        let right = if words.is_empty() { "按剩余时间".to_owned() } else { words.join("  ") };
        let cells = u16::try_from(safe::cells(&right)).unwrap_or(0);
        canvas.text(x.max(canvas.width().saturating_sub(cells + 1)), 0, &right, ink);
    }
}

/// What the row has no room for.
fn draw_foot(canvas: &mut Canvas, y: u16, row: &DeskRow) {
    let mut x = canvas.text(1, y, &format!("{} {}", row.title, row.state), Ink::Strong) + 2;
    for word in [&row.urgency, &row.phone] {
        if !word.is_empty() {
            x = canvas.text(x, y, word, Ink::Text) + 2;
        }
    }
    if !row.step.is_empty() {
        canvas.text(x, y, &format!("本环节 {}", row.step), Ink::Faint);
    }
    canvas.text(1, y + 1, &row.wish, Ink::Faint);
}

fn desk_row(row: &DeskRow, ticked: bool, width: u16) -> Row {
    let wide = width >= WIDE;
    // Area and limit stand behind an address that leaves room for them.
    let room = usize::from(width.saturating_sub(if wide { 90 } else { OTHERS }));
    let whole = format!("{} {}", row.address, row.limit);
    let address = if safe::cells(&whole) <= room { whole.trim_end().to_owned() } else { row.address.clone() };
    let left = match (row.late, row.soon) {
        (true, _) => Ink::Stop,
        (false, true) => Ink::Look,
        _ => Ink::Text,
    };
    let made = Row::default()
        .cell(if ticked { "[x]" } else { "[ ]" }, Ink::Text)
        .cell(row.left.as_str(), left)
        .cell(row.id.to_string(), Ink::Text)
        .cell(row.category.as_str(), Ink::Text)
        .cell(address, Ink::Text)
        .cell(row.worker.as_str(), Ink::Text);
    let made = if wide { made.cell(row.state.as_str(), Ink::Text) } else { made };
    // A narrow window has room for the day alone; the time of another day stands in the wide one.
    let promise = if wide { row.promise.as_str() } else { row.promise.split(' ').next().unwrap_or_default() };
    let made = made.cell(promise, Ink::Text);
    let made = if wide { made.cell(row.step.as_str(), Ink::Faint) } else { made };
    match (row.late, row.soon) {
        (true, _) => made.marked(Ink::Stop),
        (false, true) => made.marked(Ink::Look),
        _ => made,
    }
}
