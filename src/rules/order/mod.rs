//! Orders (工单, 派工单): kinds and outcomes, return slips, states, clocks. R-284 … ….

mod clock;
mod event;
mod kind;
mod life;
mod slip;
mod state;
#[cfg(test)]
mod tests;

pub use clock::{ClockTerm, Course, Milestone, Pause, PauseReason, Reading, Span, Whose, WorkingDays};
pub use event::{AnswerOutcome, CallbackOutcome, Event, UNREACHED_LIMIT, What};
pub use kind::{CANCEL_REASONS, CancelReason, OrderKind, Outcome, Voider};
pub use life::Order;
pub use slip::Slip;
pub use state::{State, Terms};
