//! The fix list: rows of imported files that wait for a person.

use crate::rules::id::Id;
use crate::store::tables::fixes::{FileRow, StagedRow};
use crate::store::{StoreError, Tx};

/// What of the fix list is asked for.
#[derive(Debug, Clone, Default)]
pub struct FixFilter {
    /// One file, by its run.
    pub run: Option<Id>,
    /// One kind of defect.
    pub defect: Option<String>,
    /// One state; `None` for all.
    pub state: Option<String>,
}

/// How many rows of a file stand in one state with one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixCount {
    /// The file.
    pub run: Id,
    /// The kind of defect.
    pub defect: String,
    /// The state.
    pub state: String,
    /// How many.
    pub rows: i64,
}

/// Files whose run was closed: rows of an import that was cut short do not count.
const CLOSED: &str = "run IN (SELECT id FROM d_run WHERE state = 'closed')";

impl Tx<'_> {
    /// Files whose import is complete, newest first.
    pub fn imported_files(&self) -> Result<Vec<FileRow>, StoreError> {
        self.select::<FileRow>(&format!(" WHERE {CLOSED} ORDER BY run DESC"), &[])
    }

    /// Rows of the fix list after a place, in the order of files and lines, at most `limit`.
    pub fn fixes(&self, filter: &FixFilter, after: (Id, i64), limit: i64) -> Result<Vec<StagedRow>, StoreError> {
        self.select::<StagedRow>(
            &format!(
                " WHERE {CLOSED} AND (run, line) > (?, ?) AND (? IS NULL OR run = ?) AND (? IS NULL OR defect = ?)
                 AND (? IS NULL OR state = ?) ORDER BY run, line LIMIT ?"
            ),
            &[
                &after.0,
                &after.1,
                &filter.run,
                &filter.run,
                &filter.defect,
                &filter.defect,
                &filter.state,
                &filter.state,
                &limit,
            ],
        )
    }

    /// Every row of the fix list that is asked for, in the order of files and lines; some hundred at a time are in memory.
    pub fn each_fix<E: From<StoreError>>(
        &self,
        filter: &FixFilter,
        mut told: impl FnMut(StagedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        const AT_A_TIME: i64 = 500;
        // A file's rows begin at its run; no line is below 0.
        let mut after = (filter.run.unwrap_or(Id(i64::MIN)), -1);
        loop {
            let rows = self.fixes(filter, after, AT_A_TIME)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = (last.run, last.line);
            rows.into_iter().try_for_each(&mut told)?;
        }
    }

    /// Rows that wait for the decision about a line.
    pub fn fixes_following(&self, run: Id, line: i64) -> Result<Vec<StagedRow>, StoreError> {
        self.select::<StagedRow>(" WHERE run = ? AND follows = ? AND state = 'waiting' ORDER BY line", &[&run, &line])
    }

    /// Open rows of one file about one account.
    pub fn fixes_of_account(&self, run: Id, account: Id) -> Result<Vec<StagedRow>, StoreError> {
        self.select::<StagedRow>(" WHERE state = 'open' AND account = ? AND run = ? ORDER BY line", &[&account, &run])
    }

    /// Open rows about one account, in every file: what a bill of it must wait for.
    pub fn open_fixes_of(&self, account: Id) -> Result<Vec<StagedRow>, StoreError> {
        self.select::<StagedRow>(
            &format!(" WHERE state = 'open' AND account = ? AND {CLOSED} ORDER BY run, line"),
            &[&account],
        )
    }

    /// How many rows stand in which state, by file and kind.
    pub fn fix_counts(&self) -> Result<Vec<FixCount>, StoreError> {
        let mut statement = self.conn().prepare_cached(&format!(
            "SELECT run, defect, state, count(*) FROM l_fix WHERE {CLOSED} GROUP BY run, defect, state
             ORDER BY run DESC, defect, state"
        ))?;
        let rows = statement.query_map([], |row| {
            Ok(FixCount { run: Id(row.get(0)?), defect: row.get(1)?, state: row.get(2)?, rows: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many rows wait for a person.
    pub fn open_fix_count(&self) -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM l_fix WHERE state = 'open' AND {CLOSED}");
        Ok(self.conn().prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }

    /// Empties the fix list of a file that is judged again before its run is closed.
    pub fn clear_fixes(&self, run: Id) -> Result<(), StoreError> {
        self.clear("l_fix", "run", run.0)
    }
}
