//! Orders (工单, 派工单): kinds and outcomes, return slips, states, clocks. R-284 … ….

mod clock;
mod event;
pub mod held;
mod kind;
mod life;
mod reason;
mod slip;
mod state;
#[cfg(test)]
mod tests;

pub use clock::{ClockTerm, Course, Milestone, Pause, PauseReason, Reading, Span, Whose, WorkingDays};
pub use event::{AnswerOutcome, CallbackOutcome, Event, UNREACHED_LIMIT, What};
pub use kind::{OrderKind, Outcome, Voider};
pub use life::Order;
pub use reason::{DeferReason, ReturnReason};
pub use slip::Slip;
pub use state::{State, Terms};
