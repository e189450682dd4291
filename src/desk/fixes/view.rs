//! The fix list as a person sees it: files with counts, rows with their cells, long numbers masked, as CSV too.

use std::io::Write;

use serde::Serialize;

use super::{open_cells, remembered};
use crate::desk::Desk;
use crate::desk::import::What;
use crate::desk::refusal::Refusal;
use crate::inbound::fix_list;
use crate::inbound::judge::{Disposition, Kind};
use crate::inbound::layout::name_of;
use crate::inbound::profile::Layout;
use crate::rules::id::Id;
use crate::rules::private_numbers::{Holds, mask};
use crate::rules::reading_use::whole;
use crate::store::Tx;
use crate::store::query::fixes::FixFilter;
use crate::store::tables::fixes::{FileRow, StagedRow};
use crate::store::tables::slip::SlipState;

/// More columns than a file of a branch has.
const MOST_COLUMNS: usize = 1_024;

/// A file with what is left of it.
#[derive(Debug, Clone, Serialize)]
pub struct FixFile {
    /// The run.
    pub run: Id,
    /// Its name.
    pub name: String,
    /// What it holds, in words.
    pub what: &'static str,
    /// When it came in.
    pub at: String,
    /// Data rows.
    pub rows: i64,
    /// Rows accepted.
    pub accepted: i64,
    /// Rows that wait for a person.
    pub open: i64,
    /// Rows nobody could read, for the next walk.
    pub unread: i64,
}

/// A row with its words.
#[derive(Debug, Clone, Serialize)]
pub struct FixView {
    /// The file, by its run.
    pub file: Id,
    /// Its name.
    pub file_name: String,
    /// The line.
    pub line: i64,
    /// Account, meter or slip.
    pub id: String,
    /// Kind of the defect.
    pub kind: String,
    /// The kind in words.
    pub kind_label: String,
    /// 退回, 待确认 …
    pub disposition: String,
    /// Where, and what to do.
    pub message: String,
    /// open, waiting, unread, flagged, ignored, mended, confirmed, dropped, seen.
    pub state: String,
    /// The state in words.
    pub state_label: &'static str,
    /// What was decided.
    pub note: String,
    /// The entry that decided.
    pub entry: Option<Id>,
    /// Heading and cell; of ID and card numbers, in whatever column, the last four.
    pub cells: Vec<(String, String)>,
}

/// The state of a row in words.
pub fn state_label(state: &str) -> &'static str {
    match state {
        "open" => "待处理",
        "waiting" => "随上一行",
        "unread" => "未抄",
        "flagged" => "提示",
        "ignored" => "已忽略",
        "mended" => "已改正",
        "confirmed" => "已确认",
        "dropped" => "已作废",
        "seen" => "已阅",
        _ => "不明",
    }
}

/// The words of a kind, of rows that are no defects too.
fn kind_label(kind: &str) -> (&str, &'static str) {
    match (kind, Kind::from_code(kind)) {
        (_, Some(kind)) => (kind.label(), kind.disposition().label()),
        ("unread", None) => ("未抄", "下次再抄"),
        ("older", None) => ("较早读数", "等待"),
        (other, None) => (other, ""),
    }
}

/// What long numbers the cells and the names of a file's rows may show.
struct Masks {
    columns: Vec<Holds>,
    name: Holds,
}

impl Masks {
    fn of(layout: &Layout) -> Self {
        let name = if layout.column("account").is_some() { Holds::Number } else { Holds::Meter };
        Self { columns: layout.holds.clone(), name }
    }

    /// A profile that is gone no longer says which columns hold numbers of people: then none is shown whole.
    fn unknown() -> Self {
        Self { columns: vec![Holds::Sealed; MOST_COLUMNS], name: Holds::Number }
    }
}

impl Desk {
    /// Imported files with what is left of them, newest first.
    pub fn fix_files(&self) -> Result<Vec<FixFile>, Refusal> {
        let tx = self.look()?;
        let counts = tx.fix_counts()?;
        let count = |run: Id, state: &str| {
            counts.iter().filter(|count| count.run == run && count.state == state).map(|count| count.rows).sum()
        };
        let file = |row: FileRow| FixFile {
            run: row.run,
            what: What::from_code(&row.holds).map_or("", What::label),
            open: count(row.run, "open"),
            unread: count(row.run, "unread"),
            name: row.name,
            at: row.at,
            rows: row.rows,
            accepted: row.accepted,
        };
        Ok(tx.imported_files()?.into_iter().map(file).collect())
    }

    /// Rows of the fix list after a place, at most `limit`.
    pub fn fix_rows(&self, filter: &FixFilter, after: (Id, i64), limit: i64) -> Result<Vec<FixView>, Refusal> {
        let tx = self.look()?;
        let rows = tx.fixes(filter, after, limit)?;
        let mut views = Vec::with_capacity(rows.len());
        let mut file: Option<(FileRow, Vec<String>, Masks)> = None;
        for row in rows {
            if file.as_ref().is_none_or(|(known, _, _)| known.run != row.run) {
                let Some(known) = tx.get::<FileRow>(&[&row.run])? else { continue };
                let headings = serde_json::from_str(&known.headings).unwrap_or_default();
                let masks = remembered(&tx, &known).map_or_else(|_| Masks::unknown(), |file| Masks::of(&file.layout));
                file = Some((known, headings, masks));
            }
            if let Some((known, headings, masks)) = &file {
                views.push(self.fix_view(row, known, headings, masks)?);
            }
        }
        Ok(views)
    }

