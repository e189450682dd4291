//! One exception (疑问) whole: both sides beside each other, field by field, what differs marked; decided or assigned from here too.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_exceptions::{self, ExceptionView};
use crate::desk::view_sides::{self, FieldLine};
use crate::desk::view_users;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows above the sides: what does not fit, in at most three lines, and who looks after it.
const HEAD: u16 = 4;
/// Rows below: the chosen line whole.
const TOLD: u16 = 5;

/// The screen.
pub struct Doubt {
    view: ExceptionView,
    lines: Vec<FieldLine>,
    table: Table,
    /// The first of the two sides shown.
    first: usize,
    decided: bool,
}

impl Doubt {
    /// An open exception.
    pub fn new(app: &App, view: ExceptionView) -> Result<Self, Refusal> {
        let lines = view_sides::compare(&app.desk.look()?, &view)?;
        let table = Table::new(columns(&view, 0)).when_empty("两边的凭单都没有内容");
        Ok(Self { view, lines, table, first: 0, decided: false })
    }

    fn turn(&mut self, to: usize) -> Reply<App> {
        self.first = to.min(self.view.sides.len().saturating_sub(2));
        let at = self.table.selected();
        self.table = Table::new(columns(&self.view, self.first));
        self.table.select(at);
        Reply::done()
    }
}

fn columns(view: &ExceptionView, first: usize) -> Vec<Column> {
    let several = view.sides.len() > 2;
    let title = |side: usize| match (several, side) {
        (true, _) => format!("第 {} 方", side + 1),
        (false, 0) => "一方".to_owned(),
        (false, _) => "另一方".to_owned(),
    };
    let mut columns = vec![Column::text("项目", Width::Cells(12)), Column::text(&title(first), Width::Fill(20, 1))];
    if view.sides.len() > 1 {
        columns.push(Column::text(&title(first + 1), Width::Fill(20, 1)));
    }
    columns
}

impl Screen<App> for Doubt {
    fn place(&self) -> Place {
        Place::Exceptions
    }

