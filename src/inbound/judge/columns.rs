//! Reading the cells of a row by field, with flaws that name heading and value.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::defect::{Flaw, Kind};
use crate::inbound::clean;
use crate::inbound::profile::Layout;
use crate::inbound::read::{Mark, Row};
use crate::rules::fault::shown;
use crate::rules::money::{Fen, Milli};
use crate::rules::private_numbers;

/// First year believed in for anything a branch has on file.
const FIRST_YEAR: i32 = 1950;

/// A value for a message. Resident IDs and card numbers stand in no message: of long numbers only the last four show.
fn masked(value: &str) -> String {
    const LONGEST_OPEN: usize = 14;
    let value = &*private_numbers::mask(value, private_numbers::Holds::Text);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if digits <= LONGEST_OPEN {
        return shown(value);
    }
    let tail: Vec<char> = value.chars().rev().take(4).collect();
    format!("****{}", shown(&tail.into_iter().rev().collect::<String>()))
}

/// A row under its headings.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub row: &'a Row,
    pub layout: &'a Layout,
}

impl<'a> Cells<'a> {
    /// The cleaned text of a field; empty when the file has no such column.
    pub(super) fn text(&self, column: Option<usize>) -> Cow<'a, str> {
        column.map_or(Cow::Borrowed(""), |column| self.layout.text(self.row, column))
    }

    /// The cleaned text, owned; `None` when empty.
    pub(super) fn some(&self, column: Option<usize>) -> Option<String> {
        let text = self.text(column);
        (!text.is_empty()).then(|| text.into_owned())
    }

    pub(super) fn heading(&self, column: Option<usize>) -> &'a str {
        column.map_or("", |column| self.layout.heading(column))
    }

    /// A cell for a message.
    pub(super) fn shown(&self, column: usize) -> String {
        masked(&self.text(Some(column)))
    }

    /// A flaw of a field's value: `“用水人口”的值“1O”…`.
    pub(super) fn flaw(&self, kind: Kind, column: Option<usize>, what: &str) -> Flaw {
        let heading = self.heading(column);
        let value = masked(&self.text(column));
        let said = if value.is_empty() { "为空".to_owned() } else { format!("的值“{value}”") };
        Flaw::at(kind, heading, format!("“{heading}”{said}{what}"))
    }

    /// Refuses a row with characters that are no text.
    pub(super) fn check_text(&self) -> Result<(), Flaw> {
        match self.row.spoilt() {
            None => Ok(()),
            Some((column, mark)) => {
                let (kind, what) = match mark {
                    Mark::Control => (Kind::ControlCharacter, "含不可见的控制字符，请删去后再导入"),
                    Mark::Number
                    | Mark::Number1904
                    | Mark::LostDigits
                    | Mark::Rounded
                    | Mark::Date
                    | Mark::Merged
                    | Mark::NoValue
                    | Mark::Garbled => (Kind::UnreadableText, "有乱码，请核对原文后再导入"),
                };
                Err(self.flaw(kind, Some(column), what))
            }
        }
    }

    /// A date that may be missing.
    pub(super) fn date(&self, column: Option<usize>) -> Result<Option<NaiveDate>, Flaw> {
        let Some(at) = column else { return Ok(None) };
        let cell = self.row.get(at);
        if clean::is_no_date(cell) {
            return Ok(None);
        }
        let date = self.moment_at(at).map(|moment| moment.date());
        let date = date.ok_or_else(|| self.flaw(Kind::UnreadableDate, column, "不是日期，请改为如2014-05-01"))?;
        Ok(Some(date))
    }

    /// The moment in a column.
    pub(super) fn moment_at(&self, column: usize) -> Option<NaiveDateTime> {
        let cell = self.row.get(column);
        match self.row.is_number(column) {
            true => clean::moment_of_number(cell, self.row.counts_from_1904(column)),
            false => clean::moment(cell),
        }
    }

    /// A date of a record: not before 1950, not after `today`.
    pub(super) fn past_date(&self, column: Option<usize>, today: NaiveDate) -> Result<Option<NaiveDate>, Flaw> {
        match self.date(column)? {
            Some(date) if date.year() < FIRST_YEAR => {
                let what = format!("早于{FIRST_YEAR}年，超出范围，请核对");
                Err(self.flaw(Kind::UnreadableDate, column, &what))
            }
            Some(date) if date > today => Err(self.flaw(Kind::FutureDate, column, "在将来，请核对年月日")),
            date => Ok(date),
        }
    }

    /// A whole number that may be missing.
    pub(super) fn count(&self, column: Option<usize>) -> Result<Option<u32>, Flaw> {
        self.optional(column, clean::count, "不是数字，请改为整数")
    }

    /// A quantity that may be missing, not negative.
    pub(super) fn quantity(&self, column: Option<usize>) -> Result<Option<Milli>, Flaw> {
        let read = |cell: &str| clean::quantity(cell).filter(|value| !value.is_negative());
        self.optional(column, read, "不是数字，请核对后改正")
    }

    /// An amount that may be missing; with at most two decimals, below a thousand million.
    pub(super) fn money(&self, column: Option<usize>) -> Result<Option<Fen>, Flaw> {
        if column.is_some_and(|at| clean::is_no_money(self.row.get(at))) {
            return Ok(None);
        }
        self.optional(column, clean::money, "不是金额，请改为最多两位小数的数字")
    }

    /// A calibre that may be missing.
    pub(super) fn calibre(&self, column: Option<usize>) -> Result<Option<u16>, Flaw> {
        self.optional(column, clean::calibre, "不是口径，请改为如DN15")
    }

    fn optional<T>(
        &self,
        column: Option<usize>,
        read: impl Fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<Option<T>, Flaw> {
        let Some(at) = column else { return Ok(None) };
        let cell = self.row.get(at);
        match read(cell) {
            Some(value) => Ok(Some(value)),
            None if clean::text(cell).is_empty() => Ok(None),
            None => Err(self.flaw(Kind::UnreadableNumber, column, what)),
        }
    }
}
