//! Use by register (分时, R-222): peak, flat, valley of a meter that counts the hours of the day apart.
//!
//! A reading says where each register stands (`read`), or how much each took since the reading before (`used`): that is how the
//! use across a swap, or since a reading without registers, becomes known. Every register is read in whole units like the total;
//! as each drops its own decimals, their sum may miss the total by up to one unit a register, and the largest takes the difference.
//! More than that, or a missing register, is refused, never guessed.

use super::chain::{self, Mark, MarkKind, Meter};
use crate::rules::fault::{Fault, shown};
use crate::rules::money::Milli;
use crate::rules::reading_use::{dial, whole};

/// Values by register name, each name once.
pub type ByRegister = Vec<(String, Milli)>;

/// What a reading says by register; both empty for an ordinary meter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registers {
    /// Where the registers stand.
    pub read: ByRegister,
    /// Use by register since the reading before.
    pub used: ByRegister,
}

/// The word of a register on screens and in messages.
pub fn label(name: &str) -> &str {
    match name {
        "sharp" => "尖",
        "peak" => "峰",
        "flat" => "平",
        "valley" => "谷",
        "deep" => "深谷",
        other => other,
    }
}

/// `峰 180 谷 60`.
pub fn words(values: &[(String, Milli)]) -> String {
    values.iter().map(|(name, value)| format!("{} {}", label(name), value.grouped())).collect::<Vec<_>>().join(" ")
}

/// Whole units by register, in the order of `names`; `None` when one is missing.
fn all_of(values: &[(String, Milli)], names: &[&str]) -> Option<Vec<i64>> {
    let one = |name: &&str| values.iter().find(|(known, _)| known == name).map(|(_, value)| whole(*value));
    names.iter().map(one).collect()
}

/// Names that a tariff asks for and these values lack, as words.
pub fn missing(values: &[(String, Milli)], names: &[&str]) -> Vec<String> {
    let lacks = |name: &&&str| !values.iter().any(|(known, _)| known == **name);
    names.iter().filter(lacks).map(|name| shown(label(name))).collect()
}

/// How far the registers are followed along the readings of a period.
struct Walk<'w> {
    names: &'w [&'w str],
    /// Where they stood last, and on which meter.
    base: Option<Vec<i64>>,
    sum: Vec<i64>,
    /// A reading without registers since `base`: the next one with registers covers it.
    pending: bool,
    /// A meter ended since the last reading: only `used` covers it.
    swapped: bool,
}

/// Use by register from mark `start` (from the beginning of the first meter when `None`) to mark `end`, which together is `total`
/// whole units.
pub fn used(
    meters: &[Meter],
    marks: &[Mark],
    start: Option<usize>,
    end: usize,
    names: &[&str],
    total: i64,
) -> Result<ByRegister, Fault> {
    let base = match start {
        Some(start) => all_of(&marks[start].registers.read, names),
        None => {
            let first = chain::root(meters, marks[end].meter);
            let new = meters.iter().any(|meter| meter.id == first && whole(meter.first) == 0);
            new.then(|| vec![0; names.len()])
        }
    };
    let mut walk = Walk { names, base, sum: vec![0; names.len()], pending: false, swapped: false };
    for mark in marks.get(start.map_or(0, |start| start + 1)..=end).unwrap_or_default() {
        let digits = meters.iter().find(|meter| meter.id == mark.meter).map_or(0, |meter| meter.dial_digits);
        walk.pass(mark, digits)?;
    }
    if walk.pending || walk.swapped {
        return Err(incomplete(&marks[end], names, start.map(|start| &marks[start])));
    }
    balance(walk.sum, names, total)
}

