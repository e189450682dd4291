//! Staging (待改清单): what a file leaves for a person, written before its run is closed and seen only after.

use std::iter::Peekable;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::{Request, What};
use crate::book::seal::Keys;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::inbound::judge::{Defect, Defects, Disposition, Kind};
use crate::inbound::profile::Recognised;
use crate::inbound::read::{Mark, Row, place};
use crate::inbound::rows::reading::{UnreadRow, WaitingRow};
use crate::inbound::spill::{Lined, Lost, Rows, Spill};
use crate::rules::id::Id;
use crate::store::query::fixes::FixFilter;
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

/// What a file leaves beside its good rows. What is told of each row is on disk: a file may have a million bad ones.
#[derive(Debug)]
pub struct Stage {
    /// Data rows.
    pub rows: u64,
    /// Accepted rows.
    pub accepted: u64,
    /// Rows that are not simply good.
    pub defects: Defects,
    /// Rows nobody could read.
    pub unread: Spill<UnreadRow>,
    /// Good rows that wait for the decision about another line.
    pub waiting: Spill<WaitingRow>,
    /// What somebody should know beside the rows.
    pub notes: Vec<String>,
}

impl Stage {
    /// Nothing yet.
    pub(super) fn new(desk: &Desk) -> Self {
        let room = desk.room();
        Self {
            rows: 0,
            accepted: 0,
            defects: Defects::new(Spill::beside(&room)),
            unread: Spill::beside(&room),
            waiting: Spill::beside(&room),
            notes: Vec::new(),
        }
    }

    /// Is every row kept?
    pub(super) fn check(&self) -> Result<(), Lost> {
        self.defects.check()?;
        self.unread.check()?;
        self.waiting.check()
    }

    /// The answer of an import.
    pub fn answer(self, request: &Request, file: &Recognised, run: Option<Id>) -> Answer {
        Answer {
            file: file.source.name(),
            profile: file.profile.name.clone(),
            rows: self.rows,
            accepted: self.accepted,
            unread: self.unread.len(),
            defects: self.defects,
            unread_rows: self.unread,
            already: false,
            dry_run: request.dry_run,
            run,
            notes: file.notes.iter().cloned().chain(self.notes).collect(),
        }
    }
}

/// Why a line stays for a person.
enum Stays {
    Defect(Defect),
    Unread(UnreadRow),
    Waiting(WaitingRow),
}

impl Stays {
    fn line(&self) -> u32 {
        match self {
            Self::Defect(defect) => defect.line,
            Self::Unread(unread) => unread.line,
            Self::Waiting(waiting) => waiting.line,
        }
    }

    /// What stands in the fix list.
    fn staged(self, run: Id) -> StagedRow {
        let line = self.line();
        let (name, defect, message, state, account, follows) = match self {
            Self::Defect(defect) => {
                let state = match defect.disposition() {
                    Disposition::Refused | Disposition::Held => "open",
                    Disposition::Ignored => "ignored",
                    Disposition::Flagged => "flagged",
                };
                (defect.id, defect.kind.code(), defect.message, state, defect.account, None)
            }
            Self::Unread(unread) => (unread.id, "unread", unread.why, "unread", unread.account, None),
            Self::Waiting(row) => {
                let message = format!("同表较早的一次抄表，随{}一起处理", place(row.newest));
                (String::new(), "older", message, "waiting", Some(row.account), Some(row.newest.into()))
            }
        };
        StagedRow {
            run,
            line: line.into(),
            name,
            defect: defect.to_owned(),
            message,
            cells: Vec::new(),
            account: account.map(Id),
            follows,
            state: state.to_owned(),
            entry: None,
            note: String::new(),
        }
    }
}

/// The lines that stay for a person, in the order of the file, read from three lists in that order.
struct Left<'s> {
    defects: Peekable<Rows<'s, Defect>>,
    unread: Peekable<Rows<'s, UnreadRow>>,
    waiting: Peekable<Rows<'s, WaitingRow>>,
}

impl<'s> Left<'s> {
    fn of(stage: &'s Stage) -> Self {
        Self {
            defects: stage.defects.iter().peekable(),
            unread: stage.unread.iter().peekable(),
            waiting: stage.waiting.iter().peekable(),
        }
    }

    fn next(&mut self) -> Result<Option<Stays>, Lost> {
        fn line<T: Lined>(rows: &mut Peekable<Rows<'_, T>>) -> Option<u32> {
            rows.peek().map(|row| row.as_ref().map_or(0, Lined::line))
        }
        loop {
            let lines = [line(&mut self.defects), line(&mut self.unread), line(&mut self.waiting)];
            let Some(first) = lines.iter().flatten().min() else { return Ok(None) };
            let stays = match lines.iter().position(|line| line.as_ref() == Some(first)) {
                Some(0) => self.defects.next().transpose()?.map(Stays::Defect),
                Some(1) => self.unread.next().transpose()?.map(Stays::Unread),
                _ => self.waiting.next().transpose()?.map(Stays::Waiting),
            };
            // What is on file already needs nobody.
            match stays {
                Some(Stays::Defect(defect)) if defect.kind == Kind::OnFile => {}
                stays => return Ok(stays),
            }
        }
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

    /// Walks the file once more beside the lines that stay: neither they nor their cells are ever held together in memory.
    fn stage_rows(&mut self, file: &Recognised, run: Id, stage: &Stage) -> Result<(), Refusal> {
        let mut left = Left::of(stage);
        let mut next = left.next()?;
        let mut batch: Vec<StagedRow> = Vec::with_capacity(ROWS_A_COMMIT);
        let mut fault = None;
        let nothing = Row::default();
        if next.is_some() {
            file.each_row(&mut |row| {
                while let Some(stays) = next.take_if(|stays| stays.line() <= row.line) {
                    let cells = if stays.line() == row.line { row } else { &nothing };
                    let taken = self.stage_one(&mut batch, stays.staged(run), cells);
                    match taken.and_then(|()| Ok(left.next()?)) {
                        Ok(stays) => next = stays,
                        Err(refusal) => fault = Some(refusal),
                    }
                }
                if next.is_none() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        // What is left stands in no row of the file any more.
        while let Some(stays) = next {
            self.stage_one(&mut batch, stays.staged(run), &nothing)?;
            next = left.next()?;
        }
        self.put_staged(&mut batch)
    }

    fn stage_one(&mut self, batch: &mut Vec<StagedRow>, row: StagedRow, cells: &Row) -> Result<(), Refusal> {
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
        answer.defects = Defects::new(Spill::beside(&self.room()));
        answer.unread_rows = Spill::beside(&self.room());
        tx.each_fix(&FixFilter { run: Some(run.id), ..FixFilter::default() }, |row| {
            let line = u32::try_from(row.line).unwrap_or(0);
            if let Some(kind) = Kind::from_code(&row.defect) {
                answer.defects.push(&Defect::known(line, row.name, kind, row.message));
            } else if row.defect == "unread" {
                let account = row.account.map(|account| account.0);
                answer.unread_rows.push(&UnreadRow { line, id: row.name, account, why: row.message });
            }
            Ok::<_, Refusal>(())
        })?;
        answer.defects.check()?;
        answer.unread_rows.check()?;
        Ok(Some(answer))
    }
}

/// What a person calls the run of a file.
pub(super) fn label(what: What, file: &Recognised) -> String {
    format!("导入{} {}", what.label(), file.source.name())
}
