//! The open shift of the person at the desk.

use crate::desk::action::Cx;
use crate::desk::refusal::Refusal;
use crate::desk::session;
use crate::desk::shift_close::ANOTHERS;
use crate::rules::id::Id;
use crate::store::tables::till::ShiftRow;

/// The shift the actor has open, on its day; without one no money moves.
pub fn own(cx: &Cx<'_, '_>) -> Result<ShiftRow, Refusal> {
    let shift = own_of_any_day(cx)?;
    still_today(cx, &shift)?;
    Ok(shift)
}

/// The same to be closed, be it left open.
pub fn own_of_any_day(cx: &Cx<'_, '_>) -> Result<ShiftRow, Refusal> {
    let shift = cx.tx.open_shift(cx.actor.id)?;
    shift.ok_or_else(|| Refusal::rule("R-176", "您还没有开班，请先清点备用金并开班"))
}

/// An open shift: the named one, else the actor's own. Cash of another's drawer is moved only by who may close it: its clerk
/// answers for what lies in it.
pub fn named_or_own(cx: &Cx<'_, '_>, shift: Option<Id>) -> Result<ShiftRow, Refusal> {
    let Some(id) = shift else { return own(cx) };
    let row = open(cx, id)?;
    if row.user != cx.actor.id && !cx.rights.allow(ANOTHERS) {
        let text = format!("{} 的班次 {} 由本人经手，请由本人或可以代别人交班的岗位办理", row.clerk, row.no);
        return Err(Refusal::permission("R-366", text));
    }
    still_today(cx, &row)?;
    Ok(row)
}

/// Money moves in a shift only on its day: one left open is closed first.
pub fn still_today(cx: &Cx<'_, '_>, row: &ShiftRow) -> Result<(), Refusal> {
    if session::is_over(cx.tx, row, cx.at)? {
        return Err(Refusal::rule("R-178", session::close_first(row)));
    }
    Ok(())
}

/// A shift of this site that is open.
pub fn open(cx: &Cx<'_, '_>, id: Id) -> Result<ShiftRow, Refusal> {
    let row = cx.tx.shift(id)?.ok_or_else(|| Refusal::missing("shift", "班次", &id.to_string()))?;
    if let Some(site) = cx.tx.other_site(id)? {
        return Err(Refusal::field("R-178", "shift", format!("班次 {id} 是 {site} 的，请由该网点办理")));
    }
    if row.state == "open" {
        Ok(row)
    } else {
        Err(Refusal::field("R-178", "shift", format!("{} 的班次 {} 已经交班，请核对", row.clerk, row.no)))
    }
}
