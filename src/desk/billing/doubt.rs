//! Bills that a person must look at before they go out, though they can be calculated: of a closed account, of a meter that should
//! have stood still, and such as are far larger than the last. They are held by rule; `bill.release` lets them go, with a reason.

use chrono::NaiveDate;

use super::Ledger;
use crate::derive::account::bill::{BillIssued, HoldReason, SWAP};
use crate::rules::billing::large::{Before, Limits};
use crate::rules::classes;
use crate::rules::money::Fen;
use crate::store::{StoreError, Tx};

/// The state of an account that takes no reading and no bill any more.
pub const CLOSED: &str = "销户";

/// What is said where something of a closed account would be changed.
pub fn closed(no: &str) -> String {
    format!("{no} 已销户，账单、读数和档案都不再改；确要更正的请先复户")
}

/// Word of a hold: the bill is many times the last.
pub const LARGE: &str = "large";
/// Setting of this book that keeps the limits.
const SETTING: &str = "bill_limits";

/// The limits of this book; those the program comes with where none are set.
pub fn limits(tx: &Tx<'_>) -> Result<Limits, StoreError> {
    Ok(tx.setting(SETTING)?.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Keeps other limits.
pub fn set_limits(tx: &Tx<'_>, limits: Limits) -> Result<(), StoreError> {
    tx.set_setting(SETTING, &limits.to_string())
}

/// Why a calculated bill is held; none when it may go. `ledger` is the account before this bill.
pub fn doubt(ledger: &Ledger, bill: &BillIssued, limits: &Limits) -> Option<HoldReason> {
    let hold = |rule: &str, message: String| Some(HoldReason { rule: rule.to_owned(), message });
    if ledger.account.status == CLOSED {
        return hold("R-080", "该户已销户，不再出账；确有用水请先复户再放行".into());
    }
    if bill.kind == SWAP && bill.replaces.is_some() {
        return None; // it was looked at when the slip was entered, and says the same
    }
    let used = bill.volume.0 / 1_000;
    if used > 0 && ran_sealed(ledger, bill.first_day, bill.last_day) {
        return hold("A-05", format!("表在封表期间走了 {used}，请现场核实后放行"));
    }
    let before = Before {
        amount: ledger.last_amount,
        volume: ledger.last_recent(),
        household: classes::is_household(&ledger.account.class),
    };
    let asks = limits.asks(bill.amount, used, before)?;
    hold(LARGE, format!("{asks}，请核实后放行"))
}

/// Did a meter that should have stood still run in this period? A reading says so itself, or it was taken after the seal.
fn ran_sealed(ledger: &Ledger, first: NaiveDate, last: NaiveDate) -> bool {
    let said = ledger.sealed.iter().any(|day| first <= *day && *day <= last);
    let Some((meter, since)) = ledger.shut else { return said };
    let on_it = ledger.marks.iter().any(|mark| mark.day == last && mark.meter == meter);
    said || (on_it && since.is_none_or(|since| since < last))
}

/// The same bill, held: it has no amount until it is released.
pub fn held(bill: BillIssued, reason: HoldReason) -> BillIssued {
    BillIssued {
        held: Some(reason),
        amount: Fen::ZERO,
        lines: Vec::new(),
        registers: Vec::new(),
        due: bill.dated,
        ..bill
    }
}
