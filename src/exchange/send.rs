//! Writing bundles for one peer: a consistent picture, split above the cap, numbered, and remembered once they stand.

use std::io::{Read, Seek, Write};

use chrono::{DateTime, FixedOffset, SecondsFormat};

use super::bundle_error::BundleError;
use super::chains::{self, Held};
use super::envelope::{BundleWriter, Written};
use super::error::ExchangeError;
use super::fork_names;
use super::frame::FrameKind;
use super::header::{Have, Header, Range, Relay, Unordered};
use super::peers::{self, Peer};
use super::plan::{self, Plan, Stretch};
use super::relay;
use super::returned;
use super::site_keys::SiteKeys;
use crate::book::append::Head;
use crate::book::verify::{self, Flaw};
use crate::rules::id::{Id, Site};
use crate::store::tables::exchange::{BundleRow, PeerRow, ProofRow, SignedHeaderRow};
use crate::store::{Db, Tx};

/// A bundle is ended at this size, well below the cap, because what stands in buffers still follows.
pub const FULL: u64 = 48 << 20;

/// Entries read from the book at a time.
const BATCH: i64 = 64;

/// A header that names so many entries whose stamps do not rise is full.
const UNORDERED: usize = 5_000;

/// Who sends.
pub struct Sender<'a> {
    /// This site.
    pub site: &'a Site,
    /// Its keys.
    pub keys: &'a SiteKeys,
    /// A practice book?
    pub practice: bool,
    /// Now.
    pub now: DateTime<FixedOffset>,
    /// What the peer is told in confidence, JSON; empty for nothing.
    pub secret: Option<&'a str>,
    /// A bundle is ended above this size.
    pub full: u64,
}

/// A bundle that stands where it was to be written.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its file's name.
    pub file: String,
    /// Its header.
    pub header: Header,
    /// Hash of the whole file, hex.
    pub hash: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Name of the file of a bundle: from, to, the sender's life and number, and the beginning of its ciphertext's hash, so that two
/// machines that go on with one book never write one name. Nobody trusts it when reading.
pub fn file_name(header: &Header) -> String {
    let own: String = header.cipher_hash.chars().take(8).collect();
    format!("{}-{}-{}-{:06}-{own}.mdx", header.from, header.to, header.life, header.number)
}

/// What peers are sent alike: how far every chain is held whole when the export begins. What comes later goes out the next time.
pub struct Stand(Vec<Held>);

/// Begins an export for peers: at a head office, what came since the last one is looked through for all of them.
pub fn begin(db: &mut Db, site: &Site, peers: &[Peer]) -> Result<Stand, ExchangeError> {
    let (life, head_office) = {
        let tx = db.read()?;
        (Head::read(&tx).map_err(ExchangeError::of_append)?.epoch, peers::is_head_office(&tx)?)
    };
    if head_office {
        relay::sift(db, site, life, peers)?;
    }
    Stand::read(&db.read()?)
}

impl Stand {
    /// How far the chains are held now.
    pub fn read(tx: &Tx<'_>) -> Result<Self, ExchangeError> {
        Ok(Self(chains::all_whole(tx)?))
    }

    /// What a peer is to be sent.
    pub fn plan(&self, tx: &Tx<'_>, site: &Site, peer: &Peer) -> Result<Plan, ExchangeError> {
        let life = Head::read(tx).map_err(ExchangeError::of_append)?.epoch;
        Ok(match peers::is_head_office(tx)? {
            true => plan::to_branch(tx, site, life, peer, &self.0)?,
            false => plan::to_head_office(tx, site, peer, &self.0)?,
        })
    }
}

