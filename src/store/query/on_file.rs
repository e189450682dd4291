//! What an import asks of the accounts on file, streamed in key order without a row held.

use chrono::NaiveDate;
use rusqlite::{OptionalExtension, params};

use crate::rules::id::Id;
use crate::store::column::{day_number, day_of};
use crate::store::{StoreError, Tx};

/// An account as a reading sees it. Texts are borrowed from the row.
#[derive(Debug)]
pub struct OnFileRow<'r> {
    /// The account.
    pub id: Id,
    /// 户号.
    pub no: &'r str,
    /// 抄表册号.
    pub book: &'r str,
    /// 抄表方式.
    pub read_way: &'r str,
    /// 状态.
    pub status: &'r str,
    /// 近三期用量 from before the first bill.
    pub recent: &'r str,
    /// The meter on the wall.
    pub meter: Option<&'r WallMeter>,
    /// The last reading.
    pub last: Option<LastOnFile>,
    /// Use of the last bills, newest first, thousandths; at most three.
    pub billed: &'r [i64],
}

/// The meter on the wall.
#[derive(Debug, Clone, Default)]
pub struct WallMeter {
    /// The account.
    pub account: Id,
    /// The meter.
    pub id: Id,
    /// 表号.
    pub no: String,
    /// 表位数.
    pub dial: i64,
    /// 装表日期.
    pub fitted: Option<NaiveDate>,
    /// 表状态.
    pub state: String,
    /// A slip sealed it or took it down.
    pub shut: bool,
}

/// The last reading of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastOnFile {
    /// Its day.
    pub day: NaiveDate,
    /// 示数, thousandths.
    pub value: i64,
    /// Written by a meter swap.
    pub swap: bool,
}

const METERS: &str = "SELECT account, id, no, dial, fitted, state, shut IS NOT NULL FROM d_meter WHERE removed IS NULL
    AND account BETWEEN ?1 AND ?2 ORDER BY account, id";
const ACCOUNTS: &str =
    "SELECT id, no, book, read_way, status, recent FROM d_account WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
const BILLED: &str = "SELECT volume FROM d_bill WHERE account = ?1 AND kind IN ('use', 'rebill')
    AND state NOT IN ('cancelled', 'held') ORDER BY id DESC LIMIT 3";

