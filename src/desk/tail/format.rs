//! A file of the second copy: a head in clear that says whose it is and where it begins, then one sealed frame an entry. Each frame is
//! sealed together with the hash of all that stands before it in the file, so a cut or changed byte spoils that frame and every later
//! one, and none before.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::book::public_keys::hex;
use crate::book::seal::Keys;
use crate::exchange::frame::Before;
use crate::exchange::packed::{self, MAX_PACKED};
use crate::rules::id::{Id, Site};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// Ending of the files' names.
const ENDING: &str = ".tail";
/// The format, first word of a file.
const FORM: &str = "meterdesk second copy 1";
/// Longest head, with its line end.
const MAX_HEAD: usize = 512;
/// What sealing adds: nonce and tag.
const SEAL: usize = 24 + 16;

/// The head of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The format.
    form: String,
    /// Whose entries.
    pub site: String,
    /// Which book: hash of its first entry, hex.
    pub book: String,
    /// Name of the key.
    pub key: String,
    /// The life and the number after which it begins.
    pub after: (i64, i64),
    /// Its number among the files of the book.
    pub number: u32,
    /// Random, so that no two files begin alike.
    salt: String,
}

impl Header {
    /// The head of a new file.
    pub fn new(site: &str, book: &str, key: &str, after: (i64, i64), number: u32) -> Result<Self, String> {
        let mut salt = [0u8; 8];
        getrandom::fill(&mut salt).map_err(|error| format!("系统没有给出随机数：{error}"))?;
        let [site, book, key] = [site, book, key].map(str::to_owned);
        let salt = u64::from_le_bytes(salt).to_string();
        Ok(Self { form: FORM.to_owned(), site, book, key, after, number, salt })
    }

    /// The line that stands in the file.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Reads the line from a file's beginning; also its bytes. None when there is none that can be read.
    fn read(mut input: impl Read) -> Option<(Self, Vec<u8>)> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0u8; 1];
            input.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
            if line.len() > MAX_HEAD {
                return None;
            }
        }
        let header: Self = serde_json::from_slice(&line).ok()?;
        (header.form == FORM).then_some((header, line))
    }

    /// The head of a file; none of a link.
    pub fn of_file(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        Self::read(BufReader::with_capacity(MAX_HEAD, File::open(path).ok()?)).map(|(header, _)| header)
    }

    /// The file's name: `B03-3fa9c1d2-000012.tail`.
    pub fn file_name(&self) -> String {
        format!("{}-{}-{:06}{ENDING}", self.site, self.book.get(..8).unwrap_or_default(), self.number)
    }
}

/// Which book it is: hash of its first entry, hex; none while it is empty.
pub fn book_of(tx: &Tx<'_>, site: &Site) -> Result<Option<String>, StoreError> {
    let first = Id::new(site, 1, 1, 0).map_or(Ok(None), |id| tx.entry_hash(id))?;
    Ok(first.map(|hash| hex(&hash)))
}

/// The number in the name of a file of this site and book; none for any other file.
pub fn number_of(name: &str, site: &str, book: &str) -> Option<u32> {
    let rest = name.strip_prefix(site)?.strip_prefix('-')?.strip_prefix(book.get(..8)?)?.strip_prefix('-')?;
    let digits = rest.strip_suffix(ENDING)?;
    (digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The files of this site and book in a folder, by their numbers; nothing else there is touched.
pub fn files_in(folder: &Path, site: &str, book: &str) -> std::io::Result<Vec<(u32, String)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if let Some(number) = number_of(&name, site, book) {
            found.push((number, name));
        }
    }
    found.sort();
    Ok(found)
}

/// Hash of all that stands in a file so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain(pub [u8; 32]);

impl Chain {
    /// Of a file with nothing but its head.
    pub fn begin(line: &[u8]) -> Self {
        Self(blake3::derive_key("meterdesk second copy file 1", line))
    }