/// Writes everything a peer has not acknowledged. `place` opens a file to write; `keep` is told each bundle that is complete, and
/// makes it stand. At least one bundle is written: acknowledgements travel even when there is nothing else.
pub fn send<F: Read + Write + Seek>(
    db: &mut Db,
    sender: &Sender<'_>,
    peer: &Peer,
    stand: &Stand,
    mut place: impl FnMut(&Header) -> Result<F, ExchangeError>,
    mut keep: impl FnMut(F, &Written) -> Result<(), ExchangeError>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Vec<Sent>, ExchangeError> {
    let life = Head::read(&db.read()?).map_err(ExchangeError::of_append)?.epoch;
    let mut sent = Vec::new();
    let mut books = {
        let tx = db.read()?;
        let plan = stand.plan(&tx, sender.site, peer)?;
        let total = plan.entries();
        let recipient = peer.seal_to().recipient().map_err(|error| BundleError::Recipient(error.to_string()))?;
        let have: Vec<Have> = stand.0.iter().map(have).collect();
        let forks = fork_names::told(&tx)?;
        let mut source = Source::new(&tx, peer, plan);
        let mut row = tx.peer_row(peer.site.as_str())?;
        loop {
            let header = Header { forks: forks.clone(), ..open_header(sender, peer, life, &row, &have) };
            let mut writer = BundleWriter::begin(place(&header)?, &recipient)?;
            if let Some(secret) = sender.secret.filter(|_| sent.is_empty()) {
                writer.secret(secret)?;
            }
            let mut header = header;
            source.fill(&mut writer, &mut header, sender.full, |done| progress(done, total))?;
            let (file, written) = writer.finish(header, |text| sender.keys.sign(text))?;
            keep(file, &written)?;
            let one = Sent {
                file: file_name(&written.header),
                hash: written.hash.clone(),
                size: written.size,
                header: written.header,
            };
            row = PeerRow { sent: one.header.number, sent_hash: one.hash.clone(), sent_at: stamp(sender.now), ..row };
            sent.push(one);
            if source.is_empty() {
                break row;
            }
        }
    };
    let tx = db.write()?;
    let now = tx.peer_row(peer.site.as_str())?; // another program may have taken a bundle in meanwhile
    books = PeerRow { sent: books.sent, sent_hash: books.sent_hash, sent_at: books.sent_at, ..now };
    tx.put(&books)?;
    for one in &sent {
        tx.put(&bundle_row(one, peer, sender.now))?;
    }
    tx.commit()?;
    Ok(sent)
}

fn bundle_row(one: &Sent, peer: &Peer, now: DateTime<FixedOffset>) -> BundleRow {
    BundleRow {
        hash: one.hash.clone(),
        way: "out".into(),
        site: peer.site.as_str().to_owned(),
        life: one.header.life,
        number: one.header.number,
        file: one.file.clone(),
        at: stamp(now),
        entries: i64::try_from(one.header.entries).unwrap_or(i64::MAX),
        fresh: 0,
        state: "sent".into(),
        note: String::new(),
    }
}

/// A moment as it stands in headers and tables.
pub fn stamp(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, false)
}

fn have(held: &Held) -> Have {
    Have {
        site: held.chain.site().as_str().to_owned(),
        epoch: held.chain.epoch(),
        seq: held.seq,
        head: hex(&held.head),
    }
}

/// Bytes as hex.
pub fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

fn open_header(sender: &Sender<'_>, peer: &Peer, life: i64, row: &PeerRow, have: &[Have]) -> Header {
    Header {
        from: sender.site.as_str().to_owned(),
        to: peer.site.as_str().to_owned(),
        life,
        practice: sender.practice,
        made_at: stamp(sender.now),
        number: row.sent + 1,
        previous: row.sent_hash.clone(),
        key: sender.keys.public().name(),
        rotations: sender.keys.rotations().iter().filter_map(|one| serde_json::to_value(one).ok()).collect(),
        have: have.to_vec(),
        relay_seen: Relay { life: row.seen_life, from: 0, upto: row.seen },
        ..Header::default()
    }
}

/// What is still to be written.
struct Source<'t, 'c> {
    tx: &'t Tx<'c>,
    peer: &'t Peer,
    stretches: std::collections::VecDeque<Stretch>,
    relay: (i64, i64),
    done: i64,
}

impl<'t, 'c> Source<'t, 'c> {
    fn new(tx: &'t Tx<'c>, peer: &'t Peer, plan: Plan) -> Self {
        Self { tx, peer, stretches: plan.stretches.into(), relay: (plan.relay_after, plan.relay_upto), done: 0 }
    }

    fn is_empty(&self) -> bool {
        self.stretches.is_empty() && self.relay.0 >= self.relay.1
    }

    /// Fills one bundle: chains first, then the relay. However small a bundle is to be, one batch goes in.
    fn fill<F: Read + Write + Seek>(
        &mut self,
        writer: &mut BundleWriter<F>,
        header: &mut Header,
        full: u64,
        mut progress: impl FnMut(i64),
    ) -> Result<(), ExchangeError> {
        let (begun, mut returned) = (self.done, 0);
        while let Some(mut stretch) = self.stretches.pop_front() {
            let room = |done: i64, writer: &BundleWriter<F>| done == begun || writer.bytes_so_far() < full;
            if let Some(proof) = &stretch.proof {
                let bytes = self.tx.stretch_bytes(stretch.chain, stretch.after, stretch.upto)?;
                let packed = writer.bytes_so_far() + u64::try_from(bytes).unwrap_or(u64::MAX);
                if self.done > begun && (returned + bytes > returned::MOST || packed > full) {
                    self.stretches.push_front(stretch);
                    return Ok(());
                }
                returned += bytes;
                writer.proof(&proof_text(self.tx, proof)?)?;
            }
            let range = self.chain(writer, &mut stretch, &mut header.unordered, room, &mut progress)?;
            header.ranges.extend(range);
            if stretch.after < stretch.upto {
                self.stretches.push_front(stretch);
                return Ok(());
            }
        }
        self.relay_part(writer, header, begun, full, progress)
    }

