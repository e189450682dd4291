//! 价目 and 工作日历: files of the price book and years of the calendar, their texts whole.
//!
//! Merge: two tariffs of one code and first day whose texts agree are one; when they differ, both are kept and the pair is a
//! clash until one is withdrawn. A year of the calendar may be replaced (the State Council has changed one); the latest text of
//! a book counts; years loaded apart with different texts are a clash until the head office loads the year again. Which of two
//! texts a site uses meanwhile is told by `desk::tariffs`: the head office's, then its own, then another's.
//! A file of the service catalogue goes like a year.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cross::Cross;
use super::{DeriveError, Event, Fold, Fx};
use crate::book::subject::Kind;
use crate::store::tables::tariff::{CalendarRow, ServiceRow, TariffRow};

/// The fold of tariffs.
pub const FOLD: Fold =
    Fold { kind: Kind::Tariff, tables: &[("d_tariff", "id")], knows: &[("tariff.put", 1)], apply: put };

/// The fold of calendar years.
pub const CALENDAR_FOLD: Fold =
    Fold { kind: Kind::Calendar, tables: &[("d_calendar", "id")], knows: &[("calendar.put", 1)], apply: put_calendar };

/// The fold of businesses.
pub const SERVICE_FOLD: Fold =
    Fold { kind: Kind::Service, tables: &[("d_service", "id")], knows: &[("catalogue.put", 1)], apply: put_service };

/// One text for a business.
pub const SAME_SERVICE: Cross = Cross {
    what: "service",
    kind: Kind::Service,
    holders: |tx, code| tx.holders_of_service(code),
    several: |tx| tx.services_of_several(),
    of: |tx, id| Ok(tx.get::<ServiceRow>(&[&id])?.map(|row| row.code).into_iter().collect()),
};

/// One text for a code and first day.
pub const SAME_DAY: Cross = Cross {
    what: "tariff",
    kind: Kind::Tariff,
    holders: |tx, name| tx.holders_of_tariff(name),
    several: |tx| tx.tariffs_of_several(),
    of: |tx, id| {
        let row = tx.get::<TariffRow>(&[&id])?;
        Ok(row.map(|row| format!("{}@{}", row.code, row.valid_from)).into_iter().collect())
    },
};

/// One text for a year.
pub const SAME_YEAR: Cross = Cross {
    what: "calendar",
    kind: Kind::Calendar,
    holders: |tx, year| tx.holders_of_calendar(year),
    several: |tx| tx.calendars_of_several(),
    of: |tx, id| Ok(tx.get::<CalendarRow>(&[&id])?.map(|row| row.year.to_string()).into_iter().collect()),
};

/// Body of `tariff.put`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct TariffPut {
    /// Tariff code, as the text says.
    pub code: String,
    /// First day, as the text says.
    pub valid_from: NaiveDate,
    /// Name of the file.
    pub file: String,
    /// The file, whole.
    pub text: String,
}

/// Body of `calendar.put`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct CalendarPut {
    /// The year, as the text says.
    pub year: i64,
    /// Name of the file.
    pub file: String,
    /// The file, whole.
    pub text: String,
}

/// Body of `catalogue.put`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct CataloguePut {
    /// Code of the business, as the text says; `common` for what all share.
    pub code: String,
    /// Name of the file.
    pub file: String,
    /// The file, whole.
    pub text: String,
}

fn put_service(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: CataloguePut = event.read()?;
    if let Some(before) = fx.tx.get::<ServiceRow>(&[&event.subject])? {
        fx.touch(SAME_SERVICE.what, &before.code);
    }
    fx.touch(SAME_SERVICE.what, &body.code);
    let digest = blake3::hash(body.text.as_bytes()).to_hex().to_string();
    let CataloguePut { code, file, text } = body;
    Ok(fx.tx.put(&ServiceRow { id: event.subject, code, file, text, digest, changed: event.id })?)
}

fn put(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: TariffPut = event.read()?;
    fx.touch(SAME_DAY.what, &format!("{}@{}", body.code, body.valid_from));
    let row =
        TariffRow { id: event.subject, code: body.code, valid_from: body.valid_from, file: body.file, text: body.text };
    Ok(fx.tx.put(&row)?)
}

fn put_calendar(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: CalendarPut = event.read()?;
    fx.touch(SAME_YEAR.what, &body.year.to_string());
    let row = CalendarRow { id: event.subject, year: body.year, file: body.file, text: body.text, changed: event.id };
    Ok(fx.tx.put(&row)?)
}
