//! 分叉: which of two branches is the main one, and so keeps the plain names. An entry's place is its author's; which branch of two
//! stands there is head office's to say: the one its day book first called the main one, whatever came first here. A book that
//! learned of the branches in another order puts them where they belong as soon as it reads that.

use std::collections::BTreeSet;

use super::{Fx, at_hand, bulk, cross, index, refold_all, twin};
use crate::book::subject::Kind;
use crate::rules::id::{ITEMS, Id, LIVES, SEQS, Site};
use crate::store::tables::site::ForkRow;
use crate::store::{StoreError, Tx};

/// Setting: the fork of which this book's own line is the second branch, so that it is not gone on with.
const ASIDE: &str = "aside";

/// The fork for which this book was set aside.
pub fn aside(tx: &Tx<'_>) -> Result<Option<Id>, StoreError> {
    Ok(tx.setting(ASIDE)?.and_then(|place| place.parse().ok()))
}

/// Was this book set aside?
pub fn is_aside(tx: &Tx<'_>) -> Result<bool, StoreError> {
    Ok(aside(tx)?.is_some())
}

/// A book made anew from head office's is nobody's own line.
pub fn forget_aside(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.set_setting(ASIDE, "")
}

/// Puts branches where head office's word says they belong.
pub(super) fn settle(fx: &mut Fx<'_, '_>) -> Result<(), StoreError> {
    let mut lives = BTreeSet::new();
    for fork in fx.tx.forks()? {
        // A life has one fork; a later word about it means the same two branches.
        if lives.insert(fork.place.chain()) && is_misnamed(fx.tx, &fork)? {
            let end = Id(fork.place.chain().0 + SEQS * ITEMS - ITEMS);
            exchange(fx, fork.place, end)?;
            fx.tx.exchange_proofs(fork.place)?;
            fx.tx.forget_sifted_chain(fork.place.chain().twin())?;
            set_aside(fx.tx, &fork)?;
        }
    }
    Ok(())
}

/// Does one of the two stand where the other belongs?
fn is_misnamed(tx: &Tx<'_>, fork: &ForkRow) -> Result<bool, StoreError> {
    Ok(tx.entry_hash(fork.place)? == Some(fork.twin) || tx.entry_hash(fork.place.twin())? == Some(fork.main))
}

/// A single entry, sent by the names of a site that knows the fork, stands on the wrong branch here: what stands at its place and at
/// the same place on the other branch change over.
pub fn put_right(tx: &Tx<'_>, place: Id) -> Result<(), StoreError> {
    let mut fx = Fx::new(tx);
    exchange(&mut fx, place, place)?;
    cross::settle(&mut fx)?;
    crate::store::local::note_bulk(tx, &fx.reindex)
}

/// Entries of both branches from `first` to `last` change places, and whatever is read by their names is derived again.
fn exchange(fx: &mut Fx<'_, '_>, first: Id, last: Id) -> Result<(), StoreError> {
    anew(fx, &first.site(), first.main().epoch(), |tx| tx.exchange_branches(first, last))
}

/// Indexes anew what is held of a life of a site and of those after it, on both branches, after `change`; whom it concerned before or
/// concerns now is folded again. Rows of bulk entries wait to be derived.
pub(super) fn anew(
    fx: &mut Fx<'_, '_>,
    site: &Site,
    life: i64,
    change: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let chains: Vec<Id> = fx.tx.chains()?.into_iter().filter(|chain| follows(*chain, site, life)).collect();
    let (mut subjects, mut stood) = (BTreeSet::new(), BTreeSet::new());
    for chain in &chains {
        for row in fx.tx.index_of_epoch(site, chain.epoch())? {
            fx.tx.unindex_row(&row)?;
            if let Some(hash) = fx.tx.entry_hash(row.id)? {
                stood.insert(hash);
            }
            subjects.extend(Kind::of(&row.kind).map(|kind| (kind, row.subject)));
        }
    }
    change(fx.tx)?;
    (fx.names, fx.at_hand) = (twin::Shelf::default(), at_hand::Shelf::default());
    for chain in fx.tx.chains()?.into_iter().filter(|chain| follows(*chain, site, life)) {
        let mut after = 0;
        loop {
            let batch = fx.tx.stretch(chain, after, SEQS - 1, 64)?;
            let Some(last) = batch.last() else { break };
            after = last.id.seq();
            for entry in batch.iter().filter(|entry| stood.contains(&entry.hash) && !bulk::is_bulk(&entry.payload)) {
                for (kind, row) in index::rows(fx, entry)? {
                    fx.tx.index_row(&row)?;
                    subjects.insert((kind, row.subject));
                }
            }
        }
    }
    let runs: Vec<Id> = subjects.iter().filter(|(kind, _)| *kind == Kind::Run).map(|(_, run)| *run).collect();
    refold_all(fx, subjects)?;
    for run in runs {
        bulk::again(fx.tx, run)?;
    }
    Ok(())
}

/// Is this chain a life of the site from `life` on, on either branch?
fn follows(chain: Id, site: &Site, life: i64) -> bool {
    chain.site() == *site && chain.epoch() % LIVES >= life
}

/// The machine whose own line became the second branch keeps to what it has: another book goes on for its site. A head office is its
/// own judge and begins a new life.
fn set_aside(tx: &Tx<'_>, fork: &ForkRow) -> Result<(), StoreError> {
    let own = tx.setting("site")?.filter(|own| *own == fork.place.site().as_str());
    let Some(own) = own else { return Ok(()) };
    if tx.own_site(&own)?.is_some_and(|row| row.head_office) {
        return Ok(());
    }
    tx.set_setting(ASIDE, &fork.place.to_string())
}
