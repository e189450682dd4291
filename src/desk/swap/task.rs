//! `swap.task`: a swap slip is taken in from the swap desk and given to a clerk for entry. It may lack its account number:
//! then it waits to be sent back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SlipInput;
use crate::book::subject::{Kind, Subject};
use crate::derive::slip::SwapTask as Body;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::id::Id;
use crate::store::Tx;

/// The action.
pub struct SwapTask;

/// What is typed.
#[derive(Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What stands on the slip.
    pub slip: SlipInput,
    /// Login of the clerk it goes to.
    pub clerk: Option<String>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The slip.
    pub slip: Id,
    /// Its account is not known: it goes back to the swap desk.
    pub without_account: bool,
}

impl Action for SwapTask {
    const NAME: &'static str = "swap.task";
    const SUMMARY: &'static str = "收下拆换单并分配";
    const MERGE: &'static str = "各收各的；单号在本网点内唯一，同一网点两次启用各收一张的，列为疑问，先录入的有效";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let mut faults = input.slip.faults();
        let no = input.slip.slip.trim();
        if no.is_empty() {
            faults.push(Fault::field("R-265", "slip", "拆换单没有单号，请补上"));
        }
        Refusal::unless_empty(faults)?;
        let own = cx.tx.own()?;
        if let Some(known) = cx.tx.slips_of_no(no)?.iter().find(|slip| own.holds(slip.id)) {
            let message = format!("拆换单 {no} 已收过 ({}，{})，不再收第二次", known.id, known.state);
            return Err(Refusal::field("R-265", "slip", message));
        }
        let named = input.slip.account.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let account = match named {
            Some(text) => {
                let row = cx.tx.account_of_text(text)?;
                Some(row.ok_or_else(|| Refusal::missing("account", "用户", text))?.id)
            }
            None => None,
        };
        let clerk = input.clerk.as_deref().map(|login| clerk(cx.tx, login)).transpose()?;
        let body = Body { slip: input.slip.facts(account), clerk };
        let output = Output { slip: cx.next, without_account: account.is_none() };
        Decision::write(vec![Subject::new(Kind::Slip, cx.next)], &body, output)
    }
}

/// A user who can be given slips, by login name.
pub(super) fn clerk(tx: &Tx<'_>, login: &str) -> Result<Id, Refusal> {
    let user = tx.user_at_desk(login.trim())?.filter(|user| user.active);
    user.map(|user| user.id).ok_or_else(|| Refusal::missing("clerk", "录入员", login))
}
