//! What a cell means: harmless mess cleaned away, then text, number, date or calibre, or nothing.
//!
//! Harmless are blanks at both ends (U+3000 and zero-width ones too), an apostrophe before a number, full-width digits
//! and letters, thousands commas, `DN` before a calibre, and dates as 20140501, 2014-05-01, 2014/5/1. Everything else
//! is left as it stands; what then cannot be read is refused by the judges, never guessed.

use std::borrow::Cow;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use crate::rules::money::{Fen, Milli};

/// A number cell above this is a date written as digits, below it a day count of a workbook.
const LAST_DAY_COUNT: u32 = 99_999;

/// The text without blanks at its ends, without an apostrophe before a number, full-width digits and letters made plain.
pub fn text(cell: &str) -> Cow<'_, str> {
    let mut trimmed = cell.trim_matches(is_blank);
    if let Some(rest) = trimmed.strip_prefix(['\'', '’', '‘'])
        && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || is_wide(c))
    {
        trimmed = rest;
    }
    if trimmed.is_ascii() || !trimmed.contains(is_wide) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.chars().map(narrow).collect())
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// A full-width digit or letter. Full-width brackets and stops belong to Chinese text and stay.
fn is_wide(c: char) -> bool {
    matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ')
}

fn narrow(c: char) -> char {
    if is_wide(c) { crate::rules::numbers::narrow(c) } else { c }
}

/// A cleaned number: sign, digits and point in plain ASCII, thousands commas gone. `None` when it is no plain number.
fn plain_number(cell: &str) -> Option<Cow<'_, str>> {
    let clean = match text(cell) {
        Cow::Borrowed(same) if same.is_ascii() => Cow::Borrowed(same),
        other => Cow::Owned(other.chars().map(crate::rules::numbers::narrow).collect()),
    };
    if !clean.contains(',') {
        return Some(clean);
    }
    let (whole, rest) = clean.find('.').map_or((&*clean, ""), |dot| clean.split_at(dot));
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split(',');
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let fits = first && groups.all(|group| group.len() == 3) && !rest.contains(',');
    fits.then(|| Cow::Owned(clean.replace(',', "")))
}

/// A quantity or meter value, decimals beyond the thousandth cut off. `None` when it is no number.
pub fn quantity(cell: &str) -> Option<Milli> {
    let plain = plain_number(cell)?;
    match plain.find('.') {
        Some(dot) if plain.len() > dot + 4 && plain.is_ascii() => {
            let tail = &plain[dot + 4..];
            tail.bytes().all(|b| b.is_ascii_digit()).then(|| plain[..dot + 4].parse().ok()).flatten()
        }
        _ => plain.parse().ok(),
    }
}

/// A whole number of at most nine digits, not negative.
pub fn count(cell: &str) -> Option<u32> {
    let plain = plain_number(cell)?;
    let fine = (1..=9).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| plain.parse().ok()).flatten()
}

/// An amount in yuan with at most two decimals.
pub fn money(cell: &str) -> Option<Fen> {
    plain_number(cell)?.parse().ok()
}

/// A calibre in millimetres: `15`, `DN15`.
pub fn calibre(cell: &str) -> Option<u16> {
    let clean = text(cell);
    let digits = clean.strip_prefix("DN").or_else(|| clean.strip_prefix("dn")).unwrap_or(&clean);
    count(digits).and_then(|number| u16::try_from(number).ok()).filter(|number| (1..=2000).contains(number))
}

/// A date: 20140501, 2014-05-01, 2014/5/1, 2014.5.1, 2014年5月1日, also with a time of day behind. Any year from 1 to 9999.
pub fn date(cell: &str) -> Option<NaiveDate> {
    moment(cell).map(|moment| moment.date())
}

/// A date out of a number cell of a workbook: a day count, or a date written as digits.
pub fn date_of_number(cell: &str) -> Option<NaiveDate> {
    match count(cell) {
        Some(days @ 1..=LAST_DAY_COUNT) => {
            NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(u64::from(days)))
        }
        _ => date(cell),
    }
}

