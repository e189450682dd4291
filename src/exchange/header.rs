//! The header of a bundle: who sends what to whom, what it holds, and what the sender has of the recipient. It is signed, not
//! encrypted, and says nothing about customers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bundle_error::BundleError;
use crate::rules::id::{EPOCHS, Id, LIVES, SEQS, Site};

/// The format this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;
/// The oldest program version that reads what this one writes.
pub const NEEDS: &str = "0.1.0";

/// The highest number of a bundle, and of an entry in a relay.
pub const MAX_NUMBER: i64 = 999_999_999_999;
/// Certificates of keys one header may show.
pub const MAX_ROTATIONS: usize = 256;
/// Longest name of a key.
const MAX_NAME: usize = 64;
const NUMBERS: std::ops::RangeInclusive<i64> = 1..=MAX_NUMBER;

/// A bundle's header. Fields that are not known are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the file format.
    pub format: u32,
    /// The program version that can read it.
    pub needs: String,
    /// Sender's site code.
    pub from: String,
    /// Recipient's site code.
    pub to: String,
    /// The sender's life (epoch) when it was made.
    pub life: i64,
    /// From a practice book?
    pub practice: bool,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// Running number per recipient, from 1.
    pub number: i64,
    /// Hash of the bundle before to the same recipient, hex; empty for the first.
    pub previous: String,
    /// Name of the signing key.
    pub key: String,
    /// Certificates of the sender's newer keys, each signed by the key before.
    #[serde(default)]
    pub rotations: Vec<serde_json::Value>,
    /// Chains or parts of chains it holds, in the order in which they stand.
    pub ranges: Vec<Range>,
    /// How many entries it holds by themselves.
    pub relayed: i64,
    /// Which numbers of the relay it holds.
    pub relay: Relay,
    /// What the sender holds whole: its acknowledgements.
    pub have: Vec<Have>,
    /// Forks the sender holds, and which branch it calls the main one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
    /// Entries in it whose stamps do not rise along their line: head office holds them from before that was refused, and vouches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unordered: Vec<Unordered>,
    /// How far the sender has taken in the recipient's relay.
    pub relay_seen: Relay,
    /// Entries of every kind.
    pub entries: u64,
    /// Frames of every kind, the last included.
    pub frames: u64,
    /// Bytes of all frames.
    pub plain_len: u64,
    /// Bytes after packing.
    pub packed_len: u64,
    /// Bytes after encryption.
    pub cipher_len: u64,
    /// Hash of the encrypted bytes, hex.
    pub cipher_hash: String,
}

/// A part of a chain, without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Whose chain.
    pub site: String,
    /// Which life; a twin's stands [`crate::rules::id::LIVES`] behind.
    pub epoch: i64,
    /// Number of the first entry.
    pub first: i64,
    /// Number of the last.
    pub last: i64,
    /// Hash of the last, hex.
    pub head: String,
    /// How many entries.
    pub count: i64,
    /// Wrapping sum of the first eight bytes (little endian) of their hashes, decimal.
    pub sum: String,
}

/// How far the sender holds a chain whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// Whose chain.
    pub site: String,
    /// Which life; a twin's stands [`crate::rules::id::LIVES`] behind.
    pub epoch: i64,
    /// Number of the last entry.
    pub seq: i64,
    /// Hash of it, hex.
    pub head: String,
}

/// A fork, and which of its branches the sender calls the main one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// Whose chain.
    pub site: String,
    /// Which life.
    pub epoch: i64,
    /// Number of the first entries that differ.
    pub seq: i64,
    /// Hash of the one on the main branch, hex.
    pub main: String,
}

/// The place of an entry whose stamp does not rise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unordered {
    /// Whose chain.
    pub site: String,
    /// Which life; a twin's stands [`crate::rules::id::LIVES`] behind.
    pub epoch: i64,
    /// Number of the entry.
    pub seq: i64,
}

/// A part of the relay, head office's numbered list of single entries for one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// Head office's life in which the numbers were given.
    pub life: i64,
    /// The first number, from 1.
    pub from: i64,
    /// The last number; below `from` for none.
    pub upto: i64,
}

/// What every format's header says, whatever else is in it.
#[derive(Deserialize)]
struct Outline {
    format: u32,
    #[serde(default)]
    needs: String,
}

