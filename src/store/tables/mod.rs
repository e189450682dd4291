//! Row types of the derived tables, one file a subject.

pub mod account;
pub mod adjust;
pub mod base;
pub mod billing;
pub mod billing_facts;
pub mod exchange;
pub mod fixes;
pub mod order;
pub mod site;
pub mod slip;
pub mod tariff;
pub mod till;
pub mod user;
