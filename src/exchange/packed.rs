//! One entry by itself, packed: its fields as in a bundle, compressed. For what keeps entries one by one, as the second copy does.

use super::frame::{self, Before, FrameKind, MAX_ENTRY};
use crate::store::entries::EntryRow;

/// Compression: entries are short, and are packed while people work.
const LEVEL: i32 = 3;
/// Largest packed entry.
pub const MAX_PACKED: usize = MAX_ENTRY + 1024;

/// Packs an entry. `None` when it is larger than a bundle can carry.
pub fn pack(row: &EntryRow, before: &mut Before) -> Option<Vec<u8>> {
    let mut clear = Vec::new();
    frame::encode(row, FrameKind::Chained, before, &mut clear)?;
    zstd::bulk::compress(&clear, LEVEL).ok()
}

/// Opens what [`pack`] made; never more than an entry can have.
pub fn unpack(bytes: &[u8], before: &mut Before) -> Result<EntryRow, &'static str> {
    let clear = zstd::bulk::decompress(bytes, MAX_ENTRY).map_err(|_| "凭单解不开")?;
    frame::decode(&clear, FrameKind::Chained, before)
}
