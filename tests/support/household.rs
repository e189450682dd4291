//! A household as the tests of the customer file open it.

use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::id::Id;
use meterdesk::store::tables::account::AccountRow;
use serde_json::{Value, json};

use super::orders::Book;

/// A resident ID.
pub const ID: &str = "530124194610038814";
/// Another person's.
pub const OTHER_ID: &str = "530102198001010023";
/// A bank card.
pub const CARD: &str = "6222021234567890128";

/// A household as it is opened at the counter.
pub fn home() -> Value {
    json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "id_number": ID,
        "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01", "first": "1204" },
        "recent": [9, 8, 8],
    })
}

/// The same with some fields otherwise.
pub fn with(mut base: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

/// An account by its number.
pub fn account(book: &Book, no: &str) -> AccountRow {
    book.desk.look().unwrap().account_of_text(no).unwrap().unwrap()
}

/// What an action is refused with.
pub fn refused(book: &mut Book, user: &str, action: &str, input: &Value) -> Refusal {
    book.try_act(user, action, input).unwrap_err()
}

/// Every text stored anywhere in the book, for the question whether a number stands in clear.
pub fn everything(book: &Book) -> String {
    let entries = book.desk.look().unwrap().entries_after(Id(0), 1000).unwrap();
    entries.into_iter().map(|entry| entry.payload).collect()
}
