//! One row: cells as text in one buffer that is used again for the next row.

use std::hash::{DefaultHasher, Hasher};

use crate::inbound::clean;
use crate::text::safe;

/// What is to be known about a cell beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A number cell of a workbook.
    Number,
    /// A number cell of a workbook that counts its days from 1904.
    Number1904,
    /// A number cell with more digits than its form keeps: the digits after the fifteenth are lost.
    LostDigits,
    /// A number cell that shows less than it holds: 12.35 for 12.345.
    Rounded,
    /// A number cell that a spreadsheet shows as a date.
    Date,
    /// A cell that several rows share.
    Merged,
    /// A formula whose result was not kept, or a number whose form hides it.
    NoValue,
    /// A control or escape character stood in it; the text shows a sign in its place.
    Control,
    /// Bytes that are no text in the file's encoding; the text shows U+FFFD in their place.
    Garbled,
}

/// What is to be known about a whole row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A spreadsheet hides it, by hand or by a filter.
    Hidden,
    /// It stands in the file behind the number of records that the head counts.
    Uncounted,
    /// A quoted cell of it runs over a line end; with so many delimiters inside.
    OverLines(u32),
    /// The cell of this column is struck through, whole or in part.
    Struck(usize),
    /// A comma inside a number split it into the cell of this column and the next, as it seems.
    Split(usize),
}

/// A cell that several rows share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub column: usize,
    pub text: String,
    /// The cell does not show what it holds.
    pub hidden: bool,
    /// It is struck through.
    pub struck: bool,
}

/// Lines of the second and later sheets of a workbook count from multiples of this one.
const LINES_A_SHEET: u32 = 2_000_000;

/// The line of a row on a sheet, the first being 0: sheets behind the first count from 2,000,000, 4,000,000 … .
pub fn line_on(sheet: u32, row: u32) -> Option<u32> {
    sheet.checked_mul(LINES_A_SHEET).filter(|_| row < LINES_A_SHEET).and_then(|base| base.checked_add(row))
}

/// A line as a person finds it: 第3行, or on a further sheet 第2张表第3行.
pub fn place(line: u32) -> String {
    match line / LINES_A_SHEET {
        0 => format!("第{line}行"),
        sheet => format!("第{}张表第{}行", sheet + 1, line % LINES_A_SHEET),
    }
}

/// A row of a file from outside.
#[derive(Debug, Default, Clone)]
pub struct Row {
    /// Physical line of a text file, row of a sheet, record number of a dbf; all from 1.
    pub line: u32,
    /// What is to be known about it as a whole.
    pub standing: Option<Standing>,
    text: String,
    ends: Vec<usize>,
    marks: Vec<(u16, Mark)>,
}

impl Row {
    /// Empties the row for the next line.
    pub fn restart(&mut self, line: u32) {
        self.line = line;
        self.standing = None;
        self.text.clear();
        self.ends.clear();
        self.marks.clear();
    }

    /// Adds a cell. Control characters are replaced by a visible sign and marked; line breaks inside become a blank.
    pub fn push(&mut self, cell: &str) {
        if cell.bytes().all(|b| (0x20..0x7F).contains(&b)) {
            self.text.push_str(cell);
        } else {
            self.push_checked(cell);
        }
        self.ends.push(self.text.len());
    }

    fn push_checked(&mut self, cell: &str) {
        let column = u16::try_from(self.ends.len()).unwrap_or(u16::MAX);
        let mut worst = None;
        for c in cell.chars() {
            let kept = match c {
                '\t' | '\r' | '\n' => ' ',
                '\u{FEFF}' => continue,
                '\u{FFFD}' => {
                    worst = worst.or(Some(Mark::Garbled));
                    c
                }
                c if is_control(c) => {
                    worst = Some(Mark::Control);
                    sign(c)
                }
                c => c,
            };
            self.text.push(kept);
        }
        // At both ends they are blanks; inside a word nobody sees them.
        let inner = cell.trim_matches(clean::is_blank);
        if worst.is_none() && inner.chars().any(|c| safe::is_hidden(c) && !c.is_control() && c != '\u{FEFF}') {
            worst = Some(Mark::Control);
        }
        self.marks.extend(worst.map(|mark| (column, mark)));
    }

    /// Puts the cells of another row under other columns: `from[column]` is where a column stood there.
    pub fn rearranged(&self, line: u32, from: &[Option<usize>]) -> Self {
        let standing = match self.standing {
            Some(Standing::Struck(at)) => {
                Some(Standing::Struck(from.iter().position(|from| *from == Some(at)).unwrap_or(usize::MAX)))
            }
            standing => standing,
        };
        let mut row = Self { line, standing, ..Self::default() };
        for (column, at) in from.iter().enumerate() {
            let Some(at) = *at else {
                row.ends.push(row.text.len());
                continue;
            };
            row.text.push_str(self.get(at));
            row.ends.push(row.text.len());
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            row.marks
                .extend(self.marks.iter().filter(|(old, _)| usize::from(*old) == at).map(|(_, mark)| (column, *mark)));
        }
        row
    }

