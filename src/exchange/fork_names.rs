//! Which branch of a fork a sender calls the main one. Sender and recipient may have learned of the branches in another order, or not
//! of the same words of head office about them; what is sent entry by entry goes by the sender's names, so it tells them.

use std::collections::BTreeMap;

use super::header::{Fork, Header};
use super::send::hex;
use crate::rules::id::{Id, Site};
use crate::store::{StoreError, Tx};

/// The forks this book holds, as its bundles tell of them.
pub(super) fn told(tx: &Tx<'_>) -> Result<Vec<Fork>, StoreError> {
    let mut found = Vec::new();
    for chain in tx.chains()?.into_iter().filter(|chain| chain.is_twin()) {
        let Some(first) = tx.first_of_epoch(&chain.site(), chain.epoch())? else { continue };
        let fork = match tx.fork_before(first.id)? {
            Some(fork) => Some((fork.place, fork.main)),
            None => tx.entry_hash(first.id.main())?.map(|main| (first.id.main(), main)),
        };
        found.extend(fork.map(|(place, main)| Fork {
            site: place.site().as_str().to_owned(),
            epoch: place.epoch(),
            seq: place.seq(),
            main: hex(&main),
        }));
    }
    Ok(found)
}

/// What a header says, by life.
#[derive(Default)]
pub(super) struct ForkNames(BTreeMap<Id, Named>);

/// One fork, as the sender names its branches.
#[derive(Clone, Copy)]
pub(super) struct Named {
    place: Id,
    main: [u8; 32],
}

impl ForkNames {
    pub(super) fn of(header: &Header) -> Self {
        let named = |fork: &Fork| {
            let site = Site::parse(&fork.site).ok()?;
            let place = Id::new(&site, fork.epoch, fork.seq, 0)?;
            let main = *blake3::Hash::from_hex(&fork.main).ok()?.as_bytes();
            Some((place.chain(), Named { place, main }))
        };
        Self(header.forks.iter().filter_map(named).collect())
    }

    /// The fork the sender knows of in this life, at this place or before it.
    pub(super) fn behind(&self, place: Id) -> Option<Named> {
        self.0.get(&place.main().chain()).copied().filter(|named| named.place <= place.main())
    }
}

impl Named {
    /// Does the branch the sender calls the main one stand here as the other?
    pub(super) fn is_named_otherwise(self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        let (main, twin) = (tx.entry_hash(self.place)?, tx.entry_hash(self.place.twin())?);
        if main == Some(self.main) || twin == Some(self.main) {
            return Ok(main != Some(self.main));
        }
        match tx.fork_at(self.place)? {
            Some(fork) => Ok(fork.twin == self.main),
            None => Ok(main.is_some() && twin.is_none()),
        }
    }
}
