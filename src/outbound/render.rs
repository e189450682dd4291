//! A report on the terminal, as CSV, JSON or a workbook.

use std::io::Write;

use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use unicode_width::UnicodeWidthStr;

use super::csv_safe;
use super::sheet::{Cell, Sheet};
use crate::text::safe;

/// Writes the report as a table of fixed width columns.
pub fn table<W: Write>(out: &mut W, sheet: &Sheet) -> std::io::Result<()> {
    writeln!(out, "{}  {}", sheet.title, span(sheet))?;
    let mut lines: Vec<Vec<(String, bool)>> = Vec::with_capacity(sheet.rows.len() + 2);
    let numeric = |index: usize| sheet.rows.iter().any(|row| row[index].is_number());
    let head = sheet.columns.iter().enumerate().map(|(index, column)| (column.title.to_owned(), numeric(index)));
    lines.push(head.collect());
    lines.extend(sheet.rows.iter().map(|row| row.iter().map(|cell| (cell.shown(), cell.is_number())).collect()));
    let totals = sheet.totals();
    if !totals.is_empty() {
        lines.push(totals.iter().map(|cell| (cell.shown(), cell.is_number())).collect());
    }
    let width = |index: usize| lines.iter().map(|line| line[index].0.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..sheet.columns.len()).map(width).collect();
    for line in &lines {
        writeln!(out, "{}", fixed(line, &widths).trim_end())?;
    }
    if sheet.rows.is_empty() {
        writeln!(out, "没有内容")?;
    }
    for note in &sheet.notes {
        writeln!(out, "{}", safe::line(note))?;
    }
    Ok(())
}

fn fixed(line: &[(String, bool)], widths: &[usize]) -> String {
    let mut text = String::new();
    for ((cell, right), width) in line.iter().zip(widths) {
        let gap = " ".repeat(width.saturating_sub(cell.width()));
        if *right {
            text.push_str(&gap);
            text.push_str(cell);
        } else {
            text.push_str(cell);
            text.push_str(&gap);
        }
        text.push_str("  ");
    }
    text
}

fn span(sheet: &Sheet) -> String {
    if sheet.from == sheet.to { sheet.from.to_string() } else { format!("{} 至 {}", sheet.from, sheet.to) }
}

/// Writes the report as CSV for a spreadsheet: UTF-8 with a byte order mark, CRLF, no formula.
pub fn csv<W: Write>(out: &mut W, sheet: &Sheet) -> csv::Result<()> {
    out.write_all("\u{FEFF}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(sheet.columns.iter().map(|column| column.title))?;
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => csv_safe::safe(&safe::line(text)),
        other => other.plain(),
    };
    for row in sheet.rows.iter().chain(Some(&sheet.totals()).filter(|totals| !totals.is_empty())) {
        writer.write_record(row.iter().map(text))?;
    }
    writer.flush()?;
    Ok(())
}

/// The report as JSON; amounts and quantities are decimal text.
pub fn json(sheet: &Sheet) -> serde_json::Value {
    let row = |cells: &[Cell]| {
        let pairs = sheet.columns.iter().zip(cells).map(|(column, cell)| (column.key.to_owned(), value(cell)));
        serde_json::Value::Object(pairs.collect())
    };
    let mut totals = serde_json::Map::new();
    for (column, cell) in sheet.columns.iter().zip(sheet.totals()).filter(|(column, _)| column.sum) {
        totals.insert(column.key.to_owned(), value(&cell));
    }
    serde_json::json!({
        "report": sheet.name, "title": sheet.title, "from": sheet.from, "to": sheet.to,
        "rows": sheet.rows.iter().map(|cells| row(cells)).collect::<Vec<_>>(),
        "totals": totals, "notes": sheet.notes,
    })
}

fn value(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Count(count) => (*count).into(),
        Cell::Empty => serde_json::Value::Null,
        other => other.plain().into(),
    }
}

/// The report as a workbook. Amounts are numbers there, because people add them up.
pub fn xlsx(sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let (strong, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    let quantity = Format::new().set_num_format("#,##0.###");
    page.write_string_with_format(0, 0, format!("{}  {}", sheet.title, span(sheet)), &strong)?;
    for (column, index) in sheet.columns.iter().zip(0u16..) {
        page.write_string_with_format(1, index, column.title, &strong)?;
    }
    let totals = sheet.totals();
    let rows = sheet.rows.iter().chain(Some(&totals).filter(|totals| !totals.is_empty()));
    let mut line = 2u32;
    for cells in rows {
        for (cell, index) in cells.iter().zip(0u16..) {
            let number = |value: rust_decimal::Decimal| value.to_f64().unwrap_or_default();
            match cell {
                Cell::Money(sum) => page.write_number_with_format(line, index, number(sum.decimal()), &money)?,
                Cell::Quantity(sum) => page.write_number_with_format(line, index, number(sum.decimal()), &quantity)?,
                Cell::Count(count) => page.write_number(line, index, number((*count).into()))?,
                Cell::Empty => page,
                // Written as a string cell, so nothing in it is a formula.
                other => page.write_string(line, index, safe::line(&other.plain()))?,
            };
        }
        line += 1;
    }
    for note in &sheet.notes {
        page.write_string(line, 0, safe::line(note))?;
        line += 1;
    }
    page.autofit();
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::sheet::Column;
    use crate::rules::money::Fen;

    fn sheet() -> Sheet {
        let day = "2026-11-21".parse().unwrap();
        Sheet {
            name: "cash",
            title: "日收银报表".into(),
            from: day,
            to: day,
            columns: vec![Column::new("clerk", "营业员"), Column::sum("amount", "金额"), Column::sum("count", "笔数")],
            rows: vec![
                vec![Cell::text("=王芳"), Cell::Money(Fen(120_400)), Cell::Count(2)],
                vec![Cell::text("赵敏\u{1b}[31m"), Cell::Money(Fen(-500)), Cell::Count(1)],
            ],
            notes: vec!["完".into()],
        }
    }

    #[test]
    fn a_table_lines_up_over_chinese() {
        let mut out = Vec::new();
        table(&mut out, &sheet()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "日收银报表  2026-11-21");
        assert!(lines[2].contains("1,204.00     2") && lines[4].starts_with("合计"), "{text}");
        assert_eq!(lines[2].width(), lines[4].width());
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn csv_has_a_mark_and_no_formula_and_json_amounts_are_text() {
        let mut out = Vec::new();
        csv(&mut out, &sheet()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\u{FEFF}营业员,金额,笔数\r\n'=王芳,1204.00,2\r\n"), "{text}");
        assert!(text.ends_with("合计,1199.00,3\r\n"));
        let json = json(&sheet());
        assert_eq!((&json["rows"][0]["amount"], &json["totals"]["amount"]), (&"1204.00".into(), &"1199.00".into()));
    }

    #[test]
    fn a_workbook_is_written() {
        assert!(xlsx(&sheet()).unwrap().starts_with(b"PK"));
    }
}
