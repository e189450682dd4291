//! `worker.amend`: a worker's team, area, phone, name or code changes, or they leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::worker_add::NO_PHONE;
use crate::book::subject::{Kind, Subject};
use crate::derive::worker::{Post, WorkerFacts};
use crate::rules::id::Id;
use crate::rules::phone;

/// The action.
pub struct WorkerAmend;

/// What is typed; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The worker by code, name or id.
    pub worker: String,
    /// New name.
    #[serde(default)]
    pub name: Option<String>,
    /// New 班组.
    #[serde(default)]
    pub team: Option<String>,
    /// New area.
    #[serde(default)]
    pub area: Option<String>,
    /// New phone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Still there.
    #[serde(default)]
    pub active: Option<bool>,
    /// New 工种.
    #[serde(default)]
    pub post: Option<Post>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The worker.
    pub worker: Id,
}

impl Action for WorkerAmend {
    const NAME: &'static str = "worker.amend";
    const SUMMARY: &'static str = "改师傅的班组、区域、电话，或停用";
    const MERGE: &'static str = "后改的整条为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let known = cx.tx.workers_of_text(&input.worker)?.into_iter().next();
        let known = known.ok_or_else(|| Refusal::missing("worker", "师傅", &input.worker))?;
        let mut faults = Vec::new();
        let typed = input.phone.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if typed.is_some_and(|typed| phone::check(typed).is_none()) {
            faults.push(Fault::field("R-024", "phone", NO_PHONE));
        }
        let mut word = |field: &str, label: &str, said: Option<String>, old: String, needed: bool| {
            let said = said.map_or(old, |text| text.trim().to_owned());
            if (needed && said.is_empty()) || said.chars().count() > 40 || said.chars().any(char::is_control) {
                faults.push(Fault::field("R-024", field, format!("{label}不对，应为 1 到 40 个字")));
            }
            said
        };
        let body = WorkerFacts {
            code: known.code,
            name: word("name", "姓名", input.name, known.name, true),
            team: word("team", "班组", input.team, known.team, true),
            area: word("area", "区域", input.area, known.area, false),
            phone: word("phone", "电话", input.phone, known.phone, false),
            active: input.active.unwrap_or(known.active),
            post: input.post.or(Post::from_word(&known.post)),
        };
        if !body.active && cx.tx.load_of_worker(known.id)? > 0 {
            faults.push(Fault::field("R-024", "active", "该师傅还有在途工单，请先填回执再停用"));
        }
        Refusal::unless_empty(faults)?;
        Decision::write(vec![Subject::new(Kind::Worker, known.id)], &body, Output { worker: known.id })
    }
}
