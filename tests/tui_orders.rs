//! The screens of intake and dispatch: given a small branch, when these keys, then this picture and these entries.

mod support;

use meterdesk::desk::Call;
use meterdesk::store::tables::order::OrderRow;
use meterdesk::tui::screens;
use serde_json::{Value, json};
use support::orders::{Book, book, moment};
use support::seat::{Seat, account, control_keys};
use support::site::new_site;
use support::town;

/// At intake for an account found first, as by typing into home's box.
fn intake(book: Book, user: &str, no: &'static str) -> Seat {
    Seat::on(book, user, move |app| screens::intake(app, Some(account(app, no))))
}

fn orders(seat: &Seat) -> Vec<OrderRow> {
    let day = moment().date_naive();
    seat.app.desk.look().unwrap().orders_taken_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap()
}

fn branch() -> Book {
    let mut book = book("B03");
    town::small(&mut book);
    book
}

fn at(book: &mut Book, user: &str, minutes: i64, action: &str, input: Value) -> Value {
    book.desk.sign_in_practice(user).unwrap();
    let at = Some(moment() + chrono::Duration::minutes(minutes));
    let done = book.desk.perform(action, &input.to_string(), Call { key: None, at }).unwrap();
    serde_json::from_str(&done.result).unwrap()
}

/// A desk with an order on every heap.
fn busy() -> Book {
    let mut book = branch();
    let fault = |address: &str, kind: &str, area: &str| {
        json!({ "service": "fault", "address": address, "caller": "路人", "fields": { "kind": kind, "area": area, "phone": "13800000000",
                "detail": "阀门处大量漏水，已用沙袋围挡，请带抢修车" } })
    };
    let late = at(&mut book, "desk", -70, "intake.take", fault("人民路12号33幢", "漏水", "城区"))["order"].clone();
    at(&mut book, "desk", -60, "order.dispatch", json!({ "orders": [late], "worker": "lq" }));
    at(&mut book, "desk", -4, "intake.take", fault("建设路3号", "停水", "城区"));
    let unseal = json!({ "service": "unseal", "account": "3100000004", "papers": ["owner_id", "application"] });
    at(&mut book, "demo", -3, "intake.take", unseal);
    let paused =
        at(&mut book, "desk", -3, "intake.take", fault("解放路57号福源水郡南区", "水压不足", "农村"))["order"].clone();
    at(&mut book, "desk", -2, "order.pause", json!({ "order": paused, "reason": "用户原因" }));
    let done = at(&mut book, "desk", -90, "intake.take", fault("光明路8号", "漏水", "城区"))["order"].clone();
    at(&mut book, "desk", -89, "order.dispatch", json!({ "orders": [done], "worker": "zm" }));
    let slip = json!({ "order": done, "arrived": "08:50", "done": "09:10", "left": "09:15" });
    at(&mut book, "desk", -40, "order.return", slip);
    let complaint = json!({ "service": "complaint", "address": "人民路", "caller": "张三", "fields": { "course": "停水没有通知" } });
    at(&mut book, "desk", -1, "intake.take", complaint);
    book
}

#[test]
fn the_dispatch_desk_empty_and_full() {
    Seat::home(branch(), "desk").press("<F7>");
    let mut seat = Seat::home(busy(), "desk");
    seat.shows("受理 6").shows("派工 2").shows("1 张已超时 25 分钟 (B03.1.13 漏水 人民路12号33幢)");
    seat.press("<F7>");
    seat.press("<Space><Space><F4>").snapshot("dispatch_worker");
}

#[test]
fn one_order_is_dispatched_with_four_keys() {
    let mut seat = Seat::home(busy(), "desk");
    let keys = "<F7><F4>lq<Enter><F2>";
    seat.press("<F7><Down>").shows("建设路3号");
    seat.press("<Esc>").press("<F7><Down><F4>lq<Enter><F2>").shows("已派 1 张给李强");
    assert_eq!(control_keys(keys), 4);
    assert_eq!(orders(&seat).iter().filter(|order| order.state == "在途").count(), 2);
}

