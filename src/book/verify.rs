//! The chain check: every entry by itself (I-2) and every chain whole (I-1); says the first broken place.
//!
//! What is a fault here is refused where bundles come in, by the same functions ([`flaw_at`], [`rises`]), so that no bundle can bring a
//! book what it then could not be copied with. One kind was taken in by earlier programs: an entry whose stamp (HLC) does not rise
//! along its site's line. Such an entry is whole, signed and joined, its order is (stamp, place) at every site alike, and it cannot be
//! deleted: in a book that holds it, it is a *question* and no fault. The line from there on stays as it is; copies, restoring and the
//! exchange go on; head office asks about it (`bundle.accept`, exception `stamp_back`) and names it in the headers of its bundles, so
//! that its other sites take the same entries in. So is a life that does not begin with the word that it is one (`site.epoch`), which another
//! tool brought about. Who walks the chains may ask further questions ([`chains_asking`]).

use std::fmt;

use serde::Serialize;

use super::entry;
use crate::rules::id::{ITEMS, Id, LIVES};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// One chain as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainHead {
    /// Site code.
    pub site: String,
    /// Life; of the second branch of a fork 32 more.
    pub epoch: i64,
    /// Last number.
    pub seq: i64,
    /// Hash of the last entry, hex.
    pub head: String,
}

/// The first broken place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which entry, where one can be named.
    pub entry: Option<Id>,
    /// What is wrong.
    pub message: String,
}

/// What is wrong with an entry where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The entry or its chain is not whole: a sentence.
    Broken(String),
    /// It follows what it says it follows, but its stamp does not rise.
    Backwards(Id),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(sentence) => f.write_str(sentence),
            Self::Backwards(id) => write!(f, "凭单 {id}：时间次序倒退"),
        }
    }
}

/// Questions a walk names; more are only counted.
const NAMED: usize = 100;

/// What a walk over the chains found.
#[derive(Debug, Default)]
pub struct Chains {
    /// How many entries.
    pub entries: i64,
    /// Every chain.
    pub heads: Vec<ChainHead>,
    /// The first fault.
    pub fault: Option<Fault>,
    /// Entries whose stamps do not rise, or of which the walker asks something, the first hundred.
    pub questions: Vec<Fault>,
    /// How many of them there are.
    pub asked: i64,
}

impl Chains {
    fn note(&mut self, question: Fault) {
        self.asked += 1;
        if self.questions.len() < NAMED {
            self.questions.push(question);
        }
    }
}

/// Walks every entry in place order; `progress` is told how many are done. Entries held singly are checked each by itself: the
/// chains they stand in are not held.
pub fn chains(tx: &Tx<'_>, progress: impl FnMut(i64)) -> Result<Chains, StoreError> {
    chains_asking(tx, progress, |_| Ok(None))
}

/// The same; `ask` is given every entry and answers the sentence of a question about it.
pub fn chains_asking(
    tx: &Tx<'_>,
    mut progress: impl FnMut(i64),
    mut ask: impl FnMut(&EntryRow) -> Result<Option<String>, StoreError>,
) -> Result<Chains, StoreError> {
    let mut found = Chains::default();
    let mut last: Option<EntryRow> = None;
    let mut after = Id(0);
    let singly = tx.has_relayed()?;
    loop {
        let batch = tx.entries_after(after, 500)?;
        let Some(end) = batch.last() else { break };
        after = end.id;
        for row in batch {
            found.entries += 1;
            for message in ask(&row)?.into_iter().chain(odd_beginning(&row)) {
                found.note(Fault { entry: Some(row.id), message });
            }
            if singly && tx.is_relayed(row.id)? {
                let word = entry::fault(&row).filter(|_| found.fault.is_none());
                found.fault = found.fault.or_else(|| word.map(|word| told(&row, &broken(&row, word))));
                continue;
            }
            if found.fault.is_none() {
                match flaw(tx, last.as_ref(), &row)? {
                    None => {}
                    Some(question @ Flaw::Backwards(_)) => found.note(told(&row, &question)),
                    Some(fault) => found.fault = Some(told(&row, &fault)),
                }
            }
            note_head(&mut found.heads, &row);
            last = Some(row);
        }
        progress(found.entries);
    }
    Ok(found)
}

/// A life begins with an entry that says so; the first one with whatever a site began with.
fn odd_beginning(row: &EntryRow) -> Option<String> {
    let odd = row.seq == 1 && row.epoch > 1 && row.action != "site.epoch";
    odd.then(|| {
        format!("凭单 {}：启用号 {} 不是从 site.epoch 开始的，有人用别的工具改过启用号，请查明", row.id, row.epoch)
    })
}

fn note_head(heads: &mut Vec<ChainHead>, row: &EntryRow) {
    let head = blake3::Hash::from_bytes(row.hash).to_hex().to_string();
    match heads.last_mut() {
        Some(last) if last.site == row.site && last.epoch == row.id.epoch() => {
            last.seq = row.seq;
            last.head = head;
        }
        _ => heads.push(ChainHead { site: row.site.clone(), epoch: row.id.epoch(), seq: row.seq, head }),
    }
}

