//! The day book's own tables: insert, head, read, walk.

use rusqlite::OptionalExtension;
use rusqlite::params;

use super::table::table;
use super::{StoreError, Tx};
use crate::rules::id::{EPOCHS, ITEMS, Id, LIVES, SEQS, Site};

table! {
    /// 凭单: one line of the day book, as it is stored.
    pub struct EntryRow("entry", 1) {
        /// Its place, packed.
        id: Id,
        /// Which cryptography.
        suite: i64,
        /// Who wrote it.
        site: String,
        /// Which life of that site.
        epoch: i64,
        /// Its number in that life.
        seq: i64,
        /// Hybrid logical clock: milliseconds << 16 | counter.
        hlc: i64,
        /// The author's time with offset.
        at: String,
        /// 营业日.
        business_day: chrono::NaiveDate,
        /// The user who did it.
        actor: String,
        /// 操作.
        action: String,
        /// Version of the action's payload.
        version: i64,
        /// Whom it is about.
        subjects: String,
        /// The caller's idempotency key.
        key: Option<String>,
        /// The author's JSON, byte for byte.
        payload: String,
        /// Random bytes in the leaf.
        salt: [u8; 16],
        /// Hash of salt and payload.
        leaf: [u8; 32],
        /// Hash of the entry before.
        prev: [u8; 32],
        /// Its identity.
        hash: [u8; 32],
    }

    /// One subject's part of an entry.
    pub struct SubjectRow("entry_subject", 4) {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// Order key, first part.
        hlc: i64,
        /// Order key, second part: the entry's place with the item.
        id: Id,
        /// Where its text begins in the payload, in bytes.
        start: i64,
        /// How long it is, in bytes.
        length: i64,
    }

    /// An entry held singly: not its whole chain.
    pub struct RelayedRow("entry_relayed", 1) {
        /// The entry.
        id: Id,
    }

    /// The order key head office gave an entry whose stamp was wrong.
    pub struct PlacedRow("entry_place", 1) {
        /// The entry, held or not.
        entry: Id,
        /// Its order key.
        hlc: i64,
        /// The entry that says so.
        by: Id,
    }
}

/// The condition of the index `entry_rights`, word by word: so SQLite knows that the index has all of them.
const RIGHTS: &str = "action IN ('user.add', 'user.right', 'user.reset', 'user.password', 'user.close', 'site.trust', \
                      'site.enrol', 'site.amend')";

/// First and last id an epoch of a site can have.
fn span(site: &Site, epoch: i64) -> Option<(Id, Id)> {
    Some((Id::new(site, epoch, 0, 0)?, Id::new(site, epoch, SEQS - 1, ITEMS - 1)?))
}

impl EntryRow {
    /// The day by the calendar: rights and delegations go by it, not by the business day.
    pub fn calendar_day(&self) -> chrono::NaiveDate {
        crate::rules::moment::parse(&self.at).map_or(self.business_day, crate::rules::moment::day)
    }
}

