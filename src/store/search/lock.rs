//! One process at a time writes the search index: a lock file beside the database, freed by the system when its holder ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::hold::lock_file;

/// The lock, held until dropped.
pub(super) struct Held {
    _file: Option<File>,
}

/// Takes the lock; `None` while another process has it.
pub(super) fn try_take(database: &Path) -> Result<Option<Held>, StoreError> {
    let Some((file, path)) = open(database)? else { return Ok(Some(Held { _file: None })) };
    match file.try_lock() {
        Ok(()) => Ok(Some(Held { _file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(fault(path, &error)),
    }
}

/// Takes the lock, waiting for another process to end its work.
pub(super) fn take(database: &Path) -> Result<Held, StoreError> {
    let Some((file, path)) = open(database)? else { return Ok(Held { _file: None }) };
    file.lock().map_err(|error| fault(path, &error))?;
    Ok(Held { _file: Some(file) })
}

/// The lock file; none for a database in memory.
fn open(database: &Path) -> Result<Option<(File, PathBuf)>, StoreError> {
    if database.as_os_str() == ":memory:" {
        return Ok(None);
    }
    let mut path = database.as_os_str().to_owned();
    path.push("-find");
    let path = PathBuf::from(path);
    Ok(Some((lock_file(&path)?, path)))
}

fn fault(path: PathBuf, error: &std::io::Error) -> StoreError {
    StoreError::File { path, reason: crate::text::disk::why(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let held = try_take(&database).unwrap();
        assert!(held.is_some());
        assert!(try_take(&database).unwrap().is_none());
        drop(held);
        assert!(try_take(&database).unwrap().is_some());
    }
}