/// The fault of one entry, by itself and between its neighbours; one held singly only by itself. A question is no fault.
pub fn fault_of(tx: &Tx<'_>, row: &EntryRow) -> Result<Option<Fault>, StoreError> {
    let fault = |row: &EntryRow, flaw: Flaw| matches!(flaw, Flaw::Broken(_)).then(|| told(row, &flaw));
    if tx.is_relayed(row.id)? {
        return Ok(entry::fault(row).and_then(|word| fault(row, broken(row, word))));
    }
    let before = if row.seq > 1 { tx.entry(Id(row.id.0 - ITEMS))? } else { None };
    if let Some(fault) = flaw(tx, before.as_ref(), row)?.and_then(|flaw| fault(row, flaw)) {
        return Ok(Some(fault));
    }
    let next = tx.entry(Id(row.id.0 + ITEMS))?.filter(|next| next.site == row.site && next.epoch == row.epoch);
    Ok(next.and_then(|next| joined_flaw(&next, row).and_then(|flaw| fault(&next, flaw))))
}

/// What is wrong with an entry at its place, which need not stand there yet: what it is to follow is looked up.
pub fn flaw_at(tx: &Tx<'_>, row: &EntryRow) -> Result<Option<Flaw>, StoreError> {
    let place = (row.seq > 1).then(|| Id(row.id.0 - ITEMS));
    let before = match place {
        Some(place) if !tx.is_single(place)? => tx.entry(place)?,
        _ => None,
    };
    flaw(tx, before.as_ref(), row)
}

/// Does a stamp rise above the one it follows?
pub fn rises(before: i64, hlc: i64) -> bool {
    before < hlc
}

/// What is wrong with an entry where it stands. A twin chain (the second branch of a fork) has its own places.
fn flaw(tx: &Tx<'_>, last: Option<&EntryRow>, row: &EntryRow) -> Result<Option<Flaw>, StoreError> {
    if let Some(word) = entry::fault(row) {
        return Ok(Some(broken(row, word)));
    }
    let (site, epoch) = (&row.site, row.id.epoch());
    let same_chain = last.filter(|last| last.site == row.site && last.id.epoch() == epoch);
    let Some(before) = same_chain else { return first_flaw(tx, row) };
    if row.seq != before.seq + 1 {
        return Ok(Some(Flaw::Broken(format!("{site}.{epoch} 缺第 {} 张凭单", before.seq + 1))));
    }
    Ok(joined_flaw(row, before))
}

/// The first entry of a chain: of a life, it follows any entry of an earlier life of its site, or nothing; of a fork's second
/// branch, the entry the main chain has before the fork.
fn first_flaw(tx: &Tx<'_>, row: &EntryRow) -> Result<Option<Flaw>, StoreError> {
    let (site, epoch) = (&row.site, row.id.epoch());
    if row.id.is_twin() {
        let main = tx.entry_hash(row.id.main())?;
        let told = tx.fork_at(row.id)?.is_some_and(|fork| fork.twin == row.hash);
        if main == Some(row.hash) || (main.is_none() && !told) {
            return Ok(Some(broken(row, "不是分叉，却记在分叉的一支上")));
        }
        if row.seq > 1 {
            return Ok(match tx.entry(Id(row.id.main().0 - ITEMS))? {
                Some(before) => joined_flaw(row, &before),
                None => Some(broken(row, "分叉之前的凭单不在")),
            });
        }
    } else if row.seq != 1 {
        return Ok(Some(Flaw::Broken(format!("{site}.{epoch} 缺第 1 张凭单"))));
    }
    if row.prev == entry::genesis(site, row.epoch) {
        return Ok(None);
    }
    for life in (1..row.epoch).rev() {
        for epoch in [life, life + LIVES] {
            if let Some(before) = tx.entry_of_hash(&row.id.site(), epoch, &row.prev)? {
                return Ok(joined_flaw(row, &before));
            }
        }
    }
    Ok(Some(broken(row, "与前一张不相接")))
}

fn joined_flaw(row: &EntryRow, before: &EntryRow) -> Option<Flaw> {
    if row.prev != before.hash {
        return Some(broken(row, "与前一张不相接"));
    }
    (!rises(before.hlc, row.hlc)).then_some(Flaw::Backwards(row.id))
}

fn broken(row: &EntryRow, word: &str) -> Flaw {
    Flaw::Broken(format!("凭单 {}：{word}", row.id))
}

fn told(row: &EntryRow, flaw: &Flaw) -> Fault {
    Fault { entry: Some(row.id), message: flaw.to_string() }
}

/// Entries whose stamps do not rise, as a book holds them: the first thousand. One look through the whole book.
pub fn questions(tx: &Tx<'_>) -> Result<Vec<Id>, StoreError> {
    let mut found = tx.entries_backwards(1_000)?;
    for chain in tx.chains()? {
        let first = tx.first_of_epoch(&chain.site(), chain.epoch())?;
        let Some(first) = first.filter(|first| first.seq == 1 || first.id.is_twin()) else { continue };
        if !tx.is_single(first.id)? && matches!(flaw_at(tx, &first)?, Some(Flaw::Backwards(_))) {
            found.push(first.id);
        }
    }
    Ok(found)
}
