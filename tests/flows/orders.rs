//! Intake and dispatch: take in 启封 with its papers; dispatch it and enter its slip; a whole evening's orders; a callback.

use meterdesk::desk::demo;
use meterdesk::store::tables::order::OrderRow;

use crate::hand::Branch;

/// A sealed account that owes nothing and has no open order.
const SEALED: &str = "SELECT d_account.no FROM d_account JOIN d_meter ON d_meter.account = d_account.id
    WHERE d_meter.state = 'sealed' AND removed IS NULL
      AND NOT EXISTS (SELECT 1 FROM d_bill WHERE d_bill.account = d_account.id AND unpaid > 0)
      AND NOT EXISTS (SELECT 1 FROM d_order WHERE d_order.account = d_account.id AND open = 1)
    ORDER BY d_account.no LIMIT 1";

fn newest(branch: &Branch) -> OrderRow {
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    tx.orders_taken_between(meterdesk::rules::reach::Reach::ALL, demo::day(), demo::day())
        .unwrap()
        .pop()
        .expect("an order of today")
}

fn heap(branch: &Branch, of: fn(&meterdesk::store::query::order::Heaps) -> i64) -> i64 {
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    of(&tx.order_heaps(desk.now().timestamp()).unwrap())
}

#[test]
fn an_unsealing_is_taken_in_dispatched_returned_and_shows_its_end() {
    let branch = Branch::copy();
    let no = branch.ask(SEALED);
    let papers = 2;
    let mut clerk = branch.open("demo");
    // Typed ahead in one write: nothing may be lost.
    clerk.press(&format!("{no}<F6>qf<Enter><Space><Space><F2>")).shows("已受理，工单").within(6 + papers);
    clerk.leave();
    let order = newest(&branch);
    assert_eq!((order.service.as_str(), order.state.as_str()), ("unseal", "待派"));

    // The order is meant by the last part of its number.
    let tail = order.id.seq();
    let mut desk = branch.open("desk");
    desk.press("<F7>").shows("按剩余时间").press(&format!("{tail}<F4>")).shows("派给哪位师傅");
    desk.press("<Enter><F2>").shows("已派 1 张给").within(4);
    assert_eq!(newest(&branch).state, "在途");
    desk.leave();
    for number in [demo::day().to_string(), order.id.to_string()] {
        let slip = branch.run(&["--as", "desk", "slip", &number]);
        let text = String::from_utf8_lossy(&slip.stdout);
        assert!(slip.status.success() && text.contains(&format!("工单号 {}", order.id)), "{number}\n{text}");
    }
    assert_eq!(branch.run(&["--as", "desk", "slip", "2001-01-01"]).status.code(), Some(1), "nothing went out that day");

    let now = branch.desk().now().format("%H%M").to_string();
    let mut desk = branch.open("desk");
    desk.press("<F7>").shows("按剩余时间").press(&format!("{tail}<F5>")).shows("实施情况").cursor_at("到场时间");
    desk.press(&format!("{now}{now}{now}<F2>")).shows("现为完结，表改为通水").within(4);
    desk.leave();
    assert_eq!(newest(&branch).state, "完结");
}

#[test]
fn a_slip_with_impossible_times_is_not_entered_and_says_so_at_each_field() {
    let branch = Branch::copy();
    let mut desk = branch.open("desk");
    desk.press("<F7>").shows("按剩余时间").press("<Right><Right>").shows("<在途");
    desk.press("<F5>").shows("实施情况").cursor_at("到场时间").press("000000010002<F2>").shows("早于派工时间");
    desk.cursor_at("到场时间");
    desk.leave();
}

#[test]
fn a_whole_evening_is_dispatched_and_printed_within_six_control_keys() {
    let branch = Branch::copy();
    assert!(heap(&branch, |heaps| heaps.waiting) > 1);
    let mut desk = branch.open("desk");
    desk.press("<F7>").shows("按剩余时间").press("<C-a>").shows("选了").press("<F4>").shows("派给哪位师傅");
    desk.press("<Enter><F2>").shows("已派").press("<C-o>").shows("工单号").within(6);
    desk.leave();
    assert_eq!(
        branch
            .ask("SELECT CAST(count(*) AS TEXT) FROM d_order WHERE stage = 'waiting' AND service NOT IN ('complaint', 'consult')")
            .as_str(),
        "0"
    );
}

#[test]
fn a_callback_is_three_keys() {
    let branch = Branch::copy();
    let before = heap(&branch, |heaps| heaps.callback);
    assert!(before > 0);
    let mut desk = branch.open("desk");
    desk.press("<F7><F6><F2>").shows("现为完结").within(3);
    desk.leave();
    assert_eq!(heap(&branch, |heaps| heaps.callback), before - 1);
}

/// Day 11, 12; screens.md: papers, new owner and fee within ten control keys, and the case is over.
#[test]
fn a_transfer_with_papers_new_owner_and_fee_is_ten_keys() {
    let branch = Branch::copy();
    let no = branch.ask(
        "SELECT no FROM d_account a WHERE status = '正常' AND name NOT IN ('', '用户') AND utility <> 'gas' \
         AND NOT EXISTS (SELECT 1 FROM d_bill WHERE account = a.id AND (unpaid > 0 OR state = 'held')) \
         AND NOT EXISTS (SELECT 1 FROM d_balance WHERE account = a.id AND (prepaid <> 0 OR credit <> 0)) \
         AND NOT EXISTS (SELECT 1 FROM d_order WHERE account = a.id AND open = 1) \
         AND EXISTS (SELECT 1 FROM d_meter WHERE account = a.id AND removed IS NULL AND state = 'supplied') \
         ORDER BY id LIMIT 1",
    );
    let no = no.trim();
    let mut clerk = branch.open("demo");
    clerk.press(no).shows(no).press("<F6>gh<Enter>").shows("受理  过户");
    clerk.press("<Space><Space><Tab><Tab><Tab>新主三<F2>").shows("过户  ").shows("→ 新主三").cursor_at("证件号码");
    // What opened by itself is looked at before it is answered.
    clerk.look().press("110101199003070038<F2>").shows("已过户给 新主三").shows("服务费");
    clerk.look().press("<F2>").shows("核对单 B03-1-").within(10);
    clerk.leave();
    let row = newest(&branch);
    assert_eq!((row.title.as_str(), row.state.as_str(), row.open, row.owed.0), ("过户", "窗口办结", false, 0));
    let desk = branch.desk();
    let account = desk.look().unwrap().account_of_text(no).unwrap().unwrap();
    assert_eq!(account.name, "新主三");
}
