//! The readings that follow volumes put right: each bill's last reading moves by what the bills up to it now use more or
//! less, so that the next bill is measured from the right value and no unit is lost or billed twice. Where the volumes only move
//! between bills, the last reading stays. What was read on another meter stays too: what a bill uses more or less up to a swap is not the
//! new meter's, whose next bill is measured from its own reading. Who knows better says so with `reading`.

use std::collections::BTreeMap;

use super::links::{Link, Links, Rated};
use crate::derive::account::bill::SWAP;
use crate::derive::request::ReadingFollows;
use crate::desk::refusal::Refusal;
use crate::rules::adjustment::picture::ReadingChange;
use crate::rules::billing::{Mark, MarkKind};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::reading_use::dial;

/// What follows.
#[derive(Default)]
pub struct Followed {
    /// For the effect.
    pub readings: Vec<ReadingFollows>,
    /// For the picture.
    pub changes: Vec<ReadingChange>,
    /// What the eye should fall on.
    pub warnings: Vec<String>,
}

/// Where the walk along the bills stands.
#[derive(Default)]
struct Walk {
    /// What the bills so far use more than before.
    shift: Milli,
    /// The same by register.
    by_register: BTreeMap<String, Milli>,
    /// The last mark passed: its meter, its value as it was and as it will be.
    before: Option<(Id, Milli, Milli)>,
    /// That mark was past zero and no longer is.
    turned_back: bool,
}

/// Moves the readings; the bills rated again begin and end where their readings now stand. `typed`: what the last bill of the case
/// rightly ends with.
pub fn follow(links: &Links, rated: &mut [Rated], typed: Option<Milli>) -> Result<Followed, Refusal> {
    let mut walk = Walk::default();
    let mut followed = Followed::default();
    let first = links.list.iter().position(|link| link.named.is_some()).unwrap_or(links.list.len());
    let last_named = links.list.iter().rposition(|link| link.named.is_some());
    let mut next_from: Option<Milli> = None;
    for (at, link) in links.list.iter().enumerate().skip(first) {
        let mut bill = rated.iter_mut().find(|one| one.at == at).map(|one| &mut one.bill);
        if let (Some(bill), Some((_, was, now))) = (bill.as_deref_mut(), walk.before)
            && bill.from == was
        {
            bill.from = now;
        }
        let end = mark_of(links, link).filter(|_| link.row.kind != SWAP);
        if let Some(mark) = end.filter(|mark| walk.before.is_some_and(|(meter, ..)| meter != mark.meter))
            && !fitted_within(links, link, mark)
        {
            // Another meter since the bill before: what that one left over does not go on to it.
            walk.leave(&mut followed);
        }
        walk.shift += link.volume - link.row.volume;
        let issued = link.issued.as_ref();
        if let (Some(bill), Some(issued)) = (bill.as_deref(), issued) {
            for (name, used) in &bill.registers {
                let was = issued.registers.iter().find(|(known, _)| known == name).map_or(Milli::ZERO, |one| one.1);
                *walk.by_register.entry(name.clone()).or_default() += *used - was;
            }
        }
        let typed = typed.filter(|_| last_named == Some(at));
        if link.row.kind == SWAP {
            swapped(&mut walk, link, typed, &mut followed)?;
            next_from = None; // the next bill begins on the new meter
            continue;
        }
        let Some(mark) = end else { continue };
        let (value, rollover) = match typed {
            Some(value) => walk.as_typed(links, mark, value, &mut followed)?,
            None if fitted_within(links, link, mark) && !mark.estimated => {
                walk.leave(&mut followed);
                (mark.value, mark.rollover)
            }
            None => walk.moved(links, link, mark)?,
        };
        if let Some(bill) = bill.as_deref_mut() {
            bill.to = value;
        }
        if (value, rollover) != (mark.value, mark.rollover) {
            let read = walk.registers_of(mark);
            let used = bill
                .filter(|_| !mark.registers.used.is_empty())
                .map_or_else(|| mark.registers.used.clone(), |bill| bill.registers.clone());
            followed.changes.push(ReadingChange { day: mark.day, old: mark.value, new: value });
            followed.readings.push(ReadingFollows {
                day: mark.day,
                reading: mark.id,
                seen: mark.value,
                value,
                rollover,
                registers: read,
                register_uses: used,
            });
            next_from = Some(value);
        } else {
            next_from = None;
        }
        walk.turned_back = mark.rollover && !rollover;
        walk.before = Some((mark.meter, mark.value, value));
    }
    if !followed.changes.is_empty() {
        let word =
            |change: &ReadingChange| format!("{} {} 改为 {}", change.day, change.old.grouped(), change.new.grouped());
        let words: Vec<String> = followed.changes.iter().map(word).collect();
        let next = next_from.map(|value| format!("；下一张账单从示数 {} 起算", value.grouped())).unwrap_or_default();
        followed.warnings.insert(0, format!("批准时示数一并改：{}{next}", words.join("、")));
    }
    stays(links, &walk, &mut followed);
    Ok(followed)
}

