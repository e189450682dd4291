//! A TOML file read field by field, with faults that name file and line in Chinese.
//!
//! Data files (tariffs, calendars) are written by people. A mistake must name its line, and an unknown key must be
//! refused, because a misspelt optional key would otherwise be silently without effect. [`Sheet`] collects every
//! fault of one file, [`Fields`] hands out the keys of one table in the order they stand in the file and reports those
//! nobody asked for.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::shown;

/// A mistake in a data file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FileFault {
    /// The file's name, without its folder.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what is wanted; Chinese, without a full stop.
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 第{}行：{}", self.file, self.line, self.message)
    }
}

/// One file being read, and the faults found so far.
#[derive(Debug)]
pub struct Sheet<'t> {
    file: &'t str,
    text: &'t str,
    faults: Vec<FileFault>,
}

/// A value and the byte where it stands.
pub type Node<'t> = Spanned<DeValue<'t>>;

/// Largest data file read, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;
/// Most characters of a decimal number in a data file.
const LONGEST_DECIMAL: usize = 24;

impl<'t> Sheet<'t> {
    /// Reads the whole file with `read`; any fault refuses it.
    pub fn read<T>(
        file: &str,
        text: &str,
        read: impl FnOnce(&mut Sheet<'_>, Fields<'_>) -> Option<T>,
    ) -> Result<T, Vec<FileFault>> {
        let mut sheet = Sheet { file, text, faults: Vec::new() };
        if text.len() > LARGEST_FILE {
            sheet.fault(0, format!("文件超过{}字节，不像数据文件", LARGEST_FILE));
            return Err(sheet.faults);
        }
        let root = match DeTable::parse(text) {
            Ok(root) => root,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                sheet.fault(at, "不是正确的TOML：此处写法有误或键重复，请检查引号、括号和等号");
                return Err(sheet.faults);
            }
        };
        let fields = Fields::new(root.get_ref(), 0, String::new());
        match read(&mut sheet, fields) {
            Some(value) if sheet.faults.is_empty() => Ok(value),
            _ => {
                if sheet.faults.is_empty() {
                    sheet.fault(0, "文件不完整");
                }
                sheet.faults.sort_by_key(|fault| fault.line);
                Err(sheet.faults)
            }
        }
    }

    /// Notes a fault at a byte of the file.
    pub fn fault(&mut self, at: usize, message: impl Into<String>) {
        let end = at.min(self.text.len());
        let line = 1 + self.text.as_bytes()[..end].iter().filter(|b| **b == b'\n').count();
        self.faults.push(FileFault { file: self.file.into(), line, message: message.into() });
    }

    /// The name of the file.
    pub fn file(&self) -> &'t str {
        self.file
    }

    /// A text that is not empty.
    pub fn text_of<'n>(&mut self, node: &'n Node<'_>, path: &str) -> Option<&'n str> {
        match node.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() && !text.chars().any(char::is_control) => Some(text.trim()),
            _ => {
                self.fault(node.span().start, format!("{path} 应为带引号的文字，且不能为空"));
                None
            }
        }
    }

    /// A plain decimal in quotes; a bare number is refused, because a float is not exact.
    pub fn decimal_of(&mut self, node: &Node<'_>, path: &str) -> Option<Decimal> {
        let at = node.span().start;
        let Some(text) = node.get_ref().as_str() else {
            self.fault(at, format!("{path} 应为带引号的小数，如 \"2.07\"，不能写成裸数字"));
            return None;
        };
        let value = plain_decimal(text);
        if value.is_none() {
            self.fault(at, format!("{path} 的“{}”不是数字，应如 \"2.07\"", shown(text)));
        }
        value
    }

    /// A decimal in quotes that is not negative.
    pub fn amount_of(&mut self, node: &Node<'_>, path: &str) -> Option<Decimal> {
        let value = self.decimal_of(node, path)?;
        if value.is_sign_negative() && !value.is_zero() {
            self.fault(node.span().start, format!("{path} 不能为负数"));
            return None;
        }
        Some(value)
    }

    /// A whole number within bounds, both included.
    pub fn integer_of(&mut self, node: &Node<'_>, path: &str, low: i64, high: i64) -> Option<i64> {
        let value = node
            .get_ref()
            .as_integer()
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|value| (low..=high).contains(value));
        if value.is_none() {
            self.fault(node.span().start, format!("{path} 应为{low}至{high}之间的整数，不带引号"));
        }
        value
    }

    /// A date, bare (`2026-01-01`) or in quotes.
    pub fn date_of(&mut self, node: &Node<'_>, path: &str) -> Option<NaiveDate> {
        let date = match node.get_ref() {
            DeValue::Datetime(moment) if moment.time.is_none() && moment.offset.is_none() => {
                moment.date.and_then(|day| NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into()))
            }
            DeValue::String(text) => plain_date(text),
            _ => None,
        };
        if date.is_none() {
            self.fault(node.span().start, format!("{path} 应为日期，如 2026-01-01"));
        }
        date
    }

    /// The items of an array.
    pub fn array_of<'n, 'd>(&mut self, node: &'n Node<'d>, path: &str) -> Option<Vec<&'n Node<'d>>> {
        match node.get_ref() {
            DeValue::Array(items) => Some(items.iter().collect()),
            _ => {
                self.fault(node.span().start, format!("{path} 应为方括号里的列表"));
                None
            }
        }
    }

    /// The fields of a table.
    pub fn table_of<'n>(&mut self, node: &'n Node<'_>, path: &str) -> Option<Fields<'n>> {
        match node.get_ref() {
            DeValue::Table(table) => Some(Fields::new(table, node.span().start, path.to_owned())),
            _ => {
                self.fault(node.span().start, format!("{path} 应为一张表（几个键和值）"));
                None
            }
        }
    }
}

