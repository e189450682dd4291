//! Shifts, receipts and payments by what people ask for.

use chrono::NaiveDate;
use rusqlite::params;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::column::day_number;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BillRow, PaymentRow};
use crate::store::tables::till::{ShiftRow, TillRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// The shift a clerk has open at this site.
    pub fn open_shift(&self, user: Id) -> Result<Option<ShiftRow>, StoreError> {
        let own = self.own()?;
        let found = self.select::<ShiftRow>(" WHERE user = ? AND state = 'open' ORDER BY id", &[&user])?;
        Ok(found.into_iter().find(|shift| own.holds(shift.id)))
    }

    /// A shift by id.
    pub fn shift(&self, id: Id) -> Result<Option<ShiftRow>, StoreError> {
        self.get::<ShiftRow>(&[&id])
    }

    /// A clerk's shift that was closed last at this site.
    pub fn last_closed_shift(&self, user: Id) -> Result<Option<ShiftRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE user = ? AND id BETWEEN ? AND ? AND state = 'closed' ORDER BY day DESC, id DESC LIMIT 1";
        Ok(self.select::<ShiftRow>(tail, &[&user, &own.low, &own.high])?.into_iter().next())
    }

    /// Shifts of business days, in order of day and opening.
    pub fn shifts_between(&self, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Vec<ShiftRow>, StoreError> {
        let tail = " WHERE day BETWEEN ? AND ? AND id BETWEEN ? AND ? ORDER BY day, id";
        self.select::<ShiftRow>(tail, &[&from, &to, &reach.low, &reach.high])
    }

    /// Shifts that are open, oldest first.
    pub fn open_shifts(&self, reach: Reach) -> Result<Vec<ShiftRow>, StoreError> {
        let tail = " WHERE state = 'open' AND id BETWEEN ? AND ? ORDER BY day, id";
        self.select::<ShiftRow>(tail, &[&reach.low, &reach.high])
    }

    /// How many shifts a business day has at this site.
    pub fn shift_count(&self, day: NaiveDate) -> Result<i64, StoreError> {
        let own = self.own()?;
        let sql = "SELECT count(*) FROM d_shift WHERE day = ?1 AND id BETWEEN ?2 AND ?3";
        let mut statement = self.conn().prepare_cached(sql)?;
        Ok(statement.query_row(params![day_number(day), own.low.0, own.high.0], |row| row.get(0))?)
    }

    /// Movements of the tills of business days, in order of shift and entry.
    pub fn till_between(&self, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Vec<TillRow>, StoreError> {
        let tail = " WHERE day BETWEEN ? AND ? AND shift BETWEEN ? AND ? ORDER BY day, shift, id";
        self.select::<TillRow>(tail, &[&from, &to, &reach.low, &reach.high])
    }

    /// Receipts of a business day in the tills this site sees that were not reversed, and their money.
    pub fn taken_on(&self, day: NaiveDate) -> Result<(i64, Fen), StoreError> {
        let seen = self.seen()?;
        let mut statement = self.conn().prepare_cached(
            "SELECT count(*), coalesce(sum(amount), 0) FROM d_till
             WHERE day = ?1 AND series <> '' AND reversed_by IS NULL AND shift BETWEEN ?2 AND ?3",
        )?;
        let of = params![day_number(day), seen.low.0, seen.high.0];
        Ok(statement.query_row(of, |row| Ok((row.get(0)?, Fen(row.get(1)?))))?)
    }

    /// The last number given in a series of receipts, 0 at its beginning.
    pub fn last_receipt(&self, series: &str) -> Result<i64, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT coalesce(max(serial), 0) FROM d_till WHERE series = ?1")?;
        Ok(statement.query_row([series], |row| row.get(0))?)
    }

    /// Movements of a receipt number.
    pub fn till_of_receipt(&self, series: &str, serial: i64) -> Result<Vec<TillRow>, StoreError> {
        self.select::<TillRow>(" WHERE series = ? AND serial = ? ORDER BY shift, id", &[&series, &serial])
    }

    /// Movements whose receipt of this site has this running number, those of the newest life first.
    pub fn till_of_serial(&self, serial: i64) -> Result<Vec<TillRow>, StoreError> {
        let (Some(site), epoch) = (self.setting("site")?, self.setting("epoch")?) else { return Ok(Vec::new()) };
        let epoch: i64 = epoch.and_then(|text| text.parse().ok()).unwrap_or(1);
        let mut found = Vec::new();
        for epoch in (1..=epoch).rev() {
            found.extend(self.till_of_receipt(&format!("{site}-{epoch}"), serial)?);
        }
        Ok(found)
    }

    /// Movements with the number of a hand-written slip.
    pub fn till_of_paper(&self, paper: &str) -> Result<Vec<TillRow>, StoreError> {
        self.select::<TillRow>(" WHERE paper = ? ORDER BY shift, id", &[&paper])
    }

    /// Hand-written slips entered under one number in several shifts.
    pub fn papers_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words(
            "SELECT paper FROM d_till WHERE paper IS NOT NULL AND reversed_by IS NULL
             GROUP BY paper HAVING count(DISTINCT shift) > 1 ORDER BY paper",
        )
    }

    /// Hand-written slips nobody has confirmed yet.
    pub fn pending_slips(&self, reach: Reach) -> Result<Vec<TillRow>, StoreError> {
        self.select::<TillRow>(
            " WHERE paper IS NOT NULL AND pending = 1 AND reversed_by IS NULL AND shift BETWEEN ? AND ? ORDER BY shift, id",
            &[&reach.low, &reach.high],
        )
    }

    /// The movement an entry made in any shift: the one that is not a reversal of something else.
    pub fn till_of_entry(&self, shift: Id, entry: Id) -> Result<Option<TillRow>, StoreError> {
        self.get::<TillRow>(&[&shift, &entry])
    }

    /// Late fee waived for an account on a day, by the business day it was entered on or by the day the money was taken, whichever
    /// is more; reversed payments do not count.
    pub fn waived_on(&self, account: Id, day: NaiveDate) -> Result<Fen, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT max(coalesce(sum(iif(business_day = ?2, waived, 0)), 0), coalesce(sum(iif(day = ?2, waived, 0)), 0))
             FROM d_payment WHERE account = ?1 AND state = 'taken'",
        )?;
        Ok(Fen(statement.query_row(params![account.0, day_number(day)], |row| row.get(0))?))
    }

    /// Shifts whose cash is not their counted opening plus their cash movements (I-8, R-366), oldest first.
    pub fn shifts_out_of_balance(&self) -> Result<Vec<Id>, StoreError> {
        let mut statement = self.conn().prepare(
            "SELECT id FROM d_shift AS s WHERE cash <> opening + added + income - paid_in OR cash <> opening + (
                 SELECT coalesce(sum(amount), 0) FROM d_till WHERE shift = s.id AND method = '现金') ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Receipt numbers given more than once (I-9): series and number.
    pub fn receipts_given_twice(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let mut statement = self.conn().prepare(
            "SELECT series, serial FROM d_till WHERE series <> '' GROUP BY series, serial HAVING count(*) > 1
             ORDER BY series, serial",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Movements reversed more than once with no exception that says so (I-11). An account that waits for an upgrade, or could
    /// not read one of them, cannot say so yet.
    pub fn reversed_twice_unseen(&self) -> Result<Vec<Id>, StoreError> {
        let mut statement = self.conn().prepare(
            "SELECT max(id) FROM d_till WHERE reverses IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM d_hold WHERE kind = 'a' AND subject = account) AND NOT EXISTS (
                 SELECT 1 FROM d_exception AS e WHERE e.kind = 'a' AND e.subject = account AND e.what = 'unknown_action') GROUP BY reverses HAVING count(*) > 1 AND
                 count(*) - 1 > (SELECT count(*) FROM d_exception WHERE what = 'reversed_twice' AND second IN (
                     SELECT id FROM d_till AS other WHERE other.reverses = d_till.reverses)) ORDER BY 1",
        )?;
        let rows = statement.query_map([], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Bills of an account in a cycle.
    pub fn bills_of_cycle(&self, account: Id, cycle: &str) -> Result<Vec<BillRow>, StoreError> {
        self.select::<BillRow>(" WHERE account = ? AND cycle = ? ORDER BY due, id", &[&account, &cycle])
    }

    /// Payments of an account, oldest first.
    pub fn payments(&self, account: Id) -> Result<Vec<PaymentRow>, StoreError> {
        self.scan::<PaymentRow>(&[&account])
    }

    /// Walks every unpaid bill in account order.
    pub fn walk_unpaid(
        &self,
        reach: Reach,
        mut visit: impl FnMut(&AccountRow, &[BillRow]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        use crate::store::Table;
        let mut accounts = self.conn().prepare(
            "SELECT DISTINCT account FROM d_bill WHERE unpaid > 0 AND account BETWEEN ?1 AND ?2 ORDER BY account",
        )?;
        let mut rows = accounts.query([reach.low.0, reach.high.0])?;
        while let Some(row) = rows.next()? {
            let id = Id(row.get(0)?);
            let account = self.first::<AccountRow>(&AccountRow::sql().get, &[&id])?;
            if let Some(account) = account {
                visit(&account, &self.unpaid_bills(id)?)?;
            }
        }
        Ok(())
    }
}
