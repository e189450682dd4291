//! Copies (备份): made by SQLite's backup API, proved by opening and verifying them, and put in a book's place without a moment in which
//! none stands there. Going on from one is [`super::restore`].

use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use super::rights::Rights;
use super::{Desk, password, proven, sealed_password, session};
use crate::book::append::Head;
use crate::book::seal::{Keys, verifier};
use crate::book::verify;
use crate::derive::system::begin_life;
pub(super) use crate::store::companions::beside;
use crate::store::companions::{self, is_of_book};
use crate::store::hold::Alone;
use crate::store::tables::user::UserRow;
use crate::store::{Db, OpenOptions, StoreError};

/// What a proved copy holds.
pub struct Copy {
    /// Entries in it.
    pub entries: i64,
    /// This site's last entry in it, `B03.1.42`.
    pub upto: String,
    /// When that was written.
    pub until: Option<String>,
    /// What is odd in it but no fault (`book/verify.rs`), a sentence each.
    pub questions: Vec<String>,
}

impl Desk {
    /// Goes on in a new life, because this book is a copy: `known` is the last life the machine's mark tells of, 0 for none.
    pub fn begin_new_life(&mut self, known: i64) -> Result<(), Refusal> {
        let now = self.now();
        let tx = self.db.write()?;
        begin_life(&tx, "restore", known, now)?;
        Ok(tx.commit()?)
    }

    /// Copies the book into a new file and proves the copy.
    pub fn backup(&self, target: &Path) -> Result<Copy, Refusal> {
        if is_of_book(target, self.path()) {
            let message = format!("{} 是数据库或它旁边的文件，不能备份到这里，请换一个文件名", target.display());
            return Err(Refusal::usage(message));
        }
        if target.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(target.to_owned()).into());
        }
        let part = beside(target, ".part");
        companions::remove(&part);
        let proved = self.db().backup_to(&part).map_err(Refusal::from).and_then(|()| prove(&part));
        let named = proved.and_then(|copy| give_name(&part, target).map(|()| copy));
        if named.is_err() {
            companions::remove(&part);
        }
        named
    }
}

/// Gives a whole copy its name, which nobody has: one that was cut short never has it.
fn give_name(part: &Path, target: &Path) -> Result<(), Refusal> {
    let fault = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Refusal::from(StoreError::Exists(target.to_owned())),
        _ => Refusal::data(format!("写 {} 出错：{}", target.display(), crate::text::disk::why(&error))),
    };
    std::fs::File::open(part).and_then(|copy| copy.sync_all()).map_err(fault)?;
    match std::fs::hard_link(part, target) {
        Ok(()) => {
            let _ = std::fs::remove_file(part);
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(fault(error)),
        // Sticks cannot give a second name.
        Err(_) => std::fs::rename(part, target).map_err(fault)?,
    }
    sync_folder(target);
    Ok(())
}

/// Is a copy one of a practice book?
pub fn is_practice(copy: &Path) -> Result<bool, Refusal> {
    let mut db = to_read(copy)?;
    let tx = db.read()?;
    let site = Head::read(&tx)?.site;
    Ok(proven::practice(&tx, &site)?.unwrap_or(false))
}

/// Is it the password of a person of the copy who has this right? Where no book is left, the copy is all that can be asked.
///
/// Verifiers are sealed, so the site's keys are needed.
pub fn let_in(
    copy: &Path,
    keys: Option<&Keys>,
    (login, given): (&str, &str),
    right: &str,
    day: chrono::NaiveDate,
) -> Result<(), Refusal> {
    let mut db = to_read(copy)?;
    let tx = db.read()?;
    let site = Head::read(&tx)?.site;
    let person = proven::at_desk(&tx, &site, login)?;
    let is_it = |user: &UserRow| match keys {
        Some(keys) => sealed_password::open(keys, user).is_some_and(|known| password::matches(given, &known)),
        None => password::matches(given, &user.password), // in clear, from before
    };
    if keys.is_none() && person.as_ref().is_some_and(|person| !verifier::is_clear(&person.user.password)) {
        let message = "密钥文件不在，核对不了密码：请先放回 .key 文件，或加 --recovery-code 输入恢复码";
        return Err(Refusal::permission("login", message));
    }
    let person = person.filter(|person| person.user.active && is_it(&person.user));
    let person = person.ok_or_else(|| Refusal::permission("login", "用户名或密码不对，请重新输入"))?;
    session::refuse_first_password(&person, false)?;
    Rights::of_person(&tx, &person, day)?.require(right)
}

