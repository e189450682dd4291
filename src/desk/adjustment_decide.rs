//! `adjustment.decide`: a third person approves a request, and it takes effect, or does not (R-007, R-259, R-260, I-10).
//!
//! The decision names the hash of the request it decides and the entry of the right it rests on. What takes effect is worked out
//! from the books as they are; if the picture is no longer the one that was asked for and checked, nothing is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::adjusting::{one_hand, request, who};
use super::refusal::Refusal;
use super::till::cover;
use crate::book::subject::{Kind as Subjects, Subject};
use crate::derive::account::cover::CoverLine;
use crate::derive::request::{AdjustmentDecided as Body, standing_of};
use crate::rules::adjustment::{Standing, State};
use crate::rules::id::Id;
use crate::store::tables::adjust::RequestRow;

/// The action.
pub struct AdjustmentDecide;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The request.
    pub request: Id,
    /// Approve it?
    pub approve: bool,
    /// 备注; needed when it is not approved.
    #[serde(default)]
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The request.
    pub request: Id,
    /// Where it stands now.
    pub state: String,
    /// The bills in the place of those named.
    pub bills: Vec<Rebilled>,
    /// Who made or reset the accounts concerned within 30 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Open bills that prepaid and credit now pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<CoverLine>,
}

/// A bill replaced.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Rebilled {
    /// The bill that was.
    pub old: Id,
    /// The bill in its place.
    pub new: Id,
    /// Its amount.
    pub amount: crate::rules::money::Fen,
}

impl Action for AdjustmentDecide {
    const NAME: &'static str = "adjustment.decide";
    const SUMMARY: &'static str = "特殊处理：批准或不同意";
    const MERGE: &'static str = "一处批准、一处不同意：不同意有效，已生效的撤回，直到第三张凭单写明两者再裁定；经办人、复核人自批或权限到期的批准无效，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = request::find_to_settle(cx.tx, input.request)?;
        let kind = request::kind(&row)?;
        let standing = standing_of(&row.standing).map_err(|error| Refusal::data(error.to_string()))?;
        check_people(cx, &row, &standing)?;
        let right = who::right_to_approve(cx, kind, row.amount)?;
        if let ([maker, checker, me], true) = (&people(cx, &standing)[..], input.approve) {
            one_hand::require_three_people(cx.tx, [*maker, *checker, *me], cx.at.date_naive())?;
        }
        let remark = request::remark(&input.remark, input.approve)?;
        let effect = match input.approve {
            true => {
                request::still_as_shown(cx, &row)?;
                let plan = request::plan_again(cx, &row, request::effect_day(&row, cx.day)?)?;
                if plan.picture.amount > row.amount {
                    who::right_to_approve(cx, kind, plan.picture.amount)?;
                }
                Some(plan.effect)
            }
            false => None,
        };
        let replaced = effect.iter().flat_map(|effect| &effect.replace).enumerate();
        let bills = replaced.map(|(index, one)| Rebilled {
            old: one.old,
            new: cx.next.with_item(index + 1),
            amount: one.new.amount,
        });
        let after = if input.approve { State::Approved } else { State::Rejected };
        let people = people(cx, &standing);
        let warnings = one_hand::notes(cx.tx, &people, cx.at.date_naive())?;
        let bills = bills.collect();
        let body = Body {
            request: row.id,
            account: row.account,
            request_hash: row.entry_hash.clone(),
            approve: input.approve,
            remark,
            right,
            settles: standing.decisions.iter().map(|decision| decision.entry).collect(),
            effect,
            covers: None,
        };
        let subjects = vec![Subject::new(Subjects::Request, row.id), Subject::new(Subjects::Account, row.account)];
        let covers = cover::ahead::<Self, _>(cx, row.account, &subjects, &body)?;
        let (state, covered) = (after.code().to_owned(), cover::lines(covers.as_ref()));
        let output = Output { request: row.id, state, bills, warnings, covered };
        Decision::write(subjects, &Body { covers, ..body }, output)
    }
}

/// Maker, checker and who is at the desk.
fn people(cx: &Cx<'_, '_>, standing: &Standing) -> Vec<Id> {
    let checker = standing.checker.as_ref().map(|(_, checker)| checker.as_str());
    let known = [Some(standing.maker.as_str()), checker].into_iter().flatten().filter_map(|user| user.parse().ok());
    known.chain([cx.actor.id]).collect()
}

/// The state must wait for a decision; maker, checker and approver are three people.
fn check_people(cx: &Cx<'_, '_>, row: &RequestRow, standing: &Standing) -> Result<(), Refusal> {
    let me = cx.actor.id.to_string();
    let refuse = |message: String| Err(Refusal::field("R-007", "request", message));
    if standing.maker == me {
        return refuse("自己经办的申请不能自己批准，请由有权限的第三人批准".into());
    }
    let Some((_, checker)) = standing.checker.as_ref().filter(|_| standing.state != State::Asked) else {
        return refuse(format!("申请 {} 还没有复核，复核后再批", row.id));
    };
    if *checker == me {
        return refuse("自己复核的申请不能自己批准，请由有权限的第三人批准".into());
    }
    if !matches!(standing.state, State::Checked | State::Disputed) {
        let message = format!("申请 {} {}，不能再批", row.id, standing.state.label());
        return Err(Refusal::field("R-259", "request", message));
    }
    Ok(())
}
