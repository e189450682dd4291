//! Private numbers in a TOML file as its reader takes the texts: an escape sequence or a line's end inside a text hides none.

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Holds, first};

/// The first private number in a text or key of the file: its kind, and the byte where the text stands. What is no TOML has none.
pub fn found_in_toml(text: &str, today: Option<NaiveDate>) -> Option<(&'static str, usize)> {
    let (table, _) = DeTable::parse_recoverable(text);
    in_table(table.get_ref(), today)
}

fn in_table(table: &DeTable<'_>, today: Option<NaiveDate>) -> Option<(&'static str, usize)> {
    table
        .iter()
        .find_map(|(key, value)| in_text(key.get_ref(), key.span().start, today).or_else(|| in_value(value, today)))
}

fn in_value(value: &Spanned<DeValue<'_>>, today: Option<NaiveDate>) -> Option<(&'static str, usize)> {
    match value.get_ref() {
        DeValue::String(text) => in_text(text, value.span().start, today),
        DeValue::Integer(number) => in_text(&number.as_str().replace('_', ""), value.span().start, today),
        DeValue::Array(items) => items.iter().find_map(|item| in_value(item, today)),
        DeValue::Table(table) => in_table(table, today),
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => None,
    }
}

fn in_text(text: &str, at: usize, today: Option<NaiveDate>) -> Option<(&'static str, usize)> {
    first(text, Holds::Text, today).map(|found| (found.kind, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_line_ends_hide_no_number() {
        let escaped: String = "530124194610038814".chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        for text in [
            format!("[[line]]\nsay = \"户主{escaped} {{limit}}\"\n"),
            "name = \"\"\"53012419\\\n   4610038814\"\"\"\n".to_owned(),
            "[a]\nb = [{ c = \"4111\\u00201111 1111 1111\" }]\n".to_owned(),
            format!("\"{escaped}\" = 1\n"),
            "x = 530_124_194_610_038_814\n".to_owned(),
        ] {
            assert!(found_in_toml(&text, None).is_some(), "{text}");
        }
        assert_eq!(found_in_toml("say = \"户主{limit}，2026-10-20\"\n", None), None);
        assert_eq!(found_in_toml(&format!("a = 1\nsay = \"{escaped}\"\n"), None), Some(("身份证号", 12)));
    }
}
