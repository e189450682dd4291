//! The price book and the calendar: all files, what changed since they were read, and numbers that several files claim.

use chrono::NaiveDate;
use rusqlite::params;

use crate::rules::id::Id;
use crate::store::tables::billing::BillRow;
use crate::store::tables::tariff::{CalendarRow, ServiceRow, TariffRow};
use crate::store::{StoreError, Tx};

/// Whose file counts first: the head office's, then this site's, then another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The head office's: it wins at a branch until a clash is decided.
    HeadOffice,
    /// This site's own.
    Own,
    /// Another site's: used only where neither of the others has one.
    Other,
}

/// Which bills a price file has a say in.
pub struct PricedBy<'a> {
    /// Bills under this code.
    pub code: &'a str,
    /// Bills of accounts with this class in their mix, or that had it until a day within their bills.
    pub class: &'a str,
}

impl Tx<'_> {
    /// The bill that lives and was issued for the latest days of use within these; opening arrears know no days.
    pub fn last_bill_used_within(
        &self,
        priced: &PricedBy<'_>,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Option<BillRow>, StoreError> {
        let PricedBy { code, class } = *priced;
        let tail = " WHERE last_day >= ? AND first_day <= ? AND state IN ('open', 'paid') AND kind <> 'opening'
               AND (tariff = ? OR account IN (SELECT id FROM d_account
                        WHERE class = 'mixed' AND instr(coalesce(mix, ''), ?) > 0)
                    OR account IN (SELECT account FROM d_price WHERE class = ? OR instr(coalesce(mix, ''), ?) > 0))
             ORDER BY last_day DESC, id DESC LIMIT 1";
        let [code, class] = [code, class].map(str::to_owned);
        let rows = self.select::<BillRow>(tail, &[&from, &until, &code, &class, &class, &class])?;
        Ok(rows.into_iter().next())
    }

    /// Bills of a utility that live and were issued for days within these, and say that they were rated at the highest price, or are of
    /// accounts whose class is not or was not confirmed; the latest first.
    pub fn bills_at_the_highest(
        &self,
        utility: &str,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<BillRow>, StoreError> {
        let tail = " WHERE last_day >= ? AND first_day <= ? AND state IN ('open', 'paid') AND kind <> 'opening'
               AND account IN (SELECT id FROM d_account WHERE utility = ?)
               AND (highest = 1 OR account IN (SELECT id FROM d_account WHERE class_confirmed = 0)
                    OR account IN (SELECT account FROM d_price WHERE confirmed = 0))
             ORDER BY last_day DESC, id DESC";
        self.select::<BillRow>(tail, &[&from, &until, &utility.to_owned()])
    }

    /// The unpaid bill of a code that falls due last within these days.
    pub fn last_open_due_within(
        &self,
        code: &str,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Option<BillRow>, StoreError> {
        let tail = " WHERE unpaid > 0 AND tariff = ? AND due >= ? AND due <= ? ORDER BY due DESC, id DESC LIMIT 1";
        Ok(self.select::<BillRow>(tail, &[&code.to_owned(), &from, &until])?.into_iter().next())
    }

    /// Whose file a subject is, as this site sees it.
    pub fn standing_of(&self, id: Id) -> Result<Standing, StoreError> {
        if self.own_site(id.site().as_str())?.is_some_and(|site| site.head_office) {
            return Ok(Standing::HeadOffice);
        }
        Ok(if self.own()?.holds(id) { Standing::Own } else { Standing::Other })
    }

    /// Every tariff file, by code and first day, the oldest entry first.
    pub fn tariffs(&self) -> Result<Vec<TariffRow>, StoreError> {
        self.select::<TariffRow>(" ORDER BY code, valid_from, id", &[])
    }

    /// The files of a code.
    pub fn tariffs_of_code(&self, code: &str) -> Result<Vec<TariffRow>, StoreError> {
        self.select::<TariffRow>(" WHERE code = ? ORDER BY valid_from, id", &[&code])
    }

    /// Every calendar file, by year.
    pub fn calendars(&self) -> Result<Vec<CalendarRow>, StoreError> {
        self.select::<CalendarRow>(" ORDER BY year, id", &[])
    }

    /// A stamp that changes whenever a tariff or calendar file was added or replaced.
    pub fn price_stamp(&self) -> Result<[i64; 4], StoreError> {
        let mut statement = self.conn().prepare_cached(
            "SELECT (SELECT count(*) FROM d_tariff), (SELECT coalesce(max(id), 0) FROM d_tariff),
                    (SELECT count(*) FROM d_calendar), (SELECT coalesce(sum(changed / 512), 0) FROM d_calendar)",
        )?;
        Ok(statement.query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?)
    }

    /// Tariffs whose text differs for one code and first day, `CODE@2026-01-01` each.
    pub fn tariffs_of_several(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.tariffs()?;
        let pairs = rows.windows(2).filter(|pair| {
            (&pair[0].code, pair[0].valid_from) == (&pair[1].code, pair[1].valid_from) && pair[0].text != pair[1].text
        });
        let mut names: Vec<String> = pairs.map(|pair| format!("{}@{}", pair[0].code, pair[0].valid_from)).collect();
        names.dedup();
        Ok(names)
    }

    /// Who loaded a tariff of this code and first day; the first alone while all texts agree.
    pub fn holders_of_tariff(&self, name: &str) -> Result<Vec<Id>, StoreError> {
        let Some((code, day)) = name.rsplit_once('@') else { return Ok(Vec::new()) };
        let rows = self.tariffs_of_code(code)?;
        Ok(disagreeing(rows.into_iter().filter(|row| row.valid_from.to_string() == day).map(|row| (row.id, row.text))))
    }

    /// Years whose text differs between two calendar files.
    pub fn calendars_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words(
            "SELECT CAST(year AS TEXT) FROM d_calendar GROUP BY year HAVING count(DISTINCT text) > 1 ORDER BY year",
        )
    }

    /// Who loaded a year; the first alone while all texts agree.
    pub fn holders_of_calendar(&self, year: &str) -> Result<Vec<Id>, StoreError> {
        let mut statement = self
            .conn()
            .prepare_cached("SELECT id, text FROM d_calendar WHERE year = CAST(?1 AS INTEGER) ORDER BY id")?;
        let rows = statement.query_map(params![year], |row| Ok((Id(row.get(0)?), row.get::<_, String>(1)?)))?;
        Ok(disagreeing(rows.collect::<Result<Vec<_>, _>>()?.into_iter()))
    }
}

