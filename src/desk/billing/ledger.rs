//! What an account's billing looks back on, as the pure rules want it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::body;
use crate::derive::account::bill::{self, BillIssued};
use crate::desk::tariffs;
use crate::rules::billing::history::read_recent;
use crate::rules::billing::{Begun, History, Mark, MarkKind, Meter, Place, Registers, Span, Stretch};
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::price_days::{self, SetFrom};
use crate::rules::pricing::Pricing;
use crate::rules::reading_use::Average;
use crate::rules::sealed_use::stands_still;
use crate::rules::utility::Utility;
use crate::store::query::billing::BillingFacts;
use crate::store::tables::adjust::PriceRow;
use crate::store::tables::billing::BillRow;
use crate::store::tables::billing_facts::{BilledMeter, BilledReading, BilledSpan, PricedAccount};
use crate::store::{StoreError, Tx};

/// Source of the last reading before this book.
pub const OPENING: &str = "opening";
/// Source of the mark a swap leaves.
pub const SWAP: &str = "swap";
/// Periods an average looks at.
pub const PERIODS: usize = 3;

/// An account's billing so far.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// What decides its price.
    pub account: PricedAccount,
    /// Its meters.
    pub meters: Vec<Meter>,
    /// Its readings in the order of use.
    pub marks: Vec<Mark>,
    /// Its living bills.
    pub spans: Vec<Span>,
    /// Its held bills: last day and reason.
    pub held: Vec<(NaiveDate, String)>,
    /// Bills that were cancelled and whose use no living bill took up, in the order of use.
    pub cancelled: Vec<Cancelled>,
    /// What its last living bill of more than nothing came to.
    pub last_amount: Option<Fen>,
    /// The meter on the wall that should stand still, and since when that is known.
    pub shut: Option<(Id, Option<NaiveDate>)>,
    /// Days of readings that a sealed meter gave.
    pub sealed: Vec<NaiveDate>,
    /// Prices set from a day that stand, in their order.
    pub prices: Vec<SetFrom>,
    /// The days on which the ladder year began anew under prices that know part years: another owner, another meter, other people.
    pub anew: Vec<NaiveDate>,
    /// Bills that were cancelled and counted before, by where they ended and whether they were of a swap.
    void: Vec<Void>,
    /// What the newest of each place was calculated with, once they are [`Ledger::recalled`].
    calculated: BTreeMap<(Place, bool), BillIssued>,
    recent: Vec<u32>,
    opened: Option<NaiveDate>,
    months: u32,
}

/// A cancelled bill that counted once.
#[derive(Debug, Clone, Copy)]
struct Void {
    id: Id,
    to: Place,
    swap: bool,
    withdrawn: bool,
}

/// A bill that was owed until it was cancelled, and whose reading, or the difference at a swap, is due again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// The bill; of several of one place the newest.
    pub id: Id,
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// 用量.
    pub volume: Milli,
    /// Last day without late fee: the earliest that a bill of this use had. What takes its place keeps it.
    pub due: NaiveDate,
    /// It was the difference at a swap.
    pub swap: bool,
    /// The use it took.
    pub stretch: Stretch,
}

impl Cancelled {
    /// Where it ended.
    pub fn to(&self) -> Place {
        self.stretch.to
    }

    /// Does a living bill bill its use? On one day another bill may have ended before the meter was taken down.
    pub fn taken_up_by(&self, span: &Span) -> bool {
        span.holds(self.to())
    }

    /// Was a reading of its last day billed with it, together with what came behind on that day?
    fn took_in(&self, place: Place) -> bool {
        !self.swap && self.last == place.day && place < self.to() && self.stretch.holds(place)
    }
}

/// What of an account its bills ended with.
struct Ends<'e> {
    meters: &'e [Meter],
    marks: &'e [Mark],
}

impl Ends<'_> {
    /// Where a mark of a day stands; none when it is not there.
    fn place(&self, day: NaiveDate, mark: Option<Id>) -> Option<Place> {
        let from = self.marks.partition_point(|mark| mark.day < day);
        let mut of_day = self.marks.get(from..)?.iter().take_while(|mark| mark.day == day);
        Some(Place::of(self.meters, of_day.find(|one| Some(one.id) == mark)?))
    }

    /// Where a bill ends: where its reading stands, else where the last of its kind does on its last day.
    fn to(&self, last: NaiveDate, reading: Option<Id>, swap: bool) -> Place {
        let kind = if swap { MarkKind::Swap } else { MarkKind::Read };
        let of_kind = || self.marks.iter().rfind(|mark| mark.day == last && mark.kind == kind);
        let by_kind = || of_kind().map(|mark| Place::of(self.meters, mark));
        self.place(last, reading).or_else(by_kind).unwrap_or_else(|| Place::end_of(last))
    }

    /// The use a bill takes, or took.
    fn stretch(&self, row: &BilledSpan) -> Stretch {
        Stretch {
            after: self.place(row.first_day, row.behind).unwrap_or_else(|| Place::start_of(row.first_day)),
            to: self.to(row.last_day, row.reading, row.kind == bill::SWAP),
        }
    }

    fn span(&self, row: &BilledSpan) -> Span {
        let stretch = self.stretch(row);
        Span { first: row.first_day, last: row.last_day, volume: row.volume, swap: row.kind == bill::SWAP, stretch }
    }
}

