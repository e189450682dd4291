//! The ladder: `entry*` and `l_*` tables are migrated step by step by hand-written SQL; `d_*` tables are dropped and made
//! again when their shape changed, because they are derived. `schema.sql` is the whole present shape; a test proves that the
//! ladder ends there.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use super::db::APPLICATION_ID;

/// The whole present schema.
pub const SCHEMA: &str = include_str!("../../schema.sql");

/// Steps of the ladder: step n takes a file from version n to n + 1.
const STEPS: &[&str] = &[include_str!("migrations/0001.sql"), include_str!("migrations/0002.sql")];

/// The version this program writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// Splits a schema text into statements; a trigger's inner semicolons stay inside.
pub fn statements(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        let line = line.split("--").next().unwrap_or("").trim_end();
        if line.trim().is_empty() {
            continue;
        }
        current.push_str(line.trim());
        current.push('\n');
        let in_trigger = current.starts_with("CREATE TRIGGER");
        let ends = if in_trigger { line.trim() == "END;" } else { line.ends_with(';') };
        if ends {
            found.push(std::mem::take(&mut current).trim().trim_end_matches(';').to_owned());
        }
    }
    found
}

/// Statements of the derived tables, in order.
fn derived() -> Vec<String> {
    statements(SCHEMA).into_iter().filter(|statement| object(statement).starts_with("d_")).collect()
}

/// The name of what a CREATE statement makes, without quotes.
pub(super) fn object(statement: &str) -> &str {
    let skip = ["CREATE", "UNIQUE", "VIRTUAL", "TABLE", "INDEX", "TRIGGER", "VIEW"];
    statement.split(|c: char| c.is_whitespace() || c == '(').find(|word| !skip.contains(word)).unwrap_or("")
}

/// Raised whenever a fold makes other rows of entries that were there before: an older book then derives anew at its first start.
pub const FOLDS: u32 = 10;

fn derived_shape() -> String {
    blake3::hash(format!("{}\n{FOLDS}", derived().join(";")).as_bytes()).to_hex().to_string()
}

/// Makes every table in an empty file.
pub fn create(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(&format!("PRAGMA application_id={APPLICATION_ID}; BEGIN IMMEDIATE;"))?;
    for statement in statements(SCHEMA) {
        conn.execute_batch(&statement)?;
    }
    note_shape(conn)?;
    conn.execute_batch(&format!("PRAGMA user_version={VERSION}; COMMIT;"))?;
    Ok(())
}

/// Notes that the derived tables are of the present shape and filled: in the transaction that fills them, never before.
pub fn note_shape(conn: &Connection) -> Result<(), StoreError> {
    conn.execute("INSERT OR REPLACE INTO l_setting (name, value) VALUES ('derived_shape', ?1)", [derived_shape()])?;
    Ok(())
}

