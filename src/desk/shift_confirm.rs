//! `shift.confirm`: 出纳, then 会计, check a closed shift against the papers and sign, in this order and as two people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::sign::{ShiftConfirmed, Step};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::ShiftSignRow;

/// The right to sign as 出纳.
pub const CASHIER: &str = "shift.confirm.cashier";
/// The right to sign as 会计.
pub const ACCOUNTANT: &str = "shift.confirm.accountant";

/// The action.
pub struct ShiftConfirm;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The shift.
    pub shift: Id,
    /// What was paid in by the papers (缴款单): must be what the system has.
    pub deposits: Fen,
    /// 备注.
    #[serde(default)]
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The shift.
    pub shift: Id,
    /// As whom it was signed.
    pub step: Step,
    /// 存入.
    pub deposits: Fen,
    /// Over or short.
    pub over_short: Fen,
}

impl Action for ShiftConfirm {
    const NAME: &'static str = "shift.confirm";
    const SUMMARY: &'static str = "出纳、会计核对班次并签字";
    const MERGE: &'static str = "每一步签一次，以第一个为准；次序不对、签自己经手的不算数，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = cx.tx.shift(input.shift)?;
        let row = row.ok_or_else(|| Refusal::missing("shift", "班次", &input.shift.to_string()))?;
        let refuse = |rule: &str, field: &str, message: String| Err(Refusal::field(rule, field, message));
        if row.state != "closed" {
            return refuse("R-022", "shift", format!("{} 的班次 {} 还没有交班，不能签字", row.clerk, row.no));
        }
        let signed = cx.tx.scan::<ShiftSignRow>(&[&row.id])?;
        let Some(step) = Step::after(&signed) else {
            return refuse("R-022", "shift", format!("{} 的班次 {} 已由出纳和会计签字", row.clerk, row.no));
        };
        cx.rights.require(match step {
            Step::Cashier => CASHIER,
            Step::Accountant => ACCOUNTANT,
        })?;
        let me = cx.actor.id.to_string();
        if row.user == cx.actor.id || signed.iter().any(|signed| signed.actor == me) {
            return refuse("I-10", "shift", "经手或签过字的人不能再签，请另一人来签".into());
        }
        if input.deposits != row.paid_in {
            let message = format!("系统里存入 {}，与单据不符，请核对后再签", row.paid_in.grouped());
            return refuse("R-022", "deposits", message);
        }
        if input.remark.chars().count() > 200 {
            return refuse("R-022", "remark", "备注太长，最多 200 字".into());
        }
        let body =
            ShiftConfirmed { shift: row.id, step, name: cx.actor.name.clone(), remark: input.remark.trim().to_owned() };
        let over_short = row.over.unwrap_or_default();
        let output = Output { shift: row.id, step, deposits: row.paid_in, over_short };
        Decision::write(vec![Subject::new(Kind::Shift, row.id)], &body, output)
    }
}
