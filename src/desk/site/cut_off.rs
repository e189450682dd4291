//! `site.cut_off`: the hour after midnight until which a shift of the day before goes on; then money and readings wait for its close
//! . 04:00 unless set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::subject::{Kind, Subject};
use crate::derive::site::{self, SiteCutOff as Body};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::rules::business_day;

/// The action.
pub struct SiteCutOff;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The hour, `04:00`; `00:00` to `12:00`.
    pub hour: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The hour before.
    pub before: String,
    /// The hour from now on.
    pub hour: String,
}

impl Action for SiteCutOff {
    const NAME: &'static str = "site.cut_off";
    const SUMMARY: &'static str = "设定本网点营业日截止的钟点 (不设为 04:00)";
    const MERGE: &'static str = "只有本网点自己能设，以后一次为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let Some(minutes) = business_day::read(&input.hour) else {
            return Err(Refusal::field("R-178", "hour", "截止钟点应为 00:00 到 12:00，如 04:00"));
        };
        refuse_unborn(cx, minutes)?;
        let before = cx.tx.own_record()?.map_or(business_day::USUAL_CUT_OFF, |row| row.cut_off);
        let subject = Subject::new(Kind::Site, site::subject_of(cx.site));
        let output = Output { before: business_day::word(before), hour: business_day::word(minutes) };
        Decision::write(vec![subject], &Body { minutes }, output)
    }
}

/// A till that is open never stands in a day that by the new hour has not begun: there would be two business days in one minute.
fn refuse_unborn(cx: &Cx<'_, '_>, minutes: i64) -> Result<(), Refusal> {
    let day = business_day::of(cx.at.naive_local(), minutes);
    match cx.tx.open_shifts(cx.tx.own()?)?.into_iter().find(|shift| shift.day > day) {
        None => Ok(()),
        Some(shift) => {
            let (hour, clerk, no) = (business_day::word(minutes), &shift.clerk, shift.no);
            let text = format!(
                "按 {hour} 截止，现在还是 {day}，而 {clerk} 的班次 {no} 已是 {} 的：请先交班，或过了 {hour} 再改",
                shift.day
            );
            Err(Refusal::field("R-178", "hour", text))
        }
    }
}
