//! `user.right`: a role is given from a day to a day, or withdrawn. Nobody changes their own roles.

use chrono::{Datelike, Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::{last_admin, rights, sealed_password, user_named};
use crate::book::subject::{Kind, Subject};
use crate::derive::user::UserRight as Body;
use crate::rules::id::{Id, Site};
use crate::store::tables::user::UserRow;

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
    /// Code of the branch at which the role holds; for users of the head office only.
    #[serde(default)]
    pub site: Option<String>,
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
    const MERGE: &'static str = "各岗位互不相干，总部的人在各网点的岗位也互不相干；同一岗位以后一张凭单为准";
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
        for (field, day) in [("first_day", input.first_day), ("last_day", input.last_day)] {
            if day.is_some_and(|day| !(2000..2100).contains(&day.year())) {
                faults.push(Fault::field("R-003", field, "日期应在 2000 年到 2099 年之间，请核对"));
            }
        }
        if input.first_day.zip(input.last_day).is_some_and(|(first, last)| last < first) {
            faults.push(Fault::field("R-003", "last_day", "末日早于首日，请改正；收回权限请用“收回”"));
        }
        let site = input.site.as_deref().map(|site| sent_to(cx, &user, site, &mut faults)).transpose()?;
        let held = cx.tx.role_at(user.id, &input.role, site.as_deref().unwrap_or_default())?;
        if !input.withdraw && site.is_none() {
            faults.extend(rights::may_give(cx.tx, cx.site, Some(user.id), &input.role)?);
        }
        if input.withdraw && held.is_none() {
            faults.push(Fault::field("R-003", "role", format!("{} 没有这个岗位，无需收回", user.name)));
        }
        Refusal::unless_empty(faults)?;
        let kept = held.map_or(today, |row| row.first_day);
        let first_day =
            input.first_day.unwrap_or(if input.withdraw || input.last_day.is_some() { kept } else { today });
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let last_day = if input.withdraw { Some(yesterday) } else { input.last_day };
        if input.role == last_admin::ADMIN && site.is_none() && (last_day.is_some() || first_day > today) {
            last_admin::keep_one(cx, &user, "role")?;
        }
        let output = Output { user: user.id, role: input.role.clone(), first_day, last_day };
        let verifier = match &site {
            Some(site) if !input.withdraw => sealed_password::for_branch(cx, &user, site)?,
            _ => None,
        };
        let body = Body { user: user.id, role: input.role, first_day, last_day, site, verifier };
        Decision::write(vec![Subject::new(Kind::User, user.id)], &body, output)
    }
}

/// The branch to which the head office sends one of its own people.
fn sent_to(cx: &Cx<'_, '_>, user: &UserRow, site: &str, faults: &mut Vec<Fault>) -> Result<String, Refusal> {
    let code = Site::parse(site).map(|site| site.to_string()).unwrap_or_default();
    let mut fault = |text: String| faults.push(Fault::field("R-003", "site", text));
    if !cx.tx.at_head_office()? {
        fault("只有总部可以把自己的人派到别的网点，请由总部办理".to_owned());
    } else if cx.tx.other_site(user.id)?.is_some() {
        fault(format!("{} 是 {} 的用户，只能派总部自己的人，请核对", user.name, user.id.site()));
    } else if code.is_empty() || code == cx.site.as_str() {
        fault(format!("网点代码“{}”不对，应为分支网点的代码", crate::rules::fault::shown(site)));
    }
    Ok(code)
}
