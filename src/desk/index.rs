//! Finding the same person again: accounts by the keyed hashes of their people's numbers. Local to this machine, kept in step
//! within every action, made in bulk after an import or when the search key changes. The search box has its own index
//! (`store::search`).

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Desk, customer_file};
use crate::book::seal::Keys;
use crate::derive::bulk::SLICE;
use crate::rules::id::Id;
use crate::store::local::{self, UnhashedRow};
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

impl Desk {
    /// Hashes the numbers of accounts that came in bulk, in slices that keep no till waiting; `done` is told the accounts of
    /// each slice. Interrupted, it goes on at the next call.
    pub fn hash_people(&mut self, mut done: impl FnMut(usize)) -> Result<(), StoreError> {
        const BATCH: i64 = 500;
        if self.look()?.unhashed_accounts(1)?.is_empty() {
            return Ok(());
        }
        loop {
            let started = Instant::now();
            let tx = self.db.write()?;
            let mut count = 0;
            while started.elapsed() < SLICE {
                let waiting = tx.unhashed_accounts(BATCH)?;
                for account in &waiting {
                    hash(&tx, &self.keys, *account)?;
                    tx.delete::<UnhashedRow>(&[account])?;
                }
                count += waiting.len();
                if waiting.len() < BATCH as usize {
                    break;
                }
            }
            if count == 0 {
                return Ok(());
            }
            tx.commit()?;
            done(count);
        }
    }

    /// Hashes every number anew: the search key has changed (a site took over the company's).
    pub fn rehash_people(&mut self, done: impl FnMut(usize)) -> Result<(), StoreError> {
        let tx = self.db.write()?;
        tx.forget_people()?;
        tx.commit()?;
        self.hash_people(done)
    }
}
