//! Entries head office has lost and a branch gives back: its own, and those of sites that lost them too. They come only with a header
//! of head office's own that names where they end, so nobody can slip it others.

use std::collections::BTreeMap;

use super::error::ExchangeError;
use super::proof::Proof;
use super::site_keys::SiteKeys;
use crate::book::entry;
use crate::rules::id::Id;
use crate::store::entries::EntryRow;

/// Most bytes of payloads and subjects given back in one bundle: head office looks at them when all are there.
pub(super) const MOST: i64 = 48 << 20;

/// Most bytes such entries may take up here, every text and what an entry costs by itself counted; of the sender's [`MOST`] no real
/// entries come near it.
const MOST_HERE: i64 = 6 * MOST;

/// What an entry costs beside its texts.
const EACH: usize = 256;

/// What one bundle gives back.
#[derive(Default)]
pub(super) struct Returned {
    chains: BTreeMap<Id, Vec<EntryRow>>,
    bytes: i64,
    here: i64,
    proof_bytes: i64,
    proofs: Vec<Proof>,
}

impl Returned {
    /// A proof has come.
    pub(super) fn prove(&mut self, proof: Proof, bytes: usize) -> Result<(), ExchangeError> {
        self.proof_bytes += bytes as i64;
        if self.proof_bytes > MOST {
            return Err(ExchangeError::Promise("退回的证明过多".into()));
        }
        self.proofs.push(proof);
        Ok(())
    }

    /// Entries are looked at when all of them are there, so there must not be too many.
    pub(super) fn keep(&mut self, row: EntryRow) -> Result<(), ExchangeError> {
        self.bytes += (row.payload.len() + row.subjects.len()) as i64;
        self.here += (row.payload.len() + entry::texts_len(&row) + EACH) as i64;
        if self.bytes > MOST || self.here > MOST_HERE {
            return Err(ExchangeError::Promise("退回的凭单过多".into()));
        }
        self.chains.entry(row.id.chain()).or_default().push(row);
        Ok(())
    }

    /// Chain by chain, those of which the holder of these keys has signed where each ends; and where the others end, which nobody
    /// vouches for.
    pub(super) fn proven(self, keys: &SiteKeys) -> (Vec<Vec<EntryRow>>, Vec<Id>) {
        let Self { chains, proofs, .. } = self;
        let fits = |chain: Id, rows: &[EntryRow]| {
            let last = rows.last().map_or([0; 32], |row| row.hash);
            proofs
                .iter()
                .any(|proof| proof.chain.main() == chain.main() && proof.head == last && proof.is_signed_by(keys))
        };
        let (good, unvouched): (Vec<_>, Vec<_>) = chains.into_iter().partition(|(chain, rows)| fits(*chain, rows));
        let ends = unvouched.iter().filter_map(|(_, rows)| rows.last()).map(|row| row.id).collect();
        (good.into_iter().map(|(_, rows)| rows).collect(), ends)
    }
}
