//! Sets of ids: thousands are put in and asked for at every key, so their hash is one multiplication.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A set of ids.
pub(super) type Ids = HashSet<i64, BuildHasherDefault<Spread>>;
/// Something by id.
pub(super) type ById<T> = HashMap<i64, T, BuildHasherDefault<Spread>>;

/// Spreads an id over all bits.
#[derive(Default, Clone, Debug)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let wide = u128::from(self.0 ^ number) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_entry_and_of_many_entries_stand_apart() {
        let hash = |id: i64| {
            let mut hasher = Spread::default();
            hasher.write_i64(id);
            hasher.finish()
        };
        for step in [1, 512, 1 << 20, 1 << 40] {
            let low: HashSet<u64> = (0..1_000).map(|n| hash(n * step) & 0xFFF).collect();
            let high: HashSet<u64> = (0..1_000).map(|n| hash(n * step) >> 57).collect();
            assert!(low.len() > 600 && high.len() > 100, "{step}: {} {}", low.len(), high.len());
        }
    }
}
