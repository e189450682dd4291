//! Excel workbooks, cell by cell: only the table of shared texts is held in memory.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use zip::ZipArchive;

use super::bad_file::{BadFile, Why};
use super::cell_format::{Shown, shown_as, shows_day, shows_text};
use super::row::{Mark, Row, Shared, Standing};
use super::sheet_facts::{self, SheetFacts};
use super::source::{OnRow, Sheet, Source};
use super::struck;
use super::zip_guard;
use crate::inbound::clean;

/// A number above this is no day count (9999-12-31 is 2,958,465); with a date format it is a date written as digits.
const LAST_SERIAL: f64 = 2_958_466.0;
/// Excel keeps fifteen digits of a number.
const SAFE_DIGITS: f64 = 1e15;

pub(super) fn sheets(source: &Source) -> Result<Vec<Sheet>, BadFile> {
    let book = open(source)?;
    let table = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
    let named =
        |sheet: &calamine::Sheet| Sheet { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible };
    Ok(book.sheets_metadata().iter().filter(table).map(named).collect())
}

/// What a sheet says beside its cells.
pub(super) fn facts(source: &Source, sheet: &str) -> Result<SheetFacts, BadFile> {
    let mut archive = ZipArchive::new(BufReader::new(source.file()?)).map_err(|_| damaged(source))?;
    let part = sheet_facts::parts(&mut archive).into_iter().find(|(name, _)| name == sheet);
    let struck = struck::texts(&mut archive);
    let facts = part.map(|(_, part)| SheetFacts::read(&mut archive, &part, &struck)).unwrap_or_default();
    if facts.overfull {
        let what = "里的公式没有存下结果，或合并、隐藏的地方太多，请用Excel打开，复制后选择性粘贴为数值，保存后再导入";
        return Err(source.bad(Why::Limit, what));
    }
    Ok(facts)
}

fn damaged(source: &Source) -> BadFile {
    source.bad(Why::Damaged, "不是完整的Excel工作簿，请用Excel打开后另存为xlsx再导入")
}

fn open(source: &Source) -> Result<Xlsx<BufReader<File>>, BadFile> {
    zip_guard::check(source)?;
    calamine::open_workbook_from_rs(BufReader::new(source.file()?)).map_err(|_: calamine::XlsxError| damaged(source))
}

pub(super) fn each_row(source: &Source, sheet: &str, facts: &SheetFacts, on_row: OnRow<'_>) -> Result<(), BadFile> {
    let mut book = open(source)?;
    let epoch_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|_| damaged(source))?;
    let looks: Vec<Look> = cells.styles().iter().map(Look::of).collect();
    let plain = Look::default();
    let mut sink = Sink { source, facts, on_row, row: Row::default(), count: 0, spread: Spread::new(facts) };
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|_| damaged(source))? {
        let (at, column) = cell.get_position();
        let line = at.checked_add(1).ok_or_else(|| damaged(source))?;
        let row = &sink.row;
        if line < row.line || line == row.line && (column as usize) < row.len() {
            return Err(damaged(source));
        }
        if line != row.line {
            if sink.end_row()?.is_break() {
                return Ok(());
            }
            sink.row.restart(line);
        }
        if column as usize >= source.limits.columns {
            if matches!(cell.get_value(), DataRef::Empty) {
                continue;
            }
            return Err(source.bad(Why::Limit, format!("第{line}行超过{}列，请核对", source.limits.columns)));
        }
        while sink.row.len() < column as usize {
            sink.row.push("");
        }
        let look = looks.get(style).unwrap_or(&plain);
        push(source, &mut sink.row, cell.get_value(), look, epoch_1904)?;
        if facts.lacks_result(at, column) {
            sink.row.mark_last(Mark::NoValue);
        }
        if (look.struck || facts.strikes(at, column)) && !sink.row.get(column as usize).trim().is_empty() {
            sink.row.standing = sink.row.standing.or(Some(Standing::Struck(column as usize)));
        }
    }
    // The last row: whether the reader wants more no longer matters.
    let _ = sink.end_row()?;
    Ok(())
}

/// How a style shows a cell.
#[derive(Default)]
struct Look {
    number: Shown,
    /// A text shows otherwise than it is.
    other_text: bool,
    /// A date shows without its day.
    no_day: bool,
    struck: bool,
}

