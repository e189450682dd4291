//! One order whole: what it is, its clocks, everything that happened, what does not fit.

use crate::desk::refusal::Refusal;
use crate::desk::view_orders::{self as view, OrderDetail};
use crate::rules::id::Id;
use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows above the history.
const HEAD: u16 = 6;

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

    fn keys(&self, _: &App) -> Vec<Command> {
        match self.detail.desk.stage.as_str() {
            "callback" => vec![Command::Callback],
            _ if self.detail.desk.answered && self.detail.row.open => vec![Command::Return],
            "underway" => vec![Command::Return],
            _ => Vec::new(),
        }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Callback => super::callback(app, self.id),
            Command::Return if self.detail.desk.answered => super::answer(app, self.id),
            Command::Return => super::order_return(app, self.id),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        match self.table.on_key(key, self.detail.history.len()) {
            TableEvent::Unused => Reply::unused(),
            TableEvent::Open(row) => {
                let line = &self.detail.history[row];
                let lines = vec![format!("{} {} {}", line.at, line.what, line.who), line.text.clone()];
                super::explain(&format!("凭单 {}", line.entry), lines)
            }
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
        self.draw_head(canvas, app);
        let doubts = u16::try_from(self.detail.exceptions.len()).unwrap_or(u16::MAX).min(3);
        let list = height.saturating_sub(HEAD + doubts);
        let history = &self.detail.history;
        self.table.draw(&mut canvas.part(0, HEAD, width, list), history.len(), true, |i| {
            let line = &history[i];
            let ink = if line.effective { Ink::Text } else { Ink::Faint };
            let what = if line.effective { line.what.clone() } else { format!("({})", line.what) };
            Row::new([line.at.as_str(), &what, &line.who]).cell(line.text.as_str(), ink)
        });
        for (y, doubt) in (HEAD + list..height).zip(&self.detail.exceptions) {
            canvas.text(1, y, &format!("! 疑问 {}", doubt.note), Ink::Look);
        }
    }
}

impl OrderScreen {
    fn draw_head(&self, canvas: &mut Canvas, app: &App) {
        let (row, desk) = (&self.detail.row, &self.detail.desk);
        let mut x = canvas.text(1, 0, &format!("{} {}", row.title, row.category), Ink::Strong) + 2;
        x = canvas.text(x, 0, &row.state, Ink::Accent) + 2;
        canvas.text(x, 0, &row.urgency, Ink::Text);
        let who = match &self.detail.account {
            Some((no, name)) => format!("{no} {name}"),
            None => row.caller.clone(),
        };
        canvas.text(1, 1, &format!("{who}  {}  {}", row.phone, row.address), Ink::Text);
        canvas.text(1, 2, &format!("师傅 {}   承诺 {}", desk.worker, desk.promise), Ink::Text);
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
            x = canvas.text(x, 3, format!("{sign}{} {due} {word}", clock.name).trim_end(), ink) + 3;
        }
        let mut notes = vec![row.wish.clone()];
        if !row.overrun.is_empty() {
            notes.push(format!("超时原因 {}", row.overrun));
        }
        canvas.text(1, 4, &notes.join("  "), Ink::Faint);
        canvas.rule(5, "经过", Ink::Faint);
    }
}