impl Ledger {
    /// Makes it from what the store holds.
    pub fn of(facts: &BillingFacts) -> Self {
        let utility = Utility::from_code(&facts.account.utility);
        let meters: Vec<Meter> = facts.meters.iter().map(meter).collect();
        let mut marks: Vec<Mark> = facts.readings.iter().map(mark).collect();
        marks.sort_by_key(|mark| (Place::of(&meters, mark), mark.id));
        let ends = Ends { meters: &meters, marks: &marks };
        let mut spans: Vec<Span> = facts.bills.iter().filter(|row| lives(row)).map(|row| ends.span(row)).collect();
        spans.sort_by_key(|span| span.stretch.to);
        let held = facts.bills.iter().filter(|row| row.state == "held");
        let mut cancelled = cancelled(&facts.bills, &spans, &ends);
        let is_of = |bill: &Cancelled, row: &BilledReading| match bill.swap {
            true => row.source == SWAP,
            false => !matches!(row.source.as_str(), OPENING | SWAP),
        };
        cancelled.retain(|bill| facts.readings.iter().any(|row| row.day == bill.last && is_of(bill, row)));
        let billed = facts.bills.iter().filter(|row| lives(row) && row.kind != bill::SWAP && row.amount > Fen::ZERO);
        let swaps = facts.readings.iter().filter(|row| row.source == SWAP).map(|row| row.day);
        let anew = facts.handed_over.iter().chain(&facts.people_changed).copied().chain(swaps).collect();
        let wall = facts.meters.iter().rev().find(|meter| meter.removed.is_none());
        Self {
            cancelled,
            void: void(&facts.bills, &ends),
            calculated: BTreeMap::new(),
            spans,
            held: held.map(|row| (row.last_day, row.note.clone())).collect(),
            last_amount: billed.max_by_key(|row| row.last_day).map(|row| row.amount),
            shut: wall
                .filter(|meter| stands_still(&meter.state, meter.shut.is_some()))
                .map(|meter| (meter.id, meter.shut)),
            sealed: facts.readings.iter().filter(|row| !row.sealed.is_empty()).map(|row| row.day).collect(),
            prices: facts.prices.iter().filter(|row| row.stands).map(set_from).collect(),
            anew,
            recent: read_recent(&facts.account.recent),
            opened: facts.account.opened,
            months: months_between_readings(utility),
            account: facts.account.clone(),
            meters,
            marks,
        }
    }

    /// Reads what its cancelled bills were calculated with: who makes bills does it first.
    pub fn recalled(mut self, tx: &Tx<'_>) -> Result<Self, StoreError> {
        for Void { id, to, swap, withdrawn } in &self.void {
            // An approval that was rejected elsewhere put its bill in no bill's place.
            if *withdrawn && tx.entry(id.entry())?.is_some_and(|entry| entry.action == "adjustment.decide") {
                continue;
            }
            let issued = body::issued(tx, *id)?.filter(|issued| issued.held.is_none());
            self.calculated.extend(issued.map(|issued| ((*to, *swap), issued)));
        }
        Ok(self)
    }

    /// What the cancelled bill that ended at a place was calculated with.
    pub fn calculated(&self, to: Place, swap: bool) -> Option<&BillIssued> {
        self.calculated.get(&(to, swap))
    }