impl Header {
    /// Reads a header: format first, then every field, then what the fields may say.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let unreadable =
            |error: serde_json::Error| BundleError::BadHeader(format!("第 {} 字节处读不懂", error.column()));
        let outline: Outline = serde_json::from_slice(bytes).map_err(unreadable)?;
        if outline.format > FORMAT || is_newer(&outline.needs, env!("CARGO_PKG_VERSION")) {
            return Err(BundleError::NewerFormat { needs: short(&outline.needs) });
        }
        let header: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        match header.fault() {
            None => Ok(header),
            Some(what) => Err(BundleError::BadHeader(what.to_owned())),
        }
    }

    /// The first thing it says that cannot be.
    pub fn fault(&self) -> Option<&'static str> {
        if self.format == 0 || self.format > FORMAT {
            return Some("格式号不对");
        }
        if !is_version(&self.needs) {
            return Some("所需的程序版本不对");
        }
        if !is_site(&self.from) || !is_site(&self.to) {
            return Some("网点代码不对");
        }
        if !(self.previous.is_empty() || is_hash(&self.previous)) || !is_hash(&self.cipher_hash) {
            return Some("摘要不对");
        }
        if chrono::DateTime::parse_from_rfc3339(&self.made_at).is_err() {
            return Some("生成时间不对");
        }
        if !(1..LIVES).contains(&self.life) || !NUMBERS.contains(&self.number) {
            return Some("启用号或编号不对");
        }
        if self.key.chars().count() > MAX_NAME || self.key.chars().any(char::is_control) {
            return Some("密钥名不对");
        }
        if self.rotations.len() > MAX_ROTATIONS {
            return Some("换钥证明过多");
        }
        if self.relayed < 0 || !self.relay.is_sound() || !self.relay_seen.is_sound() {
            return Some("单发凭单的编号不对");
        }
        if self.ranges.iter().any(|range| !range.is_sound()) || self.have.iter().any(|have| !have.is_sound()) {
            return Some("凭单范围不对");
        }
        if self.forks.iter().any(|fork| !fork.is_sound()) {
            return Some("分叉不对");
        }
        if self.unordered.iter().any(|one| one.place().is_none()) {
            return Some("时间次序的疑问不对");
        }
        None
    }

    /// The first thing its fields say against each other. Asked when its signature has verified, before anything is written.
    pub fn contradiction(&self) -> Option<&'static str> {
        let once = |chains: Vec<(&str, i64)>| {
            let mut met = BTreeSet::new();
            chains.into_iter().all(|chain| met.insert(chain))
        };
        if !once(self.ranges.iter().map(|range| (range.site.as_str(), range.epoch)).collect()) {
            return Some("同一网点同一启用号的凭单分成了几段");
        }
        if !once(self.have.iter().map(|have| (have.site.as_str(), have.epoch)).collect()) {
            return Some("同一网点同一启用号的收到情况说了几次");
        }
        let numbers = if self.relay.from < 1 { 0 } else { (self.relay.upto - self.relay.from + 1).max(0) };
        if self.relayed > numbers || (self.relayed == 0 && numbers > 0) {
            return Some("单发凭单的张数与编号");
        }
        None
    }

    /// Its bytes as they are signed and stored.
    pub fn bytes(&self) -> Result<Vec<u8>, BundleError> {
        serde_json::to_vec(self).map_err(|error| BundleError::BadHeader(error.to_string()))
    }
}

impl Range {
    fn is_sound(&self) -> bool {
        let numbers = 1 <= self.first && self.first <= self.last && self.last < SEQS;
        let count = numbers && self.count == self.last - self.first + 1;
        count && is_chain(&self.site, self.epoch) && is_hash(&self.head) && self.sum.parse::<u64>().is_ok()
    }
}

impl Relay {
    fn is_sound(&self) -> bool {
        let numbers = 0..=MAX_NUMBER;
        (0..LIVES).contains(&self.life) && numbers.contains(&self.from) && numbers.contains(&self.upto)
    }
}

impl Unordered {
    /// The place, if it can be one.
    pub fn place(&self) -> Option<Id> {
        let site = Site::parse(&self.site).ok().filter(|site| site.as_str() == self.site)?;
        let sound = (1..SEQS).contains(&self.seq) && is_chain(&self.site, self.epoch);
        Id::new(&site, self.epoch, self.seq, 0).filter(|_| sound)
    }
}

impl Have {
    fn is_sound(&self) -> bool {
        (1..SEQS).contains(&self.seq) && is_chain(&self.site, self.epoch) && is_hash(&self.head)
    }
}

impl Fork {
    fn is_sound(&self) -> bool {
        let place = (1..SEQS).contains(&self.seq) && (1..LIVES).contains(&self.epoch);
        place && is_site(&self.site) && is_hash(&self.main)
    }
}

fn is_chain(site: &str, epoch: i64) -> bool {
    is_site(site) && (1..EPOCHS).contains(&epoch)
}

/// A site code exactly as it is printed; nothing that looks like a path passes.
fn is_site(text: &str) -> bool {
    Site::parse(text).is_ok_and(|site| site.as_str() == text)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn short(text: &str) -> String {
    crate::text::safe::line(text).chars().take(60).collect()
}

/// Three numbers with points between, as programs are numbered.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
    parts.len() == 3 && parts.iter().all(number)
}

/// Is version `a` above `b`? What is no version is not.
fn is_newer(a: &str, b: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u32>> { text.split('.').map(|part| part.parse().ok()).collect() };
    matches!((parts(a), parts(b)), (Some(a), Some(b)) if a > b)
}
