//! What was acknowledged to those who made it, and from where it could come back when a machine is lost.

use meterdesk::rules::id::Id;
use meterdesk::store::tables::exchange::ProofRow;

use crate::report::Failure;
use crate::world::{OFFICE, World};

/// An entry somebody was told stands.
pub struct Acknowledged {
    /// Which place wrote it.
    pub owner: usize,
    /// The entry.
    pub id: Id,
    /// Its hash.
    pub hash: [u8; 32],
    /// Head office held it when a machine went back.
    pub reached: bool,
    /// No machine it could come back from holds it any more.
    pub gone: bool,
}

impl World {
    /// Which acknowledged entries head office holds now.
    pub fn note_reached(&mut self) -> Result<(), Failure> {
        let mut list = std::mem::take(&mut self.acknowledged);
        for one in list.iter_mut().filter(|one| !one.reached) {
            one.reached = self.holds(OFFICE, one)?;
        }
        self.acknowledged = list;
        Ok(())
    }

    /// Does a place hold an acknowledged entry, at its place or at that of a fork's second branch?
    pub fn holds(&self, place: usize, one: &Acknowledged) -> Result<bool, Failure> {
        let look = || {
            let tx = self.places[place].desk.look()?;
            Ok::<_, meterdesk::store::StoreError>(
                tx.entry_hash(one.id)? == Some(one.hash) || tx.entry_hash(one.id.twin())? == Some(one.hash),
            )
        };
        look().map_err(|error| self.fail(place, error))
    }

    /// Which acknowledged entries no machine holds any more from which they could come back.
    pub fn note_gone(&mut self) -> Result<(), Failure> {
        let mut list = std::mem::take(&mut self.acknowledged);
        for one in list.iter_mut().filter(|one| !one.gone) {
            one.gone = !self.can_come_back(one)?;
            if one.gone && one.reached && one.owner != OFFICE {
                self.report.lost_by_both += 1;
            } else if one.gone {
                self.report.never_sent += 1;
            }
        }
        self.acknowledged = list;
        Ok(())
    }

    /// Its author and head office can give an entry, and every branch that holds head office's signature over it.
    fn can_come_back(&self, one: &Acknowledged) -> Result<bool, Failure> {
        if self.holds(one.owner, one)? || self.holds(OFFICE, one)? {
            return Ok(true);
        }
        for place in (1..self.places.len()).filter(|place| *place != one.owner) {
            for chain in [one.id.chain(), one.id.twin().chain()] {
                let proof = self.places[place].desk.look().and_then(|tx| tx.get::<ProofRow>(&[&chain]));
                let proof = proof.map_err(|error| self.fail(place, error))?;
                if proof.is_some_and(|proof| proof.seq >= one.id.seq()) && self.holds(place, one)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
