//! What an account is found by, read from the derived tables.

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use crate::text::words::Words;

/// What one account is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Doc {
    /// The account's id, key of its derived row; above 0.
    pub(super) id: i64,
    no: String,
    name: String,
    /// Initials somebody typed for this customer, instead of those read from the name.
    initials: Option<String>,
    address: String,
    estate: String,
    phones: [Option<String>; 3],
    /// Numbers of its meters, those taken down too.
    meters: Vec<String>,
}

impl Doc {
    /// Its words, blanks between them, some twice.
    pub(super) fn words<'w>(&self, gatherer: &'w mut Words) -> &'w str {
        gatherer.name(&self.name, self.initials.as_deref());
        gatherer.address(&self.address);
        if !self.address.contains(&self.estate) {
            gatherer.address(&self.estate);
        }
        gatherer.number(&self.no);
        self.meters.iter().chain(self.phones.iter().flatten()).for_each(|number| gatherer.number(number));
        gatherer.finish()
    }

    /// Its phones as whole numbers.
    pub(super) fn phones(&self) -> impl Iterator<Item = i64> + '_ {
        self.phones.iter().flatten().filter_map(|phone| phone_key(phone))
    }
}

/// A phone number as a whole number: its digits behind a 1, so that a leading zero counts. `None` when it has no
/// digits or more than 17.
pub(super) fn phone_key(phone: &str) -> Option<i64> {
    let digits = phone.chars().map(crate::text::width::plain).filter(char::is_ascii_digit);
    let text: String = std::iter::once('1').chain(digits).collect();
    if (2..=18).contains(&text.len()) { text.parse().ok() } else { None }
}

/// Reads accounts with prepared statements.
pub(super) struct Reader<'c> {
    account: CachedStatement<'c>,
    meters: CachedStatement<'c>,
}

impl<'c> Reader<'c> {
    /// Prepares.
    pub(super) fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let account = "SELECT no, name, initials, address, estate, phone, mobile, sms FROM d_account WHERE id = ?1";
        Ok(Self {
            account: conn.prepare_cached(account)?,
            meters: conn.prepare_cached("SELECT no FROM d_meter WHERE account = ?1")?,
        })
    }

    /// One account; `None` when it is gone.
    pub(super) fn read(&mut self, id: i64) -> rusqlite::Result<Option<Doc>> {
        let doc = self.account.query_row([id], |row| {
            Ok(Doc {
                id,
                no: row.get(0)?,
                name: row.get(1)?,
                initials: row.get(2)?,
                address: row.get(3)?,
                estate: row.get(4)?,
                phones: [row.get(5)?, row.get(6)?, row.get(7)?],
                meters: Vec::new(),
            })
        });
        let Some(mut doc) = doc.optional()? else { return Ok(None) };
        doc.meters = self.meters.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Some(doc))
    }
}

/// The next accounts after this one, by id.
pub(super) fn after(conn: &Connection, id: i64, most: usize) -> rusqlite::Result<Vec<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM d_account WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    statement.query_map([id, most as i64], |row| row.get(0))?.collect()
}

/// Accounts that changed since their words were taken, by id.
pub(super) fn stale(conn: &Connection, most: usize) -> rusqlite::Result<Vec<i64>> {
    let mut statement = conn.prepare_cached("SELECT account FROM l_stale ORDER BY account LIMIT ?1")?;
    statement.query_map([most as i64], |row| row.get(0))?.collect()
}
