//! The screens of special handling: given a bill that is wrong, when these keys, then this picture and these entries. A request
//! with its preview takes at most eight control keys; three people see one picture.

mod support;

use meterdesk::tui::app::App;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use serde_json::json;
use support::adjust::{ask_volume, bills, branch};
use support::orders::{Book, book};
use support::seat::{Seat, account};

/// F7 opens special handling of the bill that is wrong, F4 the approvals.
fn desk(book: Book, user: &str) -> Seat {
    let adjust = |app: &mut App| screens::adjust(app, account(app, "31000001"));
    Seat::lobby(book, user, vec![(Command::GoAdjust, Box::new(adjust)), (Command::Pick, Box::new(screens::approvals))])
}

fn given() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book
}

#[test]
fn a_request_with_its_preview_then_two_others_approve_it() {
    let mut seat = desk(given(), "demo");
    seat.press("<F7>");
    // F7, Enter, Enter, F2 and before them Enter on the customer: five of eight control keys.
    seat.press("v1<Enter><Enter>22<Enter>复表单 0817").shows("1,194.00").shows("-1,094.84").shows("111.10");
    seat.press("<F2>").shows("已提交申请");
    seat.press("<F4>").shows("在办 1").press("<F2>").shows("在办 1");
    seat.press("<Esc>").sit("check").press("<F4>").shows("待复核").shows("复表单 0817").shows("-1,094.84");
    seat.press("<F2>").shows("已复核").press("<Esc>");
    seat.sit("chief").press("<F4>").shows("待批准").shows("-1,094.84").press("<F2>").shows("已批准");
    let tx = seat.app.desk.look().unwrap();
    let account = tx.account_of_text("31000001").unwrap().unwrap();
    assert_eq!(tx.owed(account.id).unwrap().to_string(), "110.00");
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let mut seat = desk(given(), "demo");
    seat.press("<F7>v1<Enter><Enter>222<Enter><F2>").shows("凭据没有填");
    seat.press("x<F2>").shows("本来就是 222");
}

#[test]
fn f4_at_the_kind_showed_one_row_of_the_list() {
    let mut seat = desk(given(), "demo");
    seat.press("<F7><F4>");
    for kind in meterdesk::rules::adjustment::Kind::ALL {
        seat.shows(&kind.title());
    }
}

#[test]
fn what_moved_since_is_seen_before_it_is_decided() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = support::adjust::checked(&mut book, ask);
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "100.00" }));
    let mut seat = desk(book, "chief");
    seat.press("<F4>").shows("情况有变").press("<F2>").shows("退回重提");
    seat.snapshot("approvals_moved");
    seat.press("<F6>").press("按现状重提<Enter>").shows("已退回");
    let state =
        seat.app.desk.look().unwrap().request(request.as_str().unwrap().parse().unwrap()).unwrap().unwrap().state;
    assert_eq!(state, "rejected");
}

#[test]
fn prices_and_late_fees_have_their_own_fields() {
    let mut seat = desk(given(), "demo");
    seat.press("<F7>l3<Enter>").shows("减免到").shows("违约金 10 天").shows("批准当天");
    seat.press("<Esc><F7>").press("<Esc>");
    let mut seat = desk(given(), "demo");
    seat.press("<F7>p1<Enter><Enter>居民50%;非居民50%").shows("居民50%、非居民50%");
    seat.snapshot("adjust_price");
    assert_eq!(bills(&book_of(seat), "31000001").len(), 1);
}

fn book_of(seat: Seat) -> Book {
    Book { desk: seat.app.desk }
}

#[test]
fn an_empty_correction_of_the_file_named_nothing_and_passed_its_value_over() {
    let mut seat = Seat::lobby(
        {
            let mut book = support::orders::book("B03");
            branch(&mut book);
            book
        },
        "demo",
        vec![(Command::GoAdjust, Box::new(|app| screens::adjust(app, account(app, "31000001"))))],
    );
    seat.press("<F7>d1<Enter>").shows("先选要更正的资料");
    seat.press("<F2>").shows("资料没有填").shows("! 凭据*").shows("! 改为").shows("再填改为什么");
    assert!(!seat.shot().has("“”"), "{}", seat.shot().picture());
}

#[test]
fn a_request_is_found_by_its_number_on_its_way_and_settled() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = support::adjust::checked(&mut book, ask);
    let number = request.as_str().unwrap().to_owned();
    let shown = |book: &Book| {
        let tx = book.desk.look().unwrap();
        meterdesk::desk::view_adjust::request_json(&tx, number.parse().unwrap()).unwrap().unwrap()
    };
    let waiting = shown(&book);
    assert_eq!(
        (&waiting["kind"], &waiting["state"], &waiting["account"]),
        (&json!("V1"), &json!("checked"), &json!("31000001"))
    );
    assert_eq!(
        (waiting["history"].as_array().unwrap().len(), &waiting["history"][1]["what"]),
        (2, &json!("特殊处理：复核"))
    );
    let mut seat = Seat::home(book, "chief");
    seat.press(&format!("{number}<Enter>")).shows("待批准").shows("-1,094.84").press("<F2>").shows("已批准");
    let mut seat = Seat::home(book_of(seat), "chief");
    seat.press(&format!("{number}<Enter>")).shows("一户一档");
    let tx = seat.app.desk.look().unwrap();
    let settled = meterdesk::desk::view_adjust::request_json(&tx, number.parse().unwrap()).unwrap().unwrap();
    assert_eq!((&settled["state"], &settled["history"][2]["who"]), (&json!("approved"), &json!("孙经理")));
    assert!(meterdesk::desk::view_adjust::request_json(&tx, meterdesk::rules::id::Id(5)).unwrap().is_none());
}

#[test]
fn volumes_of_several_bills_were_refused_with_commas_between_them() {
    for typed in ["10 12", "10,12", "10，12", "10、12", "１０，12", "10, 12"] {
        let open = |app: &mut App| screens::adjust(app, account(app, "31000003"));
        let mut seat = Seat::lobby(given(), "demo", vec![(Command::GoAdjust, Box::new(open))]);
        seat.press("<F7>v1<Enter><C-u>1，2<Enter>").paste(typed);
        let picture = seat.shot().picture();
        let told = picture.lines().find(|line| line.contains("用量  ") && line.contains("-18"));
        assert!(told.is_some_and(|line| line.contains(" 12 ")), "{typed}\n{picture}");
        assert!(!picture.contains("几张账单"), "{typed}\n{picture}");
    }
}