/// A reading that a bill was made on follows, also while that bill waits to be issued again; one that no bill went out on was read on
/// the wall and stays. What that makes of the next bill is told.
fn stays(links: &Links, walk: &Walk, followed: &mut Followed) {
    let (Some((meter, was, now)), Some(link)) = (walk.before, links.list.last()) else { return };
    let unbilled = |mark: &&Mark| mark.kind == MarkKind::Read && mark.meter == meter && mark.day > link.row.last_day;
    let Some(mark) = links.ledger.marks.iter().filter(unbilled).min_by_key(|mark| mark.day).filter(|_| was != now)
    else {
        return;
    };
    let (day, value, now) = (mark.day, mark.value.grouped(), now);
    followed.warnings.push(match mark.value < now && !mark.rollover {
        true => format!(
            "{day} 的示数 {value} 还没有出账，不随之改，低于改后的起点 {}：下一张账单会挂起待核，请先核对",
            now.grouped()
        ),
        false => {
            let change = if now < was {
                format!("多 {}", (was - now).grouped())
            } else {
                format!("少 {}", (now - was).grouped())
            };
            format!("{day} 的示数 {value} 还没有出账，不随之改：下一张账单因此{change}")
        }
    });
}

/// A bill of the difference at a swap ends on the slip's final value: what is left over does not go on to the new meter.
fn swapped(walk: &mut Walk, link: &Link, typed: Option<Milli>, followed: &mut Followed) -> Result<(), Refusal> {
    if typed.is_some() {
        let message = format!("账单 {} 止于拆换单的止码，不能在此改示数，请去掉 reading", link.row.id);
        return Err(Refusal::field("R-254", "change.reading", message));
    }
    walk.leave(followed);
    Ok(())
}

/// Was the meter of a bill's last reading put up within the bill?
fn fitted_within(links: &Links, link: &Link, mark: &Mark) -> bool {
    let history = links.ledger.history();
    links.ledger.marks.iter().enumerate().any(|(at, other)| {
        other.kind == MarkKind::Swap && other.meter == mark.meter && link.stretch.holds(history.place(at))
    })
}

/// Tells what no later bill will bring.
fn left_over(shift: Milli, followed: &mut Followed) {
    if shift.is_negative() {
        followed.warnings.push(format!("减少的水量 {} 以后不再收", (Milli::ZERO - shift).grouped()));
    } else if shift > Milli::ZERO {
        followed.warnings.push(format!("增加的水量 {} 不从以后的账单减去", shift.grouped()));
    }
}

