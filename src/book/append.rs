//! The only way in: one more entry at the end of this site's chain, inside the caller's write transaction.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat};

use super::clock::{self, tick};
use super::entry::{self, MAX_PAYLOAD, MAX_TEXTS, SUITE};
use super::subject::{self, Subject};
use crate::rules::id::{Id, LIVES, SEQS, Site};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// What the author says; the book adds place, order and hashes.
pub struct NewEntry<'a> {
    /// The author's time.
    pub at: DateTime<FixedOffset>,
    /// 营业日.
    pub business_day: NaiveDate,
    /// The user who did it.
    pub actor: &'a str,
    /// 操作.
    pub action: &'a str,
    /// Version of the payload.
    pub version: u32,
    /// Whom it is about; for bulk entries, one a row in the order of the rows.
    pub subjects: &'a [Subject],
    /// The caller's idempotency key.
    pub key: Option<&'a str>,
    /// The author's JSON.
    pub payload: String,
}

/// Where the next entry of this site goes.
#[derive(Clone, Debug)]
pub struct Head {
    /// This site.
    pub site: Site,
    /// Its present life.
    pub epoch: i64,
    /// Number of the last entry in this life, 0 at its beginning.
    pub seq: i64,
    /// HLC of the last entry, or a later one seen in another site's entries: the next is above it.
    pub hlc: i64,
    /// Hash of the last entry.
    pub hash: [u8; 32],
}

/// What can stop an append.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database names no site: `init` did not finish.
    #[error("数据库还没有建好网点，请重新 init")]
    NoSite,
    /// The database has entries, and its settings do not say whose they are: somebody changed it.
    #[error("日记账里有凭单，设置里却没有网点代码或启用号：有人用别的工具改过数据库，请从备份恢复 (restore)")]
    SettingsGone,
    /// Site and life in the settings are not where the entries end: somebody changed them.
    #[error(
        "设置里的网点和启用号是 {0}.{1}，日记账却不是记到这里：有人用别的工具改过数据库，没有记账；请用 verify --full 核对，从备份恢复 (restore)"
    )]
    SettingsChanged(Site, i64),
    /// The payload is larger than an entry may be.
    #[error("一笔内容有 {0} 字节，超过一张凭单的上限，请分成几笔")]
    TooLarge(usize),
    /// All numbers of this life, or all lives, are used up.
    #[error("本网点的凭单序号或启用号已用完，不能再记账；请换一个新的网点代码继续，步骤见 README“启用号用完”")]
    Exhausted,
}

impl Head {
    /// Reads the head inside a write transaction, so that it stays true until commit.
    pub fn read(tx: &Tx<'_>) -> Result<Self, AppendError> {
        let site = tx.setting("site")?.and_then(|code| Site::parse(&code).ok());
        let epoch = tx.setting("epoch")?.and_then(|text| text.parse::<i64>().ok());
        let (Some(site), Some(epoch)) = (site, epoch) else {
            return Err(if tx.has_rows("entry")? { AppendError::SettingsGone } else { AppendError::NoSite });
        };
        let last = match tx.head(&site, epoch)? {
            Some(last) => Some(last),
            None => last_of_earlier_life(tx, &site, epoch)?,
        };
        let seen = clock::seen(tx)?;
        Ok(match last {
            Some(last) => {
                let seq = if last.epoch == epoch { last.seq } else { 0 };
                Self { hash: last.hash, hlc: last.hlc.max(seen), seq, site, epoch }
            }
            None => Self { hash: entry::genesis(site.as_str(), epoch), hlc: seen, seq: 0, site, epoch },
        })
    }

    /// Refuses to go on where the entries do not: a life begins with an entry that says so (`site.epoch`), and the newest is gone on with.
    pub fn prove(&self, tx: &Tx<'_>) -> Result<(), AppendError> {
        let last = |epoch| Id::new(&self.site, epoch, SEQS - 1, 0);
        let later = match (last(self.epoch), last(LIVES - 1)) {
            (Some(this), Some(end)) => tx.last_between(this, Id(end.0 + 1))?,
            _ => None,
        };
        if self.seq > 0 && later.is_none() {
            return Ok(());
        }
        Err(AppendError::SettingsChanged(self.site.clone(), self.epoch))
    }

    /// Name of the entry to come.
    pub fn next(&self) -> Result<Id, AppendError> {
        if self.seq + 1 >= SEQS || !(1..LIVES).contains(&self.epoch) {
            return Err(AppendError::Exhausted);
        }
        Id::new(&self.site, self.epoch, self.seq + 1, 0).ok_or(AppendError::Exhausted)
    }
}

fn last_of_earlier_life(tx: &Tx<'_>, site: &Site, epoch: i64) -> Result<Option<EntryRow>, StoreError> {
    for earlier in (0..epoch).rev() {
        if let Some(last) = tx.head(site, earlier)? {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// The stamp the next entry is above. One far ahead of the clock that no entry bears was written by another tool: it would stand in
/// every entry from now on.
fn last_stamp(tx: &Tx<'_>, head: &Head, at: DateTime<FixedOffset>) -> Result<i64, StoreError> {
    if clock::ahead(head.hlc, at) <= clock::AHEAD {
        return Ok(head.hlc);
    }
    let own = match tx.head(&head.site, head.epoch)? {
        Some(last) => Some(last),
        None => last_of_earlier_life(tx, &head.site, head.epoch)?,
    };
    let own = own.map_or(0, |last| last.hlc);
    if own >= head.hlc || clock::strange_seen(tx)?.is_none() {
        return Ok(head.hlc);
    }
    clock::put_seen_right(tx, at)?;
    Ok(own.max(clock::seen(tx)?))
}

/// Writes one entry after `head`.
pub fn append(tx: &Tx<'_>, head: &Head, new: NewEntry<'_>) -> Result<EntryRow, AppendError> {
    if new.payload.len() > MAX_PAYLOAD {
        return Err(AppendError::TooLarge(new.payload.len()));
    }
    let id = head.next()?;
    let last = last_stamp(tx, head, new.at)?;
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|error| StoreError::Sqlite(error.to_string()))?;
    let row = entry::seal(EntryRow {
        id,
        suite: SUITE,
        site: head.site.as_str().to_owned(),
        epoch: head.epoch,
        seq: head.seq + 1,
        hlc: tick(last, new.at),
        at: new.at.to_rfc3339_opts(SecondsFormat::Millis, false),
        business_day: new.business_day,
        actor: new.actor.to_owned(),
        action: new.action.to_owned(),
        version: i64::from(new.version),
        subjects: subject::write(new.subjects, id),
        key: new.key.map(str::to_owned),
        payload: new.payload,
        salt,
        leaf: [0; 32],
        prev: head.hash,
        hash: [0; 32],
    });
    if entry::texts_len(&row) > MAX_TEXTS {
        return Err(AppendError::TooLarge(entry::texts_len(&row))); // what no bundle can carry is not written
    }
    debug_assert!(entry::fault(&row).is_none());
    tx.insert_entry(&row)?;
    Ok(row)
}
