//! The screens of the customer file: given a branch, when these keys, then this picture and this file.

mod support;

use meterdesk::desk::customer_view;
use meterdesk::rules::id::Id;
use meterdesk::store::tables::account::AccountRow;
use meterdesk::tui::app::App;
use meterdesk::tui::canvas::Canvas;
use meterdesk::tui::harness::{Shot, press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::{Command, Place};
use meterdesk::tui::screen::{Reply, Screen};
use meterdesk::tui::screens;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use serde_json::json;
use support::orders::{Book, book};

const ID: &str = "530124194610038814";

/// Stands for home: Enter opens the customer, F6 a new file.
struct Lobby(Id);

impl Screen<App> for Lobby {
    fn place(&self) -> Place {
        Place::Home
    }
    fn title(&self, _: &App) -> String {
        "首页".into()
    }
    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::Open, Command::GoIntake]
    }
    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Open => screens::customer(app, self.0),
            _ => screens::account_open(app),
        }
    }
    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        canvas.cursor(0, 0);
    }
}

struct Hand {
    app: App,
    stack: Stack<App>,
}

impl Hand {
    fn open(mut book: Book, user: &str) -> Self {
        let found = book.desk.look().unwrap().account_of_text("B03000001").unwrap();
        book.desk.sign_in_practice(user).unwrap();
        let app = App::new(book.desk, Inputs::silent().waker());
        let lobby = Lobby(found.map_or(Id(0), |row| row.id));
        Self { app, stack: Stack::new(lobby, Theme::default(), |words| words.to_owned()) }
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

    fn account(&self, no: &str) -> AccountRow {
        self.app.desk.look().unwrap().account_of_text(no).unwrap().unwrap()
    }
}

fn branch() -> Book {
    let mut book = book("B03");
    book.act(
        "demo",
        "account.open",
        json!({
            "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi",
            "building": "33", "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3,
            "id_number": ID, "mobile": "13987654321", "estate": "光明小区",
            "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
            "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 12, 8],
            "arrears": [{ "cycle": "2026-08", "amount": "45.00" }, { "cycle": "2026-10", "amount": "40.00" }],
        }),
    );
    book
}

/// The longest of everything, and every kind of alert.
fn full() -> Book {
    let mut book = branch();
    let long = "云泽市城南供水服务有限公司人民路第一分公司综合经营服务部";
    for (field, seen, value) in [
        ("name", "王芳", long),
        ("discount", "", "双证"),
        ("extra.special", "", "老"),
        ("remark", "", "门锁已换，钥匙在物业，请先电话联系，下午三点以后在家"),
        (
            "address",
            "人民路12号33幢2单元502室",
            "云泽市城南区人民路一百二十号光明小区南区三十三幢2单元502室东侧水表井旁",
        ),
    ] {
        let input = json!({ "account": "B03000001", "field": field, "seen": seen, "value": value });
        book.act("demo", "account.amend", input);
    }
    book
}

#[test]
fn the_customer_is_seen_whole_at_both_sizes() {
    Hand::open(branch(), "demo").press("<Enter>").snapshot("customer_plain");
    Hand::open(full(), "demo").press("<Enter>").snapshot("customer_full");
}

#[test]
fn an_empty_file_has_its_pages_too() {
    let mut book = book("B03");
    book.act("demo", "account.open", json!({ "address": "建设路3号", "class": "resident" }));
    let mut hand = Hand::open(book, "demo");
    hand.press("<Enter>").shows("未装表").shows("没有在装的表");
    for words in ["还没有账单", "还没有抄表", "没有表", "没有工单", "地址"] {
        hand.press("<Tab>").shows(words);
    }
}

#[test]
fn tab_turns_the_pages_and_f8_explains_a_bill() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<Enter>").shows("建档 王芳 表 M0031877 期初欠费 85.00").shows("[时间线]");
    hand.press("<Tab>").shows("[账单]").shows("2026-08").press("<F8>").shows("从旧系统带来的欠费").press("<Enter>");
    hand.press("<Tab>").shows("1,204").press("<Tab>").shows("DN20").press("<S-Tab>").shows("[抄表]");
}

#[test]
fn a_field_is_amended_where_it_stands_and_its_history_is_one_key_away() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<Enter><S-Tab>").shows("[证件档案]").shows("**************8814");
    hand.press("<Down><Down><Down><Down><Enter>").shows("改档案").shows("13987654321");
    hand.press("<C-u>13900000000<F2>").shows("已改");
    assert_eq!(hand.account("B03000001").mobile.as_deref(), Some("13900000000"));
    hand.shows("改过 1 次").press("<F8>").shows("13987654321 → 13900000000");
}

#[test]
fn a_mistake_stays_on_the_form_at_its_field() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<Enter><S-Tab><Enter><C-u>王 芳<F2>").shows("户名中间有空格");
    assert_eq!(hand.account("B03000001").name, "王芳");
}

#[test]
fn payment_method_and_bank_stand_on_one_form() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<Enter><S-Tab>").press(&"<Down>".repeat(24)).press("<Enter>").shows("改档案");
    hand.snapshot("customer_bank");
}

#[test]
fn a_full_number_is_shown_only_to_who_may_see_it() {
    let mut clerk = Hand::open(branch(), "demo");
    clerk.press("<Enter><C-k><Tab>核对身份<Enter>").shows("的权限；有此权限的岗位：营业厅主任");
    let mut chief = Hand::open(branch(), "chief");
    chief.press("<Enter><C-k><Tab>核对身份<Enter>").shows(ID).press("<Enter>");
    assert!(!chief.shot().has(ID));
}

#[test]
fn a_new_file_is_opened_and_shown() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<F6>").shows("开户建档");
    hand.snapshot("account_open");
    hand.press("李强<F2>").shows("地址");
    assert!(customer_view::account(&hand.app.desk, "B03000002").is_err());
    hand.press("建设路3号").press(&"<Tab>".repeat(8)).press("jm<Enter><F2>").shows("已开户，户号 B03000002");
    hand.shows("一户一档  B03000002 李强");
    let row = hand.account("B03000002");
    assert_eq!((row.address.as_str(), row.class.as_str()), ("建设路3号", "resident"));
}

#[test]
fn a_transfer_shows_the_debts_first() {
    let mut hand = Hand::open(branch(), "demo");
    hand.press("<Enter><C-t>").shows("欠费 85.00，须先缴清欠费方可过户");
    hand.snapshot("transfer");
    hand.press("李强<F2>").shows("还欠 85.00 元");
    assert_eq!(hand.account("B03000001").name, "王芳");
}

#[test]
fn after_a_transfer_the_fee_stands_ready_to_be_taken() {
    let mut book = book("B03");
    book.act("demo", "account.open", json!({ "address": "建设路3号", "class": "resident", "name": "王芳" }));
    let mut hand = Hand::open(book, "demo");
    hand.press("<Enter><C-t>李强<F2>").shows("已过户给 李强").shows("服务费").shows("过户费").shows("5.00");
    assert_eq!(hand.account("B03000001").name, "李强");
    hand.press("<Esc>").shows("一户一档  B03000001 李强");
}
