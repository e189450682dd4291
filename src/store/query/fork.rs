//! Forks: which of two branches is the main one, and entries that go from one branch's places to the other's.

use rusqlite::params;

use crate::rules::id::{ITEMS, Id, LIVES, SEQS};
use crate::store::tables::site::ForkRow;
use crate::store::{StoreError, Tx};

/// From a place of a life to the same place on the second branch of a fork.
const ACROSS: i64 = LIVES * SEQS * ITEMS;

/// Columns that name an entry and live on when its place changes.
const NAMED: [(&str, &str); 6] = [
    ("entry", "id"),
    ("entry_relayed", "id"),
    ("entry_place", "by"),
    ("l_relay", "entry"),
    ("l_answer", "entry"),
    ("l_fix", "entry"),
];

impl Tx<'_> {
    /// Every fork head office has told of, the oldest place of a site first.
    pub fn forks(&self) -> Result<Vec<ForkRow>, StoreError> {
        self.scan::<ForkRow>(&[])
    }

    /// Has head office told of any fork?
    pub fn has_forks(&self) -> Result<bool, StoreError> {
        Ok(self.book().prepare_cached("SELECT 1 FROM d_fork LIMIT 1")?.exists([])?)
    }

    /// The fork at a place, on whichever branch.
    pub fn fork_at(&self, place: Id) -> Result<Option<ForkRow>, StoreError> {
        self.get::<ForkRow>(&[&place.entry().main()])
    }

    /// The fork a place lies behind, or at: a life has one.
    pub fn fork_before(&self, place: Id) -> Result<Option<ForkRow>, StoreError> {
        let (low, high) = (place.main().chain(), place.main().entry());
        let found = self.select::<ForkRow>(" WHERE place BETWEEN ? AND ? ORDER BY place LIMIT 1", &[&low, &high])?;
        Ok(found.into_iter().next())
    }

    /// What stands on one branch from `first` to `last`, numbers of one life, goes to the other, and the other way round.
    pub fn exchange_branches(&self, first: Id, last: Id) -> Result<(), StoreError> {
        let (low, high) = (first.main().entry().0, last.main().entry().0 + ITEMS - 1);
        for (table, column) in NAMED {
            self.exchange_numbers(table, column, low, high)?;
        }
        Ok(())
    }

    /// Proofs of a head at or behind a fork go with their branch.
    pub fn exchange_proofs(&self, fork: Id) -> Result<(), StoreError> {
        let (chain, seq) = (fork.main().chain().0, fork.seq());
        let to = |sql: &str, bound: [i64; 2]| self.conn().execute(sql, bound).map(|_| ());
        to("UPDATE l_proof SET chain = -chain WHERE chain = ?1 AND seq >= ?2", [chain, seq])?;
        to("UPDATE OR REPLACE l_proof SET chain = ?1 - ?2 WHERE chain = ?1", [chain + ACROSS, ACROSS])?;
        to("UPDATE OR REPLACE l_proof SET chain = ?1 WHERE chain = ?2", [chain + ACROSS, -chain])?;
        Ok(())
    }

    fn exchange_numbers(&self, table: &str, column: &str, low: i64, high: i64) -> Result<(), StoreError> {
        let steps = [
            (format!("{column} = -{column}"), low, high),
            (format!("{column} = {column} - {ACROSS}"), low + ACROSS, high + ACROSS),
            (format!("{column} = {ACROSS} - {column}"), -high, -low),
        ];
        for (change, low, high) in steps {
            let sql = format!("UPDATE {table} SET {change} WHERE {column} BETWEEN ?1 AND ?2");
            self.conn().execute(&sql, [low, high])?;
        }
        Ok(())
    }

    /// A branch is sent once more what stands from a place on, on both branches of the fork there. The numbers of the relay only rise.
    pub fn relay_again(&self, fork: Id, site: &str) -> Result<(), StoreError> {
        let low = fork.main().entry();
        let high = Id(low.chain().0 + SEQS * ITEMS - 1);
        let mut next = self.relay_last(site)? + 1;
        for (low, high) in [(low, high), (low.twin(), high.twin())] {
            let sql = "SELECT number FROM l_relay WHERE site = ?1 AND entry BETWEEN ?2 AND ?3 ORDER BY number";
            let mut statement = self.conn().prepare_cached(sql)?;
            let numbers = statement.query_map(params![site, low.0, high.0], |row| row.get(0))?;
            for number in numbers.collect::<Result<Vec<i64>, _>>()? {
                let sql = "UPDATE l_relay SET number = ?3 WHERE site = ?1 AND number = ?2";
                self.conn().prepare_cached(sql)?.execute(params![site, number, next])?;
                next += 1;
            }
        }
        Ok(())
    }

    /// A fork whose branches changed their names is new to the relay.
    pub fn forget_sifted_chain(&self, chain: Id) -> Result<(), StoreError> {
        self.conn().execute("DELETE FROM l_sifted WHERE chain = ?1", [chain.0])?;
        Ok(())
    }
}
