//! Which field of an action's input may hold a long number of its own (I-13); every other holds words.

use serde_json::{Map, Value};

use crate::rules::customer;
use crate::rules::private_numbers::Holds;

/// Fields that seal what they hold, or keep only a verifier of it; `*` is any name.
const SEALED: &[(&str, &str)] = &[
    ("account.open", "id_number"),
    ("account.open", "bank_card"),
    ("account.transfer", "id_number"),
    ("account.transfer", "bank_card"),
    ("account.transfer", "agent.id_number"),
    ("user.add", "password"),
    ("user.password", "old"),
    ("user.password", "new"),
    ("user.reset", "password"),
    // Each cell is judged by its own column, as when the file came in.
    ("import.mend", "cells.*"),
];

/// Names of fields with meters' numbers: makers give 12 to 22 digits.
const METERS: &[&str] = &["meter", "meter_no", "old_meter", "new_meter"];
/// Names of fields with numbers of the branch or of a bank: 户号 of whatever system was before, 代扣协议号, 铅封号 as bar codes hold them,
/// 抄表序号.
const NUMBERS: &[&str] =
    &["account", "account_no", "agreement", "settled_with", "seal", "old_seal", "new_seal", "route"];

/// The field of the customer file whose new value stands at this path.
pub fn amended(action: &str, path: &str, within: Option<&Map<String, Value>>) -> Option<&'static customer::Field> {
    let is_value = action == "account.amend" && path.rsplit('.').next() == Some("value");
    let named = within.filter(|_| is_value)?.get("field")?.as_str()?;
    customer::field(named)
}

/// What a field holds, by the action, its path (`agent.id_number`, `also[0].value`), and the object it stands in.
pub fn holds(action: &str, path: &str, within: Option<&Map<String, Value>>) -> Holds {
    let sealed = |(known, field): &(&str, &str)| {
        *known == action && (path == *field || field.strip_suffix('*').is_some_and(|start| path.starts_with(start)))
    };
    if SEALED.iter().any(sealed) {
        return Holds::Sealed;
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    if action == "account.amend" && matches!(last, "value" | "seen") {
        let named = within.and_then(|fields| fields.get("field")).and_then(Value::as_str).unwrap_or_default();
        return match customer::field(named) {
            Some(field) if field.is_sealed() => Holds::Sealed,
            _ => of_name(named.rsplit('.').next().unwrap_or(named)),
        };
    }
    match (action, path) {
        ("account.open", "meter.no") => Holds::Meter,
        _ => of_name(last),
    }
}

/// What a field or a column of a table holds, by its name alone.
pub fn of_name(name: &str) -> Holds {
    if METERS.contains(&name) || name.contains("表号") {
        return Holds::Meter;
    }
    if NUMBERS.contains(&name) { Holds::Number } else { Holds::Text }
}