    fn fix_view(&self, row: StagedRow, file: &FileRow, headings: &[String], masks: &Masks) -> Result<FixView, Refusal> {
        let cells = open_cells(&self.keys, &row.cells)?;
        let shown = cells.iter().enumerate().map(|(column, cell)| {
            let text = fix_list::shown(cell.text(), masks.columns.get(column).copied().unwrap_or_default());
            let heading = headings.get(column).filter(|heading| !heading.is_empty());
            (heading.cloned().unwrap_or_else(|| name_of(column)), text)
        });
        let (kind_label, disposition) = kind_label(&row.defect);
        Ok(FixView {
            file: row.run,
            file_name: file.name.clone(),
            line: row.line,
            kind_label: kind_label.to_owned(),
            disposition: disposition.to_owned(),
            cells: shown.collect(),
            state_label: state_label(&row.state),
            id: mask(&row.name, masks.name),
            kind: row.defect,
            message: row.message,
            state: row.state,
            note: row.note,
            entry: row.entry,
        })
    }

    /// Writes the rows of one file as CSV for Excel; answers how many.
    pub fn export_fixes<W: Write>(&self, run: Id, state: Option<&str>, out: W) -> Result<usize, Refusal> {
        let tx = self.look()?;
        let file = tx.get::<FileRow>(&[&run])?;
        let file = file.ok_or_else(|| Refusal::missing("file", "导入的文件", &run.to_string()))?;
        let headings: Vec<String> =
            serde_json::from_str(&file.headings).map_err(|error| Refusal::data(error.to_string()))?;
        let masks = Masks::of(&remembered(&tx, &file)?.layout);
        let filter = FixFilter { run: Some(run), state: state.map(str::to_owned), defect: None };
        let disk = |error: csv::Error| Refusal::data(format!("写不了清单文件：{error}，请换个位置"));
        let mut list = fix_list::FixList::begin(out, &headings, &masks.columns).map_err(disk)?;
        let mut count = 0;
        tx.each_fix(&filter, |row| {
            let cells = open_cells(&self.keys, &row.cells)?;
            let (kind, disposition) = kind_label(&row.defect);
            let row = fix_list::FixRow {
                line: u32::try_from(row.line).unwrap_or(0),
                id: mask(&row.name, masks.name),
                kind: kind.to_owned(),
                disposition: disposition.to_owned(),
                message: row.message.clone(),
                cells: cells.iter().map(|cell| cell.text().to_owned()).collect(),
            };
            count += 1;
            list.row(&row).map_err(disk)
        })?;
        list.finish().map_err(disk)?;
        Ok(count)
    }

    /// Low readings whose swap is in since: each says what it comes to, and can be confirmed. Answers their places.
    pub fn explain_low_readings(&mut self) -> Result<Vec<(Id, i64)>, Refusal> {
        let low = Kind::LowerThanLast.code();
        let mut explained = Vec::new();
        let tx = self.db.write()?;
        let filter = FixFilter { state: Some("open".into()), defect: Some(low.into()), run: None };
        tx.each_fix(&filter, |row| {
            let Some(account) = row.account else { return Ok(()) };
            let slips = tx.slips_of_account(account)?;
            let Some(slip) = slips.iter().rev().find(|slip| slip.state == SlipState::Entered) else { return Ok(()) };
            let (Some(day), Some(last_of_old), Some(first)) = (slip.day, slip.final_value, slip.first_value) else {
                return Ok(());
            };
            let file = tx.get::<FileRow>(&[&row.run])?;
            let Some(file) = file else { return Ok(()) };
            let Some((this, read)) = value_of(&tx, &self.keys, &file, &row)? else { return Ok(()) };
            let before = day.pred_opt().map(|day| tx.reading_until(account, day)).transpose()?.flatten();
            let Some(before) = before.filter(|before| before.day <= day) else { return Ok(()) };
            let used = whole(last_of_old) - before.value.div_euclid(1000) + this - whole(first);
            if used < 0 || this < whole(first) || read < day {
                return Ok(());
            }
            explained.push((row.run, row.line));
            let message =
                format!("{day} 换表已入账（止码{}，起码{}），用量{used}，可以确认", whole(last_of_old), whole(first));
            if row.message != message {
                tx.put(&StagedRow { message, ..row })?;
            }
            Ok::<_, Refusal>(())
        })?;
        tx.commit()?;
        Ok(explained)
    }

    /// Confirms every low reading whose swap is in; answers how many went in, and what was refused.
    pub fn confirm_explained(&mut self) -> Result<(usize, Vec<Refusal>), Refusal> {
        let (mut done, mut refused) = (0, Vec::new());
        for (file, line) in self.explain_low_readings()? {
            let input = serde_json::json!({ "file": file, "line": line });
            match self.act::<super::confirm::ImportConfirm>(&input, None) {
                Ok(_) => done += 1,
                Err(refusal) => refused.push(refusal),
            }
        }
        Ok((done, refused))
    }
}

/// The value and day that stand in a row of readings.
fn value_of(
    tx: &Tx<'_>,
    keys: &crate::book::seal::Keys,
    file: &FileRow,
    row: &StagedRow,
) -> Result<Option<(i64, chrono::NaiveDate)>, Refusal> {
    use crate::inbound::clean;
    let layout = remembered(tx, file)?.layout;
    let cells = open_cells(keys, &row.cells)?;
    let cell = |field: &str| layout.column(field).and_then(|column| cells.get(column)).map_or("", |cell| cell.text());
    Ok(clean::quantity(cell("value")).map(whole).zip(clean::date(cell("date"))))
}

/// How many rows of each disposition a person still has to decide: refused, held.
pub fn open_counts(rows: &[FixView]) -> (usize, usize) {
    let count = |label: &str| rows.iter().filter(|row| row.state == "open" && row.disposition == label).count();
    (count(Disposition::Refused.label()), count(Disposition::Held.label()))
}
