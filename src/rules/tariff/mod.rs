//! Tariffs (价目): the file format, the price book, and the engine that turns use into money.
//!
//! A price comes from a government document and nowhere else, so every tariff names one and nothing in
//! the program edits a price. One file holds one tariff from its first day; several files of one code are one tariff
//! over time, and a folder of files is a price book. Use and bounds are exact fractions until the money is rounded.
//!
//! Where to read: [`model`] what a tariff is, [`file`] how it is written, [`book`] which one is valid, [`period`] how
//! days split a bill, [`engine`] the rating itself, [`plain`] the same by integers for the ordinary bill.

pub mod book;
pub mod builtin;
pub mod engine;
pub mod file;
pub mod model;
pub mod period;
pub mod plain;

pub use book::{PriceBook, how_to_end};
pub use engine::{Bill, Case, Line, Share};
pub use model::Tariff;
