//! The chain check: every entry by itself (I-2) and every chain whole (I-1); says the first broken place.

use serde::Serialize;

use super::entry;
use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// One chain as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainHead {
    /// Site code.
    pub site: String,
    /// Life.
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

/// Walks every entry in place order; `progress` is told how many are done.
pub fn chains(tx: &Tx<'_>, mut progress: impl FnMut(i64)) -> Result<Chains, StoreError> {
    let mut found = Chains::default();
    let mut last: Option<EntryRow> = None;
    let mut after = Id(0);
    loop {
        let batch = tx.entries_after(after, 500)?;
        let Some(end) = batch.last() else { break };
        after = end.id;
        for row in batch {
            found.entries += 1;
            if found.fault.is_none() {
                found.fault = fault(last.as_ref(), &row);
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
        Some(last) if last.site == row.site && last.epoch == row.epoch => {
            last.seq = row.seq;
            last.head = head;
        }
        _ => heads.push(ChainHead { site: row.site.clone(), epoch: row.epoch, seq: row.seq, head }),
    }
}

fn fault(last: Option<&EntryRow>, row: &EntryRow) -> Option<Fault> {
    let say = |message: String| Some(Fault { entry: Some(row.id), message });
    if let Some(word) = entry::fault(row) {
        return say(format!("凭单 {}：{word}", row.id));
    }
    let same_chain = last.filter(|last| last.site == row.site && last.epoch == row.epoch);
    let same_site = last.filter(|last| last.site == row.site);
    let expected_seq = same_chain.map_or(1, |last| last.seq + 1);
    if row.seq != expected_seq {
        return say(format!("{}.{} 缺第 {expected_seq} 张凭单", row.site, row.epoch));
    }
    let expected_prev = same_site.map_or_else(|| entry::genesis(&row.site, row.epoch), |last| last.hash);
    if row.prev != expected_prev {
        return say(format!("凭单 {}：与前一张不相接", row.id));
    }
    if same_site.is_some_and(|last| last.hlc >= row.hlc) {
        return say(format!("凭单 {}：时间次序倒退", row.id));
    }
    None
}
