//! What an order or receipt number typed into the search box leads to.

use super::refusal::Refusal;
use super::till::find::movement;
use super::view_home::{HitRow, Opens};
use super::view_receipt;
use crate::book::subject::{self, Kind};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::Tx;
use crate::store::search::Named;
use crate::store::tables::order::OrderRow;
use crate::store::tables::till::TillRow;

/// The accounts an order, another entry, a receipt or a parked case is about, each once; none where it does not exist.
pub fn accounts_of(tx: &Tx<'_>, named: &Named) -> Result<Vec<Id>, Refusal> {
    let mut accounts = match named {
        Named::Entry(id) => of_entry(tx, *id)?,
        Named::Receipt(number) => of_receipt(tx, number)?,
        Named::Tail(tail) => of_tail(tx, tail)?,
    };
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

/// What a number typed leads to that is about no account, a hit of its own: an order in the street, a fee of a named payer. A
/// hand-written slip (`A-77`) leads to its account like any receipt.
pub fn alone(tx: &Tx<'_>, named: Option<&Named>, text: &str) -> Result<(Vec<Id>, Vec<HitRow>), Refusal> {
    let receipt = view_receipt::named_in(tx, text).map(|id| movement(tx, &id.to_string())).transpose()?.flatten();
    let mut money: Vec<TillRow> = receipt.into_iter().collect();
    let mut order = match named {
        Some(Named::Entry(id)) => tx.order(*id)?,
        _ => None,
    };
    if let Some(Named::Tail(tail)) = named
        && let Ok(serial) = tail.parse::<i64>()
    {
        if tail.len() >= RECEIPT_DIGITS {
            money.extend(
                tx.till_of_serial(serial)?.into_iter().filter(|row| row.is_receipt() && row.reverses.is_none()),
            );
        }
        let seq = if tail.starts_with('0') { None } else { tx.order_of_tail(serial)? };
        order = seq.map(|id| tx.order(id)).transpose()?.flatten();
    }
    let accounts = money.iter().filter_map(|row| row.account).collect();
    let orders = order.iter().filter(|row| row.account.is_none()).map(hit_of_order);
    let receipts = money.iter().filter(|row| row.account.is_none()).map(hit_of_receipt);
    Ok((accounts, orders.chain(receipts).collect()))
}

fn hit_of_order(row: &OrderRow) -> HitRow {
    HitRow {
        opens: Opens::Order,
        no: "工单".to_owned(),
        name: row.id.to_string(),
        address: format!("{} {}", row.category, row.address),
        state: row.state.clone(),
        ..HitRow::blank(row.id, row.owed)
    }
}

fn hit_of_receipt(row: &TillRow) -> HitRow {
    let number = row.paper.clone().unwrap_or_else(|| row.receipt());
    HitRow {
        opens: Opens::Receipt,
        no: "收费单".to_owned(),
        name: number,
        address: format!("{} {} {} {}", row.item, row.amount.grouped(), row.payer, row.day),
        state: if row.reversed_by.is_some() { "已冲正" } else { "" }.to_owned(),
        ..HitRow::blank(row.id, Fen::ZERO)
    }
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

/// `000013` ends a receipt's number, `275` an order's, `A012` is a queue number: of this site, the newest series first.
fn of_tail(tx: &Tx<'_>, tail: &str) -> Result<Vec<Id>, Refusal> {
    let mut accounts: Vec<Id> = tx.parked_of_queue(tail)?.into_iter().filter_map(|parked| parked.account).collect();
    let Ok(serial) = tail.parse::<i64>() else { return Ok(accounts) };
    if tail.len() >= RECEIPT_DIGITS {
        accounts.extend(tx.till_of_serial(serial)?.into_iter().filter_map(|movement| movement.account));
    }
    if !tail.starts_with('0')
        && let Some(order) = tx.order_of_tail(serial)?
    {
        accounts.extend(tx.order(order)?.and_then(|order| order.account));
    }
    Ok(accounts)
}

/// A receipt's running number has so many digits on paper.
const RECEIPT_DIGITS: usize = 6;