/// A date as [`date`] reads it with its time of day, midnight when there is none.
pub fn moment(cell: &str) -> Option<NaiveDateTime> {
    let clean = text(cell);
    let (day, time) = match clean.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time.trim_start())),
        None => (&*clean, None),
    };
    let time = time.map_or(Some(NaiveTime::MIN), time_of_day)?;
    Some(NaiveDateTime::new(plain_date(day)?, time))
}

fn plain_date(day: &str) -> Option<NaiveDate> {
    if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        return ymd(&day[..4], &day[4..6], &day[6..]);
    }
    let mut parts = match day.strip_suffix('日') {
        Some(day) => day.splitn(3, ['年', '月']),
        None => day.splitn(3, ['-', '/']),
    };
    let (year, month, rest) = (parts.next()?, parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if month.is_empty() {
        let mut dotted = day.splitn(3, '.');
        return ymd(dotted.next()?, dotted.next()?, dotted.next()?);
    }
    ymd(year, month, rest)
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(digits(year)? as i32, digits(month)?, digits(day)?).filter(|_| year != "0000")
}

fn digits(text: &str) -> Option<u32> {
    let fine = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

fn time_of_day(time: &str) -> Option<NaiveTime> {
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), |text| digits(text.split('.').next().unwrap_or(text)))?;
    NaiveTime::from_hms_opt(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, day)
    }

    #[test]
    fn harmless_mess_goes_and_meaning_stays() {
        for (cell, clean) in [
            ("502　", "502"),
            ("  光明街9号 \u{3000}", "光明街9号"),
            ("'530124194610038814", "530124194610038814"),
            ("１０２", "102"),
            ("王　芳", "王　芳"),
            ("（甲）", "（甲）"),
            ("'", "'"),
            ("ＡＢ１", "AB1"),
        ] {
            assert_eq!(text(cell), clean, "{cell}");
        }
    }

    #[test]
    fn dates_in_every_form_a_file_has() {
        for cell in [
            "20140501",
            "2014-05-01",
            "2014/5/1",
            "2014.5.1",
            "2014年5月1日",
            " ２０１４-０５-０１",
            "2014-05-01 08:00:00",
        ] {
            assert_eq!(date(cell), day(2014, 5, 1), "{cell}");
        }
        for cell in [
            "",
            "2014-02-30",
            "一四年五月",
            "20141332",
            "0000-00-00",
            "2014/5/",
            "14.5",
            "2014",
            "201405",
            "2014-5-1-1",
            "12014-05-01",
        ] {
            assert_eq!(date(cell), None, "{cell}");
        }
        assert_eq!(date_of_number("41760"), day(2014, 5, 1));
        assert_eq!(date_of_number("20140501"), day(2014, 5, 1));
        assert_eq!(moment("2026/10/21 0:16:41").map(|m| m.to_string()).as_deref(), Some("2026-10-21 00:16:41"));
        assert_eq!(moment("2026-10-21 25:00"), None);
    }

    #[test]
    fn numbers_with_commas_and_full_width_digits() {
        assert_eq!(quantity("2,974.20"), Some(Milli(2_974_200)));
        assert_eq!(quantity("８２８１"), Some(Milli(8_281_000)));
        assert_eq!(quantity("384.0"), Some(Milli(384_000)));
        assert_eq!(quantity("1.23456"), Some(Milli(1_234)));
        for cell in ["", "--", "约800", "1O23", "NULL", "#VALUE!", "—", "1,23", "1e5", "1.2.3456", "5."] {
            assert_eq!(quantity(cell), None, "{cell}");
        }
        assert_eq!((calibre("DN15"), calibre("15"), calibre("0"), calibre("DNx")), (Some(15), Some(15), None, None));
        assert_eq!((money("197.20"), money("1.234"), money("1000000000")), (Some(Fen(19_720)), None, None));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(cell in "\\PC{0,40}") {
            let _ = (text(&cell).len(), quantity(&cell), count(&cell), money(&cell), calibre(&cell), date_of_number(&cell));
        }

        #[test]
        fn every_day_is_read_back_in_every_form(offset in 0u64..80_000) {
            let day = NaiveDate::from_ymd_opt(1901, 1, 1).unwrap() + Days::new(offset);
            for form in ["%Y%m%d", "%Y-%m-%d", "%Y/%-m/%-d"] {
                prop_assert_eq!(date(&day.format(form).to_string()), Some(day));
            }
        }
    }
}
