//! A file recognised by its headings: which sheets of it are read, where its fields stand, and what of it is not read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::clean;
use super::headings::plain;
use super::nearest::Nearest;
use super::profile::{Catalogue, Holds, Layout, Profile, ReadBy};
use super::read::{BadFile, Encoding, Form, Row, SheetFacts, Source, Standing, Why, line_on};
use super::running;
use crate::rules::fault::shown;

/// Rows at the top of a sheet among which the headings are looked for.
const HEADING_ROWS: usize = 10;

/// A file whose profile is known.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// The file, with the encoding that made the headings readable.
    pub source: Source,
    /// The profile.
    pub profile: Profile,
    /// Where the fields stand. Rows of further sheets are put under these columns.
    pub layout: Layout,
    /// The sheets that are read, in their order.
    pub sheets: Vec<ReadSheet>,
    /// What of the file is not read, in words.
    pub notes: Vec<String>,
}

/// A sheet that is read.
#[derive(Debug, Clone)]
pub struct ReadSheet {
    /// Its name; empty when the form has none.
    pub name: String,
    /// The line of the headings; rows come after it.
    pub heading_line: u32,
    facts: SheetFacts,
    layout: Layout,
    /// Are its rows, cut at a sign, as long as the headings? Then one that is longer may be cut once too often.
    even: bool,
    /// Column of the file's layout → column of this sheet.
    from: Vec<Option<usize>>,
}

/// The first rows of a file for a look before importing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Headings of the file.
    pub headings: Vec<String>,
    /// The field a column was recognised as, by column.
    pub fields: Vec<Option<String>>,
    /// Line and cells of the first rows.
    pub rows: Vec<(u32, Vec<String>)>,
}

