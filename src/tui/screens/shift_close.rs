//! Closing a shift (交班): the drawer is counted on a form of its own. Where the count is not what must be there, a second form shows the
//! difference, has the drawer counted again and the reason written; a key typed ahead never gets through both.

use serde_json::{Map, Value, json};

use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::ShiftRow;
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// Tag of the first form.
pub const COUNT: &str = "count";
/// Tag of the second.
pub const AGAIN: &str = "count.again";

/// A shift that is being closed.
pub struct Closing {
    shift: Id,
    who: String,
    is_own: bool,
    expected: Fen,
    counted: String,
    /// Why another's is closed.
    why: String,
    /// What explains over or short; of one's own a remark.
    note: String,
    is_sure: bool,
}

impl Closing {
    /// One's own.
    pub fn own(shift: &ShiftRow) -> Self {
        Self {
            shift: shift.id,
            who: format!("{} 班次 {}", shift.clerk, shift.no),
            is_own: true,
            expected: shift.cash,
            counted: String::new(),
            why: String::new(),
            note: String::new(),
            is_sure: false,
        }
    }

    /// Another's, left open.
    pub fn another(shift: &ShiftRow) -> Self {
        Self { is_own: false, ..Self::own(shift) }
    }

    /// The first form.
    pub fn ask_count(&self, app: &App) -> Reply<App> {
        let asked = match self.is_own {
            true => Field::text("note", "备注", 60).value(&self.note),
            false => Field::text("why", "代交原因", 60).value(&self.why).required(),
        };
        let fields = vec![
            Field::text("expected", "应有现金", 20).value(&self.expected.grouped()).fixed(),
            Field::number("counted", "清点现金", 2).required().unit("元").hint("清点后填写"),
            asked,
        ];
        let form = Form::new(fields, app.desk.today(), initials);
        Reply::push(AskForm::new(COUNT, &format!("交班  {}", self.who), form))
    }

    /// The second form, or what was refused.
    pub fn ask_again(&self, app: &App, refusal: &Refusal) -> Reply<App> {
        let is_over = refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("confirm"));
        let Some(counted) = self.sum().filter(|_| is_over) else {
            return self.ask_count(app).and_toast(refusal.message(), Ink::Stop);
        };
        let over = counted - self.expected;
        let word = if over.is_negative() { "短款" } else { "长款" };
        let fields = vec![
            Field::text("expected", "应有现金", 20).value(&self.expected.grouped()).fixed(),
            Field::text("counted", "清点现金", 20).value(&counted.grouped()).fixed(),
            Field::text("over", word, 20).value(&over.abs().grouped()).fixed(),
            Field::number("again", "再点一次", 2).required().unit("元").hint("数清以后再输一次"),
            Field::text("note", &format!("{word}原因"), 60).value(&self.note).required(),
        ];
        let form = Form::new(fields, app.desk.today(), initials);
        Reply::push(AskForm::new(AGAIN, &format!("现金不符  {}", self.who), form))
    }

    /// Takes what a form was told; a second count that differs from the first begins anew.
    pub fn hear(&mut self, tag: &str, values: &Map<String, Value>) -> Result<(), String> {
        let told = |field: &str| values.get(field).and_then(Value::as_str).map(|text| text.trim().to_owned());
        let text = |field: &str| told(field).unwrap_or_default();
        self.note = told("note").unwrap_or_else(|| std::mem::take(&mut self.note));
        self.why = told("why").unwrap_or_else(|| std::mem::take(&mut self.why));
        if tag == COUNT {
            (self.counted, self.is_sure) = (text("counted"), false);
            return Ok(());
        }
        let again = text("again").trim_end_matches('.').parse::<Fen>().ok();
        if again.is_none() || again != self.sum() {
            let told = format!("两次清点不同：{} 和 {}，请重新清点", self.counted, text("again"));
            (self.counted, self.is_sure) = (String::new(), false);
            return Err(told);
        }
        self.is_sure = true;
        Ok(())
    }

    fn sum(&self) -> Option<Fen> {
        self.counted.trim_end_matches('.').parse().ok()
    }

    /// What is sent.
    pub fn input(&self) -> Value {
        let mut input = json!({ "counted": self.counted, "note": self.note, "confirm": self.is_sure });
        if !self.is_own {
            input["shift"] = json!(self.shift);
            input["why"] = json!(self.why);
        }
        input
    }
}
