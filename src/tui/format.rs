//! How amounts and dates are written on a screen.

use chrono::{Datelike, NaiveDate};

/// A decimal text with thousands: `1204.00` → `1,204.00`. The sign and the decimals stay as they are.
pub fn grouped(decimal: &str) -> String {
    let (sign, rest) = match decimal.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", decimal),
    };
    let (whole, part) = rest.split_once('.').unwrap_or((rest, ""));
    let mut out = String::from(sign);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// A day in short: `11-21`, or `2025-11-21` when its year is another than that of `today`.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    let format = if date.year() == today.year() { "%m-%d" } else { "%Y-%m-%d" };
    date.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_thousands() {
        for (raw, shown) in [
            ("0.00", "0.00"),
            ("85.00", "85.00"),
            ("1204.00", "1,204.00"),
            ("-1000000.5", "-1,000,000.5"),
            ("123", "123"),
        ] {
            assert_eq!(grouped(raw), shown);
        }
    }

    #[test]
    fn the_year_is_written_only_when_it_differs() {
        let day_of = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(day(day_of(2026, 11, 5), day_of(2026, 11, 21)), "11-05");
        assert_eq!(day(day_of(2025, 11, 5), day_of(2026, 11, 21)), "2025-11-05");
    }
}
