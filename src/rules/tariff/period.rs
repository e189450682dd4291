//! How the days of a reading split a bill.
//!
//! A period runs from `from` to `to`, both days included. A price change inside it splits the use by days; so does the
//! new year on a yearly cycle, where the steps begin again. A monthly cycle is not split at the new year: its bounds are
//! multiplied by the cycles the reading covers.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::book::{Code, Version};
use super::model::Cycle;
use crate::rules::fault::Fault;

/// Longest period rated, in days.
pub const LONGEST_DAYS: i64 = 36_600;

/// Some days of a period with one price and one run of steps.
#[derive(Debug, Clone, Copy)]
pub struct Part<'b> {
    /// The file in force.
    pub version: &'b Version,
    /// Days of the part.
    pub days: i64,
}

/// Splits a period for one code. Refused when a day has no price.
pub fn parts(code: &Code, from: NaiveDate, to: NaiveDate) -> Result<Vec<Part<'_>>, Fault> {
    let mut parts = Vec::with_capacity(1);
    let mut day = from;
    while day <= to {
        let place = code.place_at(day)?;
        let version = &code.versions()[place];
        let yearly = version.tariff.cycle == Cycle::Year;
        let mut last = to;
        if let Some(next) = code.versions().get(place + 1) {
            last = last.min(before(next.tariff.valid_from));
        }
        if let Some(end) = version.tariff.valid_to {
            last = last.min(end);
        }
        if yearly {
            last = last.min(year_end(day));
        }
        parts.push(Part { version, days: days(day, last) });
        let Some(next) = last.checked_add_days(Days::new(1)) else { break };
        day = next;
    }
    Ok(parts)
}

/// Days from one day to another, both included.
pub fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days() + 1
}

/// 31 December of a day's year.
pub fn year_end(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day)
}

fn before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

/// How many monthly cycles a period covers: the months between `from` and the day after `to`, odd days ÷ 30, to the
/// nearest (a half goes up), at least 1.
pub fn cycles(from: NaiveDate, to: NaiveDate) -> u32 {
    let end = to.checked_add_days(Days::new(1)).unwrap_or(to);
    let between = (end.year() - from.year()) * 12 + end.month() as i32 - from.month() as i32;
    let mut whole = u32::try_from(between).unwrap_or(0);
    let after = |months: u32| from.checked_add_months(Months::new(months)).unwrap_or(end);
    if whole > 0 && after(whole) > end {
        whole -= 1;
    }
    let odd = (end - after(whole)).num_days();
    (whole + u32::from(odd * 2 >= 30)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_months_to_the_nearest_and_at_least_one() {
        for (from, to, wanted) in [
            ("2026-09-01", "2026-10-31", 2),
            ("2026-09-01", "2026-09-30", 1),
            ("2026-09-15", "2026-10-14", 1),
            ("2026-09-01", "2026-09-01", 1),
            ("2026-09-01", "2026-09-14", 1),
            ("2026-09-01", "2026-10-14", 1),
            ("2026-09-01", "2026-10-15", 2),
            ("2026-01-31", "2026-02-27", 1),
            ("2026-01-31", "2026-03-30", 2),
            ("2025-12-05", "2026-02-04", 2),
            ("2025-11-20", "2026-11-19", 12),
            ("2024-02-29", "2024-03-28", 1),
            ("2026-01-01", "2026-01-30", 1),
        ] {
            assert_eq!(cycles(from.parse().unwrap(), to.parse().unwrap()), wanted, "{from} {to}");
        }
    }
}
