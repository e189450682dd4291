//! `clock.confirm`: head office found this branch's clock off by more than five minutes, or the clock stands long after the last entry;
//! the director has looked at it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reason;
use crate::book::append::Head;
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{ClockConfirmed, subject_of};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::clock_jump;
use crate::desk::refusal::Refusal;
use crate::exchange::peers;

/// The action.
pub struct ClockConfirm;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What was found and done.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// How far off it was, in milliseconds; negative: behind. How long after the last entry, when that was the doubt.
    pub clock_ahead_ms: i64,
}

impl Action for ClockConfirm {
    const NAME: &'static str = "clock.confirm";
    const SUMMARY: &'static str = "确认本机时钟 (总部发现相差五分钟以上，或日期离最后一笔太远)";
    const MERGE: &'static str = "确认写明是总部哪一次发现的；之后再发现，再提示";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let off = peers::own_enrolment(cx.tx)?.filter(|row| !row.clock_confirmed);
        let said = off.and_then(|row| Some((Some(row.clock_said?), row.clock_ahead_ms)));
        let jumped = clock_jump::last_before_jump(cx.tx, &Head::read(cx.tx)?, cx.at)?;
        let jumped = jumped.map(|last| (None, (cx.at - last).num_milliseconds()));
        let Some((said, clock_ahead_ms)) = said.or(jumped) else {
            return Err(Refusal::rule("clock", "总部没有说本机时钟不准，日期也没有离最后一笔太远，无需确认"));
        };
        let body = ClockConfirmed { said, clock_ahead_ms, reason: reason(cx, &input.reason)? };
        let subject = Subject::new(Kind::Site, subject_of(cx.site));
        Decision::write(vec![subject], &body, Output { clock_ahead_ms })
    }
}
