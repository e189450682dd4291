//! The golden files, for the tests that read them: which there are, and the entries in each.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use meterdesk::exchange::frame::{Frame, FrameKind};
use meterdesk::store::entries::EntryRow;

use crate::bundle;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

/// The keys all golden files are made with: known to everybody, good for nothing else.
pub fn keys() -> bundle::Keys {
    let text = std::fs::read_to_string(folder().join("identity.txt")).unwrap();
    bundle::Keys { sign: SigningKey::from_bytes(&[7; 32]), seal: text.trim().parse().unwrap() }
}

pub fn golden_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "mdx"));
    files.sort();
    files
}

pub fn entries(file: &Path) -> Vec<EntryRow> {
    let keys = keys();
    let bytes = std::fs::read(file).unwrap();
    let (frames, end) = bundle::read(&bytes, &keys, &keys);
    assert_eq!(end, Ok(()), "{}", file.display());
    let entry = |frame| match frame {
        Frame::Entry(FrameKind::Chained, row) => *row,
        other => panic!("{other:?}"),
    };
    frames.into_iter().map(entry).collect()
}
