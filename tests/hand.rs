//! The hand: never the wrong customer, never twice. Keys are pressed in one burst where nothing is drawn between them, as a practised
//! hand or a slow line brings them; a picture taken is a picture looked at.

mod support;

use std::time::Duration;

use meterdesk::book::clock::{FixedClock, SystemClock};
use meterdesk::desk::{Desk, demo};
use meterdesk::store::OpenOptions;
use meterdesk::tui::app::App;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screen::{Context, Draft};
use meterdesk::tui::screens;
use serde_json::{Value, json};
use support::orders::{Book, book, moment};
use support::seat::{Seat, account};
use support::till::{accounts, owes, prices, sound};
use support::transfer::PAPERS;
use support::water;

const FIRST: &str = "10000001";
const SECOND: &str = "10000002";

/// Two customers: the first owes 435.90, the second 35.04.
fn counter() -> Seat {
    let mut book = book("B03");
    prices(&mut book);
    accounts(
        &mut book,
        &[(vec![owes(43_590, "2027-01-05")], vec![]), (vec![owes(3_504, "2027-01-05")], vec![]), (vec![], vec![])],
    );
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.desk.db_mut().refresh_search(|_| true).unwrap();
    Seat::home(book, "demo")
}

/// Amounts taken today, in their order: account and sum.
fn taken(seat: &Seat) -> Vec<(String, String)> {
    let tx = seat.app.desk.look().unwrap();
    let day = moment().date_naive();
    let rows = tx.till_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap();
    let mut rows: Vec<_> = rows.into_iter().filter(|row| row.kind == "payment").collect();
    rows.sort_by_key(|row| row.id);
    rows.into_iter().map(|row| (row.payer.chars().take(8).collect(), row.amount.to_string())).collect()
}

#[test]
fn typed_ahead_after_a_refusal_never_pays_for_the_wrong_customer() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5>10<F2><C-u>{FIRST}<F5>500<F2>"));
    assert_eq!(taken(&seat), []);
    seat.shows(&format!("收费  {SECOND}")).shows("不够应收 35.04").shows("没有办成，后面按的 14 个键没有收");
    // The hand has looked and goes on where it stands.
    seat.press("<C-u>40<F2>").shows("找您 4.96");
    assert_eq!(taken(&seat), [(SECOND.to_owned(), "35.04".to_owned())]);
    sound(&Book { desk: seat.app.desk });
}

#[test]
fn after_a_refusal_keys_count_from_the_moment_they_were_heard() {
    let mut seat = counter();
    let ms = Duration::from_millis;
    let press = |seat: &mut Seat, at, keys: &str| {
        seat.stack.clock(ms(at));
        seat.press(keys);
    };
    press(&mut seat, 1_000, &format!("{SECOND}<F5>10<F2>"));
    seat.stack.clock(ms(1_010));
    seat.stack.shown_for(Duration::ZERO);
    // Heard before the picture, though its turn comes later; then a hand that types on, each key within 0.4 s of the one before.
    press(&mut seat, 1_005, "<Esc>");
    for at in [1_200, 1_550, 1_900] {
        press(&mut seat, at, "5");
    }
    assert!(seat.stack.is_locked());
    press(&mut seat, 2_300, "100");
    assert!(!seat.stack.is_locked());
    seat.shows("收您 100.00 元");
}

#[test]
fn escape_opens_the_keyboard_and_does_nothing_else() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5>10<F2>abc"));
    let (width, height) = support::seat::SIZES[0];
    meterdesk::tui::harness::peek(&mut seat.stack, &seat.app, width, height);
    seat.stack.shown_for(Duration::from_millis(50));
    seat.press("<Esc>").shows("后面按的 3 个键没有收").shows(&format!("收费  {SECOND}"));
    assert_eq!(seat.stack.depth(), 2);
}

#[test]
fn a_pay_screen_that_cannot_open_takes_no_amount_with_it() {
    let mut seat = counter();
    seat.press("nobody<F5>500<F2>").shows("先在查找框里找到这一户").shows("4 个键没有收");
    assert_eq!(taken(&seat), []);
}