fn to_read(copy: &Path) -> Result<Db, Refusal> {
    Ok(Db::open(copy, OpenOptions { read_only: true, ..apart() })?.0)
}

/// Opens a copy that nobody else knows of, walks its chains, and leaves nothing beside it.
pub(super) fn prove(path: &Path) -> Result<Copy, Refusal> {
    let (mut db, _) = Db::open(path, apart())?;
    let (chains, head, until) = {
        let tx = db.read()?;
        let (chains, head) = (verify::chains(&tx, |_| {})?, Head::read(&tx)?);
        let until = tx.head(&head.site, head.epoch)?.map(|row| row.at);
        (chains, head, until)
    };
    if let Some(fault) = chains.fault {
        return Err(Refusal::data(format!("{} 核对不过：{}；请换一份备份", path.display(), fault.message)));
    }
    db.checkpoint()?;
    drop(db);
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, tail));
    }
    let upto = format!("{}.{}.{}", head.site, head.epoch, head.seq);
    let questions = chains.questions.into_iter().map(|question| question.message).collect();
    Ok(Copy { entries: chains.entries, upto, until, questions })
}

/// How a file of our own is opened that nobody else knows of.
pub(super) fn apart() -> OpenOptions {
    OpenOptions { apart: true, ..OpenOptions::default() }
}

/// Puts a finished book in the place of another, whose place the caller holds alone: at every moment one of the two stands there. The
/// other is set aside under a name nobody has. Answers where that went.
pub(super) fn put_in_place(
    part: &Path,
    target: &Path,
    why: &str,
    now: chrono::DateTime<chrono::FixedOffset>,
    _alone: &Alone,
) -> std::io::Result<Option<PathBuf>> {
    let aside = if target.symlink_metadata().is_ok() { Some(free_name(target, why, now)?) } else { None };
    if let Some(aside) = &aside {
        // A second name first, then the new book over the old name. A book in one file has no log; that of one SQLite cannot read
        // goes along, and must not stay beside the new book.
        for tail in ["", "-wal"] {
            let (from, to) = (beside(target, tail), beside(aside, tail));
            if from.exists() && std::fs::hard_link(&from, &to).is_err() {
                std::fs::copy(&from, &to)?;
            }
        }
        // With its keys it can be looked at; without its mark it takes no new life. Without keys it still is set aside.
        for tail in [".key", ".site"] {
            let _ = std::fs::copy(beside(target, tail), beside(aside, tail));
        }
        sync_folder(target);
        for tail in ["-wal", "-shm", "-journal"] {
            remove_if_there(&beside(target, tail))?;
        }
    }
    std::fs::rename(part, target)?;
    sync_folder(target);
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(part, tail));
    }
    Ok(aside)
}

/// A name beside a book that nobody has: the moment, and a number where several fall into one second.
fn free_name(target: &Path, why: &str, now: chrono::DateTime<chrono::FixedOffset>) -> std::io::Result<PathBuf> {
    let stem = format!(".before-{why}-{}", now.format("%Y%m%d-%H%M%S"));
    let taken = |path: &Path| {
        ["", "-wal", "-shm", ".key", ".site"].iter().any(|tail| beside(path, tail).symlink_metadata().is_ok())
    };
    let mut names = (1..10_000).map(|number| match number {
        1 => beside(target, &stem),
        number => beside(target, &format!("{stem}-{number}")),
    });
    names.find(|path| !taken(path)).ok_or_else(|| std::io::ErrorKind::AlreadyExists.into())
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes new names in a folder durable, where the system can.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}
