//! `verify --numbers`: numbers of IDs and cards that stand in clear (I-13) in what was written before every field was looked at: all
//! entries, and every table derived or kept beside them. It only reads; what it finds it names by place, masked.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use super::Desk;
use super::number_fields;
use super::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::numbers;
use crate::rules::private_numbers::{self, Holds};
use crate::store::{StoreError, Tx};

/// One number and where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Stray {
    /// The table, `entry` for the day book itself.
    pub table: String,
    /// Which row: of an entry its name, else the row's key.
    pub row: String,
    /// The action of an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The field of the entry's text, or the column.
    pub field: String,
    /// 身份证号, 银行卡号 or 证件号码.
    pub kind: &'static str,
    /// Its last four characters.
    pub masked: String,
}

impl Stray {
    /// As a line for a person.
    pub fn line(&self) -> String {
        let Self { table, row, field, kind, masked, .. } = self;
        match &self.action {
            Some(action) => format!("凭单 {row} {action}，“{field}”：{kind} {masked}"),
            None => format!("表 {table}（{row}），“{field}”：{kind} {masked}"),
        }
    }
}

impl Desk {
    /// Looks through everything kept; tells each number found and answers how many there are.
    pub fn stray_numbers(&self, mut tell: impl FnMut(Stray)) -> Result<u64, Refusal> {
        let tx = self.look()?;
        let today = Some(self.today());
        let mut count = 0;
        tx.walk_texts(|kept| -> Result<(), Refusal> {
            let mut found = Vec::new();
            match json_of(kept.text) {
                Some(value) => in_json(&value, None, kept.column, today, &mut found),
                None => in_text(kept.text, of_column(kept.table, kept.column), kept.column, today, &mut found),
            }
            for Spot { number, field, kind } in found {
                if is_on_file(&tx, &number)? {
                    continue;
                }
                count += 1;
                tell(Stray {
                    table: kept.table.to_owned(),
                    row: private_numbers::mask(kept.key, Holds::Text),
                    action: kept.entry.map(|id| action_of(&tx, id)).transpose()?,
                    field: private_numbers::mask(&field, Holds::Text),
                    kind,
                    masked: private_numbers::masked(&number),
                });
            }
            Ok(())
        })?;
        Ok(count)
    }
}

/// What a column of a table may hold.
fn of_column(table: &str, column: &str) -> Holds {
    match (table, column) {
        ("d_meter", "no") => Holds::Meter,
        ("d_account", "no") => Holds::Number,
        _ => number_fields::of_name(column),
    }
}

fn action_of(tx: &Tx<'_>, id: Id) -> Result<String, StoreError> {
    Ok(tx.entry(id)?.map(|entry| entry.action).unwrap_or_default())
}

/// The number of a meter or an account on file only looks like a card's or a permit's; an ID with its check character stays one.
fn is_on_file(tx: &Tx<'_>, number: &str) -> Result<bool, StoreError> {
    let number = numbers::clean(number);
    if private_numbers::first(&number, Holds::Meter, None).is_some() {
        return Ok(false);
    }
    Ok(!tx.meters_of_no(&number)?.is_empty() || !tx.accounts_of_no(&number)?.is_empty())
}

/// A number in a text, and the field that holds it.
struct Spot {
    number: String,
    field: String,
    kind: &'static str,
}

/// A text that is JSON of several values.
fn json_of(text: &str) -> Option<Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

fn in_text(text: &str, holds: Holds, field: &str, today: Option<NaiveDate>, into: &mut Vec<Spot>) {
    for found in private_numbers::all(text, holds, today) {
        into.push(Spot { number: text[found.span].to_owned(), field: field.to_owned(), kind: found.kind });
    }
}

/// Every text and number of a JSON value by itself: what stands in two of them is no number of anybody. `name`: of the field it is the
/// value of; what has none is told by the `column`.
fn in_json(value: &Value, name: Option<&str>, column: &str, today: Option<NaiveDate>, into: &mut Vec<Spot>) {
    let one = |text: &str, into: &mut Vec<Spot>| {
        let field = name.unwrap_or(column);
        let (holds, from) = (number_fields::of_name(field), into.len());
        in_text(text, Holds::Text, field, today, into);
        if holds != Holds::Text {
            let kept: Vec<Spot> = into.drain(from..).collect();
            let strange = |spot: &Spot| private_numbers::first(&spot.number, holds, today).is_some();
            into.extend(kept.into_iter().filter(strange));
        }
    };
    match value {
        Value::String(text) => match json_of(text) {
            Some(inner) => in_json(&inner, name, column, today, into),
            None => one(text, into),
        },
        Value::Number(number) => one(&number.to_string(), into),
        Value::Array(items) => items.iter().for_each(|item| in_json(item, None, column, today, into)),
        Value::Object(fields) => {
            for (name, item) in fields {
                in_text(name, Holds::Text, name, today, into);
                in_json(item, Some(name), column, today, into);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Vec<(String, String)> {
        let mut into = Vec::new();
        in_json(&serde_json::from_str(json).unwrap(), None, "payload", None, &mut into);
        into.into_iter().map(|spot| (spot.field, spot.number)).collect()
    }

    #[test]
    fn neighbouring_values_of_an_entry_are_not_joined_to_a_number() {
        for sound in [
            r#"{"rows":[["F538718"],["2025-11-05","3461"]]}"#,
            r#"{"rows":[["F538718","2025-11-05","3461"]]}"#,
            r#"[530124,19461003,8814]"#,
            r#"{"530124":"194610038814"}"#,
        ] {
            assert_eq!(found(sound), [], "{sound}");
        }
    }

    #[test]
    fn a_number_in_one_value_is_named_by_its_field() {
        const ID: &str = "530124194610038814";
        let told = |field: &str, number: &str| vec![(field.to_owned(), number.to_owned())];
        assert_eq!(found(&format!(r#"{{"a":{{"remark":"x {ID}"}}}}"#)), told("remark", ID));
        assert_eq!(found(&format!(r#"{{"rows":[["x",{ID}]]}}"#)), told("payload", ID));
        assert_eq!(found(r#"{"remark":"5301 2419\n4610 0388 14"}"#).len(), 1, "split inside one text");
        assert_eq!(found(&format!(r#"{{"text":"{{\"remark\":\"{ID}\"}}"}}"#)), told("remark", ID));
        assert_eq!(found(&format!(r#"{{"{ID}":1}}"#)), told(ID, ID));
        assert_eq!(found(r#"{"meter":"4111111111111111"}"#), [], "as meters are numbered");
    }
}
