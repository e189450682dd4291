//! `adjustment.preview`: before and after, side by side, step by step; nothing is written.

use schemars::JsonSchema;
use serde::Serialize;

use super::action::{Action, Cx, Decision};
use super::adjusting::{Ask, Plan, plan, who};
use super::refusal::Refusal;
use crate::rules::adjustment::Kind;
use crate::rules::adjustment::Picture;

/// The action.
pub struct AdjustmentPreview;

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Before and after.
    pub picture: Picture,
    /// Hash of the picture: give it as `seen` with the request.
    pub hash: String,
    /// Posts that check.
    pub check: Vec<String>,
    /// Posts that approve.
    pub approve: Vec<String>,
}

impl Action for AdjustmentPreview {
    const NAME: &'static str = "adjustment.preview";
    const SUMMARY: &'static str = "特殊处理：看改前改后，不写凭单";
    const MERGE: &'static str = "不写凭单";
    type Input = Ask;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Ask) -> Result<Decision<Output>, Refusal> {
        let case = input.meant(cx.tx, cx.day, true)?;
        let plan = plan(cx.tx, &*cx.shelf.prices(cx.tx)?, &case, cx.day)?;
        Ok(Decision::answer(shown(case.kind, plan)?))
    }
}

/// The picture with who checks and approves it.
pub fn shown(kind: Kind, plan: Plan) -> Result<Output, Refusal> {
    let level = who::level(kind, plan.picture.amount)?;
    Ok(Output {
        hash: plan.hash(),
        check: who::titles(&level.check),
        approve: who::titles(&level.approve),
        picture: plan.picture,
    })
}
