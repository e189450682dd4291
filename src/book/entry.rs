//! The entry (凭单) and its hashes.
//!
//! `leaf = H(salt ‖ payload)` and `hash = H(tag ‖ every other field, each with its length ‖ prev ‖ leaf)`, so that the
//! chain can be checked without payloads, and a short payload cannot be guessed from its leaf. H is BLAKE3 (suite 1).

use std::sync::LazyLock;

use crate::rules::id::{Id, LIVES};
use crate::store::entries::EntryRow;

/// The only suite so far: BLAKE3.
pub const SUITE: i64 = 1;
/// Largest payload of one entry, in bytes.
pub const MAX_PAYLOAD: usize = 64 << 10;
/// Largest sum of an entry's other texts, in bytes: the subjects of a bulk entry may be 512 long names.
pub const MAX_TEXTS: usize = 32 << 10;
const DOMAIN: &str = "meterdesk entry 1";

/// Hash of salt and payload.
pub fn leaf(salt: &[u8; 16], payload: &[u8]) -> [u8; 32] {
    static KEYED: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key("meterdesk leaf 1"));
    let mut hasher = KEYED.clone();
    hasher.update(salt);
    hasher.update(payload);
    *hasher.finalize().as_bytes()
}

/// What an epoch's first entry follows when nothing went before.
pub fn genesis(site: &str, epoch: i64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("meterdesk genesis 1");
    hasher.update(site.as_bytes());
    hasher.update(&epoch.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// Gives every field of an entry, in the one order and encoding in which it is hashed and sent: numbers as eight bytes little
/// endian, dates as `2026-11-21`, no key as one field of a zero byte and a key as a field of a one byte and its text. `prev` and
/// `last` stand at the end: when hashing, the entry before and the leaf; in a bundle, possibly nothing and the payload.
pub fn fields(row: &EntryRow, prev: &[u8], last: &[u8], mut field: impl FnMut(&[u8])) {
    field(&row.suite.to_le_bytes());
    field(row.site.as_bytes());
    field(&row.epoch.to_le_bytes());
    field(&row.seq.to_le_bytes());
    field(&row.hlc.to_le_bytes());
    field(row.at.as_bytes());
    field(row.business_day.to_string().as_bytes());
    field(row.actor.as_bytes());
    field(row.action.as_bytes());
    field(&row.version.to_le_bytes());
    field(row.subjects.as_bytes());
    match &row.key {
        None => field(&[0]),
        Some(key) => {
            field(&[1]);
            field(key.as_bytes());
        }
    }
    field(&row.salt);
    field(prev);
    field(last);
}

/// Identity of an entry: everything but the payload itself, which its leaf stands for.
pub fn hash(row: &EntryRow) -> [u8; 32] {
    static KEYED: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key(DOMAIN));
    // Many small pieces are hashed together quicker than one by one.
    let mut text = Vec::with_capacity(512 + row.subjects.len());
    fields(row, &row.prev, &row.leaf, |bytes| {
        text.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        text.extend_from_slice(bytes);
    });
    let mut hasher = KEYED.clone();
    hasher.update(&text);
    *hasher.finalize().as_bytes()
}

/// Bytes of the texts beside the payload, for [`MAX_TEXTS`].
pub fn texts_len(row: &EntryRow) -> usize {
    let key = row.key.as_deref().map_or(0, str::len);
    row.site.len() + row.at.len() + row.actor.len() + row.action.len() + row.subjects.len() + key
}

/// Fills leaf and hash of a row whose other fields stand.
pub fn seal(mut row: EntryRow) -> EntryRow {
    row.leaf = leaf(&row.salt, row.payload.as_bytes());
    row.hash = hash(&row);
    row
}

/// The first thing wrong with a stored entry by itself, or none (I-2). It may stand at its own place or, as the second branch
/// of a fork, at the twin of it.
pub fn fault(row: &EntryRow) -> Option<&'static str> {
    if row.suite != SUITE {
        return Some("不认识的加密套件");
    }
    let place = crate::rules::id::Site::parse(&row.site).ok().and_then(|site| Id::new(&site, row.epoch, row.seq, 0));
    let lives = (1..LIVES).contains(&row.epoch);
    if !lives || place.is_none_or(|place| row.id != place && row.id != place.twin()) {
        return Some("编号与位置不符");
    }
    if leaf(&row.salt, row.payload.as_bytes()) != row.leaf {
        return Some("内容与摘要不符");
    }
    if hash(row) != row.hash {
        return Some("凭单与摘要不符");
    }
    None
}

/// Eight characters of a head's hash, read aloud and printed on the day-close slip.
pub fn head_code(hash: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    hash.iter().take(8).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
