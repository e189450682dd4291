//! Readings by register as they are typed (分时, R-222): the names are those of the account's price, and none is left out. Whether
//! they add up to the total is seen when the bill is rated.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Ledger;
use crate::desk::action::Cx;
use crate::desk::refusal::{Fault, Refusal};
use crate::desk::tariffs;
use crate::rules::billing::registers::{self, ByRegister};
use crate::rules::money::Milli;
use crate::rules::pricing;

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
    let shares = pricing::shares(&prices, &tariffs::pricing(&ledger.account), day)?;
    let timed = shares.iter().find_map(|share| prices.at(&share.code, day).ok()?.registers.as_ref());
    let Some(timed) = timed else {
        return Err(Refusal::field("R-222", "registers", "该户的价目不分时，请不要填各时段示数"));
    };
    let names: Vec<&str> = timed.list.iter().map(|register| register.name.as_str()).collect();
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
