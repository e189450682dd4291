//! The order of use within a day, for bills that meet on the day of a swap: the bill of what was read on the old meter, that of the
//! difference at the swap and that of what was read on the new one share the day and no use.

use chrono::NaiveDate;

use super::bill::{BillIssued, OPENING, SWAP};
use crate::derive::{DeriveError, Fx};
use crate::rules::billing::{Mark, MarkKind, Meter, Place, Registers, Stretch};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::tables::account::{MeterRow, ReadingRow};
use crate::store::tables::billing::BillRow;

/// The marks of an account.
pub(super) struct Order {
    meters: Vec<Meter>,
    marks: Vec<Mark>,
}

impl Order {
    /// Reads them.
    pub(super) fn read(fx: &Fx<'_, '_>, account: Id) -> Result<Self, DeriveError> {
        let meters = fx.tx.scan::<MeterRow>(&[&account])?.iter().map(meter).collect();
        let marks = fx.tx.scan::<ReadingRow>(&[&account])?.iter().map(mark).collect();
        Ok(Self { meters, marks })
    }

    fn mark(&self, day: NaiveDate, id: Option<Id>) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.day == day && Some(mark.id) == id)
    }

    fn place(&self, mark: &Mark) -> Place {
        Place::of(&self.meters, mark)
    }

    /// The use that a bill on file takes.
    pub(super) fn of_row(&self, row: &BillRow) -> Stretch {
        self.stretch((row.first_day, row.behind), (row.last_day, row.reading), &row.kind)
    }

    /// The use a bill of this kind takes, from behind a mark of its first day up to one of its last.
    pub(super) fn stretch(
        &self,
        (first, behind): (NaiveDate, Option<Id>),
        (last, reading): (NaiveDate, Option<Id>),
        kind: &str,
    ) -> Stretch {
        let after = self.mark(first, behind).map_or_else(|| Place::start_of(first), |mark| self.place(mark));
        let to = self.mark(last, reading).map(|mark| self.place(mark));
        Stretch { after, to: to.or_else(|| self.last_of(last, kind)).unwrap_or_else(|| Place::end_of(last)) }
    }

    /// Where the last mark of a day stands that a bill of this kind may end with.
    fn last_of(&self, day: NaiveDate, kind: &str) -> Option<Place> {
        let swap = kind == SWAP;
        let fits = |mark: &&Mark| mark.day == day && (mark.kind == MarkKind::Swap) == swap;
        self.marks.iter().filter(fits).map(|mark| self.place(mark)).max()
    }

    /// The mark of its first day that a bill begins behind: a living bill ended there, and this one is measured from it. One that begins
    /// with the day has none.
    pub(super) fn behind(&self, body: &BillIssued, living: &[BillRow]) -> Option<Id> {
        let to = self.stretch((body.first_day, None), (body.last_day, body.reading), &body.kind).to;
        let of_day = living.iter().filter(|row| row.kind != OPENING && row.last_day == body.first_day);
        let ends = of_day.filter_map(|row| self.mark(row.last_day, row.reading));
        let ends = ends.map(|mark| (self.place(mark), mark.id)).filter(|(place, _)| *place < to);
        let (place, id) = ends.max_by_key(|(place, _)| *place)?;
        let begins = |mark: &Mark| mark.value == body.from && self.place(mark) == place;
        self.marks.iter().any(begins).then_some(id)
    }
}

/// Are two bills of one kind? The difference at a swap stands beside the bill of a reading.
pub(super) fn alike(one: &str, other: &str) -> bool {
    one != OPENING && other != OPENING && (one == SWAP) == (other == SWAP)
}

fn meter(row: &MeterRow) -> Meter {
    Meter {
        id: row.id,
        dial_digits: 0,
        fitted: None,
        first: Milli::ZERO,
        last: None,
        replaced_by: row.replaced_by,
        disputed: row.disputed,
    }
}

fn mark(row: &ReadingRow) -> Mark {
    let kind = if row.source == "swap" { MarkKind::Swap } else { MarkKind::Read };
    let registers = Registers::default();
    let (id, day, meter, value) = (row.id, row.day, row.meter, row.value);
    Mark { id, day, meter, value, kind, rollover: row.rollover, estimated: row.estimated, registers }
}