#[test]
fn a_whole_evening_is_dispatched_and_printed_with_six_keys() {
    let mut seat = Seat::home(busy(), "desk");
    let keys = "<F7><C-a><F4>lq<Enter><F2><C-o>";
    assert!(control_keys(keys) <= 6);
    seat.press(keys).shows("派工单（换拆启封校）");
    assert_eq!(orders(&seat).iter().filter(|order| order.stage == "waiting").count(), 1, "the complaint stays");
    seat.snapshot("dispatch_slips");
}

#[test]
fn who_may_not_print_dispatch_slips_is_told_who_may() {
    let mut seat = Seat::home(busy(), "check");
    seat.press("<F7><C-o>").shows("您没有“打印派工单”的权限").shows("责任营业员");
    Seat::home(busy(), "demo").press("<F7><C-o>").shows("派工单");
}

#[test]
fn the_time_at_the_window_is_shown_when_it_is_short_and_kept_when_it_is_over() {
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("qf<Enter><Space><Space>");
    assert!(!seat.shot().has("窗口限时"), "nothing to hurry about yet");
    let later =
        |minutes| Box::new(meterdesk::book::clock::FixedClock::at(moment() + chrono::Duration::minutes(minutes)));
    seat.app.desk.set_clock(later(17));
    seat.shows("窗口限时还剩 3 分钟");
    seat.app.desk.set_clock(later(23));
    seat.shows("! 窗口限时已超 3 分钟").press("<F2>").shows("已受理");
    let order = orders(&seat).remove(0);
    assert_eq!(order.window_over, 3);
    let history = seat.app.desk.look().unwrap().order_events(order.id).unwrap();
    assert!(history[0].note.ends_with("窗口超时3分钟"), "{}", history[0].note);
}

/// A branch whose own catalogue asks a fee for unsealing.
fn with_a_fee(folder: &tempfile::TempDir) -> Book {
    let own = folder.path().join("services");
    std::fs::create_dir(&own).unwrap();
    let unseal = include_str!("../assets/services/unseal.toml");
    let fee = "\n[[fee]]\nkey = \"unseal\"\nname = \"启封工本费\"\namount = \"12.50\"\ninvoice = \"收据\"\n";
    std::fs::write(own.join("unseal.toml"), format!("{unseal}{fee}")).unwrap();
    let new = new_site("B03", false);
    let clock = Box::new(meterdesk::book::clock::FixedClock::at(moment()));
    let path = folder.path().join("a.db");
    let (mut desk, _) = meterdesk::desk::Desk::create(&path, Default::default(), clock, &new).unwrap();
    desk.add_practice_users().unwrap();
    let mut book = Book { desk };
    town::small(&mut book);
    book
}

#[test]
fn a_fee_agreed_at_intake_is_typed_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = with_a_fee(&folder);
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    let mut seat = intake(book, "demo", "3100000004");
    seat.press("qf<Enter>").shows("应收 12.50");
    seat.press("<Space><Space><F2>").shows("服务费").shows("启封工本费").shows("12.50").shows("3100000004");
    let order = orders(&seat).remove(0).id.to_string();
    seat.shows(&order);
    seat.press("<F2>").shows("收您 12.50");
    let day = moment().date_naive();
    let taken = seat.app.desk.look().unwrap().till_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap();
    assert_eq!((taken.len(), taken[0].item.as_str()), (1, "启封工本费"));
}

/// Stages: two wait (建设路3号, the unsealing), one is out, one paused, one waits for its callback, one complaint.
fn order_at(seat: &Seat, address: &str) -> OrderRow {
    orders(seat).into_iter().find(|order| order.address.contains(address)).expect(address)
}

