//! Row types of the derived tables, one file a subject.

pub mod base;
pub mod user;
