//! What a catalogue file may refer to: its situations, fields and profiles, and what the program itself knows.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Condition, KNOWN_FACTS, KNOWN_FIELDS};
use crate::rules::meter_state::MeterState;
use crate::rules::speech::Sentence;
use crate::rules::toml_reader::{At, Item, Section};

/// Longest condition, in characters.
const LONGEST_CONDITION: usize = 200;
/// Longest sentence to say, in characters.
const LONGEST_SENTENCE: usize = 400;

/// Names declared by a file.
#[derive(Debug, Default)]
pub(super) struct Scope {
    situations: BTreeSet<String>,
    /// Fields with the words of their choices; none of them: any value.
    fields: BTreeMap<String, Vec<String>>,
    profiles: Vec<String>,
    phrases: BTreeMap<String, String>,
}

impl Scope {
    /// Reads the names a file declares, and takes over the phrases of the common file.
    pub(super) fn of(top: &Section, phrases: &BTreeMap<String, String>) -> Self {
        let mut scope = Self { phrases: phrases.clone(), ..Self::default() };
        for section in top.sections("situation") {
            if let Some(key) = section.text("key", 40) {
                if KNOWN_FACTS.iter().any(|(name, _)| *name == key.value) {
                    section.fault_at(key.at, format!("情形“{}”是程序已知的，不能另写，请改名", key.value));
                }
                if !scope.situations.insert(key.value.clone()) {
                    section.fault_at(key.at, format!("情形“{}”写了两次，请删去一处", key.value));
                }
            }
        }
        for section in top.sections("field") {
            if let Some(key) = section.text("key", 40) {
                scope.declare_field(&section, &key);
            }
        }
        scope.profiles = top.texts("profiles", 40).into_iter().map(|text| text.value).collect();
        scope
    }

    fn declare_field(&mut self, section: &Section, key: &At<String>) {
        let words = section.items("choices", 20).into_iter().filter_map(|item| match item {
            Item::Text(text) => Some(text.value),
            Item::Table(table) => table.text("text", 20).map(|text| text.value),
        });
        if KNOWN_FIELDS.contains(&key.value.as_str()) {
            section.fault_at(key.at, format!("栏目“{}”是程序已知的，不能另写，请改名", key.value));
        }
        if self.fields.insert(key.value.clone(), words.collect()).is_some() {
            section.fault_at(key.at, format!("栏目“{}”写了两次，请删去一处", key.value));
        }
    }

    /// Is this a field of the form?
    pub(super) fn is_field(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// The profile in force: `profile`, which must be one of `profiles`.
    pub(super) fn profile(&self, top: &Section) -> String {
        let profile = top.text("profile", 40);
        match profile {
            None if self.profiles.is_empty() => String::new(),
            None => {
                top.fault("写了 profiles 却没有写“profile”选用哪一种，请补上");
                String::new()
            }
            Some(profile) => {
                if !self.profiles.contains(&profile.value) {
                    let what = format!("“profile”不能是“{}”，只能是：{}", profile.value, self.profiles.join("、"));
                    top.fault_at(profile.at, what);
                }
                profile.value
            }
        }
    }

    /// The condition at `key`; always, when nothing is written.
    pub(super) fn condition(&self, section: &Section, key: &'static str) -> Condition {
        let texts = section.texts(key, LONGEST_CONDITION);
        let words: Vec<&str> = texts.iter().map(|text| text.value.as_str()).collect();
        match Condition::parse(&words, |name, value| self.known(name, value)) {
            Ok(condition) => condition,
            Err(what) => {
                section.fault_at(texts.first().map_or(section.at(), |text| text.at), what);
                Condition::default()
            }
        }
    }

    fn known(&self, name: &str, value: Option<&str>) -> Result<(), String> {
        match value {
            None if self.situations.contains(name) => Ok(()),
            None if KNOWN_FACTS.iter().any(|(fact, _)| *fact == name) => Ok(()),
            None => {
                let facts = KNOWN_FACTS.iter().map(|(fact, _)| *fact);
                let names: Vec<&str> = self.situations.iter().map(String::as_str).chain(facts).collect();
                Err(format!("不认识条件“{name}”，可用的有：{}", names.join("、")))
            }
            Some(value) => self.known_value(name, value),
        }
    }

    fn known_value(&self, name: &str, value: &str) -> Result<(), String> {
        let refuse = |words: &[&str]| Err(format!("条件“{name}={value}”不对，只能是：{}", words.join("、")));
        match name {
            "state" if MeterState::parse(value).is_some() => Ok(()),
            "state" => refuse(&MeterState::ALL.map(MeterState::paper_word)),
            "profile" if self.profiles.iter().any(|profile| profile == value) => Ok(()),
            "profile" => refuse(&self.profiles.iter().map(String::as_str).collect::<Vec<_>>()),
            _ => match self.fields.get(name) {
                None => Err(format!("条件“{name}={value}”里的栏目“{name}”不存在，请先在 [[field]] 里写明")),
                Some(words) if words.is_empty() || words.iter().any(|word| word == value) => Ok(()),
                Some(words) => refuse(&words.iter().map(String::as_str).collect::<Vec<_>>()),
            },
        }
    }

    /// The sentence at `say`, or the common phrase named at `phrase`.
    pub(super) fn sentence(&self, section: &Section) -> Option<Sentence> {
        let say = section.text("say", LONGEST_SENTENCE);
        let phrase = section.text("phrase", 40);
        let text = match (say, phrase) {
            (Some(say), None) => say,
            (None, Some(phrase)) => match self.phrases.get(&phrase.value) {
                Some(text) => At { value: text.clone(), at: phrase.at },
                None => {
                    let names: Vec<&str> = self.phrases.keys().map(String::as_str).collect();
                    let what = format!("常用语“{}”不存在，现有：{}", phrase.value, names.join("、"));
                    section.fault_at(phrase.at, what);
                    return None;
                }
            },
            (Some(_), Some(phrase)) => {
                section.fault_at(phrase.at, "“say”和“phrase”只能写一个，请删去一处");
                return None;
            }
            (None, None) => {
                if !section.has("say") && !section.has("phrase") {
                    section.fault("缺少要说的话“say”，请补上");
                }
                return None;
            }
        };
        match Sentence::parse(&text.value, |key| self.is_field(key)) {
            Ok(sentence) => Some(sentence),
            Err(what) => {
                section.fault_at(text.at, what);
                None
            }
        }
    }
}
