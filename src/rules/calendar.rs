//! The State Council's calendar (节假日安排) and promises counted on it.
//!
//! A working day is a weekday that is no holiday, or a weekend day worked in exchange (调休上班). One file a year in
//! `assets/calendar` says which; 2004 to 2026 are built in and a new year is loaded from a file. A year without a file
//! is refused, never guessed. "Within N working days" counts from the date at +08:00: day 1 is the next working
//! day, and the promise is due at the end of the Nth. Hours and minutes need no calendar.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::fault::{Fault, shown};
use super::form::{Fields, FileFault, Node, Sheet, plain_date};

/// Years of days off and days worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i32, Year>,
}

/// One year's exceptions from "Monday to Friday".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Year {
    holidays: Vec<Holiday>,
    off: BTreeSet<NaiveDate>,
    work: BTreeSet<NaiveDate>,
}

/// One holiday with its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// 元旦, 春节, …
    pub name: String,
    /// First and last day off.
    pub off: Option<(NaiveDate, NaiveDate)>,
    /// Weekend days worked in exchange.
    pub work: Vec<NaiveDate>,
}

/// Most working days, and most hours or minutes, of a promise.
const MOST_DAYS: i64 = 3_660;
const MOST_MINUTES: i64 = 60 * 24 * 3_660;
/// The built-in years.
pub const FILES: [(&str, &str); 23] = [
    ("2004.toml", include_str!("../../assets/calendar/2004.toml")),
    ("2005.toml", include_str!("../../assets/calendar/2005.toml")),
    ("2006.toml", include_str!("../../assets/calendar/2006.toml")),
    ("2007.toml", include_str!("../../assets/calendar/2007.toml")),
    ("2008.toml", include_str!("../../assets/calendar/2008.toml")),
    ("2009.toml", include_str!("../../assets/calendar/2009.toml")),
    ("2010.toml", include_str!("../../assets/calendar/2010.toml")),
    ("2011.toml", include_str!("../../assets/calendar/2011.toml")),
    ("2012.toml", include_str!("../../assets/calendar/2012.toml")),
    ("2013.toml", include_str!("../../assets/calendar/2013.toml")),
    ("2014.toml", include_str!("../../assets/calendar/2014.toml")),
    ("2015.toml", include_str!("../../assets/calendar/2015.toml")),
    ("2016.toml", include_str!("../../assets/calendar/2016.toml")),
    ("2017.toml", include_str!("../../assets/calendar/2017.toml")),
    ("2018.toml", include_str!("../../assets/calendar/2018.toml")),
    ("2019.toml", include_str!("../../assets/calendar/2019.toml")),
    ("2020.toml", include_str!("../../assets/calendar/2020.toml")),
    ("2021.toml", include_str!("../../assets/calendar/2021.toml")),
    ("2022.toml", include_str!("../../assets/calendar/2022.toml")),
    ("2023.toml", include_str!("../../assets/calendar/2023.toml")),
    ("2024.toml", include_str!("../../assets/calendar/2024.toml")),
    ("2025.toml", include_str!("../../assets/calendar/2025.toml")),
    ("2026.toml", include_str!("../../assets/calendar/2026.toml")),
];

impl Calendar {
    /// The built-in years, 2004 to 2026. A file that could not be read would leave its year uncovered, so refused; a
    /// test reads them all.
    pub fn builtin() -> Self {
        let mut calendar = Self::default();
        for (file, text) in FILES {
            if let Ok((number, year)) = read(file, text) {
                calendar.years.insert(number, year);
            }
        }
        calendar
    }

    /// Adds or replaces the year of a file; returns the year.
    pub fn load(&mut self, file: &str, text: &str) -> Result<i32, Vec<FileFault>> {
        let (number, year) = read(file, text)?;
        self.years.insert(number, year);
        Ok(number)
    }

    /// Makes a year uncovered: its files contradict each other.
    pub fn forget(&mut self, year: i32) {
        self.years.remove(&year);
    }

