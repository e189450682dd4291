//! What an account's billing looks back on, as the pure rules want it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::body;
use crate::derive::account::bill::{self, BillIssued};
use crate::desk::tariffs;
use crate::rules::billing::history::read_recent;
use crate::rules::billing::{Begun, History, Mark, MarkKind, Meter, Registers, Span, chain};
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::price_days::{self, SetFrom};
use crate::rules::pricing::Pricing;
use crate::rules::reading_use::Average;
use crate::rules::sealed_use::stands_still;
use crate::rules::utility::Utility;
use crate::store::query::billing::BillingFacts;
use crate::store::tables::adjust::PriceRow;
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
    /// Its readings in the order (day, id).
    pub marks: Vec<Mark>,
    /// Its living bills.
    pub spans: Vec<Span>,
    /// Its held bills: last day and reason.
    pub held: Vec<(NaiveDate, String)>,
    /// Bills that were cancelled and whose days no living bill took up, in the order of their days.
    pub cancelled: Vec<Cancelled>,
    /// What its last living bill of more than nothing came to.
    pub last_amount: Option<Fen>,
    /// The meter on the wall that should stand still, and since when that is known.
    pub shut: Option<(Id, Option<NaiveDate>)>,
    /// Days of readings that a sealed meter gave.
    pub sealed: Vec<NaiveDate>,
    /// Prices set from a day that stand, in their order.
    pub prices: Vec<SetFrom>,
    /// The days on which the account got another owner.
    pub handed_over: Vec<NaiveDate>,
    /// Bills that were cancelled and counted before, by last day and whether they were of a swap.
    void: Vec<Void>,
    /// What the newest of each day was calculated with, once they are [`Ledger::recalled`].
    calculated: BTreeMap<(NaiveDate, bool), BillIssued>,
    recent: Vec<u32>,
    opened: Option<NaiveDate>,
    months: u32,
}

/// A cancelled bill that counted once.
#[derive(Debug, Clone, Copy)]
struct Void {
    id: Id,
    last: NaiveDate,
    swap: bool,
    withdrawn: bool,
}

/// A bill that was owed until it was cancelled, and whose reading, or the difference at a swap, is due again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// The bill; of several of one day the newest.
    pub id: Id,
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// 用量.
    pub volume: Milli,
    /// Last day without late fee: the earliest that a bill of these days had. What takes its place keeps it.
    pub due: NaiveDate,
    /// It was the difference at a swap.
    pub swap: bool,
}

impl Cancelled {
    /// Does a living bill bill its use? Another bill of a swap's day may have ended before the meter was taken down.
    pub fn taken_up_by(&self, span: &Span) -> bool {
        if !self.swap {
            return covers(span, self.last);
        }
        match span.swap {
            true => span.last == self.last,
            false => {
                covers(span, self.last) && (self.last < span.last || self.first < self.last || span.first == span.last)
            }
        }
    }
}

impl Ledger {
    /// Makes it from what the store holds.
    pub fn of(facts: &BillingFacts) -> Self {
        let utility = Utility::from_code(&facts.account.utility);
        let mut spans: Vec<Span> = facts.bills.iter().filter(|row| lives(row)).map(span).collect();
        spans.sort_by_key(|span| span.last);
        let held = facts.bills.iter().filter(|row| row.state == "held");
        let mut cancelled = cancelled(&facts.bills, &spans);
        let is_of = |bill: &Cancelled, row: &BilledReading| match bill.swap {
            true => row.source == SWAP,
            false => !matches!(row.source.as_str(), OPENING | SWAP),
        };
        cancelled.retain(|bill| facts.readings.iter().any(|row| row.day == bill.last && is_of(bill, row)));
        let billed = facts.bills.iter().filter(|row| lives(row) && row.kind != bill::SWAP && row.amount > Fen::ZERO);
        let wall = facts.meters.iter().rev().find(|meter| meter.removed.is_none());
        Self {
            cancelled,
            void: void(&facts.bills),
            calculated: BTreeMap::new(),
            meters: facts.meters.iter().map(meter).collect(),
            marks: facts.readings.iter().map(mark).collect(),
            spans,
            held: held.map(|row| (row.last_day, row.note.clone())).collect(),
            last_amount: billed.max_by_key(|row| row.last_day).map(|row| row.amount),
            shut: wall
                .filter(|meter| stands_still(&meter.state, meter.shut.is_some()))
                .map(|meter| (meter.id, meter.shut)),
            sealed: facts.readings.iter().filter(|row| !row.sealed.is_empty()).map(|row| row.day).collect(),
            prices: facts.prices.iter().filter(|row| row.stands).map(set_from).collect(),
            handed_over: facts.handed_over.clone(),
            recent: read_recent(&facts.account.recent),
            opened: facts.account.opened,
            months: months_between_readings(utility),
            account: facts.account.clone(),
        }
    }

