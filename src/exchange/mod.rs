//! The nightly exchange (交换): what one site tells another, in files that a stick or a mail can carry. Nothing here knows a
//! command line, a screen or a desk.
//!
//! [`envelope`] is the bundle file as it lies on the stick, [`header`] what stands in its header, [`frame`] what is inside;
//! none of the three knows the database. docs/exchange.md is the format in words, for whoever writes another program.
//! [`site_keys`] are this site's own keys, [`card`] the file by which sites come to know each other, [`peers`] whom this site
//! exchanges with, [`secret`] the keys of sealed fields and of search as sites hand them to each other. [`plan`] says what a peer
//! is to be sent, [`relay`] what of other sites a branch is to know (`sieve` looks for it), [`send`] writes it, [`take`] takes a bundle in, [`folder`] is
//! where the files lie.

mod accept;
mod admit;
pub mod bundle_error;
pub mod card;
pub mod chains;
pub mod envelope;
pub mod error;
pub mod folder;
mod fork_names;
pub mod frame;
pub mod header;
pub mod opener;
pub mod outside;
pub mod packed;
pub mod peers;
pub mod plan;
pub mod proof;
pub mod relay;
mod returned;
pub mod secret;
pub mod send;
mod sieve;
pub mod site_keys;
pub mod sticks;
pub mod take;
