//! Going on from a copy (恢复). The copy must be this book's own; nobody may have the book open; the book that is there is set aside,
//! never overwritten; the site goes on in a new life (epoch), because entries written after the copy may exist elsewhere. Told is until
//! which minute the copy reaches, which receipts were given since, and how they come back.

use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use super::copies::{Copy, apart, beside, prove, put_in_place};
use super::copy_places::{self, CopyPlaces};
use super::own_files::{self, series};
use super::refusal::Refusal;
use super::since::{self, Old, Since};
use super::tail::bring::{self, Brought};
use super::till::receipt;
use crate::book::append::Head;
use crate::book::mark::{self, Mark};
use crate::book::seal::{self, Keys};
use crate::derive::rebuild;
use crate::derive::system::begin_life;
use crate::exchange::peers;
use crate::rules::id::Id;
use crate::store::hold::{Alone, is_same_file};
use crate::store::{Db, StoreError, Tx};

/// Tail of the name under which the book is made that will be put in place.
pub(super) const PART: &str = ".restoring";

/// What came of it.
pub struct Restored {
    /// What the copy holds.
    pub copy: Copy,
    /// Where the book that was there went.
    pub aside: Option<PathBuf>,
    /// What was known here and is not in the copy.
    pub since: Since,
    /// The new life.
    pub epoch: i64,
    /// What the second copy brought back, where one was given.
    pub brought: Option<Brought>,
    /// Where copies go from now on.
    pub places: CopyPlaces,
}

/// A second copy to bring back what is newer than the copy.
#[derive(Clone, Copy)]
pub struct Tail<'a> {
    /// Where it lies.
    pub folder: &'a Path,
    /// The recovery code, where the key file is lost.
    pub code: Option<&'a str>,
}

/// Puts a copy in the place of a book and begins a new life. The key files stay.
/// With a second copy, what was written since the copy is brought back from it first.
pub fn restore(
    copy: &Path,
    target: &Path,
    tail: Option<Tail<'_>>,
    now: DateTime<FixedOffset>,
) -> Result<Restored, Refusal> {
    if !copy.is_file() {
        return Err(StoreError::Missing(copy.to_owned()).into());
    }
    if is_same_file(copy, target) {
        return Err(Refusal::usage("备份就是正在用的库本身，不用恢复；请指明备份文件"));
    }
    let alone = Alone::take(target)?;
    let part = beside(target, PART);
    let outcome = prepare(copy, &part, target, tail, now);
    if outcome.is_err() {
        clear(&part);
    }
    let Prepared { held, brought, since, begun, keys, places } = outcome?;
    let file = |error: std::io::Error| Refusal::data(format!("换上备份时出错：{}", crate::text::disk::why(&error)));
    let aside = put_in_place(&part, target, "restore", now, &alone).map_err(file)?;
    if let Some(keys) = keys {
        keys.write(target)?; // made from the recovery code
    }
    if let Ok(keys) = Keys::open(target) {
        // The mark of another key cannot be written over, only replaced; what it said is in the new life's number.
        let _ = std::fs::remove_file(mark::path_of(target));
        mark::write(target, &keys, &begun).map_err(file)?;
    }
    Ok(Restored { copy: held, aside, since, epoch: begun.epoch, brought, places })
}

/// A book ready to be put in place.
struct Prepared {
    held: Copy,
    brought: Option<Brought>,
    since: Since,
    begun: Mark,
    /// Keys of the recovery code, to be written beside the book.
    keys: Option<Keys>,
    places: CopyPlaces,
}

