//! The day book (日记账): every entry of every site this database holds, one chain a site and epoch.
//!
//! What a person did becomes an [`entry::Entry`]; [`append`] writes it inside the caller's transaction; [`verify`] walks the
//! chains. Nothing here knows what an action means.

pub mod append;
pub mod clock;
pub mod entry;
pub mod mark;
pub mod public_keys;
pub mod seal;
pub mod subject;
pub mod verify;
