//! `bill.release`: a held bill (挂起) is calculated now and let go. What still stands in its way is said; a disputed meter is
//! settled by its field check first.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::bill_cancel::{checked_reason, find_bill};
use super::bill_issue::{settled_now, with_covers};
use super::billing::{Ledger, Rater};
use super::reading_enter::check_open;
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::bill::{BillIssued, BillReleased as Body};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::billing::BillRow;

/// The action.
pub struct BillRelease;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The held bill.
    pub bill: Id,
    /// 户号, where it helps to find the bill.
    pub account: Option<String>,
    /// Why it may go.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The bill, now issued.
    pub bill: Id,
    /// Its amount.
    pub amount: Fen,
    /// What prepaid and credit pay of it at once.
    pub settled: Fen,
}

impl Action for BillRelease {
    const NAME: &'static str = "bill.release";
    const SUMMARY: &'static str = "放行挂起的账单";
    const MERGE: &'static str = "同一账单放行两次，先到的有效，后到的不计";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = find_bill(cx, input.bill, input.account.as_deref())?;
        let reason = checked_reason(&input.reason)?;
        if row.state != "held" {
            return Err(Refusal::field("bill", "bill", format!("账单 {} 没有挂起，不用放行", row.id)));
        }
        if let Some(account) = cx.tx.account(row.account)? {
            check_open(&account)?;
        }
        let (issue, ledger) = rated_now(cx.tx, &*cx.shelf.prices(cx.tx)?, &row, cx.day)?;
        let subjects = vec![Subject::new(Kind::Account, row.account)];
        let body = |issue: &BillIssued| {
            let (reason, issue) = (reason.clone(), issue.clone());
            Body { account: row.account, bill: row.id, reason, issue }
        };
        let of = (row.account, ledger.account.extra.as_str());
        let body = body(&with_covers::<Self, _>(cx, &subjects, of, issue, body)?);
        let settled = settled_now::<Self, _>(cx, &subjects, &body, &body.issue)?;
        let output = Output { bill: cx.next, amount: body.issue.amount, settled };
        Decision::write(subjects, &body, output)
    }
}

/// What a held bill comes to now, by the readings and prices that stand now; with the account it was rated from.
pub(super) fn rated_now(
    tx: &Tx<'_>,
    prices: &PriceBook,
    row: &BillRow,
    dated: NaiveDate,
) -> Result<(BillIssued, Ledger), Refusal> {
    let facts = tx.billing_facts(row.account)?;
    let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("账单没有对应的用户档案"))?.recalled(tx)?;
    let end = ledger.history().mark_at(ledger.end_of(row));
    let end = end.ok_or_else(|| Refusal::rule("bill", "账单所依据的读数已不在，请重新出账"))?;
    let rated = Rater { book: prices, dated }.one(&ledger, end);
    let issue = rated.ok_or_else(|| Refusal::rule("bill", "这一天的读数已由别的账单结算"))??;
    Ok((issue, ledger))
}
