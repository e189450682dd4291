//! `shift.open`: 开班. The change money is counted first; one open shift a clerk.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::ShiftOpened;
use crate::rules::id::Id;
use crate::rules::money::Fen;

/// The action.
pub struct ShiftOpen;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 备用金, counted.
    pub float: Fen,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The new shift.
    pub shift: Id,
    /// 班次 of the day.
    pub no: i64,
    /// 营业日.
    pub day: NaiveDate,
    /// 备用金.
    pub float: Fen,
}

impl Action for ShiftOpen {
    const NAME: &'static str = "shift.open";
    const SUMMARY: &'static str = "开班：清点备用金";
    const MERGE: &'static str = "各开各的班；同一人在两个网点各开一班时两班都在，各自交班";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        if input.float.is_negative() {
            return Err(Refusal::field("R-176", "float", "备用金不能是负数，请重新清点"));
        }
        if let Some(open) = cx.tx.open_shift(cx.actor.id)? {
            let text = format!("您 {} 的班次 {} 还没有交班，请先交班 (R-178 日清日结)", open.day, open.no);
            return Err(Refusal::rule("R-178", text));
        }
        let day = cx.at.date_naive();
        let no = cx.tx.shift_count(day)? + 1;
        let body = ShiftOpened { user: cx.actor.id, clerk: cx.actor.name.clone(), no, day, float: input.float };
        let output = Output { shift: cx.next, no, day, float: input.float };
        Decision::write(vec![Subject::new(Kind::Shift, cx.next)], &body, output)
    }
}
