//! The chain check: every entry by itself (I-2) and every chain whole (I-1); says the first broken place.

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

/// What a walk over the chains found.
#[derive(Debug, Default)]
pub struct Chains {
    /// How many entries.
    pub entries: i64,
    /// Every chain.
    pub heads: Vec<ChainHead>,
    /// The first fault.
    pub fault: Option<Fault>,
}

/// Walks every entry in place order; `progress` is told how many are done. Entries held singly are checked each by itself: the
/// chains they stand in are not held.
pub fn chains(tx: &Tx<'_>, mut progress: impl FnMut(i64)) -> Result<Chains, StoreError> {
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
            if singly && tx.is_relayed(row.id)? {
                found.fault = found.fault.or_else(|| entry::fault(&row).and_then(|word| broken(&row, word)));
                continue;
            }
            if found.fault.is_none() {
                found.fault = fault(tx, last.as_ref(), &row)?;
            }
            note_head(&mut found.heads, &row);
            last = Some(row);
        }
        progress(found.entries);
    }
    Ok(found)
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

/// What is wrong with one entry, by itself and between its neighbours; one held singly only by itself.
pub fn fault_of(tx: &Tx<'_>, row: &EntryRow) -> Result<Option<Fault>, StoreError> {
    if tx.is_relayed(row.id)? {
        return Ok(entry::fault(row).and_then(|word| broken(row, word)));
    }
    let before = if row.seq > 1 { tx.entry(Id(row.id.0 - ITEMS))? } else { None };
    if let Some(fault) = fault(tx, before.as_ref(), row)? {
        return Ok(Some(fault));
    }
    let next = tx.entry(Id(row.id.0 + ITEMS))?.filter(|next| next.site == row.site && next.epoch == row.epoch);
    Ok(next.and_then(|next| joined_fault(&next, row)))
}

/// What is wrong with an entry where it stands. A twin chain (the second branch of a fork) has its own places.
fn fault(tx: &Tx<'_>, last: Option<&EntryRow>, row: &EntryRow) -> Result<Option<Fault>, StoreError> {
    if let Some(word) = entry::fault(row) {
        return Ok(broken(row, word));
    }
    let (site, epoch) = (&row.site, row.id.epoch());
    let same_chain = last.filter(|last| last.site == row.site && last.id.epoch() == epoch);
    let Some(before) = same_chain else { return first_fault(tx, row) };
    if row.seq != before.seq + 1 {
        let message = format!("{site}.{epoch} 缺第 {} 张凭单", before.seq + 1);
        return Ok(Some(Fault { entry: Some(row.id), message }));
    }
    Ok(joined_fault(row, before))
}

/// The first entry of a chain: of a life, it follows any entry of an earlier life of its site, or nothing; of a fork's second
/// branch, the entry the main chain has before the fork.
fn first_fault(tx: &Tx<'_>, row: &EntryRow) -> Result<Option<Fault>, StoreError> {
    let (site, epoch) = (&row.site, row.id.epoch());
    if row.id.is_twin() {
        let main = tx.entry_hash(row.id.main())?;
        let told = tx.fork_at(row.id)?.is_some_and(|fork| fork.twin == row.hash);
        if main == Some(row.hash) || (main.is_none() && !told) {
            return Ok(broken(row, "不是分叉，却记在分叉的一支上"));
        }
        if row.seq > 1 {
            return Ok(match tx.entry(Id(row.id.main().0 - ITEMS))? {
                Some(before) => joined_fault(row, &before),
                None => broken(row, "分叉之前的凭单不在"),
            });
        }
    } else if row.seq != 1 {
        let message = format!("{site}.{epoch} 缺第 1 张凭单");
        return Ok(Some(Fault { entry: Some(row.id), message }));
    }
    if row.prev == entry::genesis(site, row.epoch) {
        return Ok(None);
    }
    for life in (1..row.epoch).rev() {
        for epoch in [life, life + LIVES] {
            if let Some(before) = tx.entry_of_hash(&row.id.site(), epoch, &row.prev)? {
                return Ok(joined_fault(row, &before));
            }
        }
    }
    Ok(broken(row, "与前一张不相接"))
}

fn joined_fault(row: &EntryRow, before: &EntryRow) -> Option<Fault> {
    if row.prev != before.hash {
        return broken(row, "与前一张不相接");
    }
    if before.hlc >= row.hlc {
        return broken(row, "时间次序倒退");
    }
    None
}

fn broken(row: &EntryRow, word: &str) -> Option<Fault> {
    Some(Fault { entry: Some(row.id), message: format!("凭单 {}：{word}", row.id) })
}
