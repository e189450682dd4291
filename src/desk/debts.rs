//! What a customer owes that is no bill yet: use that was read and not billed, and held bills. Who leaves,
//! seals, hands over or closes settles it first.

use super::billing::Ledger;
use crate::rules::billing::MarkKind;
use crate::rules::customer_fields::IC_CARD;
use crate::rules::id::Id;
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
    let history = ledger.history();
    let Some(end) = ledger.marks.len().checked_sub(1).filter(|end| ledger.marks[*end].kind != MarkKind::Opening) else {
        return Ok(None);
    };
    let Some(due) = history.due(end) else { return Ok(None) };
    let mark = &ledger.marks[end];
    Ok(match (history.used(&due), mark.kind) {
        (Ok(0), _) => None,
        (Ok(used), MarkKind::Swap) => {
            Some(format!("换表 ({}) 前后的用量 {used} 还没有出账，请先抄表、出账，缴清后再办", due.last))
        }
        (Ok(used), _) => {
            let value = mark.value.grouped();
            Some(format!("{} 抄表 {value}，用量 {used} 还没有出账，请先出账，缴清后再办", due.last))
        }
        (Err(fault), _) => Some(format!("{} 的读数还没有出账：{}", due.last, fault.message)),
    })
}
