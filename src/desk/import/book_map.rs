//! The accounts on file for a file of readings: a compact map, some thirty bytes an account, filled in one walk in key order.
//!
//! A slot is the account's place in key order, so rows sorted by slot are written in the order of the tables.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::inbound::judge::hash_of;
use crate::inbound::on_file::{FileAccount, OnFile};
use crate::inbound::profile::ReadBy;
use crate::inbound::rows::customer::Standing;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::reading_use::Average;
use crate::rules::sealed_use::stands_still;
use crate::store::StoreError;
use crate::store::query::on_file::OnFileRow;

/// Use of the last periods counts this many.
const PERIODS: usize = 3;
const NONE: u32 = u32::MAX;

/// What of an account is kept.
#[derive(Debug, Clone, Copy)]
struct Packed {
    last: u32,
    last_day: u16,
    fitted: u16,
    sum: u32,
    book: u16,
    dial: u8,
    /// Periods (two bits), standing (two), way of reading (two), sealed (one).
    bits: u8,
}

/// The accounts on file.
pub struct BookMap<'d> {
    desk: &'d Desk,
    facts: Vec<Packed>,
    ids: Vec<i64>,
    /// High bits: of the number's hash; low bits: its slot. In order.
    index: Vec<u64>,
    /// Low half of the number's hash, by slot.
    checks: Vec<u32>,
    /// Bits of a slot in the index.
    slot_bits: u32,
    by_meter: bool,
    other_meters: BTreeMap<u32, Id>,
    fault: RefCell<Option<StoreError>>,
}

/// Where rows of slots are written: the account and its meter.
pub struct Places {
    ids: Vec<i64>,
    other_meters: BTreeMap<u32, Id>,
}

impl Places {
    /// The account of a slot and the meter on its wall.
    pub fn of(&self, slot: u32) -> Option<(Id, Id)> {
        let account = Id(*self.ids.get(slot as usize)?);
        Some((account, self.other_meters.get(&slot).copied().unwrap_or(account)))
    }
}

/// Days since 1950, 0 for none: what a branch has on file fits in sixteen bits.
fn short_day(day: Option<NaiveDate>) -> u16 {
    let first = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap_or_default();
    day.and_then(|day| u16::try_from((day - first).num_days() + 1).ok()).unwrap_or(0)
}

fn long_day(day: u16) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1950, 1, 1)?;
    if day == 0 { None } else { first.checked_add_days(chrono::Days::new(u64::from(day) - 1)) }
}

/// How an account stands, by its word.
pub(super) fn standing_of(status: &str) -> Standing {
    match status {
        "销户" => Standing::Closed,
        "报停" => Standing::Suspended,
        _ => Standing::Normal,
    }
}

/// The mean of the last periods: bills here, and before them 近三期.
pub(super) fn average_of(recent: &str, billed: &[i64]) -> Average {
    let old = recent.rsplit(';').filter_map(|volume| volume.trim().parse().ok());
    let mut volumes = billed.iter().map(|volume| u32::try_from(volume.div_euclid(1000)).unwrap_or(0)).chain(old);
    let mut last = [0u32; PERIODS];
    last.iter_mut().for_each(|slot| *slot = volumes.next().unwrap_or(0));
    Average::of(&last)
}

fn packed(row: &OnFileRow<'_>) -> Packed {
    let average = average_of(row.recent, row.billed);
    let standing = match standing_of(row.status) {
        Standing::Normal => 0,
        Standing::Suspended => 1,
        Standing::Closed => 2,
    };
    let read_by = match ReadBy::from_code(row.read_way) {
        None => 0,
        Some(ReadBy::Card) => 1,
        Some(ReadBy::Handheld) => 2,
        Some(ReadBy::Remote) => 3,
    };
    let last = row.last.map(|last| last.value.div_euclid(1000));
    let sealed = u8::from(row.meter.is_some_and(|meter| stands_still(&meter.state, meter.shut)));
    Packed {
        last: last.map_or(NONE, |last| u32::try_from(last).unwrap_or(0)),
        last_day: short_day(row.last.and_then(|last| last_day(last.day, last.swap))),
        fitted: short_day(row.meter.and_then(|meter| meter.fitted)),
        sum: u32::try_from(average.sum).unwrap_or(u32::MAX),
        book: row.book.parse().unwrap_or(0),
        dial: row.meter.map_or(0, |meter| u8::try_from(meter.dial).unwrap_or(0)),
        bits: u8::try_from(average.periods).unwrap_or(3).min(3) | standing << 2 | read_by << 4 | sealed << 6,
    }
}

/// The day after which a reading must lie; one on the day of a swap is read off the new meter and is fine.
pub(super) fn last_day(day: NaiveDate, swap: bool) -> Option<NaiveDate> {
    if swap { day.pred_opt() } else { Some(day) }
}