/// The keys of one table, in the order of the file.
#[derive(Debug)]
pub struct Fields<'n> {
    at: usize,
    path: String,
    rest: Vec<Field<'n>>,
}

/// One key with its value.
#[derive(Debug)]
pub struct Field<'n> {
    /// The key.
    pub key: &'n str,
    /// Byte where the key stands.
    pub at: usize,
    /// The value.
    pub node: &'n Node<'n>,
}

impl<'n> Fields<'n> {
    fn new(table: &'n DeTable<'_>, at: usize, path: String) -> Self {
        let mut rest: Vec<Field<'n>> =
            table.iter().map(|(key, node)| Field { key: key.get_ref().as_ref(), at: key.span().start, node }).collect();
        rest.sort_by_key(|field| field.at);
        Self { at, path, rest }
    }

    /// Byte where the table stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The key's name with the names of the tables around it.
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes an optional key.
    pub fn take(&mut self, key: &str) -> Option<&'n Node<'n>> {
        let place = self.rest.iter().position(|field| field.key == key)?;
        Some(self.rest.remove(place).node)
    }

    /// Takes a key that must be there.
    pub fn need(&mut self, sheet: &mut Sheet<'_>, key: &str) -> Option<&'n Node<'n>> {
        let node = self.take(key);
        if node.is_none() {
            sheet.fault(self.at, format!("缺少 {}", self.path(key)));
        }
        node
    }

    /// A needed text.
    pub fn text(&mut self, sheet: &mut Sheet<'_>, key: &str) -> Option<String> {
        let path = self.path(key);
        let node = self.need(sheet, key)?;
        sheet.text_of(node, &path).map(str::to_owned)
    }

    /// One of a list of words; `None` stands for an absent key when there is a default.
    pub fn word<T: Copy>(
        &mut self,
        sheet: &mut Sheet<'_>,
        key: &str,
        words: &[(&str, T)],
        default: Option<T>,
    ) -> Option<T> {
        let path = self.path(key);
        let node = match (self.take(key), default) {
            (None, Some(default)) => return Some(default),
            (None, None) => {
                sheet.fault(self.at, format!("缺少 {path}"));
                return None;
            }
            (Some(node), _) => node,
        };
        let found = node.get_ref().as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if found.is_none() {
            let known = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join("、");
            sheet.fault(node.span().start, format!("{path} 只能是 {known}"));
        }
        found.map(|(_, value)| *value)
    }

    /// The keys not taken yet, taken now.
    pub fn drain(&mut self) -> Vec<Field<'n>> {
        std::mem::take(&mut self.rest)
    }

    /// Reports every key nobody took.
    pub fn finish(self, sheet: &mut Sheet<'_>) {
        for field in &self.rest {
            sheet.fault(field.at, format!("不认识的键 {}，请检查拼写", self.path(&shown(field.key))));
        }
    }
}

/// Reads a plain decimal: an optional minus, digits, at most one point between digits; no exponent, no blanks.
pub fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let fine = digits.len() <= LONGEST_DECIMAL
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1;
    fine.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

/// Reads a date written exactly as `2026-01-31`.
pub fn plain_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(place, b)| if place == 4 || place == 7 { *b == b'-' } else { b.is_ascii_digit() });
    shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let read = Sheet::read("f.toml", text, |sheet, mut fields| {
            let name = fields.text(sheet, "name");
            let price = fields.need(sheet, "price").and_then(|node| sheet.amount_of(node, "price"));
            fields.finish(sheet);
            Some((name?, price?))
        });
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_names_its_line() {
        assert!(faults("name = \"a\"\nprice = \"1.50\"\n").is_empty());
        let found = faults("# c\nname = 3\nprice = 1.5\nmore = 1\n");
        assert_eq!(found.len(), 3);
        assert!(found[0].starts_with("f.toml 第2行：name"), "{}", found[0]);
        assert!(found[1].contains("第3行") && found[1].contains("裸数字"), "{}", found[1]);
        assert!(found[2].contains("第4行") && found[2].contains("不认识的键 more"), "{}", found[2]);
    }

    #[test]
    fn broken_toml_names_its_line() {
        assert!(faults("name = \"a\"\nprice = \n")[0].contains("第2行"));
        assert!(faults("name = \"a\"\nname = \"b\"\n")[0].contains("第2行"));
    }

    #[test]
    fn only_plain_decimals_and_dates_are_read() {
        for bad in ["", "-", "1e3", "+1", ".5", "5.", "1.2.3", " 1", "1 ", "1,000", "１", "NaN", "--1"] {
            assert_eq!(plain_decimal(bad), None, "{bad}");
        }
        assert_eq!(plain_decimal("-0.31").map(|d| d.to_string()).as_deref(), Some("-0.31"));
        for bad in ["2026-1-01", "2026-02-30", "20260101", "2026/01/01", "+026-01-01", ""] {
            assert_eq!(plain_date(bad), None, "{bad}");
        }
    }
}
