//! `swap.number_found`: the swap desk has found the account number of a slip that went back; it waits for its entry again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts;
use crate::book::subject::{Kind, Subject};
use crate::derive::slip::SlipNumberFound as Body;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::tables::slip::SlipState;

/// The action.
pub struct SwapNumberFound;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 单号 or name of the slip.
    pub slip: String,
    /// 户号.
    pub account: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The slip.
    pub slip: Id,
    /// The account.
    pub account: Id,
}

impl Action for SwapNumberFound {
    const NAME: &'static str = "swap.number_found";
    const SUMMARY: &'static str = "补上拆换单的户号";
    const MERGE: &'static str = "两处各补一个户号，以后补的为准；已入账的不再改";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let slip = facts::find(cx.tx, &input.slip)?;
        if slip.state == SlipState::Entered {
            return Err(Refusal::field("R-266", "slip", format!("拆换单 {} 已入账，不能再改户号", slip.no)));
        }
        let account = cx.tx.account_of_text(&input.account)?;
        let account = account.ok_or_else(|| Refusal::missing("account", "用户", &input.account))?;
        let wall = cx.tx.meter_on_wall(account.id)?;
        if !slip.old_meter.is_empty() && wall.as_ref().is_none_or(|meter| meter.no != slip.old_meter) {
            let hangs = wall.map_or_else(|| "没有表".to_owned(), |meter| format!("装的是 {}", meter.no));
            let message = format!("单上旧表号 {}，该户{hangs}，请再核实户号", slip.old_meter);
            return Err(Refusal::field("R-266", "account", message));
        }
        let output = Output { slip: slip.id, account: account.id };
        let body = Body { account: account.id, account_no: account.no };
        Decision::write(vec![Subject::new(Kind::Slip, slip.id)], &body, output)
    }
}
