//! A bill rated again: with another volume under its own price, or with its volume under another price from a day on.
//!
//! Where the year's steps stand is what the bills before it now used ([`super::links`]). The date and the due date stay, so the clock of
//! the late fee runs on.

use chrono::NaiveDate;

use super::links::Stands;
use crate::derive::account::bill::{BillIssued, REBILL, SWAP, Stored};
use crate::desk::billing::Ledger;
use crate::desk::billing::kept::Kept;
use crate::desk::billing::priced::{self, Used};
use crate::desk::tariffs;
use crate::rules::billing::registers;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::price_days::{Days, PricedDays};
use crate::rules::pricing::{self, Pricing};
use crate::rules::tariff::PriceBook;
use crate::store::tables::account::AccountRow;

/// What bills of an account are rated again with.
#[derive(Clone, Copy)]
pub struct Rerater<'r> {
    /// The price book.
    pub book: &'r PriceBook,
    /// The account.
    pub account: &'r AccountRow,
    /// Its billing so far.
    pub ledger: &'r Ledger,
}

/// A bill to be rated again.
#[derive(Clone, Copy)]
pub struct Again<'r> {
    /// Its name.
    pub id: Id,
    /// What it was calculated with.
    pub bill: &'r BillIssued,
    /// Where the steps now stand.
    pub stands: Stands,
}

impl Rerater<'_> {
    /// The bill with another volume, under the price it was calculated with; by register in the proportion it had. On days on
    /// which the account's class was not confirmed, under whatever is the highest for that volume.
    pub fn with_volume(&self, again: Again<'_>, volume: Milli) -> Result<BillIssued, Fault> {
        let bill = again.bill;
        let registers = match bill.registers.is_empty() {
            true => Vec::new(),
            false => registers::in_proportion(&bill.registers, volume)
                .ok_or_else(|| Fault::new("R-222", "原账单没有各时段用量，分不出各时段，请作废后更正读数重出"))?,
        };
        let bill = BillIssued { registers, ..bill.clone() };
        let kept = self.kept();
        let prices: Vec<_> = kept.own(&bill)?.into_iter().map(|days| kept.alike(days)).collect::<Result<_, _>>()?;
        self.largest(Again { bill: &bill, ..again }, volume, &prices)
    }

    /// The bill under another price from a day on; the days before it keep the price they had.
    pub fn with_price(&self, again: Again<'_>, price: &Pricing<'_>, from: NaiveDate) -> Result<BillIssued, Fault> {
        let (bill, kept, mut prices) = (again.bill, self.kept(), Vec::new());
        if bill.first_day < from {
            for days in kept.own(bill)?.into_iter().filter(|days| days.first < from) {
                let last = from.pred_opt().map_or(days.last, |before| days.last.min(before));
                prices.push(kept.alike(PricedDays { last, ..days })?);
            }
        }
        let (first, last) = (bill.first_day.max(from), bill.last_day);
        prices.push(pricing::of_days(self.book, &Days { first, last, price: *price })?);
        self.largest(again, bill.volume, &prices)
    }

    /// Does the price of a bill cut its bounds down in a part year?
    pub fn prorates(&self, bill: &BillIssued) -> bool {
        self.kept().own(bill).is_ok_and(|way| priced::prorates(self.book, &way))
    }

    fn kept(&self) -> Kept<'_> {
        Kept { book: self.book, account: tariffs::pricing_of(self.account), ledger: self.ledger }
    }

    fn largest(&self, again: Again<'_>, volume: Milli, prices: &[Vec<PricedDays>]) -> Result<BillIssued, Fault> {
        let rated = pricing::ways(prices).into_iter().map(|way| self.rate(again, volume, &way));
        pricing::largest(rated, |bill| bill.amount)
    }

    fn rate(&self, again: Again<'_>, volume: Milli, way: &[PricedDays]) -> Result<BillIssued, Fault> {
        let Again { id, bill, stands } = again;
        let before = stands.of(priced::prorates(self.book, way));
        // Under prices for the whole day the hours no longer matter.
        let registers = if priced::timed(self.book, way) { bill.registers.clone() } else { Vec::new() };
        let used = Used {
            volume,
            before: before.exact,
            first: bill.first_day,
            last: bill.last_day,
            people: bill.people,
            registers: &registers,
        };
        let rated = priced::rate(self.book, way, self.ledger.begun(bill.last_day), &used)?;
        Ok(BillIssued {
            volume,
            used_before: before.volume,
            used_before_from: if before.from_recent { "recent".to_owned() } else { String::new() },
            class: rated.class,
            tariff: rated.tariff,
            mix: rated.mix,
            earlier: rated.earlier,
            stored: Stored::of(rated.highest, bill.measured()),
            kind: if bill.kind == SWAP { SWAP } else { REBILL }.to_owned(),
            replaces: Some(id),
            lines: rated.lines,
            amount: rated.amount,
            held: None,
            registers,
            covers: None,
            ..bill.clone()
        })
    }
}
