//! What a customer owes that is no bill yet: use that was read and not billed, and held bills. Who leaves,
//! seals, hands over or closes settles it first. So he does with money that nobody has confirmed and with business that is not done.

use super::billing::Ledger;
use crate::derive::order::life;
use crate::rules::billing::MarkKind;
use crate::rules::customer_fields::IC_CARD;
use crate::rules::id::Id;
use crate::store::tables::billing::PaymentRow;
use crate::store::tables::order::OrderRow;
use crate::store::{StoreError, Tx};

/// What is not billed yet and what to do about it, in words; none when everything is.
pub fn unbilled(tx: &Tx<'_>, account: Id) -> Result<Option<String>, StoreError> {
    let Some(facts) = tx.billing_facts(account)? else { return Ok(None) };
    if facts.account.user_type.as_deref() == Some(IC_CARD) {
        return Ok(None);
    }
    let ledger = Ledger::of(&facts);
    if let Some((day, reason)) = ledger.held.first() {
        let count = ledger.held.len();
        return Ok(Some(format!("有 {count} 张账单挂起 (抄表 {day}：{reason})，请先核实、放行，缴清后再办")));
    }
    Ok(waits(&ledger))
}

/// A hand-written slip that nobody but its maker has seen: it may be no money, and whoever it was for has gone once the account has
/// changed hands or is closed.
pub fn unconfirmed(tx: &Tx<'_>, account: Id) -> Result<Option<String>, StoreError> {
    let waits = |row: &PaymentRow| row.paper.is_some() && row.confirmed_by.is_none() && row.state == "taken";
    let found = tx.payments(account)?.into_iter().find(waits);
    Ok(found.map(|row| {
        let paper = row.paper.unwrap_or_default();
        format!("手开核对单 {paper} ({}) 还没有经另一人确认，请先确认；没有这笔钱的请先冲正", row.amount.grouped())
    }))
}

/// The first business of an account that can only end while it is open: a seal, an unseal, a transfer.
pub fn undone(tx: &Tx<'_>, account: Id) -> Result<Option<String>, StoreError> {
    let needs_it = |row: &OrderRow| {
        let meter = life(row.life.as_deref()).is_some_and(|order| order.terms.meter_state.is_some());
        row.open && row.stage != "callback" && (meter || (row.deed_due && row.deed.is_none()))
    };
    let found = tx.orders_of_account(account)?.into_iter().find(needs_it);
    Ok(found.map(|row| format!("{} {}现为“{}”，请先办完或作废", row.id, row.title, row.state)))
}

/// The first use that no living bill covers: of a reading, wherever it stands — a bill before the last may have been cancelled —, or of
/// a swap, cancelled or behind all readings.
pub(super) fn waits(ledger: &Ledger) -> Option<String> {
    if let Some(swap) = ledger.cancelled.iter().find(|bill| bill.swap) {
        let (day, used) = (swap.last, swap.volume.grouped());
        return Some(format!("换表 ({day}) 差额 {used} 的账单作废后还没有重新出账，请先出账，缴清后再办"));
    }
    let history = ledger.history();
    let mut ends = ledger.all_closing_marks();
    let last = ledger.marks.len().checked_sub(1)?;
    if ledger.marks[last].kind == MarkKind::Swap {
        ends.push(last);
    }
    ends.into_iter().filter_map(|end| history.due(end)).find_map(|due| {
        let mark = &ledger.marks[due.end];
        match (history.used(&due), mark.kind) {
            (Ok(0), _) => None,
            (Ok(used), MarkKind::Swap) => {
                Some(format!("换表 ({}) 前后的用量 {used} 还没有出账，请先抄表、出账，缴清后再办", due.last))
            }
            (Ok(used), _) => {
                let value = mark.value.grouped();
                Some(format!("{} 抄表 {value}，用量 {used} 还没有出账，请先出账，缴清后再办", due.last))
            }
            (Err(fault), _) => Some(format!("{} 的读数还没有出账：{}", due.last, fault.message)),
        }
    })
}
