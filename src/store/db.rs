//! The file: opened with every guard on and read back, one writer at a time, typed access inside a transaction.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter};

use super::gather::{Gathered, Held};
use super::hold::{self, FileId, Hold};
use super::{Column, StoreError, Table, migrate, table::Sql};

/// `application_id` of a meterdesk file: "MTRD".
pub const APPLICATION_ID: i32 = 0x4D54_5244;
/// The write-ahead log is folded into the file when idle and above this size.
pub const CHECKPOINT_BYTES: u64 = 32 << 20;

/// How long a write waits for another desk's.
const PATIENCE: Duration = Duration::from_secs(10);

/// How to open a file.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// A SQLite VFS by name; only tests use one.
    pub vfs: Option<String>,
    /// `synchronous=OFF`; only the test that proves the crash test can fail uses it.
    pub unsafe_sync_off: bool,
    /// Open for reading only.
    pub read_only: bool,
    /// A file nobody else knows of, or one whose place the caller holds alone: the lock of its openers is not taken.
    pub apart: bool,
}

/// An open database.
pub struct Db {
    conn: Connection,
    path: PathBuf,
    options: OpenOptions,
    /// The commits of this connection wait for the disk.
    waits: Cell<bool>,
    /// This program's share in the book, with every connection to it.
    hold: Option<Arc<Hold>>,
    /// The file that was opened.
    id: Option<FileId>,
}

/// One transaction. Dropped without [`Tx::commit`], it leaves nothing.
pub struct Tx<'a> {
    pub(super) tx: rusqlite::Transaction<'a>,
    pub(super) held: RefCell<Option<Gathered>>,
}

