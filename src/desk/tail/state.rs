//! How far the second copy has come: a small file beside the book (`x.db.tail`), keyed like the high-water mark. One that is lost,
//! damaged or of another place costs nothing but a new file at the second place, from the last copies on.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::book::public_keys::hex;
use crate::book::seal::Keys;
use crate::store::companions::beside;

/// Longest state that is read.
const MOST: u64 = 16 << 10;

/// Where writing goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The second place.
    pub place: PathBuf,
    /// The file there.
    pub file: String,
    /// How long it is, as far as it is sound.
    pub length: u64,
    /// Hash of all that stands in it, hex.
    pub chain: String,
    /// Its last bytes, hex.
    pub end: String,
    /// How many entries stand in it.
    pub frames: u64,
    /// The copies known when it was begun.
    pub copies: String,
    /// The last entry written: life and number.
    pub at: (i64, i64),
    /// Hash of that entry, hex; empty before the first.
    pub hash: String,
}

/// Where the state of a book lies.
pub fn path_of(book: &Path) -> PathBuf {
    beside(book, ".tail")
}

impl State {
    /// Reads the state; none when it is lost, damaged or another book's.
    pub fn read(book: &Path, keys: &Keys) -> Option<Self> {
        use std::io::Read;
        let path = path_of(book);
        if !path.symlink_metadata().ok()?.is_file() {
            return None;
        }
        let mut text = String::new();
        std::fs::File::open(&path).ok()?.take(MOST).read_to_string(&mut text).ok()?;
        let (check, line) = text.trim_end().split_once(' ')?;
        (check == keyed_check(keys, line)).then(|| serde_json::from_str(line).ok())?
    }

    /// Writes the state; without a sync of its own: one that lags is made up for.
    pub fn write(&self, book: &Path, keys: &Keys) -> std::io::Result<()> {
        let line = serde_json::to_string(self)?;
        let text = format!("{} {line}\n", keyed_check(keys, &line));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path_of(book))?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)
    }
}

fn keyed_check(keys: &Keys, line: &str) -> String {
    let mut hasher = keys.keyed_hasher();
    hasher.update(b"second copy state");
    hasher.update(line.as_bytes());
    hex(&hasher.finalize().as_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_state_and_another_books_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("x.db");
        let keys = Keys::from_master([1; 32]);
        let mut state = State {
            place: "/second".into(),
            file: "f".into(),
            length: 10_000,
            chain: "ab".into(),
            end: "cd".into(),
            frames: 3,
            copies: "1.1 1.2".into(),
            at: (1, 42),
            hash: "ef".into(),
        };
        assert_eq!(State::read(&book, &keys), None);
        state.write(&book, &keys).unwrap();
        assert_eq!(State::read(&book, &keys).as_ref(), Some(&state));
        state.length = 9;
        state.write(&book, &keys).unwrap();
        assert_eq!(State::read(&book, &keys).as_ref(), Some(&state), "shorter than the one before");
        assert_eq!(State::read(&book, &Keys::from_master([2; 32])), None);
        let text = std::fs::read_to_string(path_of(&book)).unwrap();
        std::fs::write(path_of(&book), text.replace("\"length\":9", "\"length\":8")).unwrap();
        assert_eq!(State::read(&book, &keys), None);
    }
}
