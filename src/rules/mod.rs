//! Pure rules: no I/O, no clock, no screen.

pub mod calendar;
pub mod classes;
pub mod counties;
pub mod customer;
pub mod customer_fields;
pub mod exact;
pub mod fault;
pub mod form;
pub mod id;
pub mod late_fee;
pub mod meter_state;
pub mod moment;
pub mod money;
pub mod numbers;
pub mod order;
pub mod part_payment;
pub mod pricing;
pub mod private_numbers;
pub mod reading_use;
pub mod refusal;
pub mod route;
pub mod service;
pub mod speech;
pub mod tariff;
pub mod toml_reader;
pub mod utility;