/// Brings an older file up; true when the derived tables are not of the present shape and must be made anew from the entries. They
/// are left as they are until that is done, in one transaction: a start cut short leaves a file that still says so.
pub fn upgrade(conn: &Connection, path: &Path) -> Result<bool, StoreError> {
    let pragma = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    if pragma("application_id")? != i64::from(APPLICATION_ID) {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    let found = pragma("user_version")?;
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    let has_book = conn.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'entry'")?.exists([])?;
    if found < 1 && has_book {
        return Err(StoreError::Corrupt("版本号被改过 (0)；请从备份恢复 (restore)".into()));
    }
    for (from, step) in (0i64..).zip(STEPS).skip(usize::try_from(found).unwrap_or(0)) {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        if pragma("user_version")? != from {
            conn.execute_batch("ROLLBACK")?; // another process took the step meanwhile
            continue;
        }
        for statement in statements(step) {
            match conn.execute_batch(&statement) {
                // What stands already: the number was put back by another tool. `verify --full` looks whether it is as it should be.
                Err(error) if is_there_already(&error) => {}
                done => done?,
            }
        }
        conn.execute_batch(&format!("PRAGMA user_version={}; COMMIT;", from + 1))?;
    }
    is_stale(conn)
}

fn is_there_already(error: &rusqlite::Error) -> bool {
    let said = error.to_string();
    said.contains("already exists") || said.contains("duplicate column name")
}

/// Are the derived tables of another shape than this program's, or not filled?
pub fn is_stale(conn: &Connection) -> Result<bool, StoreError> {
    let shape: Option<String> =
        conn.query_row("SELECT value FROM l_setting WHERE name = 'derived_shape'", [], |row| row.get(0)).optional()?;
    Ok(shape.as_deref() != Some(&derived_shape()))
}

fn drop_derived(conn: &Connection) -> Result<(), StoreError> {
    for table in derived_tables(conn)? {
        conn.execute_batch(&format!("DROP TABLE {table}"))?;
    }
    Ok(())
}

/// Makes the derived tables anew, empty, without their indexes.
pub fn renew_derived(conn: &Connection) -> Result<(), StoreError> {
    drop_derived(conn)?;
    for statement in derived().iter().filter(|statement| !is_index(statement)) {
        conn.execute_batch(statement)?;
    }
    Ok(())
}

/// Makes the indexes that [`renew_derived`] left out.
pub fn index_derived(conn: &Connection) -> Result<(), StoreError> {
    for statement in derived().iter().filter(|statement| is_index(statement)) {
        conn.execute_batch(statement)?;
    }
    Ok(())
}

fn is_index(statement: &str) -> bool {
    statement.starts_with("CREATE INDEX") || statement.starts_with("CREATE UNIQUE INDEX")
}

/// Names of the derived tables in the file, sorted.
pub fn derived_tables(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'd\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

/// Where a database may lie.
pub mod place {
    use super::{Path, StoreError};

    /// Refuses network shares and removable sticks, where the system tells what the place is.
    pub fn refuse_remote(path: &Path) -> Result<(), StoreError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let text = folder.to_string_lossy();
        if text.starts_with(r"\\") && !text.starts_with(r"\\?\") || text.starts_with(r"\\?\UNC\") {
            return Err(StoreError::NotLocal { path: path.to_owned(), kind: "网络共享" });
        }
        let Ok(mounts) = std::fs::read_to_string("/proc/self/mounts") else { return Ok(()) };
        match kind_of(&folder, &mounts) {
            Some(kind) => Err(StoreError::NotLocal { path: path.to_owned(), kind }),
            None => Ok(()),
        }
    }

    /// What kind of unsafe place `folder` is by a mounts table, if any: the longest mount point that holds it decides.
    pub fn kind_of(folder: &Path, mounts: &str) -> Option<&'static str> {
        let mut best: (usize, Option<&'static str>) = (0, None);
        for line in mounts.lines() {
            let mut words = line.split(' ');
            let (Some(device), Some(point), Some(system)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let point = point.replace("\\040", " ");
            if folder.starts_with(&point) && point.len() >= best.0 {
                let kind = match system {
                    "nfs" | "nfs4" | "cifs" | "smb3" | "smbfs" | "9p" | "afs" | "ncpfs" | "fuse.sshfs" => {
                        Some("网络共享")
                    }
                    "vfat" | "exfat" | "msdos" => Some("移动盘"),
                    _ if device.starts_with("//") => Some("网络共享"),
                    _ => None,
                };
                best = (point.len(), kind);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(conn: &Connection) -> Vec<(String, String)> {
        let mut statement = conn
            .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap();
        let plain = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        statement.query_map([], |row| Ok((row.get(0)?, plain(row.get(1)?)))).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn the_ladder_ends_at_schema_sql() {
        let whole = Connection::open_in_memory().unwrap();
        create(&whole).unwrap();
        let climbed = Connection::open_in_memory().unwrap();
        climbed.execute_batch(&format!("PRAGMA application_id={APPLICATION_ID}")).unwrap();
        assert!(upgrade(&climbed, Path::new("x")).unwrap());
        renew_derived(&climbed).unwrap();
        index_derived(&climbed).unwrap();
        assert_eq!(shape(&whole), shape(&climbed));
    }

    #[test]
    fn a_newer_file_is_refused() {
        let conn = Connection::open_in_memory().unwrap();
        create(&conn).unwrap();
        conn.execute_batch("PRAGMA user_version=99").unwrap();
        assert!(matches!(upgrade(&conn, Path::new("x")), Err(StoreError::Newer { found: 99, .. })));
    }

    #[test]
    fn a_version_put_back_by_another_tool_leaves_the_book_as_it_is() {
        let conn = Connection::open_in_memory().unwrap();
        create(&conn).unwrap();
        let before = shape(&conn);
        conn.execute_batch("PRAGMA user_version=1").unwrap();
        assert!(!upgrade(&conn, Path::new("x")).unwrap());
        assert_eq!((shape(&conn), conn.query_row("PRAGMA user_version", [], |row| row.get(0))), (before, Ok(VERSION)));
    }

    #[test]
    fn a_changed_derived_shape_is_told_until_the_rebuild_has_noted_it() {
        let conn = Connection::open_in_memory().unwrap();
        create(&conn).unwrap();
        assert!(!upgrade(&conn, Path::new("x")).unwrap());
        conn.execute_batch("UPDATE l_setting SET value = 'old' WHERE name = 'derived_shape'").unwrap();
        for _ in 0..2 {
            assert!(upgrade(&conn, Path::new("x")).unwrap());
        }
        note_shape(&conn).unwrap();
        assert!(!upgrade(&conn, Path::new("x")).unwrap());
    }

    #[test]
    fn the_longest_mount_point_decides_the_place() {
        let mounts =
            "/dev/sda1 / ext4 rw 0 0\nsrv:/x /mnt/share nfs4 rw 0 0\n/dev/sdb1 /media/my\\040stick vfat rw 0 0\n";
        assert_eq!(place::kind_of(Path::new("/home/a"), mounts), None);
        assert_eq!(place::kind_of(Path::new("/mnt/share/b"), mounts), Some("网络共享"));
        assert_eq!(place::kind_of(Path::new("/media/my stick"), mounts), Some("移动盘"));
    }
}
