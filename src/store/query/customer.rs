//! Customers: who opened a file apart from whom, numbers of a block, route numbers of neighbours.

use rusqlite::{OptionalExtension, params};

use crate::rules::id::Id;
use crate::store::tables::account::{AccountRow, NewcomerRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// Accounts opened at a desk for one person by clerks who did not know of each other's; fewer than two: none.
    pub fn newcomers_unaware(&self, mark: i64) -> Result<Vec<Id>, StoreError> {
        let rows = self.select::<NewcomerRow>(" WHERE mark = ? ORDER BY account", &[&mark])?;
        let knows = |row: &NewcomerRow, other: Id| {
            let other = other.to_string();
            row.known.split(' ').any(|word| word == other)
        };
        let unaware = |row: &&NewcomerRow| {
            rows.iter()
                .any(|other| other.account != row.account && !knows(row, other.account) && !knows(other, row.account))
        };
        Ok(rows.iter().filter(unaware).map(|row| row.account).collect())
    }

    /// Marks that several files opened at a desk hold.
    pub fn newcomer_marks_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words("SELECT CAST(mark AS TEXT) FROM d_newcomer GROUP BY mark HAVING count(*) > 1 ORDER BY mark")
    }

    /// The largest 户号 between two, both included.
    pub fn last_account_no(&self, low: &str, high: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("SELECT no FROM d_account WHERE no BETWEEN ?1 AND ?2 ORDER BY no DESC LIMIT 1")?;
        Ok(statement.query_row(params![low, high], |row| row.get(0)).optional()?)
    }

    /// This site's accounts of a reading book in order of their route numbers, those with this building when it is not empty.
    pub fn neighbours(&self, book: &str, building: &str, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
        let own = self.own()?;
        self.select::<AccountRow>(
            " WHERE book = ? AND (? = '' OR building = ?) AND id BETWEEN ? AND ? ORDER BY route, id LIMIT ?",
            &[&book, &building, &building, &own.low, &own.high, &limit],
        )
    }
}

impl Tx<'_> {
    /// This site's account of a route number in a book: books are numbered by each site.
    pub fn account_of_route(&self, book: &str, route: &str, utility: &str) -> Result<Option<AccountRow>, StoreError> {
        let own = self.own()?;
        let found = self.select::<AccountRow>(
            " WHERE book = ? AND route = ? AND utility = ? AND status <> '销户' ORDER BY id",
            &[&book, &route, &utility],
        )?;
        Ok(found.into_iter().find(|row| own.holds(row.id)))
    }
}

/// Columns whose words are offered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedWords {
    /// 小区名称
    Estate,
    /// 银行名称
    Bank,
    /// 备注
    Remark,
    /// 厂家
    Maker,
    /// 型号
    Model,
}

impl Tx<'_> {
    /// Words the latest accounts have in a column, the most used first.
    pub fn used_words(&self, words: UsedWords) -> Result<Vec<String>, StoreError> {
        let (table, column, order) = match words {
            UsedWords::Estate => ("d_account", "estate", "id"),
            UsedWords::Bank => ("d_account", "bank_name", "id"),
            UsedWords::Remark => ("d_account", "remark", "id"),
            UsedWords::Maker => ("d_meter", "maker", "account"),
            UsedWords::Model => ("d_meter", "model", "account"),
        };
        self.words(&format!(
            "SELECT word FROM (SELECT {column} AS word FROM {table} ORDER BY {order} DESC LIMIT 2000) \
             WHERE word <> '' GROUP BY word ORDER BY count(*) DESC, word LIMIT 100"
        ))
    }
}
