//! One receipt by its number, whoever took it: a superior without a till reverses it or gives a deposit back out of a clerk's drawer.

mod support;

use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;
use meterdesk::store::tables::till::{ShiftRow, TillRow};
use serde_json::{Value, json};
use support::orders::{Book, book};
use support::seat::Seat;
use support::till::{accounts, owes, prices};

const TEST: &str = "code = \"meter_test\"\nname = \"校表\"\nsource = \"1.2.10\"\nchannels = [\"柜台\"]\naccount = \"必须\"\n\
    [[fee]]\nkey = \"deposit\"\nname = \"检测押金\"\namount = \"300.00\"\ninvoice = \"押金收据\"\ndeposit = true\n\
    before = \"派工\"\n[order]\nkind = \"其它\"\n";

/// Two clerks have a till open; the first took a bill, and the deposit of a meter test.
fn branch() -> (Book, Value) {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": TEST }));
    for clerk in ["demo", "check"] {
        book.act(clerk, "shift.open", json!({ "float": "200.00" }));
    }
    book.act("demo", "payment.take", json!({ "account": "10000001" }));
    let case = book.act("demo", "intake.take", json!({ "service": "meter_test", "account": "10000001" }));
    book.act("demo", "deposit.take", json!({ "charge": case["order"] }));
    (book, case["order"].clone())
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn moves(seat: &Seat) -> Vec<TillRow> {
    seat.app.desk.look().unwrap().till_between(Reach::ALL, day("2000-01-01"), day("2100-01-01")).unwrap()
}

fn shift_of(seat: &Seat, clerk: &str) -> ShiftRow {
    let tx = seat.app.desk.look().unwrap();
    let shifts = tx.shifts_between(Reach::ALL, day("2000-01-01"), day("2100-01-01")).unwrap();
    shifts.into_iter().find(|shift| shift.clerk == clerk).unwrap()
}

#[test]
fn a_superior_finds_a_receipt_by_its_number_and_reverses_it_out_of_the_till_that_is_chosen() {
    let mut seat = Seat::home(branch().0, "chief");
    seat.press("b03-1-000001<Enter>").shows("收费单").shows("10000001 用户1").shows("王芳 班次 1").shows("86.90");
    seat.press("<F6>").shows("从谁的钱箱退").shows("王芳 班次 1 钱箱 586.90");
    seat.press("收错了<S-Tab>赵<Enter><F2>").shows("退").shows("已由");
    let (taken, gives) = (shift_of(&seat, "王芳"), shift_of(&seat, "赵敏"));
    let reversed = moves(&seat).into_iter().find(|row| row.reverses.is_some()).expect("the reversal");
    assert_eq!(reversed.shift, gives.id);
    assert_eq!((taken.cash, gives.cash), (Fen(58_690), Fen(11_310)));
    // Once is enough: the key is gone.
    assert!(!seat.shot().has("F6 冲正"));
}

#[test]
fn a_receipt_that_is_not_there_is_said_at_its_field_and_a_fee_without_account_is_found() {
    let (mut book, _) = branch();
    book.act("check", "fee.take", json!({ "kind": "补卡费", "amount": "5.00", "payer": "路人" }));
    let mut seat = Seat::home(book, "chief");
    seat.press("<F10>收费单<Enter>B03-1-000009<Enter>").shows("没有找到收费或核对单");
    seat.press("<C-u>B03-1-000003<Enter>").shows("路人").shows("补卡费");
    seat.press("<F6>").shows("赵敏 班次 2 钱箱 205.00");
}

#[test]
fn a_deposit_goes_back_against_its_receipt_when_its_case_is_over_and_the_drawer_is_seen_before() {
    let (book, order) = branch();
    let mut seat = Seat::home(book, "demo");
    seat.press("B03-1-000002<Enter>").shows("检测押金").shows("300.00").shows("F7 退押金");
    seat.press("<F7>").shows("钱箱").shows("586.90  →  退后 286.90").press("<F2>").shows("还没有办完");
    assert_eq!(shift_of(&seat, "王芳").cash, Fen(58_690));
    seat.press("<Esc><Esc>").sit("chief");
    let void = json!({ "order": order, "reason": "用户不校了" }).to_string();
    seat.app.desk.perform("order.void", &void, Default::default()).unwrap();
    // The superior without a till says whose it is.
    seat.press("<C-u>B03-1-000002<Enter><F7>").shows("从谁的钱箱退").shows("王芳 班次 1").press("<Esc><Esc>");
    seat.sit("demo").press("<C-u>B03-1-000002<Enter><F7>").shows("作废").press("用户不校了<F2>").shows("300.00");
    seat.shows("已由").shows("退回");
    assert_eq!(shift_of(&seat, "王芳").cash, Fen(28_690));
    assert!(!seat.shot().has("F7 退押金") && !seat.shot().has("F6 冲正"));
}
