//! Every file that lies beside a book under the book's own name: one list, for who makes a book under another name first, for who
//! removes one, and for who must not write over one.

use std::path::{Path, PathBuf};

/// Lock of those who have the book open.
pub const OPEN: &str = "-open";

/// Lock of who writes the second copy.
pub const TAIL_LOCK: &str = "-tail";

/// What makes the book: sealed with it, or saying how far it came. They move with it.
pub const MOVING: &[&str] = &[".key", ".site", ".mark", ".drafts", ".drafts-wal", ".tail", "-wal"];

/// What means something only while a program runs.
pub const PASSING: &[&str] = &["-shm", "-journal", "-run", "-find", OPEN, TAIL_LOCK, ".drafts-shm", ".drafts-journal"];

/// Beginning of the name of a list that does not fit in memory; it loses it at once.
pub const SPILL: &str = ".spill-";

/// Beginnings of names the program gives beside a book by itself.
const GIVEN: &[&str] =
    &[".before-", ".restoring", ".recovering", ".verify-", ".key.", ".site.", ".mark.", ".drafts.", SPILL];

/// What stands in the name of a book that was set aside.
const ASIDE: [&str; 2] = [".before-restore-", ".before-recover-"];

/// Folders beside a book.
const FOLDERS: &[&str] = &[".exchange"];

/// The book's name with a tail.
pub fn beside(book: &Path, tail: &str) -> PathBuf {
    let mut name = book.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}

/// Does a book lie under the name it was set aside with? It is there to be looked at: another goes on in its place.
pub fn is_set_aside(book: &Path) -> bool {
    let name = book.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| ASIDE.iter().any(|part| name.contains(part)))
}

/// The name itself, or with a number where that is taken.
pub fn free_name(wanted: &Path) -> PathBuf {
    let names = (2..1_000).map(|number| beside(wanted, &format!("-{number}")));
    let mut names = std::iter::once(wanted.to_owned()).chain(names);
    names.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| wanted.to_owned())
}

/// Removes a book that was never one: it and all that lies beside it.
pub fn remove(book: &Path) {
    for tail in MOVING.iter().chain(PASSING).chain(&[""]) {
        let _ = std::fs::remove_file(beside(book, tail));
    }
}

/// Is a file that is there some book's, this one's or another's: a book or a copy of one, or a file that lies beside one?
pub fn is_of_any_book(path: &Path) -> bool {
    let is_book = |path: &Path| super::db::check_head(path).is_ok();
    let kept = [".key", ".site", ".mark", ".drafts", ".tail"];
    let text = path.to_string_lossy();
    is_book(path)
        || kept.iter().any(|tail| text.ends_with(tail))
        || MOVING.iter().chain(PASSING).any(|tail| text.strip_suffix(tail).is_some_and(|book| is_book(Path::new(book))))
}

/// Is this the book, or a file that lies beside it under its name?
pub fn is_of_book(path: &Path, book: &Path) -> bool {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
    };
    let (path_folder, book_folder) = (folder(path), folder(book));
    let (Some(name), Some(book_name)) = (path.file_name(), book.file_name()) else { return false };
    for inside in FOLDERS {
        if path_folder.starts_with(book_folder.join(beside(Path::new(book_name), inside))) {
            return true;
        }
    }
    if path_folder == book_folder {
        let (name, book_name) = (name.to_string_lossy(), book_name.to_string_lossy());
        if let Some(tail) = name.strip_prefix(&*book_name) {
            let known = tail.is_empty() || MOVING.contains(&tail) || PASSING.contains(&tail) || FOLDERS.contains(&tail);
            if known || GIVEN.iter().any(|given| tail.starts_with(given)) {
                return true;
            }
        }
    }
    // The same file under another name.
    MOVING.iter().chain(PASSING).chain(&[""]).any(|tail| super::hold::is_same_file(path, &beside(book, tail)))
}