#[test]
fn a_key_on_the_desk_acts_on_the_order_under_the_bar_or_refuses() {
    let mut seat = Seat::home(busy(), "desk");
    let waits = order_at(&seat, "光明路8号");
    seat.press("<F7><Down>").shows("建设路3号");
    seat.press("<F6>").shows("待回访的才能记回访");
    assert_eq!(seat.stack.depth(), 2, "no other order's callback opens");
    seat.press("<F2><F2>").shows("派给哪位师傅").shows("1 个键没有收").press("<Esc>");
    assert_eq!(order_at(&seat, "光明路8号").state, waits.state);
    // On its own heap it opens.
    seat.press("<Left><Left>").shows("<待回访").press("<F6>").shows(&waits.id.to_string());
}

#[test]
fn a_number_typed_moves_the_bar_there_or_says_where_the_order_is() {
    let mut seat = Seat::home(busy(), "desk");
    let (waiting, out) = (order_at(&seat, "建设路3号"), order_at(&seat, "人民路12号33幢"));
    seat.press(&format!("<F7>{}", waiting.id.seq()));
    let shot = seat.shot();
    let bar = shot.rows.iter().find(|row| row.trim_start().starts_with('>')).unwrap();
    assert!(bar.contains(&waiting.id.to_string()), "{}", shot.picture());
    seat.press("<F4>").shows(&format!("派给哪位师傅  {}", waiting.id)).press("<Esc><Esc>");
    // Not in this heap: told at once, and no key acts on another.
    seat.press("<Right>").shows("<待派").press(&out.id.seq().to_string()).shows("不在“待派”这一堆，现为在途");
    seat.press("<F5>").shows("不在“待派”这一堆");
    assert_eq!(seat.stack.depth(), 2);
    seat.press("999999<C-e>").shows("999999");
    let tx = seat.app.desk.look().unwrap();
    assert_ne!(tx.latest_entries(1).unwrap()[0].action, "order.chase");
}

#[test]
fn ticks_that_say_other_than_the_bar_are_not_passed_over() {
    let mut seat = Seat::home(busy(), "desk");
    // The bar goes on after a tick: the only ticked order is meant.
    let out = order_at(&seat, "人民路12号33幢").id.to_string();
    seat.press("<F7><Space>").shows("选了 1").press("<F5>").shows(&out).shows("到场时间").press("<Esc>");
    seat.press("<Down><Space><Down>").shows("选了 2").press("<F5>").shows("选了 2 张，这个键一次只办一张");
    assert_eq!(seat.stack.depth(), 2);
}

#[test]
fn printing_after_dispatch_prints_those_just_sent_and_the_day_is_a_choice_of_its_own() {
    let mut seat = Seat::home(busy(), "desk");
    let (sent, before) =
        (order_at(&seat, "建设路3号").id.to_string(), order_at(&seat, "人民路12号33幢").id.to_string());
    seat.press("<F7><Down><F4>lq<Enter><F2>").shows(&sent).press("<C-o>").shows(&sent);
    let whole = seat.shot_of((120, 200));
    assert!(!whole.has(&format!("工单号 {before}")), "{}", whole.picture());
    seat.press("<Esc><C-p>dtd<Enter>");
    let whole = seat.shot_of((120, 200));
    assert!(whole.has(&format!("工单号 {before}")) && whole.has(&format!("工单号 {sent}")), "{}", whole.picture());
    // The hand has gone on: what is under the bar is meant, and one that is not out has no slip.
    seat.press("<Esc>");
    let unsent = orders(&seat).into_iter().find(|order| order.stage == "waiting").unwrap();
    seat.press(&format!("{}<C-o>", unsent.id.seq())).shows("还没有派出");
}

#[test]
fn f2_twice_takes_no_fee_that_opened_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = with_a_fee(&folder);
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    let mut seat = intake(book, "demo", "3100000004");
    seat.press("qf<Enter><Space><Space><F2><F2><F2>").shows("服务费").shows("这一屏刚打开，先按的 2 个键没有收");
    let day = moment().date_naive();
    let taken = seat.app.desk.look().unwrap().till_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap();
    assert_eq!(taken.len(), 0);
}

