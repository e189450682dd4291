//! What is to be billed: which readings, over which days, with which use, and where the year's steps stand.
//!
//! [`chain`] follows the water over swaps and past zero; [`place`] orders what lies on one day; [`history`] says which readings are due and what was used before,
//! [`large`] asks about bills that may not go out unasked, [`registers`] splits the use by the hours of the day.

pub mod chain;
pub mod cycle;
pub mod history;
pub mod large;
pub mod part_year;
pub mod place;
pub mod registers;

pub use chain::{Mark, MarkKind, Meter};
pub use cycle::BillCycle;
pub use history::{Due, History, Span, UsedBefore};
pub use part_year::Begun;
pub use place::{Place, Stretch};
pub use registers::{ByRegister, Registers};
