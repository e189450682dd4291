//! A site keeps an administrator: the last one's role is not withdrawn, whoever asks.

use super::action::Cx;
use super::proven;
use super::refusal::Refusal;
use crate::rules::reach::Reach;
use crate::store::tables::user::UserRow;

/// The administrator's role.
pub const ADMIN: &str = "admin";

/// Refuses when nobody else at the user's site is administrator, from today on and without end.
pub fn keep_one(cx: &Cx<'_, '_>, user: &UserRow, field: &str) -> Result<(), Refusal> {
    let (today, own) = (cx.at.date_naive(), cx.tx.own()?);
    // Whose place this site took is looked after here, too.
    let home = if own.holds(user.id) { own } else { Reach::of(&user.id.site()) };
    let mut is_one = false;
    for other in cx.tx.all_users()?.into_iter().filter(|other| home.holds(other.id)) {
        let Some(person) = proven::of(cx.tx, other.id)?.filter(|person| person.user.active) else { continue };
        let stays = person.roles.iter().any(|role| {
            role.role == ADMIN && role.site.is_empty() && role.first_day <= today && role.last_day.is_none()
        });
        match (stays, other.id == user.id) {
            (true, true) => is_one = true,
            (true, false) => return Ok(()),
            (false, _) => {}
        }
    }
    if !is_one {
        return Ok(());
    }
    let message = format!("{} 是本网点最后一位管理员，收回后无人能管用户；请先给另一位授予管理员岗位", user.name);
    Err(Refusal::field("R-003", field, message))
}
