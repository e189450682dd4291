//! What a bill run reads: accounts, meters, readings and bills walked side by side in key order, no look-up per account.

use chrono::NaiveDate;
use rusqlite::{Rows, Statement};

use crate::rules::id::Id;
use crate::store::table::Table;
use crate::store::tables::account::{MeterRow, OwnerRow};
use crate::store::tables::adjust::PriceRow;
use crate::store::tables::billing::BillRow;
use crate::store::tables::billing_facts::{
    BilledMeter, BilledReading, BilledSpan, CardAccount, ChangedField, HangingMeter, PricedAccount,
};
use crate::store::{StoreError, Tx};

/// One account as billing sees it. Lists are in key order.
#[derive(Debug, Clone)]
pub struct BillingFacts {
    /// The account.
    pub account: PricedAccount,
    /// Its meters.
    pub meters: Vec<BilledMeter>,
    /// Its readings.
    pub readings: Vec<BilledReading>,
    /// Its bills.
    pub bills: Vec<BilledSpan>,
    /// Prices set from a day, in their order.
    pub prices: Vec<PriceRow>,
    /// The days on which it got another owner.
    pub handed_over: Vec<NaiveDate>,
    /// The days on which its number of people was changed.
    pub people_changed: Vec<NaiveDate>,
}

/// The field of the number of people.
const PEOPLE: &str = "people";

/// Rows of a table in key order, one read ahead.
struct Side<'s, T> {
    rows: Rows<'s>,
    ahead: Option<T>,
    account: fn(&T) -> Id,
}

impl<'s, T: Table> Side<'s, T> {
    fn new(statement: &'s mut Statement<'_>, after: Id, account: fn(&T) -> Id) -> Result<Self, StoreError> {
        let mut side = Self { rows: statement.query([after.0])?, ahead: None, account };
        side.step()?;
        Ok(side)
    }

    fn step(&mut self) -> Result<(), StoreError> {
        self.ahead = self.rows.next()?.map(T::read).transpose()?;
        Ok(())
    }

