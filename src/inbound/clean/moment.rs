//! Dates and times as systems and people write them. What is not plainly one is refused, never guessed: two-digit years, a month
//! before a day (10/20/2026), counts of seconds, `/Date(…)/`.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::text;
use crate::rules::numbers::narrow;

/// A number cell above this is a date written as digits, below it a day count of a workbook.
const LAST_DAY_COUNT: f64 = 99_999.999_999;
/// Seconds east of Greenwich of every branch.
const EAST: i32 = 8 * 3600;

/// A date: 20140501, 2014-05-01, 2014/5/1, 2014.5.1, 2014年5月1日, also with a time of day behind. Any year from 1 to 9999.
pub fn date(cell: &str) -> Option<NaiveDate> {
    moment(cell).map(|moment| moment.date())
}

/// A date out of a number cell of a workbook that counts from 1900: a day count, or a date written as digits.
pub fn date_of_number(cell: &str) -> Option<NaiveDate> {
    moment_of_number(cell, false).map(|moment| moment.date())
}

/// A moment out of a number cell of a workbook: a day count with a fraction for the time of day, or a date written as digits.
pub fn moment_of_number(cell: &str, epoch_1904: bool) -> Option<NaiveDateTime> {
    let clean = text(cell);
    match clean.parse::<f64>() {
        Ok(days) if (1.0..=LAST_DAY_COUNT).contains(&days) => moment_of_count(days, epoch_1904),
        _ => moment(&clean),
    }
}

/// The moment of a workbook's day count, to the nearest second.
pub fn moment_of_count(days: f64, epoch_1904: bool) -> Option<NaiveDateTime> {
    let base = if epoch_1904 { NaiveDate::from_ymd_opt(1904, 1, 1) } else { NaiveDate::from_ymd_opt(1899, 12, 30) }?;
    let seconds = (days * 86_400.0).round() as i64;
    NaiveDateTime::from(base).checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// Does a cell say that there is no date, in one of the ways systems say it? MySQL's 0000-00-00 is not among them: where it
/// stands, a system put it in place of a date it could not keep, and a person must look.
pub fn is_no_date(cell: &str) -> bool {
    let clean: String = text(cell).chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let day = clean.split_once([':']).map_or(&*clean, |(before, _)| before.trim_end_matches(['0', 'T']));
    let marks = clean.chars().all(|c| matches!(c, '-' | '—' | '–' | '/' | '.' | '年' | '月' | '日'));
    let zero = ["1900-01-00", "1900/1/0", "1900/01/00", "1899-12-30", "1899/12/30", "1899-12-3"];
    marks
        || matches!(clean.to_ascii_lowercase().as_str(), "null" | "none" | "nil" | "无" | "空" | "0" | "n/a")
        || zero[..5].contains(&&*clean)
        || clean.contains(':') && zero.contains(&day)
}

/// A date as [`date`] reads it with its time of day, midnight when there is none. 24:00 is the last second of its day.
pub fn moment(cell: &str) -> Option<NaiveDateTime> {
    let clean: String = text(cell).chars().map(narrow).collect();
    let clean = clean.trim();
    if clean.bytes().all(|b| b.is_ascii_digit()) && matches!(clean.len(), 12 | 14 | 17) {
        return Some(NaiveDateTime::new(compact_day(&clean[..8])?, compact_time(&clean[8..clean.len().min(14)])?));
    }
    let (day, rest) = split_day(clean)?;
    let rest = without_weekday(rest);
    if rest.is_empty() {
        return Some(day.into());
    }
    time_on(day, rest)
}

/// The day at the beginning of a text, and what stands behind it.
fn split_day(text: &str) -> Option<(NaiveDate, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 8 {
        let rest = &text[8..];
        let apart = rest.is_empty() || rest.starts_with([' ', 'T']);
        return compact_day(&text[..8]).filter(|_| apart).map(|day| (day, rest));
    }
    if digits != 4 {
        return None;
    }
    let year = &text[..4];
    let rest = &text[4..];
    let mark = rest.chars().next()?;
    let (month, rest) = number(&rest[mark.len_utf8()..])?;
    let next = rest.chars().next()?;
    let fits = match mark {
        '年' => next == '月',
        '.' => next == '.',
        '-' | '/' => matches!(next, '-' | '/'),
        _ => false,
    };
    if !fits {
        return None;
    }
    let (day, rest) = number(&rest[next.len_utf8()..])?;
    let date = ymd(year, month, day)?;
    let rest = match mark {
        '年' => rest.strip_prefix(['日', '号'])?,
        _ if rest.starts_with(|c: char| c.is_ascii_alphanumeric() && c != 'T') => return None,
        _ => rest,
    };
    Some((date, rest))
}

/// One or two digits at the beginning.
fn number(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 1 | 2).then(|| text.split_at(digits))
}

