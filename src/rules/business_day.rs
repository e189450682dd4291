//! The business day (营业日) of a branch: it begins at the cut-off hour, so that what is done after midnight and before that hour still
//! belongs to the day before, whoever does it. A shift belongs to the day it was opened on; when that is over, money and readings wait
//! until the shift is closed (R-178: 日清日结).

use chrono::{Days, NaiveDate, NaiveDateTime, Timelike};

/// Minutes after midnight at which a business day ends and the next begins, unless the branch sets another hour: 04:00.
pub const USUAL_CUT_OFF: i64 = 4 * 60;

/// Latest hour a branch may set, minutes after midnight: noon.
const LATEST: i64 = 12 * 60;

/// The business day at `at`, wall clock.
pub fn of(at: NaiveDateTime, cut_off: i64) -> NaiveDate {
    let minute = i64::from(at.time().num_seconds_from_midnight() / 60);
    let before = at.date().checked_sub_days(Days::new(1)).filter(|_| minute < cut_off);
    before.unwrap_or(at.date())
}

/// Is a business day over at `at`, wall clock?
pub fn is_over(day: NaiveDate, cut_off: i64, at: NaiveDateTime) -> bool {
    of(at, cut_off) > day
}

/// Reads an hour, `04:00`: minutes after midnight, up to noon.
pub fn read(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once([':', '：'])?;
    let digits = |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let fine = digits(hour) && digits(minute) && minute.len() == 2;
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
    let sum = hour * 60 + minute;
    (fine && minute < 60 && sum <= LATEST).then_some(sum)
}

/// As people write it: `04:00`.
pub fn word(cut_off: i64) -> String {
    format!("{:02}:{:02}", cut_off / 60, cut_off % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_shift_ends_at_the_cut_off_hour_of_the_next_and_not_before() {
        let day: NaiveDate = "2026-11-09".parse().unwrap();
        for (cut_off, at, over) in [
            (240, "2026-11-09T08:00:00", false),
            (240, "2026-11-09T23:59:59", false),
            (240, "2026-11-10T00:00:00", false),
            (240, "2026-11-10T03:59:59", false),
            (240, "2026-11-10T04:00:00", true),
            (240, "2026-11-11T01:00:00", true),
            (240, "2026-12-30T10:00:00", true),
            (240, "2026-11-08T23:00:00", false),
            (0, "2026-11-09T23:59:59", false),
            (0, "2026-11-10T00:00:00", true),
            (390, "2026-11-10T06:29:00", false),
            (390, "2026-11-10T06:30:00", true),
        ] {
            assert_eq!(is_over(day, cut_off, at.parse().unwrap()), over, "{cut_off} {at}");
        }
    }

    #[test]
    fn before_the_cut_off_hour_it_is_still_the_day_before() {
        for (cut_off, at, day) in [
            (240, "2026-11-10T00:00:00", "2026-11-09"),
            (240, "2026-11-10T03:59:59", "2026-11-09"),
            (240, "2026-11-10T04:00:00", "2026-11-10"),
            (240, "2026-11-10T23:59:59", "2026-11-10"),
            (0, "2026-11-10T00:00:00", "2026-11-10"),
            (390, "2026-03-01T06:29:59", "2026-02-28"),
        ] {
            assert_eq!(of(at.parse().unwrap(), cut_off).to_string(), day, "{cut_off} {at}");
        }
    }

    #[test]
    fn an_hour_is_read_as_it_is_written() {
        for (text, minutes) in
            [("04:00", Some(240)), ("4:00", Some(240)), ("00:00", Some(0)), ("6：30", Some(390)), ("12:00", Some(720))]
        {
            assert_eq!(read(text), minutes, "{text}");
        }
        for bad in ["", "4", "04:60", "12:01", "24:00", "-1:00", "4:0", "+4:00", "004:00", "四点"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!((word(240), word(0), word(390)), ("04:00".into(), "00:00".into(), "06:30".into()));
    }
}
