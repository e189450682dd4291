//! What an import leaves on this machine: the files, and the rows that were not simply taken (待改清单).

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::store::table::table;

table! {
    /// A file that was imported.
    pub struct FileRow("l_file", 1) {
        /// Its run.
        run: Id,
        /// Hash of its bytes.
        source: String,
        /// customers, readings or swaps.
        holds: String,
        /// Its name without folders.
        name: String,
        /// The profile that recognised it.
        profile: String,
        /// Its headings, a JSON list.
        headings: String,
        /// The business day it was judged on.
        day: NaiveDate,
        /// When it came in.
        at: String,
        /// Data rows.
        rows: i64,
        /// Rows accepted.
        accepted: i64,
        /// Rows nobody could read.
        unread: i64,
    }

    /// A row that was not simply taken.
    pub struct StagedRow("l_fix", 2) {
        /// The file, by its run.
        run: Id,
        /// Physical line, row of the sheet, or record number.
        line: i64,
        /// Account, meter or slip as it stands in the row.
        name: String,
        /// What is wrong: a kind of defect, `unread`, or `older` for a good row that waits with the one it follows.
        defect: String,
        /// Where, and what to do.
        message: String,
        /// The cells, a JSON list, sealed.
        cells: Vec<u8>,
        /// The account on file, when known.
        account: Option<Id>,
        /// The line whose decision this row waits for.
        follows: Option<i64>,
        /// open, waiting, unread, flagged, ignored, mended, confirmed, dropped.
        state: String,
        /// The entry that took the row in, or dropped it.
        entry: Option<Id>,
        /// What was decided, in words.
        note: String,
    }
}
