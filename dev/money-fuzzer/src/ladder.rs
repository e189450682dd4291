//! What a year's use costs, by this crate's own reckoning: 5, 7 and 9 yuan a unit up to 180, 260 and beyond for households, 7.50 for
//! others, and a mix of the two by percent. A bill over the new year is laid on both years by its days.

use chrono::{Datelike, NaiveDate};

/// The use of one period.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// Whole units.
    pub volume: i64,
    /// Percent of the households' ladder.
    pub percent: i64,
}

const TOPS: [i128; 3] = [180_000, 260_000, i128::MAX >> 40];
const PRICES: [i128; 3] = [500, 700, 900];
const FLAT: i128 = 750;

fn days(first: NaiveDate, last: NaiveDate) -> i128 {
    i128::from((last - first).num_days() + 1)
}

fn days_in(period: &Use, year: i32) -> i128 {
    let begin = NaiveDate::from_ymd_opt(year, 1, 1).map_or(period.first, |day| day.max(period.first));
    let end = NaiveDate::from_ymd_opt(year, 12, 31).map_or(period.last, |day| day.min(period.last));
    if begin > end { 0 } else { days(begin, end) }
}

fn nearest(over: i128, under: i128) -> i128 {
    (2 * over + under).div_euclid(2 * under)
}

/// Fen of a period after those before it.
pub fn cost(before: &[Use], now: &Use) -> i64 {
    let year = now.first.year();
    let all = days(now.first, now.last);
    // Thousandths used before within the year of the first day, as a fraction: a bill over the new year leaves no whole ones.
    let (mut used, mut of) = (0i128, 1i128);
    for one in before {
        let (part, days) = (i128::from(one.volume) * 1_000 * days_in(one, year), days(one.first, one.last));
        if part % days == 0 {
            used += part / days * of;
        } else {
            (used, of) = (used * days + part * of, of * days);
        }
    }
    // Everything in thousandths × 100 percent × days of the period × the fraction's parts.
    let unit = 100 * all * of;
    let share = i128::from(now.percent);
    let mut sum = 0;
    for (at, of_year) in (year..=now.last.year()).enumerate() {
        let part = i128::from(now.volume) * 1_000 * days_in(now, of_year) * of;
        sum += part * (100 - share) * FLAT;
        let mut low = if at == 0 { used * share * all } else { 0 };
        let end = low + part * share;
        for (top, price) in TOPS.into_iter().zip(PRICES) {
            let high = end.min(top * unit).max(low);
            sum += (high - low) * price;
            low = high;
        }
    }
    i64::try_from(nearest(sum, 1_000 * unit)).unwrap_or(i64::MAX)
}
