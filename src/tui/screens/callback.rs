//! Callback (回访) and answer (答复): what was said on the telephone, and its outcome. Satisfied is F2.

use serde_json::{Value, json};

use super::mistakes;
use super::of_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_orders::{self as view, OrderDetail};
use crate::rules::id::Id;
use crate::rules::order::{AnswerOutcome, CallbackOutcome};
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// Lines of history shown: the last ones.
const HISTORY: usize = 6;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Callback,
    Answer,
}

/// The screen.
pub struct Callback {
    kind: Kind,
    detail: OrderDetail,
    form: Form,
}

impl Callback {
    /// The callback of an order that waits for it.
    pub fn new(app: &App, id: Id) -> Result<Self, Refusal> {
        let words = CallbackOutcome::ALL.iter().map(|outcome| outcome.label());
        Self::with(app, id, Kind::Callback, words.collect(), "用户意见")
    }

    /// The answer to a complaint or question.
    pub fn answer(app: &App, id: Id) -> Result<Self, Refusal> {
        let mut words: Vec<&str> = AnswerOutcome::ALL.iter().map(|outcome| outcome.label()).collect();
        words.reverse();
        Self::with(app, id, Kind::Answer, words, "答复内容")
    }

    fn with(app: &App, id: Id, kind: Kind, words: Vec<&str>, remark: &str) -> Result<Self, Refusal> {
        let detail = view::detail(&app.desk.look()?, id, app.desk.now())?;
        let detail = detail.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))?;
        let first = words.first().copied().unwrap_or_default().to_owned();
        let choices = words.into_iter().map(|word| Choice::new(word, word)).collect();
        let fields = vec![
            Field::choice("outcome", "结果", choices).value(&first).required(),
            Field::text("remark", remark, 200),
            Field::text("overrun", "超时原因", 120),
        ];
        let mut form = Form::new(fields, app.desk.today(), initials);
        form.show("overrun", false);
        if kind == Kind::Answer {
            form.focus_on("remark");
        }
        let mut screen = Self { kind, detail, form };
        let key = screen.draft_key();
        app.resume(&mut screen.form, &key);
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        let kind = if self.kind == Kind::Answer { "answer" } else { "callback" };
        format!("{kind}/{}", self.detail.row.id)
    }

    fn post(&mut self, app: &mut App) -> Reply<App> {
        let value = |field: &str| self.form.value(field).to_owned();
        let mut input = json!({ "order": self.detail.row.id, "outcome": value("outcome"), "remark": value("remark") });
        if !value("overrun").is_empty() {
            input["overrun"] = value("overrun").into();
        }
        let action = if self.kind == Kind::Answer { "complaint.answer" } else { "callback.record" };
        if !self.form.check() {
            mistakes::also(&mut self.form, app, action, input, mistakes::same);
            return Reply::done();
        }
        match app.ask(action, &input) {
            Ok(answer) => self.done(&answer),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn done(&self, answer: &Value) -> Reply<App> {
        let state = answer["state"].as_str().unwrap_or_default();
        Reply::pop().and_forget(self.draft_key()).and_say(format!("{} 已记，现为{state}", self.detail.row.id))
    }

    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        if refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("overrun")) {
            self.form.show("overrun", true);
        }
        let faults = refusal.faults.iter().map(|fault| (fault.field.as_deref().unwrap_or(""), fault.message.clone()));
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }
}

impl Screen<App> for Callback {
    fn place(&self) -> Place {
        Place::Callback
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        let what = if self.kind == Kind::Answer { "答复" } else { "回访" };
        format!("{what}  {} {}", self.detail.row.id, self.detail.row.category)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Post];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Post => self.post(app),
            Command::Anew => {
                let blank = of_form::thrown_away(app, &self.draft_key(), |app| match self.kind {
                    Kind::Answer => Self::answer(app, self.detail.row.id),
                    Kind::Callback => Self::new(app, self.detail.row.id),
                });
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let event = self.form.on_key(key);
        of_form::reply(&self.form, event, "看清之后按 F2 入账")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        self.form.take_change().map(|values| Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let row = &self.detail.row;
        let name = self.detail.account.as_ref().map_or(row.caller.as_str(), |(_, name)| name.as_str());
        let room = canvas.width().saturating_sub(2);
        let what = format!("{} {}  {}", row.title, row.category, row.address);
        let mut y = canvas.paragraph(1, 0, room, &what, Ink::Strong);
        let x = canvas.text(1, y, &format!("{name}  电话 "), Ink::Text);
        canvas.text(x, y, if row.phone.is_empty() { "无" } else { &row.phone }, Ink::Accent);
        y = canvas.paragraph(1, y + 1, room, &row.wish, Ink::Faint);
        canvas.rule(y, "经过", Ink::Faint);
        let skip = self.detail.history.len().saturating_sub(HISTORY);
        y += 1;
        for line in self.detail.history.iter().skip(skip) {
            canvas.text(1, y, &format!("{} {} {} {}", line.at, line.what, line.who, line.text), Ink::Text);
            y += 1;
        }
        canvas.rule(y, "", Ink::Faint);
        self.form.draw(&mut canvas.below(y + 1));
    }
}