    fn title(&self, _: &App) -> String {
        format!("疑问 {} {}", self.view.exception, self.view.label)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        match (self.decided, self.view.account.is_some()) {
            (true, _) => Vec::new(),
            (false, true) => vec![Command::Resolve, Command::Assign, Command::Open],
            (false, false) => vec![Command::Resolve, Command::Assign],
        }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            _ if self.decided => Reply::unused(),
            Command::Resolve => ask_decision(app, &self.view, None),
            Command::Assign => ask_owner(app, &self.view),
            Command::Open => match self.view.account {
                Some(account) => super::customer(app, account),
                None => Reply::done(),
            },
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        match key.code {
            Code::Left => self.turn(self.first.saturating_sub(1)),
            Code::Right => self.turn(self.first + 1),
            _ => Reply::used_if(self.table.on_key(key, self.lines.len()) != TableEvent::Unused),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        let (tag @ ("resolve" | "assign"), Given::Values(values)) = (answer.tag, answer.given) else {
            return Reply::done();
        };
        match perform(app, &self.view, tag, &values) {
            Ok(said) => {
                self.decided |= tag == "resolve";
                if let Ok(tx) = app.desk.look()
                    && let Ok(view) = view_exceptions::find(&tx, &self.view.exception)
                {
                    self.view = view;
                }
                Reply::say(said)
            }
            Err(reply) => reply,
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let note = &mut canvas.part(1, 0, width.saturating_sub(2), HEAD - 1);
        let end = note.paragraph(0, 0, width.saturating_sub(2), &self.view.note, Ink::Text);
        let owner = self.view.owner.as_deref().unwrap_or("还没有人");
        let state = if self.decided { "已裁定" } else { "待裁定" };
        let several = match self.view.sides.len() {
            count if count > 2 => format!("   共 {count} 方，← → 换看"),
            _ => String::new(),
        };
        let line = format!("{}   处理人 {owner}   {} 天   {state}{several}", self.view.about, self.view.days);
        canvas.text_in(1, end.min(HEAD - 1), width.saturating_sub(2), &line, Ink::Faint);
        let (lines, first) = (&self.lines, self.first);
        let list = height.saturating_sub(HEAD + TOLD);
        let mut part = canvas.part(0, HEAD, width, list);
        self.table.draw(&mut part, lines.len(), true, |row| field_row(&lines[row], first));
        let Some(line) = lines.get(self.table.selected()) else { return };
        canvas.rule(HEAD + list, &line.label, Ink::Faint);
        let mut told = canvas.part(1, HEAD + list + 1, width.saturating_sub(2), TOLD - 1);
        let mut y = 0;
        for value in line.values.iter().skip(first).take(2).filter(|value| !value.is_empty()) {
            y = told.paragraph(0, y, width.saturating_sub(2), value, Ink::Text);
        }
    }
}

fn field_row(line: &FieldLine, first: usize) -> Row {
    let ink = if line.differs { Ink::Look } else { Ink::Faint };
    let mut row = Row::new([&line.label]);
    for value in line.values.iter().skip(first).take(2) {
        row = row.cell(if value.is_empty() { "-" } else { value }, ink);
    }
    row
}

/// Asks how an exception is decided; after a refusal what was typed stands in the popup again, with the mistakes.
pub(super) fn ask_decision(
    app: &App,
    view: &ExceptionView,
    refused: Option<(&Map<String, Value>, &Refusal)>,
) -> Reply<App> {
    let mut fields =
        vec![Field::text("decision", "怎么处理", 60).required(), Field::text("reason", "理由", 60).required()];
    if view.choice {
        let side = |side: &view_exceptions::SideView| Choice::new(side.id.to_string(), format!("采用 {}", side.id));
        let mut sides = vec![Choice::new("", "保留原值")];
        sides.extend(view.sides.iter().map(side));
        fields.push(Field::choice("keep", "采用", sides));
    }
    let form = Form::new(fields, app.desk.today(), initials);
    file_form::ask_again("resolve", &format!("裁定 {}", view.exception), form, refused)
}

/// Asks who is to look after an exception.
pub(super) fn ask_owner(app: &App, view: &ExceptionView) -> Reply<App> {
    let users = match view_users::users(&app.desk) {
        Ok(users) => users,
        Err(refusal) => return Reply::refuse(refusal.message()),
    };
    let choice = |user: view_users::UserView| Choice::new(user.login.clone(), format!("{} {}", user.name, user.login));
    let choices = users.into_iter().filter(|user| user.active).map(choice).collect();
    let form = Form::new(vec![Field::choice("owner", "处理人", choices).required()], app.desk.today(), initials);
    Reply::push(AskForm::new("assign", &format!("指派 {}", view.exception), form))
}

/// Does what was asked; answers what to say, or the reply of a refusal.
pub(super) fn perform(
    app: &mut App,
    view: &ExceptionView,
    tag: &str,
    values: &Map<String, Value>,
) -> Result<String, Reply<App>> {
    let text = |field: &str| values.get(field).and_then(Value::as_str).unwrap_or_default();
    let (action, input, said) = match tag {
        "assign" => (
            "exception.assign",
            json!({ "exception": view.exception, "owner": text("owner") }),
            format!("{} 已指派", view.exception),
        ),
        _ => {
            let keep = Some(text("keep")).filter(|keep| !keep.is_empty());
            let input = json!({
                "exception": view.exception, "decision": text("decision"), "reason": text("reason"), "keep": keep,
            });
            ("exception.resolve", input, format!("{} 已裁定", view.exception))
        }
    };
    match app.act(action, &input, None) {
        Ok(_) => Ok(said),
        Err(refusal) if tag == "resolve" => Err(ask_decision(app, view, Some((values, &refusal)))),
        Err(refusal) => Err(Reply::refuse(refusal.message())),
    }
}
