//! A refusal by a rule: which rule, which field, and one Chinese sentence that says what to do.

use std::borrow::Cow;

use super::fault::Fault;

/// Why something is not done. The message is for the person at the desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Number in the catalogue of rules: `R-136`, `A-27`.
    pub rule: Cow<'static, str>,
    /// Field of the input it stands at; empty when it is about the whole.
    pub field: Cow<'static, str>,
    /// What is wrong, where, what to do.
    pub message: String,
}

impl Refusal {
    /// A refusal by a rule of the program.
    pub fn new(rule: &'static str, field: &'static str, message: impl Into<String>) -> Self {
        Self { rule: rule.into(), field: field.into(), message: message.into() }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(fault.rule, "", fault.message)
    }
}
