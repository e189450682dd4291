//! What a sheet says beside its cells: hidden rows and columns, merged cells, formulas without a result.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::struck;

/// Formulas without a result that are remembered; a file with more has none computed and is refused whole.
const MOST_FORMULAS: usize = 1_000_000;
/// Merged ranges and hidden columns that are remembered.
const MOST_RANGES: usize = 100_000;

/// What is to be known about a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetFacts {
    hidden_rows: HashSet<u32>,
    hidden_columns: Vec<(u32, u32)>,
    merged: Vec<Merged>,
    no_result: HashSet<(u32, u32)>,
    struck: HashSet<(u32, u32)>,
    /// Too much of something to remember.
    pub(super) overfull: bool,
}

/// Cells shown as one: rows and columns from 0, both ends within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merged {
    pub rows: (u32, u32),
    pub columns: (u32, u32),
}

impl SheetFacts {
    /// Is this row (from 0) hidden?
    pub(super) fn hides_row(&self, row: u32) -> bool {
        self.hidden_rows.contains(&row)
    }

    /// Is this column (from 0) hidden?
    pub(crate) fn hides_column(&self, column: u32) -> bool {
        self.hidden_columns.iter().any(|(first, last)| (*first..=*last).contains(&column))
    }

    /// Is there a formula without a result in this cell?
    pub(super) fn lacks_result(&self, row: u32, column: u32) -> bool {
        !self.no_result.is_empty() && self.no_result.contains(&(row, column))
    }

    /// Is part of the text in this cell struck through?
    pub(super) fn strikes(&self, row: u32, column: u32) -> bool {
        !self.struck.is_empty() && self.struck.contains(&(row, column))
    }

    /// Ranges over several rows, by their first row.
    pub(super) fn merged(&self) -> &[Merged] {
        &self.merged
    }

    /// Reads them from the part of a workbook that holds the sheet. What cannot be read here the reader of cells refuses.
    /// `struck`: the shared texts that are struck through in part.
    pub(super) fn read(archive: &mut ZipArchive<BufReader<File>>, part: &str, struck: &HashSet<u32>) -> Self {
        let mut facts = Self::default();
        if let Ok(part) = archive.by_name(part) {
            facts.walk(BufReader::with_capacity(64 << 10, part), struck);
        }
        facts.merged.sort_by_key(|range| range.rows);
        facts
    }

