//! Users by login.

use crate::rules::id::Id;
use crate::store::tables::user::{UserRoleRow, UserRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Users of a login name, oldest first; the first is effective.
    pub fn users_of_login(&self, login: &str) -> Result<Vec<UserRow>, StoreError> {
        self.select::<UserRow>(" WHERE login = ? ORDER BY id", &[&login])
    }

    /// Login names that several users hold.
    pub fn logins_of_several(&self) -> Result<Vec<String>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT login FROM d_user GROUP BY login HAVING count(*) > 1 ORDER BY login")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Everybody, by login.
    pub fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        self.select::<UserRow>(" ORDER BY login, id", &[])
    }

    /// A user by id.
    pub fn user(&self, id: Id) -> Result<Option<UserRow>, StoreError> {
        self.get::<UserRow>(&[&id])
    }

    /// A user's roles, past and present.
    pub fn roles_of(&self, user: Id) -> Result<Vec<UserRoleRow>, StoreError> {
        self.scan::<UserRoleRow>(&[&user])
    }

    /// What was said last about one role of a user.
    pub fn role_of(&self, user: Id, role: &str) -> Result<Option<UserRoleRow>, StoreError> {
        self.get::<UserRoleRow>(&[&user, &role])
    }
}
