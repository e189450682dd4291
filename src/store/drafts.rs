//! Drafts on disk: a small database of its own beside the branch's, so that typing never touches the day book. It holds sealed
//! bytes only; what they say is the desk's matter.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// Longest draft kept, in bytes.
pub const MAX_DRAFT: usize = 1 << 20;

/// The drafts of one branch.
pub struct Drafts {
    conn: Connection,
}

/// Where the drafts of a database lie.
pub fn path_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".drafts");
    PathBuf::from(path)
}

impl Drafts {
    /// Opens the drafts of a database, made when they are not there. A damaged file is set aside: drafts are a comfort, and a
    /// broken one must not keep the till shut.
    pub fn open(db: &Path) -> Result<Self, StoreError> {
        let path = path_of(db);
        Self::connect(&path).or_else(|_| {
            let mut aside = path.as_os_str().to_owned();
            aside.push(".damaged");
            std::fs::rename(&path, aside)
                .map_err(|error| StoreError::File { path: path.clone(), reason: crate::text::disk::why(&error) })?;
            Self::connect(&path)
        })
    }

    fn connect(path: &Path) -> Result<Self, StoreError> {
        let conn = Connection::open(path)?;
        super::db::restrict(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA secure_delete=ON;
             CREATE TABLE IF NOT EXISTS l_draft (name TEXT PRIMARY KEY, at INTEGER NOT NULL, box BLOB NOT NULL)
             STRICT, WITHOUT ROWID;",
        )?;
        Ok(Self { conn })
    }

    /// Keeps a draft in place of the one before.
    pub fn save(&self, name: &str, at: i64, sealed: &[u8]) -> Result<(), StoreError> {
        if sealed.len() > MAX_DRAFT {
            return Err(StoreError::Sqlite("草稿太大，没有保存".into()));
        }
        let sql = "INSERT OR REPLACE INTO l_draft (name, at, box) VALUES (?1, ?2, ?3)";
        self.conn.prepare_cached(sql)?.execute(params![name, at, sealed])?;
        Ok(())
    }

    /// Forgets a draft; one that is not there is fine.
    pub fn forget(&self, name: &str) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM l_draft WHERE name = ?1")?.execute([name])?;
        Ok(())
    }

    /// Forgets all that was kept before this moment, in milliseconds.
    pub fn forget_before(&self, at: i64) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM l_draft WHERE at < ?1")?.execute([at])?;
        Ok(())
    }

    /// A draft's sealed bytes.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT box FROM l_draft WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Names that begin with `prefix`, newest first, with the time they were kept (milliseconds).
    pub fn names(&self, prefix: &str) -> Result<Vec<(String, i64)>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT name, at FROM l_draft WHERE substr(name, 1, length(?1)) = ?1 ORDER BY at DESC, name",
        )?;
        let rows = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
