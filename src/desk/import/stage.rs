//! Staging (待改清单): what a file leaves for a person, written before its run is closed and seen only after.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::answer::{Answer, DefectLine, UnreadLine};
use super::{Request, What};
use crate::book::seal::Keys;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::inbound::judge::{Defect, Disposition, Kind};
use crate::inbound::profile::Recognised;
use crate::inbound::read::{Mark, Row, place};
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
    /// The answer of an import. What is told of each row moves into it: a file may have a million bad rows.
    pub fn answer(self, request: &Request, file: &Recognised, run: Option<Id>) -> Answer {
        Answer {
            file: file.source.name(),
            profile: file.profile.name.clone(),
            rows: self.rows,
            accepted: self.accepted,
            unread: self.unread.len() as u64,
            defects: self.defects.into_iter().map(DefectLine::from).collect(),
            unread_rows: self.unread,
            already: false,
            dry_run: request.dry_run,
            run,
            notes: file.notes.iter().cloned().chain(self.notes).collect(),
        }
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

    /// The lines that stay for a person, in the order of the file, each with what it is.
    fn kept(&self) -> Vec<(u32, Stays)> {
        let defects = self.defects.iter().enumerate().filter(|(_, defect)| defect.kind != Kind::OnFile);
        let mut kept: Vec<(u32, Stays)> = defects.map(|(at, defect)| (defect.line, Stays::Defect(at))).collect();
        let unread = self.unread.iter().enumerate();
        kept.extend(unread.filter_map(|(at, row)| Some((u32::try_from(row.line).ok()?, Stays::Unread(at)))));
        kept.extend(self.older.iter().map(|(line, newest)| (*line, Stays::Older(*newest))));
        kept.sort_by_key(|(line, _)| *line);
        kept
    }

    /// What stands in the fix list for a line.
    fn staged(&self, run: Id, line: u32, stays: Stays) -> Option<StagedRow> {
        let state = |kind: Kind| match kind.disposition() {
            Disposition::Refused | Disposition::Held => "open",
            Disposition::Ignored => "ignored",
            Disposition::Flagged => "flagged",
        };
        Some(match stays {
            Stays::Defect(at) => {
                let defect = self.defects.get(at)?;
                self.row(run, line, &defect.id, defect.kind.code(), &defect.message, state(defect.kind))
            }
            Stays::Unread(at) => {
                let unread = self.unread.get(at)?;
                self.row(run, line, &unread.id, "unread", &unread.why, "unread")
            }
            Stays::Older(newest) => {
                let message = format!("同表较早的一次抄表，随{}一起处理", place(newest));
                self.row(run, line, "", "older", &message, "waiting")
            }
        })
    }
}

/// Why a line stays: by its place among the defects or the unread rows, or for a later line.
#[derive(Debug, Clone, Copy)]
enum Stays {
    Defect(usize),
    Unread(usize),
    Older(u32),
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
        let tx = self.db.write()?;
        tx.clear_fixes(run)?;
        tx.put(&row)?;
        tx.commit()?;
        self.stage_rows(file, run, stage)
    }

    /// Walks the file once more beside the lines that stay: their cells are never held together in memory.
    fn stage_rows(&mut self, file: &Recognised, run: Id, stage: &Stage) -> Result<(), Refusal> {
        let kept = stage.kept();
        let mut rest = kept.as_slice();
        let mut batch: Vec<StagedRow> = Vec::with_capacity(ROWS_A_COMMIT);
        let mut fault = None;
        let nothing = Row::default();
        while let Some(last) = rest.last().map(|(line, _)| *line) {
            file.each_row(&mut |row| {
                while let Some((line, stays)) = rest.first().filter(|(line, _)| *line <= row.line).copied() {
                    rest = &rest[1..];
                    let cells = if line == row.line { row } else { &nothing };
                    let taken = self.stage_one(&mut batch, stage.staged(run, line, stays), cells);
                    fault = taken.err();
                    if fault.is_some() {
                        return ControlFlow::Break(());
                    }
                }
                if row.line >= last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if let Some(fault) = fault {
                return Err(fault);
            }
            // What is left stands in no row of the file any more.
            for (line, stays) in std::mem::take(&mut rest) {
                self.stage_one(&mut batch, stage.staged(run, *line, *stays), &nothing)?;
            }
        }
        self.put_staged(&mut batch)
    }

    fn stage_one(&mut self, batch: &mut Vec<StagedRow>, row: Option<StagedRow>, cells: &Row) -> Result<(), Refusal> {
        let Some(row) = row else { return Ok(()) };
        batch.push(StagedRow { cells: seal_cells(&self.keys, &cells_of(cells))?, ..row });
        if batch.len() == ROWS_A_COMMIT { self.put_staged(batch) } else { Ok(()) }
    }

    fn put_staged(&mut self, batch: &mut Vec<StagedRow>) -> Result<(), Refusal> {
        let tx = self.db.write()?;
        for row in batch.drain(..) {
            tx.put(&row)?;
        }
        tx.commit()?;
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
