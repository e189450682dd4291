//! The customer file (一户一档, R-037): its fields, and what each may hold. The rules between them are in
//! [`customer_fields`](super::customer_fields).
//!
//! Pure: the counter's forms, amendments and the fold ask the same functions. A field is named by a stable English
//! word; further facts of the paper file stand under `extra.` and facts of the meter on the wall under `meter.`.

mod field;
mod value;

pub use field::{
    CLASS, EXTRA, FIELDS, Field, Form, METER, PREPAID_SETTLES, field, label, money_fields, prepaid_settles, unit_of,
    units,
};
pub use value::check_value;

use chrono::NaiveDate;

use super::classes;
use super::customer_fields::{self, CustomerFields};
use super::refusal::Refusal;

/// The day that stands for "unknown": a lost invoice, a fitting nobody wrote down.
pub fn unknown_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2002, 1, 1).unwrap_or_default()
}

/// Does this day stand for "unknown"? Such days are left out of statistics by day.
pub fn is_unknown_day(day: NaiveDate) -> bool {
    day == unknown_day()
}

/// Every rule between fields that the file breaks: R-048 … R-058, and that a mixed class and its shares belong together. A file
/// that names no user type (water) is a read meter's.
pub fn check_file(fields: &CustomerFields<'_>, class: &str, mix: Option<&str>) -> Vec<Refusal> {
    let user_type = fields.user_type.or(Some(customer_fields::READ_METER));
    let mut faults = customer_fields::check(&CustomerFields { user_type, ..*fields });
    match (class == classes::MIXED, mix.is_some()) {
        (true, false) => faults.push(Refusal::new("R-073", "mix", "混用户必须填各类用量的比例，请补齐")),
        (false, true) => {
            faults.push(Refusal::new("R-073", "mix", "价格类别不是混用，请改价格类别或清空混用比例"));
        }
        _ => {}
    }
    faults
}
