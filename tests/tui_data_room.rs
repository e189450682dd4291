//! The screens of the data room: given readings, cards and slips, when these keys, then this picture and these entries.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::store::tables::slip::SlipState;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::Seat;
use support::water::{branch, read, resident, slip};

const A: &str = "3100000001";
const B: &str = "3100000002";

fn room(book: Book, user: &str) -> Seat {
    Seat::lobby(book, user, Vec::new())
}

fn in_book(no: &str, route: &str) -> AccountOpened {
    AccountOpened { book: "0412".into(), route: route.into(), ..resident(no) }
}

fn town() -> Book {
    let mut book = book("B03");
    branch(&mut book, &[in_book(A, "04123320502"), in_book(B, "04123320503")]);
    book
}

#[test]
fn a_slip_that_was_taken_in_is_entered_with_four_control_keys() {
    let mut book = town();
    book.act("room", "swap.task", json!({ "slip": slip("HB1", A, "2026-11-20", "105", "N1", "0"), "clerk": "room" }));
    book.act("room", "swap.task", json!({ "slip": { "slip": "HB3", "address": "人民路12号33幢2单元0502" } }));
    book.act("room", "swap.send_back", json!({ "slip": "HB3", "reason": "无户号" }));
    let mut seat = room(book, "room");
    seat.press("<F10>水表拆换<Enter>").shows("待录 1");
    seat.press("hb1<Enter>").shows("旧表量 5 (100→105").shows("差额 25.00 元");
    seat.press("<F2>").shows("拆换单 HB1 已入账，差额 25.00 元已出账").shows("待录 0");
    assert_eq!(seat.app.desk.look().unwrap().slips_of_no("HB1").unwrap()[0].state, SlipState::Entered);
}

#[test]
fn a_mistake_on_a_slip_stands_at_its_field_and_a_large_use_can_be_confirmed() {
    let mut book = town();
    book.act("room", "swap.task", json!({ "slip": slip("HB1", A, "2026-11-20", "400", "N1", "0") }));
    let mut seat = room(book, "room");
    seat.press("<F10>水表拆换<Enter>HB1<Enter><F2>").shows("请核对后确认").shows("用量核对");
    seat.snapshot("swap_confirm");
    assert!(seat.app.desk.look().unwrap().slips_of_no("HB1").unwrap()[0].entered.is_none());
}

#[test]
fn what_the_form_lacks_and_what_the_desk_refuses_are_shown_at_the_first_f2() {
    let mut seat = room(town(), "room");
    seat.press("<F10>水表拆换<Enter>HB5<Tab>3100000001<Tab><C-u>M1<Tab>105<Tab>N5<F2>");
    seat.shows("拆换日期没有填").shows("旧表号与档案上的");
}

#[test]
fn a_slip_without_account_number_goes_back_with_its_reason() {
    let mut seat = room(town(), "room");
    seat.press("<F10>水表拆换<Enter>HB9<F6>").shows("退回拆换岗");
    seat.press("<F2>").shows("拆换单 HB9 已退回").shows("退回登记 1 张未回").shows("无户号，请核实后补上");
    assert_eq!(seat.app.desk.look().unwrap().slips_of_no("HB9").unwrap()[0].state, SlipState::Returned);
}

#[test]
fn cards_are_keyed_with_one_key_each_and_again_by_another_person() {
    let mut seat = room(town(), "room");
    seat.press("<F10>卡片录入<Enter>").shows("卡 0/2 张");
    seat.press("110<Enter>１１５<Enter>").shows("录完了").shows("卡 2/2 张, 示数合计 225");
    seat.press("<Esc>").sit("check");
    seat.press("<F10>卡片录入<Enter>").shows("第二遍 (第一遍: 钱数据 11-21)");
    assert!(!seat.shot().has("110"), "the second keying is blind");
    seat.press("110<Enter>").shows("与第一遍一致");
    seat.press("116<Enter>").shows("与第一遍不符");
    seat.press("116<Enter>").shows("不符 1").shows("示数合计 226");
    let tx = seat.app.desk.look().unwrap();
    let account = tx.account_of_text(B).unwrap().unwrap().id;
    assert_eq!(tx.last_reading(account).unwrap().unwrap().value.to_string(), "116");
}

#[test]
fn a_card_that_was_done_showed_itself_as_the_last_reading_and_took_more_digits() {
    let mut seat = room(town(), "room");
    seat.press("<F10>卡片录入<Enter>110<Enter>115<Enter><Esc>").sit("check");
    seat.press("<F10>卡片录入<Enter>110<Enter>").press("116<Enter>").shows("与第一遍不符");
    seat.press("116<Enter>").shows("不符 1");
    let told = |seat: &mut Seat| {
        let picture = seat.shot().picture();
        let cells = |line: &str| line.split_whitespace().rev().take(3).map(str::to_owned).collect::<Vec<_>>();
        picture.lines().filter(|line| line.contains("110") || line.contains("116")).map(cells).collect::<Vec<_>>()
    };
    let here = told(&mut seat);
    assert!(here.iter().any(|line| *line == ["10", "110", "100"]), "previous, this, use: {here:?}");
    // The book opened again says the same.
    seat.press("<Esc><F10>卡片录入<Enter>").shows("不符 1");
    let again = told(&mut seat);
    assert!(again.iter().any(|line| *line == ["16", "116", "100"]), "previous, this, use: {again:?}");
    seat.press("7").shows("这张卡片已经录完");
    assert!(!seat.shot().has(" 7 "), "{}", seat.shot().picture());
}

