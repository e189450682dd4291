//! From readings to bills: what an account's billing looks back on ([`ledger`]), and the bill itself ([`rater`]).
//!
//! Decisions where the papers leave room: a reading without use gives a bill of 0.00 that counts as paid, so that every reading
//! of a cycle is accounted for and the next period begins after it; what cannot be calculated is held with its reason, never
//! guessed; the bill's date is the business day of the run.

pub mod body;
pub mod by_register;
pub mod doubt;
pub mod kept;
pub mod ledger;
pub mod priced;
pub mod rater;

pub use ledger::Ledger;
pub use rater::Rater;
