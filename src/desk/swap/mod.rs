//! 水表拆换: a slip comes in (`swap.task`) and is shared out (`swap.assign`); without its account number it goes back with a
//! reason (`swap.send_back`, R-266) until the number is known (`swap.number_found`); it is entered (`swap.enter`) with final and
//! first reading as a pair; two slips for one meter are settled on site (`swap.field_check`).

pub mod assign;
pub mod enter;
pub mod facts;
pub mod field_check;
pub mod number_found;
pub mod picture;
pub mod send_back;
pub mod task;

pub use facts::SlipInput;
