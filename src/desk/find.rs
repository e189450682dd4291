//! What an order or receipt number typed into the search box leads to.

use super::refusal::Refusal;
use crate::book::subject::{self, Kind};
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::search::Named;

/// The accounts an order, another entry or a receipt is about, each once; none where it does not exist.
pub fn accounts_of(tx: &Tx<'_>, named: &Named) -> Result<Vec<Id>, Refusal> {
    let mut accounts = match named {
        Named::Entry(id) => of_entry(tx, *id)?,
        Named::Receipt(number) => of_receipt(tx, number)?,
    };
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

fn of_entry(tx: &Tx<'_>, id: Id) -> Result<Vec<Id>, Refusal> {
    let Some(entry) = tx.entry(id.entry())? else { return Ok(Vec::new()) };
    let subjects = subject::read(&entry.subjects, entry.id).unwrap_or_default();
    let accounts = subjects.into_iter().flatten().filter(|subject| subject.kind == Kind::Account);
    Ok(accounts.map(|subject| subject.id).collect())
}

/// `B03-1-000702` is number 702 of the series `B03-1`.
fn of_receipt(tx: &Tx<'_>, number: &str) -> Result<Vec<Id>, Refusal> {
    let Some((series, serial)) = number.rsplit_once('-') else { return Ok(Vec::new()) };
    let Ok(serial) = serial.parse::<i64>() else { return Ok(Vec::new()) };
    let movements = tx.till_of_receipt(series, serial)?;
    Ok(movements.into_iter().filter_map(|movement| movement.account).collect())
}
