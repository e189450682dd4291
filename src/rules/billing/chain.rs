//! Use over a chain of meters: old final − last + this − new first, meter by meter, past zero where the counter went past
//! zero (data room: a swap never loses or invents water).
//!
//! Use is whole units: the decimals of every reading are dropped before anything is subtracted.

use chrono::NaiveDate;

use super::registers::Registers;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::reading_use::{dial, whole};

/// A meter of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// The entry that fitted it.
    pub id: Id,
    /// 表位数; 0 when unknown.
    pub dial_digits: u8,
    /// 装表日期.
    pub fitted: Option<NaiveDate>,
    /// 底数: where it began here.
    pub first: Milli,
    /// 止码: where it ended, once removed.
    pub last: Option<Milli>,
    /// The meter fitted in its place.
    pub replaced_by: Option<Id>,
    /// Two swaps claim it.
    pub disputed: bool,
}

/// What a row of readings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// The last reading before this book.
    Opening,
    /// Read off the meter.
    Read,
    /// The first reading of a meter fitted by a swap; `rollover` speaks of the meter it replaced.
    Swap,
}

/// A reading, in the order (day, id).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The entry and item.
    pub id: Id,
    /// The day.
    pub day: NaiveDate,
    /// The meter.
    pub meter: Id,
    /// 示数.
    pub value: Milli,
    /// What it is.
    pub kind: MarkKind,
    /// The counter passed zero before it.
    pub rollover: bool,
    /// 估抄.
    pub estimated: bool,
    /// By register, for a meter that counts the hours apart.
    pub registers: Registers,
}

/// Whole units used from mark `start` (from the beginning of the first meter when `None`) to mark `end`.
///
/// Refused: a meter of the way is disputed, unknown or still hangs although another was read; a part below zero.
pub fn used(meters: &[Meter], marks: &[Mark], start: Option<usize>, end: usize) -> Result<i64, Fault> {
    let find = |id: Id| meters.iter().find(|meter| meter.id == id);
    let last = &marks[end];
    let mut at = match start {
        Some(start) => marks[start].meter,
        None => root(meters, last.meter),
    };
    let mut value = match start {
        Some(start) => whole(marks[start].value),
        None => find(at).map_or(0, |meter| whole(meter.first)),
    };
    let between = &marks[start.map_or(0, |start| start + 1).min(end)..=end];
    let mut total = 0i64;
    for _ in 0..=meters.len() {
        let meter = find(at).ok_or_else(|| Fault::new("R-265", "读数所在的水表不在档案中，请核对表号"))?;
        if meter.disputed {
            return Err(Fault::new("disputed", "水表有两张拆换单，待现场核实后再出账"));
        }
        let ends_here = at == last.meter;
        let close = if ends_here { Some(last.value) } else { meter.last };
        let close =
            close.ok_or_else(|| Fault::new("R-265", "本次读数与上次不是同一块表，又没有拆换单，请先录入拆换单"))?;
        let turns = between.iter().filter(|mark| turned(mark, meter)).count() as i64;
        let part = whole(close) - value + turns * dial(meter.dial_digits).unwrap_or(0);
        if part < 0 {
            let message = format!("示数 {} 低于上次 {value}，又没有确认过零，请复抄或录入拆换单", whole(close));
            return Err(Fault::new("R-230", message));
        }
        total += part;
        if ends_here {
            return Ok(total);
        }
        let Some(next) = meter.replaced_by.and_then(find) else { break };
        at = next.id;
        value = whole(next.first);
    }
    Err(Fault::new("R-265", "本次读数的表接不上上次读数的表，请核对拆换单"))
}

/// Does this mark say that `meter` passed zero?
fn turned(mark: &Mark, meter: &Meter) -> bool {
    let of = match mark.kind {
        MarkKind::Swap => meter.replaced_by == Some(mark.meter),
        MarkKind::Read | MarkKind::Opening => mark.meter == meter.id,
    };
    mark.rollover && of
}

/// The meter the chain of `id` began with.
pub fn root(meters: &[Meter], id: Id) -> Id {
    let mut at = id;
    for _ in 0..meters.len() {
        match meters.iter().find(|meter| meter.replaced_by == Some(at)) {
            Some(before) => at = before.id,
            None => break,
        }
    }
    at
}

