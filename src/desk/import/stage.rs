//! Staging (待改清单): what a file leaves for a person, written before its run is closed and seen only after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::{Answer, DefectLine, UnreadLine};
use super::{Request, What};
use crate::book::seal::Keys;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::inbound::judge::{Defect, Disposition, Kind};
use crate::inbound::profile::Recognised;
use crate::inbound::read::{Mark, Row};
use crate::rules::id::Id;
use crate::store::tables::fixes::{FileRow, StagedRow};

/// Where the cells of a row are sealed.
const PLACE: &str = "fix_list";
/// Rows written between commits.
const ROWS_A_COMMIT: usize = 500;

/// A cell of a kept row: its text, and what a workbook said of it beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Text.
    Plain(String),
    /// Text with a mark, by its letter.
    Marked(String, char),
}

impl Cell {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Marked(text, _) => text,
        }
    }
}

/// The marks that are kept, each by its letter.
const MARKS: [(Mark, char); 7] = [
    (Mark::Number, 'n'),
    (Mark::LostDigits, 'l'),
    (Mark::Number1904, 'm'),
    (Mark::Date, 'd'),
    (Mark::Rounded, 'r'),
    (Mark::Merged, 'g'),
    (Mark::NoValue, 'v'),
];

/// The cells of a row as they are kept.
pub fn cells_of(row: &Row) -> Vec<Cell> {
    let letter = |column| MARKS.iter().find(|(mark, _)| row.mark(column) == Some(*mark)).map(|(_, letter)| *letter);
    let cell = |(column, text): (usize, &str)| match letter(column) {
        Some(letter) => Cell::Marked(text.to_owned(), letter),
        None => Cell::Plain(text.to_owned()),
    };
    row.cells().enumerate().map(cell).collect()
}

/// The row of kept cells.
pub fn row_of(line: u32, cells: &[Cell]) -> Row {
    let mut row = Row::default();
    row.restart(line);
    for cell in cells {
        row.push(cell.text());
        if let Cell::Marked(_, letter) = cell
            && let Some((mark, _)) = MARKS.iter().find(|(_, known)| known == letter)
        {
            row.mark_last(*mark);
        }
    }
    row
}

/// Seals the cells of a row: nobody knows what stands in a file from outside.
pub fn seal_cells(keys: &Keys, cells: &[Cell]) -> Result<Vec<u8>, Refusal> {
    let text = serde_json::to_vec(cells).map_err(|error| Refusal::data(error.to_string()))?;
    Ok(keys.seal_bytes(PLACE, &text)?)
}

/// Opens the cells of a row.
pub fn open_cells(keys: &Keys, sealed: &[u8]) -> Result<Vec<Cell>, Refusal> {
    serde_json::from_slice(&keys.open_bytes(PLACE, sealed)?).map_err(|error| Refusal::data(error.to_string()))
}

/// What a file leaves beside its good rows.
#[derive(Debug, Default)]
pub struct Stage {
    /// Data rows.
    pub rows: u64,
    /// Accepted rows.
    pub accepted: u64,
    /// Rows that are not simply good.
    pub defects: Vec<Defect>,
    /// Rows nobody could read: line, account or meter, why.
    pub unread: Vec<UnreadLine>,
    /// Accounts of lines, where they are known.
    pub accounts: BTreeMap<u32, Id>,
    /// Good rows that wait for the decision about another line: line, the other line.
    pub older: BTreeMap<u32, u32>,
    /// What somebody should know beside the rows.
    pub notes: Vec<String>,
}

impl Stage {
    /// The answer of an import.
    pub fn answer(&self, request: &Request, file: &Recognised, run: Option<Id>) -> Answer {
        Answer {
            file: file.source.name(),
            profile: file.profile.name.clone(),
            rows: self.rows,
            accepted: self.accepted,
            unread: self.unread.len() as u64,
            defects: self.defects.iter().map(DefectLine::from).collect(),
            unread_rows: self.unread.clone(),
            already: false,
            dry_run: request.dry_run,
            run,
            notes: file.notes.iter().chain(&self.notes).cloned().collect(),
        }
    }

    /// Lines whose cells are kept.
    fn lines(&self) -> Vec<u32> {
        let defects = self.defects.iter().filter(|defect| defect.kind != Kind::OnFile).map(|defect| defect.line);
        let unread = self.unread.iter().filter_map(|row| u32::try_from(row.line).ok());
        defects.chain(unread).chain(self.older.keys().copied()).collect()
    }