impl Tx<'_> {
    /// Every business file, by code.
    pub fn services(&self) -> Result<Vec<ServiceRow>, StoreError> {
        self.select::<ServiceRow>(" ORDER BY code, id", &[])
    }

    /// The files of a business.
    pub fn services_of_code(&self, code: &str) -> Result<Vec<ServiceRow>, StoreError> {
        self.select::<ServiceRow>(" WHERE code = ? ORDER BY id", &[&code])
    }

    /// A stamp that changes with every text of the catalogue: codes and digests.
    pub fn service_stamp(&self) -> Result<Vec<String>, StoreError> {
        self.words("SELECT id || ' ' || digest FROM d_service ORDER BY id")
    }

    /// Businesses whose text differs between two files.
    pub fn services_of_several(&self) -> Result<Vec<String>, StoreError> {
        self.words("SELECT code FROM d_service GROUP BY code HAVING count(DISTINCT digest) > 1 ORDER BY code")
    }

    /// Who loaded a business; the first alone while all texts agree.
    pub fn holders_of_service(&self, code: &str) -> Result<Vec<Id>, StoreError> {
        Ok(disagreeing(self.services_of_code(code)?.into_iter().map(|row| (row.id, row.text))))
    }
}

/// All holders when their texts differ, else the first.
fn disagreeing(rows: impl Iterator<Item = (Id, String)>) -> Vec<Id> {
    let rows: Vec<(Id, String)> = rows.collect();
    let differ = rows.windows(2).any(|pair| pair[0].1 != pair[1].1);
    let count = if differ { rows.len() } else { rows.len().min(1) };
    rows.into_iter().take(count).map(|(id, _)| id).collect()
}
