//! Days of use under their prices: the lines of a bill, and what it says of itself. Bill runs and bills rated again meet here.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::derive::account::bill::{BillLine, EarlierPrice};
use crate::rules::billing::Begun;
use crate::rules::digits;
use crate::rules::fault::Fault;
use crate::rules::money::{Fen, Milli};
use crate::rules::price_days::PricedDays;
use crate::rules::pricing;
use crate::rules::tariff::PriceBook;
use crate::rules::tariff::engine::{self, Case, Line, Share, Stretch};
use crate::rules::tariff::period::year_end;

/// What was used, and where the steps stand.
pub struct Used<'u> {
    /// 用量.
    pub volume: Milli,
    /// Used before in the year.
    pub before: Decimal,
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// People in the household.
    pub people: Option<i64>,
    /// Use by register.
    pub registers: &'u [(String, Milli)],
}

/// What comes of it.
pub struct Priced {
    /// Price class of the last days.
    pub class: String,
    /// Their mix.
    pub mix: Option<String>,
    /// Their tariff: its late fee counts.
    pub tariff: String,
    /// Their class was not confirmed.
    pub highest: bool,
    /// The prices of the days before them.
    pub earlier: Vec<EarlierPrice>,
    /// The lines.
    pub lines: Vec<BillLine>,
    /// 应收.
    pub amount: Fen,
}

/// Does any price of these days cut its bounds down in a part year?
pub fn prorates(book: &PriceBook, way: &[PricedDays]) -> bool {
    way.iter().any(|days| part_years(book, days))
}

fn part_years(book: &PriceBook, days: &PricedDays) -> bool {
    days.shares.iter().any(|share| book.at(&share.code, days.last).is_ok_and(|tariff| tariff.prorate))
}

/// Does any price of these days count the hours apart?
pub fn timed(book: &PriceBook, way: &[PricedDays]) -> bool {
    let timed = |days: &PricedDays| {
        let registers = |code: &str| book.at(code, days.last).is_ok_and(|tariff| tariff.registers.is_some());
        days.shares.iter().any(|share| registers(&share.code))
    };
    way.iter().any(timed)
}

/// Rates what was used under the prices of its days.
pub fn rate(book: &PriceBook, way: &[PricedDays], begun: Begun, used: &Used<'_>) -> Result<Priced, Fault> {
    let Some((own, earlier)) = way.split_last() else {
        return Err(Fault::new("A-07", "没有可用的价目，请先导入价目"));
    };
    let stretches: Vec<Stretch<'_>> = way.iter().flat_map(|days| stretches(book, days, begun)).collect();
    let registers: Vec<_> = used.registers.iter().map(|(name, used)| (name.as_str(), used.decimal())).collect();
    let case = Case {
        shares: &[],
        usage: used.volume.decimal(),
        used_before: used.before,
        from: used.first,
        to: used.last,
        people: used.people.map(|people| u32::try_from(people).unwrap_or(0)),
        months: None,
        cycles: None,
        registers: Some(registers.as_slice()).filter(|registers| !registers.is_empty()),
    };
    let rated = engine::rate_split(book, &case, &stretches)?;
    let leading = leading(own);
    let main = book.at(&leading, used.last)?;
    let line = |line: &Line<'_>| BillLine {
        component: line.component_key().to_owned(),
        step: u32::try_from(line.step).unwrap_or(u32::MAX),
        quantity: line.quantity.to_string(),
        price: digits::decimal(line.price),
        amount: line.amount,
        tariff: match std::ptr::eq(line.tariff, main) {
            true => String::new(),
            false => format!("{}@{}", line.tariff.code, line.tariff.valid_from),
        },
        register: line.register_name().unwrap_or_default().to_owned(),
    };
    let before = |days: &PricedDays| EarlierPrice {
        last: days.last,
        class: days.class.clone(),
        mix: days.mix.clone(),
        tariff: self::leading(days),
        highest: days.highest,
    };
    Ok(Priced {
        class: own.class.clone(),
        mix: own.mix.clone(),
        highest: own.highest,
        earlier: earlier.iter().map(before).collect(),
        lines: rated.lines.iter().map(line).collect(),
        amount: rated.total,
        tariff: leading,
    })
}

/// The days of one price, split once more where a part year ends within them.
fn stretches<'w>(book: &PriceBook, days: &'w PricedDays, begun: Begun) -> Vec<Stretch<'w>> {
    let shares: Vec<Share<'w>> =
        days.shares.iter().map(|share| Share { tariff: &share.code, ratio: share.ratio }).collect();
    let made = |from, to, months| Stretch { from, to, shares: shares.clone(), months };
    let Some(months) = begun.months(days.first).filter(|_| part_years(book, days)) else {
        return vec![made(days.first, days.last, None)];
    };
    let ends = year_end(days.first);
    match ends.succ_opt().filter(|_| days.first.year() != days.last.year()) {
        None => vec![made(days.first, days.last, Some(months))],
        Some(next) => vec![made(days.first, ends, Some(months)), made(next, days.last, None)],
    }
}

fn leading(days: &PricedDays) -> String {
    pricing::leading(&days.shares).map(|share| share.code.clone()).unwrap_or_default()
}
