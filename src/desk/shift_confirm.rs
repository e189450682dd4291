//! `shift.confirm`: 出纳, then 会计, check a closed shift against the papers and sign, in this order and as two people.
//! Where the papers say another sum, they sign with the difference and a remark, and the next one sees it. A signature on figures that
//! changed since is given again, the cashier's first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::sign::{ShiftConfirmed, Step, of_step};
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
    /// What was paid in by the papers (缴款单); where the system has another sum, signed with a difference and a remark.
    pub deposits: Fen,
    /// 备注; needed with a difference.
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
    /// By the papers − by the system: signed with a difference (有差异) where it is not zero.
    pub difference: Fen,
    /// Over or short.
    pub over_short: Fen,
}

impl Action for ShiftConfirm {
    const NAME: &'static str = "shift.confirm";
    const SUMMARY: &'static str = "出纳、会计核对班次并签字";
    const MERGE: &'static str =
        "每一步签一次，以第一个为准；签后数字变了的重新签；次序不对、签自己经手的不算数，列为疑问";
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
        let (_, other) = of_step(&signed, step);
        if row.user == cx.actor.id || other.is_some_and(|signed| signed.actor == me) {
            return refuse("I-10", "shift", "经手的人和签了另一步的人不能签，请另一人来签".into());
        }
        let (difference, remark) = (input.deposits - row.paid_in, input.remark.trim());
        if difference != Fen::ZERO && remark.is_empty() {
            let message = format!(
                "系统里存入 {}，与单据差 {}：请核对；确有差异的，写明备注，按有差异签字",
                row.paid_in.grouped(),
                difference.grouped()
            );
            let faults = ["deposits", "remark"].map(|field| Fault::field("R-022", field, message.clone()));
            Refusal::unless_empty(faults.into())?;
        }
        if remark.chars().count() > 200 || remark.chars().any(char::is_control) {
            return refuse("R-022", "remark", "备注最多 200 字，不能换行".into());
        }
        let body = ShiftConfirmed {
            shift: row.id,
            step,
            name: cx.actor.name.clone(),
            remark: remark.to_owned(),
            difference: Some(difference).filter(|sum| *sum != Fen::ZERO),
        };
        let over_short = row.over.unwrap_or_default();
        let output = Output { shift: row.id, step, deposits: row.paid_in, difference, over_short };
        Decision::write(vec![Subject::new(Kind::Shift, row.id)], &body, output)
    }
}
