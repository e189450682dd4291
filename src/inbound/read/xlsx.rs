//! Excel workbooks, cell by cell: only the table of shared texts is held in memory.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;

use calamine::{DataRef, Reader, Xlsx};
use chrono::{Duration, NaiveDate, NaiveDateTime};

use super::bad_file::{BadFile, Why};
use super::row::{Mark, Row};
use super::source::{OnRow, Source};
use super::zip_guard;

/// A number above this is no day count (9999-12-31 is 2,958,465); with a date format it is a date written as digits.
const LAST_SERIAL: f64 = 2_958_466.0;
/// Excel keeps fifteen digits of a number.
const SAFE_DIGITS: f64 = 1e15;

pub(super) fn sheets(source: &Source) -> Result<Vec<String>, BadFile> {
    Ok(open(source)?.sheet_names())
}

fn damaged(source: &Source) -> BadFile {
    source.bad(Why::Damaged, "不是完整的Excel工作簿，请用Excel打开后另存为xlsx再导入")
}

fn open(source: &Source) -> Result<Xlsx<BufReader<File>>, BadFile> {
    zip_guard::check(source)?;
    calamine::open_workbook_from_rs(BufReader::new(source.file()?)).map_err(|_: calamine::XlsxError| damaged(source))
}

pub(super) fn each_row(source: &Source, sheet: &str, on_row: OnRow<'_>) -> Result<(), BadFile> {
    let mut book = open(source)?;
    let epoch_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|_| damaged(source))?;
    let mut row = Row::default();
    let mut count = 0;
    while let Some(cell) = cells.next_cell().map_err(|_| damaged(source))? {
        let (at, column) = cell.get_position();
        let line = at.checked_add(1).ok_or_else(|| damaged(source))?;
        if line < row.line || line == row.line && (column as usize) < row.len() {
            return Err(damaged(source));
        }
        if line != row.line {
            if end_row(source, &row, &mut count, on_row)?.is_break() {
                return Ok(());
            }
            row.restart(line);
        }
        if column as usize >= source.limits.columns {
            if matches!(cell.get_value(), DataRef::Empty) {
                continue;
            }
            return Err(source.bad(Why::Limit, format!("第{line}行超过{}列，请核对", source.limits.columns)));
        }
        while row.len() < column as usize {
            row.push("");
        }
        push(source, &mut row, cell.get_value(), epoch_1904)?;
    }
    // The last row: whether the reader wants more no longer matters.
    let _ = end_row(source, &row, &mut count, on_row)?;
    Ok(())
}

fn end_row(source: &Source, row: &Row, count: &mut u32, on_row: OnRow<'_>) -> Result<ControlFlow<()>, BadFile> {
    if row.is_empty() || row.is_blank() {
        return Ok(ControlFlow::Continue(()));
    }
    *count += 1;
    source.within(row, *count)?;
    Ok(on_row(row))
}

fn push(source: &Source, row: &mut Row, value: &DataRef<'_>, epoch_1904: bool) -> Result<(), BadFile> {
    match value {
        DataRef::Empty => row.push(""),
        DataRef::String(text) => push_text(source, row, text)?,
        DataRef::SharedString(text) => push_text(source, row, text)?,
        DataRef::DateTimeIso(text) => row.push(&text.replacen('T', " ", 1)),
        DataRef::DurationIso(text) => row.push(text),
        DataRef::Int(number) => {
            row.push(&number.to_string());
            row.mark_last(Mark::Number);
        }
        DataRef::Float(number) => push_number(row, *number),
        DataRef::Bool(yes) => row.push(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::Error(error) => row.push(&error.to_string()),
        DataRef::DateTime(moment) => match date_text(moment.as_f64(), epoch_1904).filter(|_| moment.is_datetime()) {
            Some(text) => row.push(&text),
            None => push_number(row, moment.as_f64()),
        },
        // calamine may add kinds of cells; one we do not know is empty, never guessed.
        #[allow(unreachable_patterns)]
        _ => row.push(""),
    }
    Ok(())
}

fn push_text(source: &Source, row: &mut Row, text: &str) -> Result<(), BadFile> {
    if text.len() > source.limits.cell_bytes {
        return Err(source.long_cell(row.line, row.len()));
    }
    row.push(text);
    Ok(())
}

/// A number as its shortest decimal text, never with an exponent. One of more than fifteen digits is marked.
fn push_number(row: &mut Row, number: f64) {
    if number.abs() >= 1e40 || number != 0.0 && number.abs() < 1e-20 {
        row.push(&format!("{number:e}"));
    } else {
        row.push(&number.to_string());
    }
    row.mark_last(Mark::Number);
    if number.abs() >= SAFE_DIGITS {
        row.mark_last(Mark::LostDigits);
    }
}

/// A day count as `2026-10-21`, with a time of day as `2026-10-21 00:16:41`, to the nearest second.
fn date_text(serial: f64, epoch_1904: bool) -> Option<String> {
    if !(0.0..LAST_SERIAL).contains(&serial) {
        return None;
    }
    let base = if epoch_1904 { NaiveDate::from_ymd_opt(1904, 1, 1) } else { NaiveDate::from_ymd_opt(1899, 12, 30) }?;
    let seconds = (serial * 86_400.0).round() as i64;
    let moment = NaiveDateTime::from(base).checked_add_signed(Duration::try_seconds(seconds)?)?;
    let form = if seconds % 86_400 == 0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
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
        assert_eq!(date_text(20_140_501.0, false), None);
        let mut row = Row::default();
        row.restart(1);
        for number in [39.14, 20140501.0, 6.21700512324141e18, 384.0] {
            push_number(&mut row, number);
        }
        assert_eq!(row.cells().collect::<Vec<_>>(), ["39.14", "20140501", "6217005123241410000", "384"]);
        assert!(row.lost_digits(2) && !row.lost_digits(1));
    }
}
