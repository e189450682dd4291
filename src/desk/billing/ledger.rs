//! What an account's billing looks back on, as the pure rules want it.

use chrono::NaiveDate;

use crate::derive::account::bill;
use crate::rules::billing::history::read_recent;
use crate::rules::billing::{History, Mark, MarkKind, Meter, Span};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::reading_use::Average;
use crate::rules::utility::Utility;
use crate::store::query::billing::BillingFacts;
use crate::store::tables::billing_facts::{BilledMeter, BilledReading, BilledSpan, PricedAccount};

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
    recent: Vec<u32>,
    opened: Option<NaiveDate>,
    months: u32,
}

impl Ledger {
    /// Makes it from what the store holds.
    pub fn of(facts: &BillingFacts) -> Self {
        let utility = Utility::from_code(&facts.account.utility);
        let mut spans: Vec<Span> = facts.bills.iter().filter(|row| lives(row)).map(span).collect();
        spans.sort_by_key(|span| span.last);
        let held = facts.bills.iter().filter(|row| row.state == "held");
        Self {
            meters: facts.meters.iter().map(meter).collect(),
            marks: facts.readings.iter().map(mark).collect(),
            spans,
            held: held.map(|row| (row.last_day, row.note.clone())).collect(),
            recent: read_recent(&facts.account.recent),
            opened: facts.account.opened,
            months: months_between_readings(utility),
            account: facts.account.clone(),
        }
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

    /// Adds a reading that is not on file (yet); answers its place among the marks.
    pub fn add_mark(&mut self, mark: Mark) -> usize {
        let place = self.marks.partition_point(|other| (other.day, other.id) <= (mark.day, mark.id));
        self.marks.insert(place, mark);
        place
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
        _ => 2,
    }
}

/// Does a bill count as billed use?
fn lives(row: &BilledSpan) -> bool {
    row.kind != bill::OPENING && matches!(row.state.as_str(), "open" | "paid")
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