    /// Writes the texts that this row shares with others into their columns, and marks these.
    pub(super) fn share(&mut self, shared: &[Shared]) {
        let last = shared.iter().map(|shared| shared.column + 1).max().unwrap_or(0).max(self.len());
        let mut row = Self { line: self.line, standing: self.standing, marks: self.marks.clone(), ..Self::default() };
        for column in 0..last {
            let own = self.get(column);
            match shared.iter().find(|shared| shared.column == column) {
                Some(shared) => {
                    row.text.push_str(if own.is_empty() { &shared.text } else { own });
                    row.ends.push(row.text.len());
                    row.mark_last(Mark::Merged);
                    if shared.hidden {
                        row.mark_last(Mark::NoValue);
                    }
                }
                None => {
                    row.text.push_str(own);
                    row.ends.push(row.text.len());
                }
            }
        }
        *self = row;
    }

    /// Has any cell a mark?
    pub fn is_marked(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Has any cell this mark?
    pub(super) fn has_any(&self, mark: Mark) -> bool {
        self.marks.iter().any(|(_, found)| *found == mark)
    }

    /// Marks the cell added last.
    pub fn mark_last(&mut self, mark: Mark) {
        let column = u16::try_from(self.ends.len().saturating_sub(1)).unwrap_or(u16::MAX);
        self.marks.push((column, mark));
    }

    /// The cell of a column, empty beyond the last.
    pub fn get(&self, column: usize) -> &str {
        match self.ends.get(column) {
            Some(&end) => &self.text[if column == 0 { 0 } else { self.ends[column - 1] }..end],
            None => "",
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// No cell at all?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Nothing but blanks?
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Did this cell lose digits?
    pub fn lost_digits(&self, column: usize) -> bool {
        self.has(column, Mark::LostDigits)
    }

    /// Is this a number cell of a workbook?
    pub fn is_number(&self, column: usize) -> bool {
        self.has(column, Mark::Number) || self.has(column, Mark::Number1904)
    }

    /// The number cell of a workbook that counts its days from 1904?
    pub fn counts_from_1904(&self, column: usize) -> bool {
        self.has(column, Mark::Number1904)
    }

    /// Has the cell of a column this mark?
    pub fn has(&self, column: usize, mark: Mark) -> bool {
        self.marks.iter().any(|(at, found)| usize::from(*at) == column && *found == mark)
    }

    /// The first cell with characters that are no text, and what they are.
    pub fn spoilt(&self) -> Option<(usize, Mark)> {
        let spoils = |mark: &Mark| matches!(mark, Mark::Control | Mark::Garbled);
        self.marks.iter().find(|(_, mark)| spoils(mark)).map(|(at, mark)| (usize::from(*at), *mark))
    }

    /// How a cell of a workbook was marked, if its text alone does not say what it is.
    pub fn mark(&self, column: usize) -> Option<Mark> {
        let order =
            [Mark::LostDigits, Mark::NoValue, Mark::Merged, Mark::Rounded, Mark::Date, Mark::Number1904, Mark::Number];
        order.into_iter().find(|mark| self.has(column, *mark))
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.get(column))
    }

    /// A short hash of all cells, for finding equal rows in one file. Empty cells at the end do not count.
    pub fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let used = (0..self.len()).rev().find(|column| !self.get(*column).is_empty()).map_or(0, |last| last + 1);
        hasher.write(self.text.as_bytes());
        for end in &self.ends[..used] {
            hasher.write_u32(*end as u32);
        }
        hasher.finish()
    }
}

/// A character of a user-defined area (造字): GBK's and Unicode's private ones.
pub fn is_user_defined(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Characters that could steer a terminal or turn text around: C0, C1, line separators, direction overrides.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The printable sign for a control character: its picture (U+2400 …), or U+FFFD.
fn sign(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1F => char::from_u32(0x2400 + code).unwrap_or('\u{FFFD}'),
        0x7F => '\u{2421}',
        _ => '\u{FFFD}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Row {
        let mut row = Row::default();
        row.restart(1);
        cells.iter().for_each(|cell| row.push(cell));
        row
    }

    #[test]
    fn cells_come_back_and_control_characters_become_signs() {
        let row = row(&["a", "", "王\u{1b}[31m芳", "两\n行"]);
        assert_eq!(row.cells().collect::<Vec<_>>(), ["a", "", "王␛[31m芳", "两 行"]);
        assert_eq!(row.spoilt(), Some((2, Mark::Control)));
        assert_eq!((row.get(9), row.len()), ("", 4));
    }

    #[test]
    fn equal_rows_have_equal_prints_and_shifted_cells_have_not() {
        assert_eq!(row(&["a", "b", "", ""]).print(), row(&["a", "b"]).print());
        assert_ne!(row(&["ab", ""]).print(), row(&["a", "b"]).print());
        assert_ne!(row(&["", "a"]).print(), row(&["a"]).print());
    }
}
