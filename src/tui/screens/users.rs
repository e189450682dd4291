//! Users (用户) and their posts: F2 adds one, F6 gives or takes a post, F7 a new first password, F8 closes.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::desk::refusal::Refusal;
use crate::desk::rights;
use crate::desk::view_users::{self, UserView};
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

/// Rows for the posts of the chosen user.
const DETAIL: u16 = 8;

/// The screen.
pub struct Users {
    rows: Vec<UserView>,
    table: Table,
}

impl Users {
    /// Everybody.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("登录名", Width::Cells(14)),
            Column::text("姓名", Width::Cells(14)),
            Column::text("岗位", Width::Fill(30, 1)),
            Column::text("", Width::Cells(6)),
        ];
        app.desk.may_if_known(rights::USERS)?;
        Ok(Self { rows: view_users::users(&app.desk)?, table: Table::new(columns) })
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        let kept = self.chosen().map(|user| user.user);
        self.rows = view_users::users(&app.desk)?;
        self.table.follow(kept, self.rows.iter().map(|user| user.user));
        Ok(())
    }

    fn chosen(&self) -> Option<&UserView> {
        self.rows.get(self.table.selected())
    }

    /// Asks in a popup; after a refusal with what was typed and the mistakes at their fields.
    fn ask(&self, app: &App, tag: &'static str, refused: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let posts = || rights::roles().iter().map(|role| Choice::new(&role.code, &role.name));
        let name = self.chosen().map(|user| user.name.clone()).unwrap_or_default();
        let (title, fields) = match tag {
            "user.add" => (
                "新增用户".to_owned(),
                vec![
                    Field::text("login", "登录名", 32).required().hint("小写字母、数字"),
                    Field::text("name", "姓名", 20).required(),
                    Field::choice("role", "岗位", posts().collect()).required(),
                    Field::secret("password", "首次密码").required(),
                ],
            ),
            "user.right" => {
                let ways = vec![Choice::new("give", "授予"), Choice::new("take", "收回")];
                (
                    format!("{name} 的岗位"),
                    vec![
                        Field::choice("role", "岗位", posts().collect()).required(),
                        Field::choice("way", "办理", ways).value("give").required(),
                        Field::date("first_day", "首日").hint("空着从今天起"),
                        Field::date("last_day", "末日").hint("空着一直有效"),
                    ],
                )
            }
            "user.reset" => (format!("重置 {name} 的密码"), vec![Field::secret("password", "新的首次密码").required()]),
            _ => (format!("停用 {name}"), vec![Field::text("reason", "原因", 60).required()]),
        };
        let form = Form::new(fields, app.desk.today(), initials);
        file_form::ask_again(tag, &title, form, refused)
    }

    fn perform(&mut self, app: &mut App, action: &'static str, values: &Map<String, Value>) -> Reply<App> {
        let text = |field: &str| values.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let day = |field: &str| Some(text(field)).filter(|text| !text.is_empty());
        let login = self.chosen().map(|user| user.handle.clone()).unwrap_or_default();
        let input = match action {
            "user.add" => json!({
                "login": text("login"), "name": text("name"), "roles": [text("role")], "password": text("password"),
            }),
            "user.right" if text("way") == "take" => json!({ "user": login, "role": text("role"), "withdraw": true }),
            "user.right" => json!({
                "user": login, "role": text("role"), "first_day": day("first_day"), "last_day": day("last_day"),
            }),
            "user.reset" => json!({ "user": login, "password": text("password") }),
            _ => json!({ "user": login, "reason": text("reason") }),
        };
        let done = app.act(action, &input, None);
        match done.and_then(|_| self.read(app)) {
            Ok(()) => Reply::say("已记").and_hold(),
            Err(refusal) => self.ask(app, action, Some((values, &refusal))),
        }
    }
}

impl Screen<App> for Users {
    fn place(&self) -> Place {
        Place::Users
    }

    fn title(&self, _: &App) -> String {
        "用户".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::Save, Command::Grant, Command::ResetPassword, Command::CloseUser]
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.ask(app, "user.add", None),
            Command::Grant => self.ask(app, "user.right", None),
            Command::ResetPassword => self.ask(app, "user.reset", None),
            Command::CloseUser => self.ask(app, "user.close", None),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        Reply::used_if(self.table.on_key(key, self.rows.len()) != TableEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (tag @ ("user.add" | "user.right" | "user.reset" | "user.close"), Given::Values(values)) => {
                self.perform(app, tag, &values)
            }
            _ => Reply::done(),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let list = height.saturating_sub(DETAIL);
        let rows = &self.rows;
        self.table.draw(&mut canvas.part(0, 0, width, list), rows.len(), true, |row| user_row(&rows[row]));
        let Some(user) = rows.get(self.table.selected()) else { return };
        canvas.rule(list, &format!("{} 的岗位", user.name), Ink::Faint);
        for (y, role) in (list + 1..height).zip(&user.roles) {
            let ink = if role.in_force { Ink::Text } else { Ink::Faint };
            canvas.text_in(1, y, width.saturating_sub(2), &format!("{}  {}", role.name, role.span()), ink);
        }
    }
}

fn user_row(user: &UserView) -> Row {
    let posts: Vec<&str> = user.roles.iter().filter(|role| role.in_force).map(|role| role.name.as_str()).collect();
    Row::new([user.handle.clone(), user.name.clone(), posts.join("、")])
        .cell(if user.active { "" } else { "停用" }, Ink::Faint)
}
