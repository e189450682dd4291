//! A subject's entries, newest first, each with only the subject's own part of the payload.

use rusqlite::params;

use crate::rules::id::Id;
use crate::store::column::day_of;
use crate::store::{StoreError, Tx};

/// One entry as one subject sees it.
#[derive(Debug, Clone)]
pub struct Passage {
    /// Order key.
    pub hlc: i64,
    /// The entry's place, with the item of a bulk entry.
    pub id: Id,
    /// The author's time.
    pub at: String,
    /// 营业日.
    pub day: chrono::NaiveDate,
    /// Who did it.
    pub actor: String,
    /// 操作.
    pub action: String,
    /// The subject's part.
    pub body: String,
}

impl Tx<'_> {
    /// Entries of a subject before an order key, newest first, at most `limit`.
    pub fn passages(
        &self,
        kind: &str,
        subject: Id,
        before: Option<(i64, Id)>,
        limit: i64,
    ) -> Result<Vec<Passage>, StoreError> {
        let (hlc, id) = before.unwrap_or((i64::MAX, Id(i64::MAX)));
        // The part is cut from the bytes, so that a bulk entry is not copied whole.
        let mut statement = self.conn().prepare_cached(
            "SELECT s.hlc, s.id, e.at, e.business_day, e.actor, e.action, \
             substr(CAST(e.payload AS BLOB), s.start + 1, s.length) \
             FROM entry_subject s JOIN entry e ON e.id = s.id - s.id % ?5 \
             WHERE s.kind = ?1 AND s.subject = ?2 AND (s.hlc, s.id) < (?3, ?4) \
             ORDER BY s.hlc DESC, s.id DESC LIMIT ?6",
        )?;
        let items = crate::rules::id::ITEMS;
        let mut rows = statement.query(params![kind, subject.0, hlc, id.0, items, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(6)?;
            found.push(Passage {
                hlc: row.get(0)?,
                id: Id(row.get(1)?),
                at: row.get(2)?,
                day: day_of(row.get(3)?).ok_or_else(|| StoreError::Corrupt("日期超出范围".into()))?,
                actor: row.get(4)?,
                action: row.get(5)?,
                body: String::from_utf8(body).map_err(|_| StoreError::Corrupt("凭单内容不是文字".into()))?,
            });
        }
        Ok(found)
    }
}