impl Recognised {
    /// Gives every data row to `on_row`: not the headings, wherever they are repeated, not what stands above them.
    pub fn each_row(&self, on_row: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<(), BadFile> {
        for (number, sheet) in self.sheets.iter().enumerate() {
            let mut fault = None;
            let mut flow = ControlFlow::Continue(());
            self.source.each_row_with(&sheet.name, &sheet.facts, &mut |row| {
                if row.line <= sheet.heading_line || sheet.repeats_headings(row) {
                    return ControlFlow::Continue(());
                }
                if let Some(Standing::OverLines(inside)) = row.standing
                    && self.swallows(row, inside)
                {
                    fault = Some(self.broken_quote(row.line));
                    return ControlFlow::Break(());
                }
                let split = if sheet.even { sheet.layout.split(row) } else { None };
                flow = if let Some(column) = split {
                    let mut split = row.clone();
                    split.standing = Some(Standing::Split(column));
                    on_row(&split)
                } else if number == 0 {
                    on_row(row)
                } else {
                    let line = u32::try_from(number).ok().and_then(|number| line_on(number, row.line));
                    on_row(&row.rearranged(line.unwrap_or(u32::MAX), &sheet.under(row)))
                };
                flow
            })?;
            if let Some(fault) = fault {
                return Err(fault);
            }
            if flow.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Did a quote that does not close swallow rows? A reading has no cell of two lines; elsewhere a cell of two lines is fine that
    /// holds less than a row of them.
    fn swallows(&self, row: &Row, inside: u32) -> bool {
        let columns = self.layout.headings.len();
        match self.profile.holds {
            Holds::Readings => true,
            Holds::Customers | Holds::Swaps => inside > 0 && (inside as usize + 1 >= columns || row.len() > columns),
        }
    }

    fn broken_quote(&self, line: u32) -> BadFile {
        let what =
            format!("第{line}行有一格跨了行，像是引号没有成对，吞掉了下面的行；整个文件没有读，请核对该行或重新导出");
        BadFile::new(&self.source.path, Why::Damaged, what)
    }

    /// The first `rows` rows, with what their columns were recognised as.
    pub fn preview(&self, rows: usize) -> Result<Preview, BadFile> {
        let mut first = Vec::new();
        self.each_row(&mut |row| {
            if first.len() == rows {
                return ControlFlow::Break(());
            }
            first.push((row.line, row.cells().map(str::to_owned).collect()));
            ControlFlow::Continue(())
        })?;
        let field =
            |column: usize| self.layout.at.iter().find(|(_, at)| **at == column).map(|(field, _)| field.clone());
        let headings = self.layout.headings.clone();
        Ok(Preview { fields: (0..headings.len()).map(field).collect(), headings, rows: first })
    }

    /// Some rows, read again: rows are not kept while a file is judged.
    pub fn rows_of(&self, lines: &[u32]) -> Result<BTreeMap<u32, Row>, BadFile> {
        let wanted: std::collections::BTreeSet<u32> = lines.iter().copied().collect();
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        self.each_row(&mut |row| {
            if wanted.contains(&row.line) {
                found.insert(row.line, row.clone());
            }
            if found.len() == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }

    /// The cells of some lines.
    pub fn cells_of(&self, lines: &[u32]) -> Result<BTreeMap<u32, Vec<String>>, BadFile> {
        let rows = self.rows_of(lines)?;
        Ok(rows.into_iter().map(|(line, row)| (line, row.cells().map(str::to_owned).collect())).collect())
    }

    /// A file known by its profile and headings alone, for judging single rows of it again.
    pub fn remembered(name: &str, profile: &Profile, headings: &[String]) -> Self {
        let source = Source {
            path: name.into(),
            form: Form::Text(Encoding::Utf8),
            size: 0,
            hash: [0; 32],
            text_bytes: 0,
            limits: super::read::Limits::default(),
        };
        let layout = profile.locate(headings, &|_| false);
        Self { source, profile: profile.clone(), layout, sheets: Vec::new(), notes: Vec::new() }
    }
}

impl ReadSheet {
    /// Where the cells of a row stand under the columns of the file; what has no heading comes behind them.
    fn under(&self, row: &Row) -> Cow<'_, [Option<usize>]> {
        let mut headless = self.layout.headless(row).map(Some).peekable();
        match headless.peek() {
            None => Cow::Borrowed(&self.from),
            Some(_) => Cow::Owned(self.from.iter().copied().chain(headless).collect()),
        }
    }

    /// Is it the headings again, as they stand on top of every page?
    fn repeats_headings(&self, row: &Row) -> bool {
        let again = |column: &usize| {
            let heading = self.layout.heading(*column);
            row.get(*column) == heading || !heading.is_empty() && plain(row.get(*column)) == plain(heading)
        };
        !self.layout.at.is_empty() && self.layout.at.values().all(again)
    }
}

impl Catalogue {
    /// Finds the profile of a file by its headings, among those that hold `holds` (and came by `source`); `name` asks for one alone.
    pub fn recognise(
        &self,
        source: &Source,
        holds: Holds,
        read_by: Option<ReadBy>,
        name: Option<&str>,
    ) -> Result<Recognised, BadFile> {
        let fits = |profile: &&Profile| match name {
            Some(name) => profile.name == name,
            None => read_by.is_none() || profile.source == read_by,
        };
        let candidates: Vec<&Profile> = self.profiles().iter().filter(|p| p.holds == holds).filter(fits).collect();
        if candidates.is_empty() {
            let what = format!("没有可用的导入方案“{}”，请核对名称", name.unwrap_or_default());
            return Err(BadFile::new(&source.path, Why::Headings, what));
        }
        let answer = match look(source, &candidates) {
            Err(error) if error.why == Why::Headings && source.form == Form::Text(Encoding::Utf8) => {
                // A short GBK text can happen to be valid UTF-8; readable headings then tell.
                let other = Source { form: Form::Text(Encoding::Gb18030), ..source.clone() };
                look(&other, &candidates).map_err(|_| error)
            }
            answer => answer,
        };
        answer.map_err(|error| {
            let others =
                self.profiles().iter().filter(|profile| !candidates.iter().any(|own| own.name == profile.name));
            let other = look(source, &others.collect::<Vec<_>>()).ok().filter(|_| error.why == Why::Headings);
            match other {
                Some(found) => {
                    let what =
                        format!("{}；这个文件像是“{}”，请核对是否选错了导入种类", error.what, found.profile.title);
                    BadFile::new(&source.path, Why::Headings, what)
                }
                None => error,
            }
        })
    }
}

/// A sheet looked at: where its headings stand under each profile that fits.
struct Looked {
    name: String,
    hidden: bool,
    blank: bool,
    facts: SheetFacts,
    /// Lines at the top and how many cells each has.
    lengths: Vec<(u32, usize)>,
    hits: Vec<(usize, u32, Layout)>,
}

impl Looked {
    /// Do its rows end with more delimiters than the headings, as some programs write them?
    fn trails(&self, heading_line: u32, layout: &Layout) -> bool {
        let rows = self.lengths.iter().filter(|(line, _)| *line > heading_line);
        let longer = rows.clone().filter(|(_, cells)| *cells > layout.headings.len()).count();
        longer > 1 && longer * 2 > rows.count()
    }

    /// The place with the most fields, of one profile or of any.
    fn best(&self, profile: Option<usize>) -> Option<&(usize, u32, Layout)> {
        let fits = self.hits.iter().filter(|(index, _, _)| profile.is_none_or(|wanted| wanted == *index));
        fits.rev().max_by_key(|(_, _, layout)| layout.at.len())
    }
}

fn look(source: &Source, candidates: &[&Profile]) -> Result<Recognised, BadFile> {
    let bad = |what: String| BadFile::new(&source.path, Why::Headings, what);
    let mut nearest = Nearest::default();
    let mut looked = Vec::new();
    for sheet in source.sheets()? {
        let facts = source.facts(&sheet.name)?;
        let rows = top_rows(source, &sheet.name)?;
        let blank = rows.is_empty();
        let hides = |column: usize| u32::try_from(column).is_ok_and(|column| facts.hides_column(column));
        let lengths = rows.iter().map(|(line, cells)| (*line, cells.len())).collect();
        let mut hits = Vec::new();
        for (line, headings) in rows {
            for (index, profile) in candidates.iter().enumerate() {
                let layout = profile.locate(&headings, &hides);
                let missing = profile.missing(&layout);
                if missing.is_empty() {
                    hits.push((index, line, layout));
                    continue;
                }
                if !sheet.hidden {
                    nearest.see(profile, &layout, &missing);
                }
            }
        }
        looked.push(Looked { name: sheet.name, hidden: sheet.hidden, blank, facts, lengths, hits });
    }
    let seen = || looked.iter().filter(|sheet| !sheet.hidden);
    let best = seen().filter_map(|sheet| sheet.best(None)).rev().max_by_key(|(_, _, layout)| layout.at.len());
    let Some(&(index, _, _)) = best else {
        if let Some(sheet) = looked.iter().find(|sheet| sheet.hidden && !sheet.hits.is_empty()) {
            return Err(bad(format!("只有隐藏的表“{}”认得出表头，请核对，确要导入的先取消隐藏", shown(&sheet.name))));
        }
        return Err(bad(format!("认不出表头：{}", nearest.text())));
    };
    let parts: Vec<(&Looked, u32, &Layout)> =
        seen().filter_map(|sheet| sheet.best(Some(index)).map(|(_, line, layout)| (sheet, *line, layout))).collect();
    for (_, _, layout) in &parts {
        if let Some(heading) = layout.twice.first() {
            return Err(bad(format!("有两列“{}”，不知道读哪一列，请删去多余的一列", shown(heading))));
        }
        if let Some(heading) = layout.unseen.first() {
            return Err(bad(format!("“{}”列是隐藏的，请核对这一列，取消隐藏后再导入", shown(heading))));
        }
    }
    let mut notes = notes_of(&looked, index, &parts);
    notes.extend(source.left_out()?);
    let mut layout = joined(&parts);
    let sheets = parts.iter().map(|(sheet, heading_line, own)| ReadSheet {
        name: sheet.name.clone(),
        heading_line: *heading_line,
        facts: sheet.facts.clone(),
        layout: (*own).clone(),
        even: matches!(source.form, Form::Text(_)) && !sheet.trails(*heading_line, own),
        from: from(&layout, own),
    });
    let mut sheets: Vec<ReadSheet> = sheets.collect();
    for (number, sheet) in sheets.iter_mut().enumerate() {
        let is_row = |row: &Row| row.line > sheet.heading_line && !sheet.repeats_headings(row);
        let found = running::of(source, (&sheet.name, &sheet.facts), &sheet.layout, &is_row)?;
        let Some(found) = found else { continue };
        notes.push(running::note(found, sheet.layout.heading(0), if parts.len() > 1 { &sheet.name } else { "" }));
        if !sheet.layout.heading(0).is_empty() {
            continue;
        }
        running::NAME.clone_into(&mut sheet.layout.headings[0]);
        if number == 0 {
            running::NAME.clone_into(&mut layout.headings[0]);
        }
    }
    Ok(Recognised { source: source.clone(), profile: candidates[index].clone(), sheets, layout, notes })
}

/// What of a workbook or table is not read, and how lines of further sheets are counted.
fn notes_of(looked: &[Looked], profile: usize, parts: &[(&Looked, u32, &Layout)]) -> Vec<String> {
    let mut notes = Vec::new();
    let names = |of: &mut dyn Iterator<Item = &Looked>| {
        of.map(|sheet| format!("“{}”", shown(&sheet.name))).collect::<Vec<_>>().join("、")
    };
    if parts.len() > 1 {
        let read = names(&mut parts.iter().map(|(sheet, _, _)| *sheet));
        let first = line_on(1, 1).unwrap_or(0);
        notes.push(format!("读了{}张表：{read}；第2张表的第1行记作第{first}行，其余类推", parts.len()));
    }
    let unread = |sheet: &&Looked| !sheet.hidden && !sheet.blank && sheet.best(Some(profile)).is_none();
    let count = looked.iter().filter(unread).count();
    if count > 0 {
        notes.push(format!("还有{count}张表没有读：{}", names(&mut looked.iter().filter(unread))));
    }
    let hidden = |sheet: &&Looked| sheet.hidden && !sheet.blank;
    if looked.iter().any(|sheet| hidden(&sheet)) {
        notes.push(format!("隐藏的表没有读：{}", names(&mut looked.iter().filter(hidden))));
    }
    let columns: Vec<String> = parts
        .iter()
        .flat_map(|(_, _, layout)| layout.unread())
        .map(|heading| format!("“{}”", shown(heading)))
        .collect();
    if !columns.is_empty() {
        notes.push(format!("没有读的列：{}", columns.join("、")));
    }
    notes
}

/// The layout of the first sheet with the fields that only others have.
fn joined(parts: &[(&Looked, u32, &Layout)]) -> Layout {
    let mut layout = parts.first().map_or_else(|| Layout::of(Vec::new()), |(_, _, first)| (*first).clone());
    for (_, _, other) in parts.iter().skip(1) {
        for (field, column) in &other.at {
            if layout.column(field).is_none() {
                layout.add(field, other.heading(*column));
            }
        }
    }
    layout
}

fn from(layout: &Layout, own: &Layout) -> Vec<Option<usize>> {
    let mut from = vec![None; layout.headings.len()];
    for (field, column) in &layout.at {
        from[*column] = own.column(field);
    }
    from
}

fn top_rows(source: &Source, sheet: &str) -> Result<Vec<(u32, Vec<String>)>, BadFile> {
    let mut rows = Vec::new();
    source.each_row(sheet, &mut |row| {
        let heading = |cell: &str| clean::text(cell).split_whitespace().collect::<String>();
        rows.push((row.line, row.cells().map(heading).collect()));
        if rows.len() == HEADING_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(rows)
}
