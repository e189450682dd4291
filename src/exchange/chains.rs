//! Chains as this book holds them. A chain is one life of a site, or the twin of one after a fork; it is held *whole* up to its
//! first entry that came by itself.

use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// How far a chain is held whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The chain, named by the place before its first entry.
    pub chain: Id,
    /// Its last entry's number.
    pub seq: i64,
    /// That entry's hash.
    pub head: [u8; 32],
    /// Its stamp.
    pub hlc: i64,
}

/// How far a chain is held whole; `None` when not even its first entry is.
pub fn whole(tx: &Tx<'_>, chain: Id) -> Result<Option<Held>, StoreError> {
    let last = match tx.first_single(chain)? {
        None => tx.chain_last(chain)?,
        // What came by itself may stand further on than the chain goes.
        Some(single) => tx.last_between(chain, single)?,
    };
    let Some(last) = last else { return Ok(None) };
    Ok(tx.entry_stamp(last)?.map(|(head, hlc)| Held { chain, seq: last.seq(), head, hlc }))
}

/// Every chain that is held whole, at least in part, in order.
pub fn all_whole(tx: &Tx<'_>) -> Result<Vec<Held>, StoreError> {
    let mut found = Vec::new();
    for chain in tx.chains()? {
        found.extend(whole(tx, chain)?);
    }
    Ok(found)
}

/// Is what another site says it holds held here too: at this place of the chain, or of a fork's other branch, the entry of this hash?
pub fn holds(tx: &Tx<'_>, chain: Id, seq: i64, head: [u8; 32]) -> Result<bool, StoreError> {
    for chain in [chain, chain.across()] {
        let hash = place(chain, seq).map_or(Ok(None), |place| tx.entry_hash(place))?;
        if hash == Some(head) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The place of a chain's entry; `None` before the first.
pub fn place(chain: Id, seq: i64) -> Option<Id> {
    (seq > 0).then_some(()).and_then(|()| Id::new(&chain.site(), chain.epoch(), seq, 0))
}
