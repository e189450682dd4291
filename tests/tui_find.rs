//! The search box of home: what is opened is what was typed, and where that is nobody or several, nobody is under the bar.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use support::orders::{Book, book};
use support::seat::Seat;
use support::town::{account, open_accounts};

/// Households of 光明小区, of which the wrong ones owe; the meter of the fifth is M00000431.
fn branch() -> Book {
    let homes = ["4幢1单元502室", "4幢2单元502室", "14幢2单元502室", "5幢4单元402室"];
    let mut rows: Vec<AccountOpened> = homes
        .iter()
        .zip(1..)
        .map(|(home, no)| AccountOpened {
            address: format!("人民路12号光明小区{home}"),
            ..account(&format!("310000010{no}"), &format!("用户{no}"), "supplied", 8_500)
        })
        .collect();
    let mut metered =
        AccountOpened { address: "民主巷18号".into(), ..account("3100000430", "邱军", "supplied", 0) };
    metered.meter.as_mut().unwrap().no = "M00000431".into();
    rows.push(metered);
    rows.push(AccountOpened {
        address: "人民路431号".into(),
        ..account("3100000900", "李记服装店", "supplied", 9_900)
    });
    rows.push(AccountOpened {
        address: "光明小区7幢1单元101室".into(),
        ..account("3100000901", "白伟", "supplied", 9_900)
    });
    let mut book = book("B03");
    open_accounts(&mut book, &rows);
    book.desk.db().refresh_search(|_| true).unwrap();
    book
}

#[test]
fn an_address_that_is_not_there_opens_nobody_until_the_bar_is_moved() {
    let mut seat = Seat::home(branch(), "demo");
    for keys in ["光明小区2幢14单元502室", "光明小区4-5-402", "光明小区14-502-2"] {
        for act in ["<Enter>", "<F5>", "<F6>"] {
            seat.press(&format!("<C-u>{keys}{act}")).shows("首页").shows("没有这一户");
        }
    }
    seat.press("<C-u>光明小区4-5-402").snapshot("home_only_near");
    seat.press("<Down><Enter>").shows("3100000104 用户4");
}

#[test]
fn of_several_that_are_equal_somebody_chooses() {
    let mut seat = Seat::home(branch(), "demo");
    seat.press("光明小区4幢502").snapshot("home_several");
    seat.press("<F5>").shows("首页").shows("有几户都对得上");
    seat.press("<Down><Down><Enter>").shows("3100000102 用户2").press("<Esc>");
    seat.press("<C-u>光明小区4幢1单元502<Enter>").shows("3100000101 用户1");
}

#[test]
fn a_meter_without_its_letter_is_no_house_and_a_queue_number_no_name() {
    let mut seat = Seat::home(branch(), "demo");
    seat.press("00000431<Enter>").shows("3100000430 邱军").press("<Esc>");
    for text in ["000431", "B7"] {
        seat.press(&format!("<C-u>{text}<F5>")).shows("首页").shows("没有找到");
    }
}

#[test]
fn an_order_without_an_account_and_a_hand_written_slip_were_said_not_to_be_there() {
    let mut book = branch();
    let leak = serde_json::json!({ "service": "fault", "address": "建设路3号", "caller": "路人",
        "fields": { "kind": "漏水", "area": "城区", "phone": "13800000000", "detail": "阀门处漏水" } });
    let order = book.act("desk", "intake.take", leak)["order"].as_str().unwrap().to_owned();
    book.act("demo", "shift.open", serde_json::json!({ "float": "200.00" }));
    support::till::prices(&mut book);
    let slip = serde_json::json!({ "account": "3100000430", "paper": "A-77", "happened": "2026-11-20", "to_prepaid": "20.00" });
    book.act("demo", "payment.enter_late", slip);
    let tail = order.rsplit('.').next().unwrap().to_owned();
    let mut seat = Seat::home(book, "demo");
    seat.press(&order).shows("工单").shows(&order).shows("漏水 建设路3号");
    seat.press("<F5>").shows("没有户号").press("<Enter>").shows("经过").press("<Esc>");
    seat.press(&format!("<C-u>{tail}")).shows(&order).press("<Enter>").shows("经过").press("<Esc>");
    seat.press("<C-u>A-77").shows("3100000430").press("<Enter>").shows("收费单");
}

#[test]
fn a_receipt_by_its_end_counted_its_customer_twice() {
    let mut book = branch();
    book.act("demo", "shift.open", serde_json::json!({ "float": "200.00" }));
    support::till::prices(&mut book);
    let paid = serde_json::json!({ "account": "3100000430", "bills": [], "to_prepaid": "20.00", "tendered": "20.00" });
    let receipt = book.act("demo", "payment.take", paid)["receipt"].as_str().unwrap().to_owned();
    let tail = receipt.rsplit('-').next().unwrap().to_owned();
    let fee = serde_json::json!({ "payer": "路人", "kind": "补卡费", "amount": "5.00", "tendered": "5.00" });
    let of_nobody = book.act("demo", "fee.take", fee)["receipt"].as_str().unwrap().to_owned();
    let fee = serde_json::json!({ "account": "3100000430", "kind": "补卡费", "amount": "5.00", "tendered": "5.00" });
    let own = book.act("demo", "fee.take", fee)["receipt"].as_str().unwrap().to_owned();
    let owes = Default::default();
    for text in [&tail, &receipt, &own] {
        let found = meterdesk::desk::view_home::find(&book.desk, text, 20, &owes).unwrap();
        assert_eq!((found.total.as_str(), found.rows.len()), ("1", 1), "{text}");
    }
    book.act("demo", "payment.reverse", serde_json::json!({ "payment": of_nobody, "reason": "收错" }));
    let found = meterdesk::desk::view_home::find(&book.desk, &of_nobody, 20, &owes).unwrap();
    assert_eq!(found.rows[0].state, "已冲正");
    let mut seat = Seat::home(book, "demo");
    seat.press("3100000430<Enter>").shows(&format!("收补卡费 5.00 核对单 {own}"));
}
