//! Whole jobs in the real program, in a pseudo-terminal, on a practice branch: each within the control keys that a practised hand
//! may need from the home screen.

#![cfg(unix)]

#[path = "../support/pty.rs"]
mod pty;

mod adjust;
mod chinese;
mod data_room;
mod hand;
mod orders;
mod pay;
mod refusal;