#[test]
fn bills_are_tried_then_run_and_what_is_held_is_shown_with_its_reason() {
    let mut book = book("B03");
    branch(&mut book, &[resident(A), AccountOpened { discount: Some("特困".into()), ..resident(B) }]);
    read(&mut book, A, "2026-11-12", "120");
    read(&mut book, B, "2026-11-12", "111");
    let mut seat = room(book, "room");
    seat.press("<F10>出账<Enter>").shows("[2026-11]");
    seat.press("<F2>").shows("1 张账单").shows("挂起。现在出账");
    seat.snapshot("bills_tried");
    seat.press("<F2>").shows("已出账 1 张，合计 100.00 元，挂起 1 张").shows("特困");
    seat.press("<F8>").shows("挂起，还没有金额");
    seat.press("<Enter><Enter>").shows("放行原因");
    seat.press("试<F2>").shows("没有自己的价目");
}

#[test]
fn a_release_showed_the_amount_of_the_reading_before_it_was_corrected() {
    let mut book = town();
    read(&mut book, A, "2026-11-12", "97992");
    support::water::bill(&mut book, "2026-11");
    let mut correct = json!({ "account": A, "date": "2026-11-12", "value": "108", "remark": "抄错", "confirm": true });
    correct["reread_by"] = "陈志强".into();
    let told = book.try_act("room", "reading.correct", &correct).or_else(|_| {
        correct.as_object_mut().unwrap().remove("reread_by");
        book.try_act("room", "reading.correct", &correct)
    });
    told.unwrap();
    let held = support::water::bills(&book, A).remove(0);
    let lines = {
        let account = held.account;
        meterdesk::desk::view_explain::bill(&book.desk, account, held.id, support::water::day("2026-11-21")).unwrap()
    };
    assert!(lines.iter().any(|line| line.contains("应收 40.00 元")), "{lines:?}");
    let mut seat = room(book, "room");
    seat.press("<F10>出账<Enter>").shows("现在放行：用量 8，应收 40.00 元，挂起时用量 97,892");
    seat.press("<Enter>").shows("放行原因").shows("应收 40.00 元");
    seat.press("<F8>").shows("F8：这里不用这个键");
    seat.press("抄错<F2>").shows("已放行，40.00 元");
}

#[test]
fn a_bad_date_of_a_slip_showed_the_words_of_the_program() {
    for typed in ["1340", "13-45", "2026-02-30", "2"] {
        let mut seat = room(town(), "room");
        seat.press("<F10>水表拆换<Enter>HB5<Tab>3100000001<Tab>M3100000001<Tab>105<Tab>N5<Tab>0<Tab>");
        let date = seat.app.desk.try_out(
            "swap.enter",
            &json!({ "slip": "HB5", "account": A, "old_meter": "M3100000001", "final_value": "105",
                "new_meter": "N5", "first_value": "0", "date": typed })
            .to_string(),
        );
        let said = date.unwrap_err().message();
        assert!(said.contains(&format!("日期“{typed}”不对，应如 2026-11-21")), "{said}");
        seat.press(&format!("<Tab>{typed}"));
        let picture = seat.shot().picture();
        assert!(
            !picture.contains("premature") && !picture.contains("input") && !picture.contains("range"),
            "{picture}"
        );
    }
}

#[test]
fn the_second_round_said_the_book_was_done_with_one_card_of_two() {
    let mut seat = room(town(), "room");
    seat.press("<F10>卡片录入<Enter>110<Enter><Esc>").sit("check");
    seat.press("<F10>卡片录入<Enter>110<Enter>").shows("2 张已入账 1 张，还有 1 张第一遍没有录");
}

#[test]
fn enter_on_the_last_field_called_a_form_ready_that_was_not() {
    let mut seat = room(town(), "room");
    seat.press("<F10>水表拆换<Enter>HB5");
    for _ in 0..30 {
        seat.press("<Enter>");
    }
    seat.shows("还有没填或不对的地方，改好之后再按 F2");
}

#[test]
fn a_transfer_was_called_ready_though_the_reading_named_at_the_intake_was_missing() {
    let mut book = town();
    let mut input = support::transfer::intake(A, "李强", false, false);
    input["fields"]["settled"] = "120".into();
    book.act("demo", "intake.take", input);
    let account = book.desk.look().unwrap().account_of_text(A).unwrap().unwrap().id;
    let case = meterdesk::desk::view_transfer::waiting(&book.desk, account).unwrap().unwrap();
    assert_eq!(case.waits.as_deref(), Some("受理时的结算方数 120 还没有录入 (最后读数 100)，请先抄表、出账并结清"));
}
