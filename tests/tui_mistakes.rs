//! Mistakes at their fields in a window of 80×24: each is shown where it is, and no row of the form is pushed out of sight.

mod support;

use serde_json::json;
use support::orders::book;
use support::seat::Seat;
use support::till::{accounts, owes, prices};

/// Home, with one customer who owes two bills.
fn counter() -> Seat {
    let mut book = book("B03");
    prices(&mut book);
    let bills = vec![owes(43_590, "2027-01-05"), owes(3_504, "2027-01-05")];
    accounts(&mut book, &[(bills, vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.desk.db_mut().refresh_search(|_| true).unwrap();
    Seat::home(book, "demo")
}

#[test]
fn mistakes_side_by_side_pushed_a_required_field_of_a_payment_out_of_sight() {
    let mut seat = counter();
    seat.press("10000001<F5>").shows("收费  10000001");
    seat.press("1.999<Tab><Tab>1.999<Tab>1.999<Tab>1.999<Tab>1.999<F6>").shows("手开单号").press("<F2>");
    let shot = seat.shot();
    for label in ["实收", "方式", "部分缴", "减免", "用预存", "存预存", "找零", "手开单号", "收钱日期"]
    {
        assert!(shot.has(label), "{label}\n{}", shot.picture());
    }
    // Five sums with three decimals, two required fields left empty.
    let signs = shot.rows.iter().map(|row| row.matches("! ").count()).sum::<usize>();
    assert!(signs >= 7, "{}", shot.picture());
    assert!(shot.has("账期") && shot.has("435.90"), "the bills stay in sight\n{}", shot.picture());
}

#[test]
fn mistakes_of_special_handling_pushed_its_last_row_out_of_sight() {
    let mut seat = counter();
    seat.press("10000001<Enter>").shows("一户一档").press("<F7>").shows("特殊处理").press("V1<Enter>");
    seat.press("9<Tab>x<F2>");
    let shot = seat.shot();
    for label in ["种类", "账单行", "改后用量", "凭据", "核实工单", "正确示数"] {
        assert!(shot.has(label), "{label}\n{}", shot.picture());
    }
}
