//! The only room that knows SQL: opening the file safely, typed rows, the day book's tables, and every query.
//!
//! Tables are of three kinds, by name: `entry*` is the day book, `d_*` is derived from it and may be dropped and rebuilt,
//! `l_*` is local to this machine. Rows are typed by the [`table!`](crate::store::table) macro; a new table is a struct in
//! [`tables`], its DDL in `schema.sql`. The search box has its own index in [`search`].

pub mod column;
pub mod companions;
pub mod db;
pub mod drafts;
pub mod entries;
pub mod error;
pub mod gather;
pub mod hold;
pub mod local;
pub mod log_folder;
pub mod migrate;
pub mod query;
pub mod schema;
pub mod search;
pub mod table;
pub mod tables;

pub use column::Column;
pub use db::{Db, OpenOptions, Tx};
pub use error::StoreError;
pub use table::{Table, table};
