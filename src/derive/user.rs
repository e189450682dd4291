//! 用户: who may log in, with which roles from which day to which.
//!
//! Merge: roles merge role by role, the later word on a role counts; every site has its own login names, so only two users of
//! one site with one name clash (two lives of a site that did not know of each other): the older is effective. Whether
//! a role given by a branch counts: [`super::delegation`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cross::Cross;
use super::{DeriveError, Event, Fold, Fx};
use crate::book::public_keys::hex;
use crate::book::seal::verifier;
use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::tables::user::{UserRoleRow, UserRow};

/// The fold of users.
pub const FOLD: Fold = Fold {
    kind: Kind::User,
    tables: &[("d_user", "id"), ("d_user_role", "user")],
    knows: &[("user.add", 1), ("user.right", 1), ("user.reset", 1), ("user.password", 1), ("user.close", 1)],
    apply,
};

/// One login name at a site, one user. The number is `name@B03`.
pub const LOGIN: Cross = Cross {
    what: "user_login",
    kind: Kind::User,
    holders: |tx, name| {
        let login = name.rsplit_once('@').map_or(name, |(login, _)| login);
        let users = tx.users_of_login(login)?.into_iter().map(|user| user.id);
        Ok(users.filter(|user| at_site(*user, login) == name).collect())
    },
    several: |tx| {
        let mut seen = std::collections::BTreeMap::new();
        for user in tx.all_users()? {
            *seen.entry(at_site(user.id, &user.login)).or_insert(0) += 1;
        }
        Ok(seen.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect())
    },
    of: |tx, id| Ok(tx.user(id)?.map(|user| at_site(id, &user.login)).into_iter().collect()),
};

/// A login name with its site: `demo@B03`.
fn at_site(user: Id, login: &str) -> String {
    format!("{login}@{}", user.site())
}

/// Body of `user.add`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct UserAdded {
    /// Login name.
    pub login: String,
    /// Name as printed.
    pub name: String,
    /// Roles from the first day on.
    pub roles: Vec<String>,
    /// argon2id verifier, sealed (`book/seal/verifier.rs`); in clear in entries of before.
    pub password: String,
    /// First day of the roles.
    pub first_day: NaiveDate,
}

/// Body of `user.right`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct UserRight {
    /// The user.
    pub user: Id,
    /// Role code.
    pub role: String,
    /// First day.
    pub first_day: NaiveDate,
    /// Last day; before the first day: withdrawn.
    pub last_day: Option<NaiveDate>,
    /// The branch at which it holds, for a user of the head office; none: at the user's own site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The person's verifier for that branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier: Option<SentVerifier>,
}

/// The verifier of a person whom head office sends to a branch.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SentVerifier {
    /// Of which password: hash of the first box, hex. One set since makes this of no use.
    pub of: String,
    /// The box for the branch.
    pub sealed: String,
}

/// Body of `user.close`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct UserClosed {
    /// The user.
    pub user: Id,
    /// Why.
    pub reason: String,
}

/// Body of `user.reset` and `user.password`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct UserReset {
    /// The user.
    pub user: Id,
    /// argon2id verifier, sealed; in clear in entries of before.
    pub password: String,
}

/// A user as entries say, told one after the other. The fold and the check of rights at the desk read them alike.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The user, when an entry made one.
    pub user: Option<UserRow>,
    /// What was said last about each role at each site.
    pub roles: Vec<UserRoleRow>,
}

impl Person {
    /// Takes in the next entry.
    pub fn hear(&mut self, event: &Event<'_>) -> Result<(), DeriveError> {
        match (event.action(), self.user.take()) {
            ("user.add", None) => self.add(event)?,
            ("user.right", Some(user)) => {
                let body: UserRight = event.read()?;
                let sent = body.verifier.filter(|sent| sent.of == hex(&verifier::mark(&user.password)));
                let password = sent.map_or(user.password.clone(), |sent| verifier::with(&user.password, &sent.sealed));
                self.user = Some(UserRow { password, ..user });
                self.give(UserRoleRow {
                    user: event.subject,
                    role: body.role,
                    site: body.site.unwrap_or_default(),
                    entry: event.id,
                    first_day: body.first_day,
                    last_day: body.last_day,
                });
            }
            ("user.reset", Some(user)) => {
                let body: UserReset = event.read()?;
                self.user = Some(UserRow { password: body.password, active: true, ..user });
            }
            ("user.password", Some(user)) => {
                let body: UserReset = event.read()?;
                self.user = Some(UserRow { password: body.password, ..user });
            }
            ("user.close", Some(user)) => self.user = Some(UserRow { active: false, ..user }),
            (_, user) => self.user = user,
        }
        Ok(())
    }

    fn add(&mut self, event: &Event<'_>) -> Result<(), DeriveError> {
        let body: UserAdded = event.read()?;
        for role in body.roles {
            self.give(UserRoleRow {
                user: event.subject,
                role,
                site: String::new(),
                entry: event.id,
                first_day: body.first_day,
                last_day: None,
            });
        }
        self.user = Some(UserRow {
            id: event.subject,
            login: body.login,
            name: body.name,
            password: body.password,
            active: true,
        });
        Ok(())
    }

    fn give(&mut self, row: UserRoleRow) {
        self.roles.retain(|known| known.role != row.role || known.site != row.site);
        self.roles.push(row);
    }
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let known = fx.tx.user(event.subject)?;
    let mut person = Person { user: known.clone(), roles: Vec::new() };
    person.hear(event)?;
    if let (None, Some(user)) = (&known, &person.user) {
        fx.touch(LOGIN.what, &at_site(event.subject, &user.login));
    }
    for role in &person.roles {
        fx.touch(super::delegation::BEYOND.what, &super::delegation::number(event.subject, &role.role));
        fx.tx.put(role)?;
    }
    if known.is_some() && !person.roles.is_empty() {
        for decision in super::approval_right::by_user(fx.tx, event.subject)? {
            fx.touch(super::request::APPROVAL_RIGHT.what, &decision);
        }
    }
    match person.user {
        Some(user) if known.as_ref() != Some(&user) => Ok(fx.tx.put(&user)?),
        _ => Ok(()),
    }
}
