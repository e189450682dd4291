//! 特殊处理申请: a request of special handling as a subject of its own — what was asked, who checked, who decided.
//!
//! Merge: a check counts once, the first; approved here and rejected there: the rejection holds until a third decision that names
//! both (`rules::adjustment::standing`). A decision by the maker or the checker, without a check, of another request, or resting
//! on a right that had ended has no effect and is an exception here. What a decision does to the account is the account's own
//! fold of the same entry.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::account::amend::AccountAmended;
use super::account::bill::{BillIssued, Income};
use super::account::cover::Covers;
use super::account::late_back::RuleSaid;
use super::cross::Cross;
use super::{DeriveError, Event, Fold, Fx, exception};
use crate::book::subject::Kind as Subjects;
use crate::rules::adjustment::standing::Decision;
use crate::rules::adjustment::{Change, Kind, Odd, Picture, Standing, State};
use crate::rules::billing::ByRegister;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::StoreError;
use crate::store::tables::adjust::RequestRow;
use crate::store::tables::base::ExceptionRow;

/// The fold of requests.
pub const FOLD: Fold = Fold {
    kind: Subjects::Request,
    tables: &[("d_request", "id")],
    knows: &[("adjustment.request", 1), ("adjustment.check", 1), ("adjustment.decide", 1)],
    apply,
};

/// A decision whose author had not the right it rests on, as the books know now: a right withdrawn elsewhere.
pub const APPROVAL_RIGHT: Cross = Cross {
    what: "approval_right",
    kind: Subjects::Request,
    holders: |tx, decision| super::approval_right::holders(tx, decision),
    several: super::approval_right::several,
    of: |tx, request| super::approval_right::of(tx, request),
};

/// Body of `adjustment.request`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct AdjustmentRequested {
    /// The account.
    pub account: Id,
    /// Which kind.
    pub kind: Kind,
    /// The bills named.
    pub bills: Vec<Id>,
    /// What is asked.
    pub change: Change,
    /// 凭据.
    pub evidence: String,
    /// 现场核实工单.
    pub order: Option<Id>,
    /// Requests whose place it takes.
    pub supersedes: Vec<Id>,
    /// Before and after.
    pub picture: Picture,
    /// Hash of the picture's canonical text, hex.
    pub picture_hash: String,
}

/// Body of `adjustment.check`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct AdjustmentChecked {
    /// The request.
    pub request: Id,
    /// Its account.
    pub account: Id,
    /// Yes or no.
    pub approve: bool,
    /// 备注.
    pub remark: String,
}

/// Body of `adjustment.decide`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct AdjustmentDecided {
    /// The request.
    pub request: Id,
    /// Its account.
    pub account: Id,
    /// Hash of the request's entry, hex.
    pub request_hash: String,
    /// Yes or no.
    pub approve: bool,
    /// 备注.
    pub remark: String,
    /// The right it rests on.
    pub right: RightUsed,
    /// Decisions it settles between.
    pub settles: Vec<Id>,
    /// What takes effect when approved.
    pub effect: Option<AdjustmentEffect>,
    /// Bills that prepaid and credit stand for after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// The right a decision rests on, as its author knew it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct RightUsed {
    /// The entry that gave it.
    pub entry: Id,
    /// The role.
    pub role: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: Option<NaiveDate>,
}

/// What an approved request does.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default, schemars::JsonSchema)]
pub struct AdjustmentEffect {
    /// Bills replaced; the n-th new bill is item n (from 1) of the entry.
    pub replace: Vec<Replacement>,
    /// The account's new price.
    pub price: Option<PriceSet>,
    /// Late fees waived.
    pub waive: Vec<WaiverGiven>,
    /// Readings that follow the volumes, when every bill was replaced.
    #[serde(default)]
    pub readings: Vec<ReadingFollows>,
    /// Facts of the customer file (D1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<AccountAmended>,
}

/// A reading that follows the volumes put right: the next bill is measured from it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct ReadingFollows {
    /// Its day …
    pub day: NaiveDate,
    /// … and its entry.
    pub reading: Id,
    /// The value seen before.
    pub seen: Milli,
    /// The right value.
    pub value: Milli,
    /// The counter passed zero before it.
    pub rollover: bool,
    /// Where each register stands (分时).
    pub registers: ByRegister,
    /// Use by register since the reading before.
    pub register_uses: ByRegister,
}

/// One bill replaced.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct Replacement {
    /// The bill that was.
    pub old: Id,
    /// Its income by component: what is taken back.
    pub income: Vec<Income>,
    /// The bill in its place.
    pub new: BillIssued,
    /// Late fee that was paid on what the bill is reduced by.
    #[serde(default)]
    pub late: Option<LateFeeBack>,
    /// Of a bill that becomes larger again after late fee had come back with a smaller one: by what it is charged that again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleSaid>,
}

/// Late fee given back because the bill it was charged on is smaller.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct LateFeeBack {
    /// Late fee charged on the bill before, as seen.
    pub charged_before: Fen,
    /// Paid before, given back as credit.
    pub refund: Fen,
}

/// The account's new price.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct PriceSet {
    /// Price class before.
    pub old_class: String,
    /// Was it confirmed before?
    pub old_confirmed: bool,
    /// Mix before.
    pub old_mix: Option<String>,
    /// Price class.
    pub class: String,
    /// Mix.
    pub mix: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// The last amendment of the price that was seen.
    pub base: Option<Id>,
}

