//! `adjustment.request`: a special handling is asked for, with its evidence and its picture (R-248 … ).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::adjusting::ask::Meant;
use super::adjusting::{Ask, plan, who};
use super::refusal::Refusal;
use crate::book::subject::{Kind as Subjects, Subject};
use crate::derive::request::AdjustmentRequested as Body;
use crate::rules::adjustment::{Change, Picture, State};
use crate::rules::id::Id;

/// The action.
pub struct AdjustmentRequest;

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The request.
    pub request: Id,
    /// Before and after.
    pub picture: Picture,
    /// Hash of the picture.
    pub hash: String,
    /// Posts that check.
    pub check: Vec<String>,
    /// Posts that approve.
    pub approve: Vec<String>,
    /// Own requests whose place it takes.
    pub supersedes: Vec<Id>,
}

impl Action for AdjustmentRequest {
    const NAME: &'static str = "adjustment.request";
    const SUMMARY: &'static str = "特殊处理：提出申请";
    const MERGE: &'static str = "申请各自独立；同一账单的两份申请先批准的有效，后批准的列为疑问";
    type Input = Ask;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Ask) -> Result<Decision<Output>, Refusal> {
        let case = input.meant(cx.tx, cx.day, false)?;
        let plan = plan(cx.tx, &*cx.shelf.prices(cx.tx)?, &case, cx.day)?;
        let hash = plan.hash();
        if input.seen.as_deref().is_some_and(|seen| seen != hash) {
            return Err(Refusal::stale("看过之后这一户的情况变了，请按新的样子核对后再提交"));
        }
        let supersedes = own_open(cx, &case)?;
        let level = who::level(case.kind, plan.picture.amount)?;
        let output = Output {
            request: cx.next,
            picture: plan.picture.clone(),
            hash: hash.clone(),
            check: who::titles(&level.check),
            approve: who::titles(&level.approve),
            supersedes: supersedes.clone(),
        };
        let mut subjects =
            vec![Subject::new(Subjects::Request, cx.next), Subject::new(Subjects::Account, case.account.id)];
        subjects.extend(supersedes.iter().map(|id| Subject::new(Subjects::Request, *id)));
        let body = Body {
            account: case.account.id,
            kind: case.kind,
            bills: case.bills,
            change: case.change,
            evidence: case.evidence,
            order: case.order,
            supersedes,
            picture: plan.picture,
            picture_hash: hash,
        };
        Decision::write(subjects, &body, output)
    }
}

/// Open requests on the same bills or, of prices and of the file, on the same account: the maker's own give way to this one, anybody else's stand
/// in its way.
fn own_open(cx: &Cx<'_, '_>, case: &Meant) -> Result<Vec<Id>, Refusal> {
    let mut own = Vec::new();
    let is_price = matches!(case.change, Change::Price { .. });
    let is_file = matches!(case.change, Change::File(_));
    for row in cx.tx.requests_of(case.account.id)? {
        let state = State::of(&row.state).filter(|state| state.is_open());
        let bills = row.bills.split(' ').filter_map(|text| text.parse::<Id>().ok());
        let meets = bills.into_iter().any(|bill| case.bills.contains(&bill));
        let both_prices = is_price && row.kind.starts_with('P');
        let both_file = is_file && row.kind.starts_with('D');
        let Some(state) = state.filter(|_| meets || both_prices || both_file) else { continue };
        if row.maker == cx.actor.id.to_string() && state != State::Disputed {
            own.push(row.id);
        } else {
            let message = format!("已有在办的申请 {} ({} {})，请等它办结", row.id, row.kind, state.label());
            return Err(Refusal::field("R-264", "bills", message));
        }
    }
    Ok(own)
}
