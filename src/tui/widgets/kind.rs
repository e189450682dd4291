//! The kinds of fields: which characters they take, what they make of them, what is a mistake.
//!
//! These are rules of typing only. Whether a value may be entered is decided in `desk`; its refusals come back to the
//! form with [`crate::tui::widgets::form::Form::fail`].

use crate::text::toolkit::mistake;
use chrono::{Datelike, NaiveDate};

/// Digits before the decimal point that no amount or quantity needs more of.
const WHOLE_DIGITS_MAX: usize = 12;

/// One entry of a choice field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub code: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// An entry.
    pub fn new(code: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code: code.into(), label: label.into() }
    }
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A decimal number.
    Number {
        /// Digits after the point at most.
        decimals: u8,
        /// Whether a minus sign is taken.
        signed: bool,
    },
    /// A day; `1121` and `21` are completed from today.
    Date,
    /// A phone number.
    Phone,
    /// Letters, digits and hyphens of a number printed on a meter, card or slip; small letters become capitals.
    Code,
    /// A password: shown as stars, never in a draft.
    Secret,
    /// One of a few.
    Choice(Vec<Choice>),
    /// Yes or no; the value is `true` or empty.
    Check,
}

impl Kind {
    /// The character as this kind takes it: full-width digits and signs become half-width where they are meant so, and what does not
    /// belong stays, to be refused: left out it would make another number. `None`: a blank between the groups of a printed
    /// number, and anything for a field that is picked.
    pub fn take(&self, c: char) -> Option<char> {
        let half = half_width(c);
        match self {
            Kind::Text | Kind::Secret => Some(c),
            Kind::Number { .. } => Some(if half == '。' { '.' } else { half }),
            Kind::Date => match half {
                '.' | '/' | '。' | '年' | '月' => Some('-'),
                _ => Some(half),
            },
            Kind::Phone | Kind::Code if half == ' ' => None,
            Kind::Phone => Some(half),
            Kind::Code => Some(half.to_ascii_uppercase()),
            Kind::Choice(_) | Kind::Check => None,
        }
    }

    /// What is wrong with a text that holds a character which does not belong here; `None`: all belong.
    pub fn stray(&self, text: &str) -> Option<&'static str> {
        let text = text.trim();
        match self {
            Kind::Number { signed, .. } => {
                let fits = |c| matches!(c, '0'..='9' | '.' | ',') || c == '-' && *signed;
                (!self.digits_of(text).chars().all(fits)).then_some(mistake::NUMBER)
            }
            Kind::Date => (!text.chars().all(|c| matches!(c, '0'..='9' | '-' | '日'))).then_some(mistake::DATE),
            Kind::Phone => (!text.chars().all(|c| matches!(c, '0'..='9' | '-' | '+' | '*'))).then_some(mistake::PHONE),
            Kind::Code => {
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/');
                (!text.chars().all(fits)).then_some(mistake::CODE)
            }
            Kind::Text | Kind::Secret | Kind::Choice(_) | Kind::Check => None,
        }
    }

    /// A number that was typed otherwise than in its one form, in that form; nothing while it cannot be read.
    pub fn plain(&self, text: &str) -> Option<String> {
        let text = text.trim();
        match self {
            Kind::Number { decimals, signed } if !text.is_empty() => {
                number(self.digits_of(text), *decimals, *signed).ok().filter(|plain| plain != text)
            }
            _ => None,
        }
    }

    /// An amount without the sign of the money it is in, as papers have it: `¥1,000.00`, `1000元`.
    fn digits_of<'t>(&self, text: &'t str) -> &'t str {
        let is_money = matches!(self, Kind::Number { decimals: 2, .. });
        if is_money { text.trim_start_matches(['¥', '￥']).trim_end_matches('元').trim() } else { text }
    }

    /// True where a text may be too long; numbers and days are read before they are counted.
    pub fn is_counted(&self) -> bool {
        matches!(self, Kind::Text | Kind::Phone | Kind::Code | Kind::Secret)
    }

    /// The value in its one form: dates as `2026-11-21`, numbers without needless zeros in front. `Err` is one Chinese
    /// sentence. Empty text is always right here; whether it must be filled is the field's matter.
    pub fn normal(&self, text: &str, today: NaiveDate) -> Result<String, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        match self {
            Kind::Number { decimals, signed } => number(self.digits_of(text), *decimals, *signed),
            Kind::Date => date(text, today).map(|d| d.format("%Y-%m-%d").to_string()),
            Kind::Phone => phone(text),
            Kind::Choice(choices) => {
                let known = choices.iter().any(|c| c.code == text);
                if known { Ok(text.to_string()) } else { Err(mistake::CHOICE.into()) }
            }
            Kind::Text | Kind::Code | Kind::Secret | Kind::Check => Ok(text.to_string()),
        }
    }
}

/// The half-width twin of a full-width character of the ASCII range, the wide blank included.
pub fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// The whole part without the commas between its thousands; nothing where they stand elsewhere.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_fine = match whole.contains(',') {
        true => (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3),
        false => true,
    };
    is_fine.then(|| whole.replace(',', ""))
}

