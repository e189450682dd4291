//! A list of rows that may be as long as a file: told in the order of their lines, held on disk.
//!
//! At most [`MOST_HELD`] bytes of it stand in memory; more goes out in sorted pieces to a file that only its owner can open and that
//! has lost its name before the first byte is in it, so nothing of it is left, whatever ends the program. Reading merges the pieces.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::companions::{SPILL, beside};
use crate::text::disk;

/// Bytes of a list that stand in memory.
pub const MOST_HELD: usize = 1 << 20;
/// Bytes read ahead, of all pieces together, and of one at least and at most.
const AHEAD: usize = 4 << 20;
const LEAST_AHEAD: usize = 2 << 10;
const MOST_AHEAD: usize = 64 << 10;

/// A row that stands in a line of a file.
pub trait Lined: Serialize + DeserializeOwned {
    /// Its line.
    fn line(&self) -> u32;
}

/// The list could not be kept, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("有问题的行没有地方暂存：{0}")]
pub struct Lost(String);

/// Rows in the order of their lines; of one line, in the order they came.
#[derive(Debug)]
pub struct Spill<T> {
    /// The book whose folder has room.
    book: PathBuf,
    /// Rows not yet out, a line of JSON each, and where each stands.
    held: Vec<u8>,
    marks: Vec<Mark>,
    file: Option<Scratch>,
    pieces: Vec<Piece>,
    count: u64,
    lost: Option<Lost>,
    rows: PhantomData<T>,
}

/// A row in memory.
#[derive(Debug, Clone, Copy)]
struct Mark {
    line: u32,
    start: usize,
    end: usize,
}

/// Sorted rows in the file.
#[derive(Debug)]
struct Piece {
    start: u64,
    end: u64,
    last: u32,
}

impl<T> Default for Spill<T> {
    fn default() -> Self {
        Self::beside(&std::env::temp_dir().join("meterdesk"))
    }
}

impl<T> Spill<T> {
    /// An empty list; what does not fit in memory goes to the folder of a book.
    pub fn beside(book: &Path) -> Self {
        Self {
            book: book.to_owned(),
            held: Vec::new(),
            marks: Vec::new(),
            file: None,
            pieces: Vec::new(),
            count: 0,
            lost: None,
            rows: PhantomData,
        }
    }

    /// How many rows.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// No row?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes in memory.
    pub fn held(&self) -> usize {
        self.held.len() + self.marks.len() * size_of::<Mark>()
    }

    /// Bytes on disk.
    pub fn spilled(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.end - piece.start).sum()
    }

    /// Is every row kept?
    pub fn check(&self) -> Result<(), Lost> {
        self.lost.clone().map_or(Ok(()), Err)
    }

    /// A row that was to stand here is gone.
    pub fn lose(&mut self, lost: Lost) {
        self.lost.get_or_insert(lost);
        (self.held, self.marks) = (Vec::new(), Vec::new());
    }

    fn put_out(&mut self) -> io::Result<()> {
        let (Some(first), Some(last)) = (self.marks.first(), self.marks.last()) else { return Ok(()) };
        let in_order = self.marks.is_sorted_by_key(|mark| mark.line);
        let (first, last) = match in_order {
            true => (first.line, last.line),
            false => {
                self.marks.sort_by_key(|mark| mark.line);
                let mut sorted = Vec::with_capacity(self.held.len());
                self.marks.iter().for_each(|mark| sorted.extend_from_slice(&self.held[mark.start..mark.end]));
                self.held = sorted;
                (self.marks[0].line, self.marks[self.marks.len() - 1].line)
            }
        };
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Scratch::new(&self.book)?),
        };
        let (start, end) = file.append(&self.held)?;
        match self.pieces.last_mut().filter(|piece| piece.last <= first) {
            Some(piece) => (piece.end, piece.last) = (end, last),
            None => self.pieces.push(Piece { start, end, last }),
        }
        self.held.clear();
        self.marks.clear();
        Ok(())
    }
}

impl<T: Lined> Spill<T> {
    /// Takes a row. That it finds no room is told by [`check`](Self::check) and by every reading.
    pub fn push(&mut self, row: &T) {
        self.count += 1;
        if self.lost.is_some() {
            return;
        }
        let start = self.held.len();
        let mut kept = serde_json::to_writer(&mut self.held, row).map_err(io::Error::from);
        self.held.push(b'\n');
        self.marks.push(Mark { line: row.line(), start, end: self.held.len() });
        if kept.is_ok() && self.held() >= MOST_HELD {
            kept = self.put_out();
        }
        if let Err(error) = kept {
            self.lose(Lost(disk::why(&error)));
        }
    }

    /// The rows, in order.
    pub fn iter(&self) -> Rows<'_, T> {
        let mut marks = self.marks.clone();
        marks.sort_by_key(|mark| mark.line);
        let ahead = (AHEAD / self.pieces.len().max(1)).clamp(LEAST_AHEAD, MOST_AHEAD);
        let source = |(piece, file)| Source::Piece { file, piece, at: 0, read: Vec::new(), done: 0, ahead };
        let pieces = self.pieces.iter().zip(self.file.iter().cycle());
        let mut sources: Vec<Source<'_>> = pieces.map(source).collect();
        sources.push(Source::Held { held: &self.held, marks: marks.into_iter() });
        let heads = sources.iter().map(|_| None).collect();
        let mut rows = Rows { sources, heads, order: BinaryHeap::new(), lost: self.lost.clone() };
        (0..rows.sources.len()).for_each(|index| rows.load(index));
        rows
    }
}

impl<'s, T: Lined> IntoIterator for &'s Spill<T> {
    type Item = Result<T, Lost>;
    type IntoIter = Rows<'s, T>;

