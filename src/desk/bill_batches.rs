//! The rating of a bill run, some thousand accounts a time: accounts, meters, readings and bills are walked side by side in key order,
//! and nothing is looked up per account.
//!
//! In a file, a thread of its own reads and rates the next accounts beside the one that writes the last ones. Between two batches
//! nothing is being read, so that the log can be folded into the file.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use chrono::NaiveDate;

use super::Desk;
use super::bill_run::{Large, Summary};
use super::billing::{Ledger, Rater, doubt};
use super::refusal::Refusal;
use super::till::{balance, cover};
use crate::derive::account::bill::{BillIssued, HoldReason, Stored};
use crate::derive::account::cover::Covers;
use crate::derive::account::fee_first::come_back;
use crate::derive::account::parts;
use crate::derive::row;
use crate::rules::billing::BillCycle;
use crate::rules::billing::large::Limits;
use crate::rules::customer::prepaid_settles;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::tariff::PriceBook;
use crate::store::tables::billing::BillRow;
use crate::store::tables::billing_facts::PricedAccount;
use crate::store::{Db, Tx};

/// Accounts read at a time: small enough for memory, large enough for sequential reading.
pub const ACCOUNTS: i64 = 4_096;

/// What is to be rated.
pub struct Wanted {
    /// The prices.
    pub prices: Arc<PriceBook>,
    /// Readings of this cycle.
    pub cycle: BillCycle,
    /// The bills' date.
    pub dated: NaiveDate,
    /// From when on a bill is held as too large.
    pub limits: Limits,
}

/// A row to be written.
pub struct Ready {
    /// The account billed.
    pub account: Id,
    /// The bill, as a row of a bulk entry.
    pub row: String,
}

/// Accounts that were rated together.
pub struct Batch {
    /// What is to be written.
    pub ready: Vec<Ready>,
    last: Option<Id>,
}

/// Rates every account after one and hands the batches on in order; answers the summary with everything counted. `beside` is
/// another connection to the same file, if there is a file.
pub fn rate_all(
    desk: &mut Desk,
    beside: Option<Db>,
    wanted: Wanted,
    mut after: Id,
    mut summary: Summary,
    mut each: impl FnMut(&mut Desk, Batch) -> Result<(), Refusal>,
) -> Result<Summary, Refusal> {
    let Some(mut beside) = beside else {
        loop {
            let batch = read_batch(&desk.look()?, after, &wanted, &mut summary)?;
            let Some(last) = batch.last else { return Ok(summary) };
            after = last;
            each(desk, batch)?;
        }
    };
    let (go, asked) = sync_channel(1);
    let (sender, batches) = sync_channel(1);
    std::thread::scope(|scope| {
        let rating = scope.spawn(move || {
            let done = rate_when_asked(&mut beside, after, &wanted, &mut summary, &asked, &sender);
            done.map(|()| summary)
        });
        let written = write_each(desk, go, batches, &mut each);
        let rated = rating.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(rated)
    })
}

