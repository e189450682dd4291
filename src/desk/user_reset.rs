//! `user.reset`: a forgotten password gets a new first one; a closed user may log in again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{password, sealed_password, user_named};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserReset as Body;
use crate::rules::id::Id;

/// The action.
pub struct UserReset;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Login name or id of the user.
    pub user: String,
    /// The new first password.
    pub password: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The user.
    pub user: Id,
}

impl Action for UserReset {
    const NAME: &'static str = "user.reset";
    const SUMMARY: &'static str = "重置用户密码";
    const MERGE: &'static str = "以后一次为准；停用与重置先后发生时，后一张凭单算数";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let user = user_named::find(cx.tx, &input.user)?;
        if user.id == cx.actor.id {
            return Err(Refusal::field("R-003", "user", "自己的密码请用“改密码”，要先输旧密码"));
        }
        let verifier = password::verifier(&input.password, !cx.practice)?;
        let body = Body { user: user.id, password: sealed_password::of(cx, &user, &verifier)? };
        Decision::write(vec![Subject::new(Kind::User, user.id)], &body, Output { user: user.id })
    }
}
