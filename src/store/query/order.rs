//! Orders as the dispatch desk asks for them, parked cases, workers.

use chrono::NaiveDate;
use rusqlite::{OptionalExtension, params};

use crate::rules::id::Id;
use crate::rules::reach::Reach;
use crate::store::tables::order::{OrderEventRow, OrderRow, ParkedRow};
use crate::store::tables::user::WorkerRow;
use crate::store::{StoreError, Tx};

/// How many orders lie on each heap of the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heaps {
    /// 待派, those that came back not done too.
    pub waiting: i64,
    /// 在途
    pub underway: i64,
    /// 暂停
    pub paused: i64,
    /// 待回访
    pub callback: i64,
    /// 超时, of all heaps.
    pub overdue: i64,
}

impl Tx<'_> {
    /// An order by id.
    pub fn order(&self, id: Id) -> Result<Option<OrderRow>, StoreError> {
        self.get::<OrderRow>(&[&id])
    }

    /// Open orders of one thing at one place, oldest first.
    pub fn orders_of_join_key(&self, key: &str) -> Result<Vec<OrderRow>, StoreError> {
        self.select::<OrderRow>(" WHERE join_key = ? AND stage <> 'callback' ORDER BY id", &[&key])
    }

    /// Things for which several orders are open.
    pub fn join_keys_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words(
            "SELECT join_key FROM d_order WHERE join_key IS NOT NULL AND stage <> 'callback' GROUP BY join_key HAVING count(*) > 1 ORDER BY join_key",
        )
    }

    /// Open orders whose key begins with `prefix`, at most 20: what is open in a street.
    pub fn orders_of_join_prefix(&self, prefix: &str) -> Result<Vec<OrderRow>, StoreError> {
        let end = format!("{prefix}\u{10FFFF}");
        self.select::<OrderRow>(
            " WHERE join_key >= ? AND join_key < ? AND stage <> 'callback' ORDER BY join_key, id LIMIT 20",
            &[&prefix, &end],
        )
    }

    /// Orders of an account, newest first.
    pub fn orders_of_account(&self, account: Id) -> Result<Vec<OrderRow>, StoreError> {
        self.select::<OrderRow>(" WHERE account = ? ORDER BY id DESC", &[&account])
    }

    /// Has the account had an order of a kind done since a second of 1970?
    pub fn had_order_done(&self, account: Id, kind: &str, since: i64) -> Result<bool, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("SELECT 1 FROM d_order WHERE account = ?1 AND kind = ?2 AND done >= ?3 LIMIT 1")?;
        Ok(statement.exists(params![account.0, kind, since])?)
    }

    /// Ids of open orders this site sees by time left, least first: `limit` of them after the first `skip`. `stage` names one
    /// heap; empty takes all. Clocks that are held do not run down, so they are sorted in by what they have left at `now`.
    pub fn orders_by_time_left(&self, stage: &str, now: i64, skip: i64, limit: i64) -> Result<Vec<Id>, StoreError> {
        let seen = self.seen()?;
        let (index, heap) = if stage.is_empty() { ("d_order_due", "") } else { ("d_order_stage", " AND stage = ?6") };
        let side = |held: u8, due: &str| {
            format!(
                "SELECT id, {due} AS due_at FROM d_order INDEXED BY {index} WHERE open = 1{heap} AND held = {held} \
                 AND id BETWEEN ?4 AND ?5"
            )
        };
        let sql = format!("{} UNION ALL {} ORDER BY 2, 1 LIMIT ?2 OFFSET ?3", side(0, "due"), side(1, "due + ?1"));
        let mut statement = self.conn().prepare_cached(&sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok(Id(row.get(0)?));
        let (low, high) = (seen.low.0, seen.high.0);
        let rows = if stage.is_empty() {
            statement.query_map(params![now, limit, skip, low, high], read)?.collect::<Result<_, _>>()?
        } else {
            statement.query_map(params![now, limit, skip, low, high, stage], read)?.collect::<Result<_, _>>()?
        };
        Ok(rows)
    }

    /// How many orders this site sees lie on each heap, and how many are late at `now`.
    pub fn order_heaps(&self, now: i64) -> Result<Heaps, StoreError> {
        let mut heaps = Heaps::default();
        let seen = self.seen()?;
        let mut statement = self.conn().prepare_cached(
            "SELECT stage, count(*) FROM d_order INDEXED BY d_order_stage WHERE open = 1 AND id BETWEEN ?1 AND ?2
             GROUP BY stage",
        )?;
        let mut rows = statement.query([seen.low.0, seen.high.0])?;
        while let Some(row) = rows.next()? {
            let count = row.get(1)?;
            match row.get_ref(0)?.as_str().unwrap_or_default() {
                "waiting" => heaps.waiting = count,
                "underway" => heaps.underway = count,
                "paused" => heaps.paused = count,
                "callback" => heaps.callback = count,
                _ => {}
            }
        }
        heaps.overdue = self.orders_due_between(i64::MIN, now)?;
        Ok(heaps)
    }

    /// How many open orders this site sees run out between two seconds of 1970; held clocks count by what they have left.
    pub fn orders_due_between(&self, from: i64, to: i64) -> Result<i64, StoreError> {
        let seen = self.seen()?;
        let mut statement = self.conn().prepare_cached(
            "SELECT count(*) FROM d_order INDEXED BY d_order_due WHERE open = 1 AND held = 0 AND due >= ?1 AND due < ?2
             AND id BETWEEN ?3 AND ?4",
        )?;
        let running: i64 = statement.query_row(params![from, to, seen.low.0, seen.high.0], |row| row.get(0))?;
        if from != i64::MIN {
            return Ok(running);
        }
        let mut statement = self.conn().prepare_cached(
            "SELECT count(*) FROM d_order INDEXED BY d_order_due WHERE open = 1 AND held = 1 AND due < 0
             AND id BETWEEN ?1 AND ?2",
        )?;
        Ok(running + statement.query_row([seen.low.0, seen.high.0], |row| row.get::<_, i64>(0))?)
    }

    /// Orders handed out on a day and still out, by worker and time left: for the slips of the evening.
    pub fn orders_dispatched_on(&self, day: NaiveDate) -> Result<Vec<OrderRow>, StoreError> {
        let own = self.own()?;
        self.select::<OrderRow>(
            " WHERE id IN (SELECT order_id FROM d_order_event WHERE day = ? AND what = '派工' AND effective = 1) \
             AND id BETWEEN ? AND ? AND stage = 'underway' ORDER BY worker, kind, due, id",
            &[&day, &own.low, &own.high],
        )
    }

    /// How often something happened on a business day to orders this site sees.
    pub fn order_events_on(&self, day: NaiveDate, what: &str) -> Result<i64, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("SELECT count(*) FROM d_order_event WHERE day = ?1 AND what = ?2 AND effective = 1 AND order_id BETWEEN ?3 AND ?4")?;
        let (day, seen) = (crate::store::column::day_number(day), self.seen()?);
        Ok(statement.query_row(params![day, what, seen.low.0, seen.high.0], |row| row.get(0))?)
    }

    /// Everything that happened to an order, in order of its entries' places.
    pub fn order_events(&self, order: Id) -> Result<Vec<OrderEventRow>, StoreError> {
        self.select::<OrderEventRow>(" WHERE order_id = ? ORDER BY at, id", &[&order])
    }

    /// Orders taken in between two business days, both included.
    pub fn orders_taken_between(
        &self,
        reach: Reach,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<OrderRow>, StoreError> {
        let tail = " WHERE day BETWEEN ? AND ? AND id BETWEEN ? AND ? ORDER BY day, id";
        self.select::<OrderRow>(tail, &[&from, &to, &reach.low, &reach.high])
    }

    /// Cases parked at this site under a queue number and not yet taken, newest first.
    pub fn parked_of_queue(&self, queue: &str) -> Result<Vec<ParkedRow>, StoreError> {
        let own = self.own()?;
        self.select::<ParkedRow>(
            " WHERE queue = ? AND id BETWEEN ? AND ? AND state <> 'taken' ORDER BY at DESC, id DESC",
            &[&queue, &own.low, &own.high],
        )
    }

    /// All cases parked at this site and not yet taken, newest first.
    pub fn parked(&self) -> Result<Vec<ParkedRow>, StoreError> {
        let own = self.own()?;
        let tail = " WHERE state <> 'taken' AND id BETWEEN ? AND ? ORDER BY at DESC, id DESC";
        self.select::<ParkedRow>(tail, &[&own.low, &own.high])
    }

    /// How many cases wait parked, of those this site sees: one taken up and not finished waits on.
    pub fn parked_count(&self) -> Result<i64, StoreError> {
        let seen = self.seen()?;
        let sql = "SELECT count(*) FROM d_parked WHERE state <> 'taken' AND id BETWEEN ?1 AND ?2";
        let mut statement = self.conn().prepare_cached(sql)?;
        Ok(statement.query_row([seen.low.0, seen.high.0], |row| row.get(0))?)
    }

    /// Workers this site sees, by team and code.
    pub fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let seen = self.seen()?;
        self.select::<WorkerRow>(" WHERE id BETWEEN ? AND ? ORDER BY team, code, id", &[&seen.low, &seen.high])
    }

    /// A worker by id.
    pub fn worker(&self, id: Id) -> Result<Option<WorkerRow>, StoreError> {
        self.get::<WorkerRow>(&[&id])
    }

    /// Workers of this site still there of what a person types: code, name, or id.
    pub fn workers_of_text(&self, text: &str) -> Result<Vec<WorkerRow>, StoreError> {
        let text = text.trim();
        if let Ok(id) = text.parse::<Id>() {
            return Ok(self.worker(id)?.into_iter().collect());
        }
        let (code, own) = (text.to_lowercase(), self.own()?);
        let tail = " WHERE active = 1 AND (code = ? OR name = ?) AND id BETWEEN ? AND ? ORDER BY id";
        self.select::<WorkerRow>(tail, &[&code, &text, &own.low, &own.high])
    }

    /// How many open orders each worker has out.
    pub fn load_of_worker(&self, worker: Id) -> Result<i64, StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT count(*) FROM d_order INDEXED BY d_order_worker WHERE worker = ?1 AND stage = 'underway'",
        )?;
        Ok(statement.query_row(params![worker.0], |row| row.get(0))?)
    }

    /// The last order number that ends with what a person typed: `3990` for `B03.1.3990`, open ones first.
    pub fn order_of_tail(&self, seq: i64) -> Result<Option<Id>, StoreError> {
        let site = self.setting("site")?.unwrap_or_default();
        let epoch: i64 = self.setting("epoch")?.and_then(|text| text.parse().ok()).unwrap_or(1);
        let Ok(site) = crate::rules::id::Site::parse(&site) else { return Ok(None) };
        for epoch in (1..=epoch).rev() {
            let Some(id) = Id::new(&site, epoch, seq, 0) else { continue };
            let mut statement = self.conn().prepare_cached("SELECT id FROM d_order WHERE id = ?1")?;
            let found = statement.query_row([id.0], |row| row.get(0).map(Id)).optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Words typed before into a field of orders, most used first: for lists to pick from.
    pub fn order_words(&self, column: OrderWords, limit: i64) -> Result<Vec<String>, StoreError> {
        let column = match column {
            OrderWords::Wish => "wish",
            OrderWords::Address => "address",
        };
        let sql = format!(
            "SELECT {column} FROM (SELECT {column} FROM d_order ORDER BY id DESC LIMIT 2000) WHERE {column} <> '' \
             GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT ?1"
        );
        let mut statement = self.conn().prepare_cached(&sql)?;
        let rows = statement.query_map([limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Columns of orders whose earlier words are offered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderWords {
    /// What was wanted.
    Wish,
    /// Where.
    Address,
}
