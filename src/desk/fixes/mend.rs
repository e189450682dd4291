//! `import.mend`: cells of a row are corrected and the row is judged again as if it came in anew; without corrections it is simply
//! judged again, for what was missing may be on file now.
//!
//! a clerk never edits a reading. Value, registers and date of a reading are typed anew only when the reader went back
//! and read again: the reader is named, is not the clerk, and stands in the reading; it then is one read by a person, whatever the
//! file was.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Again, Fit, Said, close_older, decide, kept, notes, require_open, write};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::import::Cell;
use crate::desk::reading_enter;
use crate::desk::refusal::{Fault, Refusal};
use crate::inbound::judge::{Disposition, Kind};
use crate::inbound::layout::column_of;
use crate::rules::id::Id;
use crate::rules::sealed_use::SealedUse;

/// The action.
pub struct ImportMend;

/// Longest cell.
const LONGEST: usize = 400;

/// What is typed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file, by its run.
    pub file: Id,
    /// The line.
    pub line: i64,
    /// Heading → the right value.
    #[serde(default)]
    pub cells: BTreeMap<String, String>,
    /// A held row goes in nevertheless.
    #[serde(default)]
    pub confirm: bool,
    /// 复抄人: who read again, when value or date of a reading are typed anew.
    #[serde(default)]
    pub reread_by: String,
    /// How a sealed meter came to run, as for `reading.enter`.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The entry that took the row in.
    pub entry: Id,
    /// What somebody should know beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Action for ImportMend {
    const NAME: &'static str = "import.mend";
    const SUMMARY: &'static str = "改正待改清单里的一行";
    const MERGE: &'static str = "清单只在本机；收下的行按它本身（开户、读数、拆换）归并";
    const SECRET: bool = false;
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let kept = kept(cx.tx, cx.keys, input.file, input.line)?;
        require_open(&kept.row)?;
        let headings: Vec<String> =
            serde_json::from_str(&kept.file.headings).map_err(|error| Refusal::data(error.to_string()))?;
        let mut cells = kept.cells.clone();
        let mut faults = Vec::new();
        for (heading, value) in &input.cells {
            match column_of(&headings, heading).filter(|column| *column < headings.len().max(cells.len())) {
                None => faults.push(Fault::field("input", heading, format!("这个文件没有“{heading}”这一列"))),
                Some(_) if value.chars().count() > LONGEST || value.chars().any(char::is_control) => {
                    faults.push(Fault::field("input", heading, format!("最多 {LONGEST} 字，且不能有控制字符")));
                }
                Some(column) => {
                    if cells.len() <= column {
                        cells.resize(column + 1, Cell::Plain(String::new()));
                    }
                    cells[column] = Cell::Plain(value.clone());
                }
            }
        }
        let reread = kept.reads_anew(&headings, input.cells.keys()) || kept.is_shifted_reading();
        let reader = input.reread_by.trim();
        if reread && reader.is_empty() {
            let message = "读数由抄表员复抄，不能由录入人改；已复抄的请填复抄人，没有复抄的请作废或退回";
            faults.push(Fault::field("R-232", "reread_by", message));
        } else if reread && reader == cx.actor.name {
            faults.push(Fault::field("R-232", "reread_by", "复抄人不能是录入人自己，请填抄表员"));
        }
        Refusal::unless_empty(faults)?;
        let mut rollover = false;
        let fit = match kept.judge(cx, &cells)? {
            Again::Good(fit) => fit,
            Again::Defect(defect, Some(fit)) if input.confirm && defect.disposition() == Disposition::Held => {
                rollover = defect.kind == Kind::Rollover;
                fit
            }
            Again::Defect(defect, _) => {
                let field = defect.column.clone().unwrap_or_else(|| "line".into());
                return Err(Refusal::field(
                    defect.rule.as_deref().unwrap_or(defect.kind.code()),
                    &field,
                    defect.message,
                ));
            }
            Again::Unread(why) => {
                return Err(Refusal::field("unread", "line", format!("还没有读数（{why}），请补填示数")));
            }
        };
        let fit = match *fit {
            Fit::Reading(typed) if reread => Fit::Reading(Box::new(reading_enter::Input {
                reader: reader.to_owned(),
                source: Some("card".into()),
                ..*typed
            })),
            other => other,
        };
        let notes = notes(cx, &fit)?;
        let draft = write(cx, fit, Said { confirm: input.confirm, rollover, sealed: input.sealed })?;
        close_older(cx, &kept.row)?;
        let what = input.cells.keys().cloned().collect::<Vec<_>>().join("、");
        let note = match (what.is_empty(), reread) {
            (true, _) => "重新核对后收下".to_owned(),
            (false, true) => format!("{reader}复抄，改正{what}后收下"),
            (false, false) => format!("改正{what}后收下"),
        };
        decide(cx, &kept.row, "mended", &note)?;
        Ok(Decision { draft: Some(draft), output: Output { entry: cx.next, notes } })
    }
}
