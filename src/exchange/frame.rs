//! What is inside a bundle: frames of a kind, a length and bytes, entries among them with their fields exactly as they are hashed.

use chrono::NaiveDate;

use crate::book::entry::{self, MAX_PAYLOAD, MAX_TEXTS, SUITE};
use crate::rules::id::{Id, LIVES, Site};
use crate::store::entries::EntryRow;

/// Bytes before each frame: kind and length.
pub const FRAME_HEAD: usize = 5;
/// Largest entry frame: payload, other texts, and numbers, hashes and lengths beside them.
pub const MAX_ENTRY: usize = MAX_PAYLOAD + MAX_TEXTS + 512;
/// Largest secret.
pub const MAX_SECRET: usize = 1 << 20;
/// Largest proof: a whole header as a JSON text, so up to twice as long.
pub const MAX_PROOF: usize = (2 << 20) + 4096;
/// Largest padding frame; more padding is several frames.
pub const MAX_PADDING: usize = 64 << 10;
/// Largest end frame.
pub const MAX_END: usize = 4096;

const KIND_END: u8 = 0;
const KIND_SECRET: u8 = 4;
const KIND_PROOF: u8 = 5;
const KIND_PADDING: u8 = 9;

/// How an entry stands in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrameKind {
    /// Part of a chain that is sent whole.
    Chained,
    /// By itself, vouched for by head office's signature over the bundle.
    Single,
    /// Part of the second branch of a fork.
    Twin,
    /// One of a fork's second branch by itself, vouched for by head office's signature over the bundle.
    SingleTwin,
}

impl FrameKind {
    /// Its number in the file.
    pub fn number(self) -> u8 {
        match self {
            Self::Chained => 1,
            Self::Single => 2,
            Self::Twin => 3,
            Self::SingleTwin => 6,
        }
    }

    /// Is it by itself, outside any chain?
    pub fn is_single(self) -> bool {
        matches!(self, Self::Single | Self::SingleTwin)
    }

    /// Does it stand on a fork's second branch?
    pub fn is_twin(self) -> bool {
        matches!(self, Self::Twin | Self::SingleTwin)
    }
}

/// What a frame can be, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The counts; the last frame.
    End,
    /// An entry.
    Entry(FrameKind),
    /// A JSON text told in confidence.
    Secret,
    /// A header and signature of head office, given back; JSON.
    Proof,
    /// Random bytes, passed over.
    Padding,
}

impl Part {
    /// The part of a number, or none for one that is not known.
    pub fn of(number: u8) -> Option<Self> {
        Some(match number {
            KIND_END => Self::End,
            1 => Self::Entry(FrameKind::Chained),
            2 => Self::Entry(FrameKind::Single),
            3 => Self::Entry(FrameKind::Twin),
            6 => Self::Entry(FrameKind::SingleTwin),
            KIND_SECRET => Self::Secret,
            KIND_PROOF => Self::Proof,
            KIND_PADDING => Self::Padding,
            _ => return None,
        })
    }

    /// Its number in the file.
    pub fn number(self) -> u8 {
        match self {
            Self::End => KIND_END,
            Self::Entry(kind) => kind.number(),
            Self::Secret => KIND_SECRET,
            Self::Proof => KIND_PROOF,
            Self::Padding => KIND_PADDING,
        }
    }

    /// Most bytes it may have.
    pub fn cap(self) -> usize {
        match self {
            Self::End => MAX_END,
            Self::Entry(_) => MAX_ENTRY,
            Self::Secret => MAX_SECRET,
            Self::Proof => MAX_PROOF,
            Self::Padding => MAX_PADDING,
        }
    }
}

/// What the opener hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An entry, its leaf and hash calculated anew.
    Entry(FrameKind, Box<EntryRow>),
    /// A JSON text told in confidence.
    Secret(String),
    /// A header and signature of head office, given back; JSON.
    Proof(String),
}

/// The entry frame before, of which the next may leave out the hash.
#[derive(Clone, Debug, Default)]
pub struct Before(Option<(FrameKind, Id, [u8; 32])>);

impl Before {
    /// The hash an entry of this chain follows when its frame says nothing: that of the frame right before, if it is of one kind,
    /// site and life with it.
    fn prev(&self, kind: FrameKind, id: Id) -> Option<[u8; 32]> {
        let (before_kind, before, hash) = self.0?;
        let same_chain = before_kind == kind && before.site() == id.site() && before.epoch() == id.epoch();
        same_chain.then_some(hash)
    }

