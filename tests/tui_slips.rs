//! What a hand that is ahead of the eye types where it does not belong: nothing of it acts, nothing of it is lost without a word.

mod support;

use meterdesk::rules::reach::Reach;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::{Seat, account};
use support::till::{accounts, owes, prices};

fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    let owing = || (vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2027-01-05")]);
    accounts(&mut book, &[owing(), owing()]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

/// Enter opens the file of the first account, F5 its payment.
fn seat() -> Seat {
    let ways: Vec<(Command, support::seat::Way)> = vec![
        (Command::Open, Box::new(|app| screens::customer(app, account(app, "10000001")))),
        (Command::GoPay, Box::new(|app| screens::pay(app, account(app, "10000001")))),
        (Command::GoIntake, Box::new(|app| screens::intake(app, Some(account(app, "10000001"))))),
        (Command::GoDispatch, Box::new(screens::fee)),
    ];
    Seat::lobby(branch(), "demo", ways)
}

fn receipts(seat: &Seat) -> usize {
    let day = |text: &str| text.parse().unwrap();
    let tx = seat.app.desk.look().unwrap();
    tx.till_between(Reach::ALL, day("2000-01-01"), day("2100-01-01")).unwrap().len()
}

#[test]
fn the_next_customers_number_on_this_customers_page_does_not_charge_him() {
    let mut seat = seat();
    seat.press("<Enter>").shows("一户一档");
    seat.press("10000002<F5><F2>").shows("这里不收打字，按的 10 个键没有收").shows("F3");
    assert_eq!((receipts(&seat), seat.stack.depth()), (0, 2), "neither opened nor paid");
    // After a look the keyboard is open again, and F5 F2 is meant for the one who is seen.
    seat.press("<F5><F2>").shows("核对单 B03-1-000001");
    assert_eq!(receipts(&seat), 1);
}

#[test]
fn a_paste_on_a_page_without_a_field_is_no_less_a_refusal() {
    let mut seat = seat();
    seat.press("<Enter>").shows("一户一档");
    seat.paste("10000002").press("<F5><F2>").shows("这里不收打字，按的 3 个键没有收");
    assert_eq!(receipts(&seat), 0);
}

#[test]
fn a_name_typed_into_a_field_that_is_picked_from_a_list_stops_the_keys_behind_it() {
    let mut seat = seat();
    seat.press("<F5>").shows("应收").press("<Tab>");
    seat.press("10000002<F5><F2>").shows("这里不收打字");
    assert_eq!(receipts(&seat), 0);
    seat.press("xj<Enter>").shows("现金");
}

#[test]
fn letters_over_a_popup_that_asks_are_not_for_what_it_lies_on() {
    let mut seat = seat();
    seat.press("<Enter>").shows("一户一档").press("<F8>").shows("欠费");
    seat.press("10000002<Esc><F5><F2>").shows("这里不收打字");
    assert_eq!(receipts(&seat), 0);
}

#[test]
fn a_slipped_key_in_a_sum_never_makes_another_sum() {
    for (keys, kept) in [("1o0", "1o0"), ("100-5", "100-5"), ("-200", "-200"), ("200元", "200元"), ("1，000", "1,000")]
    {
        let mut seat = seat();
        seat.press("<F5>").press(keys).shows(kept).shows("! 实收：").press("<F2>");
        assert!(!seat.shot().has("请核对收好"), "{keys}: no sum to be said\n{}", seat.shot().picture());
        assert_eq!(receipts(&seat), 0, "{keys}");
    }
    // Prepaid, and a part of what is owed: the same.
    for field in ["<Tab><Tab><Tab><Tab><Tab>", "<Tab><Tab>"] {
        let mut seat = seat();
        seat.press("<F5>").press(field).press("20-5<F2>").shows("20-5").shows("不是数");
        assert_eq!(receipts(&seat), 0);
    }
}

#[test]
fn what_is_given_back_is_not_worked_out_from_a_number_that_cannot_be_read() {
    let mut seat = seat();
    seat.press("<F5>1.3.5").shows("实收：不是数");
    assert!(!seat.shot().has("请核对收好") && !seat.shot().has("找零 0.00"));
    seat.press("<C-u>13.555").shows("最多 2 位小数");
    seat.press("<C-u>200").shows("收您 200.00 元");
    seat.press("<Esc><F7>").shows("金额").press("<Tab>5<Tab>1o0").shows("! 实收：不是数");
    assert!(!seat.shot().has("收您"));
}

#[test]
fn two_numbers_pasted_below_each_other_are_not_one() {
    let mut seat = seat();
    seat.press("<F5>").paste("12\n34").press("<F2>").shows("12|34").shows("不是数");
    assert_eq!(receipts(&seat), 0);
}

#[test]
fn a_callers_long_story_is_refused_whole_and_not_cut() {
    let mut seat = seat();
    seat.press("<F6>bx<Enter>").shows("故障情况");
    let mut hops = 0;
    while !seat.shot().has("> ")
        || !seat.shot().rows.iter().any(|row| row.contains("故障情况  >") || row.contains("故障情况 > "))
    {
        seat.press("<Tab>");
        hops += 1;
        assert!(hops < 30, "{}", seat.shot().picture());
    }
    seat.paste(&("水管爆裂".repeat(300) + "第二行"));
    seat.press("<F2>").shows("现在 1203 个");
}
