//! `calendar.put`: a year of the State Council's calendar (节假日安排) is loaded from a file. An uncovered year is refused
//! everywhere; a year may be replaced, as the State Council has changed one after its publication.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::tariff_put::{check_size, file_name, refusal_of};
use crate::book::subject::{Kind, Subject};
use crate::derive::tariff::CalendarPut as Body;
use crate::rules::calendar;
use crate::rules::id::Id;

/// The action.
pub struct CalendarPut;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The year's file (TOML), whole.
    pub text: String,
    /// Name of the file, for messages.
    #[serde(default)]
    pub file: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The year's record: the entry that first loaded it.
    pub calendar: Id,
    /// The year.
    pub year: i32,
    /// The same text stood already: nothing was written.
    pub already: bool,
}

impl Action for CalendarPut {
    const NAME: &'static str = "calendar.put";
    const SUMMARY: &'static str = "载入工作日历";
    const MERGE: &'static str = "同一年在一处重载，以后来的为准；两处各自载入而内容不同的列为疑问：各网点先用总部的，再用自己的；总部重载即归为一致";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let name = file_name(&input.file, "calendar.toml");
        check_size("text", &input.text)?;
        let (year, _) = calendar::read(&name, &input.text).map_err(|faults| refusal_of(&faults))?;
        let known: Vec<_> = cx.tx.calendars()?.into_iter().filter(|row| row.year == i64::from(year)).collect();
        if let Some(first) = known.first().filter(|_| known.iter().all(|row| row.text == input.text)) {
            return Ok(Decision::answer(Output { calendar: first.id, year, already: true }));
        }
        // A branch replaces its own year only: the head office's and other branches' are theirs.
        let seen = cx.tx.seen()?;
        let mine = known.iter().filter(|row| seen.holds(row.id));
        let mut subjects: Vec<Subject> = mine.map(|row| Subject::new(Kind::Calendar, row.id)).collect();
        if subjects.is_empty() {
            subjects.push(Subject::new(Kind::Calendar, cx.next));
        }
        let output = Output { calendar: subjects[0].id, year, already: false };
        Decision::write(subjects, &Body { year: i64::from(year), file: name, text: input.text }, output)
    }
}
