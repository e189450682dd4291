//! What any text typed into any action must be: of bounded length, and without control characters, which would reach terminals, slips and
//! files for ever. One place for all actions; what a text may say is each action's own rule.

use serde_json::Value;

use super::refusal::{Fault, Refusal};

/// Longest text of one field, in characters.
pub const LONGEST: usize = 2_000;
/// Deepest nesting of an input.
const DEEPEST: usize = 32;

/// Fields that hold a whole file: lines and tabs belong there, and their readers bound them.
const FILES: &[(&str, &str)] = &[
    ("calendar.put", "text"),
    ("catalogue.put", "text"),
    ("tariff.put", "text"),
    ("site.enrol", "card"),
    ("site.trust", "card"),
];

/// Must this character stand in no text? Control characters, and those that change lines or the direction of what follows.
pub fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Refuses an action's input (JSON) with a text that must not be; names each field.
pub fn require(action: &str, input: &str) -> Result<(), Refusal> {
    // Inside JSON a control character is written with a backslash, or is one of those above; most inputs have neither.
    if input.len() <= LONGEST && !input.contains('\\') && !input.chars().any(|c| is_refused(c) && !c.is_ascii()) {
        return Ok(());
    }
    // What is no JSON, or too deep, is told by who reads the fields.
    let Ok(value) = serde_json::from_str::<Value>(input) else { return Ok(()) };
    let mut faults = Vec::new();
    walk(action, "", &value, 0, &mut faults);
    Refusal::unless_empty(faults)
}

fn walk(action: &str, path: &str, value: &Value, depth: usize, faults: &mut Vec<Fault>) {
    if depth > DEEPEST || faults.len() > 20 {
        return;
    }
    match value {
        Value::String(text) => faults.extend(fault(action, path, text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(action, &format!("{path}[{index}]"), item, depth + 1, faults);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match fault(action, &path, name) {
                    Some(_) => faults.push(Fault::field("text", "input", "字段名里有看不见的控制字符，请删去")),
                    None => walk(action, &path, item, depth + 1, faults),
                }
            }
        }
        _ => {}
    }
}

fn fault(action: &str, path: &str, text: &str) -> Option<Fault> {
    let is_file = FILES.contains(&(action, path));
    let allowed = |c: char| is_file && matches!(c, '\n' | '\r' | '\t' | '\u{feff}');
    if let Some(bad) = text.chars().find(|c| is_refused(*c) && !allowed(*c)) {
        let what = match bad {
            '\n' | '\r' => "换行".to_owned(),
            '\t' => "制表符".to_owned(),
            other => format!("看不见的控制字符 (U+{:04X})", u32::from(other)),
        };
        return Some(Fault::field("text", path, format!("“{path}”里有{what}，请删去后重输")));
    }
    if !is_file && text.chars().count() > LONGEST {
        let message = format!("“{path}”有 {} 个字，最多 {LONGEST} 个，请缩短", text.chars().count());
        return Some(Fault::field("text", path, message));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_refused_at_its_field_and_plain_text_is_not() {
        for c in (0u32..0x20).chain(0x7f..0xa0).chain([0x2028, 0x202e, 0x2066, 0x200f, 0xfeff]) {
            let c = char::from_u32(c).unwrap();
            let input = serde_json::json!({ "a": [{ "name": format!("王{c}芳") }] }).to_string();
            let refused = require("worker.add", &input).unwrap_err();
            assert_eq!(refused.faults[0].field.as_deref(), Some("a[0].name"), "{c:?}");
            let key = serde_json::json!({ format!("x{c}"): 1 }).to_string();
            assert!(require("worker.add", &key).is_err(), "{c:?} in a name");
        }
        for fine in [r#"{"name":"𠮷㐂 \"引\" \\ a/b"}"#, "no json \\", "{}", r#"{"text":"a b"}"#] {
            assert!(require("worker.add", fine).is_ok(), "{fine}");
        }
        let file = serde_json::json!({ "text": "a\n\tb\r\n" }).to_string();
        assert!(require("tariff.put", &file).is_ok() && require("worker.add", &file).is_err());
        assert!(require("tariff.put", &serde_json::json!({ "text": "a\u{1b}" }).to_string()).is_err());
        let long = serde_json::json!({ "name": "王".repeat(LONGEST + 1) }).to_string();
        assert!(require("worker.add", &long).is_err());
        assert!(require("worker.add", &serde_json::json!({ "name": "王".repeat(LONGEST) }).to_string()).is_ok());
    }
}
