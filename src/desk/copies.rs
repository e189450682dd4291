//! Copies (备份) and going on from one (恢复). A copy is made by SQLite's backup API and proved by opening and verifying it; going on
//! from a copy always begins a new life (epoch), because entries written after the copy may exist elsewhere.

use std::path::{Path, PathBuf};

use super::Desk;
use super::open::begin_epoch;
use super::refusal::Refusal;
use crate::book::append::Head;
use crate::book::mark::{self, Mark};
use crate::book::verify;
use crate::store::{Db, OpenOptions, StoreError};

/// What a proved copy holds.
pub struct Copy {
    /// Entries in it.
    pub entries: i64,
    /// This site's last entry in it, `B03.1.42`.
    pub upto: String,
}

impl Desk {
    /// Copies the book into a new file and proves the copy.
    pub fn backup(&self, target: &Path) -> Result<Copy, Refusal> {
        self.db().backup_to(target)?;
        let proved = prove(target);
        if proved.is_err() {
            let _ = std::fs::remove_file(target);
        }
        proved
    }
}

/// Opens a copy, walks its chains, and leaves nothing beside it.
fn prove(path: &Path) -> Result<Copy, Refusal> {
    let (mut db, _) = Db::open(path, OpenOptions::default())?;
    let (chains, head) = {
        let tx = db.read()?;
        (verify::chains(&tx, |_| {})?, Head::read(&tx)?)
    };
    if let Some(fault) = chains.fault {
        return Err(Refusal::data(format!("{} 核对不过：{}", path.display(), fault.message)));
    }
    db.checkpoint()?;
    drop(db);
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, tail));
    }
    Ok(Copy { entries: chains.entries, upto: format!("{}.{}.{}", head.site, head.epoch, head.seq) })
}

/// Puts a copy in the place of a book and begins a new life. A book that is there is set aside, never overwritten; its key file
/// stays. Answers what the copy held and where the old book went.
pub fn restore(
    copy: &Path,
    target: &Path,
    now: chrono::DateTime<chrono::FixedOffset>,
) -> Result<(Copy, Option<PathBuf>), Refusal> {
    if !copy.is_file() {
        return Err(StoreError::Missing(copy.to_owned()).into());
    }
    let part = beside(target, ".restoring");
    let _ = std::fs::remove_file(&part);
    let file = |error: std::io::Error| Refusal::data(format!("复制 {} 出错：{error}", copy.display()));
    std::fs::copy(copy, &part).map_err(file)?;
    let held = prove(&part).inspect_err(|_| {
        let _ = std::fs::remove_file(&part);
    })?;
    let known = mark::read(target);
    let (mut db, _) = Db::open(&part, OpenOptions::default())?;
    let tx = db.write()?;
    let last = known.as_ref().map_or(0, |mark| mark.epoch);
    begin_epoch(&tx, "restore", last, now)?;
    let head = Head::read(&tx)?;
    tx.commit()?;
    db.checkpoint()?;
    drop(db);
    let aside = target.exists().then(|| beside(target, &format!(".before-restore-{}", now.format("%Y%m%d-%H%M%S"))));
    if let Some(aside) = &aside {
        for tail in ["", "-wal", "-shm"] {
            let from = beside(target, tail);
            if from.exists() {
                std::fs::rename(&from, beside(aside, tail)).map_err(file)?;
            }
        }
    }
    std::fs::rename(&part, target).map_err(file)?;
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&part, tail));
    }
    mark::write(target, &Mark::of(&head)).map_err(file)?;
    Ok((held, aside))
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}
