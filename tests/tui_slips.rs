//! What a hand that is ahead of the eye types where it does not belong: nothing of it acts, nothing of it is lost without a word.

mod support;

use meterdesk::rules::reach::Reach;
use meterdesk::tui::canvas::Canvas;
use meterdesk::tui::harness::Shot;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use meterdesk::tui::theme::Theme;
use meterdesk::tui::widgets::field::Field;
use meterdesk::tui::widgets::form::Form;
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
    seat.press("10000002<F5><F2>").shows("选单里没有“1”").shows("后面按的 9 个键没有收");
    assert_eq!(receipts(&seat), 0);
    seat.press("xj<Enter>").shows("现金");
}

#[test]
fn a_name_pasted_into_a_field_that_is_picked_from_a_list_is_matched_as_typing_is() {
    let mut seat = seat();
    seat.press("<F5>").shows("应收").press("<Tab>");
    seat.paste("微信\n").press("<Enter>200<F2>").shows("选单里没有“微信”").shows("后面按的 5 个键没有收");
    assert_eq!(receipts(&seat), 0);
    let mut seat = self::seat();
    seat.press("<F5><Tab>").paste(" 银行卡\n").shows("银行卡").press("<Enter>").shows("方式    银行卡");
    assert_eq!(receipts(&seat), 0, "a paste enters nothing");
}

#[test]
fn ctrl_f_on_a_customer_who_owes_no_fee_said_nothing() {
    let mut seat = seat();
    seat.press("<Enter>").shows("一户一档").press("<C-f>").shows("没有欠业务费");
    seat.press("<F5><C-f>").shows("没有欠业务费");
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
    for (keys, kept) in [("1o0", "1o0"), ("100-5", "100-5"), ("-200", "-200"), ("2o0元", "2o0元"), ("1，00", "1,00")]
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
fn an_amount_as_the_program_prints_it_is_that_amount() {
    for keys in ["1,000", "1，000.00", "１０００", "1000元", "￥1,000.00元"] {
        let mut seat = seat();
        seat.press("<F5>").press(keys).shows("收您 1000.00 元").press("<F2>").shows("请");
        assert!(!seat.shot().has("不是数") && !seat.shot().has("逗号"), "{keys}\n{}", seat.shot().picture());
    }
    let mut seat = seat();
    seat.press("<F5>").press("<Tab><Tab><Tab><Tab><Tab>").press("1,2<F2>").shows("逗号只用来分千位");
    assert_eq!(receipts(&seat), 0);
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
    while !seat.shot().rows.iter().any(|row| row.contains("故障情况") && row.contains("> ")) {
        seat.press("<Tab>");
        hops += 1;
        assert!(hops < 30, "{}", seat.shot().picture());
    }
    seat.paste(&("水管爆裂".repeat(300) + "第二行")).shows("现在 1203 个");
    seat.press("<F2>");
    assert!(!seat.shot().has("已受理"), "{}", seat.shot().picture());
}

/// At the page of a customer whose money the clerk took.
fn page_of_paid(user: &str) -> Seat {
    let mut book = branch();
    book.act("demo", "payment.take", json!({ "account": "10000001", "method": "现金", "to_prepaid": "700" }));
    let open: support::seat::Way = Box::new(|app| screens::customer(app, account(app, "10000001")));
    Seat::lobby(book, user, vec![(Command::Open, open)])
}

#[test]
fn a_superior_reverses_anothers_receipt_on_the_customers_page() {
    let mut seat = page_of_paid("chief");
    seat.press("<Enter>").shows("收费").press("<C-p>cz<Enter>");
    seat.shows("核对单").shows("10000001 用户1").shows("826.90").press("收错了<F2>").shows("退");
    let tx = seat.app.desk.look().unwrap();
    let day = |text: &str| text.parse().unwrap();
    let moves = tx.till_between(Reach::ALL, day("2000-01-01"), day("2100-01-01")).unwrap();
    assert!(moves.iter().any(|row| row.reverses.is_some()));
}

#[test]
fn a_receipt_is_printed_again_from_the_customers_page() {
    let mut seat = page_of_paid("demo");
    seat.press("<Enter>").shows("收费").press("<C-o>").shows("重印").shows("826.90");
}

#[test]
fn a_refused_reversal_keeps_the_reason_and_names_limit_post_and_rule() {
    let mut seat = page_of_paid("demo");
    seat.press("<Enter>").press("<C-p>cz<Enter>").shows("原因").press("收错户<F2>");
    seat.shows("收错户").shows("10000001 用户1").shows("限额").shows("R-260");
    let shot = seat.shot();
    assert!(shot.has("营业厅主任") || shot.has("主任"), "{}", shot.picture());
}

#[test]
fn a_wrong_password_leaves_the_hand_where_nothing_is_shown() {
    let book = book("B03");
    let app = meterdesk::tui::app::App::new(book.desk, meterdesk::tui::input::Inputs::silent().waker());
    let login = screens::login::Login::first(&app);
    let mut seat = Seat::with(app, login);
    seat.press("room<Enter>Geheim1<Enter>").shot();
    seat.press("Geheim2");
    let shot = seat.shot();
    assert!(!shot.has("Geheim"), "{}", shot.picture());
    assert!(shot.has("room"), "{}", shot.picture());
}

#[test]
fn a_calibre_that_is_no_number_is_refused() {
    let mut book = branch();
    let slip = json!({ "slip": "HB900003", "account": "10000001", "old_meter": "M0000001", "final_value": "120",
                       "new_meter": "N0000001", "first_value": "0", "date": "2026-11-20", "calibre": "15M900" });
    book.desk.sign_in_practice("room").unwrap();
    let refusal = book.desk.try_out("swap.enter", &slip.to_string()).unwrap_err();
    assert!(refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("calibre")), "{refusal:?}");
    let mut right = slip;
    right["calibre"] = "DN15".into();
    let told = book.desk.try_out("swap.enter", &right.to_string()).err().map(|refusal| refusal.message());
    assert!(!told.unwrap_or_default().contains("口径"));
}

#[test]
fn an_id_number_that_comes_back_with_a_draft_is_not_shown_in_clear() {
    let today = "2026-11-21".parse().unwrap();
    let fields = vec![Field::code("id_number", "证件号码", 24).cells(24).private()];
    let mut form = Form::new(fields, today, |words| words.to_owned());
    let kept = json!({ "id_number": "110101199003071234" });
    form.resume(kept.as_object().unwrap(), "10:02".into());
    let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 80, 5));
    let mut cursor = None;
    form.draw(&mut Canvas::new(&mut buffer, &mut cursor, Theme::default()));
    let shot = Shot::of(&buffer, cursor);
    assert!(shot.has("**************1234") && !shot.has("110101"), "{}", shot.picture());
    assert_eq!(form.value("id_number"), "110101199003071234", "nothing is lost");
}
