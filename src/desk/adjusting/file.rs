//! Facts of the customer file that move money, changed by special handling (D1): the file before and after.

use std::collections::BTreeMap;

use crate::derive::account::amend::{AccountAmended, Change, base_of};
use crate::derive::account::fields::{CustomerFile, meter_value};
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::adjustment::picture::FactChange;
use crate::rules::customer;
use crate::rules::customer_fields::{IC_CARD, method};
use crate::store::Tx;
use crate::store::tables::account::{AccountRow, FieldRow};

/// What an approval writes, and how it is shown.
pub struct Amended {
    /// The amendment.
    pub body: AccountAmended,
    /// Before and after.
    pub facts: Vec<FactChange>,
}

/// The facts as an amendment of the file as it stands; refused where nothing changes or where the file would break a rule.
pub fn amended(
    tx: &Tx<'_>,
    account: &AccountRow,
    facts: &BTreeMap<String, Option<String>>,
) -> Result<Amended, Refusal> {
    let fault = |rule: &str, message: String| Fault::field(rule, "change.facts", message);
    let meter = tx.meter_on_wall(account.id)?;
    let history = tx.scan::<FieldRow>(&[&account.id])?;
    let mut new = account.clone();
    let (mut changes, mut told, mut faults, mut on_meter) = (Vec::new(), Vec::new(), Vec::new(), false);
    for (key, value) in &with_method(account, facts) {
        let Some(field) = customer::field(key) else { continue };
        let of_meter = key.starts_with("meter.");
        if of_meter && meter.is_none() {
            faults.push(fault("R-065", format!("该户没有在装的表，不能改{}", field.label)));
            continue;
        }
        let now = match (&meter, of_meter) {
            (Some(meter), true) => meter_value(meter, key),
            _ => account.value(key),
        };
        if now == *value {
            faults.push(fault("same", format!("{}与在册的相同，没有要改的", field.label)));
            continue;
        }
        let shown = |value: &Option<String>| value.as_ref().map_or_else(String::new, |kept| field.form.shown(kept));
        told.push(FactChange { label: field.label.to_owned(), old: shown(&now), new: shown(value) });
        if !of_meter {
            new.set(key, value.as_deref());
        }
        on_meter |= of_meter;
        let base = base_of(&history, key);
        changes.push(Change { field: key.clone(), seen: now, value: value.clone(), base, mark: None });
    }
    let before = account.broken_rules();
    let broken = new.broken_rules().into_iter().filter(|broken| before.iter().all(|other| other.rule != broken.rule));
    faults.extend(broken.map(|broken| fault(&broken.rule, broken.message.clone())));
    Refusal::unless_empty(faults)?;
    let meter = meter.filter(|_| on_meter).map(|meter| meter.id);
    let body = AccountAmended { account: account.id, owner: account.customer, meter, changes, refund: None };
    Ok(Amended { body, facts: told })
}

/// The way of paying goes with the user type where nothing is said of it: IC cards are topped up, read meters are not.
fn with_method(account: &AccountRow, facts: &BTreeMap<String, Option<String>>) -> BTreeMap<String, Option<String>> {
    let mut facts = facts.clone();
    if let Some(user_type) = facts.get("user_type").cloned().filter(|_| !facts.contains_key("method")) {
        let card = user_type.as_deref() == Some(IC_CARD);
        let wanted = if card { method::TOP_UP } else { method::CASH };
        if card != (account.method == method::TOP_UP) {
            facts.insert("method".into(), Some(wanted.to_owned()));
        }
    }
    facts
}
