//! The screens of the till: given a branch, when these keys, then this picture and these entries.

mod support;

use meterdesk::rules::money::Fen;
use meterdesk::store::tables::account::ReadingRow;
use meterdesk::store::tables::till::ShiftRow;
use meterdesk::tui::key::{Code, Key};
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::{Seat, account};
use support::till::{Owes, accounts, owes, prices};

/// F5 opens payment of an account, F10 the menu.
fn till(book: Book, number: usize, user: &str) -> Seat {
    let no = (10_000_000 + number).to_string();
    Seat::lobby(book, user, vec![(Command::GoPay, Box::new(move |app| screens::pay(app, account(app, &no))))])
}

fn payments(seat: &Seat) -> usize {
    let tx = seat.app.desk.look().unwrap();
    let day = tx.till_between(
        meterdesk::rules::reach::Reach::ALL,
        "2000-01-01".parse().unwrap(),
        "2100-01-01".parse().unwrap(),
    );
    day.unwrap().len()
}

fn shifts(seat: &Seat) -> Vec<ShiftRow> {
    let tx = seat.app.desk.look().unwrap();
    tx.shifts_between(meterdesk::rules::reach::Reach::ALL, "2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap())
        .unwrap()
}

fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    let guess = |amount, due| Owes { amount, due, estimated: true };
    accounts(
        &mut book,
        &[
            (vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2027-01-05"), guess(30_000, "2026-11-11")]),
            (vec![], vec![]),
            ((0..6).map(|_| owes(99_999_999, "2026-01-11")).collect(), vec![]),
        ],
    );
    book
}

fn opened() -> Book {
    let mut book = branch();
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

#[test]
fn a_cash_payment_of_all_that_is_owed_is_f5_digits_f2() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>５00").shows("应收 435.90").shows("收您 500.00 元，找您 64.10 元，请清点。请核对收好");
    seat.press("<F2>").shows("核对单 B03-1-000001");
    assert_eq!((payments(&seat), seat.stack.depth()), (1, 1));
}

#[test]
fn bills_are_unticked_and_late_fees_waived_within_the_clerks_limit() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>").shows("估抄").press("<F7>").shows("9.00");
    seat.press("<F2>").shows("核对单 B03-1-000001");
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5><Down><Space>").press("<F8>");
    seat.shows("还没有逾期").press("<Enter>");
    seat.press("<F2>").shows("核对单 B03-1-000001");
    seat.press("<F5>").shows("应收 86.90");
}

#[test]
fn too_little_money_is_said_where_it_is_and_nothing_is_taken() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>100").shows("不够应收 435.90");
    seat.press("<F2>").shows("部分缴费请写明金额");
    assert_eq!(payments(&seat), 0);
}

#[test]
fn without_a_shift_f2_opens_one_and_comes_back() {
    let mut seat = till(branch(), 1, "demo");
    seat.press("<F5>").shows("您还没有开班").press("<F2>").shows("备用金");
    seat.press("200<F2>").shows("已开班").press("<Esc>500<F2>").shows("核对单 B03-1-000001");
}

#[test]
fn a_bill_paid_at_another_desk_meanwhile_is_shown_and_not_taken_twice() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500");
    seat.app.desk.perform("payment.take", r##"{"account":"10000001","bills":["#1"]}"##, Default::default()).unwrap();
    seat.press("<F2>").shows("应收已变：您看到的是 435.90，现在是 349.00").shows("应收 349.00");
    assert_eq!(payments(&seat), 1);
    seat.snapshot("pay_stale");
    seat.press("<F2>").shows("找您 151.00 元");
    assert_eq!(payments(&seat), 2);
}

#[test]
fn a_hand_written_slip_is_entered_and_confirmed_by_another() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5><F6>S-0815<Tab>2026-11-18<Tab>").shows("应收 432.40");
    seat.snapshot("pay_late");
    seat.press("<F2>").shows("待另一人确认");
    seat.app.desk.sign_in_practice("check").unwrap();
    seat.app.refresh();
    let reply = "<F10>班次<Enter>";
    seat.press(reply).shows("备用金").press("100<F2>").press("<F7>").shows("S-0815").press("<Enter>").shows("已确认");
}

#[test]
fn money_is_paid_in_and_the_shift_closed_with_the_identity_in_sight() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500<F2><F10>班次<Enter>").shows("本日营业收入 435.90");
    seat.press("400<F2>").shows("钱箱应有 235.90").shows("存入 400.00");
    seat.press("<F8>").shows("应有现金").press("235<F2>").shows("短款").shows("0.90");
    // Keys typed ahead, whatever they were meant for, do not get through the second question.
    seat.press("<F2><F2>235<F2>").shows("原因没有填");
    assert_eq!(shifts(&seat)[0].state, "open");
    seat.press("235<Tab>少九角<F2>").shows("已交班");
    assert_eq!((shifts(&seat)[0].state.as_str(), shifts(&seat)[0].over), ("closed", Some(Fen(-90))));
}

