//! `import.mend`: cells of a row are corrected and the row is judged again as if it came in anew; without corrections it is simply
//! judged again, for what was missing may be on file now.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Again, close_older, decide, kept, require_open, write};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::import::Cell;
use crate::desk::refusal::{Fault, Refusal};
use crate::inbound::judge::Disposition;
use crate::rules::id::Id;

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
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The entry that took the row in.
    pub entry: Id,
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
            match headings.iter().position(|known| known == heading) {
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
        Refusal::unless_empty(faults)?;
        let fit = match kept.judge(cx, &cells)? {
            Again::Good(fit) => fit,
            Again::Defect(defect, Some(fit)) if input.confirm && defect.disposition() == Disposition::Held => fit,
            Again::Defect(defect, _) => {
                let field = defect.column.clone().unwrap_or_else(|| "line".into());
                return Err(Refusal::field(defect.rule.unwrap_or(defect.kind.code()), &field, defect.message));
            }
            Again::Unread(why) => {
                return Err(Refusal::field("unread", "line", format!("还没有读数（{why}），请补填示数")));
            }
        };
        let draft = write(cx, *fit, input.confirm)?;
        close_older(cx, &kept.row)?;
        let what = input.cells.keys().cloned().collect::<Vec<_>>().join("、");
        let note = if what.is_empty() { "重新核对后收下".to_owned() } else { format!("改正{what}后收下") };
        decide(cx, &kept.row, "mended", &note)?;
        Ok(Decision { draft: Some(draft), output: Output { entry: cx.next } })
    }
}
