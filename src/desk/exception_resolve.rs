//! `exception.resolve`: an exception (疑问) is decided and closed, with the reason. Of two amendments without automatic winner one
//! is chosen to stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::view_exceptions;
use crate::derive::exception::{ExceptionResolved as Body, Place};
use crate::derive::shift::sign::CHANGED;
use crate::rules::id::Id;
use crate::store::tables::till::ShiftSignRow;

/// The action.
pub struct ExceptionResolve;

/// Longest decision and reason.
const MAX_WORDS: usize = 200;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Printed number of the exception.
    pub exception: String,
    /// How it is decided.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Of two amendments (bank, ID, price class): the entry that stands. The old value stays when it is left out.
    #[serde(default)]
    pub keep: Option<Id>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The exception.
    pub exception: String,
    /// Now.
    pub state: String,
}

impl Action for ExceptionResolve {
    const NAME: &'static str = "exception.resolve";
    const SUMMARY: &'static str = "裁定疑问";
    const MERGE: &'static str = "先到的裁定有效，后到的只留记录；又有新的一方卷入时重新打开";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let mut faults = Vec::new();
        let decision = words("decision", "怎么处理", &input.decision, &mut faults);
        let reason = words("reason", "理由", &input.reason, &mut faults);
        Refusal::unless_empty(faults)?;
        let view = view_exceptions::find(cx.tx, &input.exception)?;
        if let Some(keep) = input.keep {
            if !view.choice {
                return Err(Refusal::field("exception", "keep", "这个疑问不是二选一，请去掉 keep"));
            }
            if !view.sides.iter().any(|side| side.id == keep) {
                return Err(Refusal::field("exception", "keep", format!("凭单 {keep} 不是这个疑问的一方")));
            }
        }
        refuse_unsigned(cx, &view.place)?;
        let output = Output { exception: view.exception, state: "resolved".to_owned() };
        let subjects = view.place.subjects();
        Decision::write(subjects, &Body { place: view.place, decision, reason, keep: input.keep }, output)
    }
}

/// Signatures on figures that changed are given again; no word of another takes their place.
fn refuse_unsigned(cx: &Cx<'_, '_>, place: &Place) -> Result<(), Refusal> {
    let Place::Inside { subject, what, .. } = place else { return Ok(()) };
    if what != CHANGED {
        return Ok(());
    }
    let signed = cx.tx.scan::<ShiftSignRow>(&[subject])?;
    let marked: Vec<&str> = signed.iter().filter(|row| row.changed.is_some()).map(|row| row.step.as_str()).collect();
    if marked.is_empty() {
        return Ok(());
    }
    let what = format!("请由{}到“班次签字”核对改后的数字，重新签字；签完这条疑问自行了结", marked.join("、"));
    Err(Refusal::field("R-022", "exception", what))
}

fn words(field: &str, name: &str, text: &str, faults: &mut Vec<Fault>) -> String {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_WORDS || text.chars().any(char::is_control) {
        faults.push(Fault::field("exception", field, format!("请写明{name}，最多 {MAX_WORDS} 字")));
    }
    text.to_owned()
}
