//! What another site is to be sent: everything since the position it has acknowledged, never since the last export, so that loss,
//! repetition and overlap heal by themselves.

use super::chains::{self, Held};
use super::header::Header;
use super::opener;
use super::peers::Peer;
use super::returned;
use super::site_keys::PublicKeys;
use crate::rules::id::{Id, Site};
use crate::store::tables::exchange::{ProofRow, SignedHeaderRow};
use crate::store::{StoreError, Tx};

/// Part of a chain, to be sent whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The chain.
    pub chain: Id,
    /// Number of the entry before the first to send.
    pub after: i64,
    /// Number of the last to send.
    pub upto: i64,
    /// Head office's proof that the chain is its own, when it is given back.
    pub proof: Option<ProofRow>,
}

/// What one site is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Chains, in order; empty ones are left out.
    pub stretches: Vec<Stretch>,
    /// The relay: numbers after this …
    pub relay_after: i64,
    /// … up to this.
    pub relay_upto: i64,
}

impl Plan {
    /// How many entries it names.
    pub fn entries(&self) -> i64 {
        let chained: i64 = self.stretches.iter().map(|stretch| stretch.upto - stretch.after).sum();
        chained + self.relay_upto - self.relay_after
    }
}

/// What a branch sends to its head office: its own lives, and entries that head office has lost. `held`: every chain as far as it is
/// held whole.
pub fn to_head_office(tx: &Tx<'_>, own: &Site, peer: &Peer, held: &[Held]) -> Result<Plan, StoreError> {
    let mut plan = Plan::default();
    for held in in_order(held.iter()) {
        let site = held.chain.site();
        if site == *own {
            plan.stretches.extend(since_acknowledged(tx, peer, held)?);
        } else {
            plan.stretches.extend(given_back(tx, peer, held)?);
        }
    }
    Ok(plan)
}

/// What head office sends to a branch: the branch's own entries it has lost, head office's chain, other sites' chains when the
/// branch is to know everything, else the relay.
pub fn to_branch(tx: &Tx<'_>, own: &Site, life: i64, peer: &Peer, held: &[Held]) -> Result<Plan, StoreError> {
    let mut plan = Plan::default();
    let (ours, theirs) = (own.ids(), peer.site.ids());
    let of = |(low, high): (Id, Id), chain: Id| low <= chain && chain <= high;
    let whole = held.iter().filter(|held| peer.everything || of(ours, held.chain) || of(theirs, held.chain));
    for held in in_order(whole) {
        plan.stretches.extend(since_acknowledged(tx, peer, held)?);
    }
    if !peer.everything {
        let row = tx.peer_row(peer.site.as_str())?;
        plan.relay_after = if row.told_life == life { row.told } else { 0 };
        plan.relay_upto = tx.relay_last(peer.site.as_str())?.max(plan.relay_after);
    }
    Ok(plan)
}

/// Chains as they are sent: a life's other branch right behind it, because a later life may follow either.
fn in_order<'h>(held: impl Iterator<Item = &'h Held>) -> Vec<&'h Held> {
    let mut held: Vec<&Held> = held.collect();
    held.sort_by_key(|held| (held.chain.main(), held.chain.is_twin()));
    held
}

/// The part of a chain another site has not acknowledged. When it holds another entry at its head than we do, the whole life is sent:
/// the first place that differs is the fork.
fn since_acknowledged(tx: &Tx<'_>, peer: &Peer, held: &Held) -> Result<Option<Stretch>, StoreError> {
    let after = match stands(tx, peer, held)? {
        Stands::Ahead => return Ok(None),
        Stands::At(seq) => seq,
        Stands::Apart => 0,
    };
    Ok((after < held.seq).then_some(Stretch { chain: held.chain, after, upto: held.seq, proof: None }))
}

/// Head office went on from an older copy and lacks entries, its own or another site's, that we hold under its signature.
fn given_back(tx: &Tx<'_>, peer: &Peer, held: &Held) -> Result<Option<Stretch>, StoreError> {
    let row = tx.peer_row(peer.site.as_str())?;
    let Some(proof) = tx.get::<ProofRow>(&[&held.chain])? else { return Ok(None) };
    // A head office that never told us its heads has nothing to be given back.
    if row.taken == 0 || proof.seq > held.seq || !is_by(tx, &proof, peer)? {
        return Ok(None);
    }
    // A life it does not name is one it has lost from the first entry on.
    let after = match stands(tx, peer, held)? {
        Stands::At(seq) => seq,
        Stands::Apart => 0,
        Stands::Ahead => return Ok(None),
    };
    let fits = after < proof.seq && tx.stretch_bytes(held.chain, after, proof.seq)? <= returned::MOST;
    Ok(fits.then_some(Stretch { chain: held.chain, after, upto: proof.seq, proof: Some(proof) }))
}

/// Did this head office sign the proof? What another one signed, whose the branch was before or that only had its code, is nothing to it.
fn is_by(tx: &Tx<'_>, proof: &ProofRow, peer: &Peer) -> Result<bool, StoreError> {
    let Some(signed) = tx.get::<SignedHeaderRow>(&[&proof.signed])? else { return Ok(false) };
    let Ok(signature) = <[u8; 64]>::try_from(signed.signature.as_slice()) else { return Ok(false) };
    let from = serde_json::from_slice::<Header>(&signed.header).is_ok_and(|header| header.from == peer.site.as_str());
    let keys: Vec<_> = peer.keys.iter().filter_map(PublicKeys::verifying).collect();
    Ok(from && opener::verifies(&signed.body_hash, &signed.header, &signature, &keys))
}

/// Where another site stands on a chain, as it said itself.
enum Stands {
    /// It holds what we hold up to here; nothing of it at 0.
    At(i64),
    /// It holds more than we do.
    Ahead,
    /// It holds something else: a fork.
    Apart,
}

/// A branch of a fork we hold as the main one may be the twin over there, and the other way round.
fn stands(tx: &Tx<'_>, peer: &Peer, held: &Held) -> Result<Stands, StoreError> {
    let site = peer.site.as_str();
    let hash = |chain: Id, seq: i64| chains::place(chain, seq).map_or(Ok(None), |place| tx.entry_hash(place));
    let other = if held.chain.is_twin() { held.chain.main() } else { held.chain.twin() };
    if let Some(ack) = tx.ack(site, other)?.filter(|ack| ack.seq <= held.seq)
        && hash(held.chain, ack.seq)? == Some(ack.head)
    {
        return Ok(Stands::At(ack.seq));
    }
    let Some(ack) = tx.ack(site, held.chain)? else { return Ok(Stands::At(0)) };
    if ack.seq <= held.seq {
        let same = hash(held.chain, ack.seq)? == Some(ack.head);
        return Ok(if same { Stands::At(ack.seq) } else { Stands::Apart });
    }
    // What stands over there may be what we hold as the fork's other branch.
    let forked = hash(other, ack.seq)? == Some(ack.head);
    Ok(if forked { Stands::Apart } else { Stands::Ahead })
}
