//! Queries of the day book and its derivation that are more than a row or a prefix.

use rusqlite::params;

use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::tables::base::{ClashRow, ClashWordRow, ExceptionRow, HoldRow, RunRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Is the subject paused by an entry this program does not know?
    pub fn is_held(&self, kind: &str, subject: Id) -> Result<bool, StoreError> {
        Ok(!self.scan::<HoldRow>(&[&kind, &subject])?.is_empty())
    }

    /// Is any subject paused?
    pub fn anything_held(&self) -> Result<bool, StoreError> {
        Ok(self.conn().prepare_cached("SELECT 1 FROM d_hold LIMIT 1")?.exists([])?)
    }

    /// Every action that was ever written here, with its versions.
    pub fn actions(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT DISTINCT action, version FROM entry ORDER BY 1, 2")?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Paused subjects of a kind.
    pub fn held_subjects(&self, kind: &str) -> Result<std::collections::BTreeSet<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT DISTINCT subject FROM d_hold WHERE kind = ?1")?;
        let found = statement.query_map([kind], |row| row.get(0).map(Id))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Places, with the item, of everything that waits because its subject is paused, or that one of its subjects could not read.
    pub fn paused_places(&self) -> Result<std::collections::HashSet<i64>, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT later.id FROM d_hold
             JOIN entry_subject at ON at.kind = d_hold.kind AND at.subject = d_hold.subject AND at.id = d_hold.entry
             JOIN entry_subject later ON later.kind = at.kind AND later.subject = at.subject
                  AND (later.hlc, later.id) >= (at.hlc, at.id)
             UNION SELECT second FROM d_exception WHERE what = 'unknown_action'",
        )?;
        let found = statement.query_map([], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Deletes a subject's rows from a table keyed (kind, subject). `table` is one of our own names.
    pub fn clear_shared(&self, table: &'static str, kind: &str, subject: Id) -> Result<(), StoreError> {
        let mut statement =
            self.conn().prepare_cached(&format!("DELETE FROM {table} WHERE kind = ?1 AND subject = ?2"))?;
        statement.execute(params![kind, subject.0])?;
        Ok(())
    }

    /// Entries of an action after one place and before another, in order.
    pub fn bulk_entries_after(
        &self,
        after: Id,
        before: Id,
        action: &str,
        limit: i64,
    ) -> Result<Vec<EntryRow>, StoreError> {
        self.select::<EntryRow>(
            " WHERE id > ? AND id < ? AND action = ? ORDER BY id LIMIT ?",
            &[&after, &before, &action, &limit],
        )
    }

    /// Walks every posting: entry place with item, legs.
    pub fn walk_postings(&self, mut visit: impl FnMut(Id, &str)) -> Result<(), StoreError> {
        let mut statement = self.conn().prepare("SELECT id, legs FROM d_posting")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let legs = row.get_ref(1)?.as_str().map_err(|_| StoreError::Corrupt("分录不是文字".into()))?;
            visit(Id(row.get(0)?), legs);
        }
        Ok(())
    }

    /// Rows in the subject index.
    pub fn subject_index_count(&self) -> Result<i64, StoreError> {
        Ok(self.conn().query_row("SELECT count(*) FROM entry_subject", [], |row| row.get(0))?)
    }

    /// This site's runs of a source (a file's hash, a cycle) and kind, newest first.
    pub fn own_runs_of_source(&self, kind: &str, source: &str) -> Result<Vec<RunRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE source = ? AND kind = ? AND id BETWEEN ? AND ? ORDER BY id DESC";
        self.select::<RunRow>(tail, &[&source, &kind, &own.low, &own.high])
    }

    /// Open exceptions of the subjects this site sees.
    pub fn open_exceptions(&self) -> Result<Vec<ExceptionRow>, StoreError> {
        let seen = self.seen()?;
        self.select::<ExceptionRow>(
            " WHERE state = 'open' AND subject BETWEEN ? AND ? ORDER BY kind, subject, what, first, second",
            &[&seen.low, &seen.high],
        )
    }

    /// Every exception, the decided ones too.
    pub fn all_exceptions(&self) -> Result<Vec<ExceptionRow>, StoreError> {
        self.select::<ExceptionRow>(" ORDER BY kind, subject, what, first, second", &[])
    }

    /// Every clash, the decided ones too.
    pub fn all_clashes(&self) -> Result<Vec<ClashRow>, StoreError> {
        self.select::<ClashRow>(" ORDER BY what, number", &[])
    }

    /// Clashes that wait for a decision and touch something this site sees.
    pub fn open_clashes(&self) -> Result<Vec<ClashRow>, StoreError> {
        let seen = self.seen()?;
        let mut rows = self.select::<ClashRow>(" WHERE state = 'open' ORDER BY what, number", &[])?;
        rows.retain(|row| row.holders.split(' ').any(|id| id.parse::<Id>().is_ok_and(|id| seen.holds(id))));
        Ok(rows)
    }

    /// What was said about a clash, oldest first.
    pub fn clash_words(&self, what: &str, number: &str) -> Result<Vec<ClashWordRow>, StoreError> {
        self.select::<ClashWordRow>(" WHERE what = ? AND number = ? ORDER BY id, kind, subject", &[&what, &number])
    }

    /// How many exceptions wait for a decision, clashes included, of those this site sees.
    pub fn exception_count(&self) -> Result<i64, StoreError> {
        let seen = self.seen()?;
        let sql = "SELECT count(*) FROM d_exception WHERE state = 'open' AND subject BETWEEN ?1 AND ?2";
        let inside: i64 = self.conn().query_row(sql, [seen.low.0, seen.high.0], |row| row.get(0))?;
        let across = self.open_clashes()?.len();
        Ok(inside + i64::try_from(across).unwrap_or(i64::MAX - inside))
    }
}

impl Tx<'_> {
    /// A site's own record by its code. A site is named by the first entry of its first life.
    pub fn own_site(&self, code: &str) -> Result<Option<crate::store::tables::base::SiteRow>, StoreError> {
        let id = crate::rules::id::Site::parse(code).ok().and_then(|site| Id::new(&site, 1, 1, 0));
        id.map(|id| self.get::<crate::store::tables::base::SiteRow>(&[&id])).transpose().map(Option::flatten)
    }
}