    fn follow(&mut self, sealed: &[u8]) {
        let mut hasher = blake3::Hasher::new_derive_key("meterdesk second copy frame 1");
        hasher.update(&self.0);
        hasher.update(sealed);
        self.0 = *hasher.finalize().as_bytes();
    }

    /// Appends an entry's frame to `out`.
    pub fn seal(&mut self, keys: &Keys, row: &EntryRow, before: &mut Before, out: &mut Vec<u8>) -> Result<(), String> {
        let clear = packed::pack(row, before).ok_or_else(|| format!("凭单 {} 过大，写不进随写副本", row.id))?;
        let sealed = keys.seal_frame(&self.0, &clear).map_err(|error| error.to_string())?;
        let length = u32::try_from(sealed.len()).map_err(|_| format!("凭单 {} 过大，写不进随写副本", row.id))?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&sealed);
        self.follow(&sealed);
        Ok(())
    }
}

/// Reads a file from its beginning, as far as it is sound.
pub struct Reader<'k, R> {
    input: R,
    keys: &'k Keys,
    chain: Chain,
    before: Before,
    ended: bool,
}

impl<'k, R: Read> Reader<'k, R> {
    /// Reads the head; none when there is none that can be read.
    pub fn begin(mut input: R, keys: &'k Keys) -> Option<(Header, Self)> {
        let (header, line) = Header::read(&mut input)?;
        let reader = Self { input, keys, chain: Chain::begin(&line), before: Before::default(), ended: false };
        Some((header, reader))
    }

    /// The next entry; at the end of the sound part nothing, with a word when more stands after it.
    pub fn next(&mut self) -> Result<Option<EntryRow>, &'static str> {
        if self.ended {
            return Ok(None);
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        read
    }