impl Db {
    /// Makes a new file with the present schema. Refuses a path that is taken or not on a local disk.
    pub fn create(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(path.to_owned()));
        }
        let db = Self::connect(path, options, None, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        restrict(path)?;
        migrate::create(&db.conn)?;
        // Its head must stand in the file itself: after a power cut the log alone would not tell whose file it is.
        db.checkpoint()?;
        Ok(db)
    }

    /// A database in memory, for tests and what-if rebuilds.
    pub fn in_memory() -> Result<Self, StoreError> {
        let conn = memory()?;
        let db = Self::of_memory(conn);
        migrate::create(&db.conn)?;
        Ok(db)
    }

    /// A copy of this database in memory, for tests that begin from one branch many times.
    pub fn copy_in_memory(&self) -> Result<Self, StoreError> {
        let mut conn = memory()?;
        rusqlite::backup::Backup::new(&self.conn, &mut conn)?.run_to_completion(4096, Duration::ZERO, None)?;
        Ok(Self::of_memory(conn))
    }

    fn of_memory(conn: Connection) -> Self {
        let (path, options) = (PathBuf::from(":memory:"), OpenOptions::default());
        Self { conn, path, options, waits: Cell::new(true), hold: None, id: None }
    }

    /// Opens a file that `init` made; migrates `entry*` and `l_*` when it is older. The second value says that the `d_*`
    /// tables are of another shape or not filled: the caller derives them again before anything asks them.
    pub fn open(path: &Path, options: OpenOptions) -> Result<(Self, bool), StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        check_head(path)?;
        let flags =
            if options.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let db = Self::connect(path, options, None, flags)?;
        let derived_is_stale = migrate::upgrade(&db.conn, path)?;
        Ok((db, derived_is_stale))
    }

    fn connect(
        path: &Path,
        options: OpenOptions,
        hold: Option<Arc<Hold>>,
        flags: OpenFlags,
    ) -> Result<Self, StoreError> {
        let local = super::migrate::place::refuse_remote(path);
        if options.vfs.is_none() {
            local?;
        }
        let shared = options.vfs.is_none() && !options.apart;
        let hold = match hold {
            None if shared => match hold::share(path) {
                Ok(hold) => Some(Arc::new(hold)),
                // Who only reads may do so where nothing can be written.
                Err(StoreError::File { .. }) if options.read_only => None,
                Err(error) => return Err(error),
            },
            other => other,
        };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let before = FileId::of(path);
        let conn = match &options.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str())?,
            None => Connection::open_with_flags(path, flags)?,
        };
        guard(&conn, &options)?;
        let id = FileId::of(path).filter(|_| options.vfs.is_none());
        if before.is_some() && id.is_some() && id != before {
            return Err(StoreError::BeingReplaced(path.to_owned()));
        }
        Ok(Self { conn, path: path.to_owned(), options, waits: Cell::new(true), hold, id })
    }

    /// Refuses when the name leads to another file than the one this connection writes: what went there would be in no book.
    fn same_file(&self) -> Result<(), StoreError> {
        if self.id.is_some() && FileId::of(&self.path) != self.id {
            return Err(StoreError::Replaced(self.path.clone()));
        }
        Ok(())
    }

    /// Does the database lie in a file, so that others can read it beside this one?
    pub fn is_file(&self) -> bool {
        self.options.vfs.is_none() && self.conn.path().is_some_and(|path| !path.is_empty())
    }

    /// Does the database lie on a disk at all, and not in memory?
    pub fn is_on_disk(&self) -> bool {
        self.conn.path().is_some_and(|path| !path.is_empty())
    }

    /// Another connection to the same file, for a thread of its own.
    pub fn again(&self) -> Result<Self, StoreError> {
        self.same_file()?;
        Self::connect(&self.path, self.options.clone(), self.hold.clone(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Another connection that reads the file from one end to the other beside this one: it keeps few pages.
    pub fn again_to_walk(&self) -> Result<Self, StoreError> {
        let db = self.again()?;
        db.conn.execute_batch("PRAGMA cache_size=-2048")?;
        Ok(db)
    }

    /// The raw connection, for the store's own work in many short transactions.
    pub(in crate::store) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a write: takes the one writer's place at once, so what is read inside stays true until commit.
    pub fn write(&mut self) -> Result<Tx<'_>, StoreError> {
        self.wait_for_disk(true)?;
        self.begin_write()
    }

    /// Begins a write of what can be made again from the entries: a part of deriving. Its commit does not wait for the disk; the next
    /// commit of [`Db::write`], of this desk or of another, makes both durable in their order, and a power cut before it takes
    /// the last parts back. Never for entries: what another site may have been sent must not be taken back.
    pub fn write_part(&mut self) -> Result<Tx<'_>, StoreError> {
        self.wait_for_disk(false)?;
        self.begin_write()
    }

    fn begin_write(&mut self) -> Result<Tx<'_>, StoreError> {
        self.same_file()?;
        Ok(Tx::new(self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }

    fn wait_for_disk(&self, waits: bool) -> Result<(), StoreError> {
        if self.waits.get() != waits && !self.options.unsafe_sync_off {
            let (word, number) = if waits { ("FULL", 2) } else { ("NORMAL", 1) };
            self.conn.execute_batch(&format!("PRAGMA synchronous={word}"))?;
            let is: i64 = self.conn.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
            if is != number {
                return Err(StoreError::Pragma("synchronous"));
            }
            self.waits.set(waits);
        }
        Ok(())
    }

    /// Begins a read: one consistent picture.
    pub fn read(&mut self) -> Result<Tx<'_>, StoreError> {
        Ok(Tx::new(self.conn.transaction_with_behavior(TransactionBehavior::Deferred)?))
    }

    /// A picture for reading through a shared reference (screens); nested in nothing.
    pub fn look(&self) -> Result<Tx<'_>, StoreError> {
        Ok(Tx::new(self.conn.unchecked_transaction()?))
    }

    /// Lets SQLite sort in temporary files instead of in memory: for a rebuild, whose indexes are larger than the memory bulk
    /// work may take.
    pub fn sort_on_disk(&self, on: bool) -> Result<(), StoreError> {
        self.conn.execute_batch(if on { "PRAGMA temp_store=FILE" } else { "PRAGMA temp_store=MEMORY" })?;
        Ok(())
    }

    /// Folds the write-ahead log into the file when it has grown; called when the desk is idle, never inside an action.
    pub fn checkpoint_when_large(&self) -> Result<(), StoreError> {
        if self.log_bytes() > CHECKPOINT_BYTES {
            // A reader elsewhere may still need the log: fold in what can be folded and come back later, never wait for it.
            self.conn.busy_timeout(Duration::ZERO)?;
            // Most of it while others may write; emptying the log keeps them out, and finds little left.
            let folded = self.fold_what_can_be().and_then(|()| self.checkpoint());
            self.conn.busy_timeout(PATIENCE)?;
            return match folded {
                Err(StoreError::Busy) => Ok(()),
                other => other,
            };
        }
        Ok(())
    }

    /// Folds what nobody needs any more of the write-ahead log into the file; keeps nobody waiting.
    pub(super) fn fold_what_can_be(&self) -> Result<(), StoreError> {
        self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// How long the write-ahead log is.
    pub(super) fn log_bytes(&self) -> u64 {
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        std::fs::metadata(PathBuf::from(wal)).map_or(0, |meta| meta.len())
    }

    /// Folds the write-ahead log into the file and empties it.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Copies the database with SQLite's backup API into a new file.
    pub fn backup_to(&self, target: &Path) -> Result<(), StoreError> {
        if target.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(target.to_owned()));
        }
        make_new(target)?;
        let made = (|| {
            let mut copy = Connection::open(target)?;
            rusqlite::backup::Backup::new(&self.conn, &mut copy)?.run_to_completion(4096, Duration::ZERO, None)?;
            Ok(())
        })();
        if made.is_err() {
            // Half a copy must not stand under its name.
            for tail in ["", "-journal", "-wal", "-shm"] {
                let _ = std::fs::remove_file(super::companions::beside(target, tail));
            }
        }
        made
    }

    /// A number that changes whenever another connection has written.
    pub fn written_by_others(&self) -> Result<i64, StoreError> {
        Ok(self.conn.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }

    /// SQLite's own check of the file, first fault or none.
    pub fn integrity(&self) -> Result<Option<String>, StoreError> {
        let word: String = self.conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((word != "ok").then_some(word))
    }
}