fn compact_day(text: &str) -> Option<NaiveDate> {
    ymd(&text[..4], &text[4..6], &text[6..])
}

fn compact_time(text: &str) -> Option<NaiveTime> {
    let second = text.get(4..6).unwrap_or("00");
    clock(digits(text.get(..2)?)?, digits(text.get(2..4)?)?, digits(second)?)
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(digits(year)? as i32, digits(month)?, digits(day)?).filter(|_| year != "0000")
}

fn digits(text: &str) -> Option<u32> {
    let fine = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// A time of day; 24:00 is 23:59:59, for what was counted at the end of a day belongs to it.
fn clock(hour: u32, minute: u32, second: u32) -> Option<NaiveTime> {
    if (hour, minute, second) == (24, 0, 0) {
        return NaiveTime::from_hms_opt(23, 59, 59);
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// Without the day of the week: 星期二, 周二, (二).
fn without_weekday(rest: &str) -> &str {
    let bare = rest.trim();
    let inner = bare.strip_prefix('(').unwrap_or(bare);
    for word in ["星期", "礼拜", "周"] {
        if let Some(behind) = inner.strip_prefix(word)
            && let Some(day) = behind.chars().next().filter(|c| "一二三四五六日天".contains(*c))
        {
            return behind[day.len_utf8()..].trim_start_matches(')').trim_start();
        }
    }
    rest
}

/// Adds what stands behind a day: a time of day, perhaps with 上午, AM or an offset.
fn time_on(day: NaiveDate, rest: &str) -> Option<NaiveDateTime> {
    // DB2 writes 2026-10-20-08.00.00.
    if let Some(time) = rest.strip_prefix('-') {
        let parts: Vec<&str> = time.split('.').take(3).collect();
        let fine = parts.len() == 3 && parts.iter().all(|part| part.len() == 2);
        return fine.then(|| compact_time(&parts.concat())).flatten().map(|time| day.and_time(time));
    }
    let rest = rest.strip_prefix('T').unwrap_or(rest).trim();
    let (rest, offset) = split_offset(rest)?;
    let (rest, half) = split_half(rest)?;
    let (hour, minute, second) = clock_parts(rest)?;
    let time = clock(half.of(hour)?, minute, second)?;
    let local = day.and_time(time);
    match offset {
        None => Some(local),
        Some(seconds) => local.checked_add_signed(TimeDelta::seconds(i64::from(EAST - seconds))),
    }
}

/// Takes `Z`, `+08:00` or `+0800` off the end.
fn split_offset(time: &str) -> Option<(&str, Option<i32>)> {
    if let Some(rest) = time.strip_suffix('Z') {
        return Some((rest, Some(0)));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, None)) };
    let sign = if time[at..].starts_with('-') { -1 } else { 1 };
    let plain: String = time[at + 1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = (digits(plain.get(..2)?)?, if plain.len() == 4 { digits(&plain[2..])? } else { 0 });
    let offset = sign * (hours * 3600 + minutes * 60) as i32;
    FixedOffset::east_opt(offset).map(|_| (&time[..at], Some(offset)))
}

/// Which half of the day a clock of twelve hours means.
#[derive(Clone, Copy)]
enum Half {
    Whole,
    Morning,
    Noon,
    Evening,
}

impl Half {
    fn of(self, hour: u32) -> Option<u32> {
        match self {
            Self::Whole => Some(hour),
            Self::Morning => (hour <= 12).then_some(hour % 12),
            Self::Noon => Some(if hour < 10 { hour + 12 } else { hour }),
            Self::Evening => Some(if hour < 12 { hour + 12 } else { hour }),
        }
    }
}

fn split_half(time: &str) -> Option<(&str, Half)> {
    let words = [
        ("上午", Half::Morning),
        ("早上", Half::Morning),
        ("凌晨", Half::Morning),
        ("中午", Half::Noon),
        ("下午", Half::Evening),
        ("晚上", Half::Evening),
        ("AM", Half::Morning),
        ("PM", Half::Evening),
        ("am", Half::Morning),
        ("pm", Half::Evening),
    ];
    for (word, half) in words {
        if let Some(rest) = time.strip_prefix(word).or_else(|| time.strip_suffix(word)) {
            return Some((rest.trim(), half));
        }
    }
    Some((time, Half::Whole))
}

/// Hour, minute and second: 08:00, 8:00:00.000, 080000, 8时30分.
fn clock_parts(time: &str) -> Option<(u32, u32, u32)> {
    if matches!(time.len(), 4 | 6) && time.bytes().all(|b| b.is_ascii_digit()) {
        return Some((digits(&time[..2])?, digits(&time[2..4])?, digits(time.get(4..6).unwrap_or("00"))?));
    }
    if let Some((hour, rest)) = time.split_once(['时', '点']) {
        let (minute, rest) = rest.split_once('分').unwrap_or((if rest.is_empty() { "0" } else { rest }, ""));
        let second = rest.trim_end_matches('秒');
        return Some((digits(hour)?, digits(minute)?, if second.is_empty() { 0 } else { digits(second)? }));
    }
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), |text| digits(text.split('.').next().unwrap_or(text)))?;
    Some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn said(cell: &str) -> String {
        moment(cell).map(|moment| moment.to_string()).unwrap_or_default()
    }

    #[test]
    fn timestamps_as_such_systems_write_them_are_plain_times() {
        for (cell, right) in [
            ("20261020080000", "2026-10-20 08:00:00"),
            ("202610200800", "2026-10-20 08:00:00"),
            ("20261020080000123", "2026-10-20 08:00:00"),
            ("20261020 080000", "2026-10-20 08:00:00"),
            ("20261020T0800", "2026-10-20 08:00:00"),
            ("2026-10-20 24:00:00", "2026-10-20 23:59:59"),
            ("2026-10-20 24:00", "2026-10-20 23:59:59"),
            ("2026-10-20 上午 09:30:00", "2026-10-20 09:30:00"),
            ("2026/10/20 下午 3:05", "2026-10-20 15:05:00"),
            ("2026/10/20 3:05 PM", "2026-10-20 15:05:00"),
            ("2026-10-20 上午 12:00:00", "2026-10-20 00:00:00"),
            ("2026-10-20 下午 12:30:00", "2026-10-20 12:30:00"),
            ("2026年10月20日 星期二", "2026-10-20 00:00:00"),
            ("2026年10月20日星期二 8:00", "2026-10-20 08:00:00"),
            ("2026年10月20日8时30分", "2026-10-20 08:30:00"),
            ("2026年10月20号", "2026-10-20 00:00:00"),
            ("2026.10.20 08:00", "2026-10-20 08:00:00"),
            ("２０２６－１０－２０　０８：００", "2026-10-20 08:00:00"),
            ("2026-10-20T08:00:00+08:00", "2026-10-20 08:00:00"),
            ("2026-10-19T16:30:00.000Z", "2026-10-20 00:30:00"),
            ("2026-10-20-08.00.00.000000", "2026-10-20 08:00:00"),
            ("2026-10-20 08:00:00.0", "2026-10-20 08:00:00"),
        ] {
            assert_eq!(said(cell), right, "{cell}");
        }
    }

    #[test]
    fn what_is_not_plainly_a_date_is_none() {
        for cell in [
            "26-10-20",
            "10/20/2026",
            "20-10-2026",
            "/Date(1792454400000)/",
            "1792454400",
            "1792454400000",
            "46315.5",
            "46315",
            "2026-10",
            "2026年10月",
            "2026-10-20 25:00",
            "2026-10-20 24:01:00",
            "2026-10-20 上午 13:00",
            "2026-10-2008:00",
            "20261020x",
            "2026-10-20 abc",
            "20261332000000",
        ] {
            assert_eq!(said(cell), "", "{cell}");
        }
    }

    #[test]
    fn day_counts_of_both_epochs() {
        let said = |cell, late| moment_of_number(cell, late).map(|moment| moment.to_string()).unwrap_or_default();
        assert_eq!(said("46315", false), "2026-10-20 00:00:00");
        assert_eq!(said("46315.5", false), "2026-10-20 12:00:00");
        assert_eq!(said("44853", true), "2026-10-20 00:00:00");
        assert_eq!(said("20261020", false), "2026-10-20 00:00:00");
        assert_eq!(said("0.5", false), "");
    }

    #[test]
    fn the_ways_to_say_that_there_is_no_date() {
        let none =
            ["/  /", "  -  -  ", "-", "—", "——", "NULL", "无", "1900-01-00", "1899-12-30", "1899-12-30 00:00:00"];
        for cell in none {
            assert!(is_no_date(cell), "{cell}");
        }
        for cell in ["0000-00-00", "0000-00-00 00:00:00", "2014/5/", "1900-01-01", "2026-10-20", "14.5"] {
            assert!(!is_no_date(cell), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(cell in "\\PC{0,30}|[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}\\PC{0,12}") {
            let _ = (moment(&cell), moment_of_number(&cell, true), is_no_date(&cell));
        }

        #[test]
        fn every_day_is_read_back_in_every_form(offset in 0u64..80_000) {
            let day = NaiveDate::from_ymd_opt(1901, 1, 1).unwrap() + Days::new(offset);
            for form in ["%Y%m%d", "%Y-%m-%d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y%m%d000000"] {
                prop_assert_eq!(date(&day.format(form).to_string()), Some(day));
            }
        }
    }
}
