//! `swap.send_back`: a slip without its account number, or against the rules, goes back to the swap desk with a reason
//! . The ledger of returns keeps it until it comes again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts;
use crate::book::subject::{Kind, Subject};
use crate::derive::slip::SlipSentBack as Body;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::bill_cancel::checked_reason;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::tables::slip::SlipState;

/// The action.
pub struct SwapSendBack;

/// What is typed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 单号 or name of the slip.
    pub slip: String,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The slip.
    pub slip: Id,
}

impl Action for SwapSendBack {
    const NAME: &'static str = "swap.send_back";
    const SUMMARY: &'static str = "退回拆换单";
    const MERGE: &'static str = "退两次记两条；一处退回、一处已入账的，以入账为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let slip = facts::find(cx.tx, &input.slip)?;
        let reason = checked_reason(&input.reason)
            .map_err(|_| Refusal::field("R-266", "reason", "退回须写明原因，最多 200 字"))?;
        if slip.state != SlipState::Waiting {
            return Err(Refusal::field("R-266", "slip", format!("拆换单 {} {}，不能退回", slip.no, slip.state)));
        }
        Decision::write(vec![Subject::new(Kind::Slip, slip.id)], &Body { reason }, Output { slip: slip.id })
    }
}
