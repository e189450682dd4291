//! Queries that are more than a row or a prefix scan, one file a subject. SQL stands here and nowhere above.

pub mod account;
pub mod adjust;
pub mod base;
pub mod billing;
pub mod charge;
pub mod customer;
pub mod exchange;
pub mod fixes;
pub mod fork;
pub mod on_file;
pub mod order;
pub mod own;
pub mod site;
pub mod slip;
pub mod state;
pub mod tariff;
pub mod texts;
pub mod till;
pub mod timeline;
pub mod user;
