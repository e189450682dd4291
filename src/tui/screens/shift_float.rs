//! 备用金 put into a drawer, at the opening of a shift or in its course: one that looks mistyped is asked for once more.

use serde_json::{Map, Value};

use super::file_form;
use super::mistyped;
use crate::desk::refusal::Refusal;
use crate::desk::till::mistyped::CONFIRM;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// F9: 备用金 put into the drawer; again with what was typed `before` and why it was refused.
pub fn ask(app: &App, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
    let fields = vec![
        Field::number("amount", "备用金", 2).half().required().unit("元").hint("清点后填写"),
        Field::text("from", "来自", 20).half().value("财务").required(),
        Field::text("slip", "领款单号", 20),
    ];
    file_form::ask_again("float", "加备用金", Form::new(fields, app.desk.today(), initials), before)
}

/// A float that waits to be typed once more.
pub struct Again {
    /// What is done with it.
    pub action: &'static str,
    input: Value,
    sum: Fen,
    told: String,
}

impl Again {
    /// Was it refused for that?
    pub fn of(action: &'static str, input: &Value, refusal: &Refusal) -> Option<Self> {
        let [fault] = &refusal.faults[..] else { return None };
        let typed = input.get("float").or(input.get("amount")).and_then(Value::as_str)?;
        let sum = typed.trim_end_matches('.').parse().ok()?;
        let is_asked = fault.field.as_deref() == Some(CONFIRM);
        is_asked.then(|| Self { action, input: input.clone(), sum, told: fault.message.clone() })
    }

    /// The question.
    pub fn ask(&self, app: &App) -> Reply<App> {
        mistyped::ask_float(app, self.sum, &self.told)
    }

    /// The input with the answer; nothing unless it is the same sum.
    pub fn hear(mut self, values: &Map<String, Value>) -> Result<Value, String> {
        mistyped::heard_float(values, self.sum)?;
        self.input[CONFIRM] = true.into();
        Ok(self.input)
    }
}
