//! Bills and payments of the practice branch.

use super::{Builder, Cycle, moment};
use crate::desk::refusal::Refusal;

impl Builder<'_> {
    /// Bills the cycle.
    pub(super) fn bills(&mut self, cycle: &Cycle) -> Result<(), Refusal> {
        let _ = (cycle, moment(cycle.day, 20, 0));
        Ok(())
    }

    /// Most pay in time; of the last cycle more are still open.
    pub(super) fn payments(&mut self, _cycle: &Cycle, _is_last: bool) -> Result<(), Refusal> {
        Ok(())
    }
}
