//! One reading at its screen: a new one with the registers its price asks for, and one on file put right.

mod support;

use meterdesk::tui::screens;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::{Seat, account};
use support::timed::branch;

fn town() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book
}

fn file(book: Book, no: &'static str) -> Seat {
    Seat::on(book, "room", move |app| screens::customer(app, account(app, no)))
}

#[test]
fn the_registers_of_a_price_by_the_hours_are_asked_for_and_shown_in_the_file() {
    let mut seat = file(town(), "3100000061");
    seat.press("<C-r>").shows("峰时段").shows("谷时段").shows("峰 60 谷 40").shows("分时计价");
    seat.press("400<Tab>260<F2>").shows("请核对后确认");
    seat.press("<Tab><Tab>140<Tab><Tab><Tab><Tab><Tab><Tab> <F2>").shows("已录入，用量 300");
    seat.press("<Tab><Tab>").shows("峰 260 谷 140");
}

#[test]
fn after_a_reading_without_registers_the_use_by_register_is_told_instead() {
    let mut book = town();
    let reading = json!({ "account": "3100000062", "date": "2026-10-10", "value": "400", "confirm": true });
    book.act("room", "reading.enter", reading);
    let mut seat = file(book, "3100000062");
    seat.press("<Tab><Tab><Enter>").shows("更正读数").shows("更正原因");
    seat.press("<Tab>200<Tab>100<Tab><Right><Tab>补抄<F2>").shows("已更正，原示数 400 留在账里");
    seat.shows("用 峰 200 谷 100");
}

#[test]
fn a_large_use_was_taken_from_a_correction_without_a_question() {
    let mut book = book("B03");
    support::water::branch(&mut book, &[support::water::resident("3100000001")]);
    support::water::read(&mut book, "3100000001", "2026-10-12", "110");
    let mut seat = file(book, "3100000001");
    seat.press("<Tab><Tab><Enter>").shows("更正读数");
    assert!(!seat.shot().has("用量核实"));
    seat.press("<C-u>9000<Tab>抄错<F2>").shows("请核对后确认").shows("用量核实");
    seat.press("<Tab><Tab> <F2>").shows("已更正，原示数 110 留在账里");
}

#[test]
fn an_address_of_34_cells_was_cut_on_the_cards_while_blanks_stood_beside() {
    let mut book = book("B03");
    let address = "人民路12号光明小区133幢2单元0502室";
    assert_eq!(meterdesk::tui::safe::cells(address), 34);
    let card = meterdesk::derive::account::file::AccountOpened {
        address: address.into(),
        route: "04123320502".into(),
        ..support::water::resident("3100000001")
    };
    support::water::branch(&mut book, &[card, support::water::resident("3100000002")]);
    book.act("room", "reading.key", json!({ "account": "3100000001", "value": "110" }));
    let mut seat = Seat::on(book, "check", screens::cards);
    seat.shows(address).shows("第二遍").shows("3100000001").press("1,104").shows("1,104").shows(address);
}
