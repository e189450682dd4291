//! Which readings are due, and where the year's steps stand.
//!
//! A reading's period runs from the day after the last billed reading to its own day. Readings of one day count as one: the
//! last on their meter; on the day of a swap those of the old and of the new meter are two ([`super::place`]). A reading is due when no
//! living bill covers it; so a cancelled bill makes its reading due again, and a bill that was held is taken up by the next one.
//!
//! Where the steps stand (用量累计) is what living bills took in the year of the period's first day; a bill over 31 December
//! counts there by its days. After an import there are no bills: then 近三期 count as far as they lie in the year. They are
//! taken as periods of the reading cycle (R-233: water every two months) that end with the last reading of the old system,
//! each spread evenly over its days.

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::Decimal;

use super::chain::{self, Mark, MarkKind, Meter};
use super::place::{Place, Stretch};
use crate::rules::fault::Fault;
use crate::rules::money::Milli;

/// Days a living bill covers (not an opening arrear, not held, not cancelled).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// 用量.
    pub volume: Milli,
    /// The difference charged at a swap: part of the period that the next reading ends.
    pub swap: bool,
    /// The use it takes.
    pub stretch: Stretch,
}

impl Span {
    /// A bill of whole days.
    pub fn of_days(first: NaiveDate, last: NaiveDate, volume: Milli, swap: bool) -> Self {
        let stretch = Stretch { after: Place::start_of(first), to: Place::end_of(last) };
        Self { first, last, volume, swap, stretch }
    }

    /// Does it take in what stands at a place?
    pub fn holds(&self, place: Place) -> bool {
        self.stretch.holds(place)
    }
}

/// What an account's billing looks back on.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Its meters.
    pub meters: &'a [Meter],
    /// Its readings in the order of use.
    pub marks: &'a [Mark],
    /// Its living bills in order of their last day.
    pub spans: &'a [Span],
    /// 近三期用量 from before this book, oldest first, whole units.
    pub recent: &'a [u32],
    /// Months between two readings.
    pub months: u32,
    /// 开户日期.
    pub opened: Option<NaiveDate>,
}

/// A reading to be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The mark it starts from; `None`: from the beginning of the first meter.
    pub start: Option<usize>,
    /// The mark it closes with.
    pub end: usize,
    /// Where the last billed reading stands, if there was one.
    pub closing: Option<Place>,
    /// First day of the period.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

/// Decimals that are reckoned with: no fen hangs on more.
const PLACES: u32 = 9;

/// Where the steps stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsedBefore {
    /// Quantity of the year so far, as a bill shows it.
    pub volume: Milli,
    /// The same as it is reckoned with: a bill over 31 December leaves more than thousandths.
    pub exact: Decimal,
    /// It rests on 近三期 of the old system, at least in part.
    pub from_recent: bool,
}

