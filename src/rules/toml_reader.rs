//! Reading a TOML file that people wrote: every fault at once, each with its line, each one Chinese sentence.
//!
//! `serde` stops at the first mistake and speaks English. A [`Doc`] walks the parsed table instead, takes what it
//! knows, notes what is wrong and where, and at the end names the keys nobody asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file} 第 {line} 行：{what}")]
pub struct FileFault {
    /// Name of the file as the person knows it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// A file being read; collects its faults.
pub struct Doc<'s> {
    file: &'s str,
    text: &'s str,
    faults: RefCell<Vec<FileFault>>,
}

/// A table of the file; remembers which keys were asked for.
pub struct Section<'d> {
    doc: &'d Doc<'d>,
    table: &'d DeTable<'d>,
    /// What people call it: `[[paper]]`, or empty for the top of the file.
    title: String,
    at: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A value with its place in the file, for checks made later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Byte offset in the file.
    pub at: usize,
}

/// One item of a mixed list.
pub enum Item<'d> {
    /// A plain text.
    Text(At<String>),
    /// An inline table.
    Table(Section<'d>),
}

impl<'s> Doc<'s> {
    /// A file to be read. `file` is the name shown in faults.
    pub fn new(file: &'s str, text: &'s str) -> Self {
        Self { file, text, faults: RefCell::default() }
    }

