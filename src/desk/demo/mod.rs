//! The practice branch of `demo`: people, a town, a year of work; the same for a seed.

pub mod chance;
pub mod people;
pub mod words;
