//! Where the fields of a profile stand in a file, and what each column is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::clean;
use super::read::Row;
use crate::rules::private_numbers::Holds;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A number of something: of an account, a meter, a person, a card, a slip. Each digit counts.
    Number,
    /// Where a thing belongs: book, place.
    Place,
    /// A quantity or a counter.
    Quantity,
    /// An amount.
    Money,
    /// A day or a moment.
    Date,
    /// Words.
    Text,
    /// Not read.
    Unread,
}

/// The class of a field, by its name in profiles.
fn class_of(field: &str) -> Class {
    match field {
        "account" | "id_number" | "landline" | "mobile" | "sms_number" | "building" | "unit" | "room" | "route"
        | "card_number" | "agreement" | "meter" | "slip" | "old_meter" | "new_meter" | "old_seal" | "new_seal" => {
            Class::Number
        }
        "book" | "place" => Class::Place,
        "value" | "printed_last" | "last_value" | "base" | "bought" | "volumes" | "arrears_count" | "people"
        | "dial_digits" | "final_value" | "first_value" | "sharp" | "peak" | "flat" | "valley" | "deep" => {
            Class::Quantity
        }
        "balance" | "arrears_sum" | "arrears" => Class::Money,
        "date" | "applied" | "invoiced" | "opened" | "fitted" | "supplied" | "last_date" => Class::Date,
        _ => Class::Text,
    }
}

/// What long numbers a field may hold, by its name in profiles (I-13). ID and bank card are sealed when the row is taken in.
pub fn holds_of(field: &str) -> Holds {
    match field {
        "id_number" | "card_number" => Holds::Sealed,
        "meter" | "old_meter" | "new_meter" => Holds::Meter,
        "account" | "agreement" | "route" | "old_seal" | "new_seal" => Holds::Number,
        _ => Holds::Text,
    }
}

/// What a column without heading is called, for people.
pub fn name_of(column: usize) -> String {
    format!("第{}列", column + 1)
}

/// The column of this heading, or of this name of one that has none.
pub fn column_of(headings: &[String], name: &str) -> Option<usize> {
    let headed = headings.iter().position(|heading| heading == name && !name.is_empty());
    headed.or_else(|| {
        let column = name.strip_prefix('第')?.strip_suffix('列')?.parse::<usize>().ok()?.checked_sub(1)?;
        headings.get(column).is_none_or(String::is_empty).then_some(column)
    })
}

/// Where the fields stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The headings, cleaned.
    pub headings: Vec<String>,
    /// Field → column.
    pub at: BTreeMap<String, usize>,
    /// What stands in each column.
    pub classes: Vec<Class>,
    /// What long numbers each column may hold.
    pub holds: Vec<Holds>,
    /// Headings that stand there twice.
    pub twice: Vec<String>,
    /// Headings of columns that nobody sees.
    pub unseen: Vec<String>,
}

impl Layout {
    /// Headings without any field.
    pub(super) fn of(headings: Vec<String>) -> Self {
        let classes = vec![Class::Unread; headings.len()];
        let holds = vec![Holds::Text; headings.len()];
        Self { headings, at: BTreeMap::new(), classes, holds, twice: Vec::new(), unseen: Vec::new() }
    }

    /// Puts a field under a column.
    pub(super) fn put(&mut self, field: &str, column: usize) {
        self.at.insert(field.to_owned(), column);
        if let Some(class) = self.classes.get_mut(column) {
            *class = class_of(field);
        }
        if let Some(holds) = self.holds.get_mut(column) {
            *holds = holds_of(field);
        }
    }

    /// Adds a column for a field that this file has not and another sheet of it has.
    pub(super) fn add(&mut self, field: &str, heading: &str) {
        self.headings.push(heading.to_owned());
        self.classes.push(Class::Unread);
        self.holds.push(Holds::Text);
        self.put(field, self.headings.len() - 1);
    }

    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<usize> {
        self.at.get(field).copied()
    }

    /// The heading over a column.
    pub fn heading(&self, column: usize) -> &str {
        self.headings.get(column).map_or("", String::as_str)
    }

    /// Columns up to the last one with a heading.
    pub fn width(&self) -> usize {
        self.headings.iter().rposition(|heading| !heading.is_empty()).map_or(0, |last| last + 1)
    }

    /// Columns in which a row has something and no heading stands.
    pub(super) fn headless<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = usize> + 'r {
        let filled = |column: &usize| !clean::text(row.get(*column)).is_empty();
        (0..row.len()).filter(|column| self.heading(*column).is_empty()).filter(filled)
    }

    /// The column of a number that a comma split into two cells, as it seems: the row is longer than the headings, and behind one to
    /// three digits of a quantity stand three.
    pub(super) fn split(&self, row: &Row) -> Option<usize> {
        if row.len() <= self.headings.len() {
            return None;
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let begins = |column: &usize| {
            let text = clean::text(row.get(*column));
            matches!(self.class(*column), Class::Quantity | Class::Money) && text.len() <= 3 && digits(&text)
        };
        let goes_on = |column: &usize| {
            let text = clean::text(row.get(column + 1));
            let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
            whole.len() == 3 && digits(whole) && digits(part)
        };
        (0..row.len()).filter(begins).find(goes_on)
    }

    /// What stands in a column.
    pub fn class(&self, column: usize) -> Class {
        self.classes.get(column).copied().unwrap_or(Class::Unread)
    }

    /// The cleaned text of a cell; a number of something without the `.0` that a program added.
    pub fn text<'r>(&self, row: &'r Row, column: usize) -> Cow<'r, str> {
        const SAFE_DIGITS: usize = 15;
        let text = clean::text(row.get(column));
        if self.class(column) != Class::Number || !text.contains('.') {
            return text;
        }
        let whole = clean::without_zero_fraction(&text);
        match whole.len() < text.len() && whole.len() <= SAFE_DIGITS && whole.bytes().all(|b| b.is_ascii_digit()) {
            true => Cow::Owned(whole.to_owned()),
            false => text,
        }
    }

    /// Headings whose columns are not read.
    pub fn unread(&self) -> Vec<&str> {
        let unread = |(heading, class): (&'_ String, &Class)| *class == Class::Unread && !heading.is_empty();
        let pairs = self.headings.iter().zip(&self.classes);
        pairs.filter(|(heading, class)| unread((heading, class))).map(|(heading, _)| heading.as_str()).collect()
    }
}