impl Look {
    fn of(style: &calamine::Style) -> Self {
        let code = style.number_format.as_ref().map_or("", |format| &*format.format_code);
        let struck = style.font.as_ref().is_some_and(calamine::Font::has_strikethrough);
        Self { number: shown_as(code), other_text: !shows_text(code), no_day: !shows_day(code), struck }
    }
}

/// Where rows go when they are whole.
struct Sink<'a, 'r> {
    source: &'a Source,
    facts: &'a SheetFacts,
    on_row: OnRow<'r>,
    row: Row,
    count: u32,
    spread: Spread<'a>,
}

impl Sink<'_, '_> {
    fn end_row(&mut self) -> Result<ControlFlow<()>, BadFile> {
        if self.row.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let at = self.row.line - 1;
        let formula = self.row.has_any(Mark::NoValue);
        self.spread.over(&mut self.row);
        if self.row.is_blank() && !formula {
            return Ok(ControlFlow::Continue(()));
        }
        if self.facts.hides_row(at) {
            self.row.standing = self.row.standing.or(Some(Standing::Hidden));
        }
        self.count += 1;
        self.source.within(&self.row, self.count)?;
        Ok((self.on_row)(&self.row))
    }
}

/// Cells that several rows share: the text of the first row counts for all of them, and each is marked.
struct Spread<'a> {
    facts: &'a SheetFacts,
    next: usize,
    /// Ranges that reach the rows to come: last row, and what they share.
    open: Vec<(u32, Shared)>,
}

impl<'a> Spread<'a> {
    fn new(facts: &'a SheetFacts) -> Self {
        Self { facts, next: 0, open: Vec::new() }
    }

    fn over(&mut self, row: &mut Row) {
        let at = row.line - 1;
        self.open.retain(|(last, _)| *last >= at);
        let mut shared: Vec<Shared> = self.open.iter().map(|(_, shared)| shared.clone()).collect();
        while let Some(range) = self.facts.merged().get(self.next).filter(|range| range.rows.0 <= at) {
            self.next += 1;
            let column = range.columns.0 as usize;
            if range.rows.0 == at {
                let struck = row.standing == Some(Standing::Struck(column));
                let found =
                    Shared { column, text: row.get(column).to_owned(), hidden: row.has(column, Mark::NoValue), struck };
                shared.push(found.clone());
                self.open.push((range.rows.1, found));
            }
        }
        shared.retain(|shared| !shared.text.trim().is_empty());
        if let Some(struck) = shared.iter().find(|shared| shared.struck) {
            row.standing = row.standing.or(Some(Standing::Struck(struck.column)));
        }
        if !shared.is_empty() {
            row.share(&shared);
        }
    }
}

