//! `user.password`: a person changes their own password, giving the old one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::{password, sealed_password};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserReset as Body;
use crate::rules::id::Id;

/// The action.
pub struct UserPassword;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The password so far.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Whose it is.
    pub user: Id,
}

impl Action for UserPassword {
    const NAME: &'static str = "user.password";
    const SUMMARY: &'static str = "修改自己的密码";
    const MERGE: &'static str = "以后一次为准";
    const FREE: bool = true;
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let known = sealed_password::open(cx.keys, cx.actor);
        if !known.is_some_and(|known| password::matches(&input.old, &known)) {
            return Err(Refusal::field("R-003", "old", "旧密码不对，请重新输入"));
        }
        if input.old == input.new {
            return Err(Refusal::field("R-003", "new", "新密码与旧密码相同，请换一个"));
        }
        let verifier = password::verifier(&input.new, !cx.practice).map_err(|mut refusal| {
            refusal.faults.iter_mut().for_each(|fault| fault.field = Some("new".to_owned()));
            refusal
        })?;
        let user = cx.actor.id;
        let body = Body { user, password: sealed_password::of(cx, cx.actor, &verifier)? };
        Decision::write(vec![Subject::new(Kind::User, user)], &body, Output { user })
    }
}
