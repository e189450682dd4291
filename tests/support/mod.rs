//! What several tests share.
#![allow(dead_code)]

pub mod adjust;
pub mod arrive;
pub mod company;
pub mod orders;
pub mod seat;
pub mod till;
pub mod timed;
pub mod town;
pub mod water;
