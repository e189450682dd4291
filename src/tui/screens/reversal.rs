//! 冲正 of what came in: whose money it is, when it was taken and by whom, then the reason. A refusal comes back to the question
//! with what was typed: the limit, who may do it, and the rule.

use serde_json::{Map, Value, json};

use super::{drawer, file_form};
use crate::derive::shift::security;
use crate::desk::refusal::Refusal;
use crate::store::tables::till::TillRow;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// Whose answer it is.
pub const TAG: &str = "reverse";

/// The question; after a refusal with what was typed before.
pub fn ask(app: &App, row: &TillRow, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
    let is_receipt = row.is_receipt();
    let (label, number) = match row.kind.as_str() {
        "deposit" => ("存入", row.payer.clone()),
        "float" => ("备用金", row.payer.clone()),
        security::TAKEN => ("押金收据", row.receipt()),
        _ => ("核对单", row.receipt()),
    };
    let clerk = app.desk.look().ok().and_then(|tx| tx.shift(row.shift).ok().flatten());
    let clerk = clerk.map(|shift| shift.clerk).unwrap_or_default();
    let taken = format!("{} {} {clerk}", row.day, row.at.get(11..16).unwrap_or_default());
    let mut fields = vec![Field::text("receipt", label, 30).value(&number).fixed()];
    if is_receipt {
        fields.push(Field::text("payer", "用户", 40).value(&row.payer).fixed());
    }
    fields.extend([
        Field::text("taken", "收于", 40).value(taken.trim()).fixed(),
        Field::text("amount", "金额", 24).value(&format!("{} {}", row.amount.abs().grouped(), row.method)).fixed(),
    ]);
    fields.extend(drawer::field(app, Some(row.shift)).filter(|_| is_receipt).map(Field::required));
    fields.push(Field::text("reason", "原因", 60).required());
    let mut form = Form::new(fields, app.desk.today(), initials);
    drawer::pass(&mut form, "reason");
    file_form::ask_again(TAG, "冲正", form, before)
}

/// Makes the counter-entry; answers what to say.
pub fn make(app: &mut App, row: &TillRow, values: &Map<String, Value>) -> Result<String, Refusal> {
    let reason = values.get("reason").and_then(Value::as_str).unwrap_or_default();
    let answer = match row.is_receipt() {
        true => {
            let mut input = json!({ "payment": row.id, "reason": reason });
            drawer::put(&mut input, values);
            app.ask("payment.reverse", &input)
        }
        false => app.ask("shift.deposit_reverse", &json!({ "deposit": row.id, "reason": reason })),
    }?;
    Ok(answer["spoken"].as_str().unwrap_or("已冲正").to_owned())
}

/// Prints a slip again, or shows it where no printer is set up.
pub fn print_again(app: &App, row: &TillRow) -> Reply<App> {
    use crate::outbound::{check_slip, printer};
    let tx = match app.desk.look() {
        Ok(tx) => tx,
        Err(error) => return Reply::refuse(error.to_string()),
    };
    match printer::print(&tx, row.id, true) {
        Ok(Some(place)) => Reply::say(format!("已重印到 {place}")),
        Ok(None) => match check_slip::slip(&tx, row.id, true) {
            Ok(Some(slip)) => Reply::push(super::text::Text::new("重印 (没有设置打印机)", &slip.text)),
            Ok(None) => Reply::say("这一笔没有单子"),
            Err(error) => Reply::refuse(error.to_string()),
        },
        Err(error) => Reply::refuse(error.to_string()),
    }
}
