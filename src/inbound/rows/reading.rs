//! A reading as a file gives it. A million of them are held while a file is judged, so a row is a few words long.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::inbound::spill::Lined;
use crate::rules::money::Milli;

columns! {
    account, meter, book, place, name, address, printed_last, value, date, remark, reader, read_state, battery, valve,
    signal, sharp, peak, flat, valley, deep,
}

/// An accepted reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRow {
    /// Line in the file.
    pub line: u32,
    /// The account on file: [`crate::inbound::on_file::FileAccount::slot`].
    pub slot: u32,
    /// The counter as read, with its decimals.
    pub value: Milli,
    /// When it was read.
    pub at: NaiveDateTime,
    /// Use since the last reading on file, whole units; 0 for an older row of a meter whose newest row decides.
    pub used: u32,
    /// Does this row decide the month? Always, but for older rows of a remote meter.
    pub decides: bool,
    /// Is the printed last reading of the card another than the one on file?
    pub doubted: bool,
    /// 估抄: an estimate.
    pub estimated: bool,
    /// Number of the remark in [`crate::inbound::judge::ReadingOutcome::remarks`]; 0 is none.
    pub remark: u16,
    /// Number of the reader (抄表员) in [`crate::inbound::judge::ReadingOutcome::readers`]; 0 is none.
    pub reader: u16,
}

/// The fields of registers (分时): each the name a tariff gives the register.
pub const REGISTERS: [&str; 5] = ["sharp", "peak", "flat", "valley", "deep"];

/// A row without a reading and without a fault: nobody could read the meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRow {
    /// Line in the file.
    pub line: u32,
    /// Account or meter as it stands in the row.
    pub id: String,
    /// The key of the account on file.
    pub account: Option<i64>,
    /// Why: 门闭, 表埋, 水淹, 未抄, 抄表失败.
    pub why: String,
}

impl Lined for UnreadRow {
    fn line(&self) -> u32 {
        self.line
    }
}

/// A good row of a remote meter that waits for the decision about a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Line in the file.
    pub line: u32,
    /// The line it waits for.
    pub newest: u32,
    /// The key of the account on file.
    pub account: i64,
}

impl Lined for WaitingRow {
    fn line(&self) -> u32 {
        self.line
    }
}