impl Walk<'_> {
    fn pass(&mut self, mark: &Mark, digits: u8) -> Result<(), Fault> {
        let read = all_of(&mark.registers.read, self.names);
        if mark.kind == MarkKind::Swap {
            let new = whole(mark.value) == 0;
            self.base = read.or_else(|| new.then(|| vec![0; self.names.len()]));
            self.swapped = true;
            return Ok(());
        }
        if let Some(used) = all_of(&mark.registers.used, self.names).filter(|_| !self.pending) {
            self.sum.iter_mut().zip(used).for_each(|(sum, used)| *sum += used);
            (self.base, self.swapped) = (read, false);
            return Ok(());
        }
        match (read, self.base.take()) {
            (Some(read), Some(base)) if !self.swapped => {
                for (place, (now, before)) in read.iter().zip(&base).enumerate() {
                    let turned = if now < before && mark.rollover { dial(digits).unwrap_or(0) } else { 0 };
                    let part = now - before + turned;
                    if part < 0 {
                        let name = label(self.names[place]);
                        let message = format!("{name}示数 {now} 低于上次 {before}，请复抄各时段示数后更正读数");
                        return Err(Fault::new("R-222", message));
                    }
                    self.sum[place] += part;
                }
                (self.base, self.pending) = (Some(read), false);
            }
            (_, base) => (self.base, self.pending) = (base, true),
        }
        Ok(())
    }
}

/// Why the use by register is not known, and what to do.
fn incomplete(end: &Mark, names: &[&str], start: Option<&Mark>) -> Fault {
    let lacks = missing(&end.registers.read, names);
    let message = if !lacks.is_empty() {
        format!("分时计价，{} 的读数缺少{}示数，请更正读数补上各时段示数", end.day, lacks.join("、"))
    } else if start.is_some_and(|start| !missing(&start.registers.read, names).is_empty()) {
        "分时计价，上次读数没有各时段示数，请更正本次读数，填写各时段用量".to_owned()
    } else {
        "分时计价，期间换表或有读数没有各时段示数，请更正本次读数，填写各时段用量".to_owned()
    };
    Fault::new("R-222", message)
}

/// Holds the sum against the total; what the dropped decimals leave goes to the largest register, of equal ones the first.
fn balance(mut sum: Vec<i64>, names: &[&str], total: i64) -> Result<ByRegister, Fault> {
    let rest = total - sum.iter().sum::<i64>();
    if rest.unsigned_abs() > names.len() as u64 {
        let message = format!("各时段用量相加为 {}，与总用量 {total} 不符，请复抄各时段示数", total - rest);
        return Err(Fault::new("R-222", message));
    }
    let largest = sum.iter().copied().max();
    if let Some(most) = sum.iter_mut().find(|used| Some(**used) == largest) {
        *most += rest;
    }
    Ok(names.iter().zip(sum).map(|(name, used)| ((*name).to_owned(), Milli::whole(used))).collect())
}

