//! The second question about a tendered sum that looks mistyped: the change is counted and typed, so that a key typed ahead, or
//! the number of the next customer, never answers it.

use serde_json::{Map, Value};

use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// Whose answer it is.
pub const TAG: &str = "mistyped";
/// The same of a float.
pub const FLOAT: &str = "mistyped_float";

/// Asks for the change, or, where none is given, for the tendered sum once more.
pub fn ask(app: &App, tendered: Fen, change: Fen, told: &str) -> Reply<App> {
    let label = if change > Fen::ZERO { "找零" } else { "实收" };
    let fields = vec![
        Field::text("tendered", "实收", 20).value(&tendered.grouped()).fixed(),
        Field::number("again", label, 2).required().unit("元").hint("数清以后再输一次"),
    ];
    let form = Form::new(fields, app.desk.today(), initials);
    Reply::push(AskForm::new(TAG, "实收对吗？", form)).and_say(told.to_owned())
}

/// Asks for a float once more.
pub fn ask_float(app: &App, float: Fen, told: &str) -> Reply<App> {
    let fields = vec![
        Field::text("float", "备用金", 20).value(&float.grouped()).fixed(),
        Field::number("again", "备用金", 2).required().unit("元").hint("重新清点以后再输一次"),
    ];
    let form = Form::new(fields, app.desk.today(), initials);
    Reply::push(AskForm::new(FLOAT, "备用金对吗？", form)).and_say(told.to_owned())
}

/// Is what was typed the sum that was asked for?
pub fn heard(values: &Map<String, Value>, tendered: Fen, change: Fen) -> Result<(), String> {
    let wanted = if change > Fen::ZERO { change } else { tendered };
    is_again(values, wanted).map_err(|typed| format!("再输的 {typed} 与屏上的 {wanted} 不同，没有收款，请核对实收"))
}

/// Is it the float once more?
pub fn heard_float(values: &Map<String, Value>, float: Fen) -> Result<(), String> {
    is_again(values, float).map_err(|typed| format!("再输的 {typed} 与屏上的 {float} 不同，没有记账，请重新清点"))
}

fn is_again(values: &Map<String, Value>, wanted: Fen) -> Result<(), String> {
    let typed = values.get("again").and_then(Value::as_str).unwrap_or_default();
    match typed.trim().trim_end_matches('.').parse::<Fen>() {
        Ok(sum) if sum == wanted => Ok(()),
        _ => Err(typed.to_owned()),
    }
}
