//! What is to be billed: which readings, over which days, with which use, and where the year's steps stand.
//!
//! [`chain`] follows the water over swaps and past zero; [`history`] says which readings are due and what was used before.

pub mod chain;
pub mod cycle;
pub mod history;

pub use chain::{Mark, MarkKind, Meter};
pub use cycle::BillCycle;
pub use history::{Due, History, Span, UsedBefore};
