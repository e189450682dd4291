//! The picture of after a swap: use on both meters, what was expected, the same period last year, the difference charged.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::money::{Fen, Milli};

/// What the clerk sees before and after F2.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
pub struct SwapPicture {
    /// Last reading of the old meter on file.
    pub last: Milli,
    /// Its day.
    pub last_day: Option<NaiveDate>,
    /// Use of the old meter since then, whole units.
    pub old_use: i64,
    /// Days since then.
    pub days: i64,
    /// Use of the new meter so far.
    pub new_use: i64,
    /// Use expected in the whole period: the mean of the last ones.
    pub expected: String,
    /// Use of the same period last year, where known.
    pub last_year: Option<Milli>,
    /// The difference that is charged; none when it goes with the next reading's bill.
    pub charged: Option<Fen>,
    /// Why nothing is charged now.
    pub charged_later: Option<String>,
}

impl SwapPicture {
    /// One line for the clerk: 旧表量 5 (1,204→1,209, 18 天)  新表量至今 0  预计本期 8  去年同期 9.
    pub fn line(&self, final_value: Milli) -> String {
        let last_year = self.last_year.map_or_else(|| "无".to_owned(), Milli::grouped);
        format!(
            "旧表量 {} ({}→{}, {} 天)   新表量至今 {}   预计本期 {}   去年同期 {last_year}",
            self.old_use,
            self.last.grouped(),
            final_value.grouped(),
            self.days,
            self.new_use,
            self.expected
        )
    }
}