    /// Parses the text; what is no TOML is noted as a fault, the rest is still read.
    pub fn parse(&self) -> DeTable<'s> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span: Range<usize>| span.start);
            let what = if error.message().contains("duplicate") {
                "同一项写了两次，请删去一处"
            } else {
                "不合 TOML 写法，请检查引号、括号和等号"
            };
            self.fault(at, what);
        }
        table.into_inner()
    }

    /// The top of the file.
    pub fn top<'d>(&'d self, table: &'d DeTable<'d>) -> Section<'d> {
        Section { doc: self, table, title: String::new(), at: 0, asked: RefCell::default() }
    }

    /// Notes a fault at a byte offset.
    pub fn fault(&self, at: usize, what: impl Into<String>) {
        let fault = FileFault { file: self.file.to_owned(), line: self.line(at), what: what.into() };
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// Line of a byte offset, from 1.
    pub fn line(&self, at: usize) -> usize {
        let end = at.min(self.text.len());
        1 + self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count()
    }

    /// Whether anything is wrong so far.
    pub fn is_sound(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// All faults, by line.
    pub fn into_faults(self) -> Vec<FileFault> {
        let mut faults = self.faults.into_inner();
        faults.sort();
        faults
    }
}

impl<'d> Section<'d> {
    /// Notes a fault at this table's own line.
    pub fn fault(&self, what: impl Into<String>) {
        self.doc.fault(self.at, what);
    }

    /// Notes a fault at a value's line.
    pub fn fault_at(&self, at: usize, what: impl Into<String>) {
        self.doc.fault(at, what);
    }

    /// Byte offset of this table.
    pub fn at(&self) -> usize {
        self.at
    }

    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// Is the key written?
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    fn wrong_type(&self, key: &str, at: usize, wanted: &str) {
        self.doc.fault(at, format!("{}“{key}”应为{wanted}", self.shown_title()));
    }

    fn shown_title(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!("{}的", self.title) }
    }

    fn missing(&self, key: &str) {
        self.fault(format!("{}缺少“{key}”，请补上", self.title));
    }

    /// A text, if written: trimmed, not empty, at most `longest` characters, no control characters.
    pub fn text(&self, key: &'static str, longest: usize) -> Option<At<String>> {
        let spanned = self.get(key)?;
        let at = spanned.span().start;
        let DeValue::String(text) = spanned.get_ref() else {
            self.wrong_type(key, at, "加引号的文字");
            return None;
        };
        self.checked_text(key, at, text, longest)
    }

    fn checked_text(&self, key: &str, at: usize, text: &str, longest: usize) -> Option<At<String>> {
        let value = text.trim();
        if value.is_empty() {
            self.doc.fault(at, format!("{}“{key}”是空的，请填写或删去", self.shown_title()));
        } else if value.chars().any(char::is_control) {
            self.doc.fault(at, format!("{}“{key}”含有换行或控制字符，请删去", self.shown_title()));
        } else if value.chars().count() > longest {
            self.doc.fault(at, format!("{}“{key}”超过 {longest} 个字，请缩短", self.shown_title()));
        } else {
            return Some(At { value: value.to_owned(), at });
        }
        None
    }

    /// A text that must be written; empty (and a fault) when it is not.
    pub fn need_text(&self, key: &'static str, longest: usize) -> At<String> {
        let written = self.has(key);
        let text = self.text(key, longest);
        if !written {
            self.missing(key);
        }
        text.unwrap_or(At { value: String::new(), at: self.at })
    }

    /// A key people refer to: small letters, digits and `_`, beginning with a letter. Must be written.
    pub fn need_key(&self, key: &'static str) -> At<String> {
        let text = self.need_text(key, 40);
        if !text.value.is_empty() && !is_key(&text.value) {
            let what = format!("{}“{key}”只能用小写字母、数字和下划线，并以字母开头", self.shown_title());
            self.doc.fault(text.at, what);
        }
        text
    }

    /// Is `true` or `false` written here?
    pub fn is_flag(&self, key: &'static str) -> bool {
        self.get(key).is_some_and(|spanned| matches!(spanned.get_ref(), DeValue::Boolean(_)))
    }

    /// `true` or `false`; the default when not written.
    pub fn flag(&self, key: &'static str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(spanned) => match spanned.get_ref() {
                DeValue::Boolean(value) => *value,
                _ => {
                    self.wrong_type(key, spanned.span().start, " true 或 false");
                    default
                }
            },
        }
    }

    /// A whole number within bounds, if written.
    pub fn number(&self, key: &'static str, bounds: Range<u32>) -> Option<At<u32>> {
        let spanned = self.get(key)?;
        let at = spanned.span().start;
        let value = match spanned.get_ref() {
            DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        match value.filter(|value| bounds.contains(value)) {
            Some(value) => Some(At { value, at }),
            None => {
                self.wrong_type(key, at, &format!(" {} 到 {} 之间的整数", bounds.start, bounds.end - 1));
                None
            }
        }
    }

    /// One of some words, if written.
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key, 200)?;
        self.pick(key, &text, words)
    }

    /// One of some words; must be written.
    pub fn need_choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        if !self.has(key) {
            self.missing(key);
        }
        self.choice(key, words)
    }

    fn pick<T: Copy>(&self, key: &str, text: &At<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let what = format!("{}“{key}”不能是“{}”，只能是：{}", self.shown_title(), text.value, known.join("、"));
            self.doc.fault(text.at, what);
        }
        found
    }

    /// A list of some words without repeats; empty when not written.
    pub fn choices<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Vec<T> {
        self.texts(key, 200).iter().filter_map(|text| self.pick(key, text, words)).collect()
    }

    /// A text or a list of texts without repeats; empty when not written.
    pub fn texts(&self, key: &'static str, longest: usize) -> Vec<At<String>> {
        let Some(spanned) = self.get(key) else { return Vec::new() };
        let items: Vec<&Spanned<DeValue>> = match spanned.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![spanned],
        };
        let mut texts: Vec<At<String>> = Vec::new();
        for item in items {
            let at = item.span().start;
            let DeValue::String(text) = item.get_ref() else {
                self.wrong_type(key, at, "加引号的文字或其列表");
                continue;
            };
            if let Some(text) = self.checked_text(key, at, text, longest) {
                if texts.iter().any(|known| known.value == text.value) {
                    let what = format!("{}“{key}”里“{}”写了两次，请删去一处", self.shown_title(), text.value);
                    self.doc.fault(at, what);
                } else {
                    texts.push(text);
                }
            }
        }
        texts
    }

    /// A table `[key]`, if written.
    pub fn section(&self, key: &'static str) -> Option<Section<'d>> {
        let spanned = self.get(key)?;
        match spanned.get_ref() {
            DeValue::Table(table) => Some(self.child(key, table, spanned.span().start, false)),
            _ => {
                self.wrong_type(key, spanned.span().start, &format!("一节 [{key}]"));
                None
            }
        }
    }

    /// Every table of `[[key]]`, in the file's order.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(spanned) = self.get(key) else { return Vec::new() };
        let DeValue::Array(array) = spanned.get_ref() else {
            self.wrong_type(key, spanned.span().start, &format!("若干节 [[{key}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array {
            match item.get_ref() {
                DeValue::Table(table) => sections.push(self.child(key, table, item.span().start, true)),
                _ => self.wrong_type(key, item.span().start, &format!("若干节 [[{key}]]")),
            }
        }
        sections
    }

    /// A list of texts and `{ … }` tables mixed, in the file's order.
    pub fn items(&self, key: &'static str, longest: usize) -> Vec<Item<'d>> {
        let Some(spanned) = self.get(key) else { return Vec::new() };
        let DeValue::Array(array) = spanned.get_ref() else {
            self.wrong_type(key, spanned.span().start, "方括号里的列表");
            return Vec::new();
        };
        let mut items = Vec::new();
        for item in array {
            let at = item.span().start;
            match item.get_ref() {
                DeValue::Table(table) => items.push(Item::Table(self.child(key, table, at, true))),
                DeValue::String(text) => items.extend(self.checked_text(key, at, text, longest).map(Item::Text)),
                _ => self.wrong_type(key, at, "加引号的文字或 { } 表"),
            }
        }
        items
    }

    fn child(&self, key: &str, table: &'d DeTable<'d>, at: usize, many: bool) -> Section<'d> {
        let title = if many { format!("[[{key}]]") } else { format!("[{key}]") };
        Section { doc: self.doc, table, title, at, asked: RefCell::default() }
    }

    /// Ends the reading of this table: every key nobody asked for is a fault.
    pub fn close(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            if !asked.contains(key.get_ref().as_ref()) {
                let known: Vec<&str> = asked.iter().copied().collect();
                let what = format!("{}不认识“{}”，可用的有：{}", self.title, key.get_ref(), known.join("、"));
                self.doc.fault(key.span().start, what);
            }
        }
    }
}