    /// Writes entries of one chain until it ends or the bundle is full. What is given back is never split: its proof covers the end.
    /// An entry whose stamp does not rise, which earlier programs took in, is named in the header.
    fn chain<F: Read + Write + Seek>(
        &mut self,
        writer: &mut BundleWriter<F>,
        stretch: &mut Stretch,
        unordered: &mut Vec<Unordered>,
        room: impl Fn(i64, &BundleWriter<F>) -> bool,
        progress: &mut impl FnMut(i64),
    ) -> Result<Option<Range>, ExchangeError> {
        let (mut first, mut count, mut sum, mut head) = (0, 0, 0u64, None);
        let (twin, mut before) = (stretch.chain.is_twin(), None);
        let fits = |named: usize, done: i64, writer: &BundleWriter<F>| named < UNORDERED && room(done, writer);
        while stretch.after < stretch.upto && (stretch.proof.is_some() || fits(unordered.len(), self.done, writer)) {
            for entry in self.tx.stretch(stretch.chain, stretch.after, stretch.upto, BATCH)? {
                writer.entry(&entry, if twin { FrameKind::Twin } else { FrameKind::Chained })?;
                let rises = match before {
                    Some(before) => verify::rises(before, entry.hlc),
                    None => !matches!(verify::flaw_at(self.tx, &entry)?, Some(Flaw::Backwards(_))),
                };
                if !rises {
                    unordered.push(Unordered { site: entry.site.clone(), epoch: entry.id.epoch(), seq: entry.seq });
                }
                before = Some(entry.hlc);
                sum = sum.wrapping_add(first_bytes(&entry.hash));
                stretch.after = entry.id.seq();
                head = Some(entry.hash);
                count += 1;
                first = if first == 0 { stretch.after } else { first };
                self.done += 1;
            }
            progress(self.done);
        }
        let Some(head) = head else { return Ok(None) };
        Ok(Some(Range {
            site: stretch.chain.site().as_str().to_owned(),
            epoch: stretch.chain.epoch(),
            first,
            last: stretch.after,
            head: hex(&head),
            count,
            sum: sum.to_string(),
        }))
    }

    fn relay_part<F: Read + Write + Seek>(
        &mut self,
        writer: &mut BundleWriter<F>,
        header: &mut Header,
        begun: i64,
        full: u64,
        mut progress: impl FnMut(i64),
    ) -> Result<(), ExchangeError> {
        header.relay = Relay { life: header.life, from: self.relay.0 + 1, upto: self.relay.0 };
        while self.relay.0 < self.relay.1 && (self.done == begun || writer.bytes_so_far() < full) {
            for row in self.tx.relay_after(self.peer.site.as_str(), self.relay.0, BATCH)? {
                let entry = self.tx.entry(row.entry)?.ok_or_else(|| missing(row.entry))?;
                let kind = if entry.id.is_twin() { FrameKind::SingleTwin } else { FrameKind::Single };
                writer.entry(&entry, kind)?;
                header.relayed += 1;
                self.relay.0 = row.number;
                self.done += 1;
            }
            progress(self.done);
        }
        header.relay.upto = self.relay.0;
        Ok(())
    }
}

fn missing(entry: Id) -> ExchangeError {
    crate::store::StoreError::Corrupt(format!("凭单 {entry} 不在")).into()
}

/// The first eight bytes of a hash as a number, for control sums.
pub fn first_bytes(hash: &[u8; 32]) -> u64 {
    let mut first = [0u8; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(first)
}

fn proof_text(tx: &Tx<'_>, proof: &ProofRow) -> Result<String, ExchangeError> {
    let signed = tx.get::<SignedHeaderRow>(&[&proof.signed])?.ok_or_else(|| missing(proof.chain))?;
    Ok(serde_json::json!({
        "chain": proof.chain, "seq": proof.seq, "head": hex(&proof.head),
        "header": String::from_utf8_lossy(&signed.header), "body_hash": hex(&signed.body_hash),
        "signature": signed.signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    })
    .to_string())
}
