//! The fix list as CSV: rows not taken, what is wrong, what to do, and the cells as they stood.
//!
//! Written for Excel: UTF-8 with a byte order mark, CRLF. A cell from outside is never a formula there, and long
//! numbers and those with a leading zero keep their digits: both get an apostrophe, which an import takes off again.

use std::io::Write;

use crate::rules::private_numbers::{Holds, mask};

pub(super) const HEADINGS: [&str; 5] = ["行号", "标识", "问题", "处理", "说明"];
/// Excel turns longer digit strings into numbers with an exponent.
const LONGEST_NUMBER: usize = 11;

/// A row of the fix list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixRow {
    /// Line in the file.
    pub line: u32,
    /// Account, meter or slip.
    pub id: String,
    /// What is wrong, in words.
    pub kind: String,
    /// What is done with it, in words.
    pub disposition: String,
    /// Where, and what to do.
    pub message: String,
    /// The cells of the row in the file.
    pub cells: Vec<String>,
}

/// The list in the writing, row by row: it may be as long as a file. `holds` says what long numbers each column may show.
pub struct FixList<'h, W: Write> {
    writer: csv::Writer<W>,
    holds: &'h [Holds],
}

impl<'h, W: Write> FixList<'h, W> {
    /// Writes the headings.
    pub fn begin(mut out: W, headings: &[String], holds: &'h [Holds]) -> csv::Result<Self> {
        out.write_all("\u{FEFF}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
        let ours = HEADINGS.iter().map(|heading| (*heading).to_owned());
        writer.write_record(ours.chain(headings.iter().map(|heading| safe(heading))))?;
        Ok(Self { writer, holds })
    }

    /// Writes a row.
    pub fn row(&mut self, row: &FixRow) -> csv::Result<()> {
        let facts = [row.line.to_string(), safe(&row.id), safe(&row.kind), safe(&row.disposition), safe(&row.message)];
        let cells = row.cells.iter().enumerate();
        let cells = cells.map(|(column, cell)| safe(&shown(cell, self.holds.get(column).copied().unwrap_or_default())));
        self.writer.write_record(facts.into_iter().chain(cells))
    }

    /// Nothing follows.
    pub fn finish(mut self) -> csv::Result<()> {
        Ok(self.writer.flush()?)
    }
}

/// A cell as it is shown: of a column of IDs or cards the last four, of any other the text without the numbers that have no place in it.
pub fn shown(cell: &str, holds: Holds) -> String {
    match holds {
        Holds::Sealed => last_four(cell),
        holds => mask(cell, holds),
    }
}

/// A number as it is shown: the last four characters.
fn last_four(cell: &str) -> String {
    let count = cell.chars().count();
    if count <= 4 { cell.to_owned() } else { format!("****{}", cell.chars().skip(count - 4).collect::<String>()) }
}

/// A cell that a spreadsheet takes for text.
fn safe(cell: &str) -> String {
    let digits = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
    let loses_digits = digits && (cell.len() > LONGEST_NUMBER || cell.len() > 1 && cell.starts_with('0'));
    let formula = cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']) && !is_number(cell);
    if loses_digits || formula { format!("'{cell}") } else { cell.to_owned() }
}

fn is_number(cell: &str) -> bool {
    let rest = cell.strip_prefix('-').unwrap_or(cell);
    let digits = rest.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits && rest.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::clean;
    use crate::inbound::judge::{Disposition, Kind};

    fn written(cells: &[&str], holds: &[Holds]) -> String {
        let row = FixRow {
            line: 7,
            id: "3100000001".into(),
            kind: Kind::HighUse.label().into(),
            disposition: Disposition::Held.label().into(),
            message: "用量偏大，请核实".into(),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        };
        let mut out = Vec::new();
        let mut list = FixList::begin(&mut out, &["户号".into(), "户名".into()], holds).unwrap();
        list.row(&row).unwrap();
        list.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_list_opens_in_excel_and_no_cell_is_a_formula() {
        let text = written(&["=cmd|'/c calc'!A0", "@SUM(A1)", "+1", "-5", "\t=1", "王,芳"], &[]);
        assert!(text.starts_with("\u{FEFF}行号,标识,问题,处理,说明,户号,户名\r\n7,3100000001,用量偏大,待确认,"));
        assert!(text.contains(",'=cmd|'/c calc'!A0,'@SUM(A1),'+1,-5,'\t=1,\"王,芳\"\r\n"), "{text}");
    }

    #[test]
    fn digits_survive_and_are_read_back_and_sealed_cells_show_four() {
        let cells =
            ["0001011101", "210000000000000001", "530124194610038814", "证530124194610038814，6217000709355100926"];
        let text = written(&cells, &[Holds::Number, Holds::Text, Holds::Sealed]);
        assert!(text.contains(",'0001011101,'210000000000000001,****8814,证****8814，****0926\r\n"), "{text}");
        assert_eq!(clean::text("'0001011101"), "0001011101");
    }
}
