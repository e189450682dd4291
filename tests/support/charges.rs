//! A branch that takes fees and deposits of its businesses.

use meterdesk::derive::ledger::trial_balance;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{customer_view, view_orders};
use meterdesk::outbound::reports;
use meterdesk::outbound::sheet::Sheet;
use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;
use serde_json::{Value, json};

use super::orders::{Book, book, moment};
use super::town;

/// Whose businesses these are.
pub const ACCOUNT: &str = "3100000002";

/// A business of a branch's own: a meter test with its deposit, which must be in before anybody is sent, and a fee.
pub const TEST: &str = r#"
code     = "meter_test"
name     = "校表"
source   = "营业厅工作流程标准 1.2.10"
channels = ["柜台"]
account  = "必须"
[[fee]]
key     = "deposit"
name    = "检测押金"
amount  = "300.00"
invoice = "押金收据"
deposit = true
before  = "派工"
[[fee]]
key     = "test"
name    = "校表费"
amount  = "20.00"
invoice = "定额发票"
[order]
kind = "其它"
"#;

pub fn branch() -> Book {
    let mut book = book("B03");
    fill(&mut book);
    book
}

pub fn fill(book: &mut Book) {
    town::small(book);
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": TEST }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("check", "shift.open", json!({ "float": "500.00" }));
}

pub fn test_case(book: &mut Book) -> Value {
    book.act("demo", "intake.take", json!({ "service": "meter_test", "account": ACCOUNT }))["order"].clone()
}

pub fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    match book.try_act(user, action, &input) {
        Err(refusal) => refusal,
        Ok(done) => panic!("{action} {input}: {done:?}"),
    }
}

pub fn ledger(book: &Book, account: &str) -> Fen {
    let balance = trial_balance(&book.desk.look().unwrap()).unwrap();
    assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO));
    balance.accounts.get(account).copied().unwrap_or_default()
}

pub fn sheet(book: &Book, name: &str) -> Sheet {
    let day = moment().date_naive();
    (reports::report(name).unwrap().fill)(&book.desk.look().unwrap(), Reach::ALL, day, day).unwrap()
}

pub fn order(book: &Book, id: &Value) -> Value {
    let id = id.as_str().unwrap().parse().unwrap();
    view_orders::order_json(&book.desk.look().unwrap(), id, moment()).unwrap().unwrap()
}

pub fn owed(book: &Book) -> (Fen, Fen) {
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    (view.owed, view.owed_fees)
}

/// The order's slip comes back 合格, and its callback is made.
pub fn done(book: &mut Book, case: &Value) {
    let slip = json!({ "order": case, "arrived": "10:00", "done": "10:00", "left": "10:00", "remark": "合格" });
    if book.act("desk", "order.return", slip)["state"] == "待回访" {
        book.act("desk", "callback.record", json!({ "order": case, "outcome": "满意" }));
    }
}
