//! Finance and the information centre at their screens: shifts are signed in their order, a wrong payment method is put right.

mod support;

use meterdesk::tui::screens;
use serde_json::json;
use support::orders::{Book, book};
use support::seat::{Seat, account};
use support::till::{accounts, owes, prices};

/// A clerk took 86.90 in cash, paid 80.00 in and closed the shift.
fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    for (login, name, role) in
        [("cash", "吴静", "cashier"), ("acct", "郑凯", "accountant"), ("info", "何平", "information_centre")]
    {
        let user = json!({ "login": login, "name": name, "roles": [role], "password": "demo" });
        book.act("boss", "user.add", user);
    }
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": "10000001" }));
    book.act("demo", "shift.deposit", json!({ "amount": "80.00", "to": "银行", "slip": "J1" }));
    book.act("demo", "shift.close", json!({ "counted": "206.90" }));
    book
}

#[test]
fn the_cashier_then_the_accountant_sign_a_shift_with_the_sum_of_the_papers() {
    let mut seat = Seat::home(branch(), "cash");
    seat.shows("班次待我签字 1");
    seat.press("<F10>班次签字<Enter>").shows("待我签字 1  共 1").shows("等出纳签字");
    seat.press("<F2>70<F2>").shows("与单据差 -10.00");
    seat.press("<C-u>80.00<F2>").shows("已由出纳签字");
    seat.press("<F2>").shows("会计岗位");
    seat.press("<Esc><Esc>").sit("acct").press("<F10>班次签字<Enter>").shows("出纳 吴静 已签");
    seat.press("<F2>80<Enter>单据齐<Enter>").shows("已由会计签字").shows("没有等待签字的班次");
}

#[test]
fn papers_that_differ_are_signed_with_the_difference_which_the_accountant_sees() {
    let mut seat = Seat::home(branch(), "cash");
    seat.press("<F10>班次签字<Enter><F2>50<F2>").shows("与单据差 -30.00");
    seat.press("<Tab>缴款单只有五十<F2>").shows("已由出纳签字，有差异 -30.00");
    seat.press("<Esc><Esc>").sit("acct").press("<F10>班次签字<Enter>").shows("有差异 -30.00").shows("缴款单只有五十");
}

#[test]
fn a_wrong_method_is_put_right_from_the_file_of_the_customer() {
    let mut seat = Seat::on(branch(), "info", |app| screens::customer(app, account(app, "10000001")));
    seat.press("<C-p>改缴费方式<Enter>").shows("现在记的方式 现金").shows("B03-1-000001");
    seat.press("银<Enter>OA-118<Enter>刷卡误录<F2>").shows("方式由现金改为银行卡");
    seat.shows("的方式由 现金 改为 银行卡");
}

#[test]
fn who_is_not_the_information_centre_is_told_who_may_and_a_wrong_number_is_shown_at_its_field() {
    let mut seat = Seat::menu(branch(), "demo");
    seat.press("更改缴费方式<Enter>B03-1-000009<Enter>").shows("没有找到收费或核对单");
    seat.press("<S-Tab><C-u>B03-1-000001<Enter>银<Enter>OA-118<Enter>刷卡误录<F2>")
        .shows("没有“更改录错的缴费方式”的权限");
}

/// A clerk took 300.00 as the deposit of a meter test, and nothing else.
fn with_a_deposit() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    book.act("boss", "user.add", json!({ "login": "cash", "name": "吴静", "roles": ["cashier"], "password": "demo" }));
    accounts(&mut book, &[(vec![], vec![])]);
    let test = "code = \"meter_test\"\nname = \"校表\"\nsource = \"1.2.10\"\nchannels = [\"柜台\"]\naccount = \"必须\"\n\
        [[fee]]\nkey = \"deposit\"\nname = \"检测押金\"\namount = \"300.00\"\ninvoice = \"押金收据\"\ndeposit = true\n\
        before = \"派工\"\n[order]\nkind = \"其它\"\n";
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": test }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    let case = book.act("demo", "intake.take", json!({ "service": "meter_test", "account": "10000001" }));
    book.act("demo", "deposit.take", json!({ "charge": case["order"] }));
    book
}

#[test]
fn a_deposit_stands_beside_the_income_of_the_day_at_the_till_and_where_the_shift_is_signed() {
    let mut seat = Seat::menu(with_a_deposit(), "demo");
    seat.press("班次<Enter>").shows("本日营业收入 0.00 + 押金 300.00 - 存入 0.00").shows("当日现金结余 500.00");
    let mut book = with_a_deposit();
    book.act("demo", "shift.close", json!({ "counted": "500.00" }));
    let mut seat = Seat::home(book, "cash");
    seat.press("<F10>班次签字<Enter>").shows("本日营业收入 0.00   押金 300.00   清点 500.00");
}

#[test]
fn the_palette_finds_every_screen_by_its_name_and_its_initials() {
    let mut seat = Seat::home(branch(), "boss");
    for room in screens::ROOMS {
        for typed in [room.name.to_owned(), meterdesk::tui::app::initials(room.name)] {
            let shot = seat.press("<C-p>").press(&typed).shot();
            assert!(shot.has(room.name), "{typed}: {}", shot.picture());
            seat.press("<Esc>");
        }
    }
    seat.press("<C-p>bcqz<Enter>").shows("等出纳签字");
    // From a screen that lies deep, too; a command of the screen comes before a screen of the same letters.
    seat.press("<C-p>tscl<Enter>").shows("审批");
}
