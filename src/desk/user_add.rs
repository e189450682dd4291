//! `user.add`: a new named user with roles from today.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::{password, rights, sealed_password};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserAdded;
use crate::rules::id::Id;

/// The action.
pub struct UserAdd;

/// What is typed. The password never stands in an argument: `do` reads it from standard input like all JSON.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Login name: 2 to 32 small letters, digits, `_` or `-`.
    pub login: String,
    /// Name as printed.
    pub name: String,
    /// Role codes of the roles file.
    pub roles: Vec<String>,
    /// First password.
    pub password: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The new user.
    pub user: Id,
}

impl Action for UserAdd {
    const NAME: &'static str = "user.add";
    const SUMMARY: &'static str = "新增用户";
    const MERGE: &'static str =
        "两个网点各加一人互不相干，登录名只在本网点内唯一；同一网点两次启用各加同名的人，先加的有效，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let mut faults = Vec::new();
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if !(2..=32).contains(&input.login.len()) || !input.login.chars().all(letters) {
            faults.push(Fault::field("R-003", "login", "登录名应为 2 到 32 位小写字母、数字、_ 或 -"));
        }
        if input.name.trim().is_empty() || input.name.chars().count() > 40 {
            faults.push(Fault::field("R-003", "name", "姓名不能为空，最多 40 字"));
        }
        for role in input.roles.iter().filter(|code| rights::role(code).is_none()) {
            faults.push(Fault::field("R-003", "roles", format!("没有“{role}”这个岗位，请从岗位表中选")));
        }
        for role in &input.roles {
            let beyond = rights::may_give(cx.tx, cx.site, None, role)?;
            faults.extend(beyond.map(|fault| Fault { field: Some("roles".into()), ..fault }));
        }
        Refusal::unless_empty(faults)?;
        let own = cx.tx.own()?;
        if cx.tx.users_of_login(&input.login)?.iter().any(|user| own.holds(user.id)) {
            return Err(Refusal::field("R-003", "login", format!("登录名“{}”已有人用，请换一个", input.login)));
        }
        let verifier = password::verifier(&input.password, !cx.practice)?;
        let body = UserAdded {
            password: sealed_password::of_new(cx.keys, &input.login, &verifier)?,
            login: input.login,
            name: input.name.trim().to_owned(),
            roles: input.roles,
            first_day: rights::first_day(cx.practice, cx.at.date_naive()),
        };
        Decision::write(vec![Subject::new(Kind::User, cx.next)], &body, Output { user: cx.next })
    }
}