/// The reading a bill ended with.
fn mark_of<'l>(links: &'l Links, link: &Link) -> Option<&'l Mark> {
    let named = link.issued.as_ref().and_then(|issued| issued.reading);
    let by_name = named.and_then(|id| links.ledger.marks.iter().find(|mark| mark.id == id));
    let by_day = || links.ledger.marks.get(links.ledger.history().mark_at(link.stretch.to)?);
    by_name.or_else(by_day).filter(|mark| mark.kind == MarkKind::Read)
}

impl Walk {
    /// The meter has gone: tells what is left over and begins anew on the next one.
    fn leave(&mut self, followed: &mut Followed) {
        left_over(self.shift, followed);
        *self = Self::default();
    }

    /// Where a mark stands after the volumes up to it.
    fn moved(&self, links: &Links, link: &Link, mark: &Mark) -> Result<(Milli, bool), Refusal> {
        if self.shift == Milli::ZERO && !self.turned_back {
            return Ok((mark.value, mark.rollover));
        }
        let size = links.ledger.meter(mark.meter).and_then(|meter| dial(meter.dial_digits)).map(Milli::whole);
        let (mut value, mut rollover) = (mark.value + self.shift, mark.rollover);
        match size {
            Some(size) if value.is_negative() && rollover => (value, rollover) = (value + size, false),
            Some(size) if value >= size && !rollover => (value, rollover) = (value - size, true),
            _ => {}
        }
        let begins = self.begins(links, link, mark);
        if !rollover && value < begins && self.turned_back && !value.is_negative() {
            rollover = true; // the mark before is no longer past zero, so this one is
        }
        let beyond = size.is_some_and(|size| value >= size);
        if value.is_negative() || beyond || (!rollover && value < begins) {
            let message = format!(
                "按改后的水量，{} 的示数应为 {}，与起点 {} 不合，请核对水量，或在 reading 写明正确的示数",
                mark.day,
                (mark.value + self.shift).grouped(),
                begins.grouped()
            );
            return Err(Refusal::field("R-254", "change.reading", message));
        }
        Ok((value, rollover))
    }

    /// The value that was typed; what the volumes then leave over is told.
    fn as_typed(
        &mut self,
        links: &Links,
        mark: &Mark,
        value: Milli,
        followed: &mut Followed,
    ) -> Result<(Milli, bool), Refusal> {
        let size = links.ledger.meter(mark.meter).and_then(|meter| dial(meter.dial_digits)).map(Milli::whole);
        if value.is_negative() || size.is_some_and(|size| value >= size) {
            return Err(Refusal::field("R-254", "change.reading", "正确示数不在表盘之内，请核对"));
        }
        left_over(self.shift - (value - mark.value), followed);
        self.shift = value - mark.value;
        self.by_register.clear();
        let begins = self.before.filter(|(meter, ..)| *meter == mark.meter).map(|(_, _, now)| now);
        let rollover = if value == mark.value { mark.rollover } else { begins.is_some_and(|begins| value < begins) };
        Ok((value, rollover))
    }

    /// Where the use of a mark's meter begins within a bill.
    fn begins(&self, links: &Links, link: &Link, mark: &Mark) -> Milli {
        let first = links.ledger.meter(mark.meter).map_or(Milli::ZERO, |meter| meter.first);
        match self.before.filter(|(meter, ..)| *meter == mark.meter) {
            _ if fitted_within(links, link, mark) => first,
            Some((_, _, now)) => now,
            // Where the reading before now stands: it may have been put right since the bill was made.
            None => match links.ledger.marks.iter().rev().find(|other| other.day < link.row.first_day) {
                Some(other) if other.meter == mark.meter => other.value,
                _ => link.issued.as_ref().map_or(first, |issued| issued.from),
            },
        }
    }

    /// Where the registers of a mark stand then.
    fn registers_of(&self, mark: &Mark) -> Vec<(String, Milli)> {
        let more = |name: &String| self.by_register.get(name).copied().unwrap_or_default();
        mark.registers.read.iter().map(|(name, value)| (name.clone(), *value + more(name))).collect()
    }
}
