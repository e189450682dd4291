//! A reading at the till before it is entered: its use, the bills it brings and why one would be held — what `reading.enter` and
//! `bill.issue` would make of it, and nothing is written.

use chrono::NaiveDate;

use super::Desk;
use super::bill_issue::rate_of;
use super::billing::{Ledger, doubt};
use super::order_settle::mark;
use super::reading_enter::{self, Input};
use super::reading_judge::judge;
use super::refusal::Refusal;
use crate::derive::account::prepaid;
use crate::rules::billing::registers::Registers;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::tables::billing::BalanceRow;

/// Readings without a bill that one account may have; more are billed by a run.
pub const MOST_BILLS: usize = 12;

/// A bill that the reading brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBill {
    /// 账期.
    pub cycle: String,
    /// 用量.
    pub volume: Milli,
    /// 应收, also where it is held until then.
    pub amount: Fen,
    /// Last day without late fee.
    pub due: NaiveDate,
    /// What prepaid and credit pay of it at once.
    pub settled: Fen,
    /// Why it would be held.
    pub held: Option<String>,
}

/// A reading and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtTill {
    /// Use since the reading before, whole units.
    pub used: i64,
    /// What the person must say is right before it is entered.
    pub doubt: Option<String>,
    /// The bills, oldest first; the last may be held.
    pub bills: Vec<NewBill>,
}

/// What a reading would come to.
pub fn picture(desk: &Desk, account: Id, day: NaiveDate, typed: &Input) -> Result<AtTill, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let (_, meter) = reading_enter::find(&tx, Some(&account.to_string()), None)?;
    let facts = tx.billing_facts(account)?;
    let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?;
    let mut ledger = ledger.recalled(&tx)?;
    let (judged, doubt) = match judge(typed, day, &ledger, &meter) {
        Err(refusal) if is_large(&refusal) => {
            let confirmed = Input { confirm: true, ..typed.clone() };
            (judge(&confirmed, day, &ledger, &meter)?, Some(refusal.message()))
        }
        judged => (judged?, None),
    };
    let pairs = |values: &std::collections::BTreeMap<String, Milli>| values.clone().into_iter().collect();
    let registers = Registers { read: pairs(&typed.registers), used: pairs(&typed.register_uses) };
    let mut new = mark(meter.id, day, typed.value, judged.rollover);
    new.registers = registers;
    ledger.add_mark(new);
    ledger.sealed.extend(judged.sealed.then_some(day));
    let limits = doubt::limits(&tx)?;
    let mut bills: Vec<NewBill> = Vec::new();
    let mut balance = tx.get::<BalanceRow>(&[&account])?;
    for _ in 0..MOST_BILLS {
        let Some(bill) = rate_of(&ledger, &prices, day)? else { break };
        let held = doubt::doubt(&ledger, &bill, &limits).map(|reason| reason.message);
        let mut settled = Fen::ZERO;
        if let Some(balance) = balance.as_mut().filter(|_| bill.settles && held.is_none()) {
            let (prepaid, credit) = prepaid::shares(bill.amount, balance);
            balance.prepaid -= prepaid;
            balance.credit -= credit;
            settled = prepaid + credit;
        }
        let (span, is_held) = (ledger.span_of(&bill), held.is_some());
        let volume = bill.volume;
        bills.push(NewBill { cycle: bill.cycle, volume, amount: bill.amount, due: bill.due, settled, held });
        if is_held {
            break;
        }
        ledger.add_span(span);
    }
    Ok(AtTill { used: judged.units, doubt, bills })
}

/// A use that may be, once the person says so.
fn is_large(refusal: &Refusal) -> bool {
    let [fault] = &refusal.faults[..] else { return false };
    fault.rule == "R-230" && fault.field.as_deref() == Some("value")
}
