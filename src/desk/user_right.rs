//! `user.right`: a role is given from a day to a day, or withdrawn. Nobody changes their own roles.

use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::{rights, user_named};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserRight as Body;
use crate::rules::id::Id;

/// The action.
pub struct UserRight;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Login name or id of the user.
    pub user: String,
    /// Role code of the roles file.
    pub role: String,
    /// First day; today when left out.
    #[serde(default)]
    pub first_day: Option<NaiveDate>,
    /// Last day, included; none: until withdrawn.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
    /// Take the role away: its last day was yesterday.
    #[serde(default)]
    pub withdraw: bool,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The user.
    pub user: Id,
    /// The role.
    pub role: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: Option<NaiveDate>,
}

impl Action for UserRight {
    const NAME: &'static str = "user.right";
    const SUMMARY: &'static str = "授予或收回岗位权限";
    const MERGE: &'static str = "各岗位互不相干；同一岗位以后一张凭单为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let today = cx.at.date_naive();
        let mut faults = Vec::new();
        if rights::role(&input.role).is_none() {
            faults.push(Fault::field("R-003", "role", format!("没有“{}”这个岗位，请从岗位表中选", input.role)));
        }
        if input.withdraw && input.last_day.is_some() {
            faults.push(Fault::field("R-003", "last_day", "收回权限时不填末日，末日就是昨天"));
        }
        let user = user_named::find(cx.tx, &input.user)?;
        if user.id == cx.actor.id {
            faults.push(Fault::field("R-003", "user", "不能给自己授权或收回自己的权限，请由另一位管理员办理"));
        }
        let held = cx.tx.role_of(user.id, &input.role)?;
        if input.withdraw && held.is_none() {
            faults.push(Fault::field("R-003", "role", format!("{} 没有这个岗位，无需收回", user.name)));
        }
        Refusal::unless_empty(faults)?;
        let kept = held.map_or(today, |row| row.first_day);
        let first_day =
            input.first_day.unwrap_or(if input.withdraw || input.last_day.is_some() { kept } else { today });
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let last_day = if input.withdraw { Some(yesterday) } else { input.last_day };
        let output = Output { user: user.id, role: input.role.clone(), first_day, last_day };
        let body = Body { user: user.id, role: input.role, first_day, last_day };
        Decision::write(vec![Subject::new(Kind::User, user.id)], &body, output)
    }
}
