//! Reports (报表): one file a report, one table of them. To add a report: a file with its [`Report`], a line in [`REPORTS`].

use chrono::NaiveDate;

use super::sheet::Sheet;
use crate::desk::{Desk, rights};
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

pub mod access;
pub mod adjustments;
pub mod arrears;
pub mod callbacks;
pub mod cash;
pub mod order_workers;
pub mod orders;
pub mod payments;
pub mod pending;
pub mod shifts;

/// A report people can ask for.
pub struct Report {
    /// English name for `report NAME`.
    pub name: &'static str,
    /// Title of the paper.
    pub title: &'static str,
    /// One line about what stands in it.
    pub about: &'static str,
    /// Without a first day: from the beginning instead of the last day alone.
    pub from_beginning: bool,
    /// Fills it with what lies within reach, for business days, both included.
    pub fill: fn(&Tx<'_>, Reach, NaiveDate, NaiveDate) -> Result<Sheet, StoreError>,
}

/// Every report, in the order of the list.
pub const REPORTS: &[Report] = &[
    cash::REPORT,
    shifts::REPORT,
    payments::REPORT,
    pending::REPORT,
    arrears::REPORT,
    adjustments::REPORT,
    orders::REPORT,
    order_workers::REPORT,
    callbacks::REPORT,
    access::REPORT,
];

/// The report of a name or title.
pub fn report(name: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.name == name || report.title == name)
}

impl Report {
    /// The right to see it.
    pub fn right(&self) -> &'static str {
        if self.name == access::REPORT.name { rights::ACCESS } else { rights::REPORT }
    }

    /// The days a caller means: the last day is today unless said, the first the same day, or the beginning.
    pub fn days(&self, from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let to = to.unwrap_or(today);
        let beginning = NaiveDate::from_epoch_days(0).unwrap_or(to);
        (from.unwrap_or(if self.from_beginning { beginning.min(to) } else { to }), to)
    }

    /// The day it is asked for when nobody says one: the business day, but who looked at what is told by the calendar.
    pub fn today(&self, desk: &Desk) -> Result<NaiveDate, StoreError> {
        if self.name == access::REPORT.name { Ok(desk.today()) } else { desk.business_day() }
    }

    /// An empty sheet of this report.
    pub fn sheet(&self, from: NaiveDate, to: NaiveDate, columns: Vec<super::sheet::Column>) -> Sheet {
        Sheet { name: self.name, title: self.title.to_owned(), from, to, columns, rows: Vec::new(), notes: Vec::new() }
    }
}
