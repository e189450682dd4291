//! What cases cost and what of it is still owed, by what people ask for.

use chrono::NaiveDate;
use rusqlite::params;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::tables::order::{ChargePaidRow, ChargeRow, OrderRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// The charges of a case.
    pub fn charges_of_order(&self, order: Id) -> Result<Vec<ChargeRow>, StoreError> {
        self.scan::<ChargeRow>(&[&order])
    }

    /// The charges of the cases of an account, oldest case first.
    pub fn charges_of_account(&self, account: Id) -> Result<Vec<ChargeRow>, StoreError> {
        self.select::<ChargeRow>(" WHERE account = ? ORDER BY order_id, key", &[&account])
    }

    /// The money an entry brought for a case.
    pub fn charge_paid(&self, order: Id, payment: Id) -> Result<Option<ChargePaidRow>, StoreError> {
        self.get::<ChargePaidRow>(&[&order, &payment])
    }

    /// What an account owes for businesses (应收业务费).
    pub fn owed_fees(&self, account: Id) -> Result<Fen, StoreError> {
        let sql =
            "SELECT coalesce(sum(owed), 0) FROM d_charge INDEXED BY d_charge_owed WHERE account = ?1 AND owed > 0";
        let mut statement = self.conn().prepare_cached(sql)?;
        Ok(Fen(statement.query_row(params![account.0], |row| row.get(0))?))
    }

    /// Charges owed of the cases within reach taken in on some days, in order of the accounts; those without one last.
    pub fn charges_owed(&self, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Vec<ChargeRow>, StoreError> {
        let tail = " WHERE owed > 0 AND day BETWEEN ? AND ? AND order_id BETWEEN ? AND ? \
                    ORDER BY account IS NULL, account, order_id, key";
        self.select::<ChargeRow>(tail, &[&from, &to, &reach.low, &reach.high])
    }

    /// Cases of this site that are not done at the window yet: the deed or a fee is missing. Oldest first.
    pub fn window_cases(&self) -> Result<Vec<OrderRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE open = 1 AND stage = 'window' AND id BETWEEN ? AND ? ORDER BY id";
        self.select::<OrderRow>(tail, &[&own.low, &own.high])
    }

    /// Cases of an account that wait for its new owner, oldest first.
    pub fn deed_cases(&self, account: Id) -> Result<Vec<OrderRow>, StoreError> {
        let tail = " WHERE account = ? AND deed_due = 1 AND deed IS NULL AND open = 1 ORDER BY id";
        self.select::<OrderRow>(tail, &[&account])
    }
}
