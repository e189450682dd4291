//! A clock far ahead of the last entry: before anything is written under it, the director is asked (`clock.confirm`). An entry with a
//! wrong year stands for ever, and late fees would run on it.

use chrono::{DateTime, Duration, FixedOffset};

use super::refusal::Refusal;
use crate::book::append::Head;
use crate::store::Tx;

/// The action that says the clock is right.
pub const CONFIRM: &str = "clock.confirm";

/// A branch writes every working day; this long after its last entry the date is doubtful.
const DOUBTFUL: Duration = Duration::days(31);

/// The last entry of this site, when a moment is doubtfully long after it.
pub fn last_before_jump(
    tx: &Tx<'_>,
    head: &Head,
    at: DateTime<FixedOffset>,
) -> Result<Option<DateTime<FixedOffset>>, Refusal> {
    let last = tx.head(&head.site, head.epoch)?.and_then(|row| DateTime::parse_from_rfc3339(&row.at).ok());
    Ok(last.filter(|last| at - *last > DOUBTFUL))
}

/// Refuses to write on a doubtful date until the director has confirmed it. Practice books live on days of their own.
pub fn require(
    tx: &Tx<'_>,
    head: &Head,
    at: DateTime<FixedOffset>,
    action: &str,
    practice: bool,
) -> Result<(), Refusal> {
    if practice || action == CONFIRM {
        return Ok(());
    }
    let Some(last) = last_before_jump(tx, head, at)? else { return Ok(()) };
    let shown = |at: DateTime<FixedOffset>| at.format("%Y-%m-%d %H:%M").to_string();
    let days = (at - last).num_days();
    Err(Refusal::rule(
        "clock",
        format!(
            "本机时钟 {}，离最后一笔 ({}) 已 {days} 天，没有记账。日期不对请先校准时钟；\
             确实没有错，请主任用 site clock --reason 原因 确认后再办",
            shown(at),
            shown(last)
        ),
    ))
}
