//! Users by login.

use crate::rules::id::Id;
use crate::store::tables::user::{UserRoleRow, UserRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Users of a login name at every site, oldest first; of one site the first is effective.
    pub fn users_of_login(&self, login: &str) -> Result<Vec<UserRow>, StoreError> {
        self.select::<UserRow>(" WHERE login = ? ORDER BY id", &[&login])
    }

    /// Everybody this site sees, by login.
    pub fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let seen = self.seen()?;
        self.select::<UserRow>(" WHERE id BETWEEN ? AND ? ORDER BY login, id", &[&seen.low, &seen.high])
    }

    /// Every user there is, in id order.
    pub fn all_users(&self) -> Result<Vec<UserRow>, StoreError> {
        self.select::<UserRow>(" ORDER BY id", &[])
    }

    /// Who may sit down at this site under a login name: its own user (the older of two), else a user of the head office who
    /// was given a role here. `name@B03` means the user of site B03 only.
    pub fn user_at_desk(&self, login: &str) -> Result<Option<UserRow>, StoreError> {
        let (login, site) = match login.split_once('@') {
            Some((login, site)) => (login, Some(site)),
            None => (login, None),
        };
        let (own, record) = (self.own()?, self.own_record()?);
        let mut users = self.users_of_login(login)?;
        users.retain(|user| site.is_none_or(|site| user.id.site().as_str().eq_ignore_ascii_case(site)));
        // Of two of one name, the one this very site made, not the one of the code before it.
        let here = record.as_ref().map(|record| record.id.site());
        users.sort_by_key(|user| here.as_ref() != Some(&user.id.site()));
        if let Some(user) = users.iter().find(|user| own.holds(user.id)) {
            return Ok(Some(user.clone()));
        }
        let Some(here) = record else { return Ok(None) };
        for user in users {
            let home = self.own_site(user.id.site().as_str())?;
            let given = |role: &UserRoleRow| role.site == here.code && role.entry.site() == user.id.site();
            if home.is_some_and(|home| home.head_office) && self.roles_of(user.id)?.iter().any(given) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// The name by which this site means a user: the login name, with the site where that alone means nobody here, or somebody else.
    pub fn handle(&self, user: &UserRow) -> Result<String, StoreError> {
        let own = self.own()?.holds(user.id);
        let meant = if own { self.user_at_desk(&user.login)? } else { None };
        let plain = meant.is_some_and(|meant| meant.id == user.id);
        Ok(if plain { user.login.clone() } else { format!("{}@{}", user.login, user.id.site()) })
    }

    /// A user by id.
    pub fn user(&self, id: Id) -> Result<Option<UserRow>, StoreError> {
        self.get::<UserRow>(&[&id])
    }

    /// A user's roles, past and present.
    pub fn roles_of(&self, user: Id) -> Result<Vec<UserRoleRow>, StoreError> {
        self.scan::<UserRoleRow>(&[&user])
    }

    /// What was said last about one role of a user at the user's own site.
    pub fn role_of(&self, user: Id, role: &str) -> Result<Option<UserRoleRow>, StoreError> {
        self.get::<UserRoleRow>(&[&user, &role, &""])
    }

    /// What was said last about one role of a user at a site.
    pub fn role_at(&self, user: Id, role: &str, site: &str) -> Result<Option<UserRoleRow>, StoreError> {
        self.get::<UserRoleRow>(&[&user, &role, &site])
    }
}
