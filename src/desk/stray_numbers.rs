//! `verify --numbers`: numbers of IDs and cards that stand in clear (I-13) in what was written before every field was looked at: all
//! entries, and every table derived or kept beside them. It only reads; what it finds it names by place, masked.

use serde::Serialize;

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
            let column = kept.column;
            let json = kept.text.starts_with(['{', '[']);
            let holds = if json { Holds::Text } else { of_column(kept.table, column) };
            for found in private_numbers::all(kept.text, holds, today) {
                let number = &kept.text[found.span.clone()];
                let field = field_before(kept.text, found.span.start).filter(|_| json).unwrap_or(column);
                let holds = number_fields::of_name(field);
                let own = holds != Holds::Text && private_numbers::first(number, holds, today).is_none();
                if json && own || is_on_file(&tx, number)? {
                    continue;
                }
                count += 1;
                tell(Stray {
                    table: kept.table.to_owned(),
                    row: private_numbers::mask(kept.key, Holds::Text),
                    action: kept.entry.map(|id| action_of(&tx, id)).transpose()?,
                    field: private_numbers::mask(field, Holds::Text),
                    kind: found.kind,
                    masked: private_numbers::masked(number),
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

/// The name of the field in whose value a place of a JSON text stands; none in a row of a list.
fn field_before(json: &str, at: usize) -> Option<&str> {
    let before = &json[..at];
    let named = match before.strip_suffix(':') {
        Some(named) => named,
        None => before[..before.rfind('"')?].strip_suffix(':')?,
    };
    let name = named.strip_suffix('"')?;
    Some(&name[name.rfind('"')? + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_an_entry_is_named_by_its_field() {
        let json = r#"{"a":{"remark":"x 1","n":2},"rows":[["y 3"]]}"#;
        let field = |mark: &str| field_before(json, json.find(mark).unwrap());
        assert_eq!((field("1\""), field("2}"), field("3\"")), (Some("remark"), Some("n"), None));
    }
}
