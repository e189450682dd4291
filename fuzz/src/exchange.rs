//! Header, entry frame and whole bundle. A changed bundle never gets past its signature, so the inside is also reached by signing
//! the bytes with a known key.

#[path = "../../tests/support/bundle.rs"]
mod support;

use std::sync::OnceLock;

use meterdesk::exchange::bundle_error::BundleError;
use meterdesk::exchange::frame::{self, Before, FrameKind};
use meterdesk::exchange::header::Header;
use support::Keys;

const KINDS: [FrameKind; 3] = [FrameKind::Chained, FrameKind::Single, FrameKind::Twin];

/// A header that is read says the same when it is written and read again.
pub fn header(data: &[u8]) {
    if let Ok(header) = Header::read(data) {
        let again = Header::read(&header.bytes().unwrap()).unwrap();
        assert_eq!(header, again);
    }
}

/// An entry that is read gives the very same bytes when it is written.
pub fn entry(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let kind = KINDS[usize::from(kind % 3)];
    if let Ok(row) = frame::decode(data, kind, &mut Before::default()) {
        let mut again = Vec::new();
        frame::encode(&row, kind, &mut Before::default(), &mut again).unwrap();
        assert_eq!(data, again);
    }
}

fn keys() -> &'static (Keys, Keys) {
    static KEYS: OnceLock<(Keys, Keys)> = OnceLock::new();
    KEYS.get_or_init(|| (Keys::new(1), Keys::new(2)))
}

/// The first byte says what the rest is: a file, a header, frames, or packed bytes.
pub fn bundle(data: &[u8]) {
    let Some((what, data)) = data.split_first() else { return };
    let (from, to) = keys();
    match what % 4 {
        0 => {
            let (frames, end) = support::read(data, from, to);
            assert!(end.is_err() && frames.is_empty(), "nobody can sign by chance");
        }
        1 => read(&support::assemble(b"", data, from)),
        2 => {
            let packed = zstd::bulk::compress(data, 1).unwrap();
            read(&signed(&packed, data.len() as u64));
        }
        _ => read(&signed(data, 100 * data.len() as u64)),
    }
}

fn signed(packed: &[u8], plain_len: u64) -> Vec<u8> {
    let (from, to) = keys();
    support::forge(packed, plain_len, from, to, |_| ())
}

fn read(bytes: &[u8]) {
    let (from, to) = keys();
    let (_, end) = support::read(bytes, from, to);
    assert!(!matches!(end, Err(BundleError::Io(_) | BundleError::BadSignature(_))), "{end:?}");
}