#[test]
fn a_slip_done_as_planned_needs_at_most_four_keys() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><F5>");
    seat.press("0940").shows("09:40").press("09450950");
    seat.press("<F2>").shows("超时原因");
    seat.press("大雨积水，车辆绕行<F2>").shows("已入账，现为待回访");
    assert!(control_keys("<F7><F5>094009450950<F2>") <= 4);
}

#[test]
fn a_slip_before_dispatch_is_refused_in_words() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><Down><F5>").shows("在途的才能填回执");
}

#[test]
fn a_satisfied_callback_needs_three_keys() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><F6>");
    seat.press("<F2>").shows("现为完结");
    assert_eq!(control_keys("<F7><F6><F2>"), 3);
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><F6><Right><F2>");
}

#[test]
fn a_complaint_is_answered_from_the_desk() {
    let mut seat = Seat::home(busy(), "chief");
    seat.press("<F7><End>").shows("投诉");
    seat.press("<F5>").snapshot("answer");
    seat.press("已向用户说明并道歉<F2>").shows("现为待回访");
}

#[test]
fn an_order_shows_its_history_and_is_found_by_its_number() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><Enter>");
    let id = orders(&seat)[0].id.to_string();
    seat.press("<Esc><Esc>").press(&id).press("<Enter>").shows("经过");
}

#[test]
fn an_order_is_paused_resumed_and_voided_through_the_palette() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><Down><C-p>zt<Enter>").press("<Right><F2>").shows("已记");
    assert!(orders(&seat).iter().any(|order| order.address == "建设路3号" && order.state == "暂停"));
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><Down><C-p>zf<Enter>重复<F2>").shows("权限");
}

#[test]
fn an_order_could_not_be_voided_from_its_own_page() {
    let unseal = |seat: &Seat| orders(seat).into_iter().find(|order| order.category == "启封").unwrap();
    let mut seat = Seat::home(busy(), "chief");
    let id = unseal(&seat).id.to_string();
    seat.press(&id).press("<Enter>").shows("经过").press("<C-p>zf<Enter>").shows(&format!("作废 {id}"));
    seat.press("<F2>").shows("原因没有填").press("受理错了户<F2>").shows("已作废");
    assert!(!unseal(&seat).open);
    // Who may not is not offered it.
    let mut seat = Seat::home(busy(), "demo");
    seat.press(&id).press("<Enter>").shows("经过").press("<C-p>zf");
    assert!(!seat.shot().has("作废这张工单"), "{}", seat.shot().picture());
}

#[test]
fn the_number_box_and_an_open_list_were_deaf_to_ctrl_u() {
    let mut seat = Seat::home(busy(), "desk");
    let waiting = order_at(&seat, "建设路3号");
    seat.press(&format!("<F7>999<C-u>{}", waiting.id.seq())).shows(&format!("工单 {}_", waiting.id.seq()));
    assert!(!seat.shot().has("999"), "{}", seat.shot().picture());
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("qf").shows("启封").press("<C-u>gh<Enter>").shows("受理  过户");
    seat.press("<S-Tab><S-Tab><S-Tab><C-u>").shot();
}

#[test]
fn the_mistakes_of_a_case_without_an_account_came_one_after_the_other() {
    let mut seat = Seat::home(branch(), "desk");
    seat.press("<F6>bx<Enter><F2>").shows("请填写地址").shows("请填写来电人").shows("请填写故障类别");
}

#[test]
fn a_text_that_names_no_choice_was_told_as_if_the_field_took_no_typing() {
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("zzz").shows("选单里没有");
    assert!(!seat.shot().has("这里不收打字"), "{}", seat.shot().picture());
}

#[test]
fn workers_are_registered_and_changed() {
    let mut seat = Seat::home(branch(), "boss");
    seat.press("<F10>sf<Enter>");
    seat.press("<F2>wj<Enter>王健<Enter>抢修班<Enter>城区<Enter>13800000001<F2>").shows("王健");
    assert_eq!(seat.app.desk.look().unwrap().workers().unwrap().len(), 3);
}