    /// First and last year covered.
    pub fn span(&self) -> Option<(i32, i32)> {
        Some((*self.years.first_key_value()?.0, *self.years.last_key_value()?.0))
    }

    /// The holidays of a year.
    pub fn holidays(&self, year: i32) -> &[Holiday] {
        self.years.get(&year).map_or(&[], |year| &year.holidays)
    }

    /// Is this a working day? A year without a file is refused.
    pub fn is_working(&self, day: NaiveDate) -> Result<bool, Fault> {
        let Some(year) = self.years.get(&day.year()) else {
            let message = format!("没有{}年的工作日历，不能推算，请导入该年日历或与用户约定日期", day.year());
            return Err(Fault::new("A-09", message));
        };
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        Ok(year.work.contains(&day) || !(weekend || year.off.contains(&day)))
    }

    /// The last day of a promise of `count` working days (at least 1) made on `day`.
    pub fn after_working_days(&self, day: NaiveDate, count: i64) -> Result<NaiveDate, Fault> {
        if !(1..=MOST_DAYS).contains(&count) {
            return Err(Fault::new("A-09", format!("工作日数应为1至{MOST_DAYS}，现为{count}")));
        }
        let mut due = day;
        let mut left = count;
        while left > 0 {
            due = due.checked_add_days(Days::new(1)).ok_or_else(|| Fault::new("A-09", "日期太远，无法推算"))?;
            left -= i64::from(self.is_working(due)?);
        }
        Ok(due)
    }
}

/// The offset of every branch: +08:00. Proven at compile time: eight hours are less than a day.
pub const BRANCH_OFFSET: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("eight hours are less than a day");

/// A moment some minutes later, at +08:00. `minutes` may not be negative.
pub fn after_minutes(moment: DateTime<FixedOffset>, minutes: i64) -> Result<DateTime<FixedOffset>, Fault> {
    if !(0..=MOST_MINUTES).contains(&minutes) {
        return Err(Fault::new("A-09", "承诺时限不能为负，也不能超过十年"));
    }
    let later = moment.with_timezone(&BRANCH_OFFSET).checked_add_signed(TimeDelta::minutes(minutes));
    later.ok_or_else(|| Fault::new("A-09", "日期太远，无法推算"))
}

/// Reads a moment: RFC 3339, or without offset (then +08:00), seconds optional, `T` or a blank between.
pub fn read_moment(text: &str) -> Result<DateTime<FixedOffset>, Fault> {
    let bad = || Fault::new("input", format!("“{}”不是时间，应如 2026-02-12T10:00:00+08:00", shown(text)));
    if !text.is_ascii() || text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(bad());
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment);
    }
    const LOCAL: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let local = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    local
        .filter(|_| text.get(..10).is_some_and(|date| plain_date(date).is_some()))
        .and_then(|local| local.and_local_timezone(BRANCH_OFFSET).single())
        .ok_or_else(bad)
}

/// The branch's date of a moment.
pub fn branch_date(moment: DateTime<FixedOffset>) -> NaiveDate {
    moment.with_timezone(&BRANCH_OFFSET).date_naive()
}

/// Reads a year's file.
pub fn read(file: &str, text: &str) -> Result<(i32, Year), Vec<FileFault>> {
    Sheet::read(file, text, |sheet, mut fields| {
        let number = fields.need(sheet, "year").and_then(|node| sheet.integer_of(node, "year", 1949, 2199));
        let mut year = Year::default();
        let list = fields.need(sheet, "holiday").and_then(|node| sheet.array_of(node, "holiday")).unwrap_or_default();
        for node in list {
            if let Some(number) = number {
                holiday(sheet, node, number as i32, &mut year);
            }
        }
        fields.finish(sheet);
        Some((number? as i32, year))
    })
}

