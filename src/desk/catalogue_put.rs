//! `catalogue.put`: one business of the service catalogue is loaded, its file whole; it takes the place of the built-in one of
//! its code at every site that receives it. Loaded again it is replaced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::catalogue;
use super::refusal::Refusal;
use super::tariff_put::{check_size, file_name, refusal_of};
use crate::book::subject::{Kind, Subject};
use crate::derive::tariff::CataloguePut as Body;
use crate::rules::id::Id;

/// The action.
pub struct CataloguePut;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The business file (TOML), whole.
    pub text: String,
    /// Name of the file, for messages; `common.toml` holds what all businesses share.
    #[serde(default)]
    pub file: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The business: the entry that first loaded it.
    pub service: Id,
    /// Its code.
    pub code: String,
    /// The same text stood already: nothing was written.
    pub already: bool,
}

impl Action for CataloguePut {
    const NAME: &'static str = "catalogue.put";
    const SUMMARY: &'static str = "载入业务目录";
    const MERGE: &'static str =
        "同一业务在一处重载，以后来的为准；两处各自载入而内容不同的，用总部的，其次本网点的，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let name = file_name(&input.file, "service.toml");
        check_size("text", &input.text)?;
        let code = catalogue::check(cx.tx, &name, &input.text).map_err(|faults| refusal_of(&faults))?;
        let mut known = cx.tx.services_of_code(&code)?;
        if !cx.tx.at_head_office()? {
            known.retain(|row| row.id.site() == *cx.site); // head office's text is head office's to replace
        }
        if let Some(first) = known.first().filter(|_| known.iter().all(|row| row.text == input.text)) {
            return Ok(Decision::answer(Output { service: first.id, code, already: true }));
        }
        let mut subjects: Vec<Subject> = known.iter().map(|row| Subject::new(Kind::Service, row.id)).collect();
        if subjects.is_empty() {
            subjects.push(Subject::new(Kind::Service, cx.next));
        }
        let output = Output { service: subjects[0].id, code: code.clone(), already: false };
        Decision::write(subjects, &Body { code, file: name, text: input.text }, output)
    }
}
