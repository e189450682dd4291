//! One bulk work at a time on a book: a bill run or an import begun at one terminal is not begun again at another while it runs.
//!
//! The guard is a lock that the operating system holds on a small file beside the book, so it falls with the process, also a killed
//! one, and the interrupted work can go on. The file says who holds it; it stays, empty of meaning, when the work is done.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Desk;
use super::refusal::Refusal;
use crate::store::hold::lock_file;

/// Longest word of what is being done that is read from the file.
const LONGEST: u64 = 200;

/// Held while bulk work goes on; falls when dropped.
pub struct OnlyOne {
    _file: Option<File>,
}

impl Desk {
    /// Takes the book's place for bulk work; refused while another terminal holds it. A book in memory has only one desk.
    pub fn only_one(&self, what: &str) -> Result<OnlyOne, Refusal> {
        match self.look()?.file() {
            None => Ok(OnlyOne { _file: None }),
            Some(book) => take(&beside(&book), what),
        }
    }
}

fn beside(book: &Path) -> PathBuf {
    let mut name = book.as_os_str().to_owned();
    name.push("-run");
    name.into()
}

fn take(path: &Path, what: &str) -> Result<OnlyOne, Refusal> {
    let bad = |error: std::io::Error| Refusal::data(format!("写不了 {}：{error}，请核对磁盘和权限", path.display()));
    let mut file = lock_file(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(bad)?;
            file.write_all(what.as_bytes()).map_err(bad)?;
            Ok(OnlyOne { _file: Some(file) })
        }
        Err(TryLockError::WouldBlock) => {
            let other = word(&mut file).unwrap_or_else(|| "批量作业".to_owned());
            Err(Refusal::rule("running", format!("另一终端正在进行“{other}”，请等它做完再试")))
        }
        Err(TryLockError::Error(error)) => Err(bad(error)),
    }
}

/// What the other terminal does. It writes that right after it has taken the place, so an empty file is looked at again.
fn word(file: &mut File) -> Option<String> {
    for _ in 0..20 {
        let mut word = String::new();
        let read =
            file.seek(SeekFrom::Start(0)).and_then(|_| Read::take(&mut *file, LONGEST).read_to_string(&mut word));
        if read.is_ok() && !word.is_empty() {
            return Some(word);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_what_the_first_does_and_comes_in_when_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("a.db"));
        let first = take(&path, "2026-10 账期出账").unwrap();
        let refusal = take(&path, "导入").err().unwrap();
        assert_eq!(refusal.first_rule(), "running");
        assert!(refusal.message().contains("2026-10 账期出账"), "{refusal}");
        drop(first);
        assert!(take(&path, "导入").is_ok());
    }
}
