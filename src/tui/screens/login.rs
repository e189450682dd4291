//! Login and lock (登录, 锁屏): name and password; on a practice book the screen says whom one may be.

use chrono::NaiveDate;

use super::of_form;
use crate::desk::session::Session;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Reply, Screen};
use crate::tui::screens::home::Home;
use crate::tui::screens::own_password::{After, OwnPassword};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};

/// F1 where nobody is let in yet: help names what may be done, and so comes after.
const HELP: &str = "输入用户名和密码，按 Enter 登录；忘了密码请找管理员。帮助登录以后按 F1";
const HELP_LOCKED: &str = "输入密码，按 Enter 接着做；不是本人按 F6 换人。帮助解锁以后按 F1";

/// Before anybody is there, or over what somebody is doing.
pub struct Login {
    form: Form,
    locked: Option<Session>,
}

impl Login {
    /// Nobody is logged in yet.
    pub fn first(app: &App) -> Self {
        let fields = vec![Field::text("login", "用户名", 32).required(), Field::secret("password", "密码").required()];
        Self { form: Form::new(fields, app.desk.today(), initials), locked: None }
    }

    /// The screen is locked: the same person goes on, or another takes the desk.
    pub fn locked(session: &Session) -> Self {
        let fields = vec![Field::secret("password", "密码").required()];
        let form = Form::new(fields, NaiveDate::default(), initials);
        Self { form, locked: Some(session.clone()) }
    }

    fn enter(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            return Reply::refused();
        }
        let login =
            self.locked.as_ref().map_or_else(|| self.form.value("login").trim().to_owned(), |s| s.login.clone());
        let outcome = app.desk.sign_in(&login, self.form.value("password"));
        self.form.set("password", "");
        match outcome {
            Ok(()) => {
                app.refresh();
                let after = if self.locked.is_some() { After::Back } else { After::Home };
                match app.desk.must_change_password() {
                    Ok(false) if after == After::Back => Reply::pop(),
                    Ok(false) => Reply::replace(Home::new(app)),
                    Ok(true) => Reply::replace(OwnPassword::first(app, after)),
                    Err(refusal) => Reply::refuse(refusal.message()),
                }
            }
            Err(refusal) => {
                // The name is kept: the hand types the password again, which no field may show.
                self.form.focus_on("password");
                Reply::refuse(refusal.message())
            }
        }
    }
}

impl Screen<App> for Login {
    fn place(&self) -> Place {
        Place::Login
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        if self.locked.is_some() { "锁屏" } else { "登录" }.into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let other = self.locked.as_ref().map(|_| Command::OtherPerson);
        other.into_iter().chain([Command::Quit]).collect()
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Quit => Reply::quit(),
            // What lies below is left as by a power cut: each form's draft waits for the one who typed it.
            Command::OtherPerson => {
                let leave = Reply::home();
                app.leave_desk();
                leave.and(Reply::replace(Self::first(app)))
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if key.is(Code::F(1)) {
            return Reply::say(if self.locked.is_some() { HELP_LOCKED } else { HELP });
        }
        if key.is(Code::Enter) && self.form.focused() == "password" {
            return self.enter(app);
        }
        Reply::used_if(self.form.on_key(key) != FormEvent::Unused)
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let top = canvas.height() / 3;
        match &self.locked {
            Some(session) => {
                canvas.text(
                    4,
                    top.saturating_sub(2),
                    &format!("{} 已锁屏，输入密码后接着做", session.name),
                    Ink::Strong,
                );
                let words = "不是本人：按 F6 换人登录；填了一半的单子都留着，本人登录后接着填";
                canvas.text_in(4, top + 3, canvas.width().saturating_sub(8), words, Ink::Faint);
            }
            None => {
                canvas.text(4, top.saturating_sub(2), &app.facts().site_name, Ink::Strong);
            }
        }
        if app.desk.is_practice() {
            let lines = [
                "练习库的用户，密码都是 demo：",
                "demo 营业员   check 第二位营业员   desk 派工",
                "room 数据室   chief 审批   boss 主任",
            ];
            let room = canvas.width().saturating_sub(8);
            let mut y = top + 6;
            for line in lines {
                y = canvas.paragraph(4, y, room, line, Ink::Faint);
            }
        }
        let width = canvas.width().saturating_sub(8).min(60);
        self.form.draw(&mut canvas.part(3, top, width, 5));
    }
}
