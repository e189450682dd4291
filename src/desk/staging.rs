//! A new book made under another name first, with all that lies beside it, and put under its own when it is whole: one cut short, by a
//! kill or a full disk, leaves nothing in the way of the next try, and is never taken for whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use crate::store::companions::{self, MOVING, beside};
use crate::store::hold::Alone;
use crate::store::{Db, OpenOptions, StoreError};

/// Written before the first file gets its name: what the files are that are being moved.
const MOVED: &str = ".moving";

/// A book in the making.
pub struct Staged {
    target: PathBuf,
    part: PathBuf,
    done: bool,
    _alone: Alone,
}

impl Staged {
    /// Begins: the name must be free, of the book and of what lies beside one. What an interrupted try left is taken away.
    pub fn begin(target: &Path) -> Result<Self, Refusal> {
        let disk = |error: std::io::Error| disk(target, &error);
        if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(disk)?;
        }
        if target.symlink_metadata().is_ok() && !is_left_by_init(target) {
            return Err(StoreError::Exists(target.to_owned()).into());
        }
        let alone = Alone::take(target)?;
        if target.symlink_metadata().is_ok() {
            // A book without a single entry, as an earlier program's init left it: its key has sealed nothing.
            for tail in ["", "-wal", "-shm", "-journal", ".key", ".site", ".mark"] {
                let _ = std::fs::remove_file(beside(target, tail));
            }
        }
        take_away_moved(target);
        for tail in MOVING {
            let path = beside(target, tail);
            if path.symlink_metadata().is_ok() {
                let message = format!(
                    "{} 已经在：这里曾有过一个库，不会覆盖它的文件。请换一个位置；要找回旧库请用 restore，确实不要了请先把它移到别处",
                    path.display()
                );
                return Err(Refusal::data(message));
            }
        }
        let part = beside(target, ".part");
        companions::remove(&part);
        Ok(Self { target: target.to_owned(), part, done: false, _alone: alone })
    }

    /// Where the book is made.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Gives everything its name, the book itself last. Nobody may have it open.
    pub fn finish(mut self) -> Result<(), Refusal> {
        let disk = |error: std::io::Error| disk(&self.target, &error);
        let there: Vec<&str> = MOVING.iter().copied().filter(|tail| beside(&self.part, tail).exists()).collect();
        let mut list = String::new();
        for tail in &there {
            let hash = blake3::hash(&std::fs::read(beside(&self.part, tail)).map_err(disk)?).to_hex();
            list.push_str(&format!("{tail} {hash}\n"));
        }
        let moved = beside(&self.target, MOVED);
        let mut file = std::fs::File::create(&moved).map_err(disk)?;
        file.write_all(list.as_bytes()).and_then(|()| file.sync_all()).map_err(disk)?;
        for tail in there.iter().chain(&[""]) {
            std::fs::rename(beside(&self.part, tail), beside(&self.target, tail)).map_err(disk)?;
        }
        self.done = true;
        let _ = std::fs::remove_file(moved);
        companions::remove(&self.part);
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.done {
            companions::remove(&self.part);
            take_away_moved(&self.target);
        }
    }
}

/// Takes away what is left beside a book that got its name just before its maker was killed, and what a killed restore left; a restore
/// at work holds the book alone.
pub fn tidy(target: &Path) {
    let restoring = beside(target, super::restore::PART);
    if restoring.symlink_metadata().is_ok() && target.exists() && Alone::take(target).is_ok() {
        companions::remove(&restoring);
    }
    let moved = beside(target, MOVED);
    if moved.exists() && target.exists() {
        companions::remove(&beside(target, ".part"));
        let _ = std::fs::remove_file(moved);
    }
}

/// Files that an interrupted try gave their names already, before its book got one: those and no others.
fn take_away_moved(target: &Path) {
    let moved = beside(target, MOVED);
    let Ok(list) = std::fs::read_to_string(&moved) else { return };
    for line in list.lines() {
        let Some((tail, hash)) = line.split_once(' ').filter(|(tail, _)| MOVING.contains(tail)) else { continue };
        let path = beside(target, tail);
        let is_it = path.is_file() && std::fs::read(&path).is_ok_and(|bytes| *blake3::hash(&bytes).to_hex() == *hash);
        if is_it {
            let _ = std::fs::remove_file(path);
        }
    }
    let _ = std::fs::remove_file(moved);
}

/// Did an `init` cut short leave this: an empty file, or a book that names no site and holds no entry?
fn is_left_by_init(target: &Path) -> bool {
    match target.symlink_metadata() {
        Ok(meta) if meta.is_file() && meta.len() == 0 => return true,
        Ok(meta) if meta.is_file() => {}
        _ => return false,
    }
    let options = OpenOptions { apart: true, ..OpenOptions::default() };
    let Ok((db, _)) = Db::open(target, options) else { return false };
    let Ok(tx) = db.look() else { return false };
    matches!(tx.setting("site"), Ok(None))
        && tx.entries_after(crate::rules::id::Id(i64::MIN), 1).is_ok_and(|entries| entries.is_empty())
}

fn disk(target: &Path, error: &std::io::Error) -> Refusal {
    let why = crate::text::disk::why(error);
    Refusal::data(format!("{} 没有建成：{why}；原来没有的东西都已清走，可以重做", target.display()))
}
