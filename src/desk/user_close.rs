//! `user.close`: somebody leaves; they may not log in any more, what they did stays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{last_admin, user_named};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserClosed as Body;
use crate::rules::id::Id;

/// The action.
pub struct UserClose;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Login name or id of the user.
    pub user: String,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The user.
    pub user: Id,
}

impl Action for UserClose {
    const NAME: &'static str = "user.close";
    const SUMMARY: &'static str = "停用用户";
    const MERGE: &'static str = "停用两次算一次；停用与重置先后发生时，后一张凭单算数";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let user = user_named::find(cx.tx, &input.user)?;
        if user.id == cx.actor.id {
            return Err(Refusal::field("R-003", "user", "不能停用自己，请由另一位管理员办理"));
        }
        if !user.active {
            return Err(Refusal::field("R-003", "user", format!("{} 已经停用", user.name)));
        }
        last_admin::keep_one(cx, &user, "user")?;
        let reason = input.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > 100 {
            return Err(Refusal::field("R-003", "reason", "请写明停用的原因，最多 100 字"));
        }
        let body = Body { user: user.id, reason };
        Decision::write(vec![Subject::new(Kind::User, user.id)], &body, Output { user: user.id })
    }
}
