//! Whose things are meant: one site's, or everybody's. An id begins with its site, so what a site made lies side by side in
//! every table, and "this site's" is a range of keys.

use super::id::{Id, Site};

/// The ids of one site, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// First id.
    pub low: Id,
    /// Last id, included.
    pub high: Id,
}

impl Reach {
    /// Everybody's.
    pub const ALL: Self = Self { low: Id(i64::MIN), high: Id(i64::MAX) };

    /// What a site made, in all of its lives, on both branches of a fork.
    pub fn of(site: &Site) -> Self {
        let (low, high) = site.ids();
        Self { low, high }
    }

    /// What a site made and what the site made that it follows: codes between are nobody's.
    pub fn with_before(self, old: &Site) -> Self {
        Self { low: Self::of(old).low, ..self }
    }

    /// Is this one of them?
    pub fn holds(self, id: Id) -> bool {
        self.low <= id && id <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::id::{EPOCHS, ITEMS, SEQS};
    use proptest::prelude::*;

    #[test]
    fn everybody_is_everybody() {
        assert!(Reach::ALL.holds(Id(i64::MIN)) && Reach::ALL.holds(Id(0)) && Reach::ALL.holds(Id(i64::MAX)));
    }

    proptest! {
        #[test]
        fn a_site_reaches_its_own_ids_and_no_other(
            mine in "[A-Z0-9]{1,5}", other in "[A-Z0-9]{1,5}", epoch in 0..EPOCHS, seq in 0..SEQS, item in 0..ITEMS,
        ) {
            let (mine, other) = (Site::parse(&mine).unwrap(), Site::parse(&other).unwrap());
            let id = |site: &Site| Id::new(site, epoch, seq, item).unwrap();
            prop_assert!(Reach::of(&mine).holds(id(&mine)));
            prop_assert_eq!(Reach::of(&mine).holds(id(&other)), mine == other);
        }
    }
}
