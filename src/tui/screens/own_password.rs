//! A person changes their own password: the old one, the new one twice.

use serde_json::json;

use super::of_form;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Reply, Screen};
use crate::tui::screens::home::Home;
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};

/// Where a person goes on who had to choose a password first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// To the home screen.
    Home,
    /// Back to what lay under the lock.
    Back,
}

/// The screen.
pub struct OwnPassword {
    form: Form,
    first: Option<After>,
}

impl OwnPassword {
    /// An empty form.
    pub fn new(app: &App) -> Self {
        let fields = vec![
            Field::secret("old", "旧密码").required(),
            Field::secret("new", "新密码").required().hint("至少 6 个字符"),
            Field::secret("again", "再输一次").required(),
        ];
        Self { form: Form::new(fields, app.desk.today(), initials), first: None }
    }

    /// A password of one's own in the place of the one somebody else gave; nothing else can be done before.
    pub fn first(app: &App, after: After) -> Self {
        Self { first: Some(after), ..Self::new(app) }
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            return Reply::done();
        }
        if self.form.value("new") != self.form.value("again") {
            self.form.fail([("again", "两次输入的新密码不同，请重输".to_owned())]);
            return Reply::done();
        }
        let input = json!({ "old": self.form.value("old"), "new": self.form.value("new") });
        match app.act("user.password", &input, None) {
            Ok(_) => match self.first {
                Some(After::Home) => Reply::replace(Home::new(app)),
                Some(After::Back) | None => Reply::pop(),
            }
            .and_say("密码已修改"),
            Err(refusal) => {
                let field = |name: Option<&str>| if name == Some("old") { "old" } else { "new" };
                let faults = refusal.faults.iter().map(|fault| (field(fault.field.as_deref()), fault.message.clone()));
                let others = self.form.fail(faults);
                if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
            }
        }
    }
}

impl Screen<App> for OwnPassword {
    fn place(&self) -> Place {
        Place::Users
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        if self.first.is_some() { "先改密码" } else { "改密码" }.into()
    }

    fn is_closed(&self) -> bool {
        self.first.is_some()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.first.is_some() { vec![Command::Save, Command::Quit] } else { vec![Command::Save] }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Quit if self.first.is_some() => Reply::quit(),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match self.form.on_key(key) {
            FormEvent::Submit => self.save(app),
            event => Reply::used_if(event != FormEvent::Unused),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        if self.first.is_some() {
            canvas.text(1, 1, "您的密码是别人设的。请改成只有您自己知道的，再开始工作。", Ink::Strong);
        }
        self.form.draw(&mut canvas.below(if self.first.is_some() { 3 } else { 1 }));
    }
}
