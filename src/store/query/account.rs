//! Accounts by number, meter, bill.

use rusqlite::params;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::account::{AccountRow, MeterRow, ReadingRow};
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// An account by id.
    pub fn account(&self, id: Id) -> Result<Option<AccountRow>, StoreError> {
        self.get::<AccountRow>(&[&id])
    }

    /// Accounts of a 户号, oldest first.
    pub fn accounts_of_no(&self, no: &str) -> Result<Vec<AccountRow>, StoreError> {
        self.select::<AccountRow>(" WHERE no = ? ORDER BY id", &[&no])
    }

    /// The account a person types: a 户号 (this site's before another's), else the id itself.
    pub fn account_of_text(&self, text: &str) -> Result<Option<AccountRow>, StoreError> {
        let mut found = self.accounts_of_no(text.trim())?;
        if found.len() > 1 {
            let own = self.own()?;
            found.sort_by_key(|row| !own.holds(row.id));
        }
        match (found.into_iter().next(), text.parse::<Id>()) {
            (Some(row), _) => Ok(Some(row)),
            (None, Ok(id)) => self.account(id),
            (None, Err(_)) => Ok(None),
        }
    }

    /// 户号 that several accounts hold.
    pub fn account_nos_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words("SELECT no FROM d_account GROUP BY no HAVING count(*) > 1 ORDER BY no")
    }

    /// Accounts that have a meter of this number on the wall.
    pub fn accounts_of_meter(&self, no: &str) -> Result<Vec<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT DISTINCT account FROM d_meter WHERE no = ?1 AND removed IS NULL ORDER BY account",
        )?;
        let rows = statement.query_map([no], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The account a person means by the number of a meter on a wall: this site's before another's.
    pub fn account_of_meter_text(&self, no: &str) -> Result<Option<Id>, StoreError> {
        let (mut found, own) = (self.accounts_of_meter(no)?, self.own()?);
        found.sort_by_key(|id| !own.holds(*id));
        Ok(found.into_iter().next())
    }

    /// Meters of this number, on the wall or removed.
    pub fn meters_of_no(&self, no: &str) -> Result<Vec<MeterRow>, StoreError> {
        self.select::<MeterRow>(" WHERE no = ? ORDER BY account, id", &[&no])
    }

    /// 表号 on the wall of several accounts.
    pub fn meter_nos_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words(
            "SELECT no FROM d_meter WHERE removed IS NULL AND no <> '' GROUP BY no HAVING count(DISTINCT account) > 1 ORDER BY no",
        )
    }

    /// Numbers of all meters of an account.
    pub fn meter_nos_of(&self, account: Id) -> Result<Vec<String>, StoreError> {
        Ok(self.scan::<MeterRow>(&[&account])?.into_iter().map(|meter| meter.no).collect())
    }

    /// The meter on the wall: the last one not removed.
    pub fn meter_on_wall(&self, account: Id) -> Result<Option<MeterRow>, StoreError> {
        let meters = self.scan::<MeterRow>(&[&account])?;
        Ok(meters.into_iter().rev().find(|meter| meter.removed.is_none()))
    }

    /// The last reading.
    pub fn last_reading(&self, account: Id) -> Result<Option<ReadingRow>, StoreError> {
        self.last::<ReadingRow>(&[&account])
    }

    /// The last reading on or before a day.
    pub fn reading_on_or_before(&self, account: Id, day: chrono::NaiveDate) -> Result<Option<ReadingRow>, StoreError> {
        let found = self.select::<ReadingRow>(
            " WHERE account = ? AND day <= ? ORDER BY day DESC, id DESC LIMIT 1",
            &[&account, &day],
        )?;
        Ok(found.into_iter().next())
    }

    /// Bills not paid, oldest due first.
    pub fn unpaid_bills(&self, account: Id) -> Result<Vec<BillRow>, StoreError> {
        self.select::<BillRow>(" WHERE account = ? AND unpaid > 0 ORDER BY due, cycle, id", &[&account])
    }

    /// What an account owes for bills and businesses, late fee not counted.
    pub fn owed(&self, account: Id) -> Result<Fen, StoreError> {
        Ok(self.owed_bills(account)? + self.owed_fees(account)?)
    }

    /// What an account owes on its bills, late fee not counted.
    pub fn owed_bills(&self, account: Id) -> Result<Fen, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("SELECT coalesce(sum(unpaid), 0) FROM d_bill WHERE account = ?1 AND unpaid > 0")?;
        Ok(Fen(statement.query_row(params![account.0], |row| row.get(0))?))
    }

    /// One sealed resident ID of the book, to try a key on.
    pub fn any_sealed_id(&self) -> Result<Option<String>, StoreError> {
        let mut found = self
            .words("SELECT id_number FROM d_account WHERE id_kind = 'resident_id' AND id_number LIKE '%:%' LIMIT 1")?;
        Ok(found.pop())
    }

    /// How many accounts there are.
    pub fn account_count(&self) -> Result<i64, StoreError> {
        Ok(self.conn().query_row("SELECT count(*) FROM d_account", [], |row| row.get(0))?)
    }

    /// How many accounts are this site's.
    pub fn own_account_count(&self) -> Result<i64, StoreError> {
        let own = self.own()?;
        let sql = "SELECT count(*) FROM d_account WHERE id BETWEEN ?1 AND ?2";
        Ok(self.conn().query_row(sql, [own.low.0, own.high.0], |row| row.get(0))?)
    }

    /// One column of words.
    pub(in crate::store) fn words(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn().prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Ids of all accounts, in order.
    pub fn account_ids(&self) -> Result<Vec<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT id FROM d_account ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ids of accounts after one, in order, at most `limit`.
    pub fn account_ids_after(&self, after: Id, limit: i64) -> Result<Vec<Id>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT id FROM d_account WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let rows = statement.query_map([after.0, limit], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Bills not paid after a place (account, bill), in that order, at most `limit`.
    pub fn unpaid_after(&self, account: Id, bill: Id, limit: i64) -> Result<Vec<BillRow>, StoreError> {
        self.select::<BillRow>(
            " WHERE (account, id) > (?, ?) AND unpaid > 0 ORDER BY account, id LIMIT ?",
            &[&account, &bill, &limit],
        )
    }
}