#[test]
fn the_payment_of_two_keys_and_whole_customers_are_typed_ahead_as_ever() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5><F2><C-u>{FIRST}<F5>500<F2>"));
    let expected = [(SECOND, "35.04"), (FIRST, "435.90")].map(|(no, sum)| (no.to_owned(), sum.to_owned()));
    assert_eq!(taken(&seat), expected);
}

#[test]
fn a_paste_on_its_way_is_dropped_too() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5>10<F2>")).paste("500").press("<F2>").shows("后面按的 2 个键没有收");
    assert_eq!(taken(&seat), []);
}

#[test]
fn f2_twice_does_not_run_the_bills_before_the_question_was_seen() {
    let mut book = book("B03");
    water::branch(&mut book, &[water::resident("3100000001")]);
    water::read(&mut book, "3100000001", "2026-11-12", "120");
    let mut seat = Seat::on(book, "room", screens::bills);
    seat.press("<F2><F2><F2>").shows("现在出账").shows("这一屏刚打开，先按的 2 个键没有收");
    assert_eq!(
        water::bills(
            &Book { desk: seat.app.desk.copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap() },
            "3100000001"
        )
        .len(),
        0
    );
    seat.press("<F2>").shows("已出账 1 张");
}

/// What a shift takes is reversed row by row: the row that moved under the bar is not the one asked about.
#[test]
fn a_reversal_is_of_the_receipt_that_was_asked_about() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5><F2><C-u>{FIRST}<F5>500<F2>")).shows("核对单");
    seat.press("<F10>班次<Enter>").shows("班次 1").press("<Down>").press("<F6>").shows("35.04");
    // Meanwhile the same person takes a fee at another terminal: it stands on top now.
    let fee = json!({ "kind": "补卡费", "amount": "5.00", "payer": "路人" });
    seat.app.act("fee.take", &fee, None).unwrap();
    seat.press("收错了<F2>").shows("35.04");
    let ids = [SECOND, FIRST].map(|no| account(&seat.app, no));
    let tx = seat.app.desk.look().unwrap();
    assert_eq!(ids.map(|id| tx.owed(id).unwrap().to_string()), ["35.04", "0.00"]);
}

#[test]
fn a_card_with_two_reasons_asks_two_questions() {
    let mut book = book("B03");
    water::branch(&mut book, &[water::resident("3100000001"), water::resident("3100000002")]);
    for (no, value) in [("3100000001", "110"), ("3100000002", "112")] {
        book.act("room", "reading.key", json!({ "account": no, "value": value }));
    }
    let last = |seat: &Seat| {
        let id = account(&seat.app, "3100000001");
        let tx = seat.app.desk.look().unwrap();
        tx.last_reading(id).unwrap().map(|row| row.value.to_string())
    };
    let before = Some("100".to_owned());
    let mut seat = Seat::on(book, "check", screens::cards);
    // Typed three times in one burst: the first refusal stops it.
    seat.press("990<Enter>990<Enter>990<Enter>").shows("与第一遍不符").shows("超过平均").shows("8 个键没有收");
    assert_eq!(last(&seat), before);
    seat.press("990<Enter>").shows("这一点也请核实").shows("超过平均");
    assert_eq!(last(&seat), before, "the third look answers one of the two");
    seat.press("<Esc>");
    assert_eq!(last(&seat), before);
    // From the beginning, both answered.
    seat.press("990<Enter>").shows("与第一遍不符").press("990<Enter>").shows("这一点也请核实");
    seat.press("<F2>").shows("已按第二遍入账").shows("不符 1");
    assert_eq!(last(&seat).as_deref(), Some("990"));
    // One reason is answered by typing the value once more.
    seat.press("113<Enter>").shows("与第一遍不符").press("113<Enter>").shows("不符 2");
}

#[test]
fn a_bell_is_asked_for_by_every_refusal_and_by_nothing_else() {
    let mut seat = counter();
    seat.press(&format!("{SECOND}<F5>10"));
    assert!(!seat.stack.take_ring());
    seat.press("<F2>");
    assert!(seat.stack.take_ring() && !seat.stack.take_ring());
}

#[test]
fn layers_do_not_pile_up_without_end() {
    let mut seat = counter();
    for _ in 0..100 {
        seat.press("<F10>服务费<Enter>");
        seat.shot();
    }
    assert_eq!(seat.stack.depth(), meterdesk::tui::stack::DEPTH_MAX);
    seat.shows("先按 Esc 返回").press("<F3>");
    assert_eq!(seat.stack.depth(), 1);
}

