//! Head office: which entries of other sites a branch is to know. A branch knows what is its own area's or concerns a subject of
//! its own; whatever it is sent comes with the entries that opened its subjects, so that nothing hangs in the air.

use std::collections::BTreeSet;
use std::time::Instant;

use super::chains;
use super::peers::Peer;
use crate::book::subject::{self, Kind, Subject};
use crate::derive::bulk;
use crate::derive::twin::{self, Shelf};
use crate::rules::id::{Id, Site};
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::tables::account::AccountRow;
use crate::store::tables::base::RunRow;
use crate::store::tables::exchange::{FollowRow, RelayRow, SiftedRow};
use crate::store::tables::order::OrderRow;
use crate::store::{Db, StoreError, Tx};

/// Setting that names the life and areas the relay to a branch was made for.
fn basis_name(site: &Site) -> String {
    format!("relay.{site}")
}

/// Looks through what came since the last time and puts into the relay what the branch is to know, in slices.
pub fn sift(db: &mut Db, own: &Site, life: i64, peer: &Peer) -> Result<(), StoreError> {
    if peer.everything {
        return Ok(());
    }
    let tx = db.write()?;
    begin(&tx, life, peer)?;
    tx.commit()?;
    while slice(db, own, peer)? {}
    Ok(())
}

/// In a new life, for other areas, or when a fork has shown, the relay begins again.
fn begin(tx: &Tx<'_>, life: i64, peer: &Peer) -> Result<(), StoreError> {
    let name = basis_name(&peer.site);
    let basis = format!("{life} {}", peer.areas.join(" "));
    let known = tx.setting(&name)?;
    let fork = new_fork(tx, peer)?;
    if known.as_deref() == Some(basis.as_str()) && !fork {
        return Ok(());
    }
    let same_life = known.is_some_and(|known| known.split(' ').next() == Some(life.to_string().as_str()));
    if same_life {
        tx.forget_sifted(peer.site.as_str())?; // look again, the numbers go on
        note_forks(tx, peer)?;
    } else {
        tx.forget_relay(peer.site.as_str())?;
    }
    tx.set_setting(&name, &basis)
}

