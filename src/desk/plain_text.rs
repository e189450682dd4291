//! What any text typed into any action must be: of bounded length, without control characters, which would reach terminals, slips and
//! files for ever, and without numbers of IDs and cards in clear (I-13). One place for all actions; what a text may say is each action's
//! own rule.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::number_fields;
use super::refusal::{Fault, Refusal};
use crate::rules::private_numbers::{self, Holds};
use crate::text::{fields, safe};

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

/// Must this character stand in no text? Control characters, those that change lines or the direction of what follows, and all that
/// nobody sees.
pub fn is_refused(c: char) -> bool {
    safe::is_hidden(c)
}

/// Refuses an action's input (JSON) with a text that must not be; names each field.
pub fn require(action: &str, input: &str, today: NaiveDate) -> Result<(), Refusal> {
    // Inside JSON a control character is written with a backslash, or is one of those above; most inputs have neither. A number that
    // stands in no part of the input stands in none of its fields.
    let plain = !input.contains('\\') && !input.chars().any(|c| is_refused(c) && c >= ' ');
    if plain && input.len() <= LONGEST && private_numbers::found(input, today).is_none() {
        return Ok(());
    }
    // What is no JSON, or too deep, is told by who reads the fields.
    let Ok(value) = serde_json::from_str::<Value>(input) else { return Ok(()) };
    let mut walk = Walk { action, today, faults: Vec::new() };
    walk.value("", &value, None, 0);
    Refusal::unless_empty(walk.faults)
}

/// Refuses a text that stands beside the input: an idempotency key, a name given at the first start.
pub fn require_one(field: &str, text: &str, today: NaiveDate) -> Result<(), Refusal> {
    if text.chars().any(is_refused) {
        return Err(Refusal::field("text", field, format!("“{field}”里有看不见的控制字符，请删去")));
    }
    Refusal::unless_empty(private("", (field, None), text, Holds::Text, today).into_iter().collect())
}

