//! The price book and the calendar as loaded: the files' texts, whole.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::store::table::table;

table! {
    /// 价目: one file of the price book.
    pub struct TariffRow("d_tariff", 1) {
        /// The entry that loaded it.
        id: Id,
        /// Tariff code.
        code: String,
        /// First day.
        valid_from: NaiveDate,
        /// Name of the file, for messages.
        file: String,
        /// The file, whole.
        text: String,
    }

    /// 工作日历 of a year.
    pub struct CalendarRow("d_calendar", 1) {
        /// The entry that first loaded the year.
        id: Id,
        /// The year.
        year: i64,
        /// Name of the file, for messages.
        file: String,
        /// The file, whole.
        text: String,
        /// The entry whose text stands.
        changed: Id,
    }

    /// 业务: one file of the service catalogue.
    pub struct ServiceRow("d_service", 1) {
        /// The entry that first loaded it.
        id: Id,
        /// Code of the business, or `common`.
        code: String,
        /// Name of the file, for messages.
        file: String,
        /// The file, whole.
        text: String,
        /// Hash of the text, hex.
        digest: String,
        /// The entry whose text stands.
        changed: Id,
    }
}
