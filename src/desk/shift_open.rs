//! `shift.open`: 开班. The change money is counted first: what the clerk's last shift had left carries over, another sum says why
//! . One open shift a clerk.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::mistyped;
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
    /// Why it is not what one's last shift had left in the drawer.
    #[serde(default)]
    pub reason: String,
    /// A float that differs by more than 5,000.00 from what was left, or of a first shift is above it, was looked at.
    #[serde(default)]
    pub confirm: bool,
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
    /// What one's last shift had left; none for a first shift.
    pub carried: Option<Fen>,
    /// 备用金 − that.
    pub difference: Fen,
}

impl Action for ShiftOpen {
    const NAME: &'static str = "shift.open";
    const SUMMARY: &'static str = "开班：清点备用金";
    const MERGE: &'static str = "各开各的班；同一人在两个网点各开一班时两班都在，各自交班";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        if let Some(open) = cx.tx.open_shift(cx.actor.id)? {
            let text = format!("您 {} 的班次 {} 还没有交班，请先交班 (R-178 日清日结)", open.day, open.no);
            return Err(Refusal::rule("R-178", text));
        }
        let carried = cx.tx.last_closed_shift(cx.actor.id)?.and_then(|shift| shift.counted);
        let difference = input.float - carried.unwrap_or(input.float);
        let reason = input.reason.trim();
        Refusal::unless_empty(faults(&input, carried, difference))?;
        match carried {
            Some(_) => mistyped::ask_float("备用金与上一班清点的相差", difference, input.confirm)?,
            None => mistyped::ask_float("备用金", input.float, input.confirm)?,
        }
        let day = cx.day;
        let no = cx.tx.shift_count(day)? + 1;
        let body = ShiftOpened {
            user: cx.actor.id,
            clerk: cx.actor.name.clone(),
            no,
            day,
            float: input.float,
            carried,
            reason: if difference == Fen::ZERO { String::new() } else { reason.to_owned() },
        };
        let output = Output { shift: cx.next, no, day, float: input.float, carried, difference };
        Decision::write(vec![Subject::new(Kind::Shift, cx.next)], &body, output)
    }
}

/// The last shift's counted cash carries over; another float says why.
fn faults(input: &Input, carried: Option<Fen>, difference: Fen) -> Vec<Fault> {
    let mut faults = Vec::new();
    let reason = input.reason.trim();
    if input.float.is_negative() {
        faults.push(Fault::field("R-176", "float", "备用金不能是负数，请重新清点"));
    } else if let Some(carried) = carried.filter(|_| difference != Fen::ZERO && reason.is_empty()) {
        let text = format!(
            "上一班交班时清点 {carried}，这次 {}，差 {difference}：请重新清点，确实不同的写明原因",
            input.float
        );
        faults.push(Fault::field("R-366", "reason", text));
    }
    if reason.chars().count() > 200 || reason.chars().any(char::is_control) {
        faults.push(Fault::field("R-366", "reason", "原因最多 200 字，不能换行"));
    }
    faults
}
