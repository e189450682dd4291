//! The line to say to the customer (screens.md rule 9): a sentence of the papers with its gaps filled.
//!
//! A gap is written `{fee}` or, for a field of the business's form, `{field.length}`. Sentences are checked when their
//! file is loaded; what is still unknown when a sentence is to be spoken is named, never left out in silence.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, FixedOffset, Timelike};

use super::money::Fen;

/// Gaps any sentence may have, with what goes in.
pub const GAPS: &[(&str, &str)] = &[
    ("fee", "应收费用"),
    ("limit", "承诺时限"),
    ("days", "承诺天数"),
    ("date", "承诺日期"),
    ("time", "承诺时间"),
    ("phone", "联系电话"),
    ("name", "户名"),
    ("address", "地址"),
    ("papers", "所缺要件"),
    ("order", "工单号"),
    ("answer", "答复内容"),
    ("service", "业务名称"),
    ("hotline", "客服电话"),
    ("emergency", "抢修电话"),
];

/// Beginning of a gap that takes a field of the form.
const FIELD: &str = "field.";

/// A sentence with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Gap(String),
}

/// What goes into the gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(BTreeMap<String, String>);

/// Gaps for which nothing is known yet, in Chinese, in the order of the sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("这句话还缺：{}，请先填写", .0.join("、"))]
pub struct Unfilled(pub Vec<String>);

impl Words {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a gap's word; an empty one counts as unknown.
    pub fn with(mut self, gap: &str, word: impl Into<String>) -> Self {
        self.put(gap, word);
        self
    }

    /// Puts a gap's word in; an empty one counts as unknown.
    pub fn put(&mut self, gap: &str, word: impl Into<String>) {
        let word = word.into();
        if word.trim().is_empty() {
            self.0.remove(gap);
        } else {
            self.0.insert(gap.to_owned(), word);
        }
    }

    /// Puts what a field of the form says in.
    pub fn put_field(&mut self, key: &str, word: &str) {
        self.put(&format!("{FIELD}{key}"), word);
    }

    /// The word of a gap, if known.
    pub fn get(&self, gap: &str) -> Option<&str> {
        self.0.get(gap).map(String::as_str)
    }
}

impl Sentence {
    /// Reads a sentence; `is_field` says whether the form has a field. The error is one sentence for the person who
    /// wrote the file.
    pub fn parse(text: &str, is_field: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (words, tail) = rest.split_at(open);
            let Some((gap, after)) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) else {
                return Err("花括号不成对，空位应写成 {fee} 这样".to_owned());
            };
            let known = match gap.strip_prefix(FIELD) {
                Some(key) => is_field(key),
                None => GAPS.iter().any(|(name, _)| *name == gap),
            };
            if !known {
                let names: Vec<String> = GAPS.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                return Err(format!("不认识空位“{{{gap}}}”，可用的有：{}，以及 {{field.栏目}}", names.join("")));
            }
            if !words.is_empty() {
                parts.push(Part::Words(words.to_owned()));
            }
            parts.push(Part::Gap(gap.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Words(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The sentence as it is spoken.
    pub fn fill(&self, words: &Words) -> Result<String, Unfilled> {
        let mut spoken = String::new();
        let mut unfilled = Vec::new();
        for part in &self.parts {
            match part {
                Part::Words(text) => spoken.push_str(text),
                Part::Gap(gap) => match words.get(gap) {
                    Some(word) => spoken.push_str(word),
                    None => unfilled.push(gap_name(gap)),
                },
            }
        }
        if unfilled.is_empty() { Ok(spoken) } else { Err(Unfilled(unfilled)) }
    }

    /// The sentence as it is written in its file.
    pub fn template(&self) -> String {
        let written = self.parts.iter().map(|part| match part {
            Part::Words(text) => text.clone(),
            Part::Gap(gap) => format!("{{{gap}}}"),
        });
        written.collect()
    }
}

fn gap_name(gap: &str) -> String {
    match GAPS.iter().find(|(name, _)| *name == gap) {
        Some((_, meaning)) => (*meaning).to_owned(),
        None => gap.trim_start_matches(FIELD).to_owned(),
    }
}

/// An amount as it is spoken: `5元`, `13.11元`.
pub fn yuan(amount: Fen) -> String {
    format!("{}元", amount.decimal().normalize())
}

/// A day as it is spoken: `11月26日`.
pub fn day(moment: DateTime<FixedOffset>) -> String {
    format!("{}月{}日", moment.month(), moment.day())
}

/// A moment as it is spoken: `11月21日9点05分`.
pub fn moment(moment: DateTime<FixedOffset>) -> String {
    format!("{}{}点{:02}分", day(moment), moment.hour(), moment.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sentence(text: &str) -> Sentence {
        Sentence::parse(text, |key| key == "length").unwrap()
    }

    #[test]
    fn gaps_are_filled_and_what_is_unknown_is_named() {
        let line = sentence("自次日起{limit}内（最迟{date}）带{field.length}米软管，收费{fee}");
        let words = Words::new().with("limit", "3个工作日").with("date", "11月26日").with("fee", yuan(Fen(500)));
        assert_eq!(line.fill(&words), Err(Unfilled(vec!["length".into()])));
        let words = words.with("field.length", "1.5");
        assert_eq!(line.fill(&words).unwrap(), "自次日起3个工作日内（最迟11月26日）带1.5米软管，收费5元");
    }

    #[test]
    fn a_sentence_with_an_unknown_gap_or_a_lone_brace_is_refused() {
        for bad in ["收{feee}", "收{fee", "收fee}", "{field.width}米", "{}"] {
            assert!(Sentence::parse(bad, |key| key == "length").is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_and_days_sound_as_people_say_them() {
        assert_eq!(yuan(Fen(1311)), "13.11元");
        assert_eq!(yuan(Fen(10_000)), "100元");
        let at = DateTime::parse_from_rfc3339("2026-11-21T09:05:00+08:00").unwrap();
        assert_eq!(day(at), "11月21日");
        assert_eq!(moment(at), "11月21日9点05分");
    }

    proptest! {
        #[test]
        fn text_without_braces_is_spoken_as_written(text in "[^{}]{0,80}") {
            let line = sentence(&text);
            prop_assert_eq!(line.fill(&Words::new()).unwrap(), text.clone());
            prop_assert_eq!(line.template(), text);
        }
    }
}
