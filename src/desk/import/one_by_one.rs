//! The accounts on file asked one by one: for customers and slips, which are found by several numbers, and for single rows of
//! the fix list.

use std::borrow::Cow;
use std::cell::RefCell;

use chrono::{NaiveDate, NaiveDateTime};

use super::book_map::{average_of, last_day, standing_of};
use crate::derive::account::file::AccountOpened;
use crate::inbound::on_file::{FileAccount, OnFile};
use crate::inbound::profile::ReadBy;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::sealed_use::stands_still;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::query::on_file::OnFileRow;
use crate::store::tables::slip::{SlipRow, SlipState};
use crate::store::{StoreError, Tx};

/// An account that was asked for.
struct Known {
    no: String,
    meter: String,
    facts: FileAccount,
}

/// The accounts on file, asked one by one inside a transaction.
pub struct OneByOne<'t, 'c> {
    tx: &'t Tx<'c>,
    /// No account at all: nothing needs to be asked.
    empty: bool,
    known: RefCell<Vec<Known>>,
    entry: RefCell<Option<EntryRow>>,
    fault: RefCell<Option<StoreError>>,
}

impl<'t, 'c> OneByOne<'t, 'c> {
    /// Asks in this transaction.
    pub fn new(tx: &'t Tx<'c>) -> Result<Self, StoreError> {
        Ok(Self {
            tx,
            empty: tx.has_no_accounts()?,
            known: RefCell::default(),
            entry: RefCell::default(),
            fault: RefCell::default(),
        })
    }

    /// The first fault of the database while asking.
    pub fn finish(self) -> Result<(), StoreError> {
        self.fault.into_inner().map_or(Ok(()), Err)
    }

    fn ask<T: Default>(&self, answer: Result<T, StoreError>) -> T {
        answer.unwrap_or_else(|fault| {
            self.fault.borrow_mut().get_or_insert(fault);
            T::default()
        })
    }

    fn facts(&self, id: Option<Id>) -> Option<FileAccount> {
        let slot = self.known.borrow().len() as u32;
        let known = self.ask(self.tx.on_file(id?, |row| known(row, slot)))?;
        let facts = known.facts;
        self.known.borrow_mut().push(known);
        Some(facts)
    }

    fn text(&self, slot: u32, of: impl Fn(&Known) -> &str) -> Cow<'_, str> {
        Cow::Owned(self.known.borrow().get(slot as usize).map(|known| of(known).to_owned()).unwrap_or_default())
    }

    /// The print that the entry which opened an account keeps.
    fn print_of(&self, id: Id) -> Result<Option<[u8; 16]>, StoreError> {
        let Some(first) = self.tx.scan::<SubjectRow>(&[&"a", &id])?.into_iter().find(|row| row.id == id) else {
            return Ok(None);
        };
        let mut kept = self.entry.borrow_mut();
        if kept.as_ref().is_none_or(|entry| entry.id != id.entry()) {
            *kept = self.tx.entry(id)?;
        }
        let (start, length) = (first.start as usize, first.length as usize);
        let body = kept.as_ref().and_then(|entry| entry.payload.get(start..start + length)).unwrap_or_default();
        let print = serde_json::from_str::<AccountOpened>(body).ok().and_then(|body| body.print);
        Ok(print.and_then(|print| unhex(&print)))
    }
}

fn known(row: &OnFileRow<'_>, slot: u32) -> Known {
    let facts = FileAccount {
        slot,
        key: row.id.0,
        book: row.book.parse().unwrap_or(0),
        read_by: ReadBy::from_code(row.read_way),
        standing: standing_of(row.status),
        dial_digits: row.meter.map_or(0, |meter| u8::try_from(meter.dial).unwrap_or(0)),
        last: row.last.map(|last| last.value.div_euclid(1000)),
        last_date: row.last.and_then(|last| last_day(last.day, last.swap)),
        fitted: row.meter.and_then(|meter| meter.fitted),
        average: average_of(row.recent, row.billed),
        sealed: row.meter.is_some_and(|meter| stands_still(&meter.state, meter.shut)),
    };
    Known { no: row.no.to_owned(), meter: row.meter.map(|meter| meter.no.clone()).unwrap_or_default(), facts }
}

/// A print as it stands in a payload.
pub(super) fn hex(print: [u8; 16]) -> String {
    print.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let mut print = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in print.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(print)
}

impl OnFile for OneByOne<'_, '_> {
    fn by_account(&self, account: &str) -> Option<FileAccount> {
        if self.empty {
            return None;
        }
        self.facts(self.ask(self.tx.account_id_of_no(account)))
    }

    fn by_meter(&self, meter: &str) -> Option<FileAccount> {
        if self.empty || meter.is_empty() {
            return None;
        }
        self.facts(self.ask(self.tx.account_id_of_meter(meter)))
    }

    fn slots(&self) -> u32 {
        self.known.borrow().len() as u32
    }

    fn at(&self, slot: u32) -> Option<FileAccount> {
        self.known.borrow().get(slot as usize).map(|known| known.facts)
    }

    fn account_of(&self, slot: u32) -> Cow<'_, str> {
        self.text(slot, |known| &known.no)
    }

    fn meter_of(&self, slot: u32) -> Cow<'_, str> {
        self.text(slot, |known| &known.meter)
    }

    fn last_until(&self, account: &FileAccount, day: NaiveDate) -> (Option<i64>, Option<NaiveDate>) {
        let last = self.ask(self.tx.reading_until(Id(account.key), day));
        (last.map(|last| last.value.div_euclid(1000)), last.map(|last| last.day))
    }

    fn customer_print(&self, account: &str) -> Option<[u8; 16]> {
        let id = self.ask(self.tx.account_id_of_no(account))?;
        self.ask(self.print_of(id))
    }

    fn has_slip(&self, slip: &str, account: &str, new_meter: &str) -> bool {
        let known = self.ask(self.tx.slips_of_no(slip));
        let same = |row: &SlipRow| row.account_no == account && row.new_meter == new_meter;
        known.iter().any(|row| row.state == SlipState::Entered && same(row))
    }

    fn has_reading(&self, account: &FileAccount, at: NaiveDateTime, value: Milli) -> bool {
        self.ask(self.tx.has_reading(Id(account.key), at.date(), value.0))
    }
}