fn number(text: &str, decimals: u8, signed: bool) -> Result<String, String> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    if !minus.is_empty() && !signed {
        return Err(mistake::NEGATIVE.into());
    }
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let whole = &ungrouped(whole).ok_or(mistake::GROUPS)?;
    if !all_digits(whole) || !all_digits(part) || (whole.is_empty() && part.is_empty()) {
        return Err(mistake::NUMBER.into());
    }
    if part.len() > usize::from(decimals) {
        return Err(mistake::decimals(decimals));
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > WHOLE_DIGITS_MAX {
        return Err(mistake::NUMBER_TOO_LARGE.into());
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if part.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{part}") })
}

/// Reads `2026-11-21`, `20261121`, `11-21`, `1121` and `21`; what is missing comes from today.
fn date(text: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    let text = text.trim_end_matches('日');
    if Kind::Date.stray(text).is_some() {
        return Err(mistake::DATE.into());
    }
    let pieces: Vec<&str> = text.split('-').filter(|p| !p.is_empty()).collect();
    let numbers: Option<Vec<u32>> = match pieces.as_slice() {
        [one] if one.len() == 8 && one.is_ascii() => {
            [&one[..4], &one[4..6], &one[6..]].map(|p| p.parse().ok()).into_iter().collect()
        }
        [one] if one.len() == 4 && one.is_ascii() => {
            [&one[..2], &one[2..]].map(|p| p.parse().ok()).into_iter().collect()
        }
        [one] if one.len() > 2 => None,
        some => some.iter().map(|p| p.parse().ok()).collect(),
    };
    let day = match numbers.as_deref() {
        Some([y, m, d]) if *y >= 1000 => {
            let year = i32::try_from(*y).unwrap_or(0);
            if !(1900..=2199).contains(&year) {
                return Err(mistake::DATE_RANGE.into());
            }
            NaiveDate::from_ymd_opt(year, *m, *d)
        }
        Some([m, d]) => NaiveDate::from_ymd_opt(today.year(), *m, *d),
        Some([d]) => NaiveDate::from_ymd_opt(today.year(), today.month(), *d),
        _ => None,
    };
    day.ok_or_else(|| mistake::DATE.into())
}

fn phone(text: &str) -> Result<String, String> {
    if let Some(sentence) = Kind::Phone.stray(text) {
        return Err(sentence.into());
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if (5..=15).contains(&digits) || text.contains('*') { Ok(text.to_string()) } else { Err(mistake::PHONE.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    #[test]
    fn full_width_digits_count_as_half_width_in_number_and_date_fields() {
        let number = Kind::Number { decimals: 2, signed: false };
        let taken: String = "１２．５".chars().filter_map(|c| number.take(c)).collect();
        assert_eq!(taken, "12.5");
        let taken: String = "２０２６年１１／２１".chars().filter_map(|c| Kind::Date.take(c)).collect();
        assert_eq!(taken, "2026-11-21");
        assert_eq!(Kind::Text.take('１'), Some('１'), "a name keeps what was typed");
    }

    #[test]
    fn numbers_are_read_or_explained() {
        let money = Kind::Number { decimals: 2, signed: false };
        let table = [
            ("100", Ok("100")),
            ("0012.50", Ok("12.50")),
            (".5", Ok("0.5")),
            ("", Ok("")),
            ("1.234", Err("最多 2 位小数，请去掉多余的")),
            ("-1", Err(mistake::NEGATIVE)),
            ("1.2.3", Err(mistake::NUMBER)),
            (".", Err(mistake::NUMBER)),
            ("20-5", Err(mistake::NUMBER)),
            ("1o0", Err(mistake::NUMBER)),
            ("100元", Ok("100")),
            ("¥1,204.00", Ok("1204.00")),
            ("1,000", Ok("1000")),
            ("12,345,678.9", Ok("12345678.9")),
            ("1,5", Err(mistake::GROUPS)),
            ("1,0000", Err(mistake::GROUPS)),
            ("1000,000", Err(mistake::GROUPS)),
            (",100", Err(mistake::GROUPS)),
            ("1.000,00", Err(mistake::NUMBER)),
            ("元", Err(mistake::NUMBER)),
            ("1234567890123", Err(mistake::NUMBER_TOO_LARGE)),
        ];
        for (text, expected) in table {
            assert_eq!(money.normal(text, today()), expected.map(String::from).map_err(String::from), "{text}");
        }
    }

    #[test]
    fn dates_are_completed_from_today() {
        let table = [
            ("2026-11-21", Ok("2026-11-21")),
            ("20260229", Err(mistake::DATE)),
            ("20240229", Ok("2024-02-29")),
            ("1103", Ok("2026-11-03")),
            ("11-3", Ok("2026-11-03")),
            ("5", Ok("2026-11-05")),
            ("31", Err(mistake::DATE)),
            ("1900-01-01", Ok("1900-01-01")),
            ("2199-12-31", Ok("2199-12-31")),
            ("1899-12-31", Err(mistake::DATE_RANGE)),
            ("2200-01-01", Err(mistake::DATE_RANGE)),
            ("123", Err(mistake::DATE)),
            ("--", Err(mistake::DATE)),
            ("2026-11-21日", Ok("2026-11-21")),
            ("+5", Err(mistake::DATE)),
            ("2x1", Err(mistake::DATE)),
        ];
        for (text, expected) in table {
            assert_eq!(Kind::Date.normal(text, today()), expected.map(String::from).map_err(String::from), "{text}");
        }
    }
}