/// Use by register of another volume, in the proportion the bill had: exact to the thousandth, the largest takes the rest. `None`
/// when there is no proportion.
pub fn in_proportion(registers: &[(String, Milli)], volume: Milli) -> Option<ByRegister> {
    let old: i128 = registers.iter().map(|(_, used)| i128::from(used.0)).sum();
    if old <= 0 {
        return None;
    }
    let part = |used: Milli| i64::try_from(i128::from(used.0) * i128::from(volume.0) / old).ok().map(Milli);
    let mut new: ByRegister =
        registers.iter().map(|(name, used)| Some((name.clone(), part(*used)?))).collect::<Option<_>>()?;
    let rest = volume.0 - new.iter().map(|(_, used)| used.0).sum::<i64>();
    let largest = new.iter().map(|(_, used)| *used).max();
    if let Some((_, most)) = new.iter_mut().find(|(_, used)| Some(*used) == largest) {
        most.0 += rest;
    }
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::id::Id;
    use proptest::prelude::*;

    const NAMES: [&str; 2] = ["peak", "valley"];

    fn by(peak: i64, valley: i64) -> ByRegister {
        vec![("peak".into(), Milli::whole(peak)), ("valley".into(), Milli::whole(valley))]
    }

    fn meter(id: i64, first: i64) -> Meter {
        let (fitted, last, replaced_by) = (None, None, None);
        Meter { id: Id(id), dial_digits: 4, fitted, first: Milli::whole(first), last, replaced_by, disputed: false }
    }

    fn mark(on: u64, meter: i64, value: i64, read: Option<(i64, i64)>) -> Mark {
        Mark {
            id: Id(on as i64),
            day: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(on),
            meter: Id(meter),
            value: Milli::whole(value),
            kind: MarkKind::Read,
            rollover: false,
            estimated: false,
            registers: Registers {
                read: read.map(|(peak, valley)| by(peak, valley)).unwrap_or_default(),
                used: vec![],
            },
        }
    }

    #[test]
    fn registers_are_followed_from_reading_to_reading() {
        let meters = [meter(1, 0)];
        let marks = [mark(0, 1, 100, Some((60, 40))), mark(1, 1, 130, None), mark(2, 1, 160, Some((90, 70)))];
        assert_eq!(used(&meters, &marks, Some(0), 2, &NAMES, 60), Ok(by(30, 30)), "a reading between may lack them");
        assert_eq!(used(&meters, &marks, None, 0, &NAMES, 100), Ok(by(60, 40)), "a new meter begins at nothing");
        assert_eq!(used(&meters, &marks, Some(0), 2, &NAMES, 61), Ok(by(31, 30)), "dropped decimals go to the largest");
        for (start, end, total, why) in [
            (Some(0), 1, 30, "缺少峰、谷示数"),
            (Some(1), 2, 30, "上次读数没有"),
            (Some(0), 2, 63, "不符"),
            (Some(2), 2, 0, ""),
        ] {
            let found = used(&meters, &marks, start, end, &NAMES, total);
            assert_eq!(
                found.as_ref().err().is_some_and(|fault| fault.message.contains(why)),
                !why.is_empty(),
                "{found:?}"
            );
        }
        let lower = [mark(0, 1, 100, Some((60, 40))), mark(1, 1, 160, Some((50, 110)))];
        assert!(used(&meters, &lower, Some(0), 1, &NAMES, 60).unwrap_err().message.contains("峰示数 50 低于上次 60"));
        let turned = [mark(0, 1, 9990, Some((9990, 40))), Mark { rollover: true, ..mark(1, 1, 30, Some((10, 60))) }];
        assert_eq!(used(&meters, &turned, Some(0), 1, &NAMES, 40), Ok(by(20, 20)));
    }

    #[test]
    fn across_a_swap_the_use_by_register_is_told_or_the_bill_waits() {
        let meters = [meter(1, 0), meter(2, 0)];
        let swap = Mark { kind: MarkKind::Swap, ..mark(1, 2, 0, None) };
        let marks = [mark(0, 1, 100, Some((60, 40))), swap, mark(2, 2, 20, Some((15, 5)))];
        assert!(used(&meters, &marks, Some(0), 2, &NAMES, 50).unwrap_err().message.contains("换表"));
        let mut told = marks.clone();
        told[2].registers.used = by(35, 15);
        assert_eq!(used(&meters, &told, Some(0), 2, &NAMES, 50), Ok(by(35, 15)));
        let later = [told[2].clone(), mark(3, 2, 30, Some((20, 10)))];
        assert_eq!(used(&meters, &later, Some(0), 1, &NAMES, 10), Ok(by(5, 5)), "and from there on they are followed");
    }

    proptest! {
        #[test]
        fn a_proportion_adds_up_to_the_volume(peak in 0i64..1_000_000, valley in 0i64..1_000_000, volume in 0i64..10_000_000) {
            let old = vec![("peak".to_owned(), Milli(peak)), ("valley".to_owned(), Milli(valley))];
            match in_proportion(&old, Milli(volume)) {
                None => prop_assert_eq!(peak + valley, 0),
                Some(new) => {
                    prop_assert_eq!(new.iter().map(|(_, used)| used.0).sum::<i64>(), volume);
                    prop_assert!(new.iter().all(|(_, used)| used.0 >= 0));
                }
            }
        }
    }
}