/// A practice branch on disk, where drafts are kept.
fn on_disk(folder: &tempfile::TempDir, day: i64) -> App {
    let path = folder.path().join("a.db");
    if !path.exists() {
        drop(demo::build(&path, 60, 1, &mut |_, _, _| {}).unwrap());
    }
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    desk.set_clock(Box::new(FixedClock::at(desk.now() + chrono::Duration::days(day))));
    desk.sign_in_practice("demo").unwrap();
    App::new(desk, Inputs::silent().waker())
}

fn draft(key: &str, field: &str, text: &str) -> Draft {
    let values = [(field.to_owned(), text.into())].into_iter().collect();
    Draft { key: key.into(), values }
}

#[test]
fn what_is_forgotten_is_forgotten_for_the_next_reader_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = on_disk(&folder, 0);
    for round in 0..200 {
        app.keep_draft(draft("pay/1", "part", &round.to_string()));
        assert_eq!(app.draft("pay/1").unwrap()["part"], round.to_string());
        if round % 3 == 0 {
            app.flush_drafts();
        }
        app.forget_draft("pay/1");
        assert_eq!(app.draft("pay/1"), None, "round {round}");
    }
    app.keep_draft(Draft { key: "pay/1".into(), values: Default::default() });
    app.flush_drafts();
    assert_eq!(app.draft("pay/1"), None, "a form emptied again keeps nothing");
}

#[test]
fn an_amount_is_not_resumed_on_another_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = on_disk(&folder, 0);
    app.keep_draft(draft("pay/1", "part", "20"));
    app.flush_drafts();
    assert!(app.draft_of_today("pay/1").is_some());
    drop(app);
    let app = on_disk(&folder, 1);
    assert!(app.draft_of_today("pay/1").is_none());
    assert!(app.draft("pay/1").is_some(), "words are kept, money is not taken up");
}

#[test]
fn an_unfinished_payment_says_so_is_seen_before_f2_and_is_thrown_away_by_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 0);
    let owing: (String, meterdesk::rules::id::Id) = {
        let tx = app.desk.look().unwrap();
        let rows: Vec<_> = tx.scan::<meterdesk::store::tables::account::AccountRow>(&[]).unwrap();
        let row = rows.into_iter().find(|row| tx.owed(row.id).unwrap().0 > 5_000).unwrap();
        (row.no, row.id)
    };
    let id = owing.1;
    let receipts = |seat: &Seat| seat.app.desk.look().unwrap().entry_count().unwrap();
    let pay: support::seat::Way = Box::new(move |app| screens::pay(app, id));
    let mut seat = Seat::over(app, vec![(Command::GoPay, pay)]);
    seat.press("<F5><Tab><Tab>20<Esc>");
    let before = receipts(&seat);
    seat.press("<F5><F2>").shows("没办完的").shows("Ctrl-N");
    assert_eq!(receipts(&seat), before, "a key typed before it was seen takes nothing");
    let resumed = seat.shot();
    assert!(resumed.has("应收 20.00"), "{}", resumed.picture());
    seat.press("<C-n>").shows("已清空");
    assert!(!seat.shot().has("应收 20.00"));
    seat.press("<Esc><F5>");
    assert!(!seat.shot().has("没办完的"));
}

#[test]
fn the_next_callers_form_does_not_begin_with_the_last_callers_words() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 0);
    let open: support::seat::Way = Box::new(|app| screens::intake(app, None));
    let mut seat = Seat::over(app, vec![(Command::GoIntake, open)]);
    seat.press("<F6>bx<Enter>人民路12号<Enter>张三").shows("张三").press("<Esc>");
    // Typed ahead for the next caller: dropped, because a question came first.
    seat.press("<F6>ts<Enter>").shows("没办完的受理").shows("张三").shows("个键没有收");
    seat.press("<C-n>");
    assert!(!seat.shot().has("张三"));
    seat.press("bx<Enter>建设路<Enter>李四<Esc>");
    seat.press("<F6>").shows("李四").press("<F2>").shows("受理  报修").shows("建设路");
}

