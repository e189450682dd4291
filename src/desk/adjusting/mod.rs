//! What the actions of special handling share: the case as typed, the plan (picture and effect) made from it, who may check and
//! approve it, and whether a request's picture still holds.

pub mod ask;
mod cover;
mod file;
mod late;
pub mod links;
pub mod one_hand;
pub mod owner;
pub mod plan;
pub mod readings;
pub mod request;
pub mod rerate;
pub mod sides;
pub mod warn;
pub mod who;

pub use ask::Ask;
pub use plan::{Plan, plan};
