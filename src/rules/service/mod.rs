//! The service catalogue (业务目录): one TOML file a business drives its whole intake.
//!
//! A file says which papers are ticked, what stops the business, what it costs, what the form asks, how urgent it is,
//! what is promised and said, which order it makes and what that order changes. Nothing about a business stands in the
//! program, so a company adds or changes one with a text editor. Every mistake in a file is found when it is loaded.
//! The format stands in `docs/services.md`. R-082 … … R-352.

mod catalogue;
pub mod condition;
mod form;
mod intake;
mod model;
mod parse;
mod parse_order;
mod scope;
#[cfg(test)]
mod tests;
mod window;

pub use catalogue::{COMMON, Catalogue, Common};
pub use condition::{Condition, Facts, KNOWN_FACTS, KNOWN_FIELDS};
pub use intake::{Case, Charge, Promise, Verdict};
pub use model::*;
pub use window::AtWindow;
