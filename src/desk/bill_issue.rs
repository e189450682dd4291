//! `bill.issue`: the bill of one account's reading, outside a bill run: a reading keyed at the till is charged at
//! once; what must be looked at first is held, as in a run. Issued anew after a cancelling, the difference is limited by role.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::billing::{Ledger, Rater, doubt};
use super::reading_enter::check_open;
use super::refusal::Refusal;
use super::till::cover;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::bill::{BillIssued, HoldReason, OPENING, SWAP};
use crate::derive::account::cover::Covers;
use crate::derive::account::prepaid;
use crate::rules::billing::Place;
use crate::rules::customer::prepaid_settles;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::tariff::PriceBook;
use crate::store::tables::billing::{BalanceRow, BillRow};
use crate::store::{StoreError, Tx};

/// The action.
pub struct BillIssue;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号.
    pub account: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The bill.
    pub bill: Id,
    /// 账期.
    pub cycle: String,
    /// 用量.
    pub volume: Milli,
    /// 应收.
    pub amount: Fen,
    /// Last day without late fee.
    pub due: NaiveDate,
    /// What prepaid and credit pay of it at once.
    pub settled: Fen,
    /// Why it is held, when it may not go out unasked (`bill.release` lets it go).
    pub held: Option<String>,
}

impl Action for BillIssue {
    const NAME: &'static str = "bill.issue";
    const SUMMARY: &'static str = "给一户出账";
    const MERGE: &'static str = "同一天的读数在两处各出一张账单时，先到的有效，后到的不计，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let account = cx.tx.account_of_text(&input.account)?;
        let account = account.ok_or_else(|| Refusal::missing("account", "用户", &input.account))?;
        check_open(&account)?;
        let prices = cx.shelf.prices(cx.tx)?;
        let bill = rate_now(cx.tx, &prices, account.id, cx.day)?;
        let bill = bill.ok_or_else(|| Refusal::field("bill", "account", "该户没有未出账的读数"))?;
        if let Some(before) = cancelled_before(cx.tx, account.id, &bill)? {
            cx.rights.require_correction(Self::NAME, bill.amount - before)?;
        }
        let bill = match doubt_of(cx.tx, account.id, &bill)? {
            Some(reason) => doubt::held(bill, reason),
            None => bill,
        };
        let subjects = vec![Subject::new(Kind::Account, account.id)];
        let bill = with_covers::<Self, _>(cx, &subjects, (account.id, &account.extra), bill, BillIssued::clone)?;
        let output = Output {
            bill: cx.next,
            cycle: bill.cycle.clone(),
            volume: bill.volume,
            amount: bill.amount,
            due: bill.due,
            settled: settled_now::<Self, _>(cx, &subjects, &bill, &bill)?,
            held: bill.held.as_ref().map(|reason| reason.message.clone()),
        };
        Decision::write(subjects, &bill, output)
    }
}

/// What is paid of a bill as soon as `body` makes it.
pub(super) fn settled_now<A: Action, B: Serialize>(
    cx: &Cx<'_, '_>,
    subjects: &[Subject],
    body: &B,
    bill: &BillIssued,
) -> Result<Fen, Refusal> {
    let Some(account) = subjects.first().map(|subject| subject.id) else { return Ok(Fen::ZERO) };
    if bill.replaces.is_some() && bill.held.is_none() {
        // What was paid on the bill before comes with it, wherever it went meanwhile.
        let next = cx.next;
        return cover::tried::<A, B, _>(cx, subjects, body, |tx| {
            let row = tx.get::<BillRow>(&[&account, &next])?;
            Ok(row.map_or(Fen::ZERO, |row| row.amount - row.unpaid))
        });
    }
    Ok(settled_at_once(cx.tx, account, bill)?)
}

/// A bill that keeps a due date gone by does not settle by itself: where the account lets its money stand for bills, its entry says which
/// it covers, late fee first. `body` is the entry's of a bill. Any other bill says none.
pub(super) fn with_covers<A: Action, B: Serialize>(
    cx: &Cx<'_, '_>,
    subjects: &[Subject],
    (account, extra): (Id, &str),
    bill: BillIssued,
    body: impl FnOnce(&BillIssued) -> B,
) -> Result<BillIssued, Refusal> {
    if bill.replaces.is_none() || bill.held.is_some() || bill.settles {
        return Ok(bill);
    }
    let none = Covers { day: cx.day, lines: Vec::new() };
    let bill = BillIssued { covers: Some(none), ..bill };
    if !prepaid_settles(extra) {
        // Nothing new pays it; what had paid the bill in whose place it stands does.
        return Ok(bill);
    }
    match cover::ahead::<A, B>(cx, account, subjects, &body(&bill))? {
        None => Ok(bill),
        covers => Ok(BillIssued { covers, ..bill }),
    }
}

/// What prepaid and credit pay of a bill when it is made.
pub(super) fn settled_at_once(tx: &Tx<'_>, account: Id, bill: &BillIssued) -> Result<Fen, StoreError> {
    let balance = tx.get::<BalanceRow>(&[&account])?.filter(|_| bill.settles && bill.held.is_none());
    Ok(balance.map_or(Fen::ZERO, |balance| {
        let (prepaid, credit) = prepaid::shares(bill.amount, &balance);
        prepaid + credit
    }))
}

/// Why a bill is to be looked at before it goes out.
fn doubt_of(tx: &Tx<'_>, account: Id, bill: &BillIssued) -> Result<Option<HoldReason>, StoreError> {
    let ledger = tx.billing_facts(account)?.as_ref().map(Ledger::of);
    let limits = doubt::limits(tx)?;
    Ok(ledger.and_then(|ledger| doubt::doubt(&ledger, bill, &limits)))
}

/// What a cancelled bill of the same last day, and of the same reading where there is one, came to: issued anew with another amount, it is a
/// correction.
fn cancelled_before(tx: &Tx<'_>, account: Id, bill: &BillIssued) -> Result<Option<Fen>, StoreError> {
    let bills = tx.scan::<BillRow>(&[&account])?;
    let alike = |row: &&BillRow| row.kind != OPENING && (row.kind == SWAP) == (bill.kind == SWAP);
    let of_day = bills.iter().filter(|row| row.state == "cancelled" && row.last_day == bill.last_day).filter(alike);
    Ok(of_day.max_by_key(|row| (row.reading == bill.reading, row.id)).map(|row| row.amount))
}

/// The bill of an account's oldest reading not billed yet, or of a swap before it whose bill was cancelled, dated `dated`; `None` when
/// all are billed.
pub fn rate_now(tx: &Tx<'_>, prices: &PriceBook, account: Id, dated: NaiveDate) -> Result<Option<BillIssued>, Refusal> {
    let Some(facts) = tx.billing_facts(account)? else { return Ok(None) };
    Ok(rate_of(&Ledger::of(&facts).recalled(tx)?, prices, dated)?)
}

/// The same of a ledger that may know more than is on file.
pub(super) fn rate_of(ledger: &Ledger, prices: &PriceBook, dated: NaiveDate) -> Result<Option<BillIssued>, Fault> {
    let rater = Rater { book: prices, dated };
    let history = ledger.history();
    let first = ledger.all_closing_marks().into_iter().find(|end| history.due(*end).is_some());
    let is_before = |swap: Place| first.is_none_or(|end| swap <= history.place(end));
    let swap = ledger.cancelled.iter().find(|bill| bill.swap && is_before(bill.to()));
    match swap {
        Some(swap) => rater.swap_again(ledger, swap).map(Some),
        None => first.and_then(|end| rater.one(ledger, end)).transpose(),
    }
}
