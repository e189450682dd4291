//! Use of an account: the last twelve periods, the year and its step, the same period last year.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::desk::tariffs;
use crate::rules::money::Milli;
use crate::rules::tariff::model::Cycle;
use crate::rules::tariff::{PriceBook, Tariff};
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;

/// Periods shown as bars.
const BARS: usize = 12;

/// Use of an account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Usage {
    /// Unit: m3, kWh …
    pub unit: String,
    /// The last periods, oldest first: cycle and use. Periods before this book have no cycle.
    pub bars: Vec<Bar>,
    /// Use in the year so far.
    pub year: Milli,
    /// Step the year's use stands in, from 1, of a yearly ladder.
    pub step: Option<usize>,
    /// What is left of that step; none in the last.
    pub left: Option<String>,
    /// Use of the same period last year.
    pub last_year: Option<Milli>,
    /// Change against it in per cent.
    pub change: Option<String>,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// 账期; empty for a period before this book.
    pub cycle: String,
    /// Use.
    pub volume: Milli,
}

/// Adds up the bills that count.
pub fn usage(account: &AccountRow, bills: &[BillRow], prices: &PriceBook, today: NaiveDate) -> Usage {
    let mut counted: Vec<&BillRow> =
        bills.iter().filter(|bill| bill.state != "cancelled" && bill.kind != "opening").collect();
    counted.sort_by(|left, right| (&left.cycle, left.last_day, left.id).cmp(&(&right.cycle, right.last_day, right.id)));
    let mut bars: Vec<Bar> = Vec::new();
    for volume in account.recent.split(';').filter_map(|part| part.parse::<i64>().ok()) {
        bars.push(Bar { cycle: String::new(), volume: Milli::whole(volume) });
    }
    for bill in &counted {
        match bars.last_mut().filter(|bar| bar.cycle == bill.cycle) {
            Some(bar) => bar.volume = Milli(bar.volume.0 + bill.volume.0),
            None => bars.push(Bar { cycle: bill.cycle.clone(), volume: bill.volume }),
        }
    }
    let last = bars.last().filter(|bar| !bar.cycle.is_empty()).cloned();
    let last_year = last.as_ref().and_then(|last| same_last_year(&bars, &last.cycle));
    let change = last.zip(last_year).and_then(|(now, then)| change(now.volume, then));
    let bars = bars.split_off(bars.len().saturating_sub(BARS));
    let year = counted.iter().filter(|bill| bill.last_day.year() == today.year()).map(|bill| bill.volume).sum();
    let tariff = tariffs::leading_code(prices, account, today).ok().and_then(|code| prices.at(&code, today).ok());
    let (step, left) = tariff.map_or((None, None), |tariff| step_of(tariff, account.people, year));
    let unit = tariff.map_or_else(|| unit_of(&account.utility).to_owned(), |tariff| tariff.unit.clone());
    Usage { unit, bars, year, step, left, last_year, change }
}

/// The usual unit of a utility.
pub fn unit_of(utility: &str) -> &'static str {
    match utility {
        "power" => "kWh",
        "heat" => "GJ",
        _ => "m3",
    }
}

fn same_last_year(bars: &[Bar], cycle: &str) -> Option<Milli> {
    let (year, month) = cycle.split_once('-')?;
    let before = format!("{:04}-{month}", year.parse::<i32>().ok()? - 1);
    bars.iter().find(|bar| bar.cycle == before).map(|bar| bar.volume)
}

/// `+11%`, rounded.
fn change(now: Milli, then: Milli) -> Option<String> {
    let percent = ((now.decimal() - then.decimal()) * Decimal::ONE_HUNDRED).checked_div(then.decimal())?;
    let sign = if percent.is_sign_negative() { "" } else { "+" };
    Some(format!("{sign}{}%", percent.round()))
}

/// The step of a yearly ladder that the use stands in, and what is left of it.
fn step_of(tariff: &Tariff, people: Option<i64>, used: Milli) -> (Option<usize>, Option<String>) {
    if tariff.cycle != Cycle::Year {
        return (None, None);
    }
    let people = people.and_then(|people| u32::try_from(people).ok());
    let ladder = tariff.components.iter().max_by_key(|component| component.steps.len());
    let Some(steps) = ladder.map(|component| &component.steps).filter(|steps| steps.len() > 1) else {
        return (None, None);
    };
    let used = used.decimal();
    for (place, step) in steps.iter().enumerate() {
        let Some(upto) = step.upto else { return (Some(place + 1), None) };
        let bound = upto + tariff.widened_by(people, place);
        if used < bound {
            return (Some(place + 1), Some((bound - used).normalize().to_string()));
        }
    }
    (Some(steps.len()), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tariff::builtin::price_book;

    #[test]
    fn the_step_of_the_year_widens_with_the_household() {
        let book = price_book();
        let day = "2026-10-01".parse().unwrap();
        let tariff = book.at("BJ-WATER-RES-2014", day).unwrap();
        for (people, used, step, left) in [
            (Some(3), 104, 1, Some("76")),
            (Some(6), 104, 1, Some("106")),
            (None, 180, 2, Some("80")),
            (Some(4), 300, 3, None),
        ] {
            assert_eq!(step_of(tariff, people, Milli::whole(used)), (Some(step), left.map(str::to_owned)), "{used}");
        }
    }

    #[test]
    fn change_against_last_year_is_told_in_per_cent() {
        assert_eq!(change(Milli::whole(10), Milli::whole(9)).as_deref(), Some("+11%"));
        assert_eq!(change(Milli::whole(8), Milli::whole(9)).as_deref(), Some("-11%"));
        assert_eq!(change(Milli::whole(8), Milli::ZERO), None);
    }
}
