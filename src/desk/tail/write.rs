//! Bringing the second copy up to the book's last entry. Whoever comes writes for all: what is missing is read from the book itself, by
//! the place of the last entry written. One writer at a time by a lock beside the book; the place itself needs none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::format::{self, Chain, Header};
use super::state::State;
use crate::book::append::Head;
use crate::book::public_keys::{hex, unhex};
use crate::book::seal::Keys;
use crate::exchange::frame::Before;
use crate::rules::id::{ITEMS, Id, LIVES};
use crate::store::companions::{TAIL_LOCK, beside};
use crate::store::entries::EntryRow;
use crate::store::hold::lock_file;
use crate::store::{Db, StoreError, Tx};
use crate::text::disk;

/// Setting: the second place; empty or missing when there is none.
pub const PLACE: &str = "tail_dir";
/// Setting: how far the last two copies of the book reach, the older first: `1.40 1.97`.
pub const COPIES: &str = "tail_copies";
/// Entries read and written at once: the largest are below 100 KB.
const AT_ONCE: i64 = 64;
/// A file grows to about this; then the next begins.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes at a file's end that are looked at again before more is written after them.
const END: usize = 16;

/// What a look at the second copy came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// There is no second place.
    Off,
    /// The book's last entry is there.
    Done,
    /// Another program is writing.
    Busy,
    /// Told to stop before the end.
    Stopped,
}

/// Why it could not be written, in words a clerk can act on.
#[derive(Debug)]
pub struct Fault(pub String);

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self(format!("随写副本没有写成：{error}"))
    }
}

/// Where the second copy stands beside the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The second place.
    pub place: PathBuf,
    /// The last entry there, `B03.1.42`; none before the first.
    pub upto: Option<String>,
    /// Entries of the book that are not there yet, of the present life; none when nothing is known of the place.
    pub behind: Option<i64>,
}

/// The place that is set.
pub fn place(tx: &Tx<'_>) -> Result<Option<PathBuf>, StoreError> {
    Ok(tx.setting(PLACE)?.filter(|place| !place.is_empty()).map(PathBuf::from))
}

/// How far the last copies reach, the older first.
pub fn copies(tx: &Tx<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    let text = tx.setting(COPIES)?.unwrap_or_default();
    let pair = |word: &str| word.split_once('.').and_then(|(life, seq)| Some((life.parse().ok()?, seq.parse().ok()?)));
    Ok(text.split_whitespace().filter_map(pair).collect())
}

/// Where the second copy stands, by what is noted beside the book.
pub fn standing(tx: &Tx<'_>, book: &Path, keys: &Keys) -> Result<Option<Standing>, Fault> {
    let Some(place) = place(tx)? else { return Ok(None) };
    let head = head(tx)?;
    let state = State::read(book, keys).filter(|state| state.place == place);
    let behind = state.as_ref().map(|state| {
        let before = if state.at.0 == head.epoch { state.at.1 } else { 0 };
        (head.seq - before).max(0)
    });
    let upto = state.filter(|state| state.at.1 > 0).map(|state| format!("{}.{}.{}", head.site, state.at.0, state.at.1));
    Ok(Some(Standing { place, upto, behind }))
}

fn head(tx: &Tx<'_>) -> Result<Head, Fault> {
    Head::read(tx).map_err(|error| Fault(error.to_string()))
}

