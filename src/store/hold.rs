//! Who has a book open: every opener shares a lock on a small file beside it (`x.db-open`), and who puts another file in the book's
//! place takes the lock alone. The lock is the operating system's, so it falls with the process, also a killed one.
//!
//! A file can also be moved by hand, past every lock: [`FileId`] tells at each write whether the name still leads to the file that
//! was opened.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long an opener waits for one who is replacing the book.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The share of one who has the book open.
pub(super) struct Hold {
    _file: File,
}

/// The place of one who replaces the book: nobody has it open, and nobody opens it until this is dropped.
pub struct Alone {
    _file: File,
}

/// The lock file of a book.
pub fn path_of(book: &Path) -> PathBuf {
    super::companions::beside(book, super::companions::OPEN)
}

/// Shares the book with its other openers; waits while somebody replaces it.
pub(super) fn share(book: &Path) -> Result<Hold, StoreError> {
    let file = lock_file(&path_of(book))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock_shared() {
            Ok(()) => return Ok(Hold { _file: file }),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(StoreError::BeingReplaced(book.to_owned())),
            Err(TryLockError::Error(error)) => return Err(fault(&path_of(book), &error)),
        }
    }
}

impl Alone {
    /// Takes the book's place alone; refused while anybody has it open, also an older program or one that came by another name of
    /// the same file. A book that is there is left whole in one file, its log folded in, where it can be read at all.
    pub fn take(book: &Path) -> Result<Self, StoreError> {
        let file = lock_file(&path_of(book))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(book.to_owned())),
            Err(TryLockError::Error(error)) => return Err(fault(&path_of(book), &error)),
        }
        if book.is_file() && is_read_elsewhere(book) {
            return Err(StoreError::InUse(book.to_owned()));
        }
        Ok(Self { _file: file })
    }
}

/// Has another connection the file open? SQLite lets go of the log's mode only for the last one. A file it cannot read is used by
/// nobody, and is what a copy is put back for.
fn is_read_elsewhere(book: &Path) -> bool {
    let Ok(conn) = Connection::open_with_flags(book, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return false };
    let _ = conn.busy_timeout(Duration::ZERO);
    let mode = conn.query_row("PRAGMA journal_mode=DELETE", [], |row| row.get::<_, String>(0));
    match mode.map_err(StoreError::from) {
        Ok(mode) => mode == "wal",
        Err(StoreError::Busy) => true,
        Err(_) => false,
    }
}

/// Opens a lock file beside a book, for its owner only; a link of its name is not followed.
pub fn lock_file(path: &Path) -> Result<File, StoreError> {
    if path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
        let reason = "这个名字被链接或文件夹占用，请移走后重试".to_owned();
        return Err(StoreError::File { path: path.to_owned(), reason });
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| fault(path, &error))?;
    #[cfg(unix)]
    {
        // One made by an older program may be open to others, who could then hold its lock.
        use std::os::unix::fs::PermissionsExt;
        if file.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
            let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
        }
    }
    Ok(file)
}

fn fault(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), reason: crate::text::disk::why(error) }
}

/// Which file a name leads to. Where the system has no such numbers, an open file cannot be replaced either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    /// The file of a name now; none when there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata(path).ok().map(|meta| Self { device: meta.dev(), number: meta.ino() })
        }
        #[cfg(not(unix))]
        {
            path.is_file().then_some(Self { device: 0, number: 0 })
        }
    }
}

/// Do two names lead to one file?
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        FileId::of(one).is_some_and(|id| FileId::of(other) == Some(id))
    }
    #[cfg(not(unix))]
    {
        matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
    }
}
