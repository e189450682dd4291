//! Where use stands in the order of use: a day and, on a day on which a meter was swapped, the order within it — what was read on the old
//! meter, the swap, what was read on the new one. Readings of one meter on one day stand at one place: they count as one.

use chrono::NaiveDate;

use super::chain::{self, Mark, MarkKind, Meter};
use crate::rules::id::Id;

/// A place in the order of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day.
    pub day: NaiveDate,
    /// Within it: twice the meters that hung before, and one more for what was read.
    turn: usize,
}

impl Place {
    /// Before anything of a day.
    pub fn start_of(day: NaiveDate) -> Self {
        Self { day, turn: 0 }
    }

    /// Behind everything of a day.
    pub fn end_of(day: NaiveDate) -> Self {
        Self { day, turn: usize::MAX }
    }

    /// Of a mark.
    pub fn of(meters: &[Meter], mark: &Mark) -> Self {
        let rank = 2 * chain::rank(meters, mark.meter);
        Self { day: mark.day, turn: if mark.kind == MarkKind::Swap { rank } else { rank + 1 } }
    }

    /// Where a meter is taken down: the place of the mark that the swap leaves.
    pub fn taken_down(meters: &[Meter], meter: Id, day: NaiveDate) -> Self {
        Self { day, turn: 2 * chain::rank(meters, meter) + 2 }
    }
}

/// The use a bill takes: from behind one place up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Behind this.
    pub after: Place,
    /// Up to this.
    pub to: Place,
}

impl Stretch {
    /// Does it take in what stands at a place?
    pub fn holds(&self, place: Place) -> bool {
        self.after < place && place <= self.to
    }

    /// Do two share any use?
    pub fn shares(&self, other: &Self) -> bool {
        self.after < other.to && other.after < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::billing::Registers;
    use crate::rules::money::Milli;

    #[test]
    fn a_day_of_two_swaps_has_its_order_whatever_was_entered_first() {
        let day: NaiveDate = "2026-09-20".parse().unwrap();
        let meter = |id, next: Option<i64>| Meter {
            id: Id(id),
            dial_digits: 5,
            fitted: None,
            first: Milli::ZERO,
            last: None,
            replaced_by: next.map(Id),
            disputed: false,
        };
        let meters = [meter(9, Some(5)), meter(5, Some(7)), meter(7, None)];
        let place = |meter, kind| {
            let (id, value, registers) = (Id(1), Milli::ZERO, Registers::default());
            Place::of(
                &meters,
                &Mark { id, day, meter: Id(meter), value, kind, rollover: false, estimated: false, registers },
            )
        };
        let order = [
            Place::end_of(day.pred_opt().unwrap()),
            Place::start_of(day),
            place(9, MarkKind::Read),
            place(5, MarkKind::Swap),
            place(5, MarkKind::Read),
            place(7, MarkKind::Swap),
            place(7, MarkKind::Read),
            Place::end_of(day),
        ];
        assert!(order.is_sorted_by(|one, next| one < next), "{order:?}");
        assert_eq!(Place::taken_down(&meters, Id(9), day), order[3]);
        assert_eq!(place(9, MarkKind::Opening), order[2]);
        let (morning, swap) = (Stretch { after: order[1], to: order[2] }, Stretch { after: order[2], to: order[3] });
        assert!(!morning.shares(&swap) && !swap.holds(order[2]) && swap.holds(order[3]));
        assert!(morning.shares(&Stretch { after: order[0], to: order[3] }));
    }
}
