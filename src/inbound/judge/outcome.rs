//! What became of a file of readings.

use std::collections::BTreeMap;

use super::defects::Defects;
use crate::inbound::rows::ReadingRow;
use crate::inbound::rows::reading::{UnreadRow, WaitingRow};
use crate::inbound::spill::Spill;
use crate::rules::billing::ByRegister;

/// What became of a file of readings.
#[derive(Debug, Default)]
pub struct ReadingOutcome {
    /// Data rows.
    pub rows: u32,
    /// Accepted rows in the order of the accounts on file; older rows of remote meters too.
    pub accepted: Vec<ReadingRow>,
    /// Older good rows of remote meters whose newest row is held: accepted, but not yet entered.
    pub waiting: Spill<WaitingRow>,
    /// Rows nobody could read, in the order of the file: for the next walk.
    pub unread: Spill<UnreadRow>,
    /// Defects in the order of the file. Rows of [`Kind::ZeroUse`](super::Kind::ZeroUse) are accepted too.
    pub defects: Defects,
    /// Use of accepted rows by book.
    pub volume_by_book: BTreeMap<u16, u64>,
    /// Accepted rows that are estimates (估抄).
    pub estimated: u32,
    /// Remote meters, when the file is of that kind.
    pub meters: Option<RemoteMeters>,
    /// Remarks of rows; number 0 is empty.
    pub remarks: Vec<String>,
    /// Readers (抄表员); number 0 is empty.
    pub readers: Vec<String>,
    /// Line → where each register stands (分时, R-222), for rows that say so.
    pub registers: BTreeMap<u32, ByRegister>,
    /// What somebody should know beside the rows.
    pub notes: Vec<String>,
}

impl ReadingOutcome {
    /// Accepted rows, those that wait too.
    pub fn good(&self) -> u64 {
        self.accepted.len() as u64 + self.waiting.len()
    }
}

/// The meters of a remote platform's file, as slots of accounts on file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RemoteMeters {
    /// Meters whose newest good row is accepted.
    pub billed: u32,
    /// Meters whose newest good row is held.
    pub held: Vec<u32>,
    /// Meters in use in the books of the file without any row.
    pub without_rows: Vec<u32>,
    /// Meters with rows, none of them good.
    pub without_good_row: Vec<u32>,
}
