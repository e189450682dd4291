//! Moments: a day and a time at the branch, always +08:00.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};

/// A moment with its offset, which is +08:00 for everything made here.
pub type Moment = DateTime<FixedOffset>;

/// Seconds east of Greenwich of every branch.
const EAST: i32 = 8 * 3600;

/// The branch's offset.
pub fn offset() -> FixedOffset {
    FixedOffset::east_opt(EAST).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}

/// A day and a time at the branch.
pub fn at(day: NaiveDate, time: NaiveTime) -> Moment {
    offset().from_utc_datetime(&(day.and_time(time) - TimeDelta::seconds(i64::from(EAST))))
}

/// The last second of a day: a promise for a day is kept as long as the day lasts.
pub fn end_of(day: NaiveDate) -> Moment {
    at(day, NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default())
}

/// The day of a moment at the branch.
pub fn day(moment: Moment) -> NaiveDate {
    moment.with_timezone(&offset()).date_naive()
}

/// The moment without its seconds: slips are written in minutes.
pub fn to_minute(moment: Moment) -> Moment {
    let extra = i64::from(moment.second());
    moment - TimeDelta::seconds(extra) - TimeDelta::nanoseconds(i64::from(moment.nanosecond()))
}

/// Reads `2026-11-21T09:30:00+08:00`, or without offset or seconds, with a blank in place of the T.
pub fn parse(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&offset()));
    }
    let plain = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = plain.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(at(local.date(), local.time()))
}

/// Reads a time as a hand writes it, on a day of its own or on `today`: `0930`, `9:00`, `11-23 9:00`, `2026-11-23 0900`, in digits
/// of either width; whatever [`parse`] reads too.
pub fn typed(text: &str, today: NaiveDate) -> Option<Moment> {
    let text = half(text);
    let of_words = |(day, time): (&str, &str)| Some(at(day_in(day, today)?, clock(time.trim())?));
    parse(&text)
        .or_else(|| clock(&text).map(|time| at(today, time)))
        .or_else(|| text.rsplit_once(' ').and_then(of_words))
}

/// Reads a day as a hand writes it: `2026-11-23`, `20261123`, `11-23`, `1123`; without its year the one nearest to `today`.
pub fn typed_day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    day_in(&half(text), today)
}

/// Half-width, its signs those of a date and a clock.
fn half(text: &str) -> String {
    let one = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    let sign = |c: char| if matches!(c, '/' | '年' | '月') { '-' } else { c };
    text.trim().chars().map(one).map(sign).filter(|c| *c != '日').collect()
}

fn clock(text: &str) -> Option<NaiveTime> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = match text.len() {
        3 | 4 if digits => text.split_at(text.len() - 2),
        _ => match text.split(':').collect::<Vec<_>>()[..] {
            [hour, minute] => (hour, minute),
            [_, _, _] => return NaiveTime::parse_from_str(text, "%H:%M:%S").ok(),
            _ => return None,
        },
    };
    let number = |part: &str, widths: &[usize]| {
        let fits = widths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    NaiveTime::from_hms_opt(number(hour, &[1, 2])?, number(minute, &[2])?, 0)
}

fn day_in(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |part: &str| part.parse::<u32>().ok();
    let (month, day) = match parts[..] {
        _ if !digits => return None,
        [year, month, day] if year.len() == 4 => {
            return NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?);
        }
        [whole] if whole.len() == 8 => {
            return NaiveDate::from_ymd_opt(whole[..4].parse().ok()?, number(&whole[4..6])?, number(&whole[6..])?);
        }
        [whole] if whole.len() == 4 => (number(&whole[..2])?, number(&whole[2..])?),
        [month, day] => (number(month)?, number(day)?),
        _ => return None,
    };
    let years = [today.year() - 1, today.year(), today.year() + 1];
    let days = years.into_iter().filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    days.min_by_key(|day| (*day - today).num_days().abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_offset() {
        let wanted = DateTime::parse_from_rfc3339("2026-11-21T09:30:00+08:00").unwrap();
        for text in ["2026-11-21T09:30:00+08:00", "2026-11-21T01:30:00Z", "2026-11-21 09:30", "2026-11-21T09:30"] {
            assert_eq!(parse(text), Some(wanted), "{text}");
        }
        assert_eq!(parse("2026-11-21"), None);
        assert_eq!(parse("2026-02-30 09:30"), None);
        assert_eq!(end_of(wanted.date_naive()).to_rfc3339(), "2026-11-21T23:59:59+08:00");
    }

    #[test]
    fn times_the_slips_take_were_refused_at_the_intake() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        for (text, wanted) in [
            ("0930", "2026-11-21T09:30:00+08:00"),
            ("０９３０", "2026-11-21T09:30:00+08:00"),
            ("9:00", "2026-11-21T09:00:00+08:00"),
            ("９：００", "2026-11-21T09:00:00+08:00"),
            ("930", "2026-11-21T09:30:00+08:00"),
            ("11-23 9:00", "2026-11-23T09:00:00+08:00"),
            ("1123 0900", "2026-11-23T09:00:00+08:00"),
            ("2026-11-23 0900", "2026-11-23T09:00:00+08:00"),
            ("1-5 9:00", "2027-01-05T09:00:00+08:00"),
            ("2026-11-21 09:30", "2026-11-21T09:30:00+08:00"),
        ] {
            assert_eq!(typed(text, today).map(|read| read.to_rfc3339()).as_deref(), Some(wanted), "{text}");
        }
        for text in ["2530", "9:5", "11-31 9:00", "9", "12345", "上午", "-1:00", ""] {
            assert_eq!(typed(text, today), None, "{text}");
        }
        for (text, wanted) in [("1123", "2026-11-23"), ("11-23", "2026-11-23"), ("２０２６－１１－２３", "2026-11-23")]
        {
            assert_eq!(typed_day(text, today).map(|day| day.to_string()).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(typed_day("0231", today), None);
    }
}
