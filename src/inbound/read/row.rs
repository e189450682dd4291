//! One row: cells as text in one buffer that is used again for the next row.

use std::hash::{DefaultHasher, Hasher};

/// What is to be known about a cell beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A number cell of a workbook.
    Number,
    /// A number cell with more digits than its form keeps: the digits after the fifteenth are lost.
    LostDigits,
    /// A control or escape character stood in it; the text shows a sign in its place.
    Control,
    /// Bytes that are no text in the file's encoding; the text shows U+FFFD in their place.
    Garbled,
}

/// A row of a file from outside.
#[derive(Debug, Default, Clone)]
pub struct Row {
    /// Physical line of a text file, row of a sheet, record number of a dbf; all from 1.
    pub line: u32,
    text: String,
    ends: Vec<usize>,
    marks: Vec<(u16, Mark)>,
}

impl Row {
    /// Empties the row for the next line.
    pub fn restart(&mut self, line: u32) {
        self.line = line;
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
        self.marks.extend(worst.map(|mark| (column, mark)));
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
        self.has(column, Mark::Number)
    }

    fn has(&self, column: usize, mark: Mark) -> bool {
        self.marks.iter().any(|(at, found)| usize::from(*at) == column && *found == mark)
    }

    /// The first cell with characters that are no text, and what they are.
    pub fn spoilt(&self) -> Option<(usize, Mark)> {
        let spoils = |mark: &Mark| matches!(mark, Mark::Control | Mark::Garbled);
        self.marks.iter().find(|(_, mark)| spoils(mark)).map(|(at, mark)| (usize::from(*at), *mark))
    }

    /// How a cell of a workbook was marked, if its text alone does not say what it is.
    pub fn mark(&self, column: usize) -> Option<Mark> {
        [Mark::LostDigits, Mark::Number].into_iter().find(|mark| self.has(column, *mark))
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
