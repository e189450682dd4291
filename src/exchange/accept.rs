//! Head office's acceptance of a bundle (`bundle.accept`): what it holds now, what was odd about it, and that a place has two entries. It is
//! an entry of its own book, and comes back to the sender as counter-signed heads.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::chains;
use super::error::ExchangeError;
use super::header::Header;
use super::peers;
use super::send::hex;
use super::take::{OwnFork, Taken, Taker};
use crate::book::append::Head;
use crate::book::subject::{Kind, Subject};
use crate::book::verify;
use crate::derive::site::{AcceptedFork, AcceptedHead, BundleAccepted, UNVOUCHED, beginning_of};
use crate::derive::system;
use crate::rules::id::{Id, Site};
use crate::store::Tx;
use crate::store::tables::base::ExceptionRow;

/// What is accepted.
pub(super) struct Acceptance<'a> {
    /// Who takes it in.
    pub(super) taker: &'a Taker<'a>,
    /// What the bundle says of itself.
    pub(super) header: &'a Header,
    /// Chains it brought entries of.
    pub(super) touched: &'a BTreeSet<Id>,
    /// Entries stamped far ahead.
    pub(super) ahead: &'a [Id],
    /// Entries whose stamps do not rise, of whatever site.
    pub(super) back: &'a [Id],
    /// Where chains end that the sender gave back and nobody vouches for.
    pub(super) unvouched: &'a [Id],
}

/// Entries one acceptance names of those stamped far ahead, so that it is never too large; more are named by more of them.
const NAMED: usize = 1_000;

/// Setting: this book has been looked through for entries whose stamps do not rise, which earlier programs took in.
const LOOKED: &str = "stamps_looked_at";

/// Entries to ask about because their stamps do not rise: those a bundle brought and, once in a book's life, those it holds.
pub(super) fn questions(tx: &Tx<'_>, brought: Vec<Id>) -> Result<Vec<Id>, ExchangeError> {
    if tx.setting(LOOKED)?.as_deref() == Some("1") {
        return Ok(brought);
    }
    tx.set_setting(LOOKED, "1")?;
    Ok(verify::questions(tx)?)
}

/// Ends of chains without head office's signature, of which it has not asked this sender yet.
pub(super) fn not_asked(tx: &Tx<'_>, from: &str, mut ends: Vec<Id>) -> Result<Vec<Id>, ExchangeError> {
    if ends.is_empty() {
        return Ok(ends);
    }
    let Some(peer) = peers::peer(tx, from)? else { return Ok(Vec::new()) };
    let asked = tx.scan::<ExceptionRow>(&[&Kind::Site.letter(), &peer.id, &UNVOUCHED])?;
    ends.retain(|end| asked.iter().all(|row| row.first != beginning_of(*end)));
    Ok(ends)
}

impl Acceptance<'_> {
    /// Writes it: an entry about the sender, and one about each site whose lost entries the bundle brought.
    pub(super) fn write(&self, tx: &Tx<'_>, taken: &mut Taken) -> Result<(), ExchangeError> {
        let from = [self.header.from.clone()];
        let others = self.touched.iter().chain(self.back).map(|place| place.site().as_str().to_owned());
        let sites: BTreeSet<String> = from.into_iter().chain(others).collect();
        let mut sites: Vec<Site> = sites.iter().filter_map(|site| Site::parse(site).ok()).collect();
        sites.sort_by_key(|site| site == self.taker.site); // what is said of the own line is said last
        for site in sites {
            let body = self.acceptance(tx, taken, &site)?;
            let own = site == *self.taker.site;
            let subject = match peers::peer(tx, site.as_str())? {
                Some(peer) => peer.id,
                None if own && !body.forks.is_empty() => crate::derive::site::subject_of(&site),
                None => continue,
            };
            let subject = Subject::new(Kind::Site, subject);
            let ahead: Vec<Id> = self.ahead.iter().copied().filter(|entry| entry.site() == site).collect();
            let write = |body: &BundleAccepted| {
                system::write(tx, "bundle.accept", Ok(subject), self.taker.now, body).map_err(ExchangeError::of_append)
            };
            write(&BundleAccepted { ahead: ahead.iter().copied().take(NAMED).collect(), ..body.clone() })?;
            for more in ahead.chunks(NAMED).skip(1) {
                write(&BundleAccepted {
                    ahead: more.to_vec(),
                    forks: Vec::new(),
                    back: Vec::new(),
                    unvouched: Vec::new(),
                    ..body.clone()
                })?;
            }
            if let Some(fork) = body.forks.first().filter(|_| own) {
                taken.own_fork = Some(self.go_on_after_own_fork(tx, fork)?);
            }
        }
        Ok(())
    }

    /// A head office that went on from an old copy unnoticed, and got back what it had written before, is its own judge: what came back
    /// is the main branch, because others know it by its names, and it goes on in a new life.
    fn go_on_after_own_fork(&self, tx: &Tx<'_>, fork: &AcceptedFork) -> Result<OwnFork, ExchangeError> {
        let known = Head::read(tx).map_err(ExchangeError::of_append)?;
        let other = tx.chain_last(fork.place.chain().twin())?.unwrap_or(fork.place);
        let begun = system::begin_life(tx, "fork", known.epoch, self.taker.now).map_err(ExchangeError::of_append)?;
        Ok(OwnFork { other, epoch: begun.0, after: begun.1 })
    }

    fn acceptance(&self, tx: &Tx<'_>, taken: &Taken, site: &Site) -> Result<BundleAccepted, ExchangeError> {
        let mut heads = Vec::new();
        for chain in self.touched.iter().filter(|chain| chain.site() == *site) {
            if let Some(held) = chains::whole(tx, *chain)? {
                heads.push(AcceptedHead {
                    site: chain.site().as_str().to_owned(),
                    epoch: chain.epoch(),
                    seq: held.seq,
                    head: hex(&held.head),
                    count: held.seq,
                });
            }
        }
        let direct = site.as_str() == self.header.from;
        let made = DateTime::parse_from_rfc3339(&self.header.made_at).ok().filter(|_| direct);
        let off = made.map_or(0, |made| (made - self.taker.now).num_milliseconds());
        Ok(BundleAccepted {
            from: self.header.from.clone(),
            number: self.header.number,
            bundle: taken.hash.clone(),
            heads,
            ahead: Vec::new(),
            back: self.back.iter().copied().filter(|entry| entry.site() == *site).collect(),
            unvouched: if direct { self.unvouched.to_vec() } else { Vec::new() },
            clock_ahead_ms: off.max(0),
            forks: taken.forks.iter().filter(|fork| fork.place.site() == *site).cloned().collect(),
        })
    }
}
