//! The screens of special handling: given a bill that is wrong, when these keys, then this picture and these entries. A request
//! with its preview takes at most eight control keys; three people see one picture.

mod support;

use meterdesk::rules::id::Id;
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
use support::adjust::{ask_volume, bills, branch};
use support::orders::{Book, book};

/// Stands for the customer file: F7 opens special handling; F4 the approvals.
struct Lobby(Id);

impl Screen<App> for Lobby {
    fn place(&self) -> Place {
        Place::Customer
    }
    fn title(&self, _: &App) -> String {
        "一户一档".into()
    }
    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::GoAdjust, Command::Pick]
    }
    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::GoAdjust => screens::adjust(app, self.0),
            _ => screens::approvals(app),
        }
    }
    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        canvas.cursor(0, 0);
    }
}

struct Desk {
    app: App,
    stack: Stack<App>,
}

impl Desk {
    fn open(mut book: Book, user: &str) -> Self {
        let id = book.desk.look().unwrap().account_of_text("31000001").unwrap().unwrap().id;
        book.desk.sign_in_practice(user).unwrap();
        let app = App::new(book.desk, Inputs::silent().waker());
        Self { app, stack: Stack::new(Lobby(id), Theme::default(), |words| words.to_owned()) }
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        press(&mut self.stack, &mut self.app, keys).unwrap();
        self
    }

    fn sit(&mut self, user: &str) -> &mut Self {
        self.app.desk.sign_in_practice(user).unwrap();
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
}

fn given() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book
}

#[test]
fn a_request_with_its_preview_then_two_others_approve_it() {
    let mut desk = Desk::open(given(), "demo");
    desk.press("<F7>").snapshot("adjust_empty");
    // F7, Enter, Enter, F2 and before them Enter on the customer: five of eight control keys.
    desk.press("v1<Enter><Enter>22<Enter>复表单 0817").shows("1,194.00").shows("-1,094.84").shows("111.10");
    desk.snapshot("adjust_volume");
    desk.press("<F2>").shows("已提交申请");
    desk.press("<F4>").shows("在办 1").press("<F2>").shows("在办 1");
    desk.press("<Esc>").sit("check").press("<F4>").shows("待复核").shows("复表单 0817").shows("-1,094.84");
    desk.snapshot("approvals_check");
    desk.press("<F2>").shows("已复核").press("<Esc>");
    desk.sit("chief").press("<F4>").shows("待批准").shows("-1,094.84").press("<F2>").shows("已批准");
    desk.snapshot("approvals_empty");
    let tx = desk.app.desk.look().unwrap();
    let account = tx.account_of_text("31000001").unwrap().unwrap();
    assert_eq!(tx.owed(account.id).unwrap().to_string(), "110.00");
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let mut desk = Desk::open(given(), "demo");
    desk.press("<F7>v1<Enter><Enter>222<Enter><F2>").shows("凭据没有填");
    desk.press("x<F2>").shows("本来就是 222");
    desk.snapshot("adjust_in_error");
}

#[test]
fn what_moved_since_is_seen_before_it_is_decided() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = support::adjust::checked(&mut book, ask);
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "100.00" }));
    let mut desk = Desk::open(book, "chief");
    desk.press("<F4>").shows("情况有变").press("<F2>").shows("退回重提");
    desk.snapshot("approvals_moved");
    desk.press("<F6>").press("按现状重提<Enter>").shows("已退回");
    let state =
        desk.app.desk.look().unwrap().request(request.as_str().unwrap().parse().unwrap()).unwrap().unwrap().state;
    assert_eq!(state, "rejected");
}

#[test]
fn prices_and_late_fees_have_their_own_fields() {
    let mut desk = Desk::open(given(), "demo");
    desk.press("<F7>l3<Enter>").shows("减免到").shows("违约金 10 天").shows("批准当天");
    desk.press("<Esc><F7>").press("<Esc>");
    let mut desk = Desk::open(given(), "demo");
    desk.press("<F7>p1<Enter><Enter>居民50%;非居民50%").shows("居民50%、非居民50%");
    desk.snapshot("adjust_price");
    assert_eq!(bills(&book_of(desk), "31000001").len(), 1);
}

fn book_of(desk: Desk) -> Book {
    Book { desk: desk.app.desk }
}