/// Makes the book that is put in place, under another name: the copy, proved, its derived tables made from its entries alone, in a
/// new life.
fn prepare(
    copy: &Path,
    part: &Path,
    target: &Path,
    tail: Option<Tail<'_>>,
    now: DateTime<FixedOffset>,
) -> Result<Prepared, Refusal> {
    clear(part);
    crate::store::db::check_head(copy)?;
    for tail in ["", "-wal"] {
        let (from, to) = (beside(copy, tail), beside(part, tail));
        if from.is_file() {
            let file = |error: std::io::Error| {
                Refusal::data(format!("复制 {} 出错：{}", from.display(), crate::text::disk::why(&error)))
            };
            std::fs::copy(&from, &to).map_err(file)?;
        }
    }
    crate::store::db::own(part)?;
    let mut held = prove(part)?;
    let (mut db, _) = Db::open(part, apart())?;
    count_lives(&mut db)?;
    let mut keys = Keys::open(target);
    if let (Err(error), true) = (&keys, seal::path_of(target).exists()) {
        return Err(Refusal::data(error.to_string()));
    }
    let coded = tail.and_then(|tail| tail.code).filter(|_| keys.is_err()).map(Keys::from_recovery).transpose()?;
    if let Some(coded) = &coded {
        keys = Ok(coded.again());
    }
    let old = Old::open(target);
    {
        let tx = db.read()?;
        require_own(&tx, old.as_ref(), keys.as_ref().ok(), target)?;
    }
    let before = receipts_of_lives(&db.read()?)?;
    let mut brought = None;
    if let Some(tail) = tail {
        let Ok(keys) = &keys else {
            let message = format!(
                "随写副本是密封的，要有密钥文件 {} 才读得出；请先放回它，或加 --recovery-code 用恢复码恢复",
                seal::path_of(target).display()
            );
            return Err(Refusal::rule("restore", message));
        };
        brought = Some(bring::bring(&mut db, keys, tail.folder)?);
        drop(db);
        held = prove(part)?;
        (db, _) = Db::open(part, apart())?;
    }
    // Whatever was changed in the copy with other tools, guards and rights among it, is made again from the entries.
    rebuild::rebuild(&mut db, |_| {})?;
    let marked = since::marked(target, keys.as_ref().ok());
    let places = copy_places::of_old(old.as_ref());
    let (since, known, site_key) = {
        let tx = db.read()?;
        let head = Head::read(&tx)?;
        let marked = marked.filter(|mark| mark.site == head.site.as_str());
        let known = marked.as_ref().map_or(0, |mark| mark.epoch).max(old.as_ref().map_or(0, |old| old.epoch()));
        if known.max(head.epoch) >= own_files::MOST_LIVES {
            return Err(own_files::no_life_left(&head.site));
        }
        let site_key = old.as_ref().and_then(|old| old.setting(own_files::SITE_KEY));
        (since::since(&tx, old, marked.as_ref())?, known, site_key)
    };
    let tx = db.write()?;
    if let Some(site_key) = site_key {
        tx.set_setting(own_files::SITE_KEY, &site_key)?;
    }
    tx.set_setting(own_files::KEYED_MARK, "1")?;
    let places = CopyPlaces::carry(&tx, places.as_ref())?;
    begin_life(&tx, "restore", known, now)?;
    let begun = Mark::of(&tx, &Head::read(&tx)?)?;
    tx.commit()?;
    if let Some(brought) = &mut brought {
        brought.receipts = receipts_of_lives(&db.read()?)? - before;
    }
    db.checkpoint()?;
    Ok(Prepared { held, brought, since, begun, keys: coded, places })
}

/// The life the copy is in, as its entries say: a setting that another tool changed would use up lives.
fn count_lives(db: &mut Db) -> Result<(), Refusal> {
    let tx = db.write()?;
    let site = Head::read(&tx)?.site;
    let lives = tx.chains()?.into_iter().filter(|chain| chain.site() == site && !chain.is_twin());
    let Some(newest) = lives.map(|chain| chain.epoch()).max() else {
        let message = format!("备份里没有网点 {site} 记的账：有人用别的工具改过它的设置，请用另一份备份恢复");
        return Err(Refusal::data(message));
    };
    tx.set_setting("epoch", &newest.to_string())?;
    Ok(tx.commit()?)
}

/// How many receipts this site has given in all its lives, as the book tells.
fn receipts_of_lives(tx: &Tx<'_>) -> Result<i64, Refusal> {
    let head = Head::read(tx)?;
    let mut given = 0;
    for life in 1..=head.epoch {
        given += receipt::last(tx, &series(&head.site, life))?;
    }
    Ok(given)
}

/// Refuses a copy that is not of the book it is to replace: of another site, of a practice book, of another head office, sealed with
/// another key.
fn require_own(copy: &Tx<'_>, old: Option<&Old>, keys: Option<&Keys>, target: &Path) -> Result<(), Refusal> {
    let head = Head::read(copy)?;
    let refuse = |why: String| Err(Refusal::rule("restore", format!("{why}；没有恢复。请核对 --db 和备份文件")));
    if let Some(old) = old {
        let (ours, theirs) = (&old.head.site, &head.site);
        if ours != theirs {
            return refuse(format!("备份是网点 {theirs} 的，这里是网点 {ours} 的库"));
        }
        let tx = old.db.look()?;
        let (was, is) = (own_files::first_words(&tx, ours)?, own_files::first_words(copy, theirs)?);
        if let (Some(was), Some(is)) = (was, is) {
            let practice = |practice: bool| if practice { "练习库" } else { "正式库" };
            if was.practice != is.practice {
                return refuse(format!("备份是{}，这里是{}", practice(is.practice), practice(was.practice)));
            }
            if was.head_office != is.head_office {
                return refuse("一个是总部的库，一个是网点的库".to_owned());
            }
        }
        let first = Id::new(ours, 1, 1, 0).map(|id| (tx.entry_hash(id), copy.entry_hash(id)));
        if let Some((Ok(Some(was)), Ok(Some(is)))) = first
            && was != is
        {
            return refuse(format!("备份和这里的库都叫 {ours}，但不是同一个库 (第一张凭单不同)"));
        }
        let office = |tx: &Tx<'_>| peers::head_office(tx).ok().flatten().map(|office| office.site);
        if let (Some(was), Some(is)) = (office(&tx), office(copy))
            && was != is
        {
            return refuse(format!("备份认定的总部是 {is}，这里的库认定的是 {was}"));
        }
    } else if let Some(mark) = keys.and_then(|keys| since::marked(target, Some(keys)))
        && mark.site != head.site.as_str()
    {
        return refuse(format!("备份是网点 {} 的，这里的最高位文件是网点 {} 的", head.site, mark.site));
    }
    match keys {
        Some(keys) => own_files::require_key(copy, keys, target),
        None => Ok(()),
    }
}

fn clear(part: &Path) {
    for tail in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(beside(part, tail));
    }
}
