//! What the actions of the till share: what is asked, what is owed, the plan of a payment, receipt numbers.

pub mod ask;
pub mod balance;
pub mod book;
pub mod charges;
pub mod cover;
pub mod due;
pub mod fee_kinds;
pub mod find;
pub mod give_back;
pub mod late_lost;
pub mod mistyped;
pub mod plan;
pub mod receipt;
pub mod settle;
pub mod shift;
pub mod since;
pub mod slip_back;
pub mod sound;
pub mod taking;
