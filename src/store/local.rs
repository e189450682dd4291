//! Tables local to this machine: settings, answers to idempotency keys, runs still being derived.

use rusqlite::{OptionalExtension, params};

use super::table::table;
use super::{StoreError, Tx};
use crate::rules::id::Id;

table! {
    /// The first answer to an idempotency key.
    pub struct AnswerRow("l_answer", 1) {
        /// The caller's key.
        key: String,
        /// 操作.
        action: String,
        /// Hash of the input.
        input: [u8; 32],
        /// The entry written (0: none).
        entry: Id,
        /// The answer, JSON.
        result: String,
    }

    /// A closed run whose items are not all derived yet.
    pub struct PendingRow("l_pending", 1) {
        /// The run.
        run: Id,
        /// The next entry of its site to look at.
        next: Id,
    }
}

impl Tx<'_> {
    /// A setting of this machine.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.book().prepare_cached("SELECT value FROM l_setting WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Settings whose names begin so.
    pub fn settings_like(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = self
            .book()
            .prepare_cached("SELECT name, value FROM l_setting WHERE name >= ?1 AND name < ?1 || char(1114111)")?;
        let rows = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes a setting away so that nothing of it stays in the file.
    pub fn wipe_setting(&self, name: &str) -> Result<(), StoreError> {
        let secure = |on: bool| -> Result<(), StoreError> {
            let sql = if on { "PRAGMA secure_delete=ON" } else { "PRAGMA secure_delete=OFF" };
            Ok(self.conn().query_row(sql, [], |_| Ok(()))?)
        };
        secure(true)?;
        let gone = self.forget_setting(name);
        secure(false)?;
        gone
    }

    /// Takes a setting of this machine away.
    pub fn forget_setting(&self, name: &str) -> Result<(), StoreError> {
        self.conn().prepare_cached("DELETE FROM l_setting WHERE name = ?1")?.execute([name])?;
        Ok(())
    }

    /// Keeps a setting of this machine.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut statement =
            self.conn().prepare_cached("INSERT OR REPLACE INTO l_setting (name, value) VALUES (?1, ?2)")?;
        statement.execute(params![name, value])?;
        Ok(())
    }
}

/// Notes accounts that came in bulk: their words and their people's numbers are to be taken in.
pub fn note_bulk(tx: &Tx<'_>, accounts: &std::collections::BTreeSet<Id>) -> Result<(), StoreError> {
    for account in accounts {
        tx.put(&StaleRow { account: *account })?;
        tx.put(&UnhashedRow { account: *account })?;
    }
    Ok(())
}

/// Keeps the search index in step with accounts whose words may have changed.
pub fn note_words(tx: &Tx<'_>, accounts: &std::collections::BTreeSet<Id>) -> Result<(), StoreError> {
    for account in accounts {
        tx.put(&StaleRow { account: *account })?;
    }
    Ok(())
}

table! {
    /// An account whose words in the search index are out of date.
    pub struct StaleRow("l_stale", 1) {
        /// The account.
        account: Id,
    }
}

table! {
    /// An account that came in bulk, whose people's numbers are not hashed yet.
    pub struct UnhashedRow("l_unhashed", 1) {
        /// The account.
        account: Id,
    }

    /// Under which keyed hash of a number an account is found.
    pub struct PersonRow("l_person", 2) {
        /// Keyed hash of a resident ID, credit code or bank card.
        hash: i64,
        /// The account.
        account: Id,
    }
}

impl Tx<'_> {
    /// Accounts after one whose people's numbers are not hashed yet, in order, at most `limit`.
    pub fn unhashed_accounts(&self, after: Option<Id>, limit: i64) -> Result<Vec<Id>, StoreError> {
        let after = after.unwrap_or(Id(i64::MIN));
        let rows = self.select::<UnhashedRow>(" WHERE account > ? ORDER BY account LIMIT ?", &[&after, &limit])?;
        Ok(rows.into_iter().map(|row| row.account).collect())
    }

    /// Forgets which numbers lead to which account, and notes every account to be hashed anew: the search key has changed.
    pub fn forget_people(&self) -> Result<(), StoreError> {
        self.conn().execute_batch(
            "DELETE FROM l_person; INSERT OR IGNORE INTO l_unhashed (account) SELECT id FROM d_account",
        )?;
        Ok(())
    }
}

table! {
    /// Somebody read or exported a whole list.
    pub struct AccessRow("l_access", 1) {
        /// Its number.
        no: i64,
        /// When, with offset.
        at: String,
        /// Who; none on a practice book where nobody was named.
        user: Option<Id>,
        /// By which command.
        what: String,
        /// What.
        detail: String,
    }
}

impl Tx<'_> {
    /// Notes that somebody read or exported a whole list.
    pub fn note_access(&self, at: &str, user: Option<Id>, what: &str, detail: &str) -> Result<(), StoreError> {
        let mut statement =
            self.conn().prepare_cached("INSERT INTO l_access (at, user, what, detail) VALUES (?1, ?2, ?3, ?4)")?;
        statement.execute(params![at, user.map(|id| id.0), what, detail])?;
        Ok(())
    }

    /// What was read or exported from a day to a day, in order.
    pub fn accesses(&self, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Result<Vec<AccessRow>, StoreError> {
        let (from, to) = (from.to_string(), to.to_string());
        self.select::<AccessRow>(" WHERE substr(at, 1, 10) BETWEEN ? AND ? ORDER BY no", &[&from, &to])
    }
}