#[test]
fn every_form_left_half_filled_says_so_and_one_key_throws_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 0);
    let ways: Vec<(Command, support::seat::Way)> = vec![
        (Command::GoPay, Box::new(|app| screens::swap(app, None))),
        (Command::GoIntake, Box::new(screens::account_open)),
    ];
    let mut seat = Seat::over(app, ways);
    for (open, typed) in [("<F5>", "HB900009"), ("<F6>", "XU9XU9")] {
        seat.press(open).press(typed).shows(typed).press("<Tab><Esc>").press(open);
        seat.shows("没办完的").shows(typed).shows("Ctrl-N").press("<C-n>").shows("已清空");
        assert!(!seat.shot().has(typed), "{}", seat.shot().picture());
        seat.press("<Esc>").press(open);
        assert!(!seat.shot().has("没办完的"), "{}", seat.shot().picture());
        seat.press("<Esc>");
    }
}

#[test]
fn a_sum_left_in_a_deposit_came_back_and_took_the_count_of_the_close() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = on_disk(&folder, 0);
    if app.facts().shift.is_none() {
        app.ask("shift.open", &json!({ "float": "200.00", "reason": "新开" })).unwrap();
    }
    let mut seat = Seat::over(app, vec![(Command::GoDispatch, Box::new(screens::shift))]);
    // F8 typed ahead closes, and what is counted goes to the count.
    seat.press("<F7>").press("77x<F2>").shows("77x").press("<Esc>").shot();
    seat.press("<F7><F8>88").shows("清点现金").shows("88").press("<Esc>").shot();
    assert!(!seat.shot().has("77x"), "{}", seat.shot().picture());
    // What is no sum comes back, and says that it does.
    seat.press("<Tab><Tab>JK-0815<Esc>").press("<F7><F8>").shows("清点现金").press("<Esc>");
    seat.shows("没办完的存入").shows("JK-0815").press("<C-n>").shows("已清空");
}

#[test]
fn a_callers_half_filled_case_is_not_thrown_away_by_going_back() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 0);
    let open: support::seat::Way = Box::new(|app| screens::intake(app, None));
    let mut seat = Seat::over(app, vec![(Command::GoIntake, open)]);
    seat.press("<F6>bx<Enter>人民路88号<Tab>路人乙<Esc>").press("<F6>").shows("没办完的受理").press("<Esc>").shot();
    // The next caller's first keys do not load it.
    seat.press("<F6>").shows("路人乙").press("bx<Enter>").shows("这里不收打字");
    seat.shows("没办完的受理").press("<F2>").shows("受理  报修").shows("路人乙");
}

#[test]
fn another_account_on_a_slip_that_came_back_brings_its_own_meter() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 0);
    let hung: Vec<(String, String)> = {
        let tx = app.desk.look().unwrap();
        let rows: Vec<_> = tx.scan::<meterdesk::store::tables::account::AccountRow>(&[]).unwrap();
        let hung = rows.into_iter().filter_map(|row| Some((row.no, tx.meter_on_wall(row.id).unwrap()?.no)));
        hung.take(2).collect()
    };
    let [(first, old), (second, new)] = &hung[..] else { panic!("two accounts with a meter") };
    let mut seat = Seat::over(app, vec![(Command::GoPay, Box::new(|app: &mut App| screens::swap(app, None)))]);
    seat.press("<F5>HB77<Tab>").press(first).press("<Tab>").shows(old).press("<Tab>120<Esc>");
    seat.press("<F5>").shows("没办完的").shows(old).shows("120");
    seat.press("<Tab><C-u>").press(second).press("<Tab>").shows(new);
    let shot = seat.shot();
    assert!(!shot.has(old), "the meter of the account before is gone\n{}", shot.picture());
    assert!(shot.has("120"), "what was typed off the slip stays\n{}", shot.picture());
    // Changed and not looked at: F2 brings the meter first and enters nothing.
    seat.press("<S-Tab><C-u>").press(first).press("<F2>").shows("户号改过").shows(old);
}

