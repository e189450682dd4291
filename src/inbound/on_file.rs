//! What the branch already knows, as the judges ask for it.
//!
//! The judges ask a trait, so they work on a map in memory and on the database alike. [`FileMap`] is that map: small
//! records and one buffer of text, fit for a million accounts.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};

use super::judge::{PrehashedMap, hash_of};
use super::profile::ReadBy;
use super::rows::customer::{CustomerRow, Standing};
use crate::rules::money::Milli;
use crate::rules::reading_use::{Average, whole};
use crate::rules::sealed_use::stands_still;

/// An account on file as far as a reading needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAccount {
    /// Place among the accounts on file: 0 … [`OnFile::slots`] − 1.
    pub slot: u32,
    /// The account's own key, as the caller gave it.
    pub key: i64,
    /// 抄表册号
    pub book: u16,
    /// 抄表方式
    pub read_by: Option<ReadBy>,
    /// Standing.
    pub standing: Standing,
    /// 表位数; 0 when unknown.
    pub dial_digits: u8,
    /// Last reading, whole units.
    pub last: Option<i64>,
    /// Its day.
    pub last_date: Option<NaiveDate>,
    /// 装表日期
    pub fitted: Option<NaiveDate>,
    /// Use of the last periods.
    pub average: Average,
    /// The meter should stand still: sealed or taken down.
    pub sealed: bool,
}

/// A good swap slip not yet in, which may explain a low reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingSwap {
    /// Final reading of the old meter, whole units.
    pub final_value: i64,
    /// First reading of the new one, whole units.
    pub first_value: i64,
    /// When.
    pub date: NaiveDate,
}

/// What the judges ask.
pub trait OnFile {
    /// The account with this number.
    fn by_account(&self, account: &str) -> Option<FileAccount>;
    /// The account at which this meter hangs.
    fn by_meter(&self, meter: &str) -> Option<FileAccount>;
    /// How many accounts there are: slots are below this.
    fn slots(&self) -> u32;
    /// The account in a slot.
    fn at(&self, slot: u32) -> Option<FileAccount>;
    /// Account number of a slot.
    fn account_of(&self, slot: u32) -> Cow<'_, str>;
    /// Meter number of a slot; empty when none hangs.
    fn meter_of(&self, slot: u32) -> Cow<'_, str>;
    /// The last reading on or before a day, whole units, with its own day: what a swap slip of that day is judged by. Readings
    /// that came in later than the slip's day say nothing about the old meter.
    fn last_until(&self, account: &FileAccount, _day: NaiveDate) -> (Option<i64>, Option<NaiveDate>) {
        (account.last, account.last_date)
    }
    /// The print of the customer row that made this account, when an import made it.
    fn customer_print(&self, _account: &str) -> Option<[u8; 16]> {
        None
    }
    /// Is this very reading on file already?
    fn has_reading(&self, _account: &FileAccount, _at: NaiveDateTime, _value: Milli) -> bool {
        false
    }
    /// Is this slip on file already, with these meters?
    fn has_slip(&self, _slip: &str, _account: &str, _new_meter: &str) -> bool {
        false
    }
    /// A good slip that waits.
    fn pending_swap(&self, _slot: u32) -> Option<PendingSwap> {
        None
    }
}

/// The accounts on file, in memory.
#[derive(Debug, Default)]
pub struct FileMap {
    facts: Vec<FileAccount>,
    /// Account and meter numbers, one after the other.
    texts: String,
    /// End of the account number and of the meter number of a slot.
    ends: Vec<(u32, u32)>,
    accounts: PrehashedMap<u32>,
    meters: PrehashedMap<u32>,
    swaps: std::collections::BTreeMap<u32, PendingSwap>,
}

impl FileMap {
    /// Room for `accounts` of them.
    pub fn with_capacity(accounts: usize) -> Self {
        let mut map = Self::default();
        map.facts.reserve(accounts);
        map.ends.reserve(accounts);
        map.texts.reserve(accounts * 24);
        map.accounts.reserve(accounts);
        map.meters.reserve(accounts);
        map
    }

    /// Adds an account; its slot is set here. `None` when the account is there already or texts exceed 4 GiB.
    pub fn add(&mut self, account: &str, meter: &str, facts: FileAccount) -> Option<u32> {
        if self.by_account(account).is_some() {
            return None;
        }
        let slot = u32::try_from(self.facts.len()).ok()?;
        let account_end = u32::try_from(self.texts.len() + account.len()).ok()?;
        let meter_end = account_end.checked_add(u32::try_from(meter.len()).ok()?)?;
        self.texts.push_str(account);
        self.texts.push_str(meter);
        self.ends.push((account_end, meter_end));
        self.facts.push(FileAccount { slot, ..facts });
        put(&mut self.accounts, account, slot);
        if !meter.is_empty() && self.by_meter(meter).is_none() {
            put(&mut self.meters, meter, slot);
        }
        Some(slot)
    }