#[test]
fn unsealing_with_its_papers_ticked_needs_six_keys_and_one_a_paper() {
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("qf<Enter>").snapshot("intake_unseal");
    seat.press("<Space>").press("<F2>");
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("qf<Enter><Space><Space>").shows("自次日起3个工作日内");
    seat.press("<F2>");
    assert_eq!(orders(&seat).len(), 1);
    // From home, beside one key a paper.
    assert!(control_keys("<F6>qf<Enter><F2>") <= 6);
}

#[test]
fn a_leak_in_the_street_is_taken_in_without_an_account_and_a_second_call_is_shown_to_join() {
    let mut seat = Seat::home(branch(), "desk");
    seat.press("<F6>bx<Enter>人民路12号门前<Enter>路人<Enter>ls<Enter>").shows("45分钟");
    seat.press("<F2>").shows("已受理，工单");
    seat.press("<F6>bx<Enter>人民路12号门前<Enter>张三<Enter>ls<Enter>").snapshot("intake_joins");
    seat.press("<F2>").shows("已并入工单");
    assert_eq!(orders(&seat).len(), 1);
}

#[test]
fn arrears_stop_a_seal_before_anything_is_typed_in_vain() {
    let mut seat = intake(branch(), "demo", "3100000006");
    seat.press("fb<Enter>").shows("你还有欠费未缴，须先缴清欠费方可给予受理封表业务");
    seat.snapshot("intake_arrears");
}

#[test]
fn a_case_is_parked_with_its_slip_and_taken_up_again() {
    let mut seat = Seat::home(branch(), "demo");
    seat.press("<F6>qf<Enter>").shows("启封");
    let mut seat = intake(branch(), "demo", "3100000004");
    seat.press("qf<Enter><Space><F9>A012<F2>").shows("请补齐下列资料");
    seat.snapshot("bring_back_slip");
    seat.press("<Esc><Enter><C-r>").shows("A012 启封");
    seat.press("<Enter>").shows("已取回排队号 A012");
    seat.press("<F8>").snapshot("intake_talk");
}

#[test]
fn the_whole_talk_and_the_longest_form() {
    let mut seat = intake(branch(), "demo", "3100000002");
    seat.press("gh<Enter>").snapshot("intake_transfer");
    let mut seat = intake(branch(), "demo", "3100000002");
    seat.press("ts<Enter>");
}

#[test]
fn an_order_already_out_is_not_handed_out_again_and_says_who_has_it() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><F4>zm<Enter><F2>");
    seat.shows("派给李强");
}

#[test]
fn what_another_terminal_took_meanwhile_is_unticked_and_the_rest_goes_out() {
    let mut seat = Seat::home(busy(), "desk");
    seat.press("<F7><C-a>").shows("选了 2");
    let first = orders(&seat).iter().find(|order| order.address == "建设路3号").unwrap().id;
    let other = json!({ "orders": [first], "worker": "lq" });
    seat.app.desk.perform("order.dispatch", &other.to_string(), Call::default()).unwrap();
    seat.press("<F4>zm<Enter><F2>").shows("不能再派").shows("选了 1");
    seat.press("<F2>").shows("已派 1 张给张明");
}

#[test]
fn a_worker_with_a_bad_code_is_refused_in_words() {
    let mut seat = Seat::home(branch(), "boss");
    seat.press("<F10>sf<Enter><F2>李强<Enter>王健<Enter>抢修班<F2>");
}

#[test]
fn an_order_is_urged_once_however_often_the_key_is_pressed_and_named() {
    let mut seat = Seat::home(busy(), "desk");
    let waiting = order_at(&seat, "建设路3号");
    let chases = |seat: &Seat| {
        let tx = seat.app.desk.look().unwrap();
        tx.latest_entries(20).unwrap().iter().filter(|entry| entry.action == "order.chase").count()
    };
    seat.press(&format!("<F7>{}", waiting.id.seq())).press("<C-e>").shows(&format!("已催办 1 张：{}", waiting.id));
    seat.press(&waiting.id.seq().to_string()).press("<C-e>");
    assert_eq!(chases(&seat), 1, "{}", seat.shot().picture());
}