    fn walk(&mut self, part: impl Read, struck: &HashSet<u32>) {
        let mut xml = Reader::from_reader(BufReader::with_capacity(64 << 10, part));
        let mut buffer = Vec::new();
        let (mut row, mut column) = (0, 0);
        // A formula that waits for its result, whether we are inside its text, and whether its result is a text, which may be empty.
        let mut formula: Option<(u32, u32)> = None;
        let (mut inside, mut is_text) = (false, false);
        // Whether a cell names a shared text, and whether we are at its number.
        let (mut is_shared, mut names) = (false, false);
        loop {
            buffer.clear();
            let event = match xml.read_event_into(&mut buffer) {
                Ok(Event::Eof) | Err(_) => return,
                Ok(event) => event,
            };
            match &event {
                Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        row = number(tag, "r").map_or(row + 1, |line| line.saturating_sub(1));
                        column = 0;
                        let flat = attribute(tag, "ht").is_some_and(|height| height.parse() == Ok(0.0));
                        if flat || is_set(tag, "hidden") {
                            self.hidden_rows.insert(row);
                        }
                    }
                    "c" => {
                        let place = attribute(tag, "r").and_then(|place| cell_of(&place));
                        column = place.map_or(column + 1, |(_, column)| column);
                        let kind = attribute(tag, "t");
                        is_text = kind.as_deref() == Some("str");
                        is_shared = !struck.is_empty() && kind.as_deref() == Some("s");
                        formula = None;
                    }
                    "f" => {
                        formula = Some((row, column));
                        inside = matches!(event, Event::Start(_));
                    }
                    "strike" if struck::is_on(tag) => _ = self.struck.insert((row, column)),
                    "v" if is_text => formula = None,
                    "v" => names = is_shared && matches!(event, Event::Start(_)),
                    "col" => {
                        let flat = attribute(tag, "width").is_some_and(|width| width.parse() == Ok(0.0));
                        if (flat || is_set(tag, "hidden"))
                            && let (Some(first), Some(last)) = (number(tag, "min"), number(tag, "max"))
                        {
                            self.hidden_columns.push((first.saturating_sub(1), last.saturating_sub(1)));
                        }
                    }
                    "mergeCell" => self.note_merged(attribute(tag, "ref")),
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "f" => inside = false,
                Event::Text(text) if names => {
                    names = false;
                    if text.as_ref().trim().parse().is_ok_and(|text| struck.contains(&text)) {
                        self.struck.insert((row, column));
                    }
                }
                Event::Text(text) if !inside && formula.is_some() && !text.as_ref().trim().is_empty() => formula = None,
                Event::End(tag) if tag.local_name().as_ref() == "c" => {
                    self.no_result.extend(formula.take());
                }
                _ => {}
            }
            let ranges = self.merged.len().max(self.hidden_columns.len());
            if self.no_result.len().max(self.struck.len()) > MOST_FORMULAS || ranges > MOST_RANGES {
                self.overfull = true;
                return;
            }
        }
    }

    fn note_merged(&mut self, range: Option<String>) {
        let Some((from, to)) = range.as_deref().and_then(|range| range.split_once(':')) else { return };
        if let (Some(from), Some(to)) = (cell_of(from), cell_of(to))
            && to.0 > from.0
        {
            self.merged.push(Merged { rows: (from.0, to.0), columns: (from.1, to.1) });
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes().flatten().find(|found| found.key.as_ref() == name).map(|found| found.value.into_owned())
}

fn number(tag: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(tag, name)?.parse().ok()
}

fn is_set(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

/// `B3` as row 2, column 1.
fn cell_of(place: &str) -> Option<(u32, u32)> {
    let place = place.trim_start_matches('$');
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = place[..letters].bytes().fold(0, |sum, b| sum * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = place[letters..].trim_start_matches('$').parse().ok()?;
    Some((row.checked_sub(1)?, column - 1))
}

/// Sheet name → part of the workbook that holds it.
pub(super) fn parts(archive: &mut ZipArchive<BufReader<File>>) -> Vec<(String, String)> {
    let relations = tags(archive, "xl/_rels/workbook.xml.rels", "Relationship");
    let sheets = tags(archive, "xl/workbook.xml", "sheet");
    let target = |id: &str| {
        let found = relations.iter().find(|tag| value(tag, "Id") == Some(id))?;
        let target = value(found, "Target")?.replace('\\', "/");
        Some(match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        })
    };
    let part = |sheet: &Vec<(String, String)>| {
        let id = sheet.iter().find(|(key, _)| key.ends_with(":id"))?.1.clone();
        Some((value(sheet, "name")?.to_owned(), target(&id)?))
    };
    sheets.iter().filter_map(part).collect()
}

fn value<'t>(tag: &'t [(String, String)], name: &str) -> Option<&'t str> {
    tag.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The attributes of every tag of a name in a small part.
fn tags(archive: &mut ZipArchive<BufReader<File>>, part: &str, name: &str) -> Vec<Vec<(String, String)>> {
    const LARGEST: u64 = 4 << 20;
    let mut text = String::new();
    let read = archive.by_name(part).map(|part| part.take(LARGEST).read_to_string(&mut text));
    if !matches!(read, Ok(Ok(_))) {
        return Vec::new();
    }
    let mut xml = Reader::from_str(&text);
    let mut found = Vec::new();
    while let Ok(event) = xml.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == name => {
                let pair = |found: quick_xml::events::attributes::Attribute<'_>| {
                    let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned();
                    Some((found.key.as_ref().to_owned(), value))
                };
                found.push(tag.attributes().flatten().filter_map(pair).collect());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_rows_columns_merges_and_formulas_without_result_are_seen() {
        let sheet = r#"<worksheet><cols><col min="2" max="3" hidden="1"/></cols><sheetData>
            <row r="1"><c r="A1"><v>1</v></c></row>
            <row r="3" hidden="1"><c r="B3"><f>A1+1</f></c><c r="C3"><f>A1</f><v>1</v></c>
            <c r="D3"><f>A1</f><v></v></c><c r="E3" t="str"><f>IF(A1,1,2)</f><v></v></c></row>
            <row r="4" ht="0" customHeight="1"/><row r="5"><c r="A5" t="s"><v>7</v></c><c r="B5" t="s"><v>8</v></c><c r="C5"><v>7</v></c>
            <c r="D5" t="inlineStr"><is><r><rPr><strike/></rPr><t>1</t></r></is></c>
            <c r="E5" t="inlineStr"><is><r><rPr><strike val="0"/></rPr><t>1</t></r></is></c></row></sheetData>
            <mergeCells><mergeCell ref="A1:A3"/><mergeCell ref="A1:C1"/></mergeCells></worksheet>"#;
        let mut facts = SheetFacts::default();
        facts.walk(sheet.as_bytes(), &HashSet::from([7]));
        assert!(facts.hides_row(2) && facts.hides_row(3) && !facts.hides_row(0));
        assert!(facts.hides_column(1) && facts.hides_column(2) && !facts.hides_column(0));
        assert!(facts.lacks_result(2, 1) && !facts.lacks_result(2, 2));
        assert!(facts.lacks_result(2, 3) && !facts.lacks_result(2, 4));
        let struck = [0, 1, 2, 3, 4].map(|column| facts.strikes(4, column));
        assert_eq!(struck, [true, false, false, true, false]);
        assert_eq!(facts.merged(), [Merged { rows: (0, 2), columns: (0, 0) }]);
    }
}
