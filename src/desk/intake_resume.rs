//! `intake.resume`: a parked case is taken up again under its queue number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::intake_case::Typed;
use super::intake_park::{PLACE, queue_form};
use super::refusal::Refusal;
use crate::book::seal::Sealed;
use crate::book::subject::{Kind, Subject};
use crate::derive::order::body::IntakeResumed;
use crate::rules::id::Id;
use crate::store::tables::order::ParkedRow;

/// The action.
pub struct IntakeResume;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 排队号 it was parked under.
    pub queue: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The parked case.
    pub parked: Id,
    /// Papers that were missing.
    pub missing: String,
    /// Somebody took it up before and has not finished.
    pub resumed_before: bool,
    /// What was typed, ready for `intake.take`.
    pub draft: Typed,
}

impl Action for IntakeResume {
    const NAME: &'static str = "intake.resume";
    const SUMMARY: &'static str = "按排队号取回挂起的业务";
    const MERGE: &'static str = "取回不占用；同一件先受理的为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let queue = input.queue.trim();
        let of = |queue: &str| Ok::<_, Refusal>(cx.tx.parked_of_queue(queue)?.into_iter().next());
        let known = match of(queue)? {
            Some(known) => Some(known),
            None => of(&queue_form(queue))?,
        };
        let known = known.ok_or_else(|| Refusal::missing("queue", "挂起的业务，排队号", queue))?;
        let output = Output {
            parked: known.id,
            missing: known.missing.clone(),
            resumed_before: known.state == "resumed",
            draft: open(cx, &known)?,
        };
        let body = IntakeResumed { parked: known.id };
        Decision::write(vec![Subject::new(Kind::Order, known.id)], &body, output)
    }
}

fn open(cx: &Cx<'_, '_>, row: &ParkedRow) -> Result<Typed, Refusal> {
    let broken = || Refusal::data(format!("排队号“{}”下的内容打不开，请重新录入", row.queue));
    let sealed = Sealed::from_text(&row.draft).ok_or_else(broken)?;
    let clear = cx.keys.open_sealed(PLACE, &sealed)?;
    serde_json::from_str(&clear).map_err(|_| broken())
}
