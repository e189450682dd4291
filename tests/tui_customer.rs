//! The screens of the customer file: given a branch, when these keys, then this picture and this file.

mod support;

use meterdesk::desk::customer_view;
use meterdesk::store::tables::account::AccountRow;
use meterdesk::tui::app::App;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::{Seat, account};

const ID: &str = "530124194610038814";

/// Enter opens the customer, F6 a new file.
fn hand(book: Book, user: &str) -> Seat {
    let customer = |app: &mut App| screens::customer(app, account(app, "B03000001"));
    Seat::lobby(
        book,
        user,
        vec![(Command::Open, Box::new(customer)), (Command::GoIntake, Box::new(screens::account_open))],
    )
}

fn file(seat: &Seat, no: &str) -> AccountRow {
    seat.app.desk.look().unwrap().account_of_text(no).unwrap().unwrap()
}

fn branch() -> Book {
    let mut book = book("B03");
    book.act(
        "check",
        "account.open",
        json!({
            "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi",
            "building": "33", "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3,
            "id_number": ID, "mobile": "13987654321", "estate": "光明小区",
            "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
            "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 12, 8],
            "arrears": [{ "cycle": "2026-08", "amount": "45.00" }, { "cycle": "2026-10", "amount": "40.00" }],
        }),
    );
    book
}

#[test]
fn the_customer_is_seen_whole() {
    hand(branch(), "demo").press("<Enter>").snapshot("customer_plain");
}

#[test]
fn an_empty_file_has_its_pages_too() {
    let mut book = book("B03");
    book.act("demo", "account.open", json!({ "address": "建设路3号", "class": "resident" }));
    let mut seat = hand(book, "demo");
    seat.press("<Enter>").shows("未装表").shows("没有在装的表");
    for words in ["还没有账单", "还没有抄表", "没有表", "没有工单", "地址"] {
        seat.press("<Tab>").shows(words);
    }
}

#[test]
fn tab_turns_the_pages_and_f8_explains_a_bill() {
    let mut seat = hand(branch(), "demo");
    seat.press("<Enter>").shows("建档 王芳 表 M0031877 期初欠费 85.00").shows("[时间线]");
    seat.press("<Tab>").shows("[账单]").shows("2026-08").press("<F8>").shows("从旧系统带来的欠费").press("<Enter>");
    seat.press("<Tab>").shows("1,204").press("<Tab>").shows("DN20").press("<S-Tab>").shows("[抄表]");
}

#[test]
fn a_field_is_amended_where_it_stands_and_its_history_is_one_key_away() {
    let mut seat = hand(branch(), "demo");
    seat.press("<Enter><S-Tab>").shows("[证件档案]").shows("**************8814");
    seat.press("<Down><Down><Down><Down><Enter>").shows("改档案").shows("13987654321");
    seat.press("<C-u>13900000000<F2>").shows("已改");
    assert_eq!(file(&seat, "B03000001").mobile.as_deref(), Some("13900000000"));
    seat.shows("改过 1 次").press("<F8>").shows("13987654321 → 13900000000");
}

#[test]
fn a_mistake_stays_on_the_form_at_its_field() {
    let mut seat = hand(branch(), "demo");
    seat.press("<Enter><S-Tab><Enter><C-u>王 芳<F2>").shows("户名中间有空格");
    assert_eq!(file(&seat, "B03000001").name, "王芳");
}

#[test]
fn a_name_with_an_id_number_in_it_was_refused_under_no_field() {
    let mut book = branch();
    let seen = json!({ "account": "B03000001", "field": "name", "seen": "王芳", "value": format!("王芳{ID}") });
    let refusal = book.try_act("check", "account.amend", &seen).unwrap_err();
    assert_eq!(refusal.faults[0].field.as_deref(), Some("name"));
    assert!(refusal.message().contains("户名") && !refusal.message().contains("新值"), "{refusal}");
}

#[test]
fn payment_method_and_bank_stand_on_one_form() {
    let mut seat = hand(branch(), "demo");
    seat.press("<Enter><S-Tab>").press(&"<Down>".repeat(24)).press("<Enter>").shows("改档案");
}

#[test]
fn a_full_number_is_shown_only_to_who_may_see_it() {
    let mut clerk = hand(branch(), "demo");
    clerk.press("<Enter><C-k><Tab>核对身份<Enter>").shows("的权限；有此权限的岗位：营业厅主任");
    let mut chief = hand(branch(), "chief");
    chief.press("<Enter><C-k><Tab>核对身份<Enter>").shows(ID).press("<Enter>");
    assert!(!chief.shot().has(ID));
}

