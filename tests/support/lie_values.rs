//! Lies in the values of payloads: what a liar writes in the place of a number, an amount, a day, a text, and where.

use std::collections::BTreeSet;

use meterdesk::derive::bulk;
use meterdesk::store::entries::EntryRow;
use serde_json::{Value, json};

/// What a liar writes in the place of a number, as JSON.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "0.5",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "99999999999999999999999999999999",
    "null",
    r#""""#,
];
/// In the place of any text. `FILL` is one as long as still fits into a payload, `SPILL` a byte longer.
const TEXTS: &[&str] = &[
    r#""""#,
    r#""-1""#,
    r#""\u0000\u001b[2J\u202e""#,
    r#""{""#,
    r#""a b:1""#,
    r#""ZZZZZ.63.3999999/511""#,
    r#""A.1.1""#,
    "0",
    "null",
    "FILL",
    "SPILL",
];
/// In the place of an amount or a quantity.
const AMOUNTS: &[&str] = &[
    r#""0""#,
    r#""0.01""#,
    r#""-0.01""#,
    r#""0.0001""#,
    r#""999999999.99""#,
    r#""-999999999.99""#,
    r#""92233720368547758.07""#,
    r#""-92233720368547758.08""#,
    r#""9223372036854775807""#,
    r#""99999999999999999999999999999.99""#,
    r#""1e308""#,
];
/// In the place of a day, a month, a moment.
const DAYS: &[&str] = &[
    r#""0001-01-01""#,
    r#""9999-12-31""#,
    r#""2026-02-30""#,
    r#""-0001-12-31""#,
    r#""+262142-12-31""#,
    r#""-262143-01-01""#,
    r#""0001-01""#,
    r#""9999-12""#,
    r#""+262142-12""#,
    r#""0001-01-01T00:00:00+08:00""#,
    r#""9999-12-31T23:59:59.999+08:00""#,
    r#""+262142-12-31T23:59:59-12:00""#,
    r#""24:00""#,
];

/// The lies for a value, by what it looks like.
fn values(truth: &Value) -> Vec<&'static str> {
    let Some(text) = truth.as_str() else { return NUMBERS.to_vec() };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let more = match text.trim_start_matches('-').split_once(['.', '-', ':', ';']) {
        None if digits(text) => AMOUNTS,
        Some((whole, rest)) if digits(whole) && rest.starts_with(|c: char| c.is_ascii_digit()) => {
            return [TEXTS, AMOUNTS, DAYS].concat();
        }
        _ => &[],
    };
    [TEXTS, more].concat()
}

/// The places of a payload's numbers and texts, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                places(inner, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        Value::Number(_) => found.push((at.to_owned(), true)),
        Value::String(_) => found.push((at.to_owned(), false)),
        _ => {}
    }
}

/// One lie: which entry of a file, where, what.
#[derive(Clone)]
pub struct Lie {
    /// Which entry of the file.
    pub entry: usize,
    /// Where in its payload, a JSON pointer.
    pub place: String,
    /// What is written there.
    pub value: &'static str,
}

impl Lie {
    /// How a failure names it.
    pub fn name(&self, file: &str, rows: &[EntryRow]) -> String {
        let row = &rows[self.entry];
        format!("{file} {} {} {} = {}", row.id, row.action, self.place, self.value)
    }

    /// The payload with the lie in it; none when it says the same as before.
    pub fn payload(&self, truth: &str) -> Option<String> {
        const MARK: &str = "\"@the lie@\"";
        let mut body: Value = serde_json::from_str(truth).unwrap();
        *body.pointer_mut(&self.place).unwrap() = json!("@the lie@");
        let text = body.to_string();
        let room = (64 << 10) - (text.len() - MARK.len()) - 2;
        let value = match self.value {
            "FILL" => format!("\"{}\"", "x".repeat(room)),
            "SPILL" => format!("\"{}\"", "x".repeat(room + 1)),
            other => other.to_owned(),
        };
        let lied = text.replacen(MARK, &value, 1);
        (lied != truth).then_some(lied)
    }
}

/// Which field of its action a place is: the same in every row of a bulk entry, in every item of a list.
fn field(row: &EntryRow, place: &str) -> String {
    let place = match bulk::is_bulk(&row.payload) && place.starts_with("/rows/") {
        true => place.splitn(4, '/').nth(3).unwrap_or(""),
        false => place,
    };
    let columns = bulk::is_bulk(&row.payload);
    place.split('/').map(|part| if !columns && part.parse::<usize>().is_ok() { "*" } else { part }).collect()
}

/// Every lie in a file's entries: in each field of each action once, where it is first said.
pub fn lies(rows: &[EntryRow]) -> Vec<Lie> {
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (entry, row) in rows.iter().enumerate() {
        let (body, mut found) = (serde_json::from_str::<Value>(&row.payload).unwrap(), Vec::new());
        places(&body, "", &mut found);
        for (place, is_number) in found {
            if seen.insert((row.action.clone(), row.version, field(row, &place), is_number)) {
                let values = values(body.pointer(&place).unwrap());
                all.extend(values.into_iter().map(|value| Lie { entry, place: place.clone(), value }));
            }
        }
    }
    all
}
