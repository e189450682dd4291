//! Requests of special handling by what people ask for.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::reach::Reach;
use crate::store::tables::adjust::{RebillRow, RequestRow, WaiverRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// A request.
    pub fn request(&self, id: Id) -> Result<Option<RequestRow>, StoreError> {
        self.get::<RequestRow>(&[&id])
    }

    /// Requests this site sees that somebody still has to check, approve or settle, oldest first.
    pub fn open_requests(&self) -> Result<Vec<RequestRow>, StoreError> {
        let seen = self.seen()?;
        self.select::<RequestRow>(
            " WHERE state IN ('asked', 'checked', 'disputed') AND id BETWEEN ? AND ? ORDER BY id",
            &[&seen.low, &seen.high],
        )
    }

    /// Requests of an account, oldest first.
    pub fn requests_of(&self, account: Id) -> Result<Vec<RequestRow>, StoreError> {
        self.select::<RequestRow>(" WHERE account = ? ORDER BY id", &[&account])
    }

    /// Requests made on business days, in order.
    pub fn requests_between(
        &self,
        reach: Reach,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let tail = " WHERE day BETWEEN ? AND ? AND id BETWEEN ? AND ? ORDER BY day, id";
        self.select::<RequestRow>(tail, &[&from, &to, &reach.low, &reach.high])
    }

    /// Requests that were decided in any way, in order.
    pub fn decided_requests(&self) -> Result<Vec<Id>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT id FROM d_request WHERE decided_day IS NOT NULL ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bill that stands in a bill's place now: itself when nothing replaced it.
    pub fn standing_bill(&self, account: Id, bill: Id) -> Result<Id, StoreError> {
        let mut at = bill;
        while let Some(next) = self.get::<RebillRow>(&[&account, &at])? {
            at = next.new;
        }
        Ok(at)
    }

    /// A bill and every bill it stands in place of, newest first.
    pub fn bill_ancestors(&self, account: Id, bill: Id) -> Result<Vec<Id>, StoreError> {
        let rows = self.scan::<RebillRow>(&[&account])?;
        let mut chain = vec![bill];
        while let Some(row) = chain.last().and_then(|last| rows.iter().find(|row| row.new == *last)) {
            chain.push(row.old);
        }
        Ok(chain)
    }

    /// Waivers of an account.
    pub fn waivers(&self, account: Id) -> Result<Vec<WaiverRow>, StoreError> {
        self.scan::<WaiverRow>(&[&account])
    }
}
