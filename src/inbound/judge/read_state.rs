//! Does a row say that somebody read the meter? By the handheld's state, or by the remark of a card.

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::profile::{Profile, ReadBy};
use crate::inbound::rows::reading::Columns;

/// Why nobody could read the meter, where the row says so. A state nobody knows, and a card that says both, are refused.
pub(super) fn unread(
    cells: Cells<'_>,
    columns: &Columns,
    profile: &Profile,
    read_by: ReadBy,
) -> Result<Option<String>, Flaw> {
    let (column, value) = match read_by {
        ReadBy::Card => (columns.remark, cells.text(columns.value)),
        ReadBy::Handheld => (columns.read_state, "".into()),
        ReadBy::Remote => return Ok(None),
    };
    let word = cells.text(column);
    match profile.word("unread", &word) {
        Some(why) if value.is_empty() => Ok(Some(why.to_owned())),
        Some(why) => {
            let what = format!(
                "是没抄到（{why}），本次示数却写着{}，请核对：抄到了就清空这一格，估的改为“估抄”，没抄到就清空示数",
                crate::rules::fault::shown(&value)
            );
            Err(cells.flaw(Kind::ValueThoughUnread, column, &what))
        }
        // A profile that names no word for a meter that was read leaves every other word to that.
        None if read_by == ReadBy::Handheld && profile.knows_words("read") && profile.word("read", &word).is_none() => {
            let known = format!("{}、{}", profile.words_of("read"), profile.words_of("unread"));
            Err(cells.flaw(Kind::UnknownWord, column, &format!("不是已知的抄表状态，请核对抄表机后改为：{known}")))
        }
        None => Ok(None),
    }
}