/// The fee of one who went away without paying stood in the next one's form.
#[test]
fn a_fee_that_was_left_meets_no_other_payer_and_comes_back_at_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = on_disk(&folder, 0);
    let mut act =
        |action: &str, input| serde_json::from_str::<Value>(&app.act(action, &input, None).unwrap().result).unwrap();
    let no =
        act("account.open", json!({ "address": "建设路3号", "class": "resident", "name": "王芳" }))["account"].clone();
    let fields = json!({ "new_name": "李强", "phone": "13711112222" });
    act("intake.take", json!({ "service": "transfer", "account": no, "papers": PAPERS, "fields": fields }));
    let no = no.as_str().unwrap().to_owned();
    let customer = move |app: &mut App| screens::customer(app, account(app, &no));
    let fee = |app: &mut App| screens::fee(app);
    let mut seat = Seat::over(app, vec![(Command::Open, Box::new(customer)), (Command::GoIntake, Box::new(fee))]);
    seat.press("<Enter>").shows("应收业务费 过户费").press("<C-f>").shows("服务费").shows("过户费").shows("5.00");
    seat.press("10").shows("收您 10.00 元").press("<Esc><Esc>");
    seat.press("<F6>").shows("服务费");
    assert!(!seat.shot().has("过户费") && !seat.shot().has("10.00"));
    // What is half typed for another comes back there, and what was typed at the charge at the charge.
    seat.press("<Tab>7<Esc>");
    seat.press("<Enter><C-f>").shows("过户费").shows("收您 10.00 元").press("<Esc><Esc>");
    seat.press("<F6>").shows("7");
    assert!(!seat.shot().has("过户费") && !seat.shot().has("10.00"));
}

/// An account with two arrears and a till, over a book on disk.
fn two_arrears(folder: &tempfile::TempDir) -> (App, String) {
    let mut app = on_disk(folder, 0);
    let mut act =
        |action: &str, input| serde_json::from_str::<Value>(&app.act(action, &input, None).unwrap().result).unwrap();
    let file = json!({ "address": "建设路5号", "class": "resident", "name": "王芳",
        "arrears": [{ "cycle": "2026-08", "amount": "45.00" }, { "cycle": "2026-10", "amount": "40.00" }] });
    let no = act("account.open", file)["account"].as_str().unwrap().to_owned();
    (app, no)
}

#[test]
fn a_payment_put_by_came_back_with_bills_that_had_been_taken_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (app, no) = two_arrears(&folder);
    let id = account(&app, &no);
    let pay = move |app: &mut App| screens::pay(app, id);
    let mut seat = Seat::over(app, vec![(Command::Open, Box::new(pay))]);
    let whole = seat.press("<Enter>").shot().picture();
    seat.press("<Down><Space>");
    let part = seat.shot().picture();
    assert_ne!(whole, part, "one bill is out");
    let owed = |picture: &str| picture.split("应收 ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let sum = owed(&part);
    assert_ne!(owed(&whole), sum);
    seat.press("<F9><F2>");
    let _ = seat.shot();
    let again = seat.press("<Enter>").shot().picture();
    assert_eq!(owed(&again), sum, "{again}");
    seat.press("<Down><Space>");
    let _ = seat.shot();
    seat.press("<F9><F2>");
    let _ = seat.shot();
    assert_eq!(owed(&seat.press("<Enter>").shot().picture()), owed(&whole));
}

#[test]
fn a_case_put_by_after_a_tick_that_changes_its_form_came_back_without_the_tick() {
    let folder = tempfile::tempdir().unwrap();
    let (app, no) = two_arrears(&folder);
    let intake = move |app: &mut App| {
        let id = account(app, &no);
        screens::intake(app, Some(id))
    };
    let mut seat = Seat::over(app, vec![(Command::Open, Box::new(intake))]);
    seat.press("<Enter>gh<Enter>").shows("过户").shows("代办");
    let ticked = |seat: &mut Seat| {
        let picture = seat.shot().picture();
        picture.lines().find(|line| line.contains("代办 ")).unwrap_or_default().to_owned()
    };
    for _ in 0..20 {
        seat.press("<Space>");
        if ticked(&mut seat).contains("[x]") {
            break;
        }
    }
    let before = ticked(&mut seat);
    assert!(before.contains("[x]"), "{before}");
    seat.press("<Esc>");
    let _ = seat.shot();
    seat.press("<Enter>");
    assert_eq!(ticked(&mut seat), before);
}
