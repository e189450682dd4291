//! Moments: a day and a time at the branch, always +08:00.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};

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
}
