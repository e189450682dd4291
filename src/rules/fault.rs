//! Why a rule says no: the rule's number and one Chinese sentence for the person at the desk.

/// A refusal by a rule.
///
/// `rule` is the number of the catalogue (`R-044`, `A-03`) or a short word where the catalogue has none (`input`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Which rule refuses.
    pub rule: &'static str,
    /// What is wrong, where, and what to do; one Chinese sentence without a full stop.
    pub message: String,
}

impl Fault {
    /// A refusal of `rule` in words.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// Text from outside, cut to a length that fits a message, without control characters.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_text_is_short_and_has_no_escape_characters() {
        assert_eq!(shown("a\u{1b}[31mb\n"), "a[31mb");
        assert_eq!(shown(&"长".repeat(50)).chars().count(), 41);
    }
}
