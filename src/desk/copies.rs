//! Copies (备份) and going on from one (恢复). A copy is made by SQLite's backup API and proved by opening and verifying it; going on
//! from a copy always begins a new life (epoch), because entries written after the copy may exist elsewhere.

use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use super::rights::Rights;
use super::{Desk, password, proven, session};
use crate::book::append::Head;
use crate::book::mark::{self, Mark};
use crate::book::verify;
use crate::derive::system::begin_life;
use crate::exchange::peers;
use crate::rules::id::Id;
use crate::store::tables::site::SiteHeadRow;
use crate::store::{Db, OpenOptions, StoreError, Tx};

/// What a proved copy holds.
pub struct Copy {
    /// Entries in it.
    pub entries: i64,
    /// This site's last entry in it, `B03.1.42`.
    pub upto: String,
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
        self.db().backup_to(target)?;
        let proved = prove(target);
        if proved.is_err() {
            let _ = std::fs::remove_file(target);
        }
        proved
    }
}

/// Is a copy one of a practice book?
pub fn is_practice(copy: &Path) -> Result<bool, Refusal> {
    let mut db = to_read(copy)?;
    let tx = db.read()?;
    let site = Head::read(&tx)?.site;
    Ok(proven::practice(&tx, &site)?.unwrap_or(false))
}

/// Is it the password of a person of the copy who has this right? Where no book is left, the copy is all that can be asked.
pub fn let_in(copy: &Path, login: &str, given: &str, right: &str, day: chrono::NaiveDate) -> Result<(), Refusal> {
    let mut db = to_read(copy)?;
    let tx = db.read()?;
    let site = Head::read(&tx)?.site;
    let person = proven::at_desk(&tx, &site, login)?;
    let person = person.filter(|person| person.user.active && password::matches(given, &person.user.password));
    let person = person.ok_or_else(|| Refusal::permission("login", "用户名或密码不对，请重新输入"))?;
    session::refuse_first_password(&person, false)?;
    Rights::of_person(&tx, &person, day)?.require(right)
}

fn to_read(copy: &Path) -> Result<Db, Refusal> {
    Ok(Db::open(copy, OpenOptions { read_only: true, ..OpenOptions::default() })?.0)
}

/// Opens a copy, walks its chains, and leaves nothing beside it.
pub(super) fn prove(path: &Path) -> Result<Copy, Refusal> {
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

/// What the book that is replaced knew and the copy does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Entries head office has confirmed: they come back with its next bundle.
    pub confirmed: i64,
    /// Entries nobody else is known to have.
    pub only_here: i64,
}

impl Lost {
    /// What it means, for the person who restores.
    pub fn sentence(&self) -> String {
        let Self { confirmed, only_here } = self;
        let mut said = format!(
            "副本之后还有 {} 张凭单：总部已收到 {confirmed} 张，下次收进总部的交换包时退回",
            confirmed + only_here
        );
        if *only_here > 0 {
            said.push_str(&format!("；{only_here} 张总部还没有确认，请把没送出的交换包交给总部，原来的数据库不要删"));
        }
        said
    }
}

/// Which of this site's entries are in the old book, or known to it, and not in the copy.
fn lost(old: &Path, copy: &mut Db) -> Option<Lost> {
    let (mut old, _) = Db::open(old, OpenOptions { read_only: true, ..OpenOptions::default() }).ok()?;
    let (old, copy) = (old.read().ok()?, copy.read().ok()?);
    let head = Head::read(&old).ok()?;
    let mut lost = Lost::default();
    for epoch in 1..=head.epoch {
        let chain = Id::new(&head.site, epoch, 0, 0)?;
        let seq = |tx: &Tx<'_>| tx.chain_last(chain).ok().flatten().map_or(0, |last| last.seq());
        let (was, is) = (seq(&old), seq(&copy));
        let signed = peers::signed_heads(&old, &head.site).ok()?;
        let of_chain = |row: &&SiteHeadRow| row.chain == head.site.as_str() && row.epoch == epoch;
        let told = match peers::head_office(&old).ok()? {
            Some(office) => old.ack(office.site.as_str(), chain).ok()?.map_or(0, |ack| ack.seq),
            None => 0,
        };
        let confirmed = signed.iter().find(of_chain).map_or(0, |row| row.seq).max(told);
        lost.confirmed += (confirmed - is).max(0);
        lost.only_here += (was - confirmed.max(is)).max(0);
    }
    (lost != Lost::default()).then_some(lost)
}

/// Puts a copy in the place of a book and begins a new life. A book that is there is set aside, never overwritten; its key file
/// stays. Answers what the copy held, where the old book went, and what it knew that the copy does not.
pub fn restore(
    copy: &Path,
    target: &Path,
    now: chrono::DateTime<chrono::FixedOffset>,
) -> Result<(Copy, Option<PathBuf>, Option<Lost>), Refusal> {
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
    let lost = target.exists().then(|| lost(target, &mut db)).flatten();
    let tx = db.write()?;
    let last = known.as_ref().map_or(0, |mark| mark.epoch);
    begin_life(&tx, "restore", last, now)?;
    let head = Head::read(&tx)?;
    tx.commit()?;
    db.checkpoint()?;
    drop(db);
    let aside = put_in_place(&part, target, "restore", now).map_err(file)?;
    mark::write(target, &Mark::of(&head)).map_err(file)?;
    Ok((held, aside, lost))
}

/// Puts a finished book in the place of another, which is set aside. Answers where that went.
pub(super) fn put_in_place(
    part: &Path,
    target: &Path,
    why: &str,
    now: chrono::DateTime<chrono::FixedOffset>,
) -> std::io::Result<Option<PathBuf>> {
    let aside = target.exists().then(|| beside(target, &format!(".before-{why}-{}", now.format("%Y%m%d-%H%M%S"))));
    if let Some(aside) = &aside {
        for tail in ["", "-wal", "-shm"] {
            let from = beside(target, tail);
            if from.exists() {
                std::fs::rename(&from, beside(aside, tail))?;
            }
        }
    }
    std::fs::rename(part, target)?;
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(part, tail));
    }
    Ok(aside)
}

pub(super) fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}