fn push(source: &Source, row: &mut Row, value: &DataRef<'_>, look: &Look, epoch_1904: bool) -> Result<(), BadFile> {
    let shown = &look.number;
    match value {
        DataRef::Empty => row.push(""),
        DataRef::String(text) => push_text(source, row, text, look)?,
        DataRef::SharedString(text) => push_text(source, row, text, look)?,
        DataRef::DateTimeIso(text) => {
            row.push(&text.replacen('T', " ", 1));
            if look.no_day {
                row.mark_last(Mark::NoValue);
            }
        }
        DataRef::DurationIso(text) => row.push(text),
        DataRef::Int(number) => push_number(row, *number as f64, shown, epoch_1904),
        DataRef::Float(number) => push_number(row, *number, shown, epoch_1904),
        DataRef::Bool(yes) => row.push(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::Error(error) => row.push(&error.to_string()),
        DataRef::DateTime(moment) => match date_text(moment.as_f64(), epoch_1904).filter(|_| moment.is_datetime()) {
            Some(text) => {
                row.push(&text);
                row.mark_last(if look.no_day && moment.as_f64() >= 1.0 { Mark::NoValue } else { Mark::Date });
            }
            // Hours and minutes gone by: 2952:00 of 123.
            None if moment.is_duration() => push_number(row, moment.as_f64(), &Shown::Otherwise, epoch_1904),
            None => push_number(row, moment.as_f64(), &Shown::Plain, epoch_1904),
        },
        // calamine may add kinds of cells; one we do not know is empty, never guessed.
        #[allow(unreachable_patterns)]
        _ => row.push(""),
    }
    Ok(())
}

fn push_text(source: &Source, row: &mut Row, text: &str, look: &Look) -> Result<(), BadFile> {
    if text.len() > source.limits.cell_bytes {
        return Err(source.long_cell(row.line, row.len()));
    }
    row.push(text);
    if look.other_text && !text.trim().is_empty() {
        row.mark_last(Mark::NoValue);
    }
    Ok(())
}

/// A number as its shortest decimal text, never with an exponent, as a person sees it: filled up with zeros, as a percentage. One of
/// more than fifteen digits is marked, and one that shows less than it holds.
fn push_number(row: &mut Row, number: f64, shown: &Shown, epoch_1904: bool) {
    let number = to_fifteen_digits(number);
    match shown {
        Shown::Padded { zeros, before } if number >= 0.0 && number.fract() == 0.0 && number < SAFE_DIGITS => {
            row.push(&format!("{before}{number:0>zeros$}"));
        }
        Shown::Percent => row.push(&format!("{}%", to_fifteen_digits(number * 100.0))),
        _ if number.abs() >= 1e40 || number != 0.0 && number.abs() < 1e-20 => row.push(&format!("{number:e}")),
        Shown::Plain | Shown::Decimals(_) | Shown::Padded { .. } | Shown::Otherwise => row.push(&number.to_string()),
    }
    row.mark_last(if epoch_1904 { Mark::Number1904 } else { Mark::Number });
    if number.abs() >= SAFE_DIGITS {
        row.mark_last(Mark::LostDigits);
    }
    match shown {
        Shown::Decimals(places) if format!("{number:.places$}").parse() != Ok(number) => row.mark_last(Mark::Rounded),
        Shown::Padded { .. } if number.fract() != 0.0 => row.mark_last(Mark::Rounded),
        Shown::Otherwise => row.mark_last(Mark::NoValue),
        Shown::Plain | Shown::Decimals(_) | Shown::Padded { .. } | Shown::Percent => {}
    }
}

/// A number without what binary fractions add behind the fifteenth digit: 0.3 for 0.30000000000000004.
fn to_fifteen_digits(number: f64) -> f64 {
    if number.fract() == 0.0 { number } else { format!("{number:.14e}").parse().unwrap_or(number) }
}

/// A day count as `2026-10-21`, with a time of day as `2026-10-21 00:16:41`, to the nearest second.
fn date_text(serial: f64, epoch_1904: bool) -> Option<String> {
    if !(0.0..LAST_SERIAL).contains(&serial) {
        return None;
    }
    let moment = clean::moment_of_count(serial, epoch_1904)?;
    let form = if moment.time() == chrono::NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
    Some(moment.format(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_counts_become_dates_and_long_numbers_are_marked() {
        assert_eq!(date_text(39500.0, false).as_deref(), Some("2008-02-22"));
        assert_eq!(date_text(46298.04152778, false).as_deref(), Some("2026-10-03 00:59:48"));
        assert_eq!(date_text(36526.00638889, false).as_deref(), Some("2000-01-01 00:09:12"));
        assert_eq!(date_text(44853.0, true).as_deref(), Some("2026-10-20"));
        assert_eq!(date_text(20_140_501.0, false), None);
        let mut row = Row::default();
        row.restart(1);
        for number in [39.14, 20140501.0, 6.21700512324141e18, 384.0, 0.1 + 0.2] {
            push_number(&mut row, number, &Shown::Plain, false);
        }
        assert_eq!(row.cells().collect::<Vec<_>>(), ["39.14", "20140501", "6217005123241410000", "384", "0.3"]);
        assert!(row.lost_digits(2) && !row.lost_digits(1));
    }

    #[test]
    fn a_number_is_read_as_a_person_sees_it() {
        let padded = |zeros, before: &str| Shown::Padded { zeros, before: before.into() };
        for (number, shown, text, mark) in [
            (12.0, padded(10, ""), "0000000012", None),
            (12.0, padded(4, "LC"), "LC0012", None),
            (0.05, Shown::Percent, "5%", None),
            (12.5, Shown::Decimals(2), "12.5", None),
            (12.345, Shown::Decimals(2), "12.345", Some(Mark::Rounded)),
            (12345.0, Shown::Otherwise, "12345", Some(Mark::NoValue)),
        ] {
            let mut row = Row::default();
            row.restart(1);
            push_number(&mut row, number, &shown, true);
            assert_eq!(row.get(0), text, "{shown:?}");
            assert!(mark.is_none_or(|mark| row.has(0, mark)) && row.counts_from_1904(0), "{shown:?}");
        }
    }
}
