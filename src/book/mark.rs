//! The high-water mark (最高位): a small file beside the database that says how far this site's chain has come. When it is
//! ahead of the database at start, the database is an older copy, and the site must go on in a new epoch.
//!
//! Written after every commit without a sync of its own: a mark that lags is harmless, and one that is ahead of the
//! database can only be so because the database went back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::append::Head;

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
}

/// Where the mark of a database lies.
pub fn path_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".mark");
    PathBuf::from(path)
}

/// Reads the mark; a missing or torn one is none.
pub fn read(db: &Path) -> Option<Mark> {
    let text = fs::read_to_string(path_of(db)).ok().filter(|text| text.len() < 400)?;
    let mut words = text.split_whitespace();
    let (site, epoch, seq, hash, check) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let mark =
        Mark { site: site.to_owned(), epoch: epoch.parse().ok()?, seq: seq.parse().ok()?, hash: hash.to_owned() };
    (check == mark.check()).then_some(mark)
}

/// Bytes of the file: always the same, so that a mark is written over the last one.
const WIDTH: usize = 127;

/// Writes the mark. A book in memory has none. The file is not cut before: ext4 takes a cut file for one that is being
/// replaced and keeps the action waiting for the disk, four milliseconds each time.
pub fn write(db: &Path, mark: &Mark) -> std::io::Result<()> {
    if db == Path::new(":memory:") {
        return Ok(());
    }
    let line = format!("{} {} {} {} {}", mark.site, mark.epoch, mark.seq, mark.hash, mark.check());
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path_of(db))?;
    file.write_all(format!("{line:WIDTH$}\n").as_bytes())
}

impl Mark {
    /// The mark of a head.
    pub fn of(head: &Head) -> Self {
        let hash = blake3::Hash::from_bytes(head.hash).to_hex().to_string();
        Self { site: head.site.as_str().to_owned(), epoch: head.epoch, seq: head.seq, hash }
    }

    /// Is this mark ahead of what the database holds?
    pub fn is_ahead_of(&self, head: &Head) -> bool {
        self.site == head.site.as_str() && (self.epoch, self.seq) > (head.epoch, head.seq)
    }

    fn check(&self) -> String {
        let text = format!("{} {} {} {}", self.site, self.epoch, self.seq, self.hash);
        blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_mark_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        let mark = Mark { site: "B03".into(), epoch: 1, seq: 42, hash: "ab".into() };
        write(&db, &mark).unwrap();
        assert_eq!(read(&db), Some(mark.clone()));
        write(&db, &Mark { seq: 4, hash: "abcdef".into(), ..mark.clone() }).unwrap();
        write(&db, &mark).unwrap();
        assert_eq!(read(&db), Some(mark), "written over a longer one");
        let text = fs::read_to_string(path_of(&db)).unwrap();
        fs::write(path_of(&db), &text[..text.trim_end().len() - 4]).unwrap();
        assert_eq!(read(&db), None);
    }
}
