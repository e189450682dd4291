//! The nightly exchange (交换): what one site tells another, in files that a stick or a mail can carry.
//!
//! [`envelope`] is the bundle file as it lies on the stick, [`header`] what stands in its header, [`frame`] what is inside;
//! none of the three knows the database. docs/exchange.md is the format in words, for whoever writes another program.

pub mod bundle_error;
pub mod envelope;
pub mod frame;
pub mod header;
pub mod opener;
