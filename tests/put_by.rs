//! Put by under a queue number (挂起, F9) while the customer fetches a paper, and taken up again when the number is typed at home.

mod support;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::{Desk, demo};
use meterdesk::store::OpenOptions;
use meterdesk::tui::app::App;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screens::home::Home;
use serde_json::{Value, json};
use support::orders::book;
use support::seat::Seat;
use support::till::prices;

/// Home over a practice branch on disk, where drafts are kept, with two accounts that owe 40.00 each.
fn counter(folder: &tempfile::TempDir) -> (Seat, [String; 2]) {
    let path = folder.path().join("a.db");
    drop(demo::build(&path, 60, 1, &mut |_, _, _| {}).unwrap());
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    desk.sign_in_practice("demo").unwrap();
    let mut app = App::new(desk, Inputs::silent().waker());
    let mut open = |name: &str| {
        let file = json!({ "address": "建设路5号", "class": "resident", "name": name,
            "arrears": [{ "cycle": "2026-10", "amount": "40.00" }] });
        let answer = app.act("account.open", &file, None).unwrap().result;
        serde_json::from_str::<Value>(&answer).unwrap()["account"].as_str().unwrap().to_owned()
    };
    let accounts = [open("王芳"), open("李强")];
    app.desk.db_mut().refresh_search(|_| true).unwrap();
    let home = Home::new(&app);
    (Seat::with(app, home), accounts)
}

#[test]
fn a_payment_put_by_was_found_under_no_queue_number() {
    let folder = tempfile::tempdir().unwrap();
    let (mut seat, [no, other]) = counter(&folder);
    seat.press(&format!("{no}<F5>")).shows(&format!("收费  {no}"));
    seat.press("<Tab><Tab>20<F9>").shows("排队号").press("a12<F2>").shows("已挂起，排队号 A12");
    // However it is typed.
    for number in ["A12", "a12", "Ａ１２"] {
        seat.press(&format!("<C-u>{number}<Enter>"))
            .shows("没办完的")
            .shows(&format!("收费  {no}"))
            .shows("应收 20.00");
        seat.press("<Esc>");
    }
    // A number holds one of them; without one it gets the next that is free.
    seat.press(&format!("<C-u>{other}<F5>")).shows(&format!("收费  {other}"));
    seat.press("<F9>A12<F2>").shows("排队号“A12”下已挂起一件").press("<F9><F2>").shows("已挂起，排队号 S1");
    seat.press("<C-u>S1<Enter>").shows(&format!("收费  {other}")).press("<Esc>");
    seat.press("<C-u><F6>").press("qf<Enter><F9>A12<F2>").shows("排队号“A12”下已挂起一件").press("<Esc>");
    // Done, or thrown away, it is under no number any more.
    seat.press("<F3><C-u>A12<Enter>").shows("没办完的").press("<C-n>").shows("已清空").press("<Esc>");
    seat.press("<C-u>A12<Enter>").shows("没有找到").shows("先在查找框里找到这一户");
}

#[test]
fn special_handling_put_by_was_found_under_no_queue_number() {
    let folder = tempfile::tempdir().unwrap();
    let (mut seat, [no, _]) = counter(&folder);
    seat.press(&format!("{no}<Enter>")).shows("一户一档").press("<F7>").shows("特殊处理");
    seat.press("L3<Enter>").shows("减免").press("<F9>").shows("排队号").press("<F2>").shows("已挂起，排队号 T1");
    seat.press("<F3><C-u>T1<Enter>").shows("没办完的").shows(&format!("特殊处理  {no}")).shows("L3");
}

#[test]
fn a_case_taken_up_and_left_with_esc_was_named_by_no_count() {
    let mut book = book("B03");
    prices(&mut book);
    let case = json!({ "service": "fault", "address": "人民路", "queue": "a7", "fields": { "kind": "漏水" } });
    book.act("demo", "intake.park", case);
    let mut seat = Seat::home(book, "demo");
    seat.shows("挂起 1").press("a7<Enter>").shows("受理").press("<Esc>").shows("挂起 1");
}

#[test]
fn a_number_of_a_form_put_by_opened_it_while_the_bar_was_on_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut seat, [no, _]) = counter(&folder);
    seat.press(&format!("{no}<F5>")).shows(&format!("收费  {no}"));
    seat.press("<Tab><Tab>20<F9>").shows("排队号").press("12<F2>").shows("已挂起，排队号 12");
    // It stands on top of the hits, and under the bar; the day does not forget it.
    seat.press("<C-u>12").shows("排队号 12  收费").shows("1 件，排队号 12 收费");
    seat.press("<Enter>").shows("没办完的").shows(&format!("收费  {no}")).press("<Esc>");
    seat.press("<C-u>12<Down><Enter>").shows("一户一档");
}
