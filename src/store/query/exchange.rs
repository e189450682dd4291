//! Queries of the exchange: chains as they are held, stretches of them, the relay of a head office.

use rusqlite::{OptionalExtension, params};

use crate::rules::id::{ITEMS, Id, SEQS};
use crate::store::entries::EntryRow;
use crate::store::tables::exchange::{AckRow, BundleRow, FollowRow, IntakeRow, PeerRow, RelayRow};
use crate::store::{StoreError, Tx};

/// The last place a chain can have.
fn end(chain: Id) -> Id {
    Id(chain.0 + SEQS * ITEMS - 1)
}

impl Tx<'_> {
    /// Every chain that has entries here, in order: the place before its first.
    pub fn chains(&self) -> Result<Vec<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT min(id) FROM entry WHERE id > ?1")?;
        let (mut found, mut after) = (Vec::new(), Id(-1));
        while let Some(first) = statement.query_row([after.0], |row| row.get::<_, Option<i64>>(0))? {
            let chain = Id(first).chain();
            after = end(chain);
            found.push(chain);
        }
        Ok(found)
    }

    /// The last entry of a chain that is held, gaps or not.
    pub fn chain_last(&self, chain: Id) -> Result<Option<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT max(id) FROM entry WHERE id BETWEEN ?1 AND ?2")?;
        let id: Option<i64> = statement.query_row(params![chain.0, end(chain).0], |row| row.get(0))?;
        Ok(id.map(Id))
    }

    /// The last entry held between two places, without them.
    pub fn last_between(&self, after: Id, before: Id) -> Result<Option<Id>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT max(id) FROM entry WHERE id > ?1 AND id < ?2")?;
        let id: Option<i64> = statement.query_row(params![after.0, before.0], |row| row.get(0))?;
        Ok(id.map(Id))
    }

    /// The first entry of a chain that is held by itself, without those before it.
    pub fn first_single(&self, chain: Id) -> Result<Option<Id>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT min(id) FROM entry_relayed WHERE id BETWEEN ?1 AND ?2")?;
        let id: Option<i64> = statement.query_row(params![chain.0, end(chain).0], |row| row.get(0))?;
        Ok(id.map(Id))
    }

    /// Hash of the entry at a place.
    pub fn entry_hash(&self, id: Id) -> Result<Option<[u8; 32]>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT hash FROM entry WHERE id = ?1")?;
        Ok(statement.query_row([id.entry().0], |row| row.get(0)).optional()?)
    }

    /// Hash and stamp of the entry at a place.
    pub fn entry_stamp(&self, id: Id) -> Result<Option<([u8; 32], i64)>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT hash, hlc FROM entry WHERE id = ?1")?;
        Ok(statement.query_row([id.entry().0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Entries whose stamp does not rise above that of the entry before in their chain, at most `limit`, in order; those held by
    /// themselves are left out. Reads every entry.
    pub fn entries_backwards(&self, limit: i64) -> Result<Vec<Id>, StoreError> {
        let sql = "SELECT now.id FROM entry AS now JOIN entry AS before ON before.id = now.id - ?1 WHERE now.hlc <= before.hlc
             AND NOT EXISTS (SELECT 1 FROM entry_relayed AS one WHERE one.id IN (now.id, before.id)) ORDER BY now.id LIMIT ?2";
        let mut statement = self.conn().prepare(sql)?;
        let found = statement.query_map([ITEMS, limit], |row| row.get(0).map(Id))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Where the entry with a hash stands in one of the other chains of the same site.
    pub fn entry_of_hash_elsewhere(&self, chain: Id, hash: &[u8; 32]) -> Result<Option<Id>, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT id FROM entry WHERE id BETWEEN ?1 AND ?2 AND hash = ?3 LIMIT 1")?;
        for other in self.chains()?.into_iter().filter(|other| *other != chain && other.site() == chain.site()).rev() {
            let found: Option<i64> =
                statement.query_row(params![other.0, end(other).0, hash], |row| row.get(0)).optional()?;
            if let Some(id) = found {
                return Ok(Some(Id(id)));
            }
        }
        Ok(None)
    }

    /// Entries of a chain after a number, up to another, in order, at most `limit`.
    pub fn stretch(&self, chain: Id, after: i64, upto: i64, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
        let (low, high) = (Id(chain.0 + after * ITEMS), Id(chain.0 + upto * ITEMS));
        self.select::<EntryRow>(" WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", &[&low, &high, &limit])
    }

    /// Places of such entries, and whom they are about as it is written: all that can be known without their payloads.
    pub fn stretch_subjects(
        &self,
        chain: Id,
        after: i64,
        upto: i64,
        limit: i64,
    ) -> Result<Vec<(Id, String)>, StoreError> {
        let sql = "SELECT id, subjects FROM entry WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
        let mut statement = self.conn().prepare_cached(sql)?;
        let range = [chain.0 + after * ITEMS, chain.0 + upto * ITEMS, limit];
        let rows = statement.query_map(range, |row| Ok((Id(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Bytes of payloads and subjects in a stretch of a chain.
    pub fn stretch_bytes(&self, chain: Id, after: i64, upto: i64) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(sum(octet_length(payload) + octet_length(subjects)), 0) FROM entry WHERE id > ?1 AND id <= ?2";
        let range = [chain.0 + after * ITEMS, chain.0 + upto * ITEMS];
        Ok(self.conn().prepare_cached(sql)?.query_row(range, |row| row.get(0))?)
    }

    /// Forgets what another site said it holds.
    pub fn forget_acks(&self, site: &str) -> Result<(), StoreError> {
        self.conn().execute("DELETE FROM l_ack WHERE site = ?1", [site])?;
        Ok(())
    }

    /// Forgets how far chains were looked through for a branch.
    pub fn forget_sifted(&self, site: &str) -> Result<(), StoreError> {
        self.conn().execute("DELETE FROM l_sifted WHERE site = ?1", [site])?;
        Ok(())
    }

    /// The last number given in the relay to a branch, 0 for none.
    pub fn relay_last(&self, site: &str) -> Result<i64, StoreError> {
        let last = self.last::<RelayRow>(&[&site])?;
        Ok(last.map_or(0, |row| row.number))
    }

    /// Is an entry in the relay to a branch already?
    pub fn is_relayed_to(&self, site: &str, entry: Id) -> Result<bool, StoreError> {
        let mut statement =
            self.conn().prepare_cached("SELECT 1 FROM l_relay WHERE site = ?1 AND entry = ?2 LIMIT 1")?;
        Ok(statement.exists(params![site, entry.entry().0])?)
    }

    /// Gives an entry the next number in the relay to a branch; a number given already is an error, never given again.
    pub fn relay(&self, row: &RelayRow) -> Result<(), StoreError> {
        use crate::store::Table;
        let mut statement = self.conn().prepare_cached(&RelayRow::sql().insert)?;
        row.bind(&mut statement)?;
        statement.raw_execute()?;
        Ok(())
    }

    /// The relay to a branch after a number, in order, at most `limit`.
    pub fn relay_after(&self, site: &str, number: i64, limit: i64) -> Result<Vec<RelayRow>, StoreError> {
        self.select::<RelayRow>(" WHERE site = ? AND number > ? ORDER BY number LIMIT ?", &[&site, &number, &limit])
    }

    /// Bundles looked at or sent, newest first, at most `limit`.
    pub fn bundles(&self, limit: i64) -> Result<Vec<BundleRow>, StoreError> {
        self.select::<BundleRow>(" ORDER BY at DESC, number DESC, hash LIMIT ?", &[&limit])
    }

    /// Was another bundle taken in under a number?
    pub fn number_was_taken(&self, site: &str, life: i64, number: i64, hash: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM l_bundle
                    WHERE way = 'in' AND site = ?1 AND life = ?2 AND number = ?3 AND hash <> ?4 AND state <> 'refused'";
        Ok(self.conn().prepare_cached(sql)?.exists(params![site, life, number, hash])?)
    }

    /// Bundles in a state.
    pub fn bundles_in(&self, state: &str) -> Result<Vec<BundleRow>, StoreError> {
        self.select::<BundleRow>(" WHERE state = ? ORDER BY site, life, number", &[&state])
    }

    /// Marks an entry as held by itself, without those before it.
    pub fn mark_single(&self, entry: Id) -> Result<(), StoreError> {
        self.conn().prepare_cached("INSERT OR IGNORE INTO entry_relayed (id) VALUES (?1)")?.execute([entry.0])?;
        Ok(())
    }

    /// Is an entry held by itself?
    pub fn is_single(&self, entry: Id) -> Result<bool, StoreError> {
        Ok(self.conn().prepare_cached("SELECT 1 FROM entry_relayed WHERE id = ?1")?.exists([entry.0])?)
    }

    /// An entry held by itself has become part of a whole chain.
    pub fn unmark_single(&self, entry: Id) -> Result<(), StoreError> {
        self.conn().prepare_cached("DELETE FROM entry_relayed WHERE id = ?1")?.execute([entry.0])?;
        Ok(())
    }

    /// Makes the relay to a branch anew: in a new life of head office its numbers begin at one again.
    pub fn forget_relay(&self, site: &str) -> Result<(), StoreError> {
        for table in ["l_relay", "l_follow", "l_sifted"] {
            self.conn().execute(&format!("DELETE FROM {table} WHERE site = ?1"), [site])?;
        }
        Ok(())
    }

    /// Signed headers no head refers to any more are dropped.
    pub fn drop_unused_signed_headers(&self) -> Result<(), StoreError> {
        self.conn().execute("DELETE FROM l_signed_header WHERE body_hash NOT IN (SELECT signed FROM l_proof)", [])?;
        Ok(())
    }

    /// What is known of another site's bundles; all zero when nothing is.
    pub fn peer_row(&self, site: &str) -> Result<PeerRow, StoreError> {
        let none = || PeerRow {
            site: site.to_owned(),
            sent: 0,
            sent_hash: String::new(),
            sent_at: String::new(),
            taken_life: 0,
            taken: 0,
            taken_hash: String::new(),
            taken_at: String::new(),
            seen_life: 0,
            seen: 0,
            told_life: 0,
            told: 0,
        };
        Ok(self.get::<PeerRow>(&[&site])?.unwrap_or_else(none))
    }

    /// What another site says it holds of a chain.
    pub fn ack(&self, site: &str, chain: Id) -> Result<Option<AckRow>, StoreError> {
        self.get::<AckRow>(&[&site, &chain])
    }

    /// Is a subject known to a branch?
    pub fn follows(&self, site: &str, kind: &str, subject: Id) -> Result<bool, StoreError> {
        Ok(self.get::<FollowRow>(&[&site, &kind, &subject])?.is_some())
    }

    /// The branches that follow a subject.
    pub fn followers(&self, kind: &str, subject: Id) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT site FROM l_follow WHERE kind = ?1 AND subject = ?2 ORDER BY site";
        let mut statement = self.conn().prepare_cached(sql)?;
        let rows = statement.query_map(params![kind, subject.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The area of an account, when it has one.
    pub fn area_of_account(&self, account: Id) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT area FROM d_account WHERE id = ?1")?;
        Ok(statement.query_row([account.0], |row| row.get(0)).optional()?.flatten())
    }

    /// The area of an order.
    pub fn area_of_order(&self, order: Id) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn().prepare_cached("SELECT area FROM d_order WHERE id = ?1")?;
        Ok(statement.query_row([order.0], |row| row.get(0)).optional()?)
    }

    /// How far each chain was looked through for a branch, in order of chains.
    pub fn sifted_chains(&self, site: &str) -> Result<Vec<(Id, i64)>, StoreError> {
        let sql = "SELECT chain, seq FROM l_sifted WHERE site = ?1 ORDER BY chain";
        let mut statement = self.conn().prepare_cached(sql)?;
        let rows = statement.query_map([site], |row| Ok((Id(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bundle being taken in, if an import was interrupted.
    pub fn intake(&self) -> Result<Option<IntakeRow>, StoreError> {
        Ok(self.scan::<IntakeRow>(&[])?.into_iter().next())
    }
}
