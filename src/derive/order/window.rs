//! Cases without a slip of a worker: done at the window (窗口办结) once their deed (过户) and their fees are in; until then they
//! stand open, so that the second half of a case is never forgotten.
//!
//! Merge: one deed, the first; a deed on a voided case, or a voiding after the deed, has no effect on the case and is an exception.

use super::apply::{clash, moment_of, note};
use super::row::WINDOW;
use super::{SAME, charge};
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::order::What;
use crate::store::tables::order::OrderRow;

/// State of a case that waits for its deed.
pub const DEED: &str = "待过户";
/// State of a case that waits for its fee.
pub const FEE: &str = "待收费";
/// State of a case that should never have been.
pub const VOID: &str = "作废";
/// The heap of these cases.
pub const STAGE: &str = "window";

/// Where a case stands that no worker has; `second` is when it came to that.
pub(super) fn stand(row: &mut OrderRow, second: i64) {
    // What a worker has goes by its own life; only a deed can still be missing at its end.
    let by_life = row.life.is_some();
    let missing = row.deed_due && row.deed.is_none();
    let with_worker = !matches!(row.stage.as_str(), "closed" | STAGE) || row.state == "取消";
    if row.state == VOID || (by_life && (with_worker || !row.deed_due)) {
        return;
    }
    if !by_life {
        row.done = Some(second);
        row.state = WINDOW.to_owned();
    }
    (row.open, row.stage) = (false, "closed".to_owned());
    if missing || (!by_life && row.owed.0 > 0) {
        row.state = if missing { DEED } else { FEE }.to_owned();
        (row.open, row.stage, row.done) = (true, STAGE.to_owned(), row.done.filter(|_| by_life));
    } else if by_life {
        row.state = "完结".to_owned();
    }
}

/// Takes note of money of a case, in its history and in what it still owes.
pub(super) fn told(fx: &mut Fx<'_, '_>, event: &Event<'_>, what: &str, said: String) -> Result<(), DeriveError> {
    note(fx, event, what, None, said, true)?;
    let Some(mut row) = fx.tx.order(event.subject)? else { return Ok(()) };
    row.owed = charge::owed(fx, event.subject)?;
    row.last = event.id;
    stand(&mut row, moment_of(event.entry)?.timestamp());
    leave(fx, &mut row);
    Ok(fx.tx.put(&row)?)
}

/// A case that is over is no longer the same thing as another one at the same place.
fn leave(fx: &mut Fx<'_, '_>, row: &mut OrderRow) {
    if let Some(key) = row.join_key.take_if(|_| !row.open) {
        fx.touch(SAME.what, &key);
    }
}

/// Applies `account.transfer` to its case.
pub(super) fn deed(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountTransferred = event.read()?;
    let Some(mut row) = fx.tx.order(event.subject)?.filter(|_| body.case == Some(event.subject)) else { return Ok(()) };
    let refused = match (&row.deed, row.state == VOID) {
        (Some(_), _) => Some("这件业务已经办过过户"),
        (None, true) => Some("这件业务已经作废，而户主已经过户"),
        _ => None,
    };
    note(fx, event, "过户", None, format!("过户给 {}", body.name), refused.is_none())?;
    if let Some(reason) = refused {
        return clash(fx, event, &row, "过户", reason);
    }
    (row.deed, row.last) = (Some(event.id), event.id);
    stand(&mut row, moment_of(event.entry)?.timestamp());
    leave(fx, &mut row);
    Ok(fx.tx.put(&row)?)
}

/// What happens to a case without a life: it can only be voided, before its deed.
pub(super) fn happen(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    mut row: OrderRow,
    what: &What,
    said: String,
) -> Result<(), DeriveError> {
    let refused = match what {
        _ if !row.open => Some("该业务已在窗口办结"),
        What::Voided { .. } if row.deed.is_some() => Some("已经过户，不能作废"),
        What::Voided { .. } => None,
        What::Dispatched { .. }
        | What::Paused { .. }
        | What::Resumed { .. }
        | What::Deferred { .. }
        | What::Returned(_)
        | What::Answered { .. }
        | What::CalledBack { .. }
        | What::Chased
        | What::Joined => Some("该业务在窗口办理，没有派工单"),
    };
    let word = super::apply::word(what);
    if let Some(reason) = refused {
        return clash(fx, event, &row, word, reason);
    }
    note(fx, event, word, None, said, true)?;
    charge::cancel(fx, event)?;
    row.owed = charge::owed(fx, event.subject)?;
    (row.state, row.open, row.stage) = (VOID.to_owned(), false, "closed".to_owned());
    (row.done, row.last) = (Some(moment_of(event.entry)?.timestamp()), event.id);
    row.outcome = VOID.to_owned();
    leave(fx, &mut row);
    Ok(fx.tx.put(&row)?)
}
