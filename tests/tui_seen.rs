//! What a deed does is what stood on the screen: the row under the bar of an open list, the order that was seen, the sum that was shown, the
//! number that was confirmed — and nothing once the picture is no longer true.

mod support;

use meterdesk::book::clock::FixedClock;
use meterdesk::desk::{Call, Desk, demo};
use meterdesk::rules::reach::Reach;
use meterdesk::store::OpenOptions;
use meterdesk::store::tables::billing::BalanceRow;
use meterdesk::store::tables::till::TillRow;
use meterdesk::tui::app::App;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::screens;
use serde_json::{Value, json};
use support::orders::{book, moment};
use support::seat::{Seat, Way, account};
use support::till::{accounts, owes, prices};
use support::{town, water};

const FIRST: &str = "10000001";
const METER: &str = "3100000001";

/// One customer owes 435.90, the till is open.
fn counter() -> Seat {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(43_590, "2027-01-05")], vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    Seat::lobby(book, "demo", vec![(Command::GoPay, Box::new(|app| screens::pay(app, account(app, FIRST))))])
}

fn taken(seat: &Seat) -> Vec<TillRow> {
    let (tx, day) = (seat.app.desk.look().unwrap(), moment().date_naive());
    let rows = tx.till_between(Reach::ALL, day, day).unwrap();
    rows.into_iter().filter(|row| row.kind == "payment").collect()
}

/// Orders from outside, in a heap of their own: `waiting`, `underway`, `callback`.
fn outside(count: usize, stage: &str) -> (Seat, Vec<String>) {
    let mut book = book("B03");
    town::small(&mut book);
    let mut at = |minutes: i64, action: &str, input: Value| -> Value {
        book.desk.sign_in_practice("desk").unwrap();
        let at = Some(moment() + chrono::Duration::minutes(minutes));
        let done = book.desk.perform(action, &input.to_string(), Call { key: None, at }).unwrap();
        serde_json::from_str(&done.result).unwrap()
    };
    let mut numbers = Vec::new();
    for index in 0..count {
        let fields = json!({ "kind": "停水", "area": "城区", "phone": "13800000000" });
        let fault =
            json!({ "service": "fault", "address": format!("建设路{index}号"), "caller": "路人", "fields": fields });
        let order = at(-30, "intake.take", fault)["order"].clone();
        if stage != "waiting" {
            at(-29, "order.dispatch", json!({ "orders": [order], "worker": "lq" }));
        }
        if stage == "callback" {
            let slip = json!({ "order": order, "arrived": "09:35", "done": "09:40", "left": "09:45" });
            at(-10, "order.return", slip);
        }
        numbers.push(order.as_str().unwrap().to_owned());
    }
    (Seat::home(book, "desk"), numbers)
}

fn state(seat: &Seat, order: &str) -> String {
    seat.app.desk.look().unwrap().order(order.parse().unwrap()).unwrap().unwrap().state
}

#[test]
fn f2_takes_the_choice_under_the_bar_of_the_open_list_and_not_the_one_before_it() {
    for keys in ["<Tab>yhk<F2>", "<Tab><F4><Down><F2>", "<Tab><F4><Down><S-Tab><F2>"] {
        let mut seat = counter();
        seat.press("<F5>").press(keys).shows("核对单");
        assert_eq!(taken(&seat)[0].method, "银行卡", "{keys}");
    }
    // Where money goes back: into prepaid and not over the counter.
    let mut seat = counter();
    seat.press("<F5>500<Tab><Tab><Tab><Tab><Tab><Tab>cr").shows("存入预存").press("<F2>").shows("核对单");
    let id = account(&seat.app, FIRST);
    let kept = seat.app.desk.look().unwrap().get::<BalanceRow>(&[&id]).unwrap();
    assert_eq!(kept.unwrap().prepaid.to_string(), "64.10");
}

