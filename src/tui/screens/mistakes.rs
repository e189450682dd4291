//! All mistakes of a form at once: beside what the form itself finds, what the desk would refuse of the rest, tried without writing.

use serde_json::Value;

use crate::tui::app::App;
use crate::tui::widgets::form::Form;

/// Fields looked past, when what is typed there cannot be read, to come to the rules behind it.
const MOST: usize = 12;

/// Adds to a form with mistakes what the desk would refuse besides. `named` says under which field of the form a field of the
/// input stands.
pub fn also(form: &mut Form, app: &mut App, action: &str, input: Value, named: fn(&str) -> &str) {
    find(form, app, action, input, named);
    // The hand goes to the first mistake in the order of the form, whoever found it.
    form.go_to_first_mistake();
}

fn find(form: &mut Form, app: &mut App, action: &str, mut input: Value, named: fn(&str) -> &str) {
    for _ in 0..MOST {
        let Err(refusal) = app.desk.try_out(action, &input.to_string()) else { return };
        let unread = refusal.faults.iter().find(|fault| fault.rule == "input");
        let Some(field) = unread.and_then(|fault| fault.field.clone()) else {
            for fault in &refusal.faults {
                if let Some(field) = fault.field.as_deref() {
                    form.show_mistake(named(field), &fault.message);
                }
            }
            return;
        };
        // What is missing or cannot be read is the form's own mistake already: an empty text stands for it.
        let Some(map) = input.as_object_mut() else { return };
        match map.get(&field).and_then(Value::as_str) {
            Some("") => return,
            _ => _ = map.insert(field, "".into()),
        }
    }
}

/// Fields of the input that stand under their own names.
pub fn same(field: &str) -> &str {
    field
}
