//! `quote promise` and `quote number`.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat};
use serde::Serialize;

use super::case::{CaseFields, missing};
use crate::rules::calendar::{self, Calendar};
use crate::rules::certificate::{self, Certificate};
use crate::rules::fault::{Fault, shown};
use crate::rules::form::plain_date;
use crate::rules::numbers;
use crate::rules::route::{self, Area, Kind};

/// A promised day or moment.
#[derive(Serialize)]
pub struct PromiseAnswer {
    due: String,
}

/// Is a number sound?
#[derive(Serialize)]
pub struct NumberAnswer {
    valid: bool,
    /// The kind of certificate, when it is another than a resident ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// When a promise falls due: exactly one of `working_days`, `hours`, `minutes`.
pub fn promise(calendar: &Calendar, fields: &mut CaseFields<'_>) -> Result<PromiseAnswer, Fault> {
    let accepted = fields.need_text("accepted")?;
    let (days, hours, minutes) = (fields.whole("working_days")?, fields.whole("hours")?, fields.whole("minutes")?);
    let due = match (days, hours, minutes) {
        (Some(days), None, None) => {
            let day = match plain_date(&accepted) {
                Some(day) => day,
                None => calendar::branch_date(calendar::read_moment(&accepted)?),
            };
            calendar.after_working_days(day, days)?.to_string()
        }
        (None, Some(hours), None) => print(calendar::after_minutes(
            calendar::read_moment(&accepted)?,
            hours.checked_mul(60).ok_or_else(|| Fault::new("A-09", "hours 太大"))?,
        )?),
        (None, None, Some(minutes)) => print(calendar::after_minutes(calendar::read_moment(&accepted)?, minutes)?),
        (None, None, None) => return Err(missing("working_days、hours 或 minutes")),
        _ => return Err(Fault::new("input", "working_days、hours、minutes 只能给一个")),
    };
    Ok(PromiseAnswer { due })
}

fn print(moment: DateTime<FixedOffset>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Checks a number of a person, a firm, a card or a reading route.
pub fn number(today: NaiveDate, fields: &mut CaseFields<'_>) -> Result<NumberAnswer, Fault> {
    let kind = fields.need_text("kind")?;
    let value = fields.need_text("value")?;
    let area = word(fields, "area", &["old", "new"])?;
    let building = word(fields, "building", &["multi", "high"])?;
    let mut certificate = None;
    let checked = match kind.as_str() {
        "resident_id" => person(&value, today).map(|(checked, kind)| {
            certificate = Some(kind.code()).filter(|_| kind != Certificate::ResidentId);
            checked.warning
        }),
        "uscc" => numbers::uscc(&value).map(|checked| checked.warning),
        "bank_card" => numbers::bank_card(&value).map(|checked| checked.warning),
        "route" => {
            let area = area.as_deref().and_then(Area::from_label);
            let building = building.as_deref().and_then(Kind::from_label);
            route::parse(&value, area, building).map(|_| None)
        }
        _ => {
            let message = format!("kind 的“{}”不认识，应为 resident_id、uscc、bank_card 或 route", shown(&kind));
            return Err(Fault::new("input", message));
        }
    };
    Ok(match checked {
        Ok(warning) => NumberAnswer { valid: true, certificate, warning, reason: None },
        Err(fault) => NumberAnswer { valid: false, certificate: None, warning: None, reason: Some(fault.message) },
    })
}

/// A person's certificate that is valid today: fifteen digits are told as the old form, a firm's code as what it is.
fn person(value: &str, today: NaiveDate) -> Result<(numbers::Checked, Certificate), Fault> {
    let (checked, kind) = certificate::check(value, false, today)?;
    match kind {
        Certificate::OldResidentId => Err(Fault::new("GB 11643", checked.warning.unwrap_or_default())),
        Certificate::CreditCode => Err(Fault::new("GB 11643", "是统一社会信用代码，不是个人证件号码，请核对")),
        Certificate::ResidentId
        | Certificate::ResidencePermit
        | Certificate::ForeignerId
        | Certificate::OldForeignerId
        | Certificate::Passport
        | Certificate::HomeReturnPermit
        | Certificate::TaiwanPermit => Ok((checked, kind)),
    }
}

/// An optional field that must be one of two words.
fn word(fields: &CaseFields<'_>, key: &str, words: &[&str; 2]) -> Result<Option<String>, Fault> {
    let found = fields.text(key)?;
    match &found {
        Some(text) if !words.contains(&text.as_str()) => {
            Err(Fault::new("input", format!("{key} 只能是 {} 或 {}", words[0], words[1])))
        }
        _ => Ok(found),
    }
}
