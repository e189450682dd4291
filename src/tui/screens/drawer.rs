//! Whose drawer money goes back out of: asked of a person who has no till, because several may be open. Where the money was taken
//! stands there to begin with.

use serde_json::{Map, Value};

use crate::desk::view_receipt::{Drawers, drawers};
use crate::rules::id::Id;
use crate::tui::app::App;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// The field, named as the input of the actions that give money back.
pub const FIELD: &str = "shift";

/// The field to choose the drawer; none for who gives out of their own. `origin` is the shift that took the money.
pub fn field(app: &App, origin: Option<Id>) -> Option<Field> {
    let Ok(Drawers::Others(open, first)) = drawers(&app.desk, origin) else { return None };
    let choices = open.iter().map(|drawer| Choice::new(drawer.shift.to_string(), drawer.label.clone())).collect();
    let field = Field::choice(FIELD, "从谁的钱箱退", choices);
    Some(match first {
        Some(shift) => field.value(&shift.to_string()),
        None => field,
    })
}

/// The hand goes on to what is typed next, once the drawer is known.
pub fn pass(form: &mut Form, next: &str) {
    if !form.value(FIELD).is_empty() {
        form.focus_on(next);
    }
}

/// Puts the drawer that was chosen into the input of an action.
pub fn put(input: &mut Value, values: &Map<String, Value>) {
    let chosen = values.get(FIELD).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let (Value::Object(input), Some(shift)) = (input, chosen) {
        input.insert(FIELD.into(), shift.into());
    }
}
