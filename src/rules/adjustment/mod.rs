//! 特殊处理 (billing adjustment), R-248 …: a price is changed, a billed volume is changed, or a late fee is waived.
//!
//! One request carries one kind. Every request shows one picture of before and after, the same to the clerk who makes
//! it, the one who checks it and the one who approves it; they are three different people (R-007, I-10). Who may check and
//! approve what, up to which amount, stands in a table that ships as a sample.

pub mod change;
pub mod kind;
pub mod matrix;
pub mod picture;
pub mod standing;

pub use change::{Change, Typed, Waive};
pub use kind::{Family, Kind};
pub use matrix::{Level, Matrix};
pub use picture::Picture;
pub use standing::{Odd, Standing, State};
