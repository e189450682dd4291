//! What several tests share.
#![allow(dead_code)]

pub mod adjust;
pub mod apart;
pub mod arrive;
pub mod at;
pub mod charges;
pub mod company;
pub mod household;
pub mod ladder;
pub mod orders;
pub mod real;
pub mod seat;
pub mod site;
pub mod till;
pub mod timed;
pub mod town;
pub mod transfer;
pub mod water;