    /// What decides its price on a day.
    pub fn price_on(&self, day: NaiveDate) -> Pricing<'_> {
        price_days::on(&tariffs::pricing(&self.account), &self.prices, day)
    }

    /// Where the ladder year of its customer begins, for a bill that ends on `last`.
    pub fn begun(&self, last: NaiveDate) -> Begun {
        Begun::of(self.opened, &self.anew, last)
    }

    /// The view the rules take.
    pub fn history(&self) -> History<'_> {
        History {
            meters: &self.meters,
            marks: &self.marks,
            spans: &self.spans,
            recent: &self.recent,
            months: self.months,
            opened: self.opened,
        }
    }

    /// The use that a bill just made takes: on its first day it begins behind a bill that ended on that day before it.
    pub fn span_of(&self, bill: &BillIssued) -> Span {
        let ends = Ends { meters: &self.meters, marks: &self.marks };
        let to = ends.to(bill.last_day, bill.reading, bill.kind == bill::SWAP);
        let before = self.spans.iter().map(|span| span.stretch.to).filter(|end| end.day == bill.first_day && *end < to);
        let after = before.max().unwrap_or_else(|| Place::start_of(bill.first_day));
        let stretch = Stretch { after, to };
        let (first, last, volume) = (bill.first_day, bill.last_day, bill.volume);
        Span { first, last, volume, swap: bill.kind == bill::SWAP, stretch }
    }

    /// Where a bill on file ends, or ended.
    pub fn end_of(&self, row: &BillRow) -> Place {
        let ends = Ends { meters: &self.meters, marks: &self.marks };
        ends.to(row.last_day, row.reading, row.kind == bill::SWAP)
    }

    /// The use that a bill on file takes.
    pub fn span_on_file(&self, row: &BillRow) -> Span {
        let ends = Ends { meters: &self.meters, marks: &self.marks };
        let begins = ends.place(row.first_day, row.behind);
        let after = begins.unwrap_or_else(|| Place::start_of(row.first_day));
        let stretch = Stretch { after, to: self.end_of(row) };
        Span { first: row.first_day, last: row.last_day, volume: row.volume, swap: row.kind == bill::SWAP, stretch }
    }

    /// Notes a bill, so that the next one stands on it.
    pub fn add_span(&mut self, span: Span) {
        let place = self.spans.partition_point(|other| other.stretch.to <= span.stretch.to);
        self.spans.insert(place, span);
        self.cancelled.retain(|bill| !bill.taken_up_by(&span));
    }

    /// The marks that readings from one day to another close with. A reading whose cancelled bill had also taken what came behind it on
    /// its day closes with that.
    pub fn closing_marks(&self, from: NaiveDate, to: NaiveDate) -> Vec<usize> {
        let history = self.history();
        let mut found = history.closing_marks(from, to);
        for end in &mut found {
            let place = history.place(*end);
            let took_in = self.cancelled.iter().filter(|bill| bill.took_in(place)).map(Cancelled::to).max();
            *end = took_in.and_then(|to| history.mark_at(to)).unwrap_or(*end);
        }
        found.dedup();
        found
    }

    /// The same of every day.
    pub fn all_closing_marks(&self) -> Vec<usize> {
        self.closing_marks(NaiveDate::MIN, NaiveDate::MAX)
    }

    /// The cancelled bill that a bill of a reading up to a place takes the place of.
    pub fn cancelled_at(&self, to: Place) -> Option<&Cancelled> {
        self.cancelled.iter().find(|bill| bill.to() == to && !bill.swap)
    }

    /// The account as it stood when a meter was taken down, by the place of the swap, and that of that meter's final mark; none when no slip
    /// says so.
    pub fn at_swap(&self, to: Place) -> Option<(Self, usize)> {
        let place = |mark: &Mark| Place::of(&self.meters, mark);
        let swap = self.marks.iter().rfind(|mark| mark.kind == MarkKind::Swap && place(mark) == to);
        // A bill that names no mark is of the last swap of its day.
        let swap =
            swap.or_else(|| self.marks.iter().rfind(|mark| mark.kind == MarkKind::Swap && mark.day == to.day))?;
        let old = self.meters.iter().find(|meter| meter.replaced_by == Some(swap.meter))?;
        let down = Place::taken_down(&self.meters, old.id, swap.day);
        let mut marks: Vec<Mark> = self.marks.iter().filter(|mark| place(mark) < down).cloned().collect();
        let end = marks.len();
        let (meter, value, registers) = (old.id, old.last?, Registers::default());
        marks.push(Mark { meter, value, kind: MarkKind::Read, registers, ..swap.clone() });
        Some((Self { marks, ..self.clone() }, end))
    }

    /// Adds a reading that is not on file (yet); answers its place among the marks.
    pub fn add_mark(&mut self, mark: Mark) -> usize {
        let key = |mark: &Mark| (Place::of(&self.meters, mark), mark.id);
        let place = self.marks.partition_point(|other| key(other) <= key(&mark));
        self.marks.insert(place, mark);
        place
    }

    /// The last volume of the old system that was more than nothing.
    pub fn last_recent(&self) -> Option<u32> {
        self.recent.iter().rev().copied().find(|volume| *volume > 0)
    }

    /// Use of the last periods, whole units, oldest first.
    pub fn last_volumes(&self) -> Vec<u32> {
        self.history().last_volumes(PERIODS)
    }

    /// Their mean, for judging a reading.
    pub fn average(&self) -> Average {
        Average::of(&self.last_volumes())
    }

    /// The last reading: where the account's counter stands.
    pub fn last_mark(&self) -> Option<&Mark> {
        self.marks.last()
    }

    /// A meter by its name.
    pub fn meter(&self, id: Id) -> Option<&Meter> {
        self.meters.iter().find(|meter| meter.id == id)
    }

    /// The bill of the same season a year before a day: its volume (去年同期).
    pub fn a_year_before(&self, day: NaiveDate) -> Option<Milli> {
        let then = day.checked_sub_months(chrono::Months::new(12))?;
        self.spans.iter().find(|span| !span.swap && span.first <= then && then <= span.last).map(|span| span.volume)
    }
}

