//! Who owes money, as a set of account ids in memory: two bytes an account, for putting debtors first.

use super::spread::ById;
use crate::rules::id::Id;

/// Ids share a block when all but their low 16 bits are equal.
const BLOCK_BITS: u32 = 16;
/// A block with more members than this is kept as bits (8 KiB) instead of a sorted list.
const LIST: usize = 4096;
const BLOCK_WORDS: usize = 1 << (BLOCK_BITS - 6);

/// The set of accounts that owe. Ids are sparse over 63 bits but come in runs, so blocks of lists and bits hold them.
#[derive(Default, Clone, Debug)]
pub struct Owes {
    blocks: ById<Block>,
    count: usize,
}

#[derive(Clone, Debug)]
enum Block {
    List(Vec<u16>),
    Bits(Box<[u64]>),
}

impl Owes {
    /// Notes that the account owes.
    pub fn set(&mut self, id: Id) {
        let (key, low) = split(id.0);
        if self.blocks.entry(key).or_insert_with(|| Block::List(Vec::new())).insert(low) {
            self.count += 1;
        }
    }

    /// Notes that the account owes nothing any more.
    pub fn clear(&mut self, id: Id) {
        let (key, low) = split(id.0);
        if self.blocks.get_mut(&key).is_some_and(|block| block.remove(low)) {
            self.count -= 1;
        }
    }

    /// Notes whether the account owes.
    pub fn note(&mut self, id: Id, owes: bool) {
        if owes { self.set(id) } else { self.clear(id) }
    }

    /// Does the account owe?
    pub fn has(&self, id: Id) -> bool {
        let (key, low) = split(id.0);
        self.blocks.get(&key).is_some_and(|block| block.has(low))
    }

    /// How many accounts owe.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Does nobody owe?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl FromIterator<Id> for Owes {
    fn from_iter<T: IntoIterator<Item = Id>>(ids: T) -> Self {
        let mut owes = Self::default();
        ids.into_iter().for_each(|id| owes.set(id));
        owes
    }
}

impl Block {
    fn insert(&mut self, low: u16) -> bool {
        match self {
            Self::List(list) => {
                let Err(place) = list.binary_search(&low) else { return false };
                list.insert(place, low);
                if list.len() > LIST {
                    *self = Self::bits(list);
                }
                true
            }
            Self::Bits(bits) => {
                let (word, bit) = bit(low);
                let new = bits[word] & bit == 0;
                bits[word] |= bit;
                new
            }
        }
    }

    fn remove(&mut self, low: u16) -> bool {
        match self {
            Self::List(list) => list.binary_search(&low).map(|place| list.remove(place)).is_ok(),
            Self::Bits(bits) => {
                let (word, bit) = bit(low);
                let old = bits[word] & bit != 0;
                bits[word] &= !bit;
                old
            }
        }
    }

    fn has(&self, low: u16) -> bool {
        match self {
            Self::List(list) => list.binary_search(&low).is_ok(),
            Self::Bits(bits) => {
                let (word, bit) = bit(low);
                bits[word] & bit != 0
            }
        }
    }

    fn bits(list: &[u16]) -> Self {
        let mut bits = vec![0; BLOCK_WORDS].into_boxed_slice();
        for &low in list {
            let (word, bit) = bit(low);
            bits[word] |= bit;
        }
        Self::Bits(bits)
    }
}

fn split(id: i64) -> (i64, u16) {
    (id >> BLOCK_BITS, (id & 0xFFFF) as u16)
}

fn bit(low: u16) -> (usize, u64) {
    (usize::from(low >> 6), 1 << (low & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_holds_what_a_set_holds(steps in proptest::collection::vec((0..3i64, 0..20_000i64, any::<bool>()), 0..9000)) {
            let (mut owes, mut set) = (Owes::default(), BTreeSet::new());
            for (far, near, owing) in steps {
                let id = (far << 40) + near;
                owes.note(Id(id), owing);
                if owing { set.insert(id); } else { set.remove(&id); }
            }
            prop_assert_eq!(owes.len(), set.len());
            for far in 0..3i64 {
                for near in (0..20_000).step_by(7) {
                    let id = (far << 40) + near;
                    prop_assert_eq!(owes.has(Id(id)), set.contains(&id));
                }
            }
        }
    }

    #[test]
    fn a_full_block_turns_into_bits_and_back_nothing_is_lost() {
        let mut owes: Owes = (0..10_000).map(Id).collect();
        assert_eq!(owes.len(), 10_000);
        (0..10_000).filter(|id| id % 2 == 0).for_each(|id| owes.clear(Id(id)));
        assert!(owes.has(Id(9_999)) && !owes.has(Id(9_998)));
        assert_eq!(owes.len(), 5_000);
        owes.clear(Id(77_777_777));
        assert!(!owes.is_empty());
    }
}
