//! Late fee that a reversal would leave on a bill that later payments have paid: to nobody, or to be taken out of a payment whose slip calls
//! that money principal (`derive/account/fee_first.rs`, which has no choice). The later payment goes back first; then both are taken as they should have been (R-183: what is not waived is charged).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::cover;
use super::due::late_fee_of;
use crate::book::subject::Subject;
use crate::derive::account::cover::is_cover;
use crate::derive::account::payment::{applied, earlier};
use crate::desk::action::{Action, Cx};
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::tariff::PriceBook;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BillLateRow, BillRow};
use crate::store::{StoreError, Tx};

/// Refuses the reversal of `payment` where `body` would leave late fee on a paid bill.
pub fn refuse<A: Action, B: Serialize>(
    cx: &Cx<'_, '_>,
    account: Id,
    payment: Id,
    subjects: &[Subject],
    body: &B,
) -> Result<(), Refusal> {
    let Some(account) = cx.tx.account(account)? else { return Ok(()) };
    let book = cx.shelf.prices(cx.tx)?;
    let before = left(cx.tx, &book, &account, cx.day, payment)?;
    let after = cover::tried::<A, B, _>(cx, subjects, body, |tx| Ok(left(tx, &book, &account, cx.day, payment)?))?;
    let fee_before = |bill: &Id| before.get(bill).map_or(Fen::ZERO, |(fee, _)| *fee);
    let Some((bill, (fee, cycle))) = after.iter().find(|(bill, (fee, _))| *fee > fee_before(bill)) else {
        return Ok(());
    };
    let lost = *fee - fee_before(bill);
    let chain = cx.tx.bill_ancestors(account.id, *bill)?;
    let mut later = cx.tx.payments(account.id)?;
    later.retain(|row| row.state == "taken" && row.id != payment);
    later.retain(|row| applied(row).iter().any(|line| chain.contains(&line.0)));
    let how = match later.iter().rev().find(|row| !is_cover(row)) {
        Some(row) => format!("请先冲正后来收的核对单 {}，再冲这笔，然后一并重收", row.receipt),
        None => "请数据室先作废那张账单 (bill.cancel)，冲正后再重新出账".to_owned(),
    };
    let text = format!("账单 {cycle} 已由后来的钱缴清，这笔冲正后它的违约金 {lost} 元就没有人欠了；{how}");
    Err(Refusal::field("R-183", "payment", text))
}

/// Late fee that paid bills bear and nobody was charged, and that the other payments with a slip have taken, with the 账期.
fn left(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    day: NaiveDate,
    without: Id,
) -> Result<BTreeMap<Id, (Fen, String)>, StoreError> {
    let mut found = BTreeMap::new();
    for late in tx.scan::<BillLateRow>(&[&account.id])? {
        let paid = tx.get::<BillRow>(&[&account.id, &late.bill])?.filter(|row| row.state == "paid");
        let Some(row) = paid else { continue };
        if let Ok(fee) = late_fee_of(book, account, &row, earlier(&late), day) {
            found.insert(row.id, (fee.fee.fee, row.cycle));
        }
    }
    let mut payments = tx.payments(account.id)?;
    payments.retain(|row| row.state == "taken" && row.id != without && !is_cover(row));
    for line in payments.iter().flat_map(applied) {
        let bill = tx.standing_bill(account.id, line.0)?;
        let Some(row) = tx.get::<BillRow>(&[&account.id, &bill])? else { continue };
        found.entry(bill).or_insert((Fen::ZERO, row.cycle)).0 += line.2;
    }
    Ok(found)
}
