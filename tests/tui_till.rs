//! The screens of the till: given a branch, when these keys, then this picture and these entries.

mod support;

use meterdesk::rules::id::Id;
use meterdesk::store::tables::till::ShiftRow;
use meterdesk::tui::app::App;
use meterdesk::tui::canvas::Canvas;
use meterdesk::tui::harness::{Shot, press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::key::{Code, Key};
use meterdesk::tui::keymap::{Command, Place};
use meterdesk::tui::screen::{Reply, Screen};
use meterdesk::tui::screens;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use serde_json::json;
use support::orders::{Book, book};
use support::till::{Owes, accounts, owes, prices};

/// Stands for home: F5 opens payment, F10 the menu.
struct Lobby(Id);

impl Screen<App> for Lobby {
    fn place(&self) -> Place {
        Place::Home
    }
    fn title(&self, _: &App) -> String {
        "首页".into()
    }
    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::GoPay]
    }
    fn on_command(&mut self, _: Command, app: &mut App) -> Reply<App> {
        screens::pay(app, self.0)
    }
    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        canvas.cursor(0, 0);
    }
}

struct Till {
    app: App,
    stack: Stack<App>,
}

impl Till {
    fn open(mut book: Book, account: usize, user: &str) -> Self {
        let no = (10_000_000 + account).to_string();
        let id = book.desk.look().unwrap().account_of_text(&no).unwrap().unwrap().id;
        book.desk.sign_in_practice(user).unwrap();
        let app = App::new(book.desk, Inputs::silent().waker());
        Self { app, stack: Stack::new(Lobby(id), Theme::default(), |words| words.to_owned()) }
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        press(&mut self.stack, &mut self.app, keys).unwrap();
        self
    }

    fn shot(&mut self) -> Shot {
        let shot = render(&mut self.stack, &self.app, 80, 24);
        let (_, y) = shot.cursor.expect("the cursor is visible");
        assert!(y < 23, "never on the last row");
        shot
    }

    fn shows(&mut self, words: &str) -> &mut Self {
        let shot = self.shot();
        assert!(shot.has(words), "{words}\n{}", shot.picture());
        self
    }

    fn snapshot(&mut self, name: &str) {
        for (width, height) in [(80, 24), (120, 40)] {
            let picture = render(&mut self.stack, &self.app, width, height).picture();
            insta::assert_snapshot!(format!("{name}_{width}"), picture);
        }
    }

    fn payments(&self) -> usize {
        let tx = self.app.desk.look().unwrap();
        let day = tx.till_between("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
        day.unwrap().len()
    }

    fn shifts(&self) -> Vec<ShiftRow> {
        let tx = self.app.desk.look().unwrap();
        tx.shifts_between("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap()).unwrap()
    }
}

fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    let guess = |amount, due| Owes { amount, due, estimated: true };
    accounts(
        &mut book,
        &[
            (vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2027-01-05"), guess(30_000, "2026-11-11")]),
            (vec![], vec![]),
            ((0..6).map(|_| owes(99_999_999, "2026-01-11")).collect(), vec![]),
        ],
    );
    book
}

fn opened() -> Book {
    let mut book = branch();
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

#[test]
fn a_cash_payment_of_all_that_is_owed_is_f5_digits_f2() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>５00").shows("应收 435.90").shows("收您 500.00 元，找您 64.10 元，请清点");
    till.snapshot("pay_full");
    till.press("<F2>").shows("核对单 B03-1-000001");
    assert_eq!((till.payments(), till.stack.depth()), (1, 1));
}

#[test]
fn bills_are_unticked_and_late_fees_waived_within_the_clerks_limit() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>").shows("估抄").press("<F7>").shows("9.00");
    till.press("<F2>").shows("核对单 B03-1-000001");
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5><Down><Space>").press("<F8>");
    till.shows("还没有逾期").press("<Enter>");
    till.press("<F2>").shows("核对单 B03-1-000001");
    till.press("<F5>").shows("应收 86.90");
}

#[test]
fn too_little_money_is_said_where_it_is_and_nothing_is_taken() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>100").shows("不够应收 435.90");
    till.press("<F2>").shows("部分缴费请写明金额");
    assert_eq!(till.payments(), 0);
    till.snapshot("pay_short");
}

#[test]
fn without_a_shift_f2_opens_one_and_comes_back() {
    let mut till = Till::open(branch(), 1, "demo");
    till.press("<F5>").shows("您还没有开班").press("<F2>").shows("备用金");
    till.snapshot("shift_closed");
    till.press("200<F2>").shows("已开班").press("<Esc>500<F2>").shows("核对单 B03-1-000001");
}

