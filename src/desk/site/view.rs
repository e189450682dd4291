//! The sites this one exchanges with, for `site list` and the exchange's screen.

use chrono::NaiveDate;
use serde::Serialize;

use super::fresh::last_word;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::exchange::peers::{self, Peer};

/// This site and those it exchanges with.
#[derive(Debug, Clone, Serialize)]
pub struct Company {
    /// This site.
    pub own: Own,
    /// Its head office, or its branches.
    pub peers: Vec<PeerView>,
}

/// This site as its company knows it.
#[derive(Debug, Clone, Serialize)]
pub struct Own {
    /// Code.
    pub site: String,
    /// Name.
    pub name: String,
    /// Head office?
    pub head_office: bool,
    /// Practice?
    pub practice: bool,
    /// Fingerprint of its keys, when they can be read.
    pub fingerprint: Option<String>,
    /// Has head office frozen it?
    pub frozen: bool,
    /// Has head office revoked its keys?
    pub revoked: bool,
    /// How far its clock is off, in milliseconds, while the director has not confirmed it.
    pub clock_ahead_ms: Option<i64>,
    /// The day of head office's last entry held here.
    pub last_word: Option<NaiveDate>,
    /// Do approvals wait for head office?
    pub stale: bool,
}

/// A site this one exchanges with.
#[derive(Debug, Clone, Serialize)]
pub struct PeerView {
    /// Code.
    pub site: String,
    /// Name.
    pub name: String,
    /// Head office?
    pub head_office: bool,
    /// Fingerprint of its keys in use.
    pub fingerprint: String,
    /// Keys that count no more.
    pub revoked: bool,
    /// Frozen because of a fork.
    pub frozen: bool,
    /// Areas it is to know.
    pub areas: Vec<String>,
    /// What that means, for a person.
    pub areas_mean: String,
    /// Everything?
    pub everything: bool,
    /// Roles it may give.
    pub roles: Vec<String>,
    /// Days its rights hold without word.
    pub good_for_days: i64,
    /// Can numbers it sealed be opened here?
    pub opens_sealed: bool,
    /// How far its clock is off, in milliseconds, while it is not confirmed.
    pub clock_ahead_ms: Option<i64>,
}

impl Desk {
    /// This site and those it exchanges with.
    pub fn company(&self) -> Result<Company, Refusal> {
        // Before the transaction: keys read for the first time are held against the book in one of their own.
        let fingerprint = self.site_keys().ok().map(|keys| keys.public().fingerprint());
        let tx = self.look()?;
        let row = tx.own_site(self.site().as_str())?;
        let row = row.ok_or_else(|| Refusal::data("本库还没有建好网点，请重新 init"))?;
        let said = peers::own_enrolment(&tx)?;
        let word = last_word(&tx, self.site(), self.today())?;
        let own = Own {
            site: row.code,
            name: row.name,
            head_office: row.head_office,
            practice: row.practice,
            fingerprint,
            frozen: said.as_ref().is_some_and(|said| said.frozen.is_some()),
            revoked: said.as_ref().is_some_and(|said| said.revoked.is_some()),
            clock_ahead_ms: said
                .and_then(|said| off(said.clock_said.is_some(), said.clock_confirmed, said.clock_ahead_ms)),
            stale: word.as_ref().is_some_and(|word| word.is_stale(self.today())),
            last_word: word.map(|word| word.day),
        };
        let peers = match peers::head_office(&tx)? {
            Some(office) => vec![office],
            None => peers::enrolled(&tx)?,
        };
        Ok(Company { own, peers: peers.into_iter().map(|peer| self.peer_view(peer)).collect() })
    }

    fn peer_view(&self, peer: Peer) -> PeerView {
        PeerView {
            fingerprint: peer.seal_to().fingerprint(),
            opens_sealed: peer.data_key.as_ref().is_some_and(|data| self.keys().knows(&data.key)),
            clock_ahead_ms: off(peer.bond.clock_said.is_some(), peer.bond.clock_confirmed, peer.bond.clock_ahead_ms),
            site: peer.site.to_string(),
            name: peer.name,
            head_office: peer.head_office,
            revoked: peer.revoked,
            frozen: peer.frozen,
            areas_mean: super::words_of(&peer.areas, peer.everything),
            areas: peer.areas,
            everything: peer.everything,
            roles: peer.roles,
            good_for_days: peer.good_for_days,
        }
    }
}

fn off(said: bool, confirmed: bool, milliseconds: i64) -> Option<i64> {
    (said && !confirmed).then_some(milliseconds)
}
