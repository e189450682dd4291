//! Judging rows: accepted, unread, or a defect with a named kind, a disposition and a sentence that helps.

mod aside;
mod cell_checks;
mod columns;
mod connection;
mod customers;
mod defect;
mod defects;
mod last_reading;
mod limits;
mod lower;
mod opening;
mod outcome;
mod prehashed;
mod printed;
mod read_state;
mod readings;
mod record;
mod swaps;
mod totals;

pub use customers::{CustomerJudge, CustomerTotals, CustomerVerdict, Footer};
pub use defect::{Defect, Disposition, Kind};
pub use defects::Defects;
pub use outcome::{ReadingOutcome, RemoteMeters};
pub(crate) use prehashed::{PrehashedMap, hash_of};
pub use readings::ReadingJudge;
pub use swaps::{SwapJudge, SwapVerdict};

use chrono::NaiveDate;

/// What the judges are told instead of looking at a clock or a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Days after this one lie in the future: the business day.
    pub today: NaiveDate,
    /// Use above the average times this is held.
    pub high_use_factor: u32,
}

impl Terms {
    /// The terms of a business day with the usual factor 3.
    pub fn on(today: NaiveDate) -> Self {
        Self { today, high_use_factor: 3 }
    }
}
