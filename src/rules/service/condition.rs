//! When something of a business applies: `when = "agent !kin"`, `when = ["!inside", "gas"]`.
//!
//! Words of one text must all hold; of a list of texts one is enough; nothing written means always. A word is a
//! situation the clerk ticked or a fact the program knows, `field=value` asks what a form field says, `!` turns a word
//! round.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::meter_state::MeterState;

/// Facts the program itself puts in; no file may declare a situation of these names.
pub const KNOWN_FACTS: &[(&str, &str)] = &[
    ("water", "用水户"),
    ("gas", "用气户"),
    ("power", "用电户"),
    ("heat", "用热户"),
    ("counter", "柜台受理"),
    ("phone", "电话受理"),
    ("account", "有户号"),
    ("arrears", "有欠费"),
    ("agreed", "已与用户约定时间"),
    ("cash", "缴费方式为现金"),
    ("ic", "IC卡用户"),
    ("modified_recently", "最近90天内有过改装"),
    ("unused_3_months", "超过3个月没用气"),
    (CLOSED, "已销户"),
];

/// The account is closed.
pub const CLOSED: &str = "account_closed";

/// Field names the program itself fills: the meter's state, the file's chosen profile, what is not billed yet.
pub const KNOWN_FIELDS: &[&str] = &["state", "profile", UNBILLED];

/// What is read or held but not billed yet, in words: a debt, wherever arrears stop a business.
pub const UNBILLED: &str = "unbilled";

/// A condition over [`Facts`]; the default always holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    any: Vec<Vec<Word>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    not: bool,
    name: String,
    value: Option<String>,
}

/// What holds in one case: names of facts and situations, values of fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    names: BTreeSet<String>,
    fields: BTreeMap<String, String>,
}

impl Facts {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more fact or ticked situation.
    pub fn with(mut self, name: &str) -> Self {
        self.tick(name);
        self
    }

    /// With a field's value.
    pub fn with_field(mut self, key: &str, value: &str) -> Self {
        self.fill(key, value);
        self
    }

    /// Notes a fact or a ticked situation.
    pub fn tick(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Notes a field's value; an empty one takes it away.
    pub fn fill(&mut self, key: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            self.fields.remove(key);
        } else {
            self.fields.insert(key.to_owned(), value.to_owned());
        }
    }

    /// Notes the meter's state.
    pub fn meter_state(&mut self, state: MeterState) {
        self.fill("state", state.paper_word());
    }

    /// Does the fact or situation hold?
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// What a field says; empty when nothing.
    pub fn field(&self, key: &str) -> &str {
        self.fields.get(key).map_or("", String::as_str)
    }

    /// All fields that say something.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl Condition {
    /// Reads the alternatives of one condition. `known` says whether a name, or a name with a value, exists; the error
    /// is one sentence for the person who wrote the file.
    pub fn parse(texts: &[&str], known: impl Fn(&str, Option<&str>) -> Result<(), String>) -> Result<Self, String> {
        let mut any = Vec::new();
        for text in texts {
            let mut all = Vec::new();
            for word in text.split_whitespace() {
                let (not, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
                let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
                known(name, value)?;
                let value = value.map(|value| canonical(name, value));
                all.push(Word { not, name: name.to_owned(), value });
            }
            any.push(all);
        }
        Ok(Self { any })
    }

    /// Does it hold?
    pub fn holds(&self, facts: &Facts) -> bool {
        self.any.is_empty() || self.any.iter().any(|all| all.iter().all(|word| word.holds(facts)))
    }

    /// Nothing written?
    pub fn is_always(&self) -> bool {
        self.any.is_empty()
    }

    /// Does it ask for this fact anywhere?
    pub fn mentions(&self, name: &str) -> bool {
        self.any.iter().flatten().any(|word| word.name == name)
    }
}

impl Word {
    fn holds(&self, facts: &Facts) -> bool {
        let holds = match &self.value {
            None => facts.has(&self.name),
            Some(value) => facts.field(&self.name) == value,
        };
        holds != self.not
    }
}

/// A meter's state is written in any utility's word and compared in the one of the papers.
fn canonical(name: &str, value: &str) -> String {
    match MeterState::parse(value) {
        Some(state) if name == "state" => state.paper_word().to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(texts: &[&str]) -> Condition {
        Condition::parse(texts, |_, _| Ok(())).unwrap()
    }

    #[test]
    fn words_of_a_text_are_all_needed_and_one_text_is_enough() {
        let gas_leak = Facts::new().with("gas").with_field("kind", "漏气");
        for (texts, holds) in [
            (&[][..], true),
            (&["gas"], true),
            (&["!gas"], false),
            (&["gas kind=漏气"], true),
            (&["gas kind=停气"], false),
            (&["water", "kind=漏气"], true),
            (&["!kind=停气"], true),
            (&["gas inside"], false),
        ] {
            assert_eq!(condition(texts).holds(&gas_leak), holds, "{texts:?}");
        }
    }

    #[test]
    fn a_meters_state_may_be_written_in_the_word_of_any_utility() {
        let mut facts = Facts::new();
        facts.meter_state(MeterState::Supplied);
        for word in ["state=通水", "state=通气", "state=supplied"] {
            assert!(condition(&[word]).holds(&facts), "{word}");
        }
        assert!(!condition(&["state=封表"]).holds(&facts));
    }
}
