//! Bundles for tests: keys from fixed seeds, entries from fixed bytes, and bundles written by hand where the writer would refuse.
#![allow(dead_code)]

use std::io::{Cursor, Write};

use age::x25519::Identity;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use meterdesk::book::entry;
use meterdesk::exchange::bundle_error::BundleError;
use meterdesk::exchange::envelope::{self, BundleWriter, EndCounts, Written};
use meterdesk::exchange::frame::{Frame, FrameKind};
use meterdesk::exchange::header::{Have, Header, Range, Relay};
use meterdesk::exchange::opener::{self, Opened};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::entries::EntryRow;
use serde_json::{Value, json};

/// Bytes as the vectors print them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads them back.
pub fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// An entry as the vectors print it.
pub fn said_of(kind: &str, row: &EntryRow) -> Value {
    json!({
        "kind": kind, "suite": row.suite, "site": row.site, "epoch": row.epoch, "seq": row.seq, "hlc": row.hlc,
        "at": row.at, "business_day": row.business_day.to_string(), "actor": row.actor, "action": row.action,
        "version": row.version, "subjects": row.subjects, "key": row.key, "salt": hex(&row.salt), "prev": hex(&row.prev),
        "payload": row.payload, "leaf": hex(&row.leaf), "hash": hex(&row.hash),
    })
}

/// Keys of one site.
pub struct Keys {
    pub sign: SigningKey,
    pub seal: Identity,
}

impl Keys {
    pub fn new(seed: u8) -> Self {
        Self { sign: SigningKey::from_bytes(&[seed; 32]), seal: Identity::generate() }
    }

    pub fn verifying(&self) -> VerifyingKey {
        self.sign.verifying_key()
    }

    pub fn signer(&self) -> impl Fn(&[u8]) -> [u8; 64] + '_ {
        |text| self.sign.sign(text).to_bytes()
    }
}

/// A header as a caller gives it to the writer.
pub fn header() -> Header {
    Header {
        from: "B03".into(),
        to: "HQ".into(),
        life: 1,
        practice: true,
        made_at: "2026-03-02T17:30:00.000+08:00".into(),
        number: 7,
        key: "0123456789abcdef".into(),
        have: vec![Have { site: "HQ".into(), epoch: 1, seq: 12, head: "ab".repeat(32) }],
        relay: Relay { life: 1, from: 1, upto: 0 },
        cipher_hash: "00".repeat(32),
        ..Header::default()
    }
}

/// An entry that follows another, or a chain's first.
pub fn entry_after(before: Option<&EntryRow>, site: &str, payload: String) -> EntryRow {
    let epoch = before.map_or(1, |row| row.epoch);
    let seq = before.map_or(1, |row| row.seq + 1);
    let prev = before.map_or_else(|| entry::genesis(site, epoch), |row| row.hash);
    entry::seal(EntryRow {
        id: Id::new(&Site::parse(site).unwrap(), epoch, seq, 0).unwrap(),
        suite: 1,
        site: site.into(),
        epoch,
        seq,
        hlc: (1_700_000_000_000 + seq) << 16,
        at: "2026-03-02T09:00:00.000+08:00".into(),
        business_day: "2026-03-02".parse().unwrap(),
        actor: "B03.1.2".into(),
        action: "note.write".into(),
        version: 1,
        subjects: "aB03.1.7".into(),
        key: (seq % 2 == 0).then(|| format!("key-{seq}")),
        payload,
        salt: [u8::try_from(seq % 251).unwrap(); 16],
        leaf: [0; 32],
        prev,
        hash: [0; 32],
    })
}

/// A chain of entries with these payloads.
pub fn chain(site: &str, payloads: impl IntoIterator<Item = String>) -> Vec<EntryRow> {
    let mut rows: Vec<EntryRow> = Vec::new();
    for payload in payloads {
        rows.push(entry_after(rows.last(), site, payload));
    }
    rows
}

/// The same entry as the second branch of a fork.
pub fn twin(mut row: EntryRow) -> EntryRow {
    row.id = row.id.twin();
    row
}