fn holiday(sheet: &mut Sheet<'_>, node: &Node<'_>, number: i32, year: &mut Year) -> Option<()> {
    let mut fields = sheet.table_of(node, "holiday")?;
    let at = fields.at();
    let name = fields.text(sheet, "name");
    let from = date(sheet, &mut fields, "from", number);
    let to = date(sheet, &mut fields, "to", number);
    let mut work = Vec::new();
    if let Some(node) = fields.take("work") {
        for item in sheet.array_of(node, "holiday.work")? {
            let day = sheet.date_of(item, "holiday.work").and_then(|day| within(sheet, item, day, number))?;
            if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                sheet.fault(item.span().start, format!("调休上班日 {day} 应为周六或周日"));
            }
            if !year.work.insert(day) || year.off.contains(&day) {
                sheet.fault(item.span().start, format!("{day} 重复，或既放假又上班"));
            }
            work.push(day);
        }
    }
    fields.finish(sheet);
    let off = match (from, to) {
        (Some(from), Some(to)) if from <= to => Some((from, to)),
        (None, None) if !work.is_empty() => None,
        _ => {
            sheet.fault(at, "放假应写明 from 和 to，且 from 不晚于 to");
            return None;
        }
    };
    let days = off.into_iter().flat_map(|(from, to)| from.iter_days().take_while(move |day| *day <= to));
    for day in days {
        if !year.off.insert(day) || year.work.contains(&day) {
            sheet.fault(at, format!("{day} 重复，或既放假又上班"));
        }
    }
    year.holidays.push(Holiday { name: name?, off, work });
    Some(())
}

fn date(sheet: &mut Sheet<'_>, fields: &mut Fields<'_>, key: &str, number: i32) -> Option<NaiveDate> {
    let path = fields.path(key);
    let node = fields.take(key)?;
    let day = sheet.date_of(node, &path)?;
    within(sheet, node, day, number)
}

