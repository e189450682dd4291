//! Taking a bundle in. The envelope has proved whose it is; here every chain must go on where it stands, or the bundle is held until
//! the gap fills. What a business rule would say is no matter: a well-signed entry is taken, and deriving decides.

use std::io::{Read, Seek};

use chrono::{DateTime, FixedOffset};
use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use super::admit::Work;
use super::chains;
use super::error::ExchangeError;
use super::header::{Header, Range};
use super::opener::{self, Opened};
use super::peers::{self, Peer};
use super::send::stamp;
use super::site_keys::{PublicKeys, Rotation, SiteKeys, line};
use crate::derive::bulk;
use crate::derive::site::AcceptedFork;
use crate::rules::id::{Id, Site};
use crate::store::tables::exchange::{AckRow, BundleRow, PeerRow};
use crate::store::{Db, StoreError, Tx};

/// Who takes in.
pub struct Taker<'a> {
    /// This site.
    pub site: &'a Site,
    /// Its keys.
    pub keys: &'a SiteKeys,
    /// A practice book?
    pub practice: bool,
    /// Now.
    pub now: DateTime<FixedOffset>,
    /// Name of the copy in the spool an interrupted import goes on with; none in memory.
    pub spooled: Option<&'a str>,
}

/// What became of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its entries stand.
    Taken,
    /// Everything in it was known: nothing changed.
    Known,
    /// A bundle before it is missing: it waits.
    Held,
}

/// What a bundle brought.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its header.
    pub header: Header,
    /// Hash of the whole file, hex.
    pub hash: String,
    /// What became of it.
    pub fate: Fate,
    /// Entries that were new here.
    pub fresh: i64,
    /// Why it is held.
    pub note: String,
    /// What the sender said in confidence.
    pub secrets: Vec<String>,
    /// A part of it that could not be taken: a sentence.
    pub dropped: Option<&'static str>,
    /// Places where another entry stood already.
    pub forks: Vec<AcceptedFork>,
    /// This head office's own line was forked, and goes on in a new life.
    pub own_fork: Option<OwnFork>,
}

/// A head office that had gone on from an old copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFork {
    /// Last entry of what it had written on the copy: the second branch.
    pub other: Id,
    /// Its new life.
    pub epoch: i64,
    /// What that follows, `HO.1.42`.
    pub after: String,
}

/// Opens a bundle and takes it in. Slices of it stand when a fault of disk or database stops the work; the same bundle again goes on.
pub fn take<R: Read + Seek>(
    db: &mut Db,
    taker: &Taker<'_>,
    source: R,
    file: &str,
    progress: impl FnMut(i64, i64),
) -> Result<Taken, ExchangeError> {
    let opened = {
        let tx = db.read()?;
        opener::open(source, |header: &Header| sender_keys(&tx, taker, header))?
    };
    admit(db, taker, opened, file, progress)
}

/// The same into a book that does not know its head office yet, because its own entries are what the bundles bring back: the head
/// office is the one of a card whose fingerprint was read over the phone.
pub fn take_trusting<R: Read + Seek>(
    db: &mut Db,
    taker: &Taker<'_>,
    office: (&Site, &PublicKeys),
    source: R,
    file: &str,
    progress: impl FnMut(i64, i64),
) -> Result<Taken, ExchangeError> {
    let opened = opener::open(source, |header: &Header| {
        addressed(taker, header)?;
        if header.from != office.0.as_str() {
            return Err(ExchangeError::Unknown(header.from.clone(), "本网点"));
        }
        let keys = line(office.1, &rotations_of(header));
        Ok(keys.iter().filter_map(PublicKeys::verifying).collect())
    })?;
    admit(db, taker, opened, file, progress)
}