#[test]
fn a_callback_and_a_return_slip_say_what_stands_under_the_bar() {
    let (mut seat, orders) = outside(1, "callback");
    seat.press("<F7><F6>").shows("回访").press("bmy").shows("不满意").press("<F2>");
    seat.shows("用户不满意，请填写用户意见");
    assert_eq!(state(&seat, &orders[0]), "待回访");
    let (mut seat, orders) = outside(1, "underway");
    seat.press("<F7><F5>094009450950").press("qx").shows("取消").press("<F2>").shows("取消要选原因");
    assert_eq!(state(&seat, &orders[0]), "在途");
}

#[test]
fn a_word_the_list_does_not_have_is_refused_at_its_field_and_is_never_the_old_choice() {
    let mut seat = counter();
    seat.press("<F5><Tab>weixin<F2>").shows("选单里没有“w”");
    assert_eq!(taken(&seat).len(), 0);
    seat.press("<F2>").shows("选单里没有“w”");
    seat.press("<F2>").shows("选单里没有“w”");
    assert_eq!(taken(&seat).len(), 0, "a second and a third F2 are no other answer");
    seat.press("<BS>").press("zz<F2>").shows("核对单");
    assert_eq!(taken(&seat)[0].method, "转账");
}

#[test]
fn a_part_is_not_taken_again_when_another_desk_has_taken_it_meanwhile() {
    let mut seat = counter();
    seat.press("<F5><Tab><Tab>50").shows("收后仍欠 385.90");
    let other = json!({ "account": FIRST, "amounts": "50.00" });
    seat.app.desk.perform("payment.take", &other.to_string(), Default::default()).unwrap();
    seat.press("<F2>").shows("应收已变：您看到的全户欠费是 435.90，现在是 385.90").shows("收后仍欠 335.90");
    assert_eq!(taken(&seat).len(), 1);
    seat.press("<F2>").shows("核对单");
    assert_eq!(taken(&seat).len(), 2, "seen, it is meant");
}

#[test]
fn prepaid_that_came_or_went_meanwhile_is_seen_before_money_is_taken() {
    let mut seat = counter();
    seat.press("<F5><Tab><Tab>50").shows("收后仍欠 385.90");
    let other = json!({ "account": FIRST, "bills": [], "to_prepaid": "10.00", "expected_balance": "0.00" });
    seat.app.desk.perform("payment.take", &other.to_string(), Default::default()).unwrap();
    let again = seat.app.desk.perform("payment.take", &other.to_string(), Default::default()).unwrap_err();
    assert!(again.message().contains("您看到的余额是 0.00，现在是"), "{again:?}");
    seat.press("<F2>").shows("已变");
    assert_eq!(taken(&seat).len(), 1);
}

#[test]
fn a_draft_done_at_one_desk_is_gone_at_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(demo::build(&path, 60, 1, &mut |_, _, _| {}).unwrap());
    let open = || {
        let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap();
        desk.sign_in_practice("demo").unwrap();
        App::new(desk, Inputs::silent().waker())
    };
    let first = open();
    let id = {
        let tx = first.desk.look().unwrap();
        let rows: Vec<_> = tx.scan::<meterdesk::store::tables::account::AccountRow>(&[]).unwrap();
        rows.into_iter().find(|row| tx.owed(row.id).unwrap().0 > 10_000).unwrap().id
    };
    let seat = |app| {
        let pay: Way = Box::new(move |app| screens::pay(app, id));
        Seat::over(app, vec![(Command::GoPay, pay)])
    };
    let (mut one, mut two) = (seat(first), seat(open()));
    one.press("<F5><Tab><Tab>20").shows("应收 20.00");
    one.app.flush_drafts();
    two.press("<F5>").shows("没办完的").press("<F2>").shows("核对单");
    two.app.flush_drafts();
    one.press("<F2>").shows("应收已变").shows("填的内容已");
    assert!(!one.shot().has("应收 20.00"), "{}", one.shot().picture());
}