/// Writes what is missing, batch by batch, until nothing is or `stop` says so.
pub fn pass(db: &mut Db, keys: &Keys, stop: impl Fn() -> bool) -> Result<Pass, Fault> {
    let book = db.path().to_owned();
    let (place, head, copies, text, id) = {
        let tx = db.read()?;
        let Some(place) = place(&tx)? else { return Ok(Pass::Off) };
        let head = head(&tx)?;
        let Some(id) = format::book_of(&tx, &head.site)? else { return Ok(Pass::Done) };
        (place, head, copies(&tx)?, tx.setting(COPIES)?.unwrap_or_default(), id)
    };
    let lock = lock_file(&beside(&book, TAIL_LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Pass::Busy),
        Err(TryLockError::Error(error)) => return Err(Fault(format!("随写副本没有写成：{}", disk::why(&error)))),
    }
    let told = |error: &std::io::Error| Fault(format!("随写副本没有写到 {}：{}", place.display(), disk::why(error)));
    let state = State::read(&book, keys).filter(|state| state.place == place);
    let state = match state {
        Some(state) if is_of_book(db, &head, &state)? => Some(state),
        _ => None,
    };
    let open = state.and_then(|state| Open::again(state, keys));
    if open.is_none() {
        require_the_place(&place, head.site.as_str(), &id)?;
    }
    let mut open = match open {
        Some(open) if !open.is_over(&text, head.epoch) => open,
        Some(open) if open.state.at == (head.epoch, head.seq) => open,
        other => {
            // Where nothing is known of the place, all that the older of the last copies does not hold is written again.
            let after = match &other {
                Some(open) => open.state.at,
                None => copies.first().copied().filter(|copy| *copy <= (head.epoch, head.seq)).unwrap_or((1, 0)),
            };
            let mut begun = Open::begin(&place, &head, &id, keys, after, &text).map_err(|error| told(&error))?;
            begun.state.hash = other.map_or_else(String::new, |open| open.state.hash);
            begun.state.write(&book, keys).map_err(|error| told(&error))?;
            drop_older(&place, &head, &id, &copies);
            begun
        }
    };
    while open.state.at < (head.epoch, head.seq) {
        let rows = {
            let tx = db.read()?;
            rows_after(&tx, &head, open.state.at)?
        };
        if rows.is_empty() {
            break;
        }
        for rows in rows.chunk_by(|row, next| row.epoch == next.epoch) {
            if open.state.frames > 0 && rows.first().is_some_and(|row| row.epoch != open.state.at.0) {
                let after = open.state.at;
                open = Open::begin(&place, &head, &id, keys, after, &text).map_err(|error| told(&error))?;
            }
            open.append(rows, keys, told)?;
            open.state.write(&book, keys).map_err(|error| told(&error))?;
        }
        if stop() {
            return Ok(Pass::Stopped);
        }
        if open.state.length > MOST_BYTES {
            let after = open.state.at;
            open = Open::begin(&place, &head, &id, keys, after, &text).map_err(|error| told(&error))?;
            open.state.write(&book, keys).map_err(|error| told(&error))?;
        }
    }
    Ok(Pass::Done)
}

/// A place is known by what lies there of this book: a copy, or files of before. Where nothing of it lies, the stick is not in its place:
/// what was written to the bare folder would be lost with the machine.
fn require_the_place(place: &Path, site: &str, book: &str) -> Result<(), Fault> {
    let of_this_branch = |name: &str| name.starts_with(&format!("{site}-")) && name.ends_with(".db");
    let known = format::files_in(place, site, book).and_then(|files| {
        let mut names = std::fs::read_dir(place)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(!files.is_empty() || names.any(|name| of_this_branch(&name)))
    });
    match known {
        Ok(true) => Ok(()),
        Ok(false) => Err(Fault(format!(
            "随写副本没有写到 {}：里面没有本库的备份，不是原来那个盘，请检查盘是否插好；确要写到这里，请重新设 (backup tail --to)",
            place.display()
        ))),
        Err(error) => Err(Fault(format!("随写副本没有写到 {}：{}", place.display(), disk::why(&error)))),
    }
}

/// Is the last entry of a state this book's own?
fn is_of_book(db: &mut Db, head: &Head, state: &State) -> Result<bool, Fault> {
    if state.at.1 == 0 || state.hash.is_empty() {
        return Ok(state.at <= (head.epoch, head.seq));
    }
    let Some(id) = Id::new(&head.site, state.at.0, state.at.1, 0) else { return Ok(false) };
    Ok(db.read()?.entry_hash(id)?.is_some_and(|hash| hex(&hash) == state.hash))
}

/// The next entries of this site after a place.
fn rows_after(tx: &Tx<'_>, head: &Head, (life, seq): (i64, i64)) -> Result<Vec<EntryRow>, Fault> {
    let Some(place) = Id::new(&head.site, life, seq, 0) else { return Ok(Vec::new()) };
    let mut rows = tx.entries_after(place.with_item(usize::try_from(ITEMS - 1).unwrap_or(0)), AT_ONCE)?;
    let own = rows.iter().take_while(|row| row.site == head.site.as_str() && row.id.epoch() < LIVES).count();
    rows.truncate(own);
    Ok(rows)
}

/// The file that is being written.
struct Open {
    file: File,
    chain: Chain,
    before: Before,
    state: State,
}