/// Takes in a bundle whose signature has verified.
fn admit<R: Read + Seek>(
    db: &mut Db,
    taker: &Taker<'_>,
    mut opened: Opened<R>,
    file: &str,
    mut progress: impl FnMut(i64, i64),
) -> Result<Taken, ExchangeError> {
    let mut taken = Taken {
        header: opened.header.clone(),
        hash: opened.hash.clone(),
        fate: Fate::Known,
        fresh: 0,
        note: String::new(),
        secrets: Vec::new(),
        dropped: None,
        forks: Vec::new(),
        own_fork: None,
    };
    let was_taken = |row: BundleRow| row.state == "taken" || row.state == "known";
    if db.read()?.get::<BundleRow>(&[&taken.hash, &"in"])?.is_some_and(was_taken) {
        return Ok(taken);
    }
    if let Some(what) = opened.header.contradiction() {
        return Err(ExchangeError::Promise(what.to_owned()));
    }
    let missing = gap(&db.read()?, &taken.header)?;
    if let Some(note) = missing {
        taken.fate = Fate::Held;
        taken.note = note;
        let tx = db.write()?;
        absorb(&tx, taker, &taken, file)?;
        tx.commit()?;
        return Ok(taken);
    }
    let total = i64::try_from(taken.header.entries).unwrap_or(i64::MAX);
    let parts = (opened.cipher_hash, std::mem::take(&mut opened.header_bytes), opened.signature);
    let work = Work::new(taker, opened.header.clone(), parts);
    match work.run(db, &mut opened, &mut taken, file, |done| progress(done, total)) {
        Err(early @ ExchangeError::Early(_)) => {
            (taken.fate, taken.note) = (Fate::Held, early.to_string());
            let tx = db.write()?;
            absorb(&tx, taker, &taken, file)?;
            tx.commit()?;
        }
        outcome => outcome?,
    }
    bulk::finish(db, |_| {})?;
    Ok(taken)
}

fn sender_keys(tx: &Tx<'_>, taker: &Taker<'_>, header: &Header) -> Result<Vec<VerifyingKey>, ExchangeError> {
    addressed(taker, header)?;
    let registrar = if peers::is_head_office(tx)? { "总部" } else { "本网点" };
    let peer = known_peer(tx, header)?.ok_or_else(|| ExchangeError::Unknown(header.from.clone(), registrar))?;
    if peer.revoked {
        return Err(ExchangeError::Revoked(header.from.clone()));
    }
    Ok(peer.keys_with(&rotations_of(header)).iter().filter_map(PublicKeys::verifying).collect())
}

/// Is it for this site, and of its kind of book?
fn addressed(taker: &Taker<'_>, header: &Header) -> Result<(), ExchangeError> {
    let own = taker.site.as_str();
    if header.to != own {
        return Err(ExchangeError::NotForUs { to: header.to.clone(), own: own.to_owned() });
    }
    if header.practice != taker.practice {
        let (theirs, ours) = if header.practice { ("发送方", "本库") } else { ("本库", "发送方") };
        return Err(ExchangeError::Practice(theirs, ours));
    }
    Ok(())
}

fn rotations_of(header: &Header) -> Vec<Rotation> {
    header.rotations.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
}

/// A branch knows its head office, a head office its branches.
fn known_peer(tx: &Tx<'_>, header: &Header) -> Result<Option<Peer>, ExchangeError> {
    let peer = peers::peer(tx, &header.from)?;
    if peers::is_head_office(tx)? {
        return Ok(peer);
    }
    Ok(peers::head_office(tx)?.filter(|head| head.site.as_str() == header.from))
}

/// The chain a range is of.
pub fn chain_of(range: &Range) -> Result<Id, ExchangeError> {
    let site = Site::parse(&range.site).map_err(|_| ExchangeError::Promise(format!("网点 {}", range.site)))?;
    Id::new(&site, range.epoch, 0, 0).ok_or_else(|| ExchangeError::Promise(format!("启用号 {}", range.epoch)))
}