#[test]
fn a_second_count_that_differs_from_the_first_begins_the_close_anew() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>班次<Enter><F8>150<F2>").shows("短款").press("200<Tab>数错了<F2>").shows("两次清点不同");
    assert_eq!(shifts(&seat)[0].state, "open");
    seat.press("200<F2>").shows("已交班");
}

#[test]
fn a_count_left_in_a_popup_went_without_a_word_when_another_took_the_locked_desk() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>班次<Enter><F8>").shows("应有现金").press("235<Tab>少九角<F12>").shows("已锁屏");
    seat.press("<F6>").shows("没有留下：交班  王芳 班次 1，还没有办");
    assert_eq!(shifts(&seat)[0].state, "open");
}

#[test]
fn a_wrong_deposit_is_taken_back_and_the_float_is_added_to_on_the_screen() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>班次<Enter>150<F2>").shows("钱箱应有 50.00");
    seat.press("<F6>").shows("存入").press("误把清点数当存入<F2>").shows("已冲正");
    assert_eq!((shifts(&seat)[0].paid_in, shifts(&seat)[0].cash), (Fen::ZERO, Fen(20_000)));
    seat.press("<F9>100<F2>").shows("已加备用金").shows("备用金 100.00");
    assert_eq!(shifts(&seat)[0].cash, Fen(30_000));
}

#[test]
fn a_deposit_was_booked_at_one_f2_with_no_picture_of_after() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>班次<Enter>150").shows("钱箱 200.00 → 50.00").press("<F2>").shows("钱箱应有 50.00");
    seat.press("60")
        .shows("钱箱 50.00 → 不够")
        .press("<C-u>40<F2><F2>")
        .shows("存入对吗？")
        .shows("钱箱 50.00 → 10.00");
    assert_eq!(shifts(&seat)[0].paid_in, Fen(15_000), "F2 twice is not yes");
    seat.press("<F2>").shows("钱箱应有 10.00");
    seat.press("<F9>100").shows("钱箱 10.00 → 110.00").press("<F2>").shows("已加备用金");
    assert_eq!((shifts(&seat)[0].paid_in, shifts(&seat)[0].cash), (Fen(19_000), Fen(11_000)));
}

#[test]
fn an_account_number_typed_as_money_is_asked_about_and_keys_typed_ahead_do_not_answer() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>10000034<F2><F2>10000033<F2>").shows("个键没有收");
    assert_eq!(payments(&seat), 0);
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>2000<F2>").shows("超过 1,000.00").press("1564.10<F2>").shows("核对单 B03-1-000001");
    assert_eq!(payments(&seat), 1);
}

#[test]
fn a_shift_left_open_sends_the_pay_screen_to_the_close_and_shows_the_days_overdue_of_today() {
    let mut seat = till(opened(), 1, "demo");
    let later = support::orders::moment() + chrono::Duration::days(9);
    seat.app.desk.set_clock(Box::new(meterdesk::book::clock::FixedClock::at(later)));
    seat.app.refresh();
    seat.press("<F5>").shows("逾期 12 天").shows("还没有交班").press("<F2>").shows("请先交班");
    assert_eq!(payments(&seat), 0);
    seat.press("<F8>200<F2>").shows("已交班").press("200<F2>").shows("已开班").press("<Esc>").shows("逾期 12 天");
}

#[test]
fn a_supervisor_closes_the_forgotten_shift_of_a_clerk_on_the_screen() {
    let mut seat = till(opened(), 1, "chief");
    let later = support::orders::moment() + chrono::Duration::days(1);
    seat.app.desk.set_clock(Box::new(meterdesk::book::clock::FixedClock::at(later)));
    seat.press("<F10>班次<Enter><F5>").shows("王芳").press("<Enter>200<F2>").shows("代交原因没有填");
    seat.press("忘了交班<F2>").shows("已交班");
    assert_eq!(
        (shifts(&seat)[0].state.as_str(), shifts(&seat)[0].note.as_str()),
        ("closed", "孙经理 代交班：忘了交班")
    );
}

#[test]
fn why_another_is_away_does_not_become_why_money_is_missing() {
    let mut seat = till(opened(), 1, "chief");
    let later = support::orders::moment() + chrono::Duration::days(1);
    seat.app.desk.set_clock(Box::new(meterdesk::book::clock::FixedClock::at(later)));
    seat.press("<F10>班次<Enter><F5>").shows("王芳").press("<Enter>150<F2>").shows("代交原因没有填");
    seat.press("王芳病假<F2>").shows("短款").shows("50.00");
    seat.press("150<F2>").shows("短款原因没有填");
    assert_eq!(shifts(&seat)[0].state, "open");
    seat.press("钱箱没有锁<F2>").shows("已交班");
    assert_eq!(shifts(&seat)[0].note, "孙经理 代交班：王芳病假；短款：钱箱没有锁");
}

#[test]
fn a_receipt_is_reversed_with_its_reason_from_the_shift() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500<F2><F10>班次<Enter><F6>").shows("冲正").press("<F2>").shows("原因没有填");
    seat.press("收错户<F2>").shows("退您 435.90 元");
    assert_eq!(payments(&seat), 2);
}

