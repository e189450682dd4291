//! Pure rules: no I/O, no clock, no screen.

pub mod id;
pub mod money;
