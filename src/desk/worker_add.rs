//! `worker.add`: a worker (师傅) enters the register by team and area, to be sent out by code or name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::worker::{Post, WorkerFacts};
use crate::rules::id::Id;
use crate::rules::phone;

/// What is told of a phone that is none.
pub(super) const NO_PHONE: &str = "电话不对，应为手机 11 位、区号加号码如 0871-8042909，或短号";

/// The action.
pub struct WorkerAdd;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Short code, typed to pick: 1 to 8 letters or digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// 班组.
    pub team: String,
    /// Area served.
    #[serde(default)]
    pub area: String,
    /// Phone.
    #[serde(default)]
    pub phone: String,
    /// 工种.
    #[serde(default)]
    pub post: Option<Post>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The new worker.
    pub worker: Id,
}

impl Action for WorkerAdd {
    const NAME: &'static str = "worker.add";
    const SUMMARY: &'static str = "登记师傅";
    const MERGE: &'static str = "各记各的；同一人登记两次时两条都在，停用其一";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let mut faults = Vec::new();
        if !(1..=8).contains(&input.code.len()) || !input.code.chars().all(|c| c.is_ascii_alphanumeric()) {
            faults.push(Fault::field("R-024", "code", "师傅代号应为 1 到 8 位字母或数字"));
        }
        if input.name.trim().is_empty() || input.name.chars().count() > 40 {
            faults.push(Fault::field("R-024", "name", "姓名不能为空，最多 40 字"));
        }
        if input.team.trim().is_empty() {
            faults.push(Fault::field("R-024", "team", "班组不能为空"));
        }
        if !input.phone.trim().is_empty() && phone::check(&input.phone).is_none() {
            faults.push(Fault::field("R-024", "phone", NO_PHONE));
        }
        Refusal::unless_empty(faults)?;
        let body = WorkerFacts {
            code: input.code.to_lowercase(),
            name: input.name.trim().to_owned(),
            team: input.team.trim().to_owned(),
            area: input.area.trim().to_owned(),
            phone: input.phone.trim().to_owned(),
            active: true,
            post: input.post,
        };
        Decision::write(vec![Subject::new(Kind::Worker, cx.next)], &body, Output { worker: cx.next })
    }
}
