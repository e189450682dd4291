//! A bill rated again: with another volume under its own price, or with its volume under another price from a day on.
//!
//! Where the year's steps stand is what the bills before it now used ([`super::links`]). The date and the due date stay, so the clock of
//! the late fee runs on.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::links::Stands;
use crate::derive::account::bill::{BillIssued, BillLine, EarlierPrice, REBILL, SWAP};
use crate::desk::billing::Ledger;
use crate::desk::billing::priced::{self, Used};
use crate::desk::tariffs;
use crate::rules::billing::registers;
use crate::rules::classes::MIXED;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::price_days::{self, Days, PricedDays};
use crate::rules::pricing::{self, CodeShare, Pricing};
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
        let prices: Vec<_> = self.own(&bill)?.into_iter().map(|days| self.alike(days)).collect::<Result<_, _>>()?;
        self.largest(Again { bill: &bill, ..again }, volume, &prices)
    }

    /// The bill under another price from a day on; the days before it keep the price they had.
    pub fn with_price(&self, again: Again<'_>, price: &Pricing<'_>, from: NaiveDate) -> Result<BillIssued, Fault> {
        let (bill, mut prices) = (again.bill, Vec::new());
        if bill.first_day < from {
            for days in self.own(bill)?.into_iter().filter(|days| days.first < from) {
                let last = from.pred_opt().map_or(days.last, |before| days.last.min(before));
                prices.push(self.alike(PricedDays { last, ..days })?);
            }
        }
        let (first, last) = (bill.first_day.max(from), bill.last_day);
        prices.push(pricing::of_days(self.book, &Days { first, last, price: *price })?);
        self.largest(again, bill.volume, &prices)
    }

    /// Does the price of a bill cut its bounds down in a part year?
    pub fn prorates(&self, bill: &BillIssued) -> bool {
        self.own(bill).is_ok_and(|way| priced::prorates(self.book, &way))
    }

    /// The prices a bill was calculated with.
    fn own(&self, bill: &BillIssued) -> Result<Vec<PricedDays>, Fault> {
        let (mut way, mut first) = (Vec::with_capacity(1), bill.first_day);
        for EarlierPrice { last, class, mix, tariff, highest } in bill.earlier.clone() {
            let shares = match &mix {
                Some(mix) => self.of_mix(mix, last)?,
                None => vec![CodeShare { code: tariff, ratio: Decimal::ONE }],
            };
            way.push(PricedDays { first, last, class, mix, highest, shares });
            first = last.succ_opt().unwrap_or(last);
        }
        way.push(PricedDays {
            first,
            last: bill.last_day,
            class: bill.class.clone(),
            mix: bill.mix.clone(),
            highest: false,
            shares: own_shares(self.book, self.account, bill)?,
        });
        Ok(way)
    }

    fn of_mix(&self, mix: &str, day: NaiveDate) -> Result<Vec<CodeShare>, Fault> {
        let price = Pricing { class: MIXED, mix: Some(mix), confirmed: true, ..tariffs::pricing_of(self.account) };
        pricing::shares(self.book, &price, day)
    }

    /// What days may be rated under now: their own price, or, where the class was not confirmed, that of any class.
    fn alike(&self, days: PricedDays) -> Result<Vec<PricedDays>, Fault> {
        let account = tariffs::pricing_of(self.account);
        let known = price_days::split(&account, &self.ledger.prices, days.first, days.last);
        if !days.highest && known.iter().any(|known| known.price.confirmed) {
            return Ok(vec![days]);
        }
        let price = Pricing { confirmed: false, ..self.ledger.price_on(days.last) };
        pricing::of_days(self.book, &Days { first: days.first, last: days.last, price })
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
            before: before.volume,
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
            kind: if bill.kind == SWAP { SWAP } else { REBILL }.to_owned(),
            replaces: Some(id),
            lines: rated.lines,
            amount: rated.amount,
            held: None,
            registers,
            ..bill.clone()
        })
    }
}

/// The tariffs that the last days of a bill were calculated with: its own, or the shares of its mix, as the bill says. An older bill does not say it, and the
/// mix of the file may be another by now: then the shares are those that its lines show.
fn own_shares(book: &PriceBook, account: &AccountRow, bill: &BillIssued) -> Result<Vec<CodeShare>, Fault> {
    if let Some(mix) = &bill.mix {
        let price = Pricing { class: MIXED, mix: Some(mix), confirmed: true, ..tariffs::pricing_of(account) };
        return pricing::shares(book, &price, bill.last_day);
    }
    let code = |line: &BillLine| {
        let code = line.tariff.split('@').next().unwrap_or_default();
        if code.is_empty() { bill.tariff.clone() } else { code.to_owned() }
    };
    let mut took: BTreeMap<String, (String, Decimal)> = BTreeMap::new();
    for line in &bill.lines {
        // Every component of a tariff has the whole of its share; the first tells it.
        let (component, quantity) = took.entry(code(line)).or_insert_with(|| (line.component.clone(), Decimal::ZERO));
        if *component == line.component {
            *quantity += line.quantity.parse::<Decimal>().unwrap_or_default();
        }
    }
    if (took.len() <= 1 || !bill.earlier.is_empty()) && bill.class != MIXED {
        return Ok(vec![CodeShare { code: bill.tariff.clone(), ratio: Decimal::ONE }]);
    }
    if account.class == MIXED {
        let shares =
            pricing::shares(book, &Pricing { confirmed: true, ..tariffs::pricing_of(account) }, bill.last_day)?;
        let volume = bill.volume.decimal();
        let agrees = |share: &CodeShare| {
            let quantity = took.get(&share.code).map_or(Decimal::ZERO, |(_, quantity)| *quantity);
            (quantity - volume * share.ratio).abs() < Decimal::new(1, 3)
        };
        if shares.iter().all(agrees) {
            return Ok(shares);
        }
    }
    shares_of_lines(&took, bill.volume.decimal()).ok_or_else(|| {
        Fault::new("R-248", "这张账单按混用比例计价，而档案的比例已不同，明细也看不出原来的比例，请先核对价格类别")
    })
}

/// What part of the use each tariff took; `None` when the lines do not tell it.
fn shares_of_lines(took: &BTreeMap<String, (String, Decimal)>, volume: Decimal) -> Option<Vec<CodeShare>> {
    let share = |(code, (_, quantity)): (&String, &(String, Decimal))| {
        Some(CodeShare { code: code.clone(), ratio: quantity.checked_div(volume)?.round_dp(4) })
    };
    let shares: Vec<CodeShare> = took.iter().map(share).collect::<Option<_>>()?;
    (shares.iter().map(|share| share.ratio).sum::<Decimal>() == Decimal::ONE).then_some(shares)
}