fn within(sheet: &mut Sheet<'_>, node: &Node<'_>, day: NaiveDate, number: i32) -> Option<NaiveDate> {
    if day.year() != number {
        sheet.fault(node.span().start, format!("{day} 不在{number}年内，应写进它那一年的文件"));
        return None;
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn all_built_in_years_are_read() {
        for (file, text) in FILES {
            let (year, _) = read(file, text).unwrap_or_else(|faults| panic!("{faults:?}"));
            assert_eq!(file, format!("{year}.toml"));
        }
        let calendar = Calendar::builtin();
        assert_eq!(calendar.span(), Some((2004, 2026)));
        assert_eq!(calendar.years.len(), 23);
    }

    #[test]
    fn promises_step_over_the_spring_festival_and_onto_make_up_days() {
        let calendar = Calendar::builtin();
        for (from, count, due) in [
            ("2026-02-12", 5, "2026-02-26"),
            ("2026-02-12", 1, "2026-02-13"),
            ("2026-02-12", 2, "2026-02-14"),
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-14", 1, "2026-02-24"),
            ("2026-09-30", 3, "2026-10-10"),
            ("2020-01-23", 1, "2020-02-03"),
            ("2015-09-02", 1, "2015-09-06"),
            ("2003-12-31", 1, "2004-01-02"),
            ("2026-12-30", 1, "2026-12-31"),
        ] {
            assert_eq!(calendar.after_working_days(day(from), count).unwrap(), day(due), "{from} + {count}");
        }
    }

    #[test]
    fn what_the_calendar_does_not_cover_is_refused() {
        let mut calendar = Calendar::builtin();
        assert!(calendar.after_working_days(day("2026-12-31"), 1).unwrap_err().message.contains("2027年"));
        assert!(calendar.after_working_days(day("2003-12-30"), 1).is_err());
        assert!(calendar.after_working_days(day("2026-01-01"), 0).is_err());
        assert!(calendar.after_working_days(day("2026-01-01"), -1).is_err());
        let next = "year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n";
        assert_eq!(calendar.load("2027.toml", next), Ok(2027));
        assert_eq!(calendar.after_working_days(day("2026-12-31"), 1).unwrap(), day("2027-01-04"));
    }

    #[test]
    fn a_calendar_file_with_a_mistake_names_its_line() {
        let good =
            "year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\nwork = [2027-01-09]\n";
        assert!(read("f", good).is_ok());
        for (was, is, line, words) in [
            ("year = 2027\n", "", 1, "缺少 year"),
            ("from = 2027-01-01", "from = 2026-12-31", 4, "不在2027年"),
            ("from = 2027-01-01\n", "", 2, "from 和 to"),
            ("to = 2027-01-03", "to = 2026-01-03", 5, "不在2027年"),
            ("work = [2027-01-09]", "work = [2027-01-08]", 6, "周六或周日"),
            ("work = [2027-01-09]", "work = [2027-01-03]", 2, "既放假又上班"),
            ("work = [2027-01-09]", "works = [2027-01-09]", 6, "不认识的键"),
            ("name = \"元旦\"\n", "", 2, "缺少 holiday.name"),
        ] {
            let faults = read("f", &good.replace(was, is)).expect_err(is);
            assert!(faults.iter().any(|f| f.line == line && f.message.contains(words)), "{is}: {faults:?}");
        }
    }

    #[test]
    fn moments_without_an_offset_are_at_plus_eight() {
        for (text, shown) in [
            ("2026-02-12T10:00:00+08:00", "2026-02-12T10:00:00+08:00"),
            ("2026-02-12T10:00:00", "2026-02-12T10:00:00+08:00"),
            ("2026-02-12 10:00", "2026-02-12T10:00:00+08:00"),
            ("2026-02-12T18:30:00Z", "2026-02-13T02:30:00+08:00"),
            ("2026-02-12T00:00:00-05:00", "2026-02-12T13:00:00+08:00"),
        ] {
            assert_eq!(after_minutes(read_moment(text).unwrap(), 0).unwrap().to_rfc3339(), shown);
        }
        for bad in ["", "2026-02-12", "10:00", "2026-02-30T10:00:00", "2026-02-12T25:00:00", "now", "２０２６"] {
            assert!(read_moment(bad).is_err(), "{bad}");
        }
        assert!(after_minutes(read_moment("2026-02-12T10:00").unwrap(), -1).is_err());
    }

    /// Days off and days worked, taken from the text of the files without the reader.
    fn plain_days() -> (BTreeSet<NaiveDate>, BTreeSet<NaiveDate>) {
        let (mut off, mut work, mut from) = (BTreeSet::new(), BTreeSet::new(), None);
        for line in FILES.iter().flat_map(|(_, text)| text.lines()) {
            if let Some(first) = line.strip_prefix("from = ") {
                from = Some(day(first));
            } else if let Some(last) = line.strip_prefix("to   = ") {
                off.extend(from.take().unwrap().iter_days().take_while(|date| *date <= day(last)));
            } else if let Some(list) = line.strip_prefix("work = [") {
                work.extend(list.trim_end_matches(']').split(", ").map(day));
            }
        }
        (off, work)
    }

    #[test]
    fn a_promise_equals_a_plain_count_of_days_from_every_day_of_2004_to_2026() {
        let (off, work) = plain_days();
        let calendar = Calendar::builtin();
        let works =
            |date: &NaiveDate| work.contains(date) || (date.weekday().number_from_monday() <= 5 && !off.contains(date));
        let first = day("2003-12-31");
        let worked: Vec<NaiveDate> =
            first.iter_days().skip(1).take_while(|date| date.year() <= 2026).filter(works).collect();
        for from in first.iter_days().take_while(|date| date.year() <= 2026) {
            let passed = worked.partition_point(|date| *date <= from);
            for count in [1, 2, 3, 5, 7, 15, 30, 200] {
                let due = calendar.after_working_days(from, count).ok();
                assert_eq!(due, worked.get(passed + count as usize - 1).copied(), "{from} + {count}");
            }
        }
    }
}