    /// Moves the rows of one account into `into`; rows of accounts that are gone are passed over.
    fn take(&mut self, account: Id, into: &mut Vec<T>) -> Result<(), StoreError> {
        into.clear();
        while let Some(row) = self.ahead.take_if(|row| (self.account)(row) <= account) {
            if (self.account)(&row) == account {
                into.push(row);
            }
            self.step()?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// Walks up to `limit` of this site's accounts after one, in order; answers the last one visited, `None` when there was none.
    pub fn walk_billing<E: From<StoreError>>(
        &self,
        after: Id,
        limit: i64,
        mut visit: impl FnMut(&BillingFacts) -> Result<(), E>,
    ) -> Result<Option<Id>, E> {
        let own = self.own()?;
        let after = after.max(Id(own.low.0.saturating_sub(1)));
        let ordered = |select: &str, key: &str| {
            self.conn().prepare_cached(&format!("{select} WHERE account > ? ORDER BY {key}")).map_err(StoreError::from)
        };
        let mut meters = ordered(&BilledMeter::sql().select, "account, id")?;
        let mut readings = ordered(&BilledReading::sql().select, "account, day, id")?;
        let mut bills = ordered(&BilledSpan::sql().select, "account, id")?;
        let mut prices = ordered(&PriceRow::sql().select, "account, turn")?;
        // All fields are walked: rows passed over by a condition would be looked for up to the end of the table, once a slice.
        let mut fields = ordered(&ChangedField::sql().select, "account, field, id")?;
        let mut meters = Side::new(&mut meters, after, |row: &BilledMeter| row.account)?;
        let mut readings = Side::new(&mut readings, after, |row: &BilledReading| row.account)?;
        let mut bills = Side::new(&mut bills, after, |row: &BilledSpan| row.account)?;
        let mut prices = Side::new(&mut prices, after, |row: &PriceRow| row.account)?;
        let mut fields = Side::new(&mut fields, after, |row: &ChangedField| row.account)?;
        let accounts = format!("{} WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", PricedAccount::sql().select);
        let mut accounts = self.conn().prepare_cached(&accounts).map_err(StoreError::from)?;
        let mut rows = accounts.query([after.0, own.high.0, limit]).map_err(StoreError::from)?;
        let mut last = None;
        let (mut some_meters, mut some_readings, mut some_bills) = (Vec::new(), Vec::new(), Vec::new());
        let (mut some_prices, mut some_fields) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            let account = PricedAccount::read(row)?;
            meters.take(account.id, &mut some_meters)?;
            readings.take(account.id, &mut some_readings)?;
            bills.take(account.id, &mut some_bills)?;
            prices.take(account.id, &mut some_prices)?;
            fields.take(account.id, &mut some_fields)?;
            let id = account.id;
            let facts = BillingFacts {
                handed_over: self.handed_over(&account)?,
                people_changed: self.days_of_change(&some_fields)?,
                account,
                meters: std::mem::take(&mut some_meters),
                readings: std::mem::take(&mut some_readings),
                bills: std::mem::take(&mut some_bills),
                prices: std::mem::take(&mut some_prices),
            };
            visit(&facts)?;
            (some_meters, some_readings, some_bills) = (facts.meters, facts.readings, facts.bills);
            some_prices = facts.prices;
            last = Some(id);
        }
        Ok(last)
    }

    /// One account as billing sees it.
    pub fn billing_facts(&self, account: Id) -> Result<Option<BillingFacts>, StoreError> {
        let Some(row) = self.get::<PricedAccount>(&[&account])? else { return Ok(None) };
        Ok(Some(BillingFacts {
            handed_over: self.handed_over(&row)?,
            people_changed: self.days_of_change(&self.scan(&[&account, &PEOPLE.to_owned()])?)?,
            account: row,
            meters: self.scan(&[&account])?,
            readings: self.scan(&[&account])?,
            bills: self.scan(&[&account])?,
            prices: self.scan(&[&account])?,
        }))
    }

    /// The days on which an account got another owner. Most never did, and are not looked up.
    fn handed_over(&self, account: &PricedAccount) -> Result<Vec<NaiveDate>, StoreError> {
        if account.customer == account.id {
            return Ok(Vec::new());
        }
        let owners = self.scan::<OwnerRow>(&[&account.id])?;
        Ok(owners.iter().filter(|row| row.id != account.id && row.state == "owner").map(|row| row.since).collect())
    }

    /// The business days of amendments that changed the number of people and stand.
    fn days_of_change(&self, rows: &[ChangedField]) -> Result<Vec<NaiveDate>, StoreError> {
        let changed = |row: &&ChangedField| row.field == PEOPLE && row.before != row.value;
        let stands = |row: &&ChangedField| changed(row) && matches!(row.outcome.as_str(), "set" | "late" | "decided");
        let entries = rows.iter().filter(stands).map(|row| self.entry(row.id.entry()));
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        Ok(entries.into_iter().flatten().map(|entry| entry.business_day).collect())
    }

    /// When a meter was taken down and what hangs in its place: narrow, since every reading asks. While rows are gathered the whole
    /// row is at hand.
    pub fn hanging_meter(&self, account: Id, meter: Id) -> Result<Option<HangingMeter>, StoreError> {
        if !self.is_gathering() {
            return self.get::<HangingMeter>(&[&account, &meter]);
        }
        let row = self.get::<MeterRow>(&[&account, &meter])?;
        Ok(row.map(|row| HangingMeter { account, id: meter, removed: row.removed, replaced_by: row.replaced_by }))
    }

    /// Bills of an account that end on a period's last day or share days with it, and held ones that end within it. The account's own few rows are
    /// looked through here: a condition on `state` would let SQLite plan the statement anew for every account.
    pub fn bills_within(&self, account: Id, first: NaiveDate, last: NaiveDate) -> Result<Vec<BillRow>, StoreError> {
        let mut rows = self.scan::<BillRow>(&[&account])?;
        let inside = |row: &BillRow| row.state == "held" && first <= row.last_day && row.last_day <= last;
        let shared = |row: &BillRow| row.state != "held" && row.first_day <= last && first <= row.last_day;
        rows.retain(|row| row.last_day == last || inside(row) || shared(row));
        Ok(rows)
    }

    /// Bills of a cycle that are held, by account, of those this site sees.
    pub fn held_bills(&self, cycle: &str) -> Result<Vec<BillRow>, StoreError> {
        let seen = self.seen()?;
        let tail = " WHERE state = 'held' AND cycle = ? AND account BETWEEN ? AND ? ORDER BY account, id";
        self.select::<BillRow>(tail, &[&cycle, &seen.low, &seen.high])
    }

    /// Every bill that is held, by account, of those this site sees.
    pub fn all_held_bills(&self) -> Result<Vec<BillRow>, StoreError> {
        let seen = self.seen()?;
        let tail = " WHERE state = 'held' AND account BETWEEN ? AND ? ORDER BY account, id";
        self.select::<BillRow>(tail, &[&seen.low, &seen.high])
    }

    /// This site's accounts of a book (抄表册) in walking order.
    pub fn cards_of_book(&self, book: &str) -> Result<Vec<CardAccount>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE book = ? AND id BETWEEN ? AND ? ORDER BY route, id";
        self.select::<CardAccount>(tail, &[&book, &own.low, &own.high])
    }

    /// Books of this site, in order.
    pub fn books(&self) -> Result<Vec<String>, StoreError> {
        let own = self.own()?;
        let sql = "SELECT DISTINCT book FROM d_account WHERE book <> '' AND id BETWEEN ?1 AND ?2 ORDER BY book";
        let mut statement = self.conn().prepare_cached(sql)?;
        let rows = statement.query_map([own.low.0, own.high.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
