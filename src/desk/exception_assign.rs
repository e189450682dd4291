//! `exception.assign`: somebody looks after an exception (疑问).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{user_named, view_exceptions};
use crate::derive::exception::ExceptionAssigned as Body;

/// The action.
pub struct ExceptionAssign;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Printed number of the exception.
    pub exception: String,
    /// Login name of who looks after it.
    pub owner: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The exception.
    pub exception: String,
    /// Who looks after it.
    pub owner: String,
}

impl Action for ExceptionAssign {
    const NAME: &'static str = "exception.assign";
    const SUMMARY: &'static str = "指定疑问由谁处理";
    const MERGE: &'static str = "以后一次指定为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let view = view_exceptions::find(cx.tx, &input.exception)?;
        let mut owner = user_named::find(cx.tx, &input.owner).map_err(|mut refusal| {
            refusal.faults.iter_mut().for_each(|fault| fault.field = Some("owner".to_owned()));
            refusal
        })?;
        if !owner.active {
            return Err(Refusal::field("R-003", "owner", format!("{} 已停用，请指定别人", owner.name)));
        }
        let login = std::mem::take(&mut owner.login);
        let output = Output { exception: view.exception, owner: login.clone() };
        let subjects = view.place.subjects();
        // Logins are each site's own: the site goes with it, so that no other site's user of that name is meant elsewhere.
        let named = format!("{login}@{}", owner.id.site());
        Decision::write(subjects, &Body { place: view.place, owner: named }, output)
    }
}