impl Open {
    /// Goes on with the file of a state; none when it is not there as it was left.
    fn again(state: State, keys: &Keys) -> Option<Self> {
        let path = state.place.join(&state.file);
        if keys.name().is_empty() || !path.symlink_metadata().ok()?.is_file() {
            return None;
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        let length = file.metadata().ok()?.len();
        let from = state.length.checked_sub(END as u64).filter(|_| length >= state.length)?;
        let mut end = [0u8; END];
        file.seek(SeekFrom::Start(from)).ok()?;
        file.read_exact(&mut end).ok()?;
        if hex(&end) != state.end {
            return None;
        }
        if length > state.length {
            file.set_len(state.length).ok()?; // what a killed program left half written
        }
        let chain = Chain(unhex::<32>(&state.chain)?);
        Some(Self { file, chain, before: Before::default(), state })
    }

    /// Is it time for the next file: a copy was made since, a new life began, or it is long?
    fn is_over(&self, copies: &str, life: i64) -> bool {
        let state = &self.state;
        state.frames > 0 && (state.copies != copies || state.at.0 != life || state.length > MOST_BYTES)
    }

    fn begin(
        place: &Path,
        head: &Head,
        book: &str,
        keys: &Keys,
        after: (i64, i64),
        copies: &str,
    ) -> std::io::Result<Self> {
        let last = format::files_in(place, head.site.as_str(), book)?.last().map_or(0, |(number, _)| *number);
        let header = Header::new(head.site.as_str(), book, keys.name(), after, last.saturating_add(1))
            .map_err(std::io::Error::other)?;
        let (line, name) = (header.line(), header.file_name());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(place.join(&name))?;
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            let _ = std::fs::remove_file(place.join(&name));
            return Err(error);
        }
        #[cfg(unix)]
        let _ = File::open(place).and_then(|folder| folder.sync_all());
        let chain = Chain::begin(line.as_bytes());
        let state = State {
            place: place.to_owned(),
            file: name,
            length: line.len() as u64,
            chain: hex(&chain.0),
            end: end_of(line.as_bytes()),
            frames: 0,
            copies: copies.to_owned(),
            at: after,
            hash: String::new(),
        };
        Ok(Self { file, chain, before: Before::default(), state })
    }

    /// Appends entries and waits until they are on the disk; after a fault the file is as long as before, or is cut by the next.
    fn append(&mut self, rows: &[EntryRow], keys: &Keys, told: impl Fn(&std::io::Error) -> Fault) -> Result<(), Fault> {
        let mut out = Vec::new();
        for row in rows {
            self.chain.seal(keys, row, &mut self.before, &mut out).map_err(Fault)?;
        }
        let Some(last) = rows.last() else { return Ok(()) };
        let written = self
            .file
            .seek(SeekFrom::Start(self.state.length))
            .and_then(|_| self.file.write_all(&out))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            let _ = self.file.set_len(self.state.length);
            return Err(told(&error));
        }
        let state = &mut self.state;
        state.length += out.len() as u64;
        state.chain = hex(&self.chain.0);
        state.end = end_of(&out);
        state.frames += rows.len() as u64;
        state.at = (last.epoch, last.seq);
        state.hash = hex(&last.hash);
        Ok(())
    }
}

fn end_of(bytes: &[u8]) -> String {
    hex(&bytes[bytes.len().saturating_sub(END)..])
}

/// Removes the files that end before the older of the last two copies: those before the last one that begins no later than it.
fn drop_older(place: &Path, head: &Head, book: &str, copies: &[(i64, i64)]) {
    let [older, _, ..] = copies else { return };
    let Ok(files) = format::files_in(place, head.site.as_str(), book) else { return };
    let begins = |name: &str| Header::of_file(&place.join(name)).map(|header| header.after);
    let kept = files.iter().rposition(|(_, name)| begins(name).is_some_and(|after| after <= *older));
    for (_, name) in &files[..kept.unwrap_or(0)] {
        let _ = std::fs::remove_file(place.join(name));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::book::entry;

    #[test]
    fn a_full_place_is_told_and_how_far_it_came_stays() {
        let keys = Keys::from_master([1; 32]);
        let state = State {
            place: "/dev".into(),
            file: "full".into(),
            length: 100,
            chain: hex(&[1; 32]),
            end: String::new(),
            frames: 0,
            copies: String::new(),
            at: (1, 1),
            hash: String::new(),
        };
        let site = crate::rules::id::Site::parse("B03").unwrap();
        let row = entry::seal(EntryRow {
            id: Id::new(&site, 1, 2, 0).unwrap(),
            suite: entry::SUITE,
            site: "B03".into(),
            epoch: 1,
            seq: 2,
            hlc: 1,
            at: "2026-11-28T09:00:00.000+08:00".into(),
            business_day: "2026-11-28".parse().unwrap(),
            actor: "B03.1.2".into(),
            action: "worker.add".into(),
            version: 1,
            subjects: "w".into(),
            key: None,
            payload: "{}".into(),
            salt: [7; 16],
            leaf: [0; 32],
            prev: [3; 32],
            hash: [0; 32],
        });
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut open = Open { file, chain: Chain([1; 32]), before: Before::default(), state: state.clone() };
        let told = open.append(&[row], &keys, |error| Fault(disk::why(error))).unwrap_err();
        assert!(told.0.contains("磁盘已满"), "{}", told.0);
        assert_eq!(open.state, state);
    }
}
