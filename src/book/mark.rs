//! The high-water mark (最高位): a small file beside the database that says how far this site's chain has come, when, and how many
//! receipts of the life were given. When it is ahead of the database at start, the database is an older copy, and the site must go
//! on in a new epoch.
//!
//! Written after every commit without a sync of its own: a mark that lags is harmless, and one that is ahead of the
//! database can only be so because the database went back. It is keyed by the site's secret, so nobody else makes one that shuts
//! the book, and readable by its owner only. A lost or damaged one is told at every start and not replaced before the book was
//! looked at (`verify --full`).

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::append::Head;
use super::clock;
use super::seal::Keys;
use crate::store::{StoreError, Tx};

/// What the mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Site code.
    pub site: String,
    /// Life.
    pub epoch: i64,
    /// Last number given.
    pub seq: i64,
    /// Hash of that entry, hex.
    pub hash: String,
    /// When it was written, in milliseconds since 1970; 0 in a mark of before.
    pub at: i64,
    /// Last receipt number given in this life.
    pub receipts: i64,
}

/// What lies where the mark should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A sound mark of this key.
    Sound(Mark),
    /// One as earlier programs wrote it, without a key.
    Unkeyed(Mark),
    /// No file.
    Missing,
    /// Not a mark, a torn one, or another book's.
    Damaged,
}

/// Where the mark of a database lies.
pub fn path_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".mark");
    PathBuf::from(path)
}

/// The setting that counts the receipts of a series.
pub fn receipts_setting(series: &str) -> String {
    format!("receipt:{series}")
}

/// Longest file that can be a mark.
const MOST: u64 = 400;
/// Looks at a mark another desk may be writing right now.
const LOOKS: u32 = 4;

/// Reads the mark.
pub fn read(db: &Path, keys: &Keys) -> Found {
    for look in 0..LOOKS {
        if look > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        match read_once(db, Some(keys)) {
            Found::Damaged => {}
            found => return found,
        }
    }
    Found::Damaged
}

/// Reads the mark where the keys are not at hand: what it says cannot be proved.
pub fn read_unproved(db: &Path) -> Option<Mark> {
    match read_once(db, None) {
        Found::Sound(mark) | Found::Unkeyed(mark) => Some(mark),
        Found::Missing | Found::Damaged => None,
    }
}

fn read_once(db: &Path, keys: Option<&Keys>) -> Found {
    let path = path_of(db);
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Missing,
        Ok(meta) if meta.is_file() => {}
        _ => return Found::Damaged,
    }
    let mut text = String::new();
    let read = fs::File::open(&path).and_then(|file| file.take(MOST).read_to_string(&mut text));
    let words: Vec<&str> = text.split_whitespace().collect();
    match (read, &words[..]) {
        (Ok(_), ["2", site, epoch, seq, hash, at, receipts, check]) => {
            let numbers = (epoch.parse(), seq.parse(), at.parse(), receipts.parse());
            let (Ok(epoch), Ok(seq), Ok(at), Ok(receipts)) = numbers else { return Found::Damaged };
            let mark = Mark { site: (*site).to_owned(), epoch, seq, hash: (*hash).to_owned(), at, receipts };
            let sound = keys.is_none_or(|keys| *check == mark.keyed_check(keys));
            if sound { Found::Sound(mark) } else { Found::Damaged }
        }
        (Ok(_), [site, epoch, seq, hash, check]) => {
            let (Ok(epoch), Ok(seq)) = (epoch.parse(), seq.parse()) else { return Found::Damaged };
            let mark = Mark { site: (*site).to_owned(), epoch, seq, hash: (*hash).to_owned(), at: 0, receipts: 0 };
            if *check == mark.plain_check() { Found::Unkeyed(mark) } else { Found::Damaged }
        }
        _ => Found::Damaged,
    }
}

/// Bytes of the file: always the same, so that a mark is written over the last one.
const WIDTH: usize = 191;

/// Writes the mark. A book in memory has none. The file is not cut before: ext4 takes a cut file for one that is being
/// replaced and keeps the action waiting for the disk, four milliseconds each time.
pub fn write(db: &Path, keys: &Keys, mark: &Mark) -> std::io::Result<()> {
    if db == Path::new(":memory:") {
        return Ok(());
    }
    let line = format!("2 {} {}", mark.words(), mark.keyed_check(keys));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path_of(db))?;
    file.write_all(format!("{line:WIDTH$}\n").as_bytes())
}

impl Mark {
    /// The mark of a head, inside the transaction that wrote it.
    pub fn of(tx: &Tx<'_>, head: &Head) -> Result<Self, StoreError> {
        let hash = blake3::Hash::from_bytes(head.hash).to_hex().to_string();
        let series = format!("{}-{}", head.site, head.epoch);
        let counted = tx.setting(&receipts_setting(&series))?.and_then(|text| text.parse().ok());
        let receipts = counted.filter(|counted| (0..=head.seq).contains(counted)).unwrap_or(0);
        let (site, at) = (head.site.as_str().to_owned(), clock::millis(head.hlc));
        Ok(Self { site, epoch: head.epoch, seq: head.seq, hash, at, receipts })
    }

    /// Is this mark ahead of what the database holds?
    pub fn is_ahead_of(&self, head: &Head) -> bool {
        self.site == head.site.as_str() && (self.epoch, self.seq) > (head.epoch, head.seq)
    }

    fn words(&self) -> String {
        let Self { site, epoch, seq, hash, at, receipts } = self;
        format!("{site} {epoch} {seq} {hash} {at} {receipts}")
    }

    fn keyed_check(&self, keys: &Keys) -> String {
        keys.mark_hasher().update(self.words().as_bytes()).finalize().to_hex()[..32].to_owned()
    }

    fn plain_check(&self) -> String {
        let text = format!("{} {} {} {}", self.site, self.epoch, self.seq, self.hash);
        blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_mark_another_books_and_a_forged_one_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        let (keys, others) = (Keys::from_master([1; 32]), Keys::from_master([2; 32]));
        assert_eq!(read(&db, &keys), Found::Missing);
        let mark = Mark { site: "B03".into(), epoch: 1, seq: 42, hash: "ab".into(), at: 7, receipts: 3 };
        write(&db, &keys, &mark).unwrap();
        assert_eq!(read(&db, &keys), Found::Sound(mark.clone()));
        assert_eq!(read(&db, &others), Found::Damaged, "another book's");
        write(&db, &keys, &Mark { seq: 4, hash: "abcdef".into(), ..mark.clone() }).unwrap();
        write(&db, &keys, &mark).unwrap();
        assert_eq!(read(&db, &keys), Found::Sound(mark.clone()), "written over a longer one");
        let text = fs::read_to_string(path_of(&db)).unwrap();
        fs::write(path_of(&db), text.replace("2 B03 1 ", "2 B03 31 ")).unwrap();
        assert_eq!(read(&db, &keys), Found::Damaged, "a life nobody began");
        fs::write(path_of(&db), &text[..text.trim_end().len() - 4]).unwrap();
        assert_eq!(read(&db, &keys), Found::Damaged);
        fs::write(path_of(&db), format!("B03 1 42 ab {}", mark.plain_check())).unwrap();
        assert_eq!(read(&db, &keys), Found::Unkeyed(Mark { at: 0, receipts: 0, ..mark }));
    }

    #[cfg(unix)]
    #[test]
    fn the_mark_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        let mark = Mark { site: "B03".into(), epoch: 1, seq: 42, hash: "ab".into(), at: 7, receipts: 3 };
        write(&db, &Keys::from_master([1; 32]), &mark).unwrap();
        assert_eq!(fs::metadata(path_of(&db)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
