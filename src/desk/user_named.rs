//! A user as a person names one: login name, else the id. A branch manages its own users; the head office those of every site,
//! another site's by id or as `name@B03`.

use super::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::tables::user::UserRow;

/// Finds the effective user of a login name or id.
pub fn find(tx: &Tx<'_>, text: &str) -> Result<UserRow, Refusal> {
    let text = text.trim();
    let user = by_id(tx, text)?.map_or_else(|| by_login(tx, text), |user| Ok(Some(user)))?;
    let user = user.ok_or_else(|| Refusal::missing("user", "用户", text))?;
    if tx.seen()?.holds(user.id) {
        return Ok(user);
    }
    let site = user.id.site();
    Err(Refusal::field("R-003", "user", format!("用户“{text}”是 {site} 的，请由该网点或总部办理")))
}

fn by_id(tx: &Tx<'_>, text: &str) -> Result<Option<UserRow>, Refusal> {
    match text.parse::<Id>() {
        Ok(id) => Ok(tx.user(id)?),
        Err(_) => Ok(None),
    }
}

fn by_login(tx: &Tx<'_>, text: &str) -> Result<Option<UserRow>, Refusal> {
    let (login, site) = text.split_once('@').map_or((text, None), |(login, site)| (login, Some(site)));
    let own = tx.own()?;
    let Some(site) = site else {
        // A plain name means here whom it means at the desk.
        return Ok(tx.user_at_desk(login)?.filter(|user| own.holds(user.id)));
    };
    let fits = |user: &UserRow| user.id.site().as_str().eq_ignore_ascii_case(site);
    Ok(tx.users_of_login(login)?.into_iter().find(fits))
}