/// Why a bundle must wait: a chain in it begins after the end of what is held. What is given back to a head office holds nothing up.
fn gap(tx: &Tx<'_>, header: &Header) -> Result<Option<String>, ExchangeError> {
    let from_branch = peers::is_head_office(tx)?;
    for range in header.ranges.iter().filter(|range| !from_branch || range.site == header.from) {
        let chain = chain_of(range)?;
        let upto = |chain| chains::whole(tx, chain).map(|held| held.map_or(0, |held| held.seq));
        // What the sender calls the main branch of a fork, of which it may not know, may stand here as the other.
        let (here, across) = (upto(chain)?, upto(chain.across())?);
        let held = here.max(across);
        let twin_begins = chain.is_twin() && here == 0;
        if range.first > held + 1 && !twin_begins {
            let (code, epoch) = (&range.site, range.epoch);
            return Ok(Some(format!(
                "{code}.{epoch} 缺第 {} 到 {} 张凭单，等前面的交换包到了再收",
                held + 1,
                range.first - 1
            )));
        }
    }
    Ok(None)
}

/// What a signed header says of its sender: what it holds, what it has seen. Only the newest header counts: the one with the highest
/// number, unless the sender has gone back to an old copy and counts again.
pub(super) fn absorb(tx: &Tx<'_>, taker: &Taker<'_>, taken: &Taken, file: &str) -> Result<(), ExchangeError> {
    let header = &taken.header;
    let row = tx.peer_row(&header.from)?;
    let at = stamp(taker.now);
    if (header.life, header.number) >= (row.taken_life, row.taken) || counts_again(tx, taken)? {
        tx.forget_acks(&header.from)?;
        for have in &header.have {
            let Some(chain) = Site::parse(&have.site).ok().and_then(|site| Id::new(&site, have.epoch, 0, 0)) else {
                continue;
            };
            let Ok(head) = blake3::Hash::from_hex(&have.head) else { continue };
            let site = header.from.clone();
            tx.put(&AckRow { site, chain, seq: have.seq, head: *head.as_bytes(), at: header.made_at.clone() })?;
        }
        let (told_life, told) = (header.relay_seen.life, header.relay_seen.upto);
        let (seen_life, seen) = relay_seen(&row, taken);
        tx.put(&PeerRow {
            taken_life: header.life,
            taken: header.number,
            taken_hash: taken.hash.clone(),
            taken_at: at.clone(),
            told_life,
            told,
            seen_life,
            seen,
            ..row
        })?;
    }
    let state = match taken.fate {
        Fate::Taken => "taken",
        Fate::Known => "known",
        Fate::Held => "held",
    };
    tx.put(&BundleRow {
        hash: taken.hash.clone(),
        way: "in".into(),
        site: header.from.clone(),
        life: header.life,
        number: header.number,
        file: file.to_owned(),
        at,
        entries: i64::try_from(header.entries).unwrap_or(i64::MAX),
        fresh: taken.fresh,
        state: state.into(),
        note: taken.note.clone(),
    })?;
    Ok(())
}

/// Does a sender give numbers again that it has given before? Its book is an old copy, perhaps without knowing it, and what it said it
/// held is true no longer.
fn counts_again(tx: &Tx<'_>, taken: &Taken) -> Result<bool, StoreError> {
    let header = &taken.header;
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    let newest = tx.scan::<AckRow>(&[&header.from])?.first().and_then(|ack| moment(&ack.at));
    let later = newest.zip(moment(&header.made_at)).is_some_and(|(newest, made)| made > newest);
    Ok(later || tx.number_was_taken(&header.from, header.life, header.number, &taken.hash)?)
}

/// How far the relay has been seen without a gap, this bundle included.
fn relay_seen(row: &PeerRow, taken: &Taken) -> (i64, i64) {
    let relay = &taken.header.relay;
    let before = if row.seen_life == relay.life { row.seen } else { 0 };
    if taken.fate == Fate::Held || relay.life == 0 || relay.from > before.saturating_add(1) {
        return (row.seen_life, row.seen);
    }
    (relay.life, before.max(relay.upto))
}
