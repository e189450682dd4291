//! Pure rules: no I/O, no clock, no screen.

pub mod calendar;
pub mod exact;
pub mod fault;
pub mod form;
pub mod id;
pub mod late_fee;
pub mod meter_state;
pub mod money;
pub mod numbers;
pub mod reading_use;
pub mod route;
pub mod tariff;
pub mod utility;