/// Small letters, digits and `_`, beginning with a letter.
pub fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str, read: impl Fn(&Section)) -> Vec<String> {
        let doc = Doc::new("样.toml", text);
        let table = doc.parse();
        let top = doc.top(&table);
        read(&top);
        top.close();
        doc.into_faults().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "name = 3\nempty = \"\"\nlevel = \"高\"\n\n[[paper]]\nkye = \"a\"\n\n[[paper]]\nkey = \"B\"\n";
        let found = faults(text, |top| {
            top.need_text("name", 9);
            top.text("empty", 9);
            top.choice("level", &[("低", 1), ("中", 2)]);
            for paper in top.sections("paper") {
                paper.need_key("key");
                paper.close();
            }
        });
        assert_eq!(
            found,
            [
                "样.toml 第 1 行：“name”应为加引号的文字",
                "样.toml 第 2 行：“empty”是空的，请填写或删去",
                "样.toml 第 3 行：“level”不能是“高”，只能是：低、中",
                "样.toml 第 5 行：[[paper]]缺少“key”，请补上",
                "样.toml 第 6 行：[[paper]]不认识“kye”，可用的有：key",
                "样.toml 第 9 行：[[paper]]的“key”只能用小写字母、数字和下划线，并以字母开头",
            ]
        );
    }

    #[test]
    fn text_that_is_no_toml_is_told_with_its_line() {
        let found = faults("a = \"1\"\nb = = 2\n", |top| {
            top.text("a", 9);
            top.has("b");
        });
        assert_eq!(found[0], "样.toml 第 2 行：不合 TOML 写法，请检查引号、括号和等号");
    }
}
