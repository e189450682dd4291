//! `shift.deposit_reverse`: a deposit that was not made so, or 备用金 that was not added so, is taken back in its shift, with a reason
//! . Nothing is deleted; the counter-entry names what it reverses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::bill_cancel::checked_reason;
use super::refusal::Refusal;
use super::till::{find, shift};
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::ShiftDepositReversed;
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// The action.
pub struct ShiftDepositReverse;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The entry of the deposit, or of the 备用金 added.
    pub deposit: Id,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The entry reversed.
    pub deposit: Id,
    /// The shift.
    pub shift: Id,
    /// How much it was.
    pub amount: Fen,
    /// 存入 of the shift that stays.
    pub paid_in: Fen,
    /// Cash that now must lie in the drawer.
    pub cash: Fen,
}

impl Action for ShiftDepositReverse {
    const NAME: &'static str = "shift.deposit_reverse";
    const SUMMARY: &'static str = "冲正一笔存入或备用金，写明原因";
    const MERGE: &'static str = "一笔只冲正一次，以第一次为准，第二次不生效，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let known = find::movement(cx.tx, &input.deposit.to_string())?.filter(|row| row.is_of_the_house());
        let row = known.ok_or_else(|| Refusal::missing("deposit", "存入或备用金", &input.deposit.to_string()))?;
        let reason = checked_reason(&input.reason)?;
        if row.reverses.is_some() {
            return Err(Refusal::field("I-11", "deposit", "这一笔本身是冲正，不能再冲；请重新存入"));
        }
        if let Some(by) = row.reversed_by {
            return Err(Refusal::field("I-11", "deposit", format!("这一笔已由 {by} 冲正，不能再冲")));
        }
        let shift = shift::named_or_own(cx, Some(row.shift))?;
        let body = ShiftDepositReversed { shift: shift.id, reverses: row.id, reason };
        let is_deposit = row.kind == "deposit";
        let output = Output {
            deposit: row.id,
            shift: shift.id,
            amount: row.amount.abs(),
            paid_in: if is_deposit { shift.paid_in + row.amount } else { shift.paid_in },
            cash: shift.cash - row.amount,
        };
        Decision::write(vec![Subject::new(Kind::Shift, shift.id)], &body, output)
    }
}
