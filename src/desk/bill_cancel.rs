//! `bill.cancel`: an issued bill is cancelled by one more entry. What was paid on it, its late fee too, becomes the customer's
//! credit; its reading is due again at the next bill run, and the bill in its place keeps the late fee it bears itself. Beyond the role's limit it goes by special handling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::adjusting::owner;
use super::billing::body;
use super::billing::doubt::{CLOSED, closed};
use super::refusal::Refusal;
use super::tariffs::late_rule;
use super::till::cover;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::adjust::refundable;
use crate::derive::account::bill::{BillCancelled as Body, OPENING};
use crate::derive::account::cover::CoverLine;
use crate::derive::account::late_back::LateWithBill;
use crate::derive::request::LateFeeBack;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::{BillLateRow, BillRow};

/// The action.
pub struct BillCancel;

/// Longest reason.
pub(super) const MAX_REASON: usize = 200;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The bill, `B03.1.42/7`.
    pub bill: Id,
    /// 户号; needed for bills from before this book (`#1`).
    pub account: Option<String>,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The bill.
    pub bill: Id,
    /// What the customer no longer owes.
    pub owed_less: Fen,
    /// What was paid on it and is now credit.
    pub credit: Fen,
    /// Late fee paid on it, credit too.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub late_fee: Fen,
    /// Open bills that prepaid and credit now pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<CoverLine>,
}

impl Action for BillCancel {
    const NAME: &'static str = "bill.cancel";
    const SUMMARY: &'static str = "作废账单";
    const MERGE: &'static str = "同一账单作废两次只算一次；别处同时收的款转为用户余款";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = find_bill(cx, input.bill, input.account.as_deref())?;
        let reason = checked_reason(&input.reason)?;
        if row.state == "cancelled" {
            return Err(Refusal::field("bill", "bill", format!("账单 {} 已经作废：{}", row.id, row.note)));
        }
        not_by_one_hand(cx, &row)?;
        cx.rights.require_correction(Self::NAME, row.amount)?;
        let income = body::issued(cx.tx, row.id)?.map(|bill| bill.income()).unwrap_or_default();
        let subjects = vec![Subject::new(Kind::Account, row.account)];
        let late = late_back(cx, &row)?;
        let late_fee = late.as_ref().map_or(Fen::ZERO, |late| late.back.refund);
        let body = Body { account: row.account, bill: row.id, reason, income, covers: None, late };
        let covers = cover::ahead::<Self, _>(cx, row.account, &subjects, &body)?;
        let (owed_less, credit) = (row.unpaid, row.amount - row.unpaid);
        let output = Output { bill: row.id, owed_less, credit, late_fee, covered: cover::lines(covers.as_ref()) };
        Decision::write(subjects, &Body { covers, ..body }, output)
    }
}

/// A bill that is cancelled is billed again from its reading. Where that cannot be, or would be another customer's, money changes hands by
/// special handling only: of a closed account, from before this book, of an owner before the present one.
fn not_by_one_hand(cx: &Cx<'_, '_>, row: &BillRow) -> Result<(), Refusal> {
    if row.state == "held" {
        return Ok(()); // nobody owes or paid it
    }
    let Some(account) = cx.tx.account(row.account)? else { return Ok(()) };
    if account.status == CLOSED {
        return Err(Refusal::field("R-080", "bill", closed(&account.no)));
    }
    if row.kind == OPENING {
        let text = format!(
            "账单 {} 是旧系统带来的欠费，作废后没有读数可以重出，不能由一人作废；确实不该收的，请走特殊处理 V4，水量改为 0",
            row.id
        );
        return Err(Refusal::field("R-260", "bill", text));
    }
    for bill in cx.tx.bill_ancestors(account.id, row.id)? {
        if let Some(owner) = owner::of_entry(cx.tx, &account, bill.entry())? {
            let text = format!(
                "账单 {} 是过户前给 {owner} 出的，现户主是 {}：作废重出会把旧账或余款转给新户主，不能作废；账单有误请走特殊处理",
                row.cycle, account.name
            );
            return Err(Refusal::field("R-122", "bill", text));
        }
    }
    Ok(())
}

fn is_nothing(sum: &Fen) -> bool {
    *sum == Fen::ZERO
}

/// Late fee paid on a bill that comes back with it; what was waived does not.
fn late_back(cx: &Cx<'_, '_>, row: &BillRow) -> Result<Option<LateWithBill>, Refusal> {
    let known = cx.tx.get::<BillLateRow>(&[&row.account, &row.id])?;
    let charged_before = known.map_or(Fen::ZERO, |late| late.charged);
    let refund = charged_before.min(refundable(cx.tx, row.account, row.id)?);
    let Some(account) = cx.tx.account(row.account)?.filter(|_| refund > Fen::ZERO) else { return Ok(None) };
    let book = cx.shelf.prices(cx.tx)?;
    let rule = late_rule(&book, &account, row).ok().map(|(_, rule)| rule.into());
    Ok(Some(LateWithBill { back: LateFeeBack { charged_before, refund }, rule }))
}

/// The bill an input names.
pub(super) fn find_bill(cx: &Cx<'_, '_>, bill: Id, account: Option<&str>) -> Result<BillRow, Refusal> {
    let account = match account {
        Some(text) => {
            let row = cx.tx.account_of_text(text)?;
            Some(row.ok_or_else(|| Refusal::missing("account", "用户", text))?.id)
        }
        None => None,
    };
    body::find(cx.tx, bill, account)?.ok_or_else(|| Refusal::missing("bill", "账单", &bill.to_string()))
}

/// A reason as it is kept: not empty, not endless.
pub(super) fn checked_reason(text: &str) -> Result<String, Refusal> {
    let reason = text.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
        return Err(Refusal::field("reason", "reason", format!("请写明原因，最多 {MAX_REASON} 字")));
    }
    Ok(reason.to_owned())
}