/// One walk over an input, for everything that no text may hold.
struct Walk<'a> {
    action: &'a str,
    today: NaiveDate,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// `within`: the object the value stands in, at whatever depth of lists.
    fn value(&mut self, path: &str, value: &Value, within: Option<&Map<String, Value>>, depth: usize) {
        if depth > DEEPEST || self.faults.len() > 20 {
            return;
        }
        match value {
            Value::String(text) => match fault(self.action, path, text) {
                Some(fault) => {
                    let field = number_fields::amended(self.action, path, within).map(|field| field.key.to_owned());
                    self.faults.push(Fault { field: field.or(fault.field), ..fault });
                }
                None => self.private(path, text, within),
            },
            // A number may be typed without quotes; one with a point is a quantity.
            Value::Number(number) => {
                let digits = number.to_string();
                if digits.bytes().all(|b| b.is_ascii_digit()) {
                    self.private(path, &digits, within);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{path}[{index}]"), item, within, depth + 1);
                }
            }
            Value::Object(fields) => {
                for (name, item) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let number = private_numbers::first(name, Holds::Text, Some(self.today));
                    match (fault(self.action, &path, name), number) {
                        (Some(_), _) => {
                            self.faults.push(Fault::field("text", "input", "字段名里有看不见的控制字符，请删去"));
                        }
                        (None, Some(found)) => {
                            let path = private_numbers::mask(&path, Holds::Text);
                            self.faults.push(Fault::field(
                                "I-13",
                                &path,
                                private_numbers::sentence("字段名", found.kind),
                            ));
                        }
                        (None, None) => self.value(&path, item, Some(fields), depth + 1),
                    }
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn private(&mut self, path: &str, text: &str, within: Option<&Map<String, Value>>) {
        let holds = number_fields::holds(self.action, path, within);
        // What is amended is called by its own name, and shown where it stands on the form.
        let amended = number_fields::amended(self.action, path, within);
        let (path, called) = amended.map_or((path, None), |field| (field.key, Some(field.label)));
        self.faults.extend(private(self.action, (path, called), text, holds, self.today));
    }
}

/// I-13: a number of an ID or a card, told by what the clerk calls the field.
fn private(
    action: &str,
    (path, called): (&str, Option<&str>),
    text: &str,
    holds: Holds,
    today: NaiveDate,
) -> Option<Fault> {
    let is_file = FILES.contains(&(action, path));
    // A file's texts are also looked at as its reader takes them.
    let read = || if is_file { private_numbers::found_in_toml(text, Some(today)) } else { None };
    let found = private_numbers::first(text, holds, Some(today)).map(|found| (found.kind, found.span.start));
    let (kind, at) = found.or_else(read)?;
    let name = path.rsplit('.').next().unwrap_or(path);
    let label = match called.or_else(|| fields::label(name.split('[').next().unwrap_or(name))) {
        _ if is_file => format!("文件第{}行", 1 + text[..at].matches('\n').count()),
        Some(label) => format!("{label}一栏"),
        None => format!("“{path}”"),
    };
    Some(Fault::field("I-13", path, private_numbers::sentence(&label, kind)))
}

fn fault(action: &str, path: &str, text: &str) -> Option<Fault> {
    let is_file = FILES.contains(&(action, path));
    let allowed = |c: char| is_file && matches!(c, '\n' | '\r' | '\t' | '\u{feff}');
    // What is only held against what stands on file is as it was let in once.
    let on_file = |c: char| (path == "seen" || path.ends_with(".seen")) && !c.is_control();
    if let Some(bad) = text.chars().find(|c| is_refused(*c) && !allowed(*c) && !on_file(*c)) {
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

    fn require(action: &str, input: &str) -> Result<(), Refusal> {
        super::require(action, input, NaiveDate::from_ymd_opt(2026, 11, 21).unwrap())
    }

    #[test]
    fn every_control_character_is_refused_at_its_field_and_plain_text_is_not() {
        for c in (0u32..0x20).chain(0x7f..0xa0).chain([
            0x2028, 0x202e, 0x2066, 0x200f, 0xfeff, 0x200b, 0x200d, 0xad, 0x3164, 0x2800, 0xe0041, 0xfdd0, 0xffff,
        ]) {
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

    #[test]
    fn a_number_of_an_id_or_a_card_is_refused_at_its_field_wherever_it_stands() {
        const ID: &str = "530124194610038814";
        for (action, input, field) in [
            ("worker.add", serde_json::json!({ "name": format!("王{ID}") }), "name"),
            ("worker.add", serde_json::json!({ "phone": 530_124_194_610_038_814_i64 }), "phone"),
            ("order.return", serde_json::json!({ "fields": { "a": ["x", "5301 2419 4610 0388 14"] } }), "fields.a[1]"),
            ("order.return", serde_json::json!({ "fields": { ID: "x" } }), "fields.****8814"),
            ("account.open", serde_json::json!({ "meter": { "no": ID } }), "meter.no"),
            ("swap.enter", serde_json::json!({ "new_meter": ID }), "new_meter"),
            ("account.amend", serde_json::json!({ "field": "remark", "value": ID }), "remark"),
            (
                "account.amend",
                serde_json::json!({ "field": "id_number", "also": [{ "field": "phone", "value": ID }] }),
                "phone",
            ),
            ("tariff.put", serde_json::json!({ "text": format!("a\n# {ID}") }), "text"),
            ("user.add", serde_json::json!({ "login": ID, "password": ID }), "login"),
        ] {
            let refused = require(action, &input.to_string()).unwrap_err();
            assert_eq!(refused.faults.len(), 1, "{input}: {refused}");
            assert_eq!((refused.first_rule(), refused.faults[0].field.as_deref()), ("I-13", Some(field)), "{input}");
            assert!(!refused.message().contains(ID), "{refused}");
        }
        for (action, input) in [
            (
                "account.open",
                serde_json::json!({ "id_number": ID, "bank_card": "4111111111111111", "meter": { "no": "4111111111111111" } }),
            ),
            ("account.amend", serde_json::json!({ "field": "id_number", "seen": null, "value": ID })),
            ("account.amend", serde_json::json!({ "also": [{ "field": "bank_card", "value": "4111111111111111" }] })),
            ("user.password", serde_json::json!({ "old": ID, "new": ID })),
            ("reading.enter", serde_json::json!({ "meter": "4111111111111111", "value": 1234.5 })),
        ] {
            assert!(require(action, &input.to_string()).is_ok(), "{input}");
        }
    }
}