    fn into_iter(self) -> Rows<'s, T> {
        self.iter()
    }
}

/// The rows of a list, in order.
pub struct Rows<'s, T> {
    sources: Vec<Source<'s>>,
    heads: Vec<Option<T>>,
    order: BinaryHeap<Reverse<(u32, usize)>>,
    lost: Option<Lost>,
}

impl<T: Lined> Rows<'_, T> {
    fn load(&mut self, index: usize) {
        match self.sources[index].next_row::<T>() {
            Ok(Some(row)) => {
                self.order.push(Reverse((row.line(), index)));
                self.heads[index] = Some(row);
            }
            Ok(None) => {}
            Err(error) => self.lost = Some(Lost(disk::why(&error))),
        }
    }
}

impl<T: Lined> Iterator for Rows<'_, T> {
    type Item = Result<T, Lost>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(lost) = self.lost.take() {
            self.order.clear();
            return Some(Err(lost));
        }
        let Reverse((_, index)) = self.order.pop()?;
        let row = self.heads[index].take()?;
        self.load(index);
        Some(Ok(row))
    }
}

/// Where sorted rows come from.
enum Source<'s> {
    Piece { file: &'s Scratch, piece: &'s Piece, at: u64, read: Vec<u8>, done: usize, ahead: usize },
    Held { held: &'s [u8], marks: std::vec::IntoIter<Mark> },
}

impl Source<'_> {
    fn next_row<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        match self {
            Self::Held { held, marks } => {
                let Some(mark) = marks.next() else { return Ok(None) };
                Ok(Some(serde_json::from_slice(&held[mark.start..mark.end])?))
            }
            Self::Piece { file, piece, at, read, done, ahead } => loop {
                if let Some(length) = read[*done..].iter().position(|byte| *byte == b'\n') {
                    let row = serde_json::from_slice(&read[*done..*done + length])?;
                    *done += length + 1;
                    return Ok(Some(row));
                }
                let rest = piece.end - piece.start - *at;
                if rest == 0 {
                    return Ok(None);
                }
                read.drain(..*done);
                *done = 0;
                let more = usize::try_from(rest).unwrap_or(usize::MAX).min(*ahead);
                file.read(piece.start + *at, more, read)?;
                *at += more as u64;
            },
        }
    }
}

/// A file without a name.
#[derive(Debug)]
struct Scratch {
    file: Mutex<File>,
    /// Its name, where the system takes it away only at the end.
    named: Option<PathBuf>,
}

impl Scratch {
    fn new(book: &Path) -> io::Result<Self> {
        let mut chance = [0u8; 8];
        getrandom::fill(&mut chance).map_err(|error| io::Error::other(error.to_string()))?;
        let path = beside(book, &format!("{SPILL}{:016x}", u64::from_le_bytes(chance)));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let named = std::fs::remove_file(&path).is_err().then_some(path);
        Ok(Self { file: Mutex::new(file), named })
    }

    /// Writes behind what is there; says from where to where.
    fn append(&self, bytes: &[u8]) -> io::Result<(u64, u64)> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let start = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok((start, start + bytes.len() as u64))
    }

    fn read(&self, at: u64, length: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let start = into.len();
        into.resize(start + length, 0);
        file.read_exact(&mut into[start..])
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = &self.named {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Said(u32, String);

    impl Lined for Said {
        fn line(&self) -> u32 {
            self.0
        }
    }

    fn rows(lines: impl Iterator<Item = u32>) -> Vec<Said> {
        lines.enumerate().map(|(at, line)| Said(line, format!("第{at}个\n{}", "长".repeat(at % 90)))).collect()
    }

    fn told(rows: &[Said], list: &mut Spill<Said>) {
        let mut most = 0;
        for row in rows {
            list.push(row);
            most = most.max(list.held());
        }
        assert!(most < MOST_HELD, "{most}");
        assert!(list.spilled() > 4 * MOST_HELD as u64, "{}", list.spilled());
        let mut wanted = rows.to_vec();
        wanted.sort_by_key(|row| row.0);
        for _ in 0..2 {
            let read: Vec<Said> = list.iter().collect::<Result<_, _>>().unwrap();
            assert!(read == wanted);
        }
    }

    #[test]
    fn a_list_of_any_length_is_told_in_order_from_a_bounded_part_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("branch.db");
        let mixed = rows((0..40_000).map(|at| at * 7_919 % 39_989));
        let mut list = Spill::beside(&book);
        told(&mixed, &mut list);
        assert!(list.pieces.len() > 4);
        // Lines that come in their order are one piece, however many.
        let mut list = Spill::beside(&book);
        told(&rows(0..40_000), &mut list);
        assert_eq!((list.pieces.len(), list.len()), (1, 40_000));
    }

    #[test]
    fn what_is_out_on_disk_has_no_name_and_is_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = Spill::beside(&folder.path().join("branch.db"));
        rows(0..20_000).iter().for_each(|row| list.push(row));
        assert!(list.spilled() > 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            let file = list.file.as_ref().unwrap().file.lock().unwrap().metadata().unwrap();
            assert_eq!((file.mode() & 0o777, file.nlink()), (0o600, 0));
        }
        drop(list);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_list_that_finds_no_room_says_so_and_holds_nothing_more() {
        let mut list = Spill::beside(Path::new("/nowhere/at all/branch.db"));
        rows(0..20_000).iter().for_each(|row| list.push(row));
        assert!(list.check().is_err() && list.held() == 0);
        let read: Vec<_> = list.iter().collect();
        assert_eq!(read.len(), 1);
        let said = read[0].as_ref().unwrap_err().to_string();
        assert!(said.contains("找不到"), "{said}");
    }
}
