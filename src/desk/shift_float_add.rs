//! `shift.float_add`: 加备用金. Cash of the house put into an open drawer, so that there is change to give.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::{mistyped, shift};
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::ShiftFloatAdded;
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// The action.
pub struct ShiftFloatAdd;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How much, counted.
    pub amount: Fen,
    /// Where it comes from: 财务, 金库.
    #[serde(default = "finance")]
    pub from: String,
    /// 领款单 number.
    #[serde(default)]
    pub slip: String,
    /// The shift; none: one's own.
    #[serde(default)]
    pub shift: Option<Id>,
    /// A float above 5,000.00 was looked at.
    #[serde(default)]
    pub confirm: bool,
}

fn finance() -> String {
    "财务".to_owned()
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The entry, for taking it back.
    pub added: Id,
    /// The shift.
    pub shift: Id,
    /// Cash that now lies in the drawer.
    pub cash: Fen,
}

impl Action for ShiftFloatAdd {
    const NAME: &'static str = "shift.float_add";
    const SUMMARY: &'static str = "加备用金：把现金放进钱箱";
    const MERGE: &'static str = "每笔都算数；交班之后才到的，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = shift::named_or_own(cx, input.shift)?;
        let mut faults = Vec::new();
        if input.amount <= Fen::ZERO {
            faults.push(Fault::field("R-176", "amount", "加的备用金要大于零，请改正"));
        }
        let plain = |text: &str| text.chars().count() <= 40 && !text.chars().any(char::is_control);
        if input.from.trim().is_empty() || !plain(&input.from) {
            faults.push(Fault::field("R-176", "from", "请写明备用金从哪里来 (财务、金库)，最多 40 字"));
        }
        if !plain(&input.slip) {
            faults.push(Fault::field("R-176", "slip", "领款单号最多 40 字"));
        }
        Refusal::unless_empty(faults)?;
        mistyped::ask_float("加备用金", input.amount, input.confirm)?;
        let (from, slip) = (input.from.trim().to_owned(), input.slip.trim().to_owned());
        let body = ShiftFloatAdded { shift: row.id, amount: input.amount, from, slip };
        let output = Output { added: cx.next, shift: row.id, cash: row.cash + input.amount };
        Decision::write(vec![Subject::new(Kind::Shift, row.id)], &body, output)
    }
}
