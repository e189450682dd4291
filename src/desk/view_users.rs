//! Users and their roles, for the list and the screen. No verifier leaves this file.

use chrono::NaiveDate;
use serde::Serialize;

use super::refusal::Refusal;
use super::{Desk, rights};
use crate::rules::id::Id;

/// A user with roles.
#[derive(Debug, Clone, Serialize)]
pub struct UserView {
    /// The user.
    pub user: Id,
    /// Login name.
    pub login: String,
    /// Code of the user's site.
    pub site: String,
    /// The name by which this site means the user: the login name, with the site where that alone is another's, `demo@B05`.
    #[serde(skip)]
    pub handle: String,
    /// Name as printed.
    pub name: String,
    /// May log in.
    pub active: bool,
    /// Roles, past and present.
    pub roles: Vec<RoleView>,
}

/// A role of a user.
#[derive(Debug, Clone, Serialize)]
pub struct RoleView {
    /// Code.
    pub code: String,
    /// Title of the post.
    pub name: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// The branch at which a head office's user holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Does it count today?
    pub in_force: bool,
    /// The entry it rests on.
    pub entry: Id,
}

impl RoleView {
    /// `2026-11-01 起`, `2026-11-01 至 2026-11-20 (已到期)`.
    pub fn span(&self) -> String {
        match self.last_day {
            None if self.in_force => format!("{} 起", self.first_day),
            None => format!("{} 起 (未到)", self.first_day),
            Some(last) if self.in_force => format!("{} 至 {last}", self.first_day),
            Some(last) if last < self.first_day => "已收回".to_owned(),
            Some(last) => format!("{} 至 {last} (不在期内)", self.first_day),
        }
    }
}

/// This site's users by login; at the head office everybody's.
pub fn users(desk: &Desk) -> Result<Vec<UserView>, Refusal> {
    let (tx, today) = (desk.look()?, desk.today());
    let mut views = Vec::new();
    for user in tx.users()? {
        let roles = tx.roles_of(user.id)?.into_iter().map(|row| RoleView {
            in_force: row.first_day <= today && row.last_day.is_none_or(|last| today <= last),
            name: rights::role(&row.role).map_or_else(|| row.role.clone(), |role| role.name.clone()),
            code: row.role,
            first_day: row.first_day,
            last_day: row.last_day,
            site: row.site,
            entry: row.entry,
        });
        let roles = roles.collect();
        views.push(UserView {
            user: user.id,
            site: user.id.site().to_string(),
            handle: tx.handle(&user)?,
            login: user.login,
            name: user.name,
            active: user.active,
            roles,
        });
    }
    Ok(views)
}
