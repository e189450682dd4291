//! `intake.park` (F9): a case is put aside under its queue number while the customer fetches a paper. What was typed stands
//! sealed in the entry, so it survives a power cut, and nobody reads it in the day book.

use schemars::JsonSchema;
use serde::Serialize;

use super::action::{Action, Cx, Decision};
use super::intake_case::Typed;
use super::intake_take;
use super::intake_talk;
use super::refusal::Refusal;
use crate::book::seal::Sealed;
use crate::book::subject::{Kind, Subject};
use crate::derive::order::body::IntakeParked;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::tables::order::ParkedRow;
use crate::text::width::half_width;

/// The action.
pub struct IntakePark;

/// Where a sealed draft belongs.
pub(super) const PLACE: &str = "draft";
/// Longest queue number.
const LONGEST_QUEUE: usize = 20;

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The parked case.
    pub parked: Id,
    /// The queue number it is found by.
    pub queue: String,
    /// Papers still to bring.
    pub missing: Vec<String>,
    /// The slip of papers to bring, to be printed.
    pub slip: String,
    /// What to say.
    pub line: String,
}

impl Action for IntakePark {
    const NAME: &'static str = "intake.park";
    const SUMMARY: &'static str = "挂起一件业务：用户去补资料，按排队号取回";
    const MERGE: &'static str = "各网点的挂起互不相干；同一件先取走受理的为准";
    type Input = Typed;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, mut input: Typed) -> Result<Decision<Output>, Refusal> {
        let case = intake_take::resolve(cx, &input, true)?;
        let queue = queue_number(cx, input.queue.as_deref().unwrap_or_default())?;
        let known = free_place(cx.tx, &queue, &case.service().code, input.account.as_deref())?;
        let parked = known.map_or(cx.next, |row| row.id);
        input.queue = Some(queue.clone());
        input.papers = case.case.papers.iter().cloned().collect();
        input.situations = case.case.situations.iter().cloned().collect();
        input.fields = case.case.fields.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let calendar = intake_take::calendar(cx)?;
        let verdict = case.service().judge(&case.case, &case.loaded.catalogue.common, &*calendar);
        let missing: Vec<String> = verdict.missing.iter().map(|paper| paper.label()).collect();
        let typed = serde_json::to_string(&input).map_err(|error| Refusal::data(error.to_string()))?;
        let body = IntakeParked {
            parked,
            queue: queue.clone(),
            service: case.service().code.clone(),
            account: case.account.as_ref().map(|row| row.id),
            missing: missing.clone(),
            // The last characters of a sealed number are shown; those of a draft are nobody's business.
            draft: Sealed { tail: String::new(), ..cx.keys.seal(PLACE, &typed)? }.to_text(),
        };
        let talk = intake_talk::talk(&case, &verdict, None);
        let slip = intake_talk::bring_back_slip(&case, &verdict, &queue);
        let line = if missing.is_empty() { String::new() } else { intake_talk::missing_line(&talk, &verdict) };
        let output = Output { parked, queue, missing, slip, line };
        Decision::write(vec![Subject::new(Kind::Order, parked)], &body, output)
    }
}

/// A queue number as it is kept and looked for, however it was typed: `a12` and `Ａ12` are `A12`.
pub fn queue_form(typed: &str) -> String {
    half_width(typed).trim().to_uppercase()
}

fn queue_number(cx: &Cx<'_, '_>, said: &str) -> Result<String, Refusal> {
    let said = queue_form(said);
    if said.is_empty() {
        return Ok(format!("挂{}", cx.next.seq()));
    }
    if said.chars().count() > LONGEST_QUEUE || said.chars().any(char::is_control) {
        return Err(Refusal::field("R-095", "queue", format!("排队号最多 {LONGEST_QUEUE} 个字，请重输")));
    }
    Ok(said)
}

/// A queue number holds one case: the same one parked again, or none.
fn free_place(tx: &Tx<'_>, queue: &str, service: &str, account: Option<&str>) -> Result<Option<ParkedRow>, Refusal> {
    let Some(known) = tx.parked_of_queue(queue)?.into_iter().next() else { return Ok(None) };
    let account = account.map(|text| tx.account_of_text(text)).transpose()?.flatten().map(|row| row.id);
    if known.state == "resumed" || (known.service == service && known.account == account) {
        return Ok(Some(known));
    }
    let what = format!("排队号“{queue}”下已挂起一件，请先取回它，或换一个号");
    Err(Refusal::field("R-095", "queue", what))
}