    /// Adds an accepted customer under a key of the caller.
    pub fn add_customer(&mut self, row: &CustomerRow, key: i64) -> Option<u32> {
        let meter = row.meter.as_ref();
        let facts = FileAccount {
            slot: 0,
            key,
            book: row.parts.map_or(0, |parts| parts.book),
            read_by: row.read_by,
            standing: row.standing,
            dial_digits: meter.and_then(|meter| meter.dial_digits).unwrap_or(0),
            last: row.last.map(|last| whole(last.value)),
            last_date: row.last.and_then(|last| last.date),
            fitted: meter.and_then(|meter| meter.fitted),
            average: Average::of(&row.volumes),
            sealed: stands_still(row.meter_state.code(), false),
        };
        self.add(&row.account, meter.map_or("", |meter| &meter.number), facts)
    }

    /// Notes a good slip that is not yet in.
    pub fn expect_swap(&mut self, slot: u32, swap: PendingSwap) {
        self.swaps.insert(slot, swap);
    }

    fn find(&self, map: &PrehashedMap<u32>, text: &str, of: impl Fn(u32) -> (usize, usize)) -> Option<FileAccount> {
        let mut hash = hash_of(text);
        while let Some(&slot) = map.get(&hash) {
            let (start, end) = of(slot);
            if &self.texts[start..end] == text {
                return self.facts.get(slot as usize).copied();
            }
            hash = hash.wrapping_add(1);
        }
        None
    }

    fn account_span(&self, slot: u32) -> (usize, usize) {
        let start = if slot == 0 { 0 } else { self.ends[slot as usize - 1].1 };
        (start as usize, self.ends[slot as usize].0 as usize)
    }

    fn meter_span(&self, slot: u32) -> (usize, usize) {
        let (start, end) = self.ends[slot as usize];
        (start as usize, end as usize)
    }
}

/// Two texts with one hash take neighbouring keys; every hit is compared with its text.
fn put(map: &mut PrehashedMap<u32>, text: &str, slot: u32) {
    let mut hash = hash_of(text);
    while map.contains_key(&hash) {
        hash = hash.wrapping_add(1);
    }
    map.insert(hash, slot);
}

impl OnFile for FileMap {
    fn by_account(&self, account: &str) -> Option<FileAccount> {
        self.find(&self.accounts, account, |slot| self.account_span(slot))
    }

    fn by_meter(&self, meter: &str) -> Option<FileAccount> {
        self.find(&self.meters, meter, |slot| self.meter_span(slot))
    }

    fn slots(&self) -> u32 {
        self.facts.len() as u32
    }

    fn at(&self, slot: u32) -> Option<FileAccount> {
        self.facts.get(slot as usize).copied()
    }

    fn account_of(&self, slot: u32) -> Cow<'_, str> {
        let (start, end) = self.account_span(slot);
        Cow::Borrowed(&self.texts[start..end])
    }

    fn meter_of(&self, slot: u32) -> Cow<'_, str> {
        let (start, end) = self.meter_span(slot);
        Cow::Borrowed(&self.texts[start..end])
    }

    fn pending_swap(&self, slot: u32) -> Option<PendingSwap> {
        self.swaps.get(&slot).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> FileAccount {
        FileAccount {
            slot: 0,
            key: 0,
            book: 1,
            read_by: None,
            standing: Standing::Normal,
            dial_digits: 5,
            last: Some(1),
            last_date: None,
            fitted: None,
            average: Average::default(),
            sealed: false,
        }
    }

    #[test]
    fn accounts_and_meters_are_found_and_nothing_else() {
        let mut map = FileMap::with_capacity(4);
        assert_eq!(map.add("1", "A", facts()), Some(0));
        assert_eq!(map.add("2", "", facts()), Some(1));
        assert_eq!(map.add("1", "B", facts()), None);
        assert_eq!(map.add("3", "A", facts()), Some(2));
        assert_eq!(map.by_account("2").map(|a| a.slot), Some(1));
        assert_eq!(map.by_meter("A").map(|a| a.slot), Some(0), "the first meter of a number is found");
        assert_eq!((&*map.account_of(2), &*map.meter_of(2), &*map.meter_of(1)), ("3", "A", ""));
        assert!(map.by_account("4").is_none() && map.by_meter("").is_none());
    }
}