/// The range a chain makes.
pub fn range(rows: &[EntryRow]) -> Range {
    let (first, last) = (rows.first().unwrap(), rows.last().unwrap());
    let sum =
        rows.iter().fold(0u64, |sum, row| sum.wrapping_add(u64::from_le_bytes(row.hash[..8].try_into().unwrap())));
    Range {
        site: first.site.clone(),
        epoch: first.id.epoch(),
        first: first.seq,
        last: last.seq,
        head: blake3::Hash::from_bytes(last.hash).to_hex().to_string(),
        count: last.seq.wrapping_sub(first.seq).wrapping_add(1),
        sum: sum.to_string(),
    }
}

/// Writes a bundle of entries from `from` to `to`.
pub fn write(rows: &[(FrameKind, EntryRow)], from: &Keys, to: &Keys) -> (Vec<u8>, Written) {
    let mut writer = BundleWriter::begin(Vec::new(), &to.seal.to_public()).unwrap();
    for (kind, row) in rows {
        writer.entry(row, *kind).unwrap();
    }
    writer.finish(header(), from.signer()).unwrap()
}

/// Opens a bundle of a known sender up to its signature.
pub fn open<'b>(bytes: &'b [u8], from: &Keys) -> Result<Opened<Cursor<&'b [u8]>>, BundleError> {
    opener::open(Cursor::new(bytes), |_| Ok(vec![from.verifying()]))
}

/// Opens a bundle and reads every frame; what was read before an error comes with it.
pub fn read(bytes: &[u8], from: &Keys, to: &Keys) -> (Vec<Frame>, Result<(), BundleError>) {
    let mut frames = Vec::new();
    let mut opened = match open(bytes, from) {
        Ok(opened) => opened,
        Err(error) => return (frames, Err(error)),
    };
    let walk = match opened.frames([&to.seal]) {
        Ok(walk) => walk,
        Err(error) => return (frames, Err(error)),
    };
    for frame in walk {
        match frame {
            Ok(frame) => frames.push(frame),
            Err(error) => return (frames, Err(error)),
        }
    }
    (frames, Ok(()))
}

/// One frame as it lies in the plain stream.
pub fn raw_frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind][..], &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}

/// The end frame's text for a stream of so many frames (itself included) and no entries.
pub fn end_text(frames: u64) -> Vec<u8> {
    let hash = blake3::Hasher::new().finalize().to_hex().to_string();
    serde_json::to_vec(&EndCounts { entries: 0, relayed: 0, frames, hash }).unwrap()
}

/// A properly signed bundle around any packed bytes, with a header changed at will: what a broken or hostile program of a known
/// site could send.
pub fn forge(packed: &[u8], plain_len: u64, from: &Keys, to: &Keys, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    forge_for(packed, plain_len, from, &[to.seal.to_public()], change)
}

/// The same, sealed to any number of keys.
pub fn forge_for(
    packed: &[u8],
    plain_len: u64,
    from: &Keys,
    to: &[age::x25519::Recipient],
    change: impl FnOnce(&mut Header),
) -> Vec<u8> {
    let mut cipher = Vec::new();
    let recipients = to.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut sealing = encryptor.wrap_output(&mut cipher).unwrap();
    sealing.write_all(packed).unwrap();
    sealing.finish().unwrap();
    let mut header = Header {
        format: 1,
        needs: "0.1.0".into(),
        frames: 1,
        plain_len,
        packed_len: packed.len() as u64,
        cipher_len: cipher.len() as u64,
        cipher_hash: blake3::hash(&cipher).to_hex().to_string(),
        ..header()
    };
    change(&mut header);
    assemble(&cipher, &serde_json::to_vec(&header).unwrap(), from)
}

/// Puts a file together and signs it.
pub fn assemble(cipher: &[u8], header: &[u8], from: &Keys) -> Vec<u8> {
    let text = envelope::signed_text(blake3::hash(cipher).as_bytes(), header);
    let signature = from.sign.sign(&text).to_bytes();
    let lengths =
        [&(cipher.len() as u64).to_le_bytes()[..], &u32::try_from(header.len()).unwrap().to_le_bytes()].concat();
    [envelope::MAGIC, cipher, header, lengths.as_slice(), &signature, envelope::END_MAGIC].concat()
}