impl History<'_> {
    /// The marks that readings from one day to another close with: the last of each day, on the day of a swap the last of each meter.
    /// What is only the mark of a swap is none, nor is anything up to the last reading of the old system.
    pub fn closing_marks(&self, from: NaiveDate, to: NaiveDate) -> Vec<usize> {
        let opening = self.opening();
        let mut found: Vec<usize> = Vec::new();
        let begin = self.marks.partition_point(|mark| mark.day < from);
        for (index, mark) in self.marks.iter().enumerate().skip(begin).take_while(|(_, mark)| mark.day <= to) {
            let place = self.place(index);
            if mark.kind != MarkKind::Read || opening.is_some_and(|opening| place <= opening) {
                continue;
            }
            match found.last_mut() {
                Some(last) if self.place(*last) == place => *last = index,
                _ => found.push(index),
            }
        }
        found
    }

    /// Where a mark stands.
    pub fn place(&self, mark: usize) -> Place {
        Place::of(self.meters, &self.marks[mark])
    }

    /// The last mark that stands at a place.
    pub fn mark_at(&self, place: Place) -> Option<usize> {
        let end = self.marks.partition_point(|mark| Place::of(self.meters, mark) <= place);
        end.checked_sub(1).filter(|mark| self.place(*mark) == place)
    }

    /// The period a mark closes; `None` when a living bill covers it.
    pub fn due(&self, end: usize) -> Option<Due> {
        let place = self.place(end);
        let covered = self.spans.iter().any(|span| span.holds(place));
        (!covered).then(|| self.period(end, place))
    }

    /// The period that a swap closes on the old meter's final mark; it may begin and end on the day of the last bill.
    pub fn due_at_swap(&self, end: usize) -> Due {
        let mark = &self.marks[end];
        self.period(end, Place::taken_down(self.meters, mark.meter, mark.day))
    }

    fn period(&self, end: usize, place: Place) -> Due {
        let day = place.day;
        let earlier = |closing: &Place| *closing < place;
        let billed = self.spans.iter().map(|span| span.stretch.to).filter(earlier).max();
        let closing = billed.max(self.opening().filter(earlier));
        let start = closing.and_then(|closing| {
            self.marks[..end].partition_point(|mark| Place::of(self.meters, mark) <= closing).checked_sub(1)
        });
        let began = closing.map(|closing| closing.day).or_else(|| self.began(end)).filter(|began| *began < day);
        let first = began.and_then(|began| began.succ_opt()).unwrap_or(day);
        Due { start, end, closing, first, last: day }
    }

    /// Where the last reading of the old system stands.
    pub fn opening(&self) -> Option<Place> {
        let opening = |mark: &&Mark| mark.kind == MarkKind::Opening;
        self.marks.iter().filter(opening).map(|mark| Place::of(self.meters, mark)).max()
    }

    /// The day use began when nothing was read before: the first meter's fitting, else the opening of the account.
    pub fn began(&self, end: usize) -> Option<NaiveDate> {
        let root = chain::root(self.meters, self.marks[end].meter);
        let fitted = self.meters.iter().find(|meter| meter.id == root).and_then(|meter| meter.fitted);
        fitted.max(self.opened)
    }

    /// Whole units of a due reading.
    pub fn used(&self, due: &Due) -> Result<i64, Fault> {
        chain::used(self.meters, self.marks, due.start, due.end)
    }

    /// What was used before the period in the year of its first day.
    pub fn used_before(&self, due: &Due) -> UsedBefore {
        self.used_since(due, None)
    }

    /// The same, of bills that end after a day: what the present owner used whose year began on it.
    pub fn used_since(&self, due: &Due, since: Option<NaiveDate>) -> UsedBefore {
        let year = due.first.year();
        let Some(closing) = due.closing else { return UsedBefore::default() };
        let counts = |to: Place| to <= closing && since.is_none_or(|since| since < to.day);
        let mut sum = Decimal::ZERO;
        for span in self.spans.iter().filter(|span| counts(span.stretch.to)) {
            sum += part_in_year(span.first, span.last, span.volume.decimal(), year);
        }
        let mut from_recent = false;
        let opening = self.opening().filter(|opening| counts(*opening)).map(|opening| opening.day);
        if let Some(opening) = opening.filter(|opening| opening.year() == year && !self.recent.is_empty()) {
            from_recent = true;
            for (index, volume) in self.recent.iter().rev().enumerate() {
                let Some((from, to)) = recent_period(opening, self.months, index) else { break };
                sum += part_in_year(from, to, Decimal::from(*volume), year);
            }
        }
        UsedBefore { volume: Milli::round(sum).unwrap_or_default(), exact: sum.round_dp(PLACES), from_recent }
    }

    /// Use of the last periods, oldest first, at most `count`: bills here, before them 近三期. What was charged at a swap
    /// belongs to the period that the next reading ends.
    pub fn last_volumes(&self, count: usize) -> Vec<u32> {
        let mut volumes: Vec<u32> = self.recent.to_vec();
        let mut at_swap = 0i64;
        for span in self.spans {
            at_swap += span.volume.0.div_euclid(1000);
            if !span.swap {
                volumes.push(u32::try_from(at_swap).unwrap_or(if at_swap < 0 { 0 } else { u32::MAX }));
                at_swap = 0;
            }
        }
        volumes.split_off(volumes.len().saturating_sub(count))
    }
}

/// The days of the `index`-th of the last periods before `end`, 0 the newest.
fn recent_period(end: NaiveDate, months: u32, index: usize) -> Option<(NaiveDate, NaiveDate)> {
    let index = u32::try_from(index).ok()?;
    let back = |periods: u32| end.checked_sub_months(Months::new(months.checked_mul(periods)?));
    Some((back(index + 1)?.succ_opt()?, back(index)?))
}

/// The part of a volume that lies in a year, spread evenly over the days.
fn part_in_year(first: NaiveDate, last: NaiveDate, volume: Decimal, year: i32) -> Decimal {
    if first.year() == year && last.year() == year {
        return volume;
    }
    let (Some(begin), Some(end)) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31)) else {
        return Decimal::ZERO;
    };
    let days = (last.min(end) - first.max(begin)).num_days() + 1;
    let all = (last - first).num_days() + 1;
    if days <= 0 || all <= 0 { Decimal::ZERO } else { volume * Decimal::from(days) / Decimal::from(all) }
}