#[test]
fn a_swap_slip_enters_the_sum_that_stands_on_the_screen() {
    let mut book = book("B03");
    water::branch(&mut book, &[water::resident(METER)]);
    let mut seat = Seat::lobby(book, "room", Vec::new());
    seat.press("<F10>水表拆换<Enter>HB1<Enter>3100000001<Enter>105<Enter>N1<Enter>").shows("拆换日期");
    seat.press("2026-11-20<Tab>").shows("旧表量 5 (100→105").shows("差额 25.00 元");
    // Back to the final reading: the picture goes with each digit.
    seat.press("<S-Tab><S-Tab><S-Tab><S-Tab>115").shows("旧表量 15 (100→115").shows("差额 75.00 元");
    // Another desk reads the meter: what stands there is no longer so.
    let read = json!({ "account": METER, "value": "110", "date": "2026-11-19" });
    seat.app.desk.perform("reading.enter", &read.to_string(), Default::default()).unwrap();
    seat.press("<F2>").shows("请看清之后再按 F2");
    assert!(seat.app.desk.look().unwrap().slips_of_no("HB1").unwrap().is_empty());
}

#[test]
fn no_callback_is_closed_that_came_under_the_bar_by_itself() {
    let (mut seat, orders) = outside(2, "callback");
    seat.press("<F7><Left><Left>").shows("<待回访 2>");
    seat.press("<F6><F2><F6><F2>").shows("现为完结").shows("2 个键没有收");
    let open = |seat: &Seat| orders.iter().filter(|order| state(seat, order) == "待回访").count();
    assert_eq!(open(&seat), 1);
    // Seen, it may be closed; and one that is named by its number needs no look.
    seat.press("<F6><F2>").shows("现为完结");
    assert_eq!(open(&seat), 0);
    let (mut seat, orders) = outside(2, "callback");
    let seq = |at: usize| orders[at].rsplit('.').next().unwrap().to_owned();
    seat.press(&format!("<F7>{}<F6><F2>{}<F6><F2>", seq(0), seq(1))).shows("现为完结");
    assert!(orders.iter().all(|order| state(&seat, order) == "完结"));
}

#[test]
fn ticks_of_one_heap_do_not_act_in_another() {
    let (mut seat, _) = outside(2, "waiting");
    seat.press("<F7><Space><Space>").shows("选了 2");
    seat.press("<Right>").shows("选中的 2 张已放下");
    assert!(!seat.shot().has("选了 2"));
    seat.press("<Right><C-e>");
    assert!(!seat.shot().has("已催办 2 张"), "{}", seat.shot().picture());
}

/// A seal order on its way, of a meter that stood at 100 in August.
fn sealing(prepaid: i64) -> (Seat, String) {
    let mut book = book("B03");
    let opened = meterdesk::derive::account::file::AccountOpened {
        prepaid: meterdesk::rules::money::Fen(prepaid),
        ..water::resident(METER)
    };
    water::branch(&mut book, &[opened]);
    book.act("boss", "worker.add", json!({ "code": "zm", "name": "张明", "team": "表务班", "area": "农村" }));
    let seal = json!({ "service": "seal", "account": METER, "fields": { "reason": "外出" } });
    let order = book.act("demo", "intake.take", seal)["order"].as_str().unwrap().to_owned();
    book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "zm" }));
    book.desk.set_clock(Box::new(FixedClock::at(moment() + chrono::Duration::hours(2))));
    (Seat::home(book, "desk"), order)
}

/// To the field 结算方数 of the slip, its times filled in.
const TO_SETTLED: &str = "<F7><F5>103010501100<Tab><Tab>";

#[test]
fn the_bill_a_slip_brings_stands_on_the_screen_before_f2() {
    let (mut seat, order) = sealing(5_000);
    seat.press(TO_SETTLED).shows("上次示数 100 (08-10)");
    seat.press("115").shows("用量 15  应收 75.00，预存付 50.00，还欠 25.00");
    seat.press("<C-u>110").shows("用量 10  应收 50.00，预存已付清");
    // A reading keyed at another desk makes it another bill: shown again first.
    let read = json!({ "account": METER, "value": "105", "date": "2026-11-20" });
    seat.app.desk.sign_in_practice("room").unwrap();
    seat.app.desk.perform("reading.enter", &read.to_string(), Default::default()).unwrap();
    seat.app.desk.perform("bill.issue", &json!({ "account": METER }).to_string(), Default::default()).unwrap();
    seat.sit("desk").press("<F2>").shows("看清用量和应收之后再按 F2").shows("用量 5  应收 25.00");
    assert_eq!(state(&seat, &order), "在途");
    seat.press("<F2>").shows("应收 25.00").shows("已入账");
}

