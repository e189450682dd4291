//! Head office: which entries of other sites a branch is to know. A branch knows what is its own area's or concerns a subject of
//! its own; whatever it is sent comes with the entries that opened its subjects, so that nothing hangs in the air.

use std::time::{Duration, Instant};

use super::peers::Peer;
use super::sieve::Sieve;
use crate::derive::bulk;
use crate::rules::id::{Id, Site};
use crate::store::tables::exchange::SiftedRow;
use crate::store::{Db, StoreError, Tx};

/// Setting that names the life and areas the relay to a branch was made for.
fn basis_name(site: &Site) -> String {
    format!("relay.{site}")
}

/// Looks through what came since the last time and puts into the relays what the branches are to know, in slices. The caller holds the
/// exchange's lock.
pub fn sift(db: &mut Db, own: &Site, life: i64, peers: &[Peer]) -> Result<(), StoreError> {
    sift_in_slices(db, own, life, peers, bulk::SLICE)
}

/// The same in slices of about this length; at zero each is one step.
pub fn sift_in_slices(db: &mut Db, own: &Site, life: i64, peers: &[Peer], slice: Duration) -> Result<(), StoreError> {
    let peers: Vec<&Peer> = peers.iter().filter(|peer| !peer.everything).collect();
    if peers.is_empty() {
        return Ok(());
    }
    let twins: Vec<Id> = db.read()?.chains()?.into_iter().filter(|chain| chain.is_twin()).collect();
    let mut to_begin = peers.iter();
    while to_begin.len() > 0 {
        let (tx, started) = (db.write()?, Instant::now());
        for peer in to_begin.by_ref() {
            begin(&tx, life, peer, &twins)?;
            if started.elapsed() >= slice {
                break;
            }
        }
        tx.commit()?;
    }
    let mut sieve = Sieve::new(&db.read()?, own, &peers)?;
    loop {
        let tx = db.write()?;
        let more = sieve.slice(&tx, slice)?;
        tx.commit()?;
        if !more {
            return Ok(());
        }
    }
}

/// In a new life, for other areas, or when a fork has shown, the relay begins again.
fn begin(tx: &Tx<'_>, life: i64, peer: &Peer, twins: &[Id]) -> Result<(), StoreError> {
    let name = basis_name(&peer.site);
    let basis = format!("{life} {}", peer.areas.join(" "));
    let known = tx.setting(&name)?;
    let mut unmet = Vec::new(); // second branches that have come since: what was read by other names before
    for chain in twins {
        if tx.get::<SiftedRow>(&[&peer.site.as_str(), chain])?.is_none() {
            unmet.push(*chain);
        }
    }
    if known.as_deref() == Some(basis.as_str()) && unmet.is_empty() {
        return Ok(());
    }
    let same_life = known.is_some_and(|known| known.split(' ').next() == Some(life.to_string().as_str()));
    if same_life {
        tx.forget_sifted(peer.site.as_str())?; // look again, the numbers go on
        meet(tx, peer, &unmet, twins)?;
    } else {
        tx.forget_relay(peer.site.as_str())?;
    }
    tx.set_setting(&name, &basis)
}

/// What was sent of a forked life went by the names of one branch, whichever it was: it is sent once more by those head office goes by
/// now.
fn meet(tx: &Tx<'_>, peer: &Peer, unmet: &[Id], twins: &[Id]) -> Result<(), StoreError> {
    for chain in unmet {
        if let Some(first) = tx.first_of_epoch(&chain.site(), chain.epoch())? {
            tx.relay_again(first.id, peer.site.as_str())?;
        }
    }
    for chain in twins {
        tx.put(&SiftedRow { site: peer.site.as_str().to_owned(), chain: *chain, seq: 0 })?;
    }
    Ok(())
}
