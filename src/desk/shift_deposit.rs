//! `shift.deposit`: 存入. Income is handed in promptly to the bank or to finance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::shift;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::ShiftDeposited;
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// The action.
pub struct ShiftDeposit;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How much.
    pub amount: Fen,
    /// 银行, 财务, or a bank's name.
    #[serde(default = "bank")]
    pub to: String,
    /// 缴款单 number.
    #[serde(default)]
    pub slip: String,
    /// The shift; none: one's own.
    #[serde(default)]
    pub shift: Option<Id>,
}

fn bank() -> String {
    "银行".to_owned()
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The shift.
    pub shift: Id,
    /// 存入 of the shift so far.
    pub paid_in: Fen,
    /// Cash that stays in the drawer.
    pub cash: Fen,
}

impl Action for ShiftDeposit {
    const NAME: &'static str = "shift.deposit";
    const SUMMARY: &'static str = "存入：现金交银行或财务";
    const MERGE: &'static str = "每笔存入都算数；交班之后才到的，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = shift::named_or_own(cx, input.shift)?;
        let (amount, mut faults) = (input.amount, Vec::new());
        if amount <= Fen::ZERO {
            let text = "存入金额要大于零；存错了的请冲正那一笔存入";
            faults.push(Fault::field("R-366", "amount", text));
        }
        if amount > row.cash {
            let text = format!("钱箱应有现金 {}，不够存入 {}，请核对", row.cash.grouped(), amount.grouped());
            faults.push(Fault::field("R-366", "amount", text));
        }
        if input.to.trim().is_empty() || input.to.chars().count() > 40 {
            faults.push(Fault::field("R-366", "to", "请写明存到哪里 (银行或财务)，最多 40 字"));
        }
        if input.slip.chars().count() > 40 {
            faults.push(Fault::field("R-366", "slip", "缴款单号太长，最多 40 字"));
        }
        Refusal::unless_empty(faults)?;
        let (to, slip) = (input.to.trim().to_owned(), input.slip.trim().to_owned());
        let body = ShiftDeposited { shift: row.id, amount, to, slip };
        let output = Output { shift: row.id, paid_in: row.paid_in + amount, cash: row.cash - amount };
        Decision::write(vec![Subject::new(Kind::Shift, row.id)], &body, output)
    }
}