#[test]
fn a_tick_for_one_number_does_not_stand_for_the_next() {
    let (mut seat, order) = sealing(0);
    seat.press(TO_SETTLED).press("500<F2>").shows("3 倍").shows("用量核实");
    seat.press("<Tab><Tab><Space>").shows("[x]");
    seat.press("<S-Tab><S-Tab><S-Tab><S-Tab><S-Tab><S-Tab><S-Tab><S-Tab>");
    seat.press("<Tab><Tab><Tab><Tab><Tab><Tab>600");
    assert!(!seat.shot().has("[x]"), "{}", seat.shot().picture());
    seat.press("<F2>").shows("3 倍");
    assert_eq!(state(&seat, &order), "在途");
}

#[test]
fn a_bill_run_does_what_its_question_said_or_asks_again() {
    let mut book = book("B03");
    water::branch(&mut book, &[water::resident(METER), water::resident("3100000002")]);
    water::read(&mut book, METER, "2026-11-12", "120");
    let mut seat = Seat::on(book, "room", screens::bills);
    seat.press("<F2>").shows("1 张账单").shows("合计 100.00 元");
    let read = json!({ "account": "3100000002", "value": "110", "date": "2026-11-12" });
    seat.app.desk.perform("reading.enter", &read.to_string(), Default::default()).unwrap();
    seat.press("<F2>").shows("2 张账单").shows("合计 150.00 元");
    assert!(!seat.shot().has("已出账"));
    seat.press("<F2>").shows("已出账 2 张，合计 150.00 元");
}

#[test]
fn a_locked_screen_says_what_to_do_and_another_person_takes_the_desk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(demo::build(&path, 60, 1, &mut |_, _, _| {}).unwrap());
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap();
    desk.sign_in_practice("demo").unwrap();
    let mut seat = Seat::over(
        App::new(desk, Inputs::silent().waker()),
        vec![(Command::GoIntake, Box::new(|app: &mut App| screens::intake(app, None)))],
    );
    seat.press("<F6>bx<Enter>人民路12号<Enter>张三<F12>").shows("已锁屏");
    seat.shows("按 F6 换人登录").shows("F6 换人").shows("Ctrl-Q 退出");
    seat.press("<F6>").shows("用户名").press("check<Enter>demo<Enter>").shows("首页");
    assert_eq!(seat.app.desk.session().unwrap().login, "check");
    seat.press("<F6>");
    assert!(!seat.shot().has("张三"), "what one has typed is not the other's");
    seat.press("<Esc><F12>").press("<F6>").press("demo<Enter>demo<Enter>").shows("首页");
    seat.press("<F6>").shows("没办完的受理").shows("张三");
}

#[test]
fn the_first_digit_typed_into_a_filled_number_takes_its_place() {
    let mut seat = counter();
    seat.press("<F5>10<Tab><S-Tab>40").shows("差 395.90");
    seat.press("<Left>1").shows("实收");
    // A time of a slip, typed again: not behind the first.
    let (mut seat, _) = outside(1, "underway");
    seat.press("<F7><F5>0940<S-Tab>0932").shows("09:32");
    assert!(!seat.shot().has("09:400"), "{}", seat.shot().picture());
}

#[test]
fn an_enter_some_time_after_the_hand_went_on_by_itself_goes_on_too() {
    let (mut seat, _) = outside(1, "underway");
    seat.press("<F7><F5>094009450950<Enter>").shows("> 合格");
    let later = moment() + chrono::Duration::seconds(2);
    seat.app.desk.set_clock(Box::new(FixedClock::at(later)));
    seat.press("<Enter><S-Tab><S-Tab>0951");
    seat.app.desk.set_clock(Box::new(FixedClock::at(later + chrono::Duration::seconds(2))));
    let focused = |seat: &mut Seat| seat.shot().picture();
    let before = focused(&mut seat);
    seat.press("<Enter>");
    assert_ne!(before, focused(&mut seat), "an Enter seconds later is an Enter");
}
