//! Tests of the catalogue; here what they share.

mod businesses;
mod files;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Case, Catalogue, Facts, TalkStep, Verdict};
use crate::rules::meter_state::MeterState;
use crate::rules::moment::{self, Moment};
use crate::rules::order::WorkingDays;
use crate::rules::refusal::Refusal;

/// Monday to Friday, except the first three days of October; ends with 2026.
struct FiveDayWeek;

impl WorkingDays for FiveDayWeek {
    fn add(&self, day: NaiveDate, n: u32) -> Result<NaiveDate, Refusal> {
        let mut day = day;
        let mut left = n;
        while left > 0 {
            day = day.succ_opt().unwrap();
            if day.year() > 2026 {
                return Err(Refusal::new("A-09", "", "日历只到2026年"));
            }
            let holiday = day.month() == 10 && day.day() <= 3;
            if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !holiday {
                left -= 1;
            }
        }
        Ok(day)
    }
}

fn moment(text: &str) -> Moment {
    moment::parse(text).unwrap()
}

fn case(utility: &str, at: &str) -> Case {
    Case {
        known: Facts::new().with(utility).with("counter").with("account"),
        situations: BTreeSet::new(),
        fields: Vec::new(),
        papers: BTreeSet::new(),
        urgency: None,
        happened: None,
        told: moment(at),
        typed: moment(at),
        agreed: None,
        by_phone: false,
    }
}

impl Case {
    fn in_state(mut self, state: MeterState) -> Self {
        self.known.meter_state(state);
        self
    }
    fn knowing(mut self, fact: &str) -> Self {
        self.known.tick(fact);
        self
    }
    fn ticked(mut self, situations: &[&str]) -> Self {
        self.situations.extend(situations.iter().map(ToString::to_string));
        self
    }
    fn with(mut self, key: &str, value: &str) -> Self {
        self.fields.push((key.into(), value.into()));
        self
    }
    fn showing(mut self, papers: &[&str]) -> Self {
        self.papers.extend(papers.iter().map(ToString::to_string));
        self
    }
}

fn catalogue() -> Catalogue {
    let (catalogue, faults) = Catalogue::load(&[]);
    assert_eq!(faults, [], "{}", faults.iter().map(|f| f.to_string() + "\n").collect::<String>());
    catalogue
}

fn papers(service: &str, case: &Case) -> Vec<String> {
    let catalogue = catalogue();
    let service = catalogue.get(service).unwrap();
    let facts = service.facts(case);
    service.needed_papers(&facts).map(|paper| paper.key.clone()).collect()
}

fn judge<T>(service: &str, case: &Case, read: impl FnOnce(&Verdict) -> T) -> T {
    let catalogue = catalogue();
    read(&catalogue.get(service).unwrap().judge(case, &catalogue.common, &FiveDayWeek))
}

fn messages(service: &str, case: &Case) -> Vec<String> {
    judge(service, case, |verdict| verdict.refusals.iter().map(|r| format!("{} {}", r.rule, r.message)).collect())
}

fn spoken(service: &str, case: &Case, at: TalkStep) -> Vec<String> {
    let catalogue = catalogue();
    let service = catalogue.get(service).unwrap();
    let verdict = service.judge(case, &catalogue.common, &FiveDayWeek);
    let talk = service.talk(&catalogue.common, &verdict.facts, &verdict.words, !verdict.missing.is_empty());
    talk.into_iter().filter(|(step, _)| *step == at).map(|(_, line)| line.unwrap_or_else(|e| e.to_string())).collect()
}
