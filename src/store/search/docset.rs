//! A set of accounts in one block of 65,536, as bits while searching and as a short blob in the table.
//!
//! A blob is a tag and whatever is shortest: gaps (a rare name), runs (a street: its accounts stand side by side), or
//! the bits themselves (a digit that half the town has). Together with bits in memory this makes four common words
//! together as cheap as one.

use super::varint;

/// Accounts of one block.
pub(super) const BLOCK: usize = 1 << 16;
const WORDS: usize = BLOCK / 64;
const GAPS: u8 = 0;
const RUNS: u8 = 1;
const BITS: u8 = 2;

/// A set of places `0..65_536` in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    /// The empty set.
    pub(super) fn empty() -> Self {
        Self(vec![0; WORDS].into_boxed_slice())
    }

    /// Takes everything out.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Puts one place in.
    pub(super) fn set(&mut self, place: u16) {
        self.0[usize::from(place >> 6)] |= 1 << (place & 63);
    }

    /// Is the place in?
    pub(super) fn has(&self, place: u16) -> bool {
        self.0[usize::from(place >> 6)] & (1 << (place & 63)) != 0
    }

    /// Keeps what is in both.
    pub(super) fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(one, other)| *one &= other);
    }

    /// Puts in what is in the other.
    pub(super) fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(one, other)| *one |= other);
    }

    /// How many places are in?
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Is nothing in?
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds what a blob of [`encode`] holds. Of a damaged blob only what can be read.
    pub(super) fn add(&mut self, blob: &[u8]) {
        match blob.split_first() {
            Some((&GAPS, rest)) => self.add_gaps(rest),
            Some((&RUNS, rest)) => self.add_runs(rest),
            Some((&BITS, rest)) => {
                for (word, bytes) in self.0.iter_mut().zip(rest.as_chunks::<8>().0) {
                    *word |= u64::from_le_bytes(*bytes);
                }
            }
            _ => {}
        }
    }

    fn add_gaps(&mut self, mut rest: &[u8]) {
        let mut next = 0;
        while let Some(gap) = varint::read(&mut rest) {
            next = gap.saturating_add(next);
            let Ok(place) = u16::try_from(next) else { return };
            self.set(place);
            next += 1;
        }
    }

    fn add_runs(&mut self, mut rest: &[u8]) {
        let mut next = 0;
        loop {
            // Nearly all are of one byte each.
            let (gap, more) = match rest {
                [gap, more, behind @ ..] if (gap | more) < 0x80 => {
                    rest = behind;
                    (u64::from(*gap), u64::from(*more))
                }
                _ => match (varint::read(&mut rest), varint::read(&mut rest)) {
                    (Some(gap), Some(more)) => (gap, more),
                    _ => return,
                },
            };
            let first = gap.saturating_add(next);
            let last = more.saturating_add(first);
            if last >= BLOCK as u64 {
                return;
            }
            self.fill(first as usize, last as usize);
            next = last + 1;
        }
    }

    /// Sets the places from first to last.
    fn fill(&mut self, first: usize, last: usize) {
        let (from, to) = (first >> 6, last >> 6);
        let head = u64::MAX << (first & 63);
        let tail = u64::MAX >> (63 - (last & 63));
        if from == to {
            self.0[from] |= head & tail;
            return;
        }
        self.0[from] |= head;
        self.0[from + 1..to].fill(u64::MAX);
        self.0[to] |= tail;
    }

    /// The places in order.
    pub(super) fn places(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some((at * 64) as u16 + bit as u16)
            })
        })
    }
}

/// The shortest blob of a set. `places` rise.
pub(super) fn encode(places: &[u16]) -> Vec<u8> {
    let mut best = gaps(places);
    let runs = runs(places);
    if runs.len() < best.len() {
        best = runs;
    }
    if best.len() > BLOCK / 8 {
        let mut bits = Bits::empty();
        places.iter().for_each(|place| bits.set(*place));
        best.clear();
        best.push(BITS);
        best.extend(bits.0.iter().flat_map(|word| word.to_le_bytes()));
    }
    best
}

fn gaps(places: &[u16]) -> Vec<u8> {
    let (mut blob, mut next) = (vec![GAPS], 0);
    for place in places.iter().map(|place| u64::from(*place)) {
        varint::write(&mut blob, place - next);
        next = place + 1;
    }
    blob
}

fn runs(places: &[u16]) -> Vec<u8> {
    let (mut blob, mut next) = (vec![RUNS], 0);
    for run in places.chunk_by(|a, b| u32::from(*a) + 1 == u32::from(*b)) {
        let first = run.first().map_or(0, |place| u64::from(*place));
        varint::write(&mut blob, first - next);
        varint::write(&mut blob, run.len() as u64 - 1);
        next = first + run.len() as u64;
    }
    blob
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn back(blob: &[u8]) -> Vec<u16> {
        let mut bits = Bits::empty();
        bits.add(blob);
        bits.places().collect()
    }

    #[test]
    fn each_kind_of_set_takes_its_shortest_form() {
        let (rare, street): (Vec<u16>, Vec<u16>) = ((0..60_000).step_by(9_999).collect(), (100..40_000).collect());
        let digit: Vec<u16> = (0..=u16::MAX).filter(|place| place % 5 < 2 && place % 7 > 0).collect();
        for (places, tag, most) in
            [(rare, GAPS, 20), (street, RUNS, 8), (digit, BITS, BLOCK / 8 + 1), (vec![], GAPS, 1)]
        {
            let blob = encode(&places);
            assert_eq!(blob[0], tag);
            assert!(blob.len() <= most, "{}", blob.len());
            assert_eq!(back(&blob), places);
        }
        let all: Vec<u16> = (0..=u16::MAX).collect();
        assert_eq!(back(&encode(&all)), all);
    }

    proptest! {
        #[test]
        fn a_set_comes_back(set in proptest::collection::btree_set(any::<u16>(), 0..400), start in any::<u16>(), length in 0..9000u16) {
            let set: BTreeSet<u16> = set.into_iter().chain((0..length).map(|more| start.wrapping_add(more))).collect();
            let places: Vec<u16> = set.into_iter().collect();
            prop_assert_eq!(back(&encode(&places)), places);
        }

        #[test]
        fn a_damaged_blob_does_no_harm(blob in proptest::collection::vec(any::<u8>(), 0..200)) {
            back(&blob);
        }

        #[test]
        fn cutting_keeps_what_both_hold(a in proptest::collection::btree_set(any::<u16>(), 0..200), b in proptest::collection::btree_set(any::<u16>(), 0..200)) {
            let bits = |set: &BTreeSet<u16>| { let mut bits = Bits::empty(); set.iter().for_each(|place| bits.set(*place)); bits };
            let mut both = bits(&a);
            both.and(&bits(&b));
            prop_assert_eq!(both.places().collect::<Vec<_>>(), a.intersection(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(both.is_empty(), a.is_disjoint(&b));
        }
    }
}
