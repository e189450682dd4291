//! Time of use (分时, R-222): a branch whose price counts the hours of the day apart.

use meterdesk::derive::account::file::{AccountOpened, LastReading};
use meterdesk::rules::money::Milli;
use serde_json::json;

use super::orders::Book;

/// A price by the hours of the day.
pub const TIMED: &str = r#"
code = "T-TOU"
name = "分时电价"
utility = "power"
unit = "kWh"
class = "resident"
valid_from = 2014-05-01
document = "样例"
cycle = "month"
round = "bill"
[[component]]
key = "energy"
name = "电费"
steps = [ { upto = "240", price = "0.50" }, { price = "0.80" } ]
[registers]
peak = { add = "0" }
valley = { add = "-0.20" }
[late_fee]
due_days = 15
rate = "0.001"
step = "0.01"
round = "down"
"#;

/// A price for the whole day.
pub const FLAT: &str = r#"
code = "T-FLAT"
name = "一般电价"
utility = "power"
unit = "kWh"
class = "non_resident"
valid_from = 2014-05-01
document = "样例"
cycle = "month"
[[component]]
key = "energy"
name = "电费"
steps = [ { price = "0.90" } ]
[late_fee]
due_days = 15
rate = "0.001"
step = "0.01"
round = "down"
"#;

/// Values by register.
pub fn by(peak: i64, valley: i64) -> Vec<(String, Milli)> {
    vec![("peak".into(), Milli::whole(peak)), ("valley".into(), Milli::whole(valley))]
}

/// A household with its registers at the last reading.
pub fn home(no: &str, registers: Vec<(String, Milli)>) -> AccountOpened {
    AccountOpened {
        utility: "power".into(),
        opened: Some(super::water::day("2015-06-01")),
        last_reading: Some(LastReading { day: super::water::day("2026-09-10"), value: Milli::whole(100), registers }),
        ..super::town::account(no, "王芳", "supplied", 0)
    }
}

/// Three households on the price by the hours; the last reading of the second has no registers.
pub fn branch(book: &mut Book) {
    for (file, text) in [("tou.toml", TIMED), ("flat.toml", FLAT)] {
        book.act("boss", "tariff.put", json!({ "file": file, "text": text }));
    }
    super::town::open_accounts(
        book,
        &[home("3100000061", by(60, 40)), home("3100000062", vec![]), home("3100000063", by(60, 40))],
    );
}