/// Makes an empty file, for its owner only, where there is none and no link.
fn make_new(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists(path.to_owned()),
        _ => StoreError::File { path: path.to_owned(), reason: crate::text::disk::why(&error) },
    })
}

/// Owner-only rights on the file; the log files beside it inherit them from SQLite.
pub(in crate::store) fn restrict(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if path.exists() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
                .map_err(|error| StoreError::File { path: path.to_owned(), reason: crate::text::disk::why(&error) })?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes a file that was copied its owner's alone.
pub fn own(path: &Path) -> Result<(), StoreError> {
    restrict(path)
}

/// A file that is something else is told apart before SQLite touches it.
pub fn check_head(path: &Path) -> Result<(), StoreError> {
    use std::io::Read;
    let file =
        |error: std::io::Error| StoreError::File { path: path.to_owned(), reason: crate::text::disk::why(&error) };
    let mut head = [0u8; 72];
    crate::text::plain_file::open(path)
        .map_err(file)?
        .read_exact(&mut head)
        .map_err(|_| StoreError::Foreign(path.to_owned()))?;
    let ours = head.starts_with(b"SQLite format 3\0") && head[68..72] == APPLICATION_ID.to_be_bytes();
    if ours { Ok(()) } else { Err(StoreError::Foreign(path.to_owned())) }
}

/// A connection to a database in memory.
fn memory() -> Result<Connection, StoreError> {
    let conn = Connection::open_in_memory()?;
    plan_once(&conn)?;
    Ok(conn)
}

/// Statements are kept, and a plan never depends on a bound value: else SQLite plans some of them anew at every call.
fn plan_once(conn: &Connection) -> Result<(), StoreError> {
    conn.set_prepared_statement_cache_capacity(256);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Sets every guard and reads each back.
fn guard(conn: &Connection, options: &OpenOptions) -> Result<(), StoreError> {
    plan_once(conn)?;
    conn.busy_timeout(PATIENCE)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let sync = if options.unsafe_sync_off { "OFF" } else { "FULL" };
    let wal = if options.read_only { "" } else { "PRAGMA journal_mode=WAL;" };
    conn.execute_batch(&format!(
        "{wal} PRAGMA synchronous={sync}; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;
         PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;"
    ))?;
    let number = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let sync_is = if options.unsafe_sync_off { 0 } else { 2 };
    let expected = [("synchronous", sync_is), ("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1)];
    for (name, value) in expected {
        if number(name)? != value {
            return Err(StoreError::Pragma(name));
        }
    }
    let journal: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if journal != "wal" && !options.read_only {
        return Err(StoreError::Pragma("journal_mode"));
    }
    Ok(())
}

impl<'a> Tx<'a> {
    fn new(tx: rusqlite::Transaction<'a>) -> Self {
        Self { tx, held: RefCell::new(None) }
    }

    /// Where the database lies; none in memory.
    pub fn file(&self) -> Option<PathBuf> {
        self.tx.path().filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The raw connection, for the store's own queries.
    pub(in crate::store) fn conn(&self) -> &Connection {
        self.tear();
        &self.tx
    }

    /// The raw connection for statements on the day book's own tables and on settings, which are never held back.
    pub(in crate::store) fn book(&self) -> &Connection {
        &self.tx
    }

    /// Makes everything durable. An error means the outcome is not known.
    pub fn commit(self) -> Result<(), StoreError> {
        self.gather_end()?;
        self.tx.commit().map_err(|error| match StoreError::from(error) {
            known @ (StoreError::DiskFull | StoreError::ReadOnly | StoreError::Busy) => known,
            other => StoreError::Unknown(other.to_string()),
        })
    }

    /// Does something and lets it go again: what it leaves can be looked at inside, and nothing of it stays.
    pub fn trial<T, E: From<StoreError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let run = |sql: &str| self.conn().execute_batch(sql).map_err(StoreError::from);
        run("SAVEPOINT trial")?;
        let done = work();
        run("ROLLBACK TO trial; RELEASE trial")?;
        done
    }

    /// Inserts or replaces a row.
    pub fn put<T: Table>(&self, row: &T) -> Result<(), StoreError> {
        if self.hold(row) {
            return Ok(());
        }
        let mut statement = self.tx.prepare_cached(&T::sql().put)?;
        row.bind(&mut statement)?;
        statement.raw_execute()?;
        Ok(())
    }

    /// Puts a row that is new, as one named by its entry is: half the work of [`Tx::put`]. One that is not new after all takes the
    /// place of the other.
    pub fn add<T: Table>(&self, row: &T) -> Result<(), StoreError> {
        if self.hold(row) {
            return Ok(());
        }
        let mut statement = self.tx.prepare_cached(&T::sql().insert)?;
        row.bind(&mut statement)?;
        match statement.raw_execute() {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                drop(statement);
                self.put(row)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a row by its whole key.
    pub fn get<T: Table>(&self, key: &[&dyn Key]) -> Result<Option<T>, StoreError> {
        debug_assert_eq!(key.len(), T::KEYS);
        match self.held_row::<T>(key) {
            Held::Yes(row) => Ok(row),
            Held::Ask => self.ask_first(&T::sql().get, key),
        }
    }

    /// Deletes a row by its whole key.
    pub fn delete<T: Table>(&self, key: &[&dyn Key]) -> Result<(), StoreError> {
        debug_assert_eq!(key.len(), T::KEYS);
        if let Held::Yes(()) = self.unhold::<T>(key) {
            return Ok(());
        }
        let mut statement = self.tx.prepare_cached(&T::sql().delete)?;
        statement.execute(params_from_iter(key.iter().map(|part| part.sql())))?;
        Ok(())
    }

    /// All rows whose key begins with `prefix`, in key order.
    pub fn scan<T: Table>(&self, prefix: &[&dyn Key]) -> Result<Vec<T>, StoreError> {
        debug_assert!(prefix.len() <= T::KEYS);
        match self.held_rows::<T>(prefix) {
            Held::Yes(rows) => Ok(rows),
            Held::Ask => self.ask_all(&T::sql().scans[prefix.len()], prefix),
        }
    }

    /// Is there a row of this key?
    pub fn has<T: Table>(&self, key: &[&dyn Key]) -> Result<bool, StoreError> {
        debug_assert_eq!(key.len(), T::KEYS);
        match self.held_row::<T>(key) {
            Held::Yes(row) => Ok(row.is_some()),
            Held::Ask => {
                let mut statement = self.tx.prepare_cached(&T::sql().has)?;
                Ok(statement.exists(params_from_iter(key.iter().map(|part| part.sql())))?)
            }
        }
    }

    /// The last row whose key begins with `prefix`.
    pub fn last<T: Table>(&self, prefix: &[&dyn Key]) -> Result<Option<T>, StoreError> {
        let tail = backwards::<T>(prefix.len());
        self.first(&format!("{}{tail}", T::sql().select), prefix)
    }

    /// Rows by a condition, for the store's own queries: `tail` continues `SELECT columns FROM table`.
    pub(in crate::store) fn select<T: Table>(&self, tail: &str, values: &[&dyn Key]) -> Result<Vec<T>, StoreError> {
        if T::NAME.starts_with("d_") || tail.contains("d_") {
            self.tear();
        }
        self.ask(tail, values)
    }

    fn ask<T: Table>(&self, tail: &str, values: &[&dyn Key]) -> Result<Vec<T>, StoreError> {
        let Sql { select, .. } = T::sql();
        self.ask_all(&format!("{select}{tail}"), values)
    }

    fn ask_all<T: Table>(&self, sql: &str, values: &[&dyn Key]) -> Result<Vec<T>, StoreError> {
        let mut statement = self.tx.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values.iter().map(|part| part.sql())))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(T::read(row)?);
        }
        Ok(found)
    }

    /// The first row of a whole statement over `T`'s columns.
    pub(in crate::store) fn first<T: Table>(&self, sql: &str, values: &[&dyn Key]) -> Result<Option<T>, StoreError> {
        self.tear();
        self.ask_first(sql, values)
    }

    fn ask_first<T: Table>(&self, sql: &str, values: &[&dyn Key]) -> Result<Option<T>, StoreError> {
        let mut statement = self.tx.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values.iter().map(|part| part.sql())))?;
        rows.next()?.map(T::read).transpose()
    }

    /// Deletes every row of `table` whose first key column is `subject`. `table` is one of our own table names.
    pub(crate) fn clear(&self, table: &'static str, column: &'static str, subject: i64) -> Result<(), StoreError> {
        let mut statement = self.conn().prepare_cached(&format!("DELETE FROM {table} WHERE {column} = ?"))?;
        statement.execute([subject])?;
        Ok(())
    }
}

/// The last row by the first columns of the key, to be continued from `SELECT columns FROM table`.
fn backwards<T: Table>(parts: usize) -> String {
    let mut tail = String::new();
    for (index, column) in T::COLUMNS.iter().take(parts).enumerate() {
        tail.push_str(if index == 0 { " WHERE " } else { " AND " });
        tail.push_str(column);
        tail.push_str(" = ?");
    }
    let keys: Vec<String> = T::COLUMNS.iter().take(T::KEYS).map(|column| format!("{column} DESC")).collect();
    tail + " ORDER BY " + &keys.join(", ") + " LIMIT 1"
}

/// A value of a key; any [`Column`].
pub trait Key {
    /// The value to bind.
    fn sql(&self) -> rusqlite::types::ToSqlOutput<'_>;
}

impl<T: Column> Key for T {
    fn sql(&self) -> rusqlite::types::ToSqlOutput<'_> {
        self.to_sql()
    }
}
