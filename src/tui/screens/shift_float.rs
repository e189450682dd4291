//! 备用金 put into a drawer, at the opening of a shift or in its course: one that looks mistyped is asked for once more. Cash
//! paid in (存入), too, shows the drawer before and after while it is typed, and is asked about where little stays or much goes.

use serde_json::{Map, Value};

use super::file_form;
use super::mistyped;
use crate::desk::refusal::Refusal;
use crate::desk::till::mistyped::{self as mistyped_sum, CONFIRM};
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::widgets::ask::Confirm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// Whose answer the question about a deposit is.
pub const DEPOSIT: &str = "deposit";

/// 钱箱 before and after the sum typed in `amount`, put in or taken out; nothing while no sum stands there.
pub fn picture(form: &Form, drawer: Fen, is_put_in: bool) -> Option<String> {
    let sum = typed_sum(form).filter(|sum| *sum > Fen::ZERO)?;
    let after = if is_put_in { drawer + sum } else { drawer - sum };
    let after = if after.is_negative() { "不够".to_owned() } else { after.grouped() };
    Some(format!("钱箱 {} → {after}", drawer.grouped()))
}

fn typed_sum(form: &Form) -> Option<Fen> {
    form.normal("amount").trim_end_matches('.').parse().ok()
}

/// The question about a deposit that leaves little or is large; it opens by itself, so F2 twice does not answer it.
pub fn doubt(form: &Form, drawer: Fen) -> Option<Reply<App>> {
    let doubt = mistyped_sum::doubt_deposit(typed_sum(form)?, drawer)?;
    let question = format!("{}。{doubt}：请核对有没有输错；没有错的，按 F2", picture(form, drawer, false)?);
    Some(Reply::push(Confirm::new(DEPOSIT, "存入对吗？", &question).with_f2()))
}

/// F9: 备用金 put into the drawer; again with what was typed `before` and why it was refused.
pub fn ask(app: &App, drawer: Fen, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
    let fields = vec![
        Field::number("amount", "备用金", 2).half().required().unit("元").hint("清点后填写"),
        Field::text("from", "来自", 20).half().value("财务").required(),
        Field::text("slip", "领款单号", 20),
    ];
    let form = Form::new(fields, app.desk.today(), initials);
    file_form::ask_showing("float", "加备用金", form, before, move |form| picture(form, drawer, true))
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
