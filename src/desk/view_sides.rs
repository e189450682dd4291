//! Both sides of an exception (疑问), field by field: what each entry says, or what stands on file for each holder of a number.

use serde::Serialize;
use serde_json::Value;

use super::refusal::Refusal;
use super::view_exceptions::ExceptionView;
use super::{customer_file, customer_view, rights};
use crate::book::subject::Kind;
use crate::derive::cross;
use crate::rules::id::Id;
use crate::rules::{classes, customer};
use crate::store::Tx;
use crate::store::entries::EntryRow;
use crate::text::fields;

/// One field of all sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldLine {
    /// Its name.
    pub label: String,
    /// What each side says, in the order of the sides; empty where it says nothing.
    pub values: Vec<String>,
    /// Do the sides differ?
    pub differs: bool,
}

/// Most items of a list that are shown.
const LISTED: usize = 3;

/// Every field of an exception's sides, in the order the sides name them.
pub fn compare(tx: &Tx<'_>, view: &ExceptionView) -> Result<Vec<FieldLine>, Refusal> {
    let holders = cross::ALL.iter().find(|cross| cross.what == view.what).map(|cross| cross.kind);
    let mut lines: Vec<FieldLine> = Vec::new();
    for (index, side) in view.sides.iter().enumerate() {
        let mut said = vec![
            ("凭单".to_owned(), side.id.to_string()),
            ("操作".to_owned(), side.action.clone()),
            ("经办人".to_owned(), side.actor.clone()),
            ("时间".to_owned(), side.at.clone()),
        ];
        if side.id.0 > 0 {
            said.push(("网点".to_owned(), side.id.site().to_string()));
        }
        said.extend(match holders {
            Some(Kind::Account) => account(tx, side.id)?,
            _ => entry(tx, side.id)?,
        });
        for (label, value) in said.into_iter().filter(|(_, value)| !value.is_empty()) {
            put(&mut lines, index, view.sides.len(), label, value);
        }
    }
    for line in &mut lines {
        line.differs = line.values.iter().any(|value| *value != line.values[0]);
    }
    Ok(lines)
}

fn put(lines: &mut Vec<FieldLine>, side: usize, sides: usize, label: String, value: String) {
    // A side may say two things under one name: the second has a line of its own.
    let free = lines.iter_mut().find(|line| line.label == label && line.values[side].is_empty());
    match free {
        Some(line) => line.values[side] = value,
        None => {
            let mut values = vec![String::new(); sides];
            values[side] = value;
            lines.push(FieldLine { label, values, differs: false });
        }
    }
}

/// What stands on file for an account.
fn account(tx: &Tx<'_>, id: Id) -> Result<Vec<(String, String)>, Refusal> {
    let Some(row) = tx.account(id)? else { return Ok(Vec::new()) };
    let meter = tx.meter_on_wall(id)?;
    let state = customer_view::state_word(&row, meter.as_ref());
    let mut said = vec![
        ("户号".to_owned(), row.no.clone()),
        ("户名".to_owned(), row.name.clone()),
        ("地址".to_owned(), row.address.clone()),
        ("手机".to_owned(), row.mobile.clone().unwrap_or_default()),
        ("证件号".to_owned(), masked(row.id_number.as_deref().unwrap_or_default())),
        ("用水性质".to_owned(), classes::label(&row.class).to_owned()),
        ("表号".to_owned(), meter.map(|meter| meter.no).unwrap_or_default()),
        ("状态".to_owned(), state),
        ("欠费".to_owned(), tx.owed(id)?.to_string()),
    ];
    said.retain(|(_, value)| !value.is_empty());
    Ok(said)
}

fn masked(text: &str) -> String {
    let mut value = Value::String(text.to_owned());
    customer_file::mask_all(&mut value);
    value.as_str().unwrap_or_default().to_owned()
}

/// What an entry says, in words.
fn entry(tx: &Tx<'_>, id: Id) -> Result<Vec<(String, String)>, Refusal> {
    let row: Option<EntryRow> = if id.0 > 0 { tx.entry(id)? } else { None };
    let Some(row) = row else { return Ok(Vec::new()) };
    let mut body: Value = serde_json::from_str(&row.payload).unwrap_or_default();
    customer_file::mask_all(&mut body);
    let mut said = Vec::new();
    if let Some(changes) = body.get("changes").and_then(Value::as_array) {
        for change in changes {
            let field = change.get("field").and_then(Value::as_str).unwrap_or_default();
            said.push((customer::label(field).to_owned(), shown_field(field, change.get("value"))));
        }
    }
    for (key, value) in body.as_object().into_iter().flatten() {
        say(&mut said, key, value, 0);
    }
    Ok(said)
}

fn shown_field(field: &str, value: Option<&Value>) -> String {
    match (field, value) {
        ("class" | "old_class", Some(Value::String(code))) => classes::label(code).to_owned(),
        ("role", Some(Value::String(code))) => title(code),
        ("roles", Some(Value::Array(codes))) => {
            codes.iter().filter_map(Value::as_str).map(title).collect::<Vec<_>>().join("、")
        }
        (_, Some(value)) => plain(value),
        (_, None) => String::new(),
    }
}

fn title(role: &str) -> String {
    rights::role(role).map_or(role, |role| &role.name).to_owned()
}

fn say(said: &mut Vec<(String, String)>, key: &str, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if depth < 2 => map.iter().for_each(|(key, value)| say(said, key, value, depth + 1)),
        _ => {
            if let Some(label) = fields::label(key) {
                said.push((label.to_owned(), shown_field(key, Some(value))));
            }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => {
            let words: Vec<String> = list.iter().map(plain).filter(|word| !word.is_empty()).collect();
            let more = if words.len() > LISTED { format!(" 等 {} 项", words.len()) } else { String::new() };
            format!("{}{more}", words.iter().take(LISTED).cloned().collect::<Vec<_>>().join("、"))
        }
    }
}
