//! The register of workers (师傅): by team and area, with what they have out. F2 adds one; Enter changes one.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::derive::worker::Post;
use crate::desk::refusal::Refusal;
use crate::store::tables::user::WorkerRow;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// The screen.
pub struct Workers {
    table: Table,
    rows: Vec<(WorkerRow, i64)>,
    fault: Option<String>,
}

impl Workers {
    /// Everybody registered, those who left too.
    pub fn new(app: &App) -> Self {
        let columns = vec![
            Column::text("代号", Width::Cells(8)),
            Column::text("姓名", Width::Fill(10, 1)),
            Column::text("工种", Width::Cells(8)),
            Column::text("班组", Width::Fill(10, 1)),
            Column::text("区域", Width::Fill(8, 1)),
            Column::text("电话", Width::Cells(13)),
            Column::number("在手", 4),
            Column::text("", Width::Cells(4)),
        ];
        let table = Table::new(columns).when_empty("还没有登记师傅，按 F2 登记");
        let mut screen = Self { table, rows: Vec::new(), fault: None };
        screen.read(app);
        screen
    }

    fn read(&mut self, app: &App) {
        let read = || -> Result<Vec<(WorkerRow, i64)>, Refusal> {
            let tx = app.desk.look()?;
            let rows = tx.workers()?.into_iter();
            rows.map(|row| Ok((row.clone(), tx.load_of_worker(row.id)?))).collect()
        };
        match read() {
            Ok(rows) => {
                let kept = self.rows.get(self.table.selected()).map(|(row, _)| row.id);
                (self.rows, self.fault) = (rows, None);
                self.table.follow(kept, self.rows.iter().map(|(row, _)| row.id));
            }
            Err(refusal) => self.fault = Some(refusal.message()),
        }
    }

    fn ask(app: &App, known: Option<&WorkerRow>, refused: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let value = |pick: fn(&WorkerRow) -> &String| known.map_or("", |row| pick(row));
        let posts = Post::ALL.iter().map(|post| Choice::new(post.word(), post.word())).collect();
        let mut fields = vec![
            Field::text("name", "姓名", 20).required().value(value(|row| &row.name)),
            Field::text("team", "班组", 20).required().value(value(|row| &row.team)),
            Field::text("area", "区域", 20).value(value(|row| &row.area)),
            Field::phone("phone", "电话").value(value(|row| &row.phone)),
            Field::choice("post", "工种", posts).value(value(|row| &row.post)),
        ];
        let (tag, title) = match known {
            Some(row) => {
                let states = vec![Choice::new("true", "在岗"), Choice::new("false", "停用")];
                fields.push(Field::choice("active", "状态", states).value(&row.active.to_string()));
                ("worker.amend", format!("改 {}", row.name))
            }
            None => {
                fields.insert(0, Field::text("code", "代号", 8).required().hint("如姓名首字母"));
                ("worker.add", "登记师傅".to_owned())
            }
        };
        file_form::ask_again(tag, &title, Form::new(fields, app.desk.today(), initials), refused)
    }

    fn perform(&mut self, app: &mut App, action: &str, values: &Map<String, Value>) -> Reply<App> {
        let mut input = values.clone();
        input.retain(|field, value| field != "post" || value.as_str().is_some_and(|text| !text.is_empty()));
        if action == "worker.amend" {
            let Some((row, _)) = self.rows.get(self.table.selected()) else { return Reply::done() };
            input.insert("worker".into(), json!(row.id));
            let active = input.get("active").and_then(Value::as_str) == Some("true");
            input.insert("active".into(), active.into());
        }
        let done = app.act(action, &Value::Object(input), None);
        self.read(app);
        match done {
            Ok(_) => Reply::say("已记").and_hold(),
            Err(refusal) => {
                let known = self.rows.get(self.table.selected()).filter(|_| action == "worker.amend");
                Self::ask(app, known.map(|(row, _)| row), Some((values, &refusal)))
            }
        }
    }
}

impl Screen<App> for Workers {
    fn place(&self) -> Place {
        Place::Users
    }

    fn title(&self, _: &App) -> String {
        "师傅".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.rows.is_empty() { vec![Command::Save] } else { vec![Command::Save, Command::Open] }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => Self::ask(app, None, None),
            Command::Open => match self.rows.get(self.table.selected()) {
                Some((row, _)) => Self::ask(app, Some(row), None),
                None => Reply::done(),
            },
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        Reply::used_if(self.table.on_key(key, self.rows.len()) != TableEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (action @ ("worker.add" | "worker.amend"), Given::Values(values)) => self.perform(app, action, &values),
            _ => Reply::done(),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let rows = &self.rows;
        self.table.draw(&mut canvas.part(0, 0, width, height.saturating_sub(1)), rows.len(), true, |i| {
            let (row, out) = &rows[i];
            Row::new([&row.code, &row.name, &row.post, &row.team, &row.area, &row.phone])
                .cell(out.to_string(), Ink::Text)
                .cell(if row.active { "" } else { "停用" }, Ink::Faint)
        });
        if let Some(fault) = &self.fault {
            canvas.text(1, height.saturating_sub(1), &format!("! {fault}"), Ink::Stop);
        }
    }
}
