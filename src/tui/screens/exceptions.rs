//! Exceptions (疑问): two true entries that do not fit together, both sides shown; somebody looks after each, and only a decision with
//! its reason closes it.

use serde_json::{Map, Value};

use super::doubt;
use crate::desk::refusal::Refusal;
use crate::desk::view_exceptions::{self, ExceptionView};
use crate::text::toolkit::ROW_GONE;
use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows of the detail.
const DETAIL: u16 = 8;

/// The screen.
pub struct Exceptions {
    rows: Vec<ExceptionView>,
    table: Table,
    /// The row a question was asked about has left the list.
    gone: bool,
}

impl Exceptions {
    /// Every open exception.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("编号", Width::Cells(10)),
            Column::text("疑问", Width::Cells(22)),
            Column::text("对象", Width::Fill(20, 1)),
            Column::text("处理人", Width::Cells(8)),
            Column::number("天", 4),
        ];
        let table = Table::new(columns).when_empty("没有疑问");
        Ok(Self { rows: view_exceptions::open(&app.desk)?, table, gone: false })
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        let kept = self.chosen().map(|view| view.exception.clone());
        self.rows = view_exceptions::open(&app.desk)?;
        self.gone = !self.table.follow(kept, self.rows.iter().map(|view| view.exception.clone()));
        Ok(())
    }

    fn chosen(&self) -> Option<&ExceptionView> {
        self.rows.get(self.table.selected())
    }

    fn perform(&mut self, app: &mut App, tag: &str, values: &Map<String, Value>) -> Reply<App> {
        let Some(view) = self.chosen().filter(|_| !self.gone) else { return Reply::refuse(ROW_GONE) };
        match doubt::perform(app, view, tag, values) {
            Ok(said) => match self.read(app) {
                Ok(()) => Reply::say(said).and_hold(),
                Err(refusal) => Reply::refuse(refusal.message()),
            },
            Err(reply) => reply,
        }
    }
}

impl Screen<App> for Exceptions {
    fn place(&self) -> Place {
        Place::Exceptions
    }

    fn title(&self, _: &App) -> String {
        format!("疑问 {}", self.rows.len())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        match self.chosen() {
            None => Vec::new(),
            Some(_) => vec![Command::Resolve, Command::Assign, Command::Open],
        }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        if !matches!(command, Command::Resolve | Command::Assign | Command::Open) {
            return Reply::unused();
        }
        let Some(view) = self.chosen() else { return Reply::refuse("没有疑问") };
        match command {
            Command::Resolve => doubt::ask_decision(app, view, None),
            Command::Assign => doubt::ask_owner(app, view),
            Command::Open => match doubt::Doubt::new(app, view.clone()) {
                Ok(screen) => Reply::push(screen),
                Err(refusal) => Reply::refuse(refusal.message()),
            },
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        Reply::used_if(self.table.on_key(key, self.rows.len()) != TableEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (tag @ ("resolve" | "assign"), Given::Values(values)) => self.perform(app, tag, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // A failure shows at the next key.
        let _ = self.read(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let list = height.saturating_sub(DETAIL);
        let rows = &self.rows;
        self.table.draw(&mut canvas.part(0, 0, width, list), rows.len(), true, |row| exception_row(&rows[row]));
        let Some(view) = rows.get(self.table.selected()) else { return };
        canvas.rule(list, &format!("{}  {}", view.exception, view.label), Ink::Faint);
        let top = canvas.paragraph(1, list + 1, width.saturating_sub(2), &view.note, Ink::Text);
        for (y, side) in (top..).zip(view.sides.iter().take(4)) {
            let text = format!("{:<14}  {}  {}  {}", side.id.to_string(), side.at, side.actor, side.action);
            canvas.text_in(1, y, width.saturating_sub(2), &text, Ink::Faint);
        }
    }
}

fn exception_row(view: &ExceptionView) -> Row {
    Row::new([&view.exception])
        .cell(&view.label, Ink::Look)
        .cell(&view.about, Ink::Text)
        .cell(view.owner.as_deref().unwrap_or("-"), if view.owner.is_some() { Ink::Text } else { Ink::Faint })
        .cell(view.days.to_string(), Ink::Faint)
}