    /// Reads what its cancelled bills were calculated with: who makes bills does it first.
    pub fn recalled(mut self, tx: &Tx<'_>) -> Result<Self, StoreError> {
        for Void { id, last, swap, withdrawn } in &self.void {
            // An approval that was rejected elsewhere put its bill in no bill's place.
            if *withdrawn && tx.entry(id.entry())?.is_some_and(|entry| entry.action == "adjustment.decide") {
                continue;
            }
            let issued = body::issued(tx, *id)?.filter(|issued| issued.held.is_none());
            self.calculated.extend(issued.map(|issued| ((*last, *swap), issued)));
        }
        Ok(self)
    }

    /// What the cancelled bill of a day was calculated with.
    pub fn calculated(&self, last: NaiveDate, swap: bool) -> Option<&BillIssued> {
        self.calculated.get(&(last, swap))
    }

    /// What decides its price on a day.
    pub fn price_on(&self, day: NaiveDate) -> Pricing<'_> {
        price_days::on(&tariffs::pricing(&self.account), &self.prices, day)
    }

    /// Where the ladder year of its customer begins, for a bill that ends on `last`.
    pub fn begun(&self, last: NaiveDate) -> Begun {
        Begun::of(self.opened, &self.handed_over, last)
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

    /// Notes a bill, so that the next one stands on it.
    pub fn add_span(&mut self, span: Span) {
        let place = self.spans.partition_point(|other| other.last <= span.last);
        self.spans.insert(place, span);
        self.cancelled.retain(|bill| !bill.taken_up_by(&span));
    }

    /// The cancelled bill that a bill of a reading of this day takes the place of.
    pub fn cancelled_on(&self, day: NaiveDate) -> Option<&Cancelled> {
        self.cancelled.iter().find(|bill| bill.last == day && !bill.swap)
    }

    /// The account as it stood when a meter was taken down on a day, and the place of that meter's final mark; none when no slip says so.
    pub fn at_swap(&self, day: NaiveDate) -> Option<(Self, usize)> {
        let swap = self.marks.iter().rfind(|mark| mark.day == day && mark.kind == MarkKind::Swap)?;
        let old = self.meters.iter().find(|meter| meter.replaced_by == Some(swap.meter))?;
        let last = chain::rank(&self.meters, old.id);
        let is_before = |mark: &Mark| mark.day < day || chain::rank(&self.meters, mark.meter) <= last;
        let mut marks: Vec<Mark> =
            self.marks.iter().filter(|mark| mark.day <= day && is_before(mark)).cloned().collect();
        let end = marks.len();
        let (meter, value, registers) = (old.id, old.last?, Registers::default());
        marks.push(Mark { meter, value, kind: MarkKind::Read, registers, ..swap.clone() });
        Some((Self { marks, ..self.clone() }, end))
    }

    /// Adds a reading that is not on file (yet); answers its place among the marks.
    pub fn add_mark(&mut self, mark: Mark) -> usize {
        let place = self.marks.partition_point(|other| (other.day, other.id) <= (mark.day, mark.id));
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

fn covers(span: &Span, day: NaiveDate) -> bool {
    span.first <= day && day <= span.last
}

/// Bills with an amount that were cancelled and not taken up by another. Several may have had one day's reading: billed again and
/// cancelled again, or billed at two sites, where the second never was owed; the newest that was is named.
fn cancelled(bills: &[BilledSpan], spans: &[Span]) -> Vec<Cancelled> {
    let owed = |row: &&BilledSpan| row.state == "cancelled" && row.amount > Fen::ZERO && row.kind != bill::OPENING;
    let mut rows: Vec<&BilledSpan> = bills.iter().filter(owed).collect();
    let is_swap = |row: &BilledSpan| row.kind == bill::SWAP;
    let was_double = |row: &BilledSpan| bill::was_double(row.id, row.last_day, &row.note);
    rows.sort_by_key(|row| (row.last_day, is_swap(row), was_double(row), std::cmp::Reverse(row.id)));
    let mut found: Vec<Cancelled> = Vec::new();
    for row in rows {
        let (id, first, last, swap) = (row.id, row.first_day, row.last_day, is_swap(row));
        let one = Cancelled { id, first, last, volume: row.volume, due: row.due, swap };
        match found.last_mut().filter(|known| (known.last, known.swap) == (last, swap)) {
            Some(known) => known.due = known.due.min(one.due),
            None => found.push(one),
        }
    }
    found.retain(|one| !spans.iter().any(|span| one.taken_up_by(span)));
    found
}

/// Cancelled bills that counted once, the older first.
fn void(bills: &[BilledSpan]) -> Vec<Void> {
    let counted = |row: &&BilledSpan| {
        let double = bill::was_double(row.id, row.last_day, &row.note);
        row.state == "cancelled" && row.kind != bill::OPENING && !double
    };
    let one = |row: &BilledSpan| Void {
        id: row.id,
        last: row.last_day,
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

fn span(row: &BilledSpan) -> Span {
    Span { first: row.first_day, last: row.last_day, volume: row.volume, swap: row.kind == bill::SWAP }
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