    fn row(&self, run: Id, line: u32, name: &str, defect: &str, message: &str, state: &str) -> StagedRow {
        StagedRow {
            run,
            line: line.into(),
            name: name.to_owned(),
            defect: defect.to_owned(),
            message: message.to_owned(),
            cells: Vec::new(),
            account: self.accounts.get(&line).copied(),
            follows: self.older.get(&line).map(|line| i64::from(*line)),
            state: state.to_owned(),
            entry: None,
            note: String::new(),
        }
    }

    fn staged(&self, run: Id) -> Vec<StagedRow> {
        let state = |kind: Kind| match kind.disposition() {
            Disposition::Refused | Disposition::Held => "open",
            Disposition::Ignored => "ignored",
            Disposition::Flagged => "flagged",
        };
        let mut rows: Vec<StagedRow> = self
            .defects
            .iter()
            .filter(|defect| defect.kind != Kind::OnFile)
            .map(|d| self.row(run, d.line, &d.id, d.kind.code(), &d.message, state(d.kind)))
            .collect();
        rows.extend(self.unread.iter().filter_map(|unread| {
            let line = u32::try_from(unread.line).ok()?;
            Some(self.row(run, line, &unread.id, "unread", &unread.why, "unread"))
        }));
        rows.extend(self.older.iter().map(|(line, newest)| {
            let message = format!("同表较早的一次抄表，随第{newest}行一起处理");
            self.row(run, *line, "", "older", &message, "waiting")
        }));
        rows
    }
}

impl Desk {
    /// Writes the fix list of a run that is still open; whatever an interrupted call left of it is replaced.
    pub(super) fn stage(
        &mut self,
        request: &Request,
        file: &Recognised,
        run: Id,
        stage: &Stage,
    ) -> Result<(), Refusal> {
        let mut rows = file.rows_of(&stage.lines())?;
        let now = self.now();
        let row = FileRow {
            run,
            source: file.source.hash_text(),
            holds: request.what.code().to_owned(),
            name: file.source.name(),
            profile: file.profile.name.clone(),
            headings: serde_json::to_string(&file.layout.headings).map_err(|error| Refusal::data(error.to_string()))?,
            day: request.on.unwrap_or_else(|| now.date_naive()),
            at: now.to_rfc3339(),
            rows: stage.rows as i64,
            accepted: stage.accepted as i64,
            unread: stage.unread.len() as i64,
        };
        let staged = stage.staged(run);
        let tx = self.db.write()?;
        tx.clear_fixes(run)?;
        tx.put(&row)?;
        tx.commit()?;
        for batch in staged.chunks(ROWS_A_COMMIT) {
            let tx = self.db.write()?;
            for row in batch {
                let raw = u32::try_from(row.line).ok().and_then(|line| rows.remove(&line)).unwrap_or_default();
                tx.put(&StagedRow { cells: seal_cells(&self.keys, &cells_of(&raw))?, ..row.clone() })?;
            }
            tx.commit()?;
        }
        Ok(())
    }

    /// The answer to a file whose run was closed before: its counts, and what still waits in the fix list.
    pub(super) fn answer_again(&self, kind: &str, file: &Recognised) -> Result<Option<Answer>, Refusal> {
        let tx = self.look()?;
        let Some(run) =
            tx.own_runs_of_source(kind, &file.source.hash_text())?.into_iter().find(|run| run.state == "closed")
        else {
            return Ok(None);
        };
        let mut answer = Answer {
            file: file.source.name(),
            profile: file.profile.name.clone(),
            already: true,
            run: Some(run.id),
            ..Answer::default()
        };
        if let Some(known) = tx.get::<FileRow>(&[&run.id])? {
            let count = |number: i64| u64::try_from(number).unwrap_or(0);
            answer.rows = count(known.rows);
            answer.accepted = count(known.accepted);
            answer.unread = count(known.unread);
        }
        for row in tx.scan::<StagedRow>(&[&run.id])? {
            let line = u64::try_from(row.line).unwrap_or(0);
            if let Some(kind) = Kind::from_code(&row.defect) {
                answer.defects.push(DefectLine {
                    line,
                    id: row.name,
                    kind: row.defect,
                    disposition: kind.disposition(),
                    message: row.message,
                });
            } else if row.defect == "unread" {
                answer.unread_rows.push(UnreadLine { line, id: row.name, why: row.message });
            }
        }
        Ok(Some(answer))
    }
}

/// What a person calls the run of a file.
pub(super) fn label(what: What, file: &Recognised) -> String {
    format!("导入{} {}", what.label(), file.source.name())
}