    fn read(&mut self) -> Result<Option<EntryRow>, &'static str> {
        const CUT: &str = "最后一张没有写完";
        const CHANGED: &str = "内容被改过，或密钥不是写它的那一把";
        let mut length = [0u8; 4];
        let mut had = 0;
        while had < length.len() {
            match self.input.read(&mut length[had..]) {
                Ok(0) if had == 0 => return Ok(None),
                Ok(0) => return Err(CUT),
                Ok(more) => had += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err("读不出来，盘可能已坏"),
            }
        }
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| CHANGED)?;
        if !(SEAL..=MAX_PACKED + SEAL).contains(&length) {
            return Err(CHANGED);
        }
        let mut sealed = vec![0u8; length];
        self.input.read_exact(&mut sealed).map_err(|_| CUT)?;
        let clear = self.keys.open_frame(&self.chain.0, &sealed).ok_or(CHANGED)?;
        let row = packed::unpack(&clear, &mut self.before)?;
        self.chain.follow(&sealed);
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::entry;

    fn rows(count: i64) -> Vec<EntryRow> {
        let site = Site::parse("B03").unwrap();
        let mut rows: Vec<EntryRow> = Vec::new();
        for seq in 1..=count {
            let prev = rows.last().map_or_else(|| entry::genesis("B03", 1), |row| row.hash);
            rows.push(entry::seal(EntryRow {
                id: Id::new(&site, 1, seq, 0).unwrap(),
                suite: entry::SUITE,
                site: "B03".into(),
                epoch: 1,
                seq,
                hlc: seq << 16,
                at: "2026-11-28T09:00:00.000+08:00".into(),
                business_day: "2026-11-28".parse().unwrap(),
                actor: "B03.1.2".into(),
                action: "worker.add".into(),
                version: 1,
                subjects: "w".into(),
                key: (seq % 2 == 0).then(|| format!("k{seq}")),
                payload: format!(r#"{{"code":"{seq}","name":"张师傅","team":"抢修班"}}"#),
                salt: [7; 16],
                leaf: [0; 32],
                prev,
                hash: [0; 32],
            }));
        }
        rows
    }

    /// A file of these entries, and where each frame ends.
    fn file(keys: &Keys, rows: &[EntryRow]) -> (Vec<u8>, Vec<usize>) {
        let line = Header::new("B03", &"ab".repeat(32), keys.name(), (1, 0), 1).unwrap().line();
        let (mut out, mut chain) = (line.clone().into_bytes(), Chain::begin(line.as_bytes()));
        let mut before = Before::default();
        let mut ends = vec![out.len()];
        for row in rows {
            chain.seal(keys, row, &mut before, &mut out).unwrap();
            ends.push(out.len());
        }
        (out, ends)
    }

    /// What can be read of a file, and whether something is said of the rest.
    fn read(keys: &Keys, bytes: &[u8]) -> Option<(Vec<EntryRow>, bool)> {
        let (_, mut reader) = Reader::begin(bytes, keys)?;
        let mut found = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(row)) => found.push(row),
                Ok(None) => return Some((found, false)),
                Err(_) => return Some((found, true)),
            }
        }
    }

    #[test]
    fn every_cut_and_every_flipped_bit_of_a_second_copy_spoils_only_what_comes_after() {
        let keys = Keys::from_master([1; 32]);
        let rows = rows(5);
        let (bytes, ends) = file(&keys, &rows);
        assert_eq!(read(&keys, &bytes), Some((rows.clone(), false)));
        let whole = |at: usize| ends.iter().filter(|end| **end <= at).count().checked_sub(1);
        for at in 0..bytes.len() {
            let cut = read(&keys, &bytes[..at]);
            assert_eq!(cut, whole(at).map(|held| (rows[..held].to_vec(), ends[held] != at)), "cut at {at}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            match (read(&keys, &changed), whole(bit / 8)) {
                (Some((found, told)), held) => {
                    assert_eq!((found.as_slice(), told), (&rows[..held.unwrap_or(0)], true), "bit {bit}");
                }
                (None, held) => assert_eq!(held, None, "bit {bit}"),
            }
        }
        assert_eq!(read(&Keys::from_master([2; 32]), &bytes), Some((Vec::new(), true)), "another key");
    }

    #[test]
    fn frames_taken_out_put_in_another_order_or_from_another_file_are_not_read() {
        let keys = Keys::from_master([1; 32]);
        let rows = rows(4);
        let (bytes, ends) = file(&keys, &rows);
        let frame = |n: usize| bytes[ends[n]..ends[n + 1]].to_vec();
        let of = |frames: &[Vec<u8>]| [&bytes[..ends[0]], &frames.concat()[..]].concat();
        assert_eq!(read(&keys, &of(&[frame(0), frame(2), frame(3)])), Some((rows[..1].to_vec(), true)));
        assert_eq!(read(&keys, &of(&[frame(1), frame(0)])), Some((Vec::new(), true)));
        assert_eq!(read(&keys, &of(&[frame(0), frame(0)])), Some((rows[..1].to_vec(), true)));
        let (other, others) = file(&keys, &rows);
        let mixed = [&bytes[..ends[2]], &other[others[2]..]].concat();
        assert_eq!(read(&keys, &mixed), Some((rows[..2].to_vec(), true)));
    }

    #[test]
    fn only_the_files_of_this_site_and_book_are_touched() {
        let book = "3fa9c1d2".to_owned() + &"0".repeat(56);
        let header = Header::new("B03", &book, "k", (1, 42), 12).unwrap();
        assert_eq!(header.file_name(), "B03-3fa9c1d2-000012.tail");
        assert_eq!(number_of(&header.file_name(), "B03", &book), Some(12));
        for other in
            ["B04-3fa9c1d2-000012.tail", "B03-3fa9c1d3-000012.tail", "B03-3fa9c1d2-12.tail", "B03-20261128-1300.db"]
        {
            assert_eq!(number_of(other, "B03", &book), None, "{other}");
        }
    }
}
