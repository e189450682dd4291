//! The data room: a swap slip keyed whole, a slip opened by its number, thirty reading cards with one key each.

use meterdesk::desk::{Call, Desk};
use serde_json::{Value, json};

use crate::hand::Branch;

fn perform(desk: &mut Desk, action: &str, input: &Value) -> Value {
    desk.sign_in_practice("room").unwrap();
    let done = desk.perform(action, &input.to_string(), Call::default());
    serde_json::from_str(&done.unwrap_or_else(|refusal| panic!("{action}: {refusal:?}")).result).unwrap()
}

/// The first card of the first book: 户号, meter, last reading and its day.
fn first_card(desk: &Desk) -> (String, String, String, chrono::NaiveDate) {
    card(desk, 0)
}

/// A card of the books in their order.
fn card(desk: &Desk, place: usize) -> (String, String, String, chrono::NaiveDate) {
    let tx = desk.look().unwrap();
    let mut cards = tx.books().unwrap().into_iter().flat_map(|book| tx.cards_of_book(&book).unwrap());
    let card = cards.nth(place).unwrap();
    let last = tx.last_reading(card.id).unwrap().unwrap();
    (card.no, tx.meter_on_wall(card.id).unwrap().unwrap().no, last.value.to_string(), last.day)
}

fn on_wall(branch: &Branch, no: &str) -> String {
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    tx.meter_on_wall(account).unwrap().unwrap().no
}

#[test]
fn a_slip_is_keyed_whole_with_one_key_a_field() {
    let branch = Branch::copy();
    let (no, meter, last, _) = first_card(&branch.desk());
    let mut clerk = branch.open("room");
    clerk.press("<F10>").shows("菜单").press("水表拆换<Enter>").shows("退回登记").cursor_at("拆换单");
    clerk.press("HB900002<Enter>").cursor_at("户号").press(&format!("{no}<Enter>"));
    // The meter on the wall is filled in from the file, like the calibre; Enter passes over what is known.
    clerk.shows(&meter).cursor_at("止码").press(&format!("{last}<Enter>"));
    clerk.cursor_at("新表").press("ZZ0000002<Enter>");
    clerk.cursor_at("拆换日期").press("11-21<F2>").shows("拆换单 HB900002 已入账").within(7);
    clerk.leave();
    assert_eq!(on_wall(&branch, &no), "ZZ0000002");
}

#[test]
fn the_next_slip_of_a_pile_has_day_crew_and_reason_of_the_one_before() {
    let branch = Branch::copy();
    let (first, _, last, _) = card(&branch.desk(), 0);
    let (second, _, next_last, _) = card(&branch.desk(), 1);
    let mut clerk = branch.open("room");
    clerk.press("<F10>").shows("菜单").press("水表拆换<Enter>").shows("退回登记");
    clerk.press(&format!("HB900003<Enter>{first}<Enter>{last}<Enter>ZZ0000003<Enter>11-21<Enter>F1<Enter>F2<Enter>"));
    clerk.cursor_at("施工").press("陈志强<Enter>周期更换<F2>").shows("拆换单 HB900003 已入账");
    clerk.press("<Esc>").shows("找 >").home();
    clerk.press("<F10>").shows("菜单").press("水表拆换<Enter>").shows("退回登记").shows("陈志强");
    clerk.press(&format!("HB900004<Enter>{second}<Enter>{next_last}<Enter>ZZ0000004<Enter>")).cursor_at("旧铅封");
    clerk.press("F3<Enter>F4<F2>").shows("拆换单 HB900004 已入账").within(8);
    clerk.leave();
    assert_eq!(on_wall(&branch, &second), "ZZ0000004");
    let desk = branch.desk();
    let slip = desk.look().unwrap().slips_of_no("HB900004").unwrap().remove(0);
    assert_eq!((slip.worker.as_str(), slip.reason.as_str(), slip.new_seal.as_str()), ("陈志强", "周期更换", "F4"));
}

#[test]
fn a_slip_taken_in_before_is_opened_by_its_number_and_entered_with_two_control_keys() {
    let branch = Branch::copy();
    let mut desk = branch.desk();
    let (no, meter, last, day) = first_card(&desk);
    let slip = json!({
        "slip": "HB900001", "account": no, "old_meter": meter, "final_value": last, "new_meter": "ZZ0000001",
        "first_value": "0", "date": day.max(desk.today()), "worker": "陈志强",
    });
    perform(&mut desk, "swap.task", &json!({ "slip": slip }));
    drop(desk);
    let mut clerk = branch.open("room");
    clerk.press("HB900001<Enter>").shows("水表拆换").shows("ZZ0000001").cursor_at("拆换单");
    clerk.press("<F2>").shows("拆换单 HB900001 已入账").within(2);
    clerk.leave();
    assert_eq!(on_wall(&branch, &no), "ZZ0000001");
}

#[test]
fn thirty_cards_are_keyed_with_one_key_each() {
    let branch = Branch::copy();
    let mut clerk = branch.open("room");
    clerk.press("<F10>").shows("菜单").press("卡片录入<Enter>").shows("批控: 卡 0/");
    for card in 1..=30 {
        clerk.press("12345<Enter>").shows(&format!("批控: 卡 {card}/"));
    }
    clerk.within(2 + 30);
    clerk.leave();
}