impl<'d> BookMap<'d> {
    /// Reads the accounts on file, to be found by 户号 or by the number of the meter on the wall.
    pub fn read(desk: &'d Desk, by_meter: bool) -> Result<Self, Refusal> {
        let tx = desk.look()?;
        let count = usize::try_from(tx.account_count()?).unwrap_or(0);
        let mut map = Self {
            desk,
            facts: Vec::with_capacity(count),
            ids: Vec::with_capacity(count),
            index: Vec::with_capacity(count),
            checks: Vec::with_capacity(count),
            slot_bits: u64::BITS - (count as u64).leading_zeros(),
            by_meter,
            other_meters: BTreeMap::new(),
            fault: RefCell::new(None),
        };
        tx.walk_on_file(|row| {
            let slot = map.ids.len() as u32;
            let number = if by_meter { row.meter.map_or("", |meter| &meter.no) } else { row.no };
            let hash = hash_of(number);
            if !number.is_empty() {
                map.index.push(hash >> map.slot_bits << map.slot_bits | u64::from(slot));
            }
            map.checks.push(hash as u32);
            if let Some(meter) = row.meter.filter(|meter| meter.id != row.id) {
                map.other_meters.insert(slot, meter.id);
            }
            map.ids.push(row.id.0);
            map.facts.push(packed(row));
        })?;
        map.index.sort_unstable();
        Ok(map)
    }

    /// Where rows are written, once every row is judged.
    pub fn into_places(self) -> Result<Places, Refusal> {
        match self.fault.into_inner() {
            Some(fault) => Err(fault.into()),
            None => Ok(Places { ids: self.ids, other_meters: self.other_meters }),
        }
    }

    /// All bits of the hash must agree. Should two numbers on file share them, their texts decide.
    fn find(&self, number: &str) -> Option<FileAccount> {
        let hash = hash_of(number);
        let high = hash >> self.slot_bits;
        let at = self.index.partition_point(|known| known >> self.slot_bits < high);
        let slots = self.index[at..].iter().take_while(|known| *known >> self.slot_bits == high);
        let slot = |known: &u64| (known & ((1 << self.slot_bits) - 1)) as u32;
        let mut hits = slots.map(slot).filter(|slot| self.checks.get(*slot as usize) == Some(&(hash as u32)));
        let first = hits.next()?;
        let Some(second) = hits.next() else { return self.at(first) };
        let text = |slot: u32| if self.by_meter { self.meter_of(slot) } else { self.account_of(slot) };
        let same = |slot: &u32| text(*slot) == number;
        [first, second].into_iter().chain(hits).find(same).and_then(|slot| self.at(slot))
    }

    /// A look into the database; a fault is kept and told at the end.
    fn look<T: Default>(&self, ask: impl FnOnce(&crate::store::Tx<'_>) -> Result<T, StoreError>) -> T {
        match self.desk.look().and_then(|tx| ask(&tx)) {
            Ok(found) => found,
            Err(fault) => {
                self.fault.borrow_mut().get_or_insert(fault);
                T::default()
            }
        }
    }
}

impl OnFile for BookMap<'_> {
    fn by_account(&self, account: &str) -> Option<FileAccount> {
        if self.by_meter { None } else { self.find(account) }
    }

    fn by_meter(&self, meter: &str) -> Option<FileAccount> {
        if self.by_meter { self.find(meter) } else { None }
    }

    fn slots(&self) -> u32 {
        self.facts.len() as u32
    }

    fn at(&self, slot: u32) -> Option<FileAccount> {
        let facts = self.facts.get(slot as usize)?;
        let standing = match facts.bits >> 2 & 3 {
            0 => Standing::Normal,
            1 => Standing::Suspended,
            _ => Standing::Closed,
        };
        let read_by = match facts.bits >> 4 & 3 {
            0 => None,
            1 => Some(ReadBy::Card),
            2 => Some(ReadBy::Handheld),
            _ => Some(ReadBy::Remote),
        };
        Some(FileAccount {
            slot,
            key: self.ids[slot as usize],
            book: facts.book,
            read_by,
            standing,
            dial_digits: facts.dial,
            last: (facts.last != NONE).then_some(i64::from(facts.last)),
            last_date: long_day(facts.last_day),
            fitted: long_day(facts.fitted),
            average: Average { sum: u64::from(facts.sum), periods: u32::from(facts.bits & 3) },
            sealed: facts.bits & 1 << 6 != 0,
        })
    }

    fn account_of(&self, slot: u32) -> Cow<'_, str> {
        let id = self.ids.get(slot as usize).copied().map(Id);
        let no = id.and_then(|id| self.look(|tx| tx.on_file(id, |row| row.no.to_owned())));
        Cow::Owned(no.unwrap_or_default())
    }

    fn meter_of(&self, slot: u32) -> Cow<'_, str> {
        let id = self.ids.get(slot as usize).copied().map(Id);
        let meter = id.and_then(|id| self.look(|tx| tx.meter_on_wall(id)));
        Cow::Owned(meter.map(|meter| meter.no).unwrap_or_default())
    }

    fn has_reading(&self, account: &FileAccount, at: NaiveDateTime, value: Milli) -> bool {
        // A reading on file is never later than the last one.
        let may_be = account.last_date.is_some_and(|last| at.date() <= last.succ_opt().unwrap_or(last));
        may_be && self.look(|tx| tx.has_reading(Id(account.key), at.date(), value.0))
    }
}