/// Has a fork's second branch come since the last time? What its author and those who followed it wrote was read by other names before.
fn new_fork(tx: &Tx<'_>, peer: &Peer) -> Result<bool, StoreError> {
    for chain in tx.chains()?.into_iter().filter(|chain| chain.is_twin()) {
        if tx.get::<SiftedRow>(&[&peer.site.as_str(), &chain])?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn note_forks(tx: &Tx<'_>, peer: &Peer) -> Result<(), StoreError> {
    for chain in tx.chains()?.into_iter().filter(|chain| chain.is_twin()) {
        tx.put(&SiftedRow { site: peer.site.as_str().to_owned(), chain, seq: 0 })?;
    }
    Ok(())
}

/// Looks at some entries of every chain; false when nothing is left.
fn slice(db: &mut Db, own: &Site, peer: &Peer) -> Result<bool, StoreError> {
    let started = Instant::now();
    let tx = db.write()?;
    let mut more = false;
    let next = tx.relay_last(peer.site.as_str())? + 1;
    let mut sieve = Sieve { tx: &tx, own, peer, next, names: Shelf::default() };
    for held in chains::all_whole(&tx)?.into_iter().filter(|held| held.chain.site() != *own) {
        let mut seq = tx.sifted(peer.site.as_str(), held.chain)?;
        while seq < held.seq && !more {
            for entry in tx.stretch(held.chain, seq, held.seq, 64)? {
                seq = entry.id.seq();
                sieve.look(&entry)?;
            }
            more = started.elapsed() >= bulk::SLICE;
        }
        tx.put(&SiftedRow { site: peer.site.as_str().to_owned(), chain: held.chain, seq })?;
        more |= seq < held.seq;
    }
    tx.commit()?;
    Ok(more)
}

struct Sieve<'t, 'c> {
    tx: &'t Tx<'c>,
    own: &'t Site,
    peer: &'t Peer,
    next: i64,
    names: Shelf,
}

impl Sieve<'_, '_> {
    /// Decides about one entry, and about whom it makes known.
    fn look(&mut self, entry: &EntryRow) -> Result<(), StoreError> {
        let subjects = self.subjects(entry)?;
        let by_peer = entry.id.site() == self.peer.site;
        let mut concerns = false;
        for one in subjects {
            if by_peer {
                // What the branch itself writes about, it follows wherever it came from.
                if one.id.site() != self.peer.site && can_be_followed(one.kind) {
                    self.follow(one)?;
                }
            } else if self.is_known(one)? {
                concerns = true;
                self.follow(one)?;
            }
        }
        if concerns { self.send(entry.id) } else { Ok(()) }
    }

    fn is_known(&self, one: Subject) -> Result<bool, StoreError> {
        if !can_be_followed(one.kind) {
            return Ok(false);
        }
        if one.id.site() == self.peer.site || self.tx.follows(self.peer.site.as_str(), one.kind.letter(), one.id)? {
            return Ok(true);
        }
        Ok(self.area_of(one)?.is_some_and(|area| self.peer.areas.contains(&area)))
    }

    fn area_of(&self, one: Subject) -> Result<Option<String>, StoreError> {
        match one.kind {
            Kind::Account => Ok(self.tx.get::<AccountRow>(&[&one.id])?.and_then(|account| account.area)),
            Kind::Order => Ok(self.tx.get::<OrderRow>(&[&one.id])?.map(|order| order.area)),
            _ => Ok(None),
        }
    }

    /// From now on the branch knows this subject: its whole history is sent.
    fn follow(&mut self, one: Subject) -> Result<(), StoreError> {
        let (site, kind) = (self.peer.site.as_str().to_owned(), one.kind.letter().to_owned());
        if one.id.site() == self.peer.site || self.tx.follows(&site, &kind, one.id)? {
            return Ok(());
        }
        self.tx.put(&FollowRow { site, kind: kind.clone(), subject: one.id })?;
        for part in self.tx.scan::<SubjectRow>(&[&kind, &one.id])? {
            self.send(part.id.entry())?;
        }
        Ok(())
    }

    /// Puts an entry into the relay, behind those that opened its subjects and, for a row of a run, the run.
    fn send(&mut self, id: Id) -> Result<(), StoreError> {
        let id = id.entry();
        let held_already = id.site() == self.peer.site || id.site() == *self.own;
        if held_already || self.tx.is_relayed_to(self.peer.site.as_str(), id)? {
            return Ok(());
        }
        let Some(entry) = self.tx.entry(id)? else { return Ok(()) };
        for witness in twin::witnesses(self.tx, &id.site(), id.epoch())? {
            if witness != id {
                self.send(witness)?;
            }
        }
        if self.tx.is_relayed_to(self.peer.site.as_str(), id)? {
            return Ok(());
        }
        self.put(id)?;
        let run = bulk::run_text(&entry.payload).filter(|_| bulk::is_bulk(&entry.payload));
        if let Some(run) = run.map(|run| self.named(id, run)).transpose()?.and_then(|run| run.parse().ok()) {
            self.send(run)?;
            let closed_by = self.tx.get::<RunRow>(&[&run])?.and_then(|run| run.closed_by);
            return closed_by.map_or(Ok(()), |close| self.send(close));
        }
        let subjects: BTreeSet<Id> = self.subjects(&entry)?.into_iter().map(|one| one.id.entry()).collect();
        for opening in subjects.into_iter().filter(|opening| *opening != id) {
            self.send(opening)?;
        }
        Ok(())
    }

    /// Whom an entry is about, by the names its author used.
    fn subjects(&mut self, entry: &EntryRow) -> Result<BTreeSet<Subject>, StoreError> {
        let text = self.named(entry.id, &entry.subjects)?;
        Ok(subject::read(&text, entry.id).unwrap_or_default().into_iter().flatten().collect())
    }

    fn named(&mut self, place: Id, text: &str) -> Result<String, StoreError> {
        Ok(self.names.of(self.tx, place)?.text(text).into_owned())
    }

    fn put(&mut self, entry: Id) -> Result<(), StoreError> {
        let site = self.peer.site.as_str().to_owned();
        self.tx.put(&RelayRow { site, number: self.next, entry })?;
        self.next += 1;
        Ok(())
    }
}

/// Kinds a branch can be told of by itself. A shift, a run, a user come along where an entry of these names them.
fn can_be_followed(kind: Kind) -> bool {
    matches!(kind, Kind::Account | Kind::Order | Kind::Request | Kind::Slip)
}