    /// This entry frame is the one before from now on.
    fn set(&mut self, kind: FrameKind, row: &EntryRow) {
        self.0 = Some((kind, row.id, row.hash));
    }
}

/// Appends an entry's fields to `out`. `None` when it is larger than a bundle can carry.
pub fn encode(row: &EntryRow, kind: FrameKind, before: &mut Before, out: &mut Vec<u8>) -> Option<()> {
    if row.payload.len() > MAX_PAYLOAD || entry::texts_len(row) > MAX_TEXTS {
        return None;
    }
    let known = before.prev(kind, row.id) == Some(row.prev);
    let prev: &[u8] = if known { &[] } else { &row.prev };
    entry::fields(row, prev, row.payload.as_bytes(), |bytes| {
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    });
    before.set(kind, row);
    Some(())
}

/// Reads an entry's fields; the sentence says what is wrong. Nothing is allocated beyond what the bytes hold.
pub fn decode(bytes: &[u8], kind: FrameKind, before: &mut Before) -> Result<EntryRow, &'static str> {
    let mut fields = Fields(bytes);
    let suite = fields.number()?;
    if suite != SUITE {
        return Err("不认识的加密套件");
    }
    let site = fields.text()?;
    let code = Site::parse(&site).ok().filter(|code| code.as_str() == site).ok_or("网点代码不对")?;
    let (epoch, seq) = (fields.number()?, fields.number()?);
    let id = place(&code, epoch, seq, kind).ok_or("凭单位置不对")?;
    let hlc = fields.number()?;
    let at = fields.text()?;
    let business_day = day(&fields.text()?)?;
    let (actor, action, version) = (fields.text()?, fields.text()?, fields.number()?);
    let subjects = fields.text()?;
    let key = match fields.next()? {
        [0] => None,
        [1] => Some(fields.text()?),
        _ => return Err("幂等键标记不对"),
    };
    let salt = fields.exact::<16>()?;
    let prev = match fields.next()? {
        [] => before.prev(kind, id).ok_or("缺前一凭单的摘要")?,
        full => <[u8; 32]>::try_from(full).map_err(|_| "前一凭单的摘要长度不对")?,
    };
    let payload = fields.text()?;
    if !fields.0.is_empty() {
        return Err("凭单后有多余内容");
    }
    let row = entry::seal(EntryRow {
        id,
        suite,
        site,
        epoch,
        seq,
        hlc,
        at,
        business_day,
        actor,
        action,
        version,
        subjects,
        key,
        payload,
        salt,
        leaf: [0; 32],
        prev,
        hash: [0; 32],
    });
    if row.payload.len() > MAX_PAYLOAD || entry::texts_len(&row) > MAX_TEXTS {
        return Err("凭单过大");
    }
    before.set(kind, &row);
    Ok(row)
}

/// Where an entry stands here: a twin beside the life it shares.
fn place(site: &Site, epoch: i64, seq: i64, kind: FrameKind) -> Option<Id> {
    if seq < 1 || !(1..LIVES).contains(&epoch) {
        return None;
    }
    let place = Id::new(site, epoch, seq, 0)?;
    Some(if kind.is_twin() { place.twin() } else { place })
}

/// A date in the one form in which it is hashed.
fn day(text: &str) -> Result<NaiveDate, &'static str> {
    let day: NaiveDate = text.parse().map_err(|_| "营业日不对")?;
    if day.to_string() == text { Ok(day) } else { Err("营业日不对") }
}

/// Walks fields of a length and bytes.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn next(&mut self) -> Result<&'b [u8], &'static str> {
        let (length, rest) = self.0.split_first_chunk::<8>().ok_or("凭单字段不全")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "凭单字段长度不对")?;
        let (field, rest) = rest.split_at_checked(length).ok_or("凭单字段长度不对")?;
        self.0 = rest;
        Ok(field)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        self.next()?.try_into().map_err(|_| "凭单字段长度不对")
    }

    fn number(&mut self) -> Result<i64, &'static str> {
        Ok(i64::from_le_bytes(self.exact()?))
    }

    fn text(&mut self) -> Result<String, &'static str> {
        let text = std::str::from_utf8(self.next()?).map_err(|_| "凭单文字不是 UTF-8")?;
        Ok(text.to_owned())
    }
}
