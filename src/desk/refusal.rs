//! Why something was not done, in the kinds the command line's exit codes know.

use serde::Serialize;

use crate::book::append::AppendError;
use crate::book::seal::SealError;
use crate::exchange::card::CardError;
use crate::exchange::site_keys::SiteKeyError;
use crate::rules::money::BadNumber;
use crate::store::StoreError;

/// The kinds of refusal; each has its exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// A rule says no. Exit 1.
    Refused,
    /// The call itself is wrong. Exit 2.
    Usage,
    /// The database or the disk. Exit 3.
    Data,
    /// No right to do it. Exit 4.
    Permission,
    /// A fault of the program; the log has the rest. Exit 3.
    Internal,
    /// Another program is at it; nothing was done. Exit 5.
    Busy,
}

/// One mistake, where it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// Rule number (`R-136`, `A-17`), or a word of our own (`key`, `stale`).
    pub rule: String,
    /// The input field, as in the schema.
    pub field: Option<String>,
    /// One Chinese sentence: what is wrong and what to do.
    pub message: String,
}

/// A refusal: its kind and every mistake found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{}", self.message())]
pub struct Refusal {
    /// Which kind.
    pub kind: RefusalKind,
    /// The mistakes, at least one.
    pub faults: Vec<Fault>,
}

impl Fault {
    /// A mistake in a field.
    pub fn field(rule: &str, field: &str, message: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), field: Some(field.to_owned()), message: message.into() }
    }
}

impl Refusal {
    fn one(kind: RefusalKind, rule: &str, message: impl Into<String>) -> Self {
        Self { kind, faults: vec![Fault { rule: rule.to_owned(), field: None, message: message.into() }] }
    }

    /// A rule says no.
    pub fn rule(rule: &str, message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Refused, rule, message)
    }

    /// A rule says no to one field.
    pub fn field(rule: &str, field: &str, message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Refused, faults: vec![Fault::field(rule, field, message)] }
    }

    /// All mistakes of a form; `Ok` when there are none.
    pub fn unless_empty(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self { kind: RefusalKind::Refused, faults }) }
    }

    /// No right.
    pub fn permission(rule: &str, message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Permission, rule, message)
    }

    /// The call is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Usage, "usage", message)
    }

    /// The database or the disk.
    pub fn data(message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Data, "data", message)
    }

    /// Another program is at it; nothing was done.
    pub fn busy(rule: &str, message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Busy, rule, message)
    }

    /// Not found: a record that the input names.
    pub fn missing(field: &str, what: &str, name: &str) -> Self {
        Self::field("missing", field, format!("没有找到{what}“{name}”，请核对后重输"))
    }

    /// What was seen before F2 is no longer so.
    pub fn stale(message: impl Into<String>) -> Self {
        Self::one(RefusalKind::Refused, "stale", message)
    }

    /// All messages in one line.
    pub fn message(&self) -> String {
        self.faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("；")
    }

    /// The first mistake's rule.
    pub fn first_rule(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.rule)
    }

    /// Exit code of the command line.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            RefusalKind::Refused => 1,
            RefusalKind::Usage => 2,
            RefusalKind::Data | RefusalKind::Internal => 3,
            RefusalKind::Permission => 4,
            RefusalKind::Busy => 5,
        }
    }
}

impl From<crate::rules::refusal::Refusal> for Fault {
    fn from(refusal: crate::rules::refusal::Refusal) -> Self {
        let field = Some(refusal.field.into_owned()).filter(|field| !field.is_empty());
        Self { rule: refusal.rule.into_owned(), field, message: refusal.message }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<SiteKeyError> for Refusal {
    fn from(error: SiteKeyError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<CardError> for Refusal {
    fn from(error: CardError) -> Self {
        Self::field("card", "card", error.to_string())
    }
}

impl From<BadNumber> for Refusal {
    fn from(error: BadNumber) -> Self {
        Self::rule("number", error.to_string())
    }
}
