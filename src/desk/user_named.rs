//! A user as a person names one: login name, else the id.

use super::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::tables::user::UserRow;

/// Finds the effective user of a login name or id.
pub fn find(tx: &Tx<'_>, text: &str) -> Result<UserRow, Refusal> {
    let text = text.trim();
    if let Some(user) = tx.users_of_login(text)?.into_iter().next() {
        return Ok(user);
    }
    let by_id = match text.parse::<Id>() {
        Ok(id) => tx.user(id)?,
        Err(_) => None,
    };
    by_id.ok_or_else(|| Refusal::missing("user", "用户", text))
}