#[test]
fn a_bill_paid_at_another_desk_meanwhile_is_shown_and_not_taken_twice() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500");
    till.app.desk.perform("payment.take", r##"{"account":"10000001","bills":["#1"]}"##, Default::default()).unwrap();
    till.press("<F2>").shows("应收已变：您看到的是 435.90，现在是 349.00").shows("应收 349.00");
    assert_eq!(till.payments(), 1);
    till.snapshot("pay_stale");
    till.press("<F2>").shows("找您 151.00 元");
    assert_eq!(till.payments(), 2);
}

#[test]
fn a_hand_written_slip_is_entered_and_confirmed_by_another() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5><F6>S-0815<Tab>2026-11-18<Tab>").shows("应收 432.40");
    till.snapshot("pay_late");
    till.press("<F2>").shows("待另一人确认");
    till.app.desk.sign_in_practice("check").unwrap();
    till.app.refresh();
    let reply = "<F10>班次<Enter>";
    till.press(reply).shows("备用金").press("100<F2>").press("<F7>").shows("S-0815").press("<Enter>").shows("已确认");
}

#[test]
fn money_is_paid_in_and_the_shift_closed_with_the_identity_in_sight() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500<F2><F10>班次<Enter>").shows("本日营业收入 435.90");
    till.press("<Tab>400<F2>").shows("钱箱应有 235.90").shows("存入 400.00");
    till.snapshot("shift_open");
    till.press("<Right><Tab>235").shows("短款 0.90");
    till.snapshot("shift_close");
    till.press("<F2>").shows("已交班");
    assert_eq!(till.shifts()[0].state, "closed");
}

#[test]
fn a_receipt_is_reversed_with_its_reason_from_the_shift() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500<F2><F10>班次<Enter><F6>").shows("冲正").press("<F2>").shows("原因没有填");
    till.press("收错户<F2>").shows("退您 435.90 元");
    assert_eq!(till.payments(), 2);
}

#[test]
fn an_account_without_debt_says_what_to_do_and_keeps_a_full_list_in_columns() {
    let mut till = Till::open(opened(), 2, "demo");
    till.press("<F5>").shows("没有欠费。Ctrl-R");
    till.snapshot("pay_empty");
    let mut till = Till::open(opened(), 3, "demo");
    till.press("<F5>");
    till.snapshot("pay_large");
}

#[test]
fn a_fee_is_taken_from_the_menu() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F10>服务费<Enter>过户<Enter>5<Tab>10").shows("找您 5.00 元");
    till.snapshot("fee");
    till.press("<F2>").shows("核对单 B03-1-000001");
}

#[test]
fn a_reading_keyed_at_the_till_is_billed_and_paid_in_one_go() {
    let mut till = Till::open(opened(), 2, "demo");
    till.press("<F5>").shows("没有欠费").press("<C-r>").shows("录入读数");
    till.press("110<F2>").shows("已出账").shows("应收 26.10");
    till.press("50<F2>").shows("找您 23.90 元");
    assert_eq!(till.payments(), 1);
}

#[test]
fn home_counts_what_was_taken_today() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500<F2>");
    let facts = meterdesk::desk::view_home::facts(&till.app.desk).unwrap();
    assert!(facts.lines[0].text.contains("收费 1 笔 435.90"), "{facts:?}");
}

#[test]
fn home_names_the_slips_of_others_to_confirm() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5><F6>S-0815<Tab>2026-11-18<F2>").shows("待另一人确认");
    let mine = |till: &Till| {
        let lines = meterdesk::desk::view_home::facts(&till.app.desk).unwrap().lines;
        lines.into_iter().filter(|line| line.head == "我的").map(|line| line.text).collect::<Vec<_>>()
    };
    assert!(mine(&till).is_empty());
    till.app.desk.sign_in_practice("check").unwrap();
    assert_eq!(mine(&till), ["手开单待我确认 1"]);
}

#[test]
fn a_report_is_chosen_filled_read_and_exported() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500<F2><F10>报表<Enter>")
        .shows("滞纳金单列")
        .press("<F2>")
        .shows("合计")
        .shows("前日现金结余 200.00");
    till.snapshot("report_cash");
    till.press("收费明细<Enter><F2>").shows("B03-1-000001").shows("Ctrl-← → 左右看");
    for _ in 0..6 {
        till.stack.key(Key { code: Code::Right, ctrl: true, shift: false }, &mut till.app);
    }
    till.shows("本金").shows("426.40");
    till.press("<C-o>").shows("导出成").press("<Esc>");
    till.snapshot("report_payments");
}

#[test]
fn a_slip_is_shown_again_where_no_printer_is_set() {
    let mut till = Till::open(opened(), 1, "demo");
    till.press("<F5>500<F2><F10>班次<Enter><C-o>").shows("重印").shows("B03-1-000001");
}
