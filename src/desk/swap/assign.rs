//! `swap.assign`: slips are shared out to a clerk for entry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts;
use super::task::clerk;
use crate::book::subject::{Kind, Subject};
use crate::derive::slip::SwapAssigned as Body;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::store::tables::slip::SlipState;

/// The action.
pub struct SwapAssign;

/// Slips one sharing may name.
const MOST: usize = 500;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 单号 or names of the slips.
    pub slips: Vec<String>,
    /// Login of the clerk.
    pub clerk: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How many were given.
    pub given: usize,
}

impl Action for SwapAssign {
    const NAME: &'static str = "swap.assign";
    const SUMMARY: &'static str = "分配拆换单给录入员";
    const MERGE: &'static str = "同一张单分给两人，以后分的为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        if input.slips.is_empty() || input.slips.len() > MOST {
            return Err(Refusal::field("input", "slips", format!("请选 1 到 {MOST} 张拆换单")));
        }
        let clerk = clerk(cx.tx, &input.clerk)?;
        let mut subjects = Vec::with_capacity(input.slips.len());
        for text in &input.slips {
            let slip = facts::find(cx.tx, text)?;
            if slip.state == SlipState::Entered {
                return Err(Refusal::field("R-265", "slips", format!("拆换单 {} 已入账，不用再分", slip.no)));
            }
            subjects.push(Subject::new(Kind::Slip, slip.id));
        }
        subjects.sort_unstable();
        subjects.dedup();
        let given = subjects.len();
        Decision::write(subjects, &Body { clerk }, Output { given })
    }
}
