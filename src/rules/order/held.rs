//! A promise by the day, moved by the days it was held.
//!
//! What was held on working days is added up; every 24 hours of it are one working day, and so is a rest of eight hours, a day's work,
//! or more: from Friday afternoon to Monday morning is a day, and less than a day's work moves nothing. Five minutes never cost the
//! customer a day, a weekend never gives one away. A promise does not run out while it is held: then it goes on to the end of the day
//! on which the pause ended, or of the next working day.

use chrono::{Days, NaiveDate, TimeDelta};

use super::clock::{Span, WorkingDays};
use crate::rules::moment::{self, Moment};
use crate::rules::refusal::Refusal;

/// A day's work, in hours: a rest that long is a day held.
const DAYS_WORK: i64 = 8;

/// The deadline `base` of a span by the day after it was held in these times, in their order.
pub fn moved(
    span: Span,
    base: Moment,
    held: &[(Moment, Moment)],
    calendar: &dyn WorkingDays,
) -> Result<Moment, Refusal> {
    let working = matches!(span, Span::WorkingDays(_));
    let counts = |day: NaiveDate| if working { calendar.is_working(day) } else { Ok(true) };
    let mut sum = TimeDelta::zero();
    for (from, to) in held {
        let mut at = *from;
        while at < *to {
            let next = next_day(moment::day(at))?;
            let end = moment::at(next, chrono::NaiveTime::MIN).min(*to);
            if counts(moment::day(at))? {
                sum += end - at;
            }
            at = end;
        }
    }
    let days = u32::try_from((sum + TimeDelta::hours(24 - DAYS_WORK)).num_days()).unwrap_or(u32::MAX);
    let mut due = match days {
        0 => base,
        _ if working => moment::end_of(calendar.add(moment::day(base), days)?),
        _ => moment::end_of(later(moment::day(base), days)?),
    };
    for (from, to) in held {
        if *from <= due && due < *to {
            let day = moment::day(*to);
            due = moment::end_of(if counts(day)? { day } else { calendar.add(day, 1)? });
        }
    }
    Ok(due)
}

fn next_day(day: NaiveDate) -> Result<NaiveDate, Refusal> {
    later(day, 1)
}

fn later(day: NaiveDate, days: u32) -> Result<NaiveDate, Refusal> {
    let far = || Refusal::new("A-09", "", "承诺日期太远，无法计算，请与用户约定日期后填写“约定”");
    day.checked_add_days(Days::new(u64::from(days))).ok_or_else(far)
}
