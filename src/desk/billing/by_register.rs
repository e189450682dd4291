//! Readings by register as they are typed (分时, R-222): the names are those of the account's price, and none is left out. Whether
//! they add up to the total is seen when the bill is rated.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Ledger;
use crate::desk::action::Cx;
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::billing::registers::{self, ByRegister, Registers};
use crate::rules::money::Milli;
use crate::rules::price_days::Days;
use crate::rules::pricing;
use crate::rules::tariff::PriceBook;

/// The registers an account's price asks for on a day, in the order of the price; none when it counts the whole day alike, or has
/// no price.
pub fn names(prices: &PriceBook, ledger: &Ledger, day: NaiveDate) -> Vec<String> {
    let price = Days { first: day, last: day, price: ledger.price_on(day) };
    let choices = pricing::of_days(prices, &price).unwrap_or_default();
    let mut codes = choices.iter().flat_map(|days| &days.shares);
    let timed = codes.find_map(|share| prices.at(&share.code, day).ok()?.registers.as_ref());
    timed.iter().flat_map(|timed| timed.list.iter().map(|register| register.name.clone())).collect()
}

/// What a reading says by register, from its column; an ordinary meter's is empty.
pub fn of_column(text: &str) -> Registers {
    if text.is_empty() {
        return Registers::default();
    }
    let (read, used) = serde_json::from_str(text).unwrap_or_default();
    Registers { read, used }
}

/// Checks what was typed. A reading may come without any register: its bill is then held until they are known.
pub fn check(
    cx: &Cx<'_, '_>,
    ledger: &Ledger,
    day: NaiveDate,
    read: &BTreeMap<String, Milli>,
    used: &BTreeMap<String, Milli>,
) -> Result<(), Refusal> {
    if read.is_empty() && used.is_empty() {
        return Ok(());
    }
    let prices = cx.shelf.prices(cx.tx)?;
    pricing::shares(&prices, &ledger.price_on(day), day)?;
    let names = names(&prices, ledger, day);
    if names.is_empty() {
        return Err(Refusal::field("R-222", "registers", "该户的价目不分时，请不要填各时段示数"));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut faults = Vec::new();
    for (field, values) in [("registers", read), ("register_uses", used)] {
        if values.is_empty() {
            continue;
        }
        if let Some(odd) = values.keys().find(|name| !names.contains(&name.as_str())) {
            let known = names.iter().map(|name| format!("{name} ({})", registers::label(name))).collect::<Vec<_>>();
            let odd = crate::rules::fault::shown(odd);
            faults.push(Fault::field("R-222", field, format!("价目没有时段“{odd}”，应为 {}", known.join("、"))));
        }
        let given: ByRegister = values.clone().into_iter().collect();
        let lacks = registers::missing(&given, &names);
        if !lacks.is_empty() {
            faults.push(Fault::field("R-222", field, format!("缺少{}时段，请补上", lacks.join("、"))));
        }
        if values.values().any(|value| value.is_negative()) {
            faults.push(Fault::field("R-222", field, "各时段的数不能为负，请核对"));
        }
    }
    Refusal::unless_empty(faults)
}