/// How many meters hung before this one.
pub fn rank(meters: &[Meter], id: Id) -> usize {
    let mut at = id;
    for rank in 0..meters.len() {
        match meters.iter().find(|meter| meter.replaced_by == Some(at)) {
            Some(before) => at = before.id,
            None => return rank,
        }
    }
    meters.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n)
    }

    fn meter(id: i64, first: i64, digits: u8) -> Meter {
        Meter {
            id: Id(id),
            dial_digits: digits,
            fitted: None,
            first: Milli::whole(first),
            last: None,
            replaced_by: None,
            disputed: false,
        }
    }

    fn mark(id: i64, on: u64, meter: i64, value: i64, kind: MarkKind) -> Mark {
        Mark {
            id: Id(id),
            day: day(on),
            meter: Id(meter),
            value: Milli::whole(value),
            kind,
            rollover: false,
            estimated: false,
            registers: Registers::default(),
        }
    }

    #[test]
    fn a_swap_adds_the_rest_of_the_old_meter_to_the_new_one() {
        let old = Meter { last: Some(Milli::whole(1209)), replaced_by: Some(Id(2)), ..meter(1, 0, 5) };
        let meters = [old, meter(2, 3, 5)];
        let marks = [
            mark(10, 0, 1, 1204, MarkKind::Opening),
            mark(11, 18, 2, 3, MarkKind::Swap),
            mark(12, 30, 2, 9, MarkKind::Read),
        ];
        assert_eq!(used(&meters, &marks, Some(0), 2), Ok(11));
        assert_eq!(used(&meters, &marks, Some(0), 1), Ok(5));
        assert_eq!(used(&meters, &marks, Some(1), 2), Ok(6));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_guessed() {
        let meters = [meter(1, 0, 5), meter(2, 0, 5)];
        let marks = [
            mark(10, 0, 1, 100, MarkKind::Opening),
            mark(11, 30, 2, 9, MarkKind::Read),
            mark(12, 31, 1, 90, MarkKind::Read),
        ];
        assert_eq!(used(&meters, &marks, Some(0), 1).unwrap_err().rule, "R-265", "another meter without a slip");
        assert_eq!(used(&meters, &marks, Some(0), 2).unwrap_err().rule, "R-230", "below the last reading");
        let disputed = [Meter { disputed: true, ..meter(1, 0, 5) }];
        assert_eq!(used(&disputed, &marks, Some(0), 2).unwrap_err().rule, "disputed");
    }

    proptest! {
        /// Water runs; meters are read, swapped and pass zero at any time. Cut anywhere, the parts add up to what ran.
        #[test]
        fn use_over_any_chain_of_swaps_equals_the_water_that_ran(
            steps in prop::collection::vec((0i64..900, 0u8..3, 0i64..1000), 1..40), digits in 3u8..6,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let size = 10i64.pow(digits.into());
            let mut meters = vec![meter(1, 7, digits)];
            let mut marks: Vec<Mark> = Vec::new();
            let (mut counter, mut ran, mut seen) = (7i64, 0i64, 7i64);
            let mut water = Vec::new();
            for (index, (flow, what, first)) in steps.iter().enumerate() {
                ran += flow;
                counter = (counter + flow) % size;
                let turned = counter < seen;
                let current = meters.len() as i64;
                let on = index as u64 + 1;
                if *what == 0 {
                    let first = first % size;
                    let old = meters.last_mut().unwrap();
                    old.last = Some(Milli::whole(counter));
                    old.replaced_by = Some(Id(current + 1));
                    meters.push(meter(current + 1, first, digits));
                    counter = first;
                    marks.push(Mark { rollover: turned, ..mark(100 + index as i64, on, current + 1, first, MarkKind::Swap) });
                } else {
                    marks.push(Mark { rollover: turned, ..mark(100 + index as i64, on, current, counter, MarkKind::Read) });
                }
                seen = counter;
                water.push(ran);
            }
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(marks.len())).collect();
            ends.push(marks.len() - 1);
            ends.sort_unstable();
            ends.dedup();
            let (mut start, mut sum) = (None, 0);
            for end in ends {
                sum += used(&meters, &marks, start, end).unwrap();
                prop_assert_eq!(sum, water[end]);
                start = Some(end);
            }
        }
    }
}
