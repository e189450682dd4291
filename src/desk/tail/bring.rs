//! Bringing back what a second copy holds and a copy of the book does not (`restore COPY --tail DIR`): each entry is taken in only where
//! it joins the chain that is held, in the order in which it was written.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::format::{self, Reader};
use crate::book::append::Head;
use crate::book::entry;
use crate::book::seal::Keys;
use crate::derive::bulk;
use crate::derive::receive::{Incoming, receive_many};
use crate::desk::refusal::Refusal;
use crate::rules::id::{ITEMS, Id};
use crate::store::entries::EntryRow;
use crate::store::{Db, StoreError, Tx};
use crate::text::disk;

/// Bytes of entries taken in by one transaction.
const AT_ONCE: usize = 1 << 20;

/// What was brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Entries.
    pub entries: i64,
    /// The last one brought back, `B03.1.42`.
    pub upto: Option<String>,
    /// When that was written.
    pub until: Option<String>,
    /// Receipts among them.
    pub receipts: i64,
    /// Where the second copy ends early, or does not join.
    pub faults: Vec<String>,
}

impl Brought {
    /// What it means, for the person who restores; a sentence a line.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = vec![match (&self.upto, &self.until) {
            (Some(upto), Some(until)) => {
                let until = until.get(..19).unwrap_or(until).replace('T', " ");
                format!(
                    "随写副本补回 {} 张凭单，到 {upto} ({until})，其中收据 {} 张，不用补录",
                    self.entries, self.receipts
                )
            }
            _ => "随写副本里没有比备份更新的凭单".to_owned(),
        }];
        said.extend(self.faults.iter().map(|fault| format!("注意：随写副本 {fault}")));
        said
    }
}

/// Takes the entries of a second copy into a copy of the book.
pub fn bring(db: &mut Db, keys: &Keys, folder: &Path) -> Result<Brought, Refusal> {
    let (head, book) = {
        let tx = db.read()?;
        let head = Head::read(&tx)?;
        let book = format::book_of(&tx, &head.site)?;
        (head, book)
    };
    let site = head.site.as_str();
    let fault = |error: &std::io::Error| Refusal::data(format!("读 {} 出错：{}", folder.display(), disk::why(error)));
    let files = match &book {
        Some(book) => format::files_in(folder, site, book).map_err(|error| fault(&error))?,
        None => Vec::new(),
    };
    if files.is_empty() {
        let message = format!(
            "{} 里没有这个库的随写副本 (网点 {site}，文件名以 {site}-{} 开头)；没有恢复。请核对文件夹和备份文件",
            folder.display(),
            book.as_deref().and_then(|book| book.get(..8)).unwrap_or("?")
        );
        return Err(Refusal::rule("restore", message));
    }
    let mut brought = Brought::default();
    let mut opened = false;
    for (_, name) in files {
        match bring_file(db, keys, &folder.join(&name), &mut brought) {
            Ok(sound) => opened |= sound,
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Said(said)) => brought.faults.push(format!("{name} {said}")),
        }
    }
    if !opened && !brought.faults.is_empty() {
        let message =
            format!("随写副本一张也读不出来：{}；没有恢复。请核对密钥文件 (或恢复码)", brought.faults.join("；"));
        return Err(Refusal::rule("restore", message));
    }
    bulk::finish(db, |_| {})?;
    let tx = db.write()?;
    if let Some(life) = tx.last_epoch(&head.site)?.filter(|life| *life > head.epoch) {
        tx.set_setting("epoch", &life.to_string())?; // the lives begun since the copy
    }
    tx.commit()?;
    Ok(brought)
}

