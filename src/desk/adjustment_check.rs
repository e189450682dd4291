//! `adjustment.check`: a second person looks at a request's picture and its evidence, and passes it on or sends it back (R-007,
//!

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::adjusting::{one_hand, request, who};
use super::refusal::Refusal;
use crate::book::subject::{Kind as Subjects, Subject};
use crate::derive::request::AdjustmentChecked as Body;
use crate::rules::adjustment::State;
use crate::rules::id::Id;

/// The action.
pub struct AdjustmentCheck;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The request.
    pub request: Id,
    /// Pass it on?
    pub approve: bool,
    /// 备注; needed when it is sent back.
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
    /// Who made or reset the accounts concerned within 30 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Action for AdjustmentCheck {
    const NAME: &'static str = "adjustment.check";
    const SUMMARY: &'static str = "特殊处理：复核";
    const MERGE: &'static str = "先到的复核有效；结果不同的第二次复核列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = request::find_to_settle(cx.tx, input.request)?;
        let kind = request::kind(&row)?;
        let state = request::state(&row)?;
        if state != State::Asked {
            return Err(Refusal::field("R-259", "request", format!("申请 {} {}，不能复核", row.id, state.label())));
        }
        if row.maker == cx.actor.id.to_string() {
            return Err(Refusal::field("R-007", "request", "自己经办的申请不能自己复核，请另一位同事复核"));
        }
        who::require_check(cx, kind, row.amount)?;
        let remark = request::remark(&input.remark, input.approve)?;
        if input.approve {
            request::still_as_shown(cx, &row)?;
        }
        let after = if input.approve { State::Checked } else { State::Returned };
        let people: Vec<Id> = row.maker.parse().ok().into_iter().chain([cx.actor.id]).collect();
        let warnings = one_hand::notes(cx.tx, &people, cx.at.date_naive())?;
        let output = Output { request: row.id, state: after.code().to_owned(), warnings };
        let body = Body { request: row.id, account: row.account, approve: input.approve, remark };
        let subjects = vec![Subject::new(Subjects::Request, row.id), Subject::new(Subjects::Account, row.account)];
        Decision::write(subjects, &body, output)
    }
}
