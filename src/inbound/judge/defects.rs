//! The rows of a file that are not simply good: counted by kind, listed in the order of the file.

use std::collections::BTreeMap;

use super::defect::{Defect, Disposition, Kind};
use crate::inbound::spill::{Lined, Lost, Rows, Spill};

impl Lined for Defect {
    fn line(&self) -> u32 {
        self.line
    }
}

/// Defects, as many as a file has rows: their counts in memory, the rest as [`Spill`] keeps it.
#[derive(Debug, Default)]
pub struct Defects {
    rows: Spill<Defect>,
    counts: BTreeMap<Kind, u64>,
}

impl Defects {
    /// None yet.
    pub fn new(rows: Spill<Defect>) -> Self {
        Self { rows, counts: BTreeMap::new() }
    }

    /// Takes one.
    pub fn push(&mut self, defect: &Defect) {
        *self.counts.entry(defect.kind).or_default() += 1;
        self.rows.push(defect);
    }

    /// One of them is gone, and why.
    pub(super) fn lose(&mut self, lost: Lost) {
        self.rows.lose(lost);
    }

    /// In the order of the file.
    pub fn iter(&self) -> Rows<'_, Defect> {
        self.rows.iter()
    }

    /// Where they are kept.
    pub fn rows(&self) -> &Spill<Defect> {
        &self.rows
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.rows.len()
    }

    /// A file without a fault?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many of each kind.
    pub fn by_kind(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }

    /// How many of one kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// How many that are treated so.
    pub fn count(&self, disposition: Disposition) -> u64 {
        self.counts.iter().filter(|(kind, _)| kind.disposition() == disposition).map(|(_, count)| count).sum()
    }

    /// Is every one kept?
    pub fn check(&self) -> Result<(), Lost> {
        self.rows.check()
    }
}

impl<'d> IntoIterator for &'d Defects {
    type Item = Result<Defect, Lost>;
    type IntoIter = Rows<'d, Defect>;

    fn into_iter(self) -> Rows<'d, Defect> {
        self.iter()
    }
}
