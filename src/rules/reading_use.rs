//! What a reading says about use: ordinary, none, too much, past zero, or below the last one.
//!
//! Use is whole units, decimals of a reading are dropped. The average is the mean of the last periods with any use. A
//! counter with five digits goes from 99999 to 0: a reading below the last one is such a rollover when the use across
//! zero is at most `factor` times the average; otherwise it is too low. More than `factor` times the average is high.

use chrono::{Months, NaiveDate};

use super::money::Milli;

/// The mean of the last periods with any use: sum and number, so that nothing is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Average {
    /// Sum of the periods that are not zero, whole units.
    pub sum: u64,
    /// How many they are.
    pub periods: u32,
}

impl Average {
    /// The mean of the non-zero numbers.
    pub fn of(volumes: &[u32]) -> Self {
        let used = volumes.iter().filter(|volume| **volume > 0);
        Self { sum: used.clone().map(|volume| u64::from(*volume)).sum(), periods: used.count() as u32 }
    }

    /// Is `used` at most `factor` times the mean? Without a mean only no use is.
    pub fn covers(self, used: u64, factor: u32) -> bool {
        used.saturating_mul(u64::from(self.periods.max(1))) <= self.sum.saturating_mul(u64::from(factor))
    }

    /// The mean with two decimals at most, for messages.
    pub fn text(self) -> String {
        if self.periods == 0 {
            return "0".to_owned();
        }
        let mean = rust_decimal::Decimal::from(self.sum) / rust_decimal::Decimal::from(self.periods);
        mean.round_dp(2).normalize().to_string()
    }
}

/// What a meter is known by when a reading comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Last reading, whole units.
    pub last: i64,
    /// Digits of the dial; 0 when unknown: then nothing rolls over.
    pub dial_digits: u8,
    /// Use of the last periods.
    pub average: Average,
}

/// What a reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Ordinary use.
    Ordinary(u64),
    /// The same reading again.
    Zero,
    /// More than the factor allows.
    High(u64),
    /// The counter passed zero, with this use.
    Rollover(u64),
    /// Below the last reading.
    Lower,
}

/// Whole units of a reading.
pub fn whole(value: Milli) -> i64 {
    value.0.div_euclid(1000)
}

/// Where a counter of so many digits goes back to zero.
pub fn dial(digits: u8) -> Option<i64> {
    10i64.checked_pow(u32::from(digits)).filter(|_| digits > 0)
}

/// Judges the reading `this` (whole units).
pub fn judge(this: i64, before: Before, factor: u32) -> Use {
    let Before { last, dial_digits, average } = before;
    match u64::try_from(this - last) {
        Ok(0) => Use::Zero,
        Ok(used) if used > 1 && !average.covers(used, factor) => Use::High(used),
        Ok(used) => Use::Ordinary(used),
        Err(_) => {
            let across = dial(dial_digits).and_then(|dial| u64::try_from(this + dial - last).ok());
            across.filter(|used| average.covers(*used, factor)).map_or(Use::Lower, Use::Rollover)
        }
    }
}

/// The last day that is more than three months ago (超过3个月, R-130, A-11): the day before the same day three months back; where that
/// month is shorter, before its last day.
pub fn over_three_months_ago(today: NaiveDate) -> Option<NaiveDate> {
    today.checked_sub_months(Months::new(3)).and_then(|same_day| same_day.pred_opt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_months_are_counted_by_the_calendar_and_end_with_a_short_month() {
        let cases = [
            ("2026-11-21", "2026-08-20"),
            ("2026-05-31", "2026-02-27"),
            ("2024-05-31", "2024-02-28"),
            ("2026-03-01", "2025-11-30"),
            ("2026-01-31", "2025-10-30"),
        ];
        for (today, last) in cases {
            assert_eq!(over_three_months_ago(today.parse().unwrap()), last.parse().ok(), "{today}");
        }
    }
    use proptest::prelude::*;

    const TEN: Average = Average { sum: 30, periods: 3 };

    fn said(this: i64, last: i64) -> Use {
        judge(this, Before { last, dial_digits: 4, average: TEN }, 3)
    }

    #[test]
    fn readings_and_what_they_say() {
        assert_eq!(said(110, 100), Use::Ordinary(10));
        assert_eq!(said(130, 100), Use::Ordinary(30), "exactly three times the average is ordinary");
        assert_eq!(said(131, 100), Use::High(31));
        assert_eq!(said(100, 100), Use::Zero);
        assert_eq!(said(5, 9990), Use::Rollover(15));
        assert_eq!(said(20, 9990), Use::Rollover(30));
        assert_eq!(said(21, 9990), Use::Lower);
        assert_eq!(said(99, 100), Use::Lower);
        let unknown = Before { last: 9990, dial_digits: 0, average: TEN };
        assert_eq!(judge(5, unknown, 3), Use::Lower, "an unknown dial never rolls over");
    }

    #[test]
    fn an_empty_flat_may_use_one_unit_unseen() {
        let empty = Before { last: 100, dial_digits: 5, average: Average::of(&[0, 0, 0]) };
        assert_eq!(judge(101, empty, 3), Use::Ordinary(1));
        assert_eq!(judge(102, empty, 3), Use::High(2));
    }

    #[test]
    fn the_average_leaves_out_periods_without_use() {
        let average = Average::of(&[0, 10, 15]);
        assert_eq!(average.text(), "12.5");
        assert!(average.covers(37, 3) && !average.covers(38, 3));
    }

    proptest! {
        #[test]
        fn use_is_never_invented(this in 0i64..100_000, last in 0i64..100_000, digits in 3u8..7, sum in 0u64..5000) {
            let before = Before { last, dial_digits: digits, average: Average { sum, periods: 3 } };
            match judge(this, before, 3) {
                Use::Ordinary(used) | Use::High(used) => prop_assert_eq!(this - last, used as i64),
                Use::Zero => prop_assert_eq!(this, last),
                Use::Rollover(used) => prop_assert_eq!(this + 10i64.pow(digits.into()) - last, used as i64),
                Use::Lower => prop_assert!(this < last),
            }
        }
    }
}