impl Tx<'_> {
    /// Inserts an entry; never replaces one.
    pub fn insert_entry(&self, row: &EntryRow) -> Result<(), StoreError> {
        use super::Table;
        let mut statement = self.book().prepare_cached(&EntryRow::sql().insert)?;
        row.bind(&mut statement)?;
        statement.raw_execute()?;
        Ok(())
    }

    /// The last entry of one life of a site.
    pub fn head(&self, site: &Site, epoch: i64) -> Result<Option<EntryRow>, StoreError> {
        let Some((low, high)) = span(site, epoch) else { return Ok(None) };
        let mut found =
            self.select::<EntryRow>(" WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1", &[&low, &high])?;
        Ok(found.pop())
    }

    /// Does an entry bear this stamp? Looks at all of them.
    pub fn is_stamp(&self, hlc: i64) -> Result<bool, StoreError> {
        let mut statement = self.book().prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE hlc = ?1)")?;
        Ok(statement.query_row([hlc], |row| row.get(0))?)
    }

    /// The newest stamp not after this one, 0 for none. Looks at all entries.
    pub fn newest_stamp(&self, until: i64) -> Result<i64, StoreError> {
        let mut statement = self.book().prepare_cached("SELECT coalesce(max(hlc), 0) FROM entry WHERE hlc <= ?1")?;
        Ok(statement.query_row([until], |row| row.get(0))?)
    }

    /// The last life a site has entries of.
    pub fn last_epoch(&self, site: &Site) -> Result<Option<i64>, StoreError> {
        let (Some((low, _)), Some((_, high))) = (span(site, 0), span(site, LIVES - 1)) else {
            return Ok(None);
        };
        let id: Option<i64> = self.book().query_row(
            "SELECT max(id) FROM entry WHERE id BETWEEN ?1 AND ?2",
            params![low.0, high.0],
            |row| row.get(0),
        )?;
        Ok(id.map(|id| Id(id).epoch()))
    }

    /// Does the book hold a second branch of a fork of this site?
    pub fn has_twins(&self, site: &Site) -> Result<bool, StoreError> {
        let (Some((low, _)), Some((_, high))) = (span(site, LIVES), span(site, EPOCHS - 1)) else { return Ok(false) };
        let mut statement = self.book().prepare_cached("SELECT 1 FROM entry WHERE id BETWEEN ?1 AND ?2 LIMIT 1")?;
        Ok(statement.exists(params![low.0, high.0])?)
    }

    /// The first entry held of an epoch of a site.
    pub fn first_of_epoch(&self, site: &Site, epoch: i64) -> Result<Option<EntryRow>, StoreError> {
        let Some((low, high)) = span(site, epoch) else { return Ok(None) };
        let mut found = self.select::<EntryRow>(" WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1", &[&low, &high])?;
        Ok(found.pop())
    }

    /// The entry of a chain that has this hash. Reads the whole chain; the head is looked at first.
    pub fn entry_of_hash(&self, site: &Site, epoch: i64, hash: &[u8; 32]) -> Result<Option<EntryRow>, StoreError> {
        let Some((low, high)) = span(site, epoch) else { return Ok(None) };
        if let Some(head) = self.head(site, epoch)?.filter(|head| head.hash == *hash) {
            return Ok(Some(head));
        }
        let sql = "SELECT id FROM entry WHERE id BETWEEN ?1 AND ?2 AND hash = ?3 LIMIT 1";
        let mut statement = self.book().prepare_cached(sql)?;
        let id = statement.query_row(params![low.0, high.0, hash], |row| row.get(0).map(Id)).optional()?;
        id.map_or(Ok(None), |id| self.entry(id))
    }

    /// Rows of the subject index that belong to one epoch of a site. Reads the whole index.
    pub fn index_of_epoch(&self, site: &Site, epoch: i64) -> Result<Vec<SubjectRow>, StoreError> {
        let Some((low, high)) = span(site, epoch) else { return Ok(Vec::new()) };
        self.select::<SubjectRow>(" WHERE id BETWEEN ? AND ? ORDER BY id, kind, subject", &[&low, &high])
    }

    /// Rows of the subject index in which a site speaks of another's subject, or another of its. Reads the whole index.
    pub fn index_across(&self, site: &Site) -> Result<Vec<SubjectRow>, StoreError> {
        let (low, high) = site.ids();
        let across = " WHERE (id BETWEEN ? AND ?) <> (subject BETWEEN ? AND ?)";
        self.select::<SubjectRow>(across, &[&low, &high, &low, &high])
    }

    /// Is any entry held singly?
    pub fn has_relayed(&self) -> Result<bool, StoreError> {
        Ok(self.book().prepare_cached("SELECT 1 FROM entry_relayed LIMIT 1")?.exists([])?)
    }

    /// Is the entry held singly?
    pub fn is_relayed(&self, id: Id) -> Result<bool, StoreError> {
        Ok(self.get::<RelayedRow>(&[&id.entry()])?.is_some())
    }

    /// Has any entry been given another order key?
    pub fn has_placed(&self) -> Result<bool, StoreError> {
        Ok(self.book().prepare_cached("SELECT 1 FROM entry_place LIMIT 1")?.exists([])?)
    }

    /// The order key an entry stands at: its own, or the one head office gave it.
    pub fn order_key(&self, entry: &EntryRow) -> Result<i64, StoreError> {
        let mut statement = self.book().prepare_cached("SELECT hlc FROM entry_place WHERE entry = ?1")?;
        Ok(statement.query_row([entry.id.0], |row| row.get(0)).optional()?.unwrap_or(entry.hlc))
    }

    /// Puts a row into the subject index; false when it stands there already.
    pub fn index_row(&self, row: &SubjectRow) -> Result<bool, StoreError> {
        let mut statement = self.book().prepare_cached(
            "INSERT OR IGNORE INTO entry_subject (kind, subject, hlc, id, start, length) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let made = statement.execute(params![row.kind, row.subject.0, row.hlc, row.id.0, row.start, row.length])?;
        Ok(made > 0)
    }

    /// Takes a row out of the subject index; false when it was not there.
    pub fn unindex_row(&self, row: &SubjectRow) -> Result<bool, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("DELETE FROM entry_subject WHERE kind = ?1 AND subject = ?2 AND hlc = ?3 AND id = ?4")?;
        Ok(statement.execute(params![row.kind, row.subject.0, row.hlc, row.id.0])? > 0)
    }

    /// The entry at a place (of any item of it).
    pub fn entry(&self, id: Id) -> Result<Option<EntryRow>, StoreError> {
        self.get::<EntryRow>(&[&id.entry()])
    }

    /// Entries of one action about one subject (as an entry names it) that give rights, found by the entries themselves.
    pub fn rights_entries(&self, action: &str, subject: &str) -> Result<Vec<EntryRow>, StoreError> {
        let sql = format!(" WHERE {RIGHTS} AND action = ? AND subjects = ? ORDER BY id");
        self.select::<EntryRow>(&sql, &[&action, &subject])
    }

    /// Entries by which a site named a head office.
    pub fn trust_entries(&self, site: &Site) -> Result<Vec<EntryRow>, StoreError> {
        let sql = format!(" WHERE {RIGHTS} AND action = 'site.trust' AND site = ? ORDER BY id");
        self.select::<EntryRow>(&sql, &[&site.as_str()])
    }

    /// The entry that an idempotency key of a site was given.
    pub fn entry_of_key(&self, site: &Site, key: &str) -> Result<Option<EntryRow>, StoreError> {
        let mut found =
            self.select::<EntryRow>(" WHERE site = ? AND key = ? ORDER BY id LIMIT 1", &[&site.as_str(), &key])?;
        Ok(found.pop())
    }

    /// Entries after a place, in place order, at most `limit`.
    pub fn entries_after(&self, after: Id, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
        self.select::<EntryRow>(" WHERE id > ? ORDER BY id LIMIT ?", &[&after, &limit])
    }

    /// How many entries there are.
    pub fn entry_count(&self) -> Result<i64, StoreError> {
        Ok(self.book().query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?)
    }

    /// The last `limit` entries in (hlc, id) order, newest first.
    pub fn latest_entries(&self, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
        self.select::<EntryRow>(" ORDER BY id DESC LIMIT ?", &[&limit])
    }

    /// Does the subject hold an entry later than (hlc, id)?
    pub fn holds_later(&self, kind: &str, subject: Id, hlc: i64, id: Id) -> Result<bool, StoreError> {
        let mut statement = self.book().prepare_cached(
            "SELECT 1 FROM entry_subject WHERE kind = ?1 AND subject = ?2 AND (hlc, id) > (?3, ?4) LIMIT 1",
        )?;
        Ok(statement.query_row(params![kind, subject.0, hlc, id.0], |_| Ok(())).optional()?.is_some())
    }

    /// Does the subject have this very item already?
    pub fn holds(&self, kind: &str, subject: Id, hlc: i64, id: Id) -> Result<bool, StoreError> {
        Ok(self.get::<SubjectRow>(&[&kind, &subject, &hlc, &id])?.is_some())
    }

    /// Every (kind, subject) that has entries after the given one, in order, at most `limit`.
    pub fn subjects_after(&self, kind: &str, subject: Id, limit: i64) -> Result<Vec<(String, Id)>, StoreError> {
        let mut statement = self.book().prepare_cached(
            "SELECT DISTINCT kind, subject FROM entry_subject WHERE (kind, subject) > (?1, ?2) ORDER BY kind, subject LIMIT ?3",
        )?;
        let rows = statement.query_map(params![kind, subject.0, limit], |row| Ok((row.get(0)?, Id(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Walks all of the subject index in key order; stops when `visit` returns false.
    pub fn walk_subjects(
        &self,
        mut visit: impl FnMut(&SubjectRow) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        use super::Table;
        let sql = format!("{} ORDER BY kind, subject, hlc, id", SubjectRow::sql().select);
        let mut statement = self.book().prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if !visit(&SubjectRow::read(row)?)? {
                break;
            }
        }
        Ok(())
    }

    /// Empties the subject index, to be made again from the entries.
    pub fn clear_subject_index(&self) -> Result<(), StoreError> {
        self.book().execute("DELETE FROM entry_subject", [])?;
        Ok(())
    }
}