/// Months between two readings: water and gas every two months, power and heat every month.
pub fn months_between_readings(utility: Option<Utility>) -> u32 {
    match utility {
        Some(Utility::Power | Utility::Heat) => 1,
        Some(Utility::Water | Utility::Gas) | None => 2,
    }
}

/// Bills with an amount that were cancelled and not taken up by another. Several may have ended at one place: billed again and
/// cancelled again, or billed at two sites, where the second never was owed; the newest that was is named.
fn cancelled(bills: &[BilledSpan], spans: &[Span], ends: &Ends<'_>) -> Vec<Cancelled> {
    let owed = |row: &&BilledSpan| row.state == "cancelled" && row.amount > Fen::ZERO && row.kind != bill::OPENING;
    let was_double = |row: &BilledSpan| bill::was_double(row.id, row.last_day, &row.note);
    let one = |row: &BilledSpan| {
        let (id, first, last, swap) = (row.id, row.first_day, row.last_day, row.kind == bill::SWAP);
        let one = Cancelled { id, first, last, volume: row.volume, due: row.due, swap, stretch: ends.stretch(row) };
        (one, was_double(row))
    };
    let mut rows: Vec<(Cancelled, bool)> = bills.iter().filter(owed).map(one).collect();
    rows.sort_by_key(|(bill, double)| (bill.to(), bill.swap, *double, std::cmp::Reverse(bill.id)));
    let mut found: Vec<Cancelled> = Vec::new();
    for (one, _) in rows {
        match found.last_mut().filter(|known| (known.to(), known.swap) == (one.to(), one.swap)) {
            Some(known) => known.due = known.due.min(one.due),
            None => found.push(one),
        }
    }
    found.retain(|one| !spans.iter().any(|span| one.taken_up_by(span)));
    found
}

/// Cancelled bills that counted once, the older first.
fn void(bills: &[BilledSpan], ends: &Ends<'_>) -> Vec<Void> {
    let counted = |row: &&BilledSpan| {
        let double = bill::was_double(row.id, row.last_day, &row.note);
        row.state == "cancelled" && row.kind != bill::OPENING && !double
    };
    let one = |row: &BilledSpan| Void {
        id: row.id,
        to: ends.stretch(row).to,
        swap: row.kind == bill::SWAP,
        withdrawn: bill::was_withdrawn(&row.note),
    };
    let mut void: Vec<Void> = bills.iter().filter(counted).map(one).collect();
    void.sort_by_key(|one| one.id);
    void
}

/// Does a bill count as billed use?
fn lives(row: &BilledSpan) -> bool {
    row.kind != bill::OPENING && matches!(row.state.as_str(), "open" | "paid")
}

fn set_from(row: &PriceRow) -> SetFrom {
    SetFrom { from: row.from_day, class: row.class.clone(), confirmed: row.confirmed, mix: row.mix.clone() }
}

fn meter(row: &BilledMeter) -> Meter {
    Meter {
        id: row.id,
        dial_digits: u8::try_from(row.dial).unwrap_or(0),
        fitted: row.fitted,
        first: row.first,
        last: row.last,
        replaced_by: row.replaced_by,
        disputed: row.disputed,
    }
}

fn mark(row: &BilledReading) -> Mark {
    let kind = match row.source.as_str() {
        OPENING => MarkKind::Opening,
        SWAP => MarkKind::Swap,
        _ => MarkKind::Read,
    };
    Mark {
        id: row.id,
        day: row.day,
        meter: row.meter,
        value: row.value,
        kind,
        rollover: row.rollover,
        estimated: row.estimated,
        registers: super::by_register::of_column(&row.registers),
    }
}
