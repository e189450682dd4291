//! A bill rated again: with another volume under its own price, or with its volume under another price.
//!
//! Where the year's steps stand (`used_before`) is what the bill handed in says: [`super::links`] sets it to what the bills before it
//! now used. The date and the due date stay, so the clock of the late fee runs on.

use std::collections::BTreeMap;

use chrono::Datelike;
use rust_decimal::Decimal;

use crate::derive::account::bill::{BillIssued, BillLine, REBILL, SWAP};
use crate::desk::tariffs;
use crate::rules::billing::registers;
use crate::rules::classes::MIXED;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::pricing::{self, CodeShare, Pricing};
use crate::rules::tariff::PriceBook;
use crate::rules::tariff::engine::{self, Case, Line, Share};
use crate::store::tables::account::AccountRow;

/// The bill with another volume, under the price it was calculated with; by register in the proportion it had. As long as the
/// account's class is not confirmed, under whatever is the highest for that volume.
pub fn with_volume(
    book: &PriceBook,
    account: &AccountRow,
    id: Id,
    bill: &BillIssued,
    volume: Milli,
) -> Result<BillIssued, Fault> {
    let registers = match bill.registers.is_empty() {
        true => Vec::new(),
        false => registers::in_proportion(&bill.registers, volume)
            .ok_or_else(|| Fault::new("R-222", "原账单没有各时段用量，分不出各时段，请作废后更正读数重出"))?,
    };
    let bill = BillIssued { registers, ..bill.clone() };
    if account.class_confirmed {
        return rate(book, account, id, &bill, volume, &own_shares(book, account, &bill)?);
    }
    let choices = pricing::choices(book, &tariffs::pricing_of(account), bill.last_day)?;
    let rated = choices.iter().map(|shares| {
        let rated = rate(book, account, id, &by_its_hours(book, &bill, shares), volume, shares)?;
        let class = book.at(&rated.tariff, bill.last_day)?.class.clone();
        Ok(BillIssued { class, ..rated })
    });
    pricing::largest(rated, |bill| bill.amount)
}

/// Under a price for the whole day the hours no longer matter.
fn by_its_hours(book: &PriceBook, bill: &BillIssued, shares: &[CodeShare]) -> BillIssued {
    let timed = shares.iter().any(|share| book.at(&share.code, bill.last_day).is_ok_and(|one| one.registers.is_some()));
    BillIssued { registers: if timed { bill.registers.clone() } else { Vec::new() }, ..bill.clone() }
}

/// The bill under another price.
pub fn with_price(
    book: &PriceBook,
    account: &AccountRow,
    id: Id,
    bill: &BillIssued,
    price: &Pricing<'_>,
) -> Result<BillIssued, Fault> {
    let shares = pricing::shares(book, price, bill.last_day)?;
    let rated = rate(book, account, id, &by_its_hours(book, bill, &shares), bill.volume, &shares)?;
    let mix = price.mix.filter(|_| price.class == MIXED).map(str::to_owned);
    Ok(BillIssued { class: price.class.to_owned(), mix, ..rated })
}

/// The tariffs a bill was calculated with: its own, or the shares of its mix, as the bill says. An older bill does not say it, and the
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
    if took.len() <= 1 && bill.class != MIXED {
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

fn rate(
    book: &PriceBook,
    account: &AccountRow,
    id: Id,
    bill: &BillIssued,
    volume: Milli,
    shares: &[CodeShare],
) -> Result<BillIssued, Fault> {
    let registers: Vec<_> = bill.registers.iter().map(|(name, used)| (name.as_str(), used.decimal())).collect();
    let own: Vec<Share<'_>> = shares.iter().map(|share| Share { tariff: &share.code, ratio: share.ratio }).collect();
    let rated = engine::rate(
        book,
        &Case {
            shares: &own,
            usage: volume.decimal(),
            used_before: bill.used_before.decimal(),
            from: bill.first_day,
            to: bill.last_day,
            people: bill.people.map(|people| u32::try_from(people).unwrap_or(0)),
            months: part_year(book, account, bill, shares),
            cycles: None,
            registers: Some(registers.as_slice()).filter(|registers| !registers.is_empty()),
        },
    )?;
    let leading = pricing::leading(shares).map(|share| share.code.clone()).unwrap_or_default();
    let main = book.at(&leading, bill.last_day)?;
    let line = |line: &Line<'_>| BillLine {
        component: line.component_key().to_owned(),
        step: u32::try_from(line.step).unwrap_or(u32::MAX),
        quantity: line.quantity.to_string(),
        price: line.price.normalize().to_string(),
        amount: line.amount,
        tariff: match std::ptr::eq(line.tariff, main) {
            true => String::new(),
            false => format!("{}@{}", line.tariff.code, line.tariff.valid_from),
        },
        register: line.register_name().unwrap_or_default().to_owned(),
    };
    Ok(BillIssued {
        volume,
        tariff: leading,
        kind: if bill.kind == SWAP { SWAP } else { REBILL }.to_owned(),
        replaces: Some(id),
        lines: rated.lines.iter().map(line).collect(),
        amount: rated.total,
        held: None,
        ..bill.clone()
    })
}

/// Months of a part year, for tariffs that cut their bounds down: from the month of opening to December, in that year only.
fn part_year(book: &PriceBook, account: &AccountRow, bill: &BillIssued, shares: &[CodeShare]) -> Option<u32> {
    let opened = account.opened?;
    let same = opened.year() == bill.first_day.year() && bill.first_day.year() == bill.last_day.year();
    let prorates = shares.iter().any(|share| book.at(&share.code, bill.last_day).is_ok_and(|tariff| tariff.prorate));
    (same && prorates && opened.month() > 1).then(|| 13 - opened.month())
}
