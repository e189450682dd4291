//! Who may check and approve a request: the approval table by kind and amount, held against the roles of a person.

use crate::derive::request::RightUsed;
use crate::desk::action::Cx;
use crate::desk::refusal::Refusal;
use crate::desk::rights;
use crate::rules::adjustment::{Kind, Level, Matrix};
use crate::rules::money::Fen;

/// The level of the table that counts.
pub fn level(kind: Kind, amount: Fen) -> Result<&'static Level, Refusal> {
    Ok(Matrix::sample().level(kind, amount)?)
}

/// Titles of roles, as on paper.
pub fn titles(roles: &[String]) -> Vec<String> {
    let title = |code: &String| rights::role(code).map_or_else(|| code.clone(), |role| role.name.clone());
    roles.iter().map(title).collect()
}

/// Refuses a person who has none of the roles that may check.
pub fn require_check(cx: &Cx<'_, '_>, kind: Kind, amount: Fen) -> Result<(), Refusal> {
    let level = level(kind, amount)?;
    if level.check.iter().any(|role| cx.rights.has_role(role)) {
        return Ok(());
    }
    Err(Refusal::permission("R-260", format!("这份申请由{}复核", titles(&level.check).join("、"))))
}

/// The right with which a person approves: a role that the table names, in force today and wide enough for the amount.
pub fn right_to_approve(cx: &Cx<'_, '_>, kind: Kind, amount: Fen) -> Result<RightUsed, Refusal> {
    cx.rights.require_amount("adjustment.decide", amount)?;
    let level = level(kind, amount)?;
    let today = cx.at.date_naive();
    for code in level.approve.iter().filter(|code| cx.rights.has_role(code)) {
        if let Some(row) = cx.tx.role_of(cx.actor.id, code)? {
            let in_force = row.first_day <= today && row.last_day.is_none_or(|last| today <= last);
            if in_force {
                let (entry, role) = (row.entry, row.role);
                return Ok(RightUsed { entry, role, first_day: row.first_day, last_day: row.last_day });
            }
        }
    }
    let message = format!("{} 元的申请由{}批准", amount.abs().grouped(), titles(&level.approve).join("、"));
    Err(Refusal::permission("R-260", message))
}
