//! Lines of totals (合计, 小计, 总计 …): no rows, but compared with the rows above them.

use super::aside::{is_aside, is_count};
use crate::inbound::clean;
use crate::inbound::profile::{Class, Layout};
use crate::inbound::read::{Row, place};
use crate::rules::fault::shown;
use crate::rules::numbers::narrow;
use crate::rules::private_numbers::{Holds, mask};

/// What a line of totals is called, alone or behind a name: 0002册小计.
const WORDS: [&str; 8] = ["合计", "小计", "总计", "共计", "累计", "汇总", "合计数", "总计数"];
/// The same in other words.
const FOREIGN: [&str; 4] = ["total", "subtotal", "grandtotal", "sum"];
/// Longest text taken for such a word.
const LONGEST: usize = 16;
/// What rows are counted in.
const COUNTED: [&str; 8] = ["户", "笔", "条", "块", "张", "只", "行", "份"];
/// Lines named in a note.
const NAMED: usize = 10;

/// Sums of the columns of a file, and what its lines of totals said.
#[derive(Debug)]
pub(super) struct Totals {
    /// The word a profile has for it besides.
    word: Option<String>,
    id: Option<usize>,
    columns: Vec<usize>,
    /// Since the last line of totals, and since the beginning; in thousandths.
    group: Sums,
    all: Sums,
    agreeing: Vec<u32>,
    notes: Vec<String>,
    /// Lines that are neither rows nor totals: the first of them in words, and how many.
    asides: Vec<String>,
    aside_count: usize,
}

/// What a line of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// A row.
    Row,
    /// Totals of the rows above it.
    Total,
    /// A signature, a page number, a remark.
    Aside,
}

#[derive(Debug, Clone, Default)]
struct Sums {
    rows: u32,
    of: Vec<i128>,
}

impl Totals {
    pub(super) fn new(word: Option<&str>, layout: &Layout, id: Option<usize>) -> Self {
        let adds_up = |column: &usize| matches!(layout.class(*column), Class::Quantity | Class::Money);
        let columns: Vec<usize> = (0..layout.headings.len()).filter(adds_up).collect();
        let sums = Sums { rows: 0, of: vec![0; columns.len()] };
        Self {
            word: word.map(str::to_owned),
            id,
            columns,
            group: sums.clone(),
            all: sums,
            agreeing: Vec::new(),
            notes: Vec::new(),
            asides: Vec::new(),
            aside_count: 0,
        }
    }

    /// Takes a row: a line of totals is compared with what came before, a signature kept for a note; any other row is added up.
    pub(super) fn take(&mut self, row: &Row, layout: &Layout) -> Line {
        if self.is_total(row) {
            self.compare(row, layout);
            self.group = Sums { rows: 0, of: vec![0; self.columns.len()] };
            return Line::Total;
        }
        if is_aside(row, layout, self.id) {
            self.note_aside(row);
            return Line::Aside;
        }
        for sums in [&mut self.group, &mut self.all] {
            sums.rows += 1;
        }
        for (index, column) in self.columns.iter().enumerate() {
            let value = value_of(row.get(*column), layout.class(*column)).unwrap_or(0);
            self.group.of[index] += value;
            self.all.of[index] += value;
        }
        Line::Row
    }