impl Tx<'_> {
    /// Walks this site's accounts in key order: a file of readings is about the accounts of the site that imports it.
    pub fn walk_on_file(&self, mut visit: impl FnMut(&OnFileRow<'_>)) -> Result<(), StoreError> {
        let mut meters = self.conn().prepare_cached(METERS)?;
        let own = self.own()?;
        let mut meters = meters.query([own.low.0, own.high.0])?;
        let mut ahead = WallMeter::default();
        let mut more = read_meter(&mut meters, &mut ahead)?;
        let mut wall = WallMeter::default();
        let any_bills: bool = self.conn().query_row("SELECT EXISTS (SELECT 1 FROM d_bill)", [], |row| row.get(0))?;
        let mut billed = Vec::with_capacity(3);
        let mut accounts = self.conn().prepare_cached(ACCOUNTS)?;
        let mut accounts = accounts.query([own.low.0, own.high.0])?;
        while let Some(row) = accounts.next()? {
            let id = Id(row.get(0)?);
            let mut has_meter = false;
            while more && ahead.account <= id {
                if ahead.account == id {
                    std::mem::swap(&mut wall, &mut ahead);
                    has_meter = true;
                }
                more = read_meter(&mut meters, &mut ahead)?;
            }
            if any_bills {
                self.last_billed(id, &mut billed)?;
            }
            visit(&OnFileRow {
                id,
                no: text(row, 1)?,
                book: text(row, 2)?,
                read_way: text(row, 3)?,
                status: text(row, 4)?,
                recent: text(row, 5)?,
                meter: has_meter.then_some(&wall),
                last: self.last_on_file(id)?,
                billed: &billed,
            });
        }
        Ok(())
    }

    /// One account as [`Tx::walk_on_file`] gives it.
    pub fn on_file<T>(&self, id: Id, visit: impl FnOnce(&OnFileRow<'_>) -> T) -> Result<Option<T>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT id, no, book, read_way, status, recent FROM d_account WHERE id = ?1")?;
        let mut rows = statement.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let wall = self.meter_on_wall(id)?.map(|meter| WallMeter {
            account: id,
            id: meter.id,
            no: meter.no,
            dial: meter.dial,
            fitted: meter.fitted,
            state: meter.state,
            shut: meter.shut.is_some(),
        });
        let mut billed = Vec::with_capacity(3);
        self.last_billed(id, &mut billed)?;
        Ok(Some(visit(&OnFileRow {
            id,
            no: text(row, 1)?,
            book: text(row, 2)?,
            read_way: text(row, 3)?,
            status: text(row, 4)?,
            recent: text(row, 5)?,
            meter: wall.as_ref(),
            last: self.last_on_file(id)?,
            billed: &billed,
        })))
    }

    fn last_billed(&self, account: Id, billed: &mut Vec<i64>) -> Result<(), StoreError> {
        billed.clear();
        let mut statement = self.conn().prepare_cached(BILLED)?;
        let mut rows = statement.query([account.0])?;
        while let Some(row) = rows.next()? {
            billed.push(row.get(0)?);
        }
        Ok(())
    }

    fn last_on_file(&self, account: Id) -> Result<Option<LastOnFile>, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT day, value, source = 'swap' FROM d_reading WHERE account = ?1 ORDER BY day DESC, id DESC LIMIT 1",
        )?;
        let found = statement.query_row([account.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        found.map(last_of).transpose()
    }

    /// The last reading on or before a day; the first of all when there is none so early.
    pub fn reading_until(&self, account: Id, day: NaiveDate) -> Result<Option<LastOnFile>, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT day, value, source = 'swap' FROM d_reading WHERE account = ?1
             ORDER BY day > ?2, CASE WHEN day > ?2 THEN day ELSE -day END, CASE WHEN day > ?2 THEN id ELSE -id END LIMIT 1",
        )?;
        let found = statement
            .query_row(params![account.0, day_number(day)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        found.map(last_of).transpose()
    }

    /// Has the account a reading of this day and value?
    pub fn has_reading(&self, account: Id, day: NaiveDate, value: i64) -> Result<bool, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT 1 FROM d_reading WHERE account = ?1 AND day = ?2 AND value = ?3")?;
        Ok(statement.exists(params![account.0, day_number(day), value])?)
    }

    /// Is there no account at all?
    pub fn has_no_accounts(&self) -> Result<bool, StoreError> {
        Ok(self.conn().query_row("SELECT NOT EXISTS (SELECT 1 FROM d_account)", [], |row| row.get(0))?)
    }

    /// This site's first account of a 户号.
    pub fn account_id_of_no(&self, no: &str) -> Result<Option<Id>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT min(id) FROM d_account WHERE no = ?1 AND id BETWEEN ?2 AND ?3")?;
        let own = self.own()?;
        let of = params![no, own.low.0, own.high.0];
        Ok(statement.query_row(of, |row| Ok(row.get::<_, Option<i64>>(0)?.map(Id)))?)
    }

    /// This site's first account on whose wall a meter of this number hangs.
    pub fn account_id_of_meter(&self, no: &str) -> Result<Option<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT min(account) FROM d_meter WHERE no = ?1 AND removed IS NULL AND account BETWEEN ?2 AND ?3",
        )?;
        let own = self.own()?;
        let of = params![no, own.low.0, own.high.0];
        Ok(statement.query_row(of, |row| Ok(row.get::<_, Option<i64>>(0)?.map(Id)))?)
    }
}

fn read_meter(rows: &mut rusqlite::Rows<'_>, into: &mut WallMeter) -> Result<bool, StoreError> {
    let Some(row) = rows.next()? else { return Ok(false) };
    into.account = Id(row.get(0)?);
    into.id = Id(row.get(1)?);
    into.no.clear();
    into.no.push_str(text(row, 2)?);
    into.dial = row.get(3)?;
    into.fitted = row.get::<_, Option<i64>>(4)?.and_then(day_of);
    into.state.clear();
    into.state.push_str(text(row, 5)?);
    into.shut = row.get(6)?;
    Ok(true)
}

fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    row.get_ref(column)?.as_str().map_err(|_| StoreError::Corrupt("应为文字".into()))
}

fn last_of((day, value, swap): (i64, i64, bool)) -> Result<LastOnFile, StoreError> {
    let day = day_of(day).ok_or_else(|| StoreError::Corrupt("日期超出范围".into()))?;
    Ok(LastOnFile { day, value, swap })
}