/// Reads 近三期用量 as it is kept: `23;19;18`. What is no whole number counts as nothing.
pub fn read_recent(text: &str) -> Vec<u32> {
    let numbers = text.split([';', ',', '；', '、']).map(str::trim).filter(|part| !part.is_empty());
    numbers.map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::id::Id;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn meters() -> Vec<Meter> {
        vec![Meter {
            id: Id(1),
            dial_digits: 5,
            fitted: Some(day("2020-03-01")),
            first: Milli::ZERO,
            last: None,
            replaced_by: None,
            disputed: false,
        }]
    }

    fn marks(list: &[(&str, i64, MarkKind)]) -> Vec<Mark> {
        let mark = |(index, (on, value, kind)): (usize, &(&str, i64, MarkKind))| Mark {
            id: Id(100 + index as i64),
            day: day(on),
            meter: Id(1),
            value: Milli::whole(*value),
            kind: *kind,
            rollover: false,
            estimated: false,
            registers: Default::default(),
        };
        list.iter().enumerate().map(mark).collect()
    }

    fn span(first: &str, last: &str, volume: i64) -> Span {
        Span::of_days(day(first), day(last), Milli::whole(volume), false)
    }

    fn periods(marks: &[Mark], spans: &[Span], month: &str) -> Vec<(String, String, i64)> {
        let meters = meters();
        let history = History { meters: &meters, marks, spans, recent: &[], months: 2, opened: None };
        let cycle: super::super::BillCycle = month.parse().unwrap();
        let mut spans = spans.to_vec();
        let mut found = Vec::new();
        for end in history.closing_marks(cycle.first(), cycle.last()) {
            let history = History { spans: &spans, ..history };
            let Some(due) = history.due(end) else { continue };
            let used = history.used(&due).unwrap();
            found.push((due.first.to_string(), due.last.to_string(), used));
            spans.push(Span::of_days(due.first, due.last, Milli::whole(used), false));
        }
        found
    }

    #[test]
    fn a_period_runs_from_the_day_after_the_last_billed_reading() {
        use MarkKind::{Opening, Read};
        let all = marks(&[("2026-08-10", 100, Opening), ("2026-10-12", 120, Read)]);
        assert_eq!(periods(&all, &[], "2026-10"), [("2026-08-11".into(), "2026-10-12".into(), 20)]);
        assert_eq!(periods(&all, &[span("2026-08-11", "2026-10-12", 20)], "2026-10"), [], "billed once only");
        assert_eq!(periods(&all, &[], "2026-08"), [], "the opening reading was billed by the old system");
    }

    #[test]
    fn two_readings_of_a_cycle_are_two_periods_and_two_of_a_day_are_one() {
        use MarkKind::{Opening, Read};
        let all = marks(&[
            ("2026-08-10", 100, Opening),
            ("2026-10-12", 120, Read),
            ("2026-10-12", 121, Read),
            ("2026-10-20", 125, Read),
        ]);
        assert_eq!(
            periods(&all, &[], "2026-10"),
            [("2026-08-11".into(), "2026-10-12".into(), 21), ("2026-10-13".into(), "2026-10-20".into(), 4)]
        );
    }

    #[test]
    fn a_cancelled_bill_makes_its_reading_due_again_and_a_missed_one_is_taken_up() {
        use MarkKind::{Opening, Read};
        let all = marks(&[("2026-06-10", 80, Opening), ("2026-08-10", 100, Read), ("2026-10-12", 120, Read)]);
        let later = [span("2026-08-11", "2026-10-12", 20)];
        assert_eq!(periods(&all, &later, "2026-08"), [("2026-06-11".into(), "2026-08-10".into(), 20)]);
        assert_eq!(periods(&all, &[], "2026-10"), [("2026-06-11".into(), "2026-10-12".into(), 40)]);
        assert_eq!(periods(&all, &[span("2026-06-11", "2026-10-12", 40)], "2026-08"), [], "covered by the longer bill");
    }

    #[test]
    fn a_new_account_begins_with_its_meter() {
        let all = marks(&[("2020-04-20", 9, MarkKind::Read)]);
        assert_eq!(periods(&all, &[], "2020-04"), [("2020-03-02".into(), "2020-04-20".into(), 9)]);
    }

    #[test]
    fn the_year_so_far_is_what_bills_took_or_the_old_systems_last_periods() {
        let all = marks(&[("2026-02-10", 100, MarkKind::Opening)]);
        let meters = meters();
        let spans = [span("2026-02-11", "2026-04-10", 30)];
        let history =
            History { meters: &meters, marks: &all, spans: &spans, recent: &[12, 18, 62], months: 2, opened: None };
        // 62 over 2025-12-11 … 2026-02-10 (62 days), of which 41 lie in 2026
        let due = |closing, first| Due {
            start: None,
            end: 0,
            closing: Some(Place::end_of(day(closing))),
            first: day(first),
            last: day(first),
        };
        let before = history.used_before(&due("2026-04-10", "2026-04-11"));
        assert_eq!((before.volume, before.from_recent), (Milli::whole(71), true));
        assert_eq!(history.used_before(&due("2026-12-31", "2027-01-01")), UsedBefore::default());
        assert_eq!(history.last_volumes(3), [18, 62, 30]);
        assert_eq!(read_recent("23;19; 18"), [23, 19, 18]);
    }

    #[test]
    fn the_difference_charged_at_a_swap_belongs_to_the_next_periods_average() {
        let swap = Span { swap: true, ..span("2026-08-11", "2026-09-01", 5) };
        let spans = [
            span("2026-06-11", "2026-08-10", 10),
            swap,
            span("2026-09-02", "2026-10-12", 6),
            Span { swap: true, ..span("2026-10-13", "2026-10-20", 2) },
        ];
        let history = History { meters: &[], marks: &[], spans: &spans, recent: &[], months: 2, opened: None };
        assert_eq!(history.last_volumes(3), [10, 11]);
        let due = Due {
            start: None,
            end: 0,
            closing: Some(Place::end_of(day("2026-10-20"))),
            first: day("2026-10-21"),
            last: day("2026-10-30"),
        };
        assert_eq!(history.used_before(&due).volume, Milli::whole(23));
    }
}
