//! Orders of the practice branch, in every state.

use super::Builder;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;

impl Builder<'_> {
    /// Faults, businesses, complaints and questions, from new to closed.
    pub(super) fn orders(&mut self, _accounts: &[Id]) -> Result<(), Refusal> {
        Ok(())
    }
}
