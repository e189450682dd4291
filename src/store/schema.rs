//! Is the file's schema this program's own? Guards that were dropped, foreign triggers and views, indexes that are missing: `verify`
//! tells them, `rebuild` puts them right. Tables of the day book are never touched.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::migrate::{SCHEMA, object, statements};
use super::{StoreError, Tx};

/// What is wrong with one thing in the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Its name.
    pub name: String,
    /// `table`, `index`, `trigger`, `view`.
    pub kind: String,
    /// Not there; there but another; there and nobody's.
    pub how: How,
}

/// How a thing in the schema differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Not there.
    Missing,
    /// There, but not as it must be.
    Changed,
    /// There, and none of this program's.
    Foreign,
}

impl Odd {
    /// What is wrong and what to do.
    pub fn sentence(&self) -> String {
        let Self { name, kind, how } = self;
        let kind = match kind.as_str() {
            "table" => "表",
            "index" => "索引",
            "trigger" if name.starts_with("entry_no_") => "防改触发器",
            "trigger" => "触发器",
            _ => "视图",
        };
        let how = match how {
            How::Missing => "不在了",
            How::Changed => "被改过",
            How::Foreign => "不是本程序的",
        };
        let way = match (kind, self.how) {
            ("表", How::Missing | How::Changed) if !name.starts_with("d_") => {
                "有人用别的工具改过数据库；请从备份恢复 (restore)，并查明是谁改的"
            }
            _ => "有人用别的工具改过数据库；请运行 rebuild 恢复原样，再用 verify --full 核对，并查明是谁改的",
        };
        format!("数据库结构不对：{kind} {name} {how}。{way}")
    }

    fn is_for_rebuild(&self) -> bool {
        self.kind != "table" || self.name.starts_with("d_") || self.how == How::Foreign
    }
}

/// Kind, table and plain text of everything in a schema, by name; what SQLite makes by itself is left out.
fn things(conn: &Connection) -> Result<BTreeMap<String, (String, String)>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT name, type, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let row = |row: &rusqlite::Row<'_>| {
        let (name, kind, sql): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((name, (kind, plain(&sql))))
    };
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

fn plain(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wanted() -> BTreeMap<String, (String, String)> {
    let kind = |statement: &str| {
        let words = ["TABLE", "INDEX", "TRIGGER", "VIEW"];
        let found = statement.split_whitespace().find(|word| words.contains(word)).unwrap_or("TABLE");
        found.to_ascii_lowercase()
    };
    let of = |statement: String| (object(&statement).to_owned(), (kind(&statement), plain(&statement)));
    statements(SCHEMA).into_iter().map(of).collect()
}

fn odd(conn: &Connection) -> Result<Vec<Odd>, StoreError> {
    let (mut there, wanted) = (things(conn)?, wanted());
    let mut found = Vec::new();
    for (name, (kind, sql)) in wanted {
        let how = match there.remove(&name) {
            None => How::Missing,
            Some(is) if is != (kind.clone(), sql) => How::Changed,
            Some(_) => continue,
        };
        found.push(Odd { name, kind, how });
    }
    found.extend(there.into_iter().map(|(name, (kind, _))| Odd { name, kind, how: How::Foreign }));
    // Guards first: who dropped one may have done more.
    found.sort_by_key(|odd| (odd.kind != "trigger", odd.kind != "table", odd.name.clone()));
    Ok(found)
}

impl Tx<'_> {
    /// Everything in the schema that is not as this program makes it, guards first.
    pub fn odd_schema(&self) -> Result<Vec<Odd>, StoreError> {
        odd(self.conn())
    }

    /// Puts guards and indexes back and takes out what is nobody's; the tables of the day book stay as they are. Answers what was
    /// put right. Derived tables are the rebuild's own.
    pub fn mend_schema(&self) -> Result<Vec<Odd>, StoreError> {
        let conn = self.conn();
        let wrong: Vec<Odd> =
            odd(conn)?.into_iter().filter(|odd| odd.is_for_rebuild() && !odd.name.starts_with("d_")).collect();
        // A trigger of someone else's must not fire while the rest is put right.
        for odd in wrong.iter().filter(|odd| odd.how != How::Missing) {
            let name = odd.name.replace('"', "\"\"");
            conn.execute_batch(&format!("DROP {} IF EXISTS \"{name}\"", odd.kind.to_ascii_uppercase()))?;
        }
        for statement in statements(SCHEMA) {
            let name = object(&statement);
            if wrong.iter().any(|odd| odd.name == name && odd.how != How::Foreign) {
                conn.execute_batch(&statement)?;
            }
        }
        Ok(wrong)
    }

    /// Are the derived tables of another shape than this program's, or not filled?
    pub fn is_derived_stale(&self) -> Result<bool, StoreError> {
        super::migrate::is_stale(self.book())
    }

    /// Notes that the derived tables are of the present shape and filled, in the transaction that fills them.
    pub fn note_derived(&self) -> Result<(), StoreError> {
        super::migrate::note_shape(self.conn())
    }

    /// Has a table a row?
    pub(crate) fn has_rows(&self, table: &str) -> Result<bool, StoreError> {
        Ok(self.conn().prepare_cached(&format!("SELECT 1 FROM {table} LIMIT 1"))?.exists([])?)
    }

    /// Has a kind of subject any entry?
    pub(crate) fn has_subjects(&self, kind: &str) -> Result<bool, StoreError> {
        Ok(self.conn().prepare_cached("SELECT 1 FROM entry_subject WHERE kind = ?1 LIMIT 1")?.exists([kind])?)
    }

    /// Has a table all kinds share a row of one kind?
    pub(crate) fn has_rows_of(&self, table: &str, kind: &str) -> Result<bool, StoreError> {
        Ok(self.conn().prepare_cached(&format!("SELECT 1 FROM {table} WHERE kind = ?1 LIMIT 1"))?.exists([kind])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Db;

    #[test]
    fn a_dropped_guard_a_foreign_trigger_and_a_missing_index_are_told_and_put_right() {
        let mut db = Db::in_memory().unwrap();
        assert_eq!(db.read().unwrap().odd_schema().unwrap(), []);
        let breakages = [
            ("DROP TRIGGER entry_no_update", "entry_no_update", How::Missing),
            ("DROP TRIGGER entry_no_delete", "entry_no_delete", How::Missing),
            (
                "DROP TRIGGER entry_no_delete; CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT 1; END",
                "entry_no_delete",
                How::Changed,
            ),
            ("CREATE TRIGGER gift AFTER INSERT ON entry BEGIN SELECT 1; END", "gift", How::Foreign),
            ("CREATE VIEW v AS SELECT 1", "v", How::Foreign),
            ("CREATE INDEX more ON entry (at)", "more", How::Foreign),
            ("CREATE TABLE mine (a)", "mine", How::Foreign),
            ("DROP INDEX entry_key", "entry_key", How::Missing),
        ];
        for (sql, name, how) in breakages {
            let tx = db.write().unwrap();
            tx.conn().execute_batch(sql).unwrap();
            let told = tx.odd_schema().unwrap();
            assert_eq!(told.iter().map(|odd| (odd.name.as_str(), odd.how)).collect::<Vec<_>>(), [(name, how)], "{sql}");
            assert!(told[0].sentence().contains("rebuild"), "{}", told[0].sentence());
            assert_eq!(tx.mend_schema().unwrap(), told);
            assert_eq!(tx.odd_schema().unwrap(), [], "{sql}");
        }
    }
}
