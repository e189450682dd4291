//! Finding the same person again: accounts by the keyed hashes of their people's numbers. Local to this machine, kept in step
//! within every action, made in bulk after an import or when the search key changes. The search box has its own index
//! (`store::search`).

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Desk, customer_file};
use crate::book::seal::Keys;
use crate::derive::bulk::SLICE;
use crate::rules::id::Id;
use crate::store::local::{self, PersonRow, UnhashedRow};
use crate::store::{StoreError, Tx};

/// Keeps what leads to accounts in step with those an action changed.
pub fn follow(tx: &Tx<'_>, keys: &Keys, changed: &BTreeSet<Id>) -> Result<(), StoreError> {
    local::note_words(tx, changed)?;
    changed.iter().try_for_each(|account| hash(tx, keys, *account))
}

fn hash(tx: &Tx<'_>, keys: &Keys, account: Id) -> Result<(), StoreError> {
    match tx.account(account)? {
        Some(row) => customer_file::note_person(tx, keys, &row),
        None => Ok(()),
    }
}

/// Accounts hashed in one round: their hashes are sorted before they are written, so that each page is written once.
const ROUND: usize = 125_000;

impl Desk {
    /// Hashes the numbers of accounts that came in bulk, in slices that keep no till waiting; `done` is told the accounts of
    /// each round. Interrupted, it goes on at the next call.
    pub fn hash_people(&mut self, mut done: impl FnMut(usize)) -> Result<(), StoreError> {
        loop {
            let (accounts, hashes) = self.hashes_of_waiting()?;
            if accounts.is_empty() {
                return Ok(());
            }
            self.in_slices(&hashes, |tx, row| tx.put(row))?;
            self.in_slices(&accounts, |tx, account| tx.delete::<UnhashedRow>(&[account]))?;
            done(accounts.len());
        }
    }

    /// Accounts that wait, at most a round, and the rows that lead to them, sorted.
    fn hashes_of_waiting(&self) -> Result<(Vec<Id>, Vec<PersonRow>), StoreError> {
        const BATCH: i64 = 1_000;
        let tx = self.look()?;
        let (mut accounts, mut rows) = (Vec::new(), Vec::new());
        while accounts.len() < ROUND {
            let waiting = tx.unhashed_accounts(accounts.last().copied(), BATCH)?;
            for account in &waiting {
                let Some(row) = tx.account(*account)? else { continue };
                let hashes = customer_file::hashes_of(&self.keys, &row);
                rows.extend(hashes.into_iter().map(|hash| PersonRow { hash, account: *account }));
            }
            accounts.extend(&waiting);
            if waiting.len() < BATCH as usize {
                break;
            }
        }
        rows.sort_unstable_by_key(|row| (row.hash, row.account));
        Ok((accounts, rows))
    }

    /// Does something to each item, every slice its own transaction.
    fn in_slices<T>(
        &mut self,
        items: &[T],
        act: impl Fn(&Tx<'_>, &T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rest = items;
        while !rest.is_empty() {
            let started = Instant::now();
            let tx = self.db.write()?;
            while let Some((first, others)) = rest.split_first().filter(|_| started.elapsed() < SLICE) {
                act(&tx, first)?;
                rest = others;
            }
            tx.commit()?;
        }
        self.db.checkpoint_when_large()?;
        Ok(())
    }

    /// An account that its people's numbers do not lead to, though it does not wait for it: what is wrong, and the way out.
    pub(super) fn person_fault(&self, tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
        let waiting: BTreeSet<Id> = tx.unhashed_accounts(None, i64::MAX)?.into_iter().collect();
        for id in tx.account_ids()?.into_iter().filter(|id| !waiting.contains(id)) {
            let Some(row) = tx.account(id)? else { continue };
            for hash in customer_file::hashes_of(&self.keys, &row) {
                if tx.get::<PersonRow>(&[&hash, &id])?.is_none() {
                    let message =
                        format!("按证件号、卡号查人的索引里缺户 {}：重复立户查不出来；请运行 rebuild 重做", row.no);
                    return Ok(Some(message));
                }
            }
        }
        Ok(None)
    }

    /// Hashes every number anew: the search key has changed (a site took over the company's).
    pub fn rehash_people(&mut self, done: impl FnMut(usize)) -> Result<(), StoreError> {
        let tx = self.db.write()?;
        tx.forget_people()?;
        tx.commit()?;
        self.hash_people(done)
    }
}
