//! One order whole: what it is, its clocks, everything that happened, what does not fit.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::derive::order::window;
use crate::desk::order_void;
use crate::desk::refusal::Refusal;
use crate::desk::view_orders::{self as view, OrderDetail};
use crate::desk::view_till;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows below the history: a rule and what the chosen line says, whole.
const TOLD: u16 = 4;

/// Whose answer the reason of a void order is.
const VOID: &str = "order.void";

/// The screen.
pub struct OrderScreen {
    id: Id,
    detail: OrderDetail,
    table: Table,
}

impl OrderScreen {
    /// An order by its number.
    pub fn new(app: &App, id: Id) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("时间", Width::Cells(16)),
            Column::text("事项", Width::Cells(8)),
            Column::text("经办", Width::Cells(6)),
            Column::text("内容", Width::Fill(20, 1)),
        ];
        Ok(Self { id, detail: read(app, id)?, table: Table::new(columns) })
    }
}

fn read(app: &App, id: Id) -> Result<OrderDetail, Refusal> {
    let found = view::detail(&app.desk.look()?, id, app.desk.now())?;
    found.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))
}

impl Screen<App> for OrderScreen {
    fn place(&self) -> Place {
        Place::Dispatch
    }

    fn title(&self, _: &App) -> String {
        format!("工单 {} {}", self.id, self.detail.row.category)
    }

    fn keys(&self, app: &App) -> Vec<Command> {
        let mut keys = self.ways_on();
        keys.extend(order_void::is_offered(&app.desk, &self.detail.row).then_some(Command::VoidOrder));
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::GoFees => super::charges_of(app, self.id),
            Command::Transfer => match self.detail.row.account {
                Some(account) => super::transfer(app, account),
                None => Reply::refuse("这件业务没有户号，不能过户"),
            },
            Command::Callback => super::callback(app, self.id),
            Command::Return if self.detail.desk.answered => super::answer(app, self.id),
            Command::Return => super::order_return(app, self.id),
            Command::VoidOrder => self.ask_void(app, None),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match self.table.on_key(key, self.detail.history.len()) {
            TableEvent::Unused => Reply::unused(),
            TableEvent::Open(row) => {
                let line = &self.detail.history[row];
                // Money of the case: its receipt is where it is reversed, or a deposit given back.
                if let Ok(Some(_)) = view_till::receipt_of(&app.desk, line.entry) {
                    return super::receipt(app, &line.entry.to_string());
                }
                let lines = vec![format!("{} {} {}", line.at, line.what, line.who), line.text.clone()];
                super::explain(&format!("凭单 {}", line.entry), lines)
            }
            TableEvent::Moved | TableEvent::Ticked(_) => Reply::done(),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (VOID, Given::Values(values)) => self.void(app, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        if let Ok(detail) = read(app, self.id) {
            self.detail = detail;
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let head = self.draw_head(canvas, app);
        let doubts = u16::try_from(self.detail.exceptions.len()).unwrap_or(u16::MAX).min(3);
        let list = height.saturating_sub(head + doubts + TOLD);
        let history = &self.detail.history;
        self.table.draw(&mut canvas.part(0, head, width, list), history.len(), true, |i| {
            let line = &history[i];
            let ink = if line.effective { Ink::Text } else { Ink::Faint };
            let what = if line.effective { line.what.clone() } else { format!("({})", line.what) };
            Row::new([line.at.as_str(), &what, &line.who]).cell(line.text.as_str(), ink)
        });
        let told = head + list;
        canvas.rule(told, "", Ink::Faint);
        if let Some(line) = history.get(self.table.selected()) {
            let mut part = canvas.part(0, told + 1, width, TOLD - 1);
            part.paragraph(1, 0, width.saturating_sub(2), &line.text, Ink::Text);
        }
        for (y, doubt) in (told + TOLD..height).zip(&self.detail.exceptions) {
            canvas.text(1, y, &format!("! 疑问 {}", doubt.note), Ink::Look);
        }
    }
}

impl OrderScreen {
    /// What is done next with an order that stands so.
    fn ways_on(&self) -> Vec<Command> {
        if self.detail.row.open && self.detail.row.stage == window::STAGE {
            let deed = self.detail.row.state == window::DEED;
            let fees = (self.detail.row.owed > Fen::ZERO).then_some(Command::GoFees);
            return deed.then_some(Command::Transfer).into_iter().chain(fees).collect();
        }
        match self.detail.desk.stage.as_str() {
            "callback" => vec![Command::Callback],
            _ if self.detail.desk.answered && self.detail.row.open => vec![Command::Return],
            "underway" => vec![Command::Return],
            _ => Vec::new(),
        }
    }

    /// Asks why it is void; after a refusal with what was typed before.
    fn ask_void(&self, app: &App, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let form = Form::new(vec![Field::text("reason", "原因", 60).required()], app.desk.today(), initials);
        file_form::ask_again(VOID, &format!("作废 {}", self.id), form, before)
    }

    fn void(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let done = app.ask("order.void", &json!({ "order": self.id, "reason": values.get("reason") }));
        let refund: Fen = match done {
            Ok(answer) => serde_json::from_value(answer["refund"].clone()).unwrap_or_default(),
            Err(refusal) => return self.ask_void(app, Some((values, &refusal))),
        };
        self.on_return(app);
        let said = format!("工单 {} 已作废", self.id);
        Reply::say(match refund {
            Fen::ZERO => said,
            refund => format!("{said}；已收 {} 要退：费用请冲正，押金请退还", refund.grouped()),
        })
    }

    /// What it is; answers the row after it.
    fn draw_head(&self, canvas: &mut Canvas, app: &App) -> u16 {
        let room = canvas.width().saturating_sub(2);
        let (row, desk) = (&self.detail.row, &self.detail.desk);
        let mut x = canvas.text(1, 0, &format!("{} {}", row.title, row.category), Ink::Strong) + 2;
        x = canvas.text(x, 0, &row.state, Ink::Accent) + 2;
        canvas.text(x, 0, &row.urgency, Ink::Text);
        let who = match &self.detail.account {
            Some((no, name)) => format!("{no} {name}"),
            None => row.caller.clone(),
        };
        let y = canvas.paragraph(1, 1, room, &format!("{who}  {}  {}", row.phone, row.address), Ink::Text);
        canvas.text(1, y, &format!("师傅 {}   承诺 {}", desk.worker, desk.promise), Ink::Text);
        let now = app.desk.now();
        let mut x = 1;
        for clock in self.detail.order.iter().flat_map(|order| order.read_clocks(now)) {
            let due = view::due_text(clock.due, false, now);
            let (word, ink) = match (clock.stopped.is_some(), clock.is_overdue()) {
                (true, true) => ("晚了", Ink::Look),
                (true, false) => ("按时", Ink::Faint),
                (false, true) => ("超时", Ink::Stop),
                (false, false) => ("", Ink::Text),
            };
            let sign = if clock.is_overdue() { "! " } else { "" };
            x = canvas.text(x, y + 1, format!("{sign}{} {due} {word}", clock.name).trim_end(), ink) + 3;
        }
        let mut notes = vec![row.wish.clone()];
        if row.owed > Fen::ZERO {
            notes.push(format!("还欠业务费 {}", row.owed.grouped()));
        }
        if !row.overrun.is_empty() {
            notes.push(format!("超时原因 {}", row.overrun));
        }
        let y = canvas.paragraph(1, y + 2, room, notes.join("  ").trim(), Ink::Faint);
        canvas.rule(y, "经过", Ink::Faint);
        y + 1
    }
}
