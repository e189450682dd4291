//! Where an entry of a chain goes: what is held already, the next, a twin after a fork. What `verify` would call a fault there is refused.

use super::Work;
use crate::book::entry;
use crate::book::verify::{self, Flaw};
use crate::derive::site::AcceptedFork;
use crate::derive::twin;
use crate::exchange::chains::{self, Held};
use crate::exchange::error::ExchangeError;
use crate::exchange::send::hex;
use crate::exchange::take::Taken;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::entries::EntryRow;

impl Work<'_> {
    /// Of a fork, the two sides may disagree which branch is the main one: what we hold there is not needed again as a twin, and what
    /// follows it goes on there.
    fn by_own_names(&mut self, tx: &Tx<'_>, mut row: EntryRow) -> Result<Option<EntryRow>, ExchangeError> {
        if !row.id.is_twin() {
            return Ok(Some(row));
        }
        let main = row.id.main();
        self.flush(tx)?;
        if tx.entry_hash(main)? == Some(row.hash) {
            return Ok(None);
        }
        let head = self.head(tx, main.chain())?;
        if head.is_some_and(|head| head.seq + 1 == row.seq && head.head == row.prev) {
            row.id = main;
        }
        Ok(Some(row))
    }

    pub(super) fn put_in_place(&mut self, tx: &Tx<'_>, row: EntryRow, taken: &mut Taken) -> Result<(), ExchangeError> {
        let Some(mut row) = self.by_own_names(tx, row)? else { return Ok(()) };
        if self.forks
            && let Some(fork) = tx.fork_at(row.id)?
        {
            // Head office has said on which branch this stands.
            self.flush(tx)?;
            let (main, twin) = (fork.place, fork.place.twin());
            row.id = if row.hash == fork.twin {
                twin
            } else if row.hash == fork.main {
                main
            } else {
                row.id
            };
        }
        match self.place_for(tx, &row)? {
            Place::Known => {
                self.no_longer_single(tx, &row, row.id)?;
                // What is not remembered is read again, from a chain that may be held further.
                if self.heads.contains_key(&row.id.chain()) {
                    self.advance(&row);
                }
            }
            Place::KnownTwin => self.no_longer_single(tx, &row, row.id.twin())?,
            Place::Next => {
                if row.id.is_twin()
                    && self.head(tx, row.id.chain())?.is_none()
                    && let Some(main) = tx.entry_hash(row.id.main())?
                {
                    tell_fork(tx, taken, row.id, main, row.hash)?; // known to its sender, new here
                }
                self.advance(&row);
                self.push(row);
            }
            Place::Twin(fork) => {
                let at = row.id.main().entry();
                row.id = row.id.twin();
                if let Some(held) = fork {
                    // Of its own two branches head office calls that the main one which others held.
                    let own = at.site() == *self.taker.site;
                    let (main, other) = if own { (row.hash, held) } else { (held, row.hash) };
                    tell_fork(tx, taken, at, main, other)?;
                }
                self.advance(&row);
                self.push(row);
            }
        }
        Ok(())
    }

    /// Where an entry of a chain goes: it is held already, it is the next, or it belongs to the twin of a fork.
    fn place_for(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<Place, ExchangeError> {
        let chain = row.id.chain();
        let head = self.head(tx, chain)?;
        let held = head.map_or(0, |head| head.seq);
        if row.seq <= held {
            self.flush(tx)?;
            if tx.entry_hash(row.id)? == Some(row.hash) {
                return Ok(Place::Known);
            }
            return self.twin_place(tx, row);
        }
        let follows = match head {
            Some(head) => row.seq == head.seq + 1 && row.prev == head.head,
            None if row.seq == 1 && !self.begins_well(tx, row)? => {
                return Err(ExchangeError::Early(row.id.to_string()));
            }
            None if chain.is_twin() => self.begins_well(tx, row)? && twin::fits(tx, row)?,
            None => row.seq == 1,
        };
        if follows {
            self.in_order(tx, row, row.id, head)?;
            return Ok(if tx.entry_hash(row.id)? == Some(row.hash) { Place::Known } else { Place::Next });
        }
        self.twin_place(tx, row)
    }

    /// A life begins from nothing, or after any entry of another life of its site.
    fn begins_well(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<bool, ExchangeError> {
        if row.prev == entry::genesis(&row.site, row.epoch) {
            return Ok(true);
        }
        self.flush(tx)?;
        Ok(tx.entry_of_hash_elsewhere(row.id.chain(), &row.prev)?.is_some())
    }

    /// The twin's place for an entry that differs from the one held: known there, the next there, or the first.
    fn twin_place(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<Place, ExchangeError> {
        self.flush(tx)?;
        let twin = row.id.twin();
        if tx.entry_hash(twin)? == Some(row.hash) {
            return Ok(Place::KnownTwin);
        }
        let before = |place: Option<Id>| place.map_or(Ok(None), |place| tx.entry_hash(place));
        let head = tx.chain_last(twin.chain())?;
        let goes_on = head.is_some_and(|head| head.seq() + 1 == row.seq) && before(head)? == Some(row.prev);
        if goes_on {
            self.in_order(tx, row, twin, None)?;
            return Ok(Place::Twin(None));
        }
        let forks_off =
            head.is_none() && (row.seq == 1 || before(chains::place(row.id.chain(), row.seq - 1))? == Some(row.prev));
        match tx.entry_hash(row.id)? {
            Some(_) if forks_off && row.seq == 1 && !self.begins_well(tx, row)? => {
                Err(ExchangeError::Early(row.id.to_string()))
            }
            Some(held) if forks_off => {
                self.in_order(tx, row, twin, None)?;
                Ok(Place::Twin(Some(held)))
            }
            _ => Err(ExchangeError::Promise(format!("凭单 {} 与已有的不相接", row.id))),
        }
    }

    /// What `verify` would call a fault at this place is refused here. `head`: the end of the chain, when it is known that the entry
    /// follows it.
    fn in_order(&mut self, tx: &Tx<'_>, row: &EntryRow, place: Id, head: Option<Held>) -> Result<(), ExchangeError> {
        let flaw = match head {
            Some(head) => (!verify::rises(head.hlc, row.hlc)).then_some(Flaw::Backwards(place)),
            None => {
                self.flush(tx)?;
                verify::flaw_at(tx, &EntryRow { id: place, ..row.clone() })?
            }
        };
        match flaw {
            None => Ok(()),
            Some(Flaw::Backwards(_)) if self.is_vouched(place) => {
                self.back.push(place);
                Ok(())
            }
            Some(flaw) => Err(ExchangeError::Flawed(flaw.to_string())),
        }
    }

    /// Does head office know of an entry whose stamp does not rise, because it has held it from before that was refused? Its word is in
    /// its header; of what it has lost itself, in its signature.
    fn is_vouched(&self, place: Id) -> bool {
        let told = self.vouched.contains(&place) || self.vouched.contains(&place.across());
        if self.head_office { self.proven } else { told }
    }

    /// An entry held by itself is part of its chain from now on, and must be sound there.
    fn no_longer_single(&mut self, tx: &Tx<'_>, row: &EntryRow, place: Id) -> Result<(), ExchangeError> {
        if tx.is_single(place)? {
            self.in_order(tx, row, place, None)?;
            tx.unmark_single(place)?;
        }
        Ok(())
    }

    pub(super) fn head(&mut self, tx: &Tx<'_>, chain: Id) -> Result<Option<Held>, ExchangeError> {
        if let Some(head) = self.heads.get(&chain) {
            return Ok(*head);
        }
        let head = chains::whole(tx, chain)?;
        self.heads.insert(chain, head);
        Ok(head)
    }

    /// A chain is now held whole up to this entry, at least.
    pub(super) fn advance(&mut self, row: &EntryRow) {
        let chain = row.id.chain();
        let seq = row.id.seq();
        let known = self.heads.get(&chain).copied().flatten();
        if known.is_none_or(|held| held.seq < seq) {
            self.heads.insert(chain, Some(Held { chain, seq, head: row.hash, hlc: row.hlc }));
        }
    }
}

/// A place has two entries: unless head office has said so before, it is news.
fn tell_fork(tx: &Tx<'_>, taken: &mut Taken, place: Id, main: [u8; 32], other: [u8; 32]) -> Result<(), ExchangeError> {
    let place = place.main().entry();
    if tx.fork_at(place)?.is_none() {
        taken.forks.push(AcceptedFork { place, held: hex(&main), other: hex(&other) });
    }
    Ok(())
}

/// Where an entry of a chain goes.
enum Place {
    /// It stands already.
    Known,
    /// It stands already, on the fork's second branch.
    KnownTwin,
    /// It is the chain's next.
    Next,
    /// It goes to the twin; at the fork itself with the hash of the entry held there.
    Twin(Option<[u8; 32]>),
}