#[test]
fn a_new_file_is_opened_and_shown() {
    let mut seat = hand(branch(), "demo");
    seat.press("<F6>").shows("开户建档");
    seat.press("李强<F2>").shows("地址");
    assert!(customer_view::account(&seat.app.desk, "B03000002").is_err());
    seat.press("建设路3号").press(&"<Tab>".repeat(8)).press("jm<Enter><F2>").shows("已开户，户号 B03000002");
    seat.shows("一户一档  B03000002 李强");
    let row = file(&seat, "B03000002");
    assert_eq!((row.address.as_str(), row.class.as_str()), ("建设路3号", "resident"));
}

#[test]
fn route_numbers_of_neighbours_are_shown_while_a_new_one_is_composed() {
    let mut book = branch();
    for (building, room) in [("33", "301"), ("34", "101")] {
        let file = json!({ "address": format!("人民路12号{building}幢2单元{room}室"), "area": "old", "building_kind": "multi",
            "building": building, "unit": "2", "room": room, "book": "0412", "class": "resident", "name": "李明" });
        book.act("demo", "account.open", file);
    }
    let hand = hand(book, "demo");
    let near = |building: &str| customer_view::neighbours(&hand.app.desk, "0412", building).unwrap();
    let own = |no: &str| file(&hand, no).route;
    assert_eq!(near("33"), [format!("{} 301", own("B03000002")), format!("{} 502", own("B03000001"))]);
    assert_eq!((near("34").len(), near("").len(), near("99").len()), (1, 3, 0));
    assert!(customer_view::neighbours(&hand.app.desk, "", "33").unwrap().is_empty(), "the book is known first");
}

#[test]
fn a_new_file_shows_the_neighbours_of_its_building() {
    let mut hand = hand(branch(), "demo");
    hand.press("<F6>").shows("开户建档");
    let mut tabs = 0;
    while !hand.shot().has("邻居") {
        hand.press("<Tab>");
        tabs += 1;
        assert!(tabs < 40, "the field of the book is on the form");
        hand.press("0412");
        if !hand.shot().has("邻居") {
            hand.press("<C-u>");
        }
    }
    let route = file(&hand, "B03000001").route;
    hand.shows(&format!("邻居 {route} 502"));
}

#[test]
fn a_transfer_shows_the_debts_first() {
    let mut seat = hand(branch(), "demo");
    seat.press("<Enter><C-t>").shows("受理  过户").shows("你还有欠费未缴，须先缴清欠费方可给予受理过户业务");
    assert_eq!(file(&seat, "B03000001").name, "王芳");
}

/// An account without debts, with a transfer taken in by the keys and its form open.
fn taken_in() -> Seat {
    let mut book = book("B03");
    book.act("demo", "account.open", json!({ "address": "建设路3号", "class": "resident", "name": "王芳" }));
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    let mut seat = hand(book, "demo");
    seat.press("<Enter><C-t>").shows("受理  过户").shows("先受理过户");
    seat.press("<Space><Space><Tab><Tab><Tab>李强<Tab>13711112222<F2>");
    seat.shows("过户  B03000001 王芳").shows("户主 王芳 → 李强").shows("13711112222");
    seat
}

#[test]
fn after_a_transfer_the_fee_stands_ready_to_be_taken() {
    let mut seat = taken_in();
    seat.press("110101199003070038<F2>").shows("已过户给 李强").shows("服务费").shows("过户费").shows("5.00");
    let row = file(&seat, "B03000001");
    assert_eq!((row.name.as_str(), row.mobile.as_deref()), ("李强", Some("13711112222")));
    seat.press("<Esc>").shows("一户一档  B03000001 李强").shows("应收业务费 过户费 5.00");
    seat.press("<C-f>").shows("服务费").press("<F2>").shows("一户一档  B03000001 李强");
    assert!(!seat.shot().has("应收业务费"));
}

#[test]
fn a_second_f2_transfers_no_household_with_nothing_but_a_name() {
    let mut seat = taken_in();
    seat.press("<F2><F2><F2>").shows("过户  B03000001 王芳");
    assert_eq!(file(&seat, "B03000001").name, "王芳");
    seat.press("<Esc><Esc>");
    seat.press("<Enter><C-t>").shows("过户  B03000001 王芳").shows("李强");
}

#[test]
fn another_new_owner_than_was_taken_in_is_asked_for_a_reason() {
    let mut seat = taken_in();
    let mut keys = String::from("<S-Tab>");
    keys.push_str("<C-u>李小强<F2>");
    seat.press(&keys).shows("更正原因");
    assert_eq!(file(&seat, "B03000001").name, "王芳");
}