#[test]
fn an_account_without_debt_says_what_to_do_and_keeps_a_full_list_in_columns() {
    let mut seat = till(opened(), 2, "demo");
    seat.press("<F5>").shows("没有欠费。Ctrl-R");
    let mut seat = till(opened(), 3, "demo");
    seat.press("<F5>");
}

#[test]
fn a_fee_is_taken_from_the_menu() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>服务费<Enter>补卡<Enter>5<Tab>10").shows("找您 5.00 元");
    seat.press("<F2>").shows("请填户号或缴款人");
    seat.press("路人<F2>").shows("核对单 B03-1-000001");
}

#[test]
fn an_account_number_typed_as_prepaid_or_float_is_asked_about_on_the_screen() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5><Tab><Tab><Tab><Tab><Tab>10000001<F2>").shows("要存预存").shows("实收对吗");
    seat.press("10000001<F2>").shows("没有收款");
    assert_eq!(payments(&seat), 0);
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F10>班次<Enter><F9>10000164<F2>").shows("备用金对吗").press("5<F2>").shows("没有记账");
    assert_eq!(shifts(&seat)[0].cash, Fen(20_000));
    seat.press("<F9>6000<F2>").shows("备用金对吗").press("6000<F2>").shows("已加备用金");
    assert_eq!(shifts(&seat)[0].cash, Fen(620_000));
}

#[test]
fn a_reading_keyed_at_the_till_is_billed_and_paid_in_one_go() {
    let mut seat = till(opened(), 2, "demo");
    seat.press("<F5>").shows("没有欠费").press("<C-r>").shows("录入读数");
    seat.press("110<F2>").shows("已出账").shows("应收 26.10");
    seat.press("50<F2>").shows("找您 23.90 元");
    assert_eq!(payments(&seat), 1);
}

#[test]
fn a_reading_at_the_till_shows_use_and_amount_first_and_a_refused_one_stays_typed() {
    let mut seat = till(opened(), 2, "demo");
    let id = account(&seat.app, "10000002");
    let count = |seat: &Seat| seat.app.desk.look().unwrap().scan::<ReadingRow>(&[&id]).unwrap().len();
    let before = count(&seat);
    seat.press("<F5><C-r>").shows("上次 100").press("110").shows("用量 10").shows("应收 26.10");
    seat.shows("现在 0.00  →  出账后 26.10");
    assert_eq!(count(&seat), before, "nothing is entered before F2");
    // Below the last reading: told while it is typed, refused at its field, and what was typed stays.
    seat.press("<BS><BS><BS>90").shows("低于上次示数 100").press("<F2>").shows("> 90").shows("请复抄");
    assert_eq!(count(&seat), before);
    seat.press("<BS><BS>110<F2>").shows("已出账").shows("应收 26.10");
    assert_eq!(count(&seat), before + 1);
}

#[test]
fn a_reading_at_the_till_says_before_it_is_entered_that_its_bill_will_be_held() {
    let mut seat = till(opened(), 2, "demo");
    seat.press("<F5><C-r>9000").shows("用量 8,900").shows("应收 ").shows("! 本次用量 8,900 超过平均 10 的 3 倍");
    seat.press("<F2>").shows("> 9000").shows("用量偏大已核实");
    seat.press("<Tab><Tab><Space>").shows("! 账单会挂起").shows("请核实后放行");
    seat.press("<F2>").shows("读数已录，账单挂起");
}

#[test]
fn home_counts_what_was_taken_today() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500<F2>");
    let facts = meterdesk::desk::view_home::facts(&seat.app.desk).unwrap();
    assert!(facts.lines[0].text.contains("收费 1 笔 435.90"), "{facts:?}");
}

#[test]
fn home_names_the_slips_of_others_to_confirm() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5><F6>S-0815<Tab>2026-11-18<F2>").shows("待另一人确认");
    let mine = |seat: &Seat| {
        let lines = meterdesk::desk::view_home::facts(&seat.app.desk).unwrap().lines;
        lines.into_iter().filter(|line| line.head == "我的").map(|line| line.text).collect::<Vec<_>>()
    };
    assert!(mine(&seat).is_empty());
    seat.app.desk.sign_in_practice("check").unwrap();
    assert_eq!(mine(&seat), ["手开单待我确认 1"]);
}

#[test]
fn a_report_is_chosen_filled_read_and_exported() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500<F2><F10>报表<Enter>")
        .shows("滞纳金单列")
        .press("<F2>")
        .shows("合计")
        .shows("前日现金结余 200.00");
    seat.snapshot("report_cash");
    seat.press("收费明细<Enter><F2>").shows("B03-1-000001").shows("Ctrl-← → 左右看");
    for _ in 0..6 {
        seat.stack.key(Key { code: Code::Right, ctrl: true, shift: false }, &mut seat.app);
    }
    seat.shows("本金").shows("426.40");
    seat.press("<C-o>").shows("导出成").press("<Esc>");
    seat.snapshot("report_payments");
}

#[test]
fn a_slip_is_shown_again_where_no_printer_is_set() {
    let mut seat = till(opened(), 1, "demo");
    seat.press("<F5>500<F2><F10>班次<Enter><C-o>").shows("重印").shows("B03-1-000001");
}
