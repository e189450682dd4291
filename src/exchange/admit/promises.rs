//! What a header promises of each chain, against what came; and what of it a branch keeps as head office's word.

use super::Work;
use crate::exchange::chains;
use crate::exchange::error::ExchangeError;
use crate::exchange::header::Range;
use crate::exchange::send::{first_bytes, hex};
use crate::exchange::take::chain_of;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::entries::EntryRow;
use crate::store::tables::exchange::{ProofRow, SignedHeaderRow};

impl Work<'_> {
    /// Counts, sums and heads as the header promised them.
    pub(super) fn check_promises(&mut self, tx: &Tx<'_>) -> Result<(), ExchangeError> {
        for range in std::mem::take(&mut self.header.ranges) {
            let chain = chain_of(&range)?;
            let promise = |what: &str| Err(ExchangeError::Promise(format!("{}.{} 的{what}", range.site, range.epoch)));
            let tally = self.tallies.remove(&chain).unwrap_or_default();
            if tally.count != range.count {
                return promise("张数");
            }
            if tally.sum.to_string() != range.sum {
                return promise("合计");
            }
            let at = |chain| chains::place(chain, range.last).map_or(Ok(None), |place| tx.entry_hash(place));
            let stands = at(chain)?.is_some_and(|hash| hex(&hash) == range.head);
            let stands_as_twin = at(chain.twin())?.is_some_and(|hash| hex(&hash) == range.head);
            let stands_as_main = at(chain.main())?.is_some_and(|hash| hex(&hash) == range.head);
            if !stands && !stands_as_twin && !stands_as_main {
                return promise("末张摘要");
            }
            self.header.ranges.push(range);
        }
        Ok(())
    }

    /// Keeps head office's signature over the heads its header names.
    pub(super) fn keep_proofs(&self, tx: &Tx<'_>) -> Result<(), ExchangeError> {
        let (body_hash, header, signature) = &self.proof_parts;
        for range in self.header.ranges.iter().filter(|range| range.site != self.taker.site.as_str()) {
            let chain = chain_of(range)?;
            let Ok(head) = blake3::Hash::from_hex(&range.head) else { continue };
            // What head office calls the main branch of a fork may stand here as the other: its signature is over that one.
            let stands = |chain: &Id| {
                let place = chains::place(*chain, range.last);
                place.map_or(Ok(None), |place| tx.entry_hash(place)).map(|hash| hash == Some(*head.as_bytes()))
            };
            let chain = if stands(&chain)? { chain } else { chain.across() };
            let known = tx.get::<ProofRow>(&[&chain])?;
            if !stands(&chain)? || known.is_some_and(|known| known.seq >= range.last) {
                continue;
            }
            let (header, signature) = (header.clone(), signature.to_vec());
            tx.put(&SignedHeaderRow { body_hash: *body_hash, header, signature })?;
            tx.put(&ProofRow { chain, seq: range.last, head: *head.as_bytes(), signed: *body_hash })?;
        }
        Ok(tx.drop_unused_signed_headers()?)
    }
}

/// What came of a chain, against the range its header promises.
pub(super) struct Tally {
    pub(super) range: std::ops::RangeInclusive<i64>,
    count: i64,
    sum: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { range: std::ops::RangeInclusive::new(1, 0), count: 0, sum: 0 }
    }
}

impl Tally {
    pub(super) fn of(range: &Range) -> Self {
        Self { range: range.first..=range.last, ..Self::default() }
    }

    pub(super) fn add(&mut self, row: &EntryRow) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(first_bytes(&row.hash));
    }
}