/// Why a file is not read on.
enum Stop {
    Said(String),
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Takes in the entries of one file as far as it is sound and joins. Answers whether anything could be read.
fn bring_file(db: &mut Db, keys: &Keys, path: &Path, brought: &mut Brought) -> Result<bool, Stop> {
    let plain = crate::text::plain_file::open(path).map_err(|error| Stop::Said(disk::why(&error)))?;
    let begun = Reader::begin(BufReader::<File>::new(plain), keys);
    let (header, mut reader) = begun.ok_or_else(|| Stop::Said("开头读不懂，没有用".to_owned()))?;
    if header.key != keys.name() {
        return Err(Stop::Said(format!("是用另一把密钥 ({}) 封的，这里的密钥是 {}", header.key, keys.name())));
    }
    let (mut waiting, mut bytes, mut before, mut any) = (Vec::new(), 0, None::<EntryRow>, false);
    let said = loop {
        let row = match reader.next() {
            Ok(Some(row)) => row,
            Ok(None) => break None,
            Err(said) => break Some(format!("在 {} 之后断了：{said}", name_of(before.as_ref(), &header))),
        };
        any = true;
        let known = db.read()?.entry_hash(row.id)?;
        match known {
            Some(hash) if hash == row.hash => {}
            Some(_) => break Some(format!("的 {} 与备份里的不同，是另一支，从这里起没有用", row.id)),
            None => {
                if let Some(said) = does_not_join(&db.read()?, before.as_ref(), &row)? {
                    break Some(said);
                }
                bytes += row.payload.len() + row.subjects.len();
                waiting.push(Incoming { row: row.clone() });
            }
        }
        before = Some(row);
        if bytes > AT_ONCE {
            take_in(db, &mut waiting, brought)?;
            bytes = 0;
        }
    };
    take_in(db, &mut waiting, brought)?;
    match said {
        // An end that is cut is all a lost disk leaves; it is told, and what stands before it is used.
        Some(said) if any => {
            brought.faults.push(format!("{} {said}", header.file_name()));
            Ok(true)
        }
        Some(said) => Err(Stop::Said(said)),
        None => Ok(true),
    }
}

fn name_of(before: Option<&EntryRow>, header: &format::Header) -> String {
    let (life, seq) = header.after;
    before.map_or_else(|| format!("{}.{life}.{seq}", header.site), |row| row.id.to_string())
}

/// Why an entry does not join what is held, `before` it in the file or in the book.
fn does_not_join(tx: &Tx<'_>, before: Option<&EntryRow>, row: &EntryRow) -> Result<Option<String>, StoreError> {
    if let Some(word) = entry::fault(row) {
        return Ok(Some(format!("的 {} 不对 ({word})，从这里起没有用", row.id)));
    }
    let place = if row.seq > 1 { Some(Id(row.id.0 - ITEMS)) } else { None };
    let joined = match (place, before) {
        (Some(place), Some(before)) if before.id == place => Some((before.hash, before.hlc)),
        (Some(place), _) => tx.entry(place)?.map(|held| (held.hash, held.hlc)),
        (None, _) if row.prev == entry::genesis(&row.site, row.epoch) => Some((row.prev, 0)),
        (None, Some(before)) if before.hash == row.prev => Some((before.hash, before.hlc)),
        (None, _) => {
            let mut found = None;
            for life in (1..row.epoch).rev() {
                found = match found {
                    None => tx.entry_of_hash(&row.id.site(), life, &row.prev)?.map(|held| (held.hash, held.hlc)),
                    found => found,
                };
            }
            found
        }
    };
    Ok(match joined {
        None => Some(format!("从 {} 起，它前面的凭单不在备份里也不在随写副本里，没有用；请换一份更新的备份", row.id)),
        Some((hash, hlc)) if hash != row.prev || hlc >= row.hlc => {
            Some(format!("的 {} 与前一张不相接，从这里起没有用", row.id))
        }
        Some(_) => None,
    })
}

fn take_in(db: &mut Db, waiting: &mut Vec<Incoming>, brought: &mut Brought) -> Result<(), Refusal> {
    let Some(last) = waiting.last() else { return Ok(()) };
    let (upto, until) = (last.row.id.to_string(), last.row.at.clone());
    let tx = db.write()?;
    receive_many(&tx, waiting)?;
    tx.commit()?;
    brought.entries += i64::try_from(waiting.len()).unwrap_or(0);
    (brought.upto, brought.until) = (Some(upto), Some(until));
    waiting.clear();
    Ok(())
}