/// One late fee waived.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct WaiverGiven {
    /// The bill.
    pub bill: Id,
    /// Late fee charged on it before, as seen.
    pub charged_before: Fen,
    /// Not charged any more.
    pub fee: Fen,
    /// Paid before, given back as credit.
    pub refund: Fen,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    match event.action() {
        "adjustment.request" => requested(fx, event),
        "adjustment.check" => checked(fx, event),
        "adjustment.decide" => decided(fx, event),
        _ => Ok(()),
    }
}

/// Reads a stored standing.
pub fn standing_of(text: &str) -> Result<Standing, DeriveError> {
    serde_json::from_str(text).map_err(|error| DeriveError::Body(error.to_string()))
}

/// Writes a standing for storing.
pub fn standing_text(standing: &Standing) -> Result<String, DeriveError> {
    serde_json::to_string(standing).map_err(|error| DeriveError::Body(error.to_string()))
}

/// The decision of an event as the standing wants it.
pub fn decision<'d>(event: &'d Event<'_>, body: &'d AdjustmentDecided, entry_hash: &str) -> Decision<'d> {
    Decision {
        entry: event.id,
        actor: &event.entry.actor,
        approve: body.approve,
        day: event.entry.business_day,
        right_from: body.right.first_day,
        right_to: body.right.last_day,
        names_request: body.request_hash == entry_hash,
        settles: &body.settles,
    }
}

/// The hash of an event's entry, hex.
pub fn entry_hash(event: &Event<'_>) -> String {
    hex(&event.entry.hash)
}

/// Bytes as hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn requested(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentRequested = event.read()?;
    if event.id != event.subject {
        return supersede(fx, event); // an older request whose place this one takes
    }
    let json = |error: serde_json::Error| DeriveError::Body(error.to_string());
    let standing = Standing::asked(event.id, &event.entry.actor);
    let bills = body.bills.iter().map(Id::to_string).collect::<Vec<_>>().join(" ");
    fx.tx.put(&RequestRow {
        id: event.subject,
        account: body.account,
        kind: body.kind.code().to_owned(),
        maker: event.entry.actor.clone(),
        day: event.entry.business_day,
        at: event.entry.at.clone(),
        state: standing.state.code().to_owned(),
        bills,
        change: serde_json::to_string(&body.change).map_err(json)?,
        evidence: body.evidence,
        site_order: body.order,
        amount: body.picture.amount,
        picture: body.picture.canonical(),
        picture_hash: body.picture_hash,
        entry_hash: entry_hash(event),
        standing: standing_text(&standing)?,
        checker: None,
        checked_at: None,
        check_remark: String::new(),
        approver: None,
        decided_day: None,
        decided_at: None,
        decide_remark: String::new(),
    })?;
    Ok(())
}

fn supersede(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.request(event.subject)? else { return Ok(()) };
    let mut standing = standing_of(&row.standing)?;
    standing.supersede();
    keep(fx, row, &standing)
}

fn checked(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentChecked = event.read()?;
    let Some(row) = fx.tx.request(event.subject)? else { return Ok(()) };
    let mut standing = standing_of(&row.standing)?;
    let odd = standing.check(event.id, &event.entry.actor, body.approve);
    let counts = standing.checker.as_ref().is_some_and(|(entry, _)| *entry == event.id);
    let row = match counts {
        true => RequestRow {
            checker: Some(event.entry.actor.clone()),
            checked_at: Some(event.entry.at.clone()),
            check_remark: body.remark,
            ..row
        },
        false => row,
    };
    note(fx, event, odd)?;
    keep(fx, row, &standing)
}

fn decided(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AdjustmentDecided = event.read()?;
    let Some(row) = fx.tx.request(event.subject)? else { return Ok(()) };
    let mut standing = standing_of(&row.standing)?;
    let before = standing.state;
    let known = standing.decisions.len();
    let (_, odd) = standing.decide(&decision(event, &body, &row.entry_hash));
    if before == State::Disputed && standing.state != State::Disputed {
        settle(fx, event)?;
    }
    let row = match standing.decisions.len() > known {
        true => {
            fx.touch(APPROVAL_RIGHT.what, &event.id.to_string());
            RequestRow {
                approver: Some(event.entry.actor.clone()),
                decided_day: Some(event.entry.business_day),
                decided_at: Some(event.entry.at.clone()),
                decide_remark: body.remark,
                ..row
            }
        }
        false => row,
    };
    note(fx, event, odd)?;
    keep(fx, row, &standing)
}

fn keep(fx: &Fx<'_, '_>, row: RequestRow, standing: &Standing) -> Result<(), DeriveError> {
    let state = standing.state.code().to_owned();
    Ok(fx.tx.put(&RequestRow { state, standing: standing_text(standing)?, ..row })?)
}

fn note(fx: &Fx<'_, '_>, event: &Event<'_>, odd: Option<Odd>) -> Result<(), StoreError> {
    let Some(odd) = odd else { return Ok(()) };
    exception::open(fx, Subjects::Request, event, odd.what, odd.first, odd.note)
}

/// A third decision closes what was approved here and rejected there.
fn settle(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), StoreError> {
    let letter = Subjects::Request.letter();
    for row in fx.tx.scan::<ExceptionRow>(&[&letter, &event.subject, &"approved_and_rejected"])? {
        exception::close(fx, row, format!("由凭单 {} 裁定", event.id))?;
    }
    Ok(())
}
