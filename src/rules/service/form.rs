//! Checking what was typed into the form of a business, all mistakes at once.

use chrono::NaiveDate;

use super::condition::Facts;
use super::intake::Case;
use super::model::{Field, FieldKind, Service};
use crate::rules::fault::shown;
use crate::rules::moment;
use crate::rules::money::{Fen, Milli};
use crate::rules::phone;
use crate::rules::refusal::Refusal;

/// Everything wrong with the form, the ticks and the times of a case.
pub(super) fn faults(service: &Service, case: &Case, facts: &Facts) -> Vec<Refusal> {
    let mut faults = unknown_names(service, case);
    for field in service.fields.iter().filter(|field| field.when.holds(facts)) {
        faults.extend(field.fault(facts.field(&field.key), facts, "fields"));
    }
    faults.extend(time_faults(case));
    faults
}

fn unknown_names(service: &Service, case: &Case) -> Vec<Refusal> {
    let mut faults = Vec::new();
    for (key, _) in &case.fields {
        if service.fields.iter().all(|field| field.key != *key) {
            let message = format!("{}业务没有栏目“{}”，请删去", service.name, shown(key));
            faults.push(Refusal::new("input", "fields", message));
        }
    }
    for key in &case.situations {
        if service.situations.iter().all(|situation| situation.key != *key) {
            let message = format!("{}业务没有情形“{}”，请删去", service.name, shown(key));
            faults.push(Refusal::new("input", "situations", message));
        }
    }
    for key in &case.papers {
        if service.papers.iter().all(|paper| paper.key != *key) {
            let message = format!("{}业务没有要件“{}”，请删去", service.name, shown(key));
            faults.push(Refusal::new("input", "papers", message));
        }
    }
    faults
}

/// Three times are kept: happened, told, typed; each not before the one before it.
fn time_faults(case: &Case) -> Vec<Refusal> {
    let mut faults = Vec::new();
    let told = moment::to_minute(case.told);
    if told > case.typed {
        faults.push(Refusal::new("input", "told", "接报时间晚于现在，请核对"));
    }
    if case.happened.is_some_and(|happened| moment::to_minute(happened) > case.told) {
        faults.push(Refusal::new("input", "happened", "发生时间晚于接报时间，请核对"));
    }
    if case.agreed.is_some_and(|agreed| agreed < told) {
        faults.push(Refusal::new("A-09", "agreed", "约定时间早于接报时间，请核对"));
    }
    faults
}

impl Field {
    /// What is wrong with a value, if anything. `group` is the part of the input the field belongs to.
    pub fn fault(&self, value: &str, facts: &Facts, group: &str) -> Option<Refusal> {
        let message = if value.is_empty() {
            self.required.as_ref().is_some_and(|when| when.holds(facts)).then(|| format!("请填写{}", self.label))
        } else {
            self.value_fault(value, facts)
        }?;
        Some(Refusal { rule: "R-086".into(), field: format!("{group}.{}", self.key).into(), message })
    }

    fn value_fault(&self, value: &str, facts: &Facts) -> Option<String> {
        let label = &self.label;
        let seen = shown(value);
        let wrong = |wanted: &str| Some(format!("{label}“{seen}”不对，应为{wanted}"));
        if value.chars().any(char::is_control) {
            return Some(format!("{label}含有控制字符，请重新输入"));
        }
        match self.kind {
            FieldKind::Text if value.chars().count() > self.longest => {
                Some(format!("{label}超过 {} 个字，请缩短", self.longest))
            }
            FieldKind::Text => None,
            FieldKind::Number => match value.parse::<Milli>() {
                Ok(number) if !number.is_negative() => None,
                Ok(_) => wrong("不小于零的数字"),
                Err(fault) => Some(format!("{label}{fault}")),
            },
            FieldKind::Money => match value.parse::<Fen>() {
                Ok(amount) if !amount.is_negative() => None,
                Ok(_) => wrong("不小于零的金额"),
                Err(fault) => Some(format!("{label}{fault}")),
            },
            FieldKind::Date => match NaiveDate::parse_from_str(value, "%Y-%m-%d") {
                Ok(_) => None,
                Err(_) => wrong("日期，如 2026-11-21"),
            },
            FieldKind::Time => match moment::parse(value) {
                Some(_) => None,
                None => wrong("日期和时间，如 2026-11-21 09:30"),
            },
            FieldKind::Phone => {
                if phone::check(value).is_some() {
                    None
                } else {
                    wrong("电话号码，如 13800000000 或 0577-88511111")
                }
            }
            FieldKind::Choice => {
                let offered = self.choices.iter().filter(|choice| choice.when.holds(facts));
                let words: Vec<&str> = offered.map(|choice| choice.text.as_str()).collect();
                if words.contains(&value) { None } else { wrong(&format!("其中之一：{}", words.join("、"))) }
            }
        }
    }
}