/// Rates a batch at each word, until the last account or until nobody wants more.
fn rate_when_asked(
    db: &mut Db,
    mut after: Id,
    wanted: &Wanted,
    summary: &mut Summary,
    asked: &Receiver<()>,
    sender: &SyncSender<Batch>,
) -> Result<(), Refusal> {
    while asked.recv().is_ok() {
        let batch = read_batch(&db.read()?, after, wanted, summary)?;
        let Some(last) = batch.last else { break };
        after = last;
        if sender.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes each batch while the next one is rated.
fn write_each(
    desk: &mut Desk,
    go: SyncSender<()>,
    batches: Receiver<Batch>,
    each: &mut impl FnMut(&mut Desk, Batch) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut more = go.send(());
    while more.is_ok()
        && let Ok(batch) = batches.recv()
    {
        desk.db.checkpoint_when_large()?;
        more = go.send(());
        each(desk, batch)?;
    }
    Ok(())
}

/// Reads and rates the next accounts.
fn read_batch(tx: &Tx<'_>, after: Id, wanted: &Wanted, summary: &mut Summary) -> Result<Batch, Refusal> {
    let rater = Rater { book: &wanted.prices, dated: wanted.dated };
    let mut ready = Vec::new();
    let last = tx.walk_billing::<Refusal>(after, ACCOUNTS, |facts| {
        if !facts.readings.iter().any(|reading| wanted.cycle.holds(reading.day)) {
            return Ok(());
        }
        let mut ledger = Ledger::of(facts).recalled(tx)?;
        for bill in rater.cycle(&mut ledger, wanted.cycle) {
            let bill = looked_at(&ledger, bill, &wanted.limits, summary);
            let bill = late_before_money(tx, &facts.account, bill)?;
            summary.count(&facts.account.no, &bill);
            if !stands(&ledger, &bill) {
                let row = row::to_row(&bill).map_err(|error| Refusal::data(error.to_string()))?;
                ready.push(Ready { account: facts.account.id, row });
            }
        }
        Ok(())
    })?;
    Ok(Batch { ready, last })
}

/// The bill as it may go out: held when a person must look at it first. The large ones are noted.
fn looked_at(ledger: &Ledger, bill: BillIssued, limits: &Limits, summary: &mut Summary) -> BillIssued {
    if bill.held.is_some() {
        return bill;
    }
    let reason = doubt::doubt(ledger, &bill, limits);
    let above = reason.as_ref().is_some_and(|reason| reason.rule == doubt::LARGE);
    if above || (bill.amount > Fen::ZERO && summary.is_large(bill.amount)) {
        let large = Large {
            account: ledger.account.no.clone(),
            name: ledger.account.name.clone(),
            day: bill.last_day,
            volume: bill.volume.0 / 1000,
            amount: bill.amount,
            last: ledger.last_amount,
            held: reason.is_some(),
        };
        summary.note_large(large, above);
    }
    match reason {
        Some(reason) => doubt::held(bill, reason),
        None => bill,
    }
}

/// A bill that keeps a due date gone by bears late fee before what the customer has pays anything of it: a run does not lay money on
/// bills, so it is held for who releases it.
fn late_before_money(tx: &Tx<'_>, account: &PricedAccount, bill: BillIssued) -> Result<BillIssued, Refusal> {
    let Some(cancelled) = bill.replaces.filter(|_| bill.held.is_none()) else { return Ok(bill) };
    if !prepaid_settles(&account.extra) {
        return paid_by_prepaid_again(tx, account.id, cancelled, bill);
    }
    if bill.due >= bill.dated {
        return Ok(bill);
    }
    let money = cover::money(&balance::of(tx, account.id)?);
    if money == Fen::ZERO || money <= own_money(tx, account.id, cancelled)? {
        return Ok(bill);
    }
    let message =
        format!("作废重开的账单已过缴费期 {}，户上有预存或余款 {money}，要先抵违约金，请放行后抵缴", bill.due);
    Ok(doubt::held(bill, HoldReason { rule: "R-180".into(), message }))
}

/// Where prepaid was switched off meanwhile, it pays what it had paid of the cancelled bill, and nothing more.
fn paid_by_prepaid_again(tx: &Tx<'_>, account: Id, cancelled: Id, bill: BillIssued) -> Result<BillIssued, Refusal> {
    let had = tx.get::<BillRow>(&[&account, &cancelled])?.is_some_and(|row| row.prepaid > Fen::ZERO);
    let none = Covers { day: bill.dated, lines: Vec::new() };
    // A row is told by its places: what stands before the last field is not left out.
    let stored = bill.stored.or(had.then(Stored::default));
    Ok(BillIssued { stored, covers: bill.covers.clone().or(had.then_some(none)), ..bill })
}

/// What a cancelled bill has left with the customer: it goes to the bill in its place by itself.
fn own_money(tx: &Tx<'_>, account: Id, cancelled: Id) -> Result<Fen, Refusal> {
    let brought = parts::principal(&parts::of(tx, account, cancelled)?);
    Ok(brought + come_back(tx, account, cancelled)?)
}

/// Is this very hold on file already? Then there is nothing new to write.
fn stands(ledger: &Ledger, bill: &BillIssued) -> bool {
    let same = |reason: &str| ledger.held.iter().any(|(day, note)| *day == bill.last_day && note == reason);
    bill.held.as_ref().is_some_and(|held| same(&held.message))
}
