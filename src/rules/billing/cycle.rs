//! 账期: a month whose readings are billed together, `2026-10`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};

use crate::rules::fault::{Fault, shown};

/// A month of readings. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillCycle {
    first: NaiveDate,
}

impl BillCycle {
    /// The month a day lies in.
    pub fn of(day: NaiveDate) -> Self {
        Self { first: day.with_day(1).unwrap_or(day) }
    }

    /// First day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Last day.
    pub fn last(self) -> NaiveDate {
        self.first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(self.first)
    }

    /// Does a day lie in it?
    pub fn holds(self, day: NaiveDate) -> bool {
        Self::of(day) == self
    }
}

impl fmt::Display for BillCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl FromStr for BillCycle {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let bad = || Fault::new("input", format!("账期“{}”不对，应如 2026-10", shown(text)));
        let digits = |part: &str, count: usize| {
            (part.len() == count && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<u32>().ok())
                .flatten()
        };
        let (year, month) = text.trim().split_once('-').ok_or_else(bad)?;
        let year =
            digits(year, 4).and_then(|year| i32::try_from(year).ok()).filter(|year| (1949..=2199).contains(year));
        let first = year.zip(digits(month, 2)).and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
        first.map(|first| Self { first }).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_a_month() {
        let cycle: BillCycle = "2026-02".parse().unwrap();
        assert_eq!((cycle.to_string().as_str(), cycle.first().to_string().as_str()), ("2026-02", "2026-02-01"));
        assert_eq!(cycle.last().to_string(), "2026-02-28");
        assert!(cycle.holds(cycle.last()) && !cycle.holds(cycle.last().succ_opt().unwrap()));
        for bad in ["", "2026", "2026-13", "2026-2", "26-02", "2026-02-01", "二〇二六-02", "0001-01", "2026-0２"] {
            assert!(bad.parse::<BillCycle>().is_err(), "{bad}");
        }
    }
}