    fn note_aside(&mut self, row: &Row) {
        self.aside_count += 1;
        if self.asides.len() < NAMED {
            let said = row.cells().map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" ");
            let said = shown(&mask(&said, Holds::Text));
            self.asides.push(format!("{}“{said}”", place(row.line)));
        }
    }

    /// What there is to tell about lines of totals.
    pub(super) fn into_notes(self) -> Vec<String> {
        let mut notes = self.notes;
        if !self.agreeing.is_empty() {
            let named: Vec<String> = self.agreeing.iter().take(NAMED).map(|line| place(*line)).collect();
            let more = if self.agreeing.len() > NAMED { "等" } else { "" };
            let what = format!("{}{more}是合计，不作一行数据；与明细相符", named.join("、"));
            notes.insert(0, what);
        }
        if !self.asides.is_empty() {
            let more = if self.aside_count > self.asides.len() { "等" } else { "" };
            notes.push(format!("{}{more}是签名、页码或说明，不作一行数据", self.asides.join("、")));
        }
        notes
    }

    fn is_total(&self, row: &Row) -> bool {
        let Some(first) = (0..row.len()).find(|column| !row.get(*column).trim().is_empty()) else { return false };
        if self.is_word(row.get(first)) {
            return true;
        }
        let id = self.id.map_or("", |column| row.get(column));
        let nameless = clean::text(id).is_empty() || counted(id).is_some() || self.is_word(id);
        nameless && (is_count(row.get(first)) || is_count(id) || row.cells().any(|cell| self.is_word(cell)))
    }

    fn is_word(&self, cell: &str) -> bool {
        if cell.len() > LONGEST * 4 || cell.is_ascii() && !cell.bytes().any(|b| b.is_ascii_alphabetic()) {
            return false;
        }
        let plain: String = cell.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
        if self.word.as_deref() == Some(plain.as_str()) {
            return true;
        }
        let bare = plain.split(['(', ':']).next().unwrap_or_default();
        let bare =
            bare.trim_end_matches(|c: char| c.is_ascii_digit() || COUNTED.iter().any(|word| word.starts_with(c)));
        if bare.chars().count() > LONGEST {
            return false;
        }
        WORDS.iter().any(|word| bare.ends_with(word)) || FOREIGN.contains(&bare.to_ascii_lowercase().as_str())
    }

    fn compare(&mut self, row: &Row, layout: &Layout) {
        let mut faults = Vec::new();
        if let Some(stated) = row.cells().find_map(counted)
            && stated != self.group.rows
            && stated != self.all.rows
        {
            faults.push(format!("写{stated}户，实有{}户", self.all.rows));
        }
        for (index, column) in self.columns.iter().enumerate() {
            let Some(stated) = value_of(row.get(*column), layout.class(*column)) else { continue };
            if stated != self.group.of[index] && stated != self.all.of[index] {
                let (stated, found) = (decimal(stated), decimal(self.all.of[index]));
                faults.push(format!("“{}”写{stated}，实为{found}", layout.heading(*column)));
            }
        }
        match faults.is_empty() {
            true => self.agreeing.push(row.line),
            false if self.notes.len() < NAMED => {
                let faults = faults.join("；");
                self.notes.push(format!("{}的合计与明细不符：{faults}；请与原系统核对", place(row.line)));
            }
            false => {}
        }
    }
}

/// `2户`, `共 2 户`, `本册共20户`, `总户数：2` as the number.
pub(super) fn counted(cell: &str) -> Option<u32> {
    if cell.len() > LONGEST * 4 || cell.is_ascii() {
        return None;
    }
    let plain: String = cell.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    if let Some((_, number)) = plain.split_once("户数") {
        return number.trim_start_matches(':').trim_end_matches('户').parse().ok();
    }
    let bare = COUNTED.iter().find_map(|word| plain.strip_suffix(word))?;
    let at = bare
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + bare[at..].chars().next().map_or(0, char::len_utf8));
    let (before, number) = bare.split_at(at);
    (before.is_empty() || before.ends_with(['共', '计', ':'])).then(|| number.parse().ok()).flatten()
}

/// A value in thousandths.
fn value_of(cell: &str, class: Class) -> Option<i128> {
    match class {
        Class::Money => clean::money(cell).map(|amount| i128::from(amount.0) * 10),
        Class::Number | Class::Place | Class::Quantity | Class::Date | Class::Text | Class::Unread => {
            clean::quantity(cell).map(|value| i128::from(value.0))
        }
    }
}

fn decimal(thousandths: i128) -> String {
    let (sign, whole) = (if thousandths < 0 { "-" } else { "" }, thousandths.unsigned_abs());
    let text = format!("{sign}{}.{:03}", whole / 1000, whole % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
