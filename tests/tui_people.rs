//! The screens of users, passwords and exceptions.

mod support;

use meterdesk::tui::app::App;
use meterdesk::tui::harness::{Shot, press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screens::menu::Menu;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use support::orders::{Book, book};

struct Desk {
    app: App,
    stack: Stack<App>,
}

impl Desk {
    fn open(mut book: Book, user: &str) -> Self {
        book.desk.sign_in_practice(user).unwrap();
        let app = App::new(book.desk, Inputs::silent().waker());
        Self { app, stack: Stack::new(Menu::new(), Theme::default(), meterdesk::tui::app::initials) }
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
}

#[test]
fn a_director_adds_a_user_and_gives_and_takes_a_post() {
    let mut desk = Desk::open(book("B03"), "boss");
    desk.press("用户<Enter>").shows("王芳");
    desk.snapshot("users");
    desk.press("<F2>liu<Enter>刘洋<Enter>坐席<Enter>demo<F2>").shows("已记").shows("刘洋");
    desk.press("<Down><Down><Down><Down><Down><F6>派工<Enter><F2>").shows("已记");
    desk.snapshot("users_post");
    desk.press("<F8>离职<Enter>").shows("停用");
}

#[test]
fn a_clerk_may_look_but_not_change_and_is_told_who_may() {
    let mut desk = Desk::open(book("B03"), "demo");
    desk.press("用户<Enter><F7>abc123<Enter>").shows("权限");
}

#[test]
fn the_own_password_wants_the_old_one_and_the_new_one_twice() {
    let mut desk = Desk::open(book("B03"), "demo");
    desk.press("改密码<Enter>demo<Enter>newer-1<Enter>newer-2<Enter>").shows("两次输入的新密码不同");
    desk.snapshot("own_password_in_error");
    desk.press("<C-u>newer-1<F2>");
    assert!(desk.app.desk.sign_in("demo", "newer-1").is_ok());
}

#[test]
fn an_exception_shows_both_sides_and_is_assigned_and_decided() {
    let mut home = book("B01");
    home.receive_from(&book("B02"));
    let mut desk = Desk::open(home, "chief");
    desk.press("疑问<Enter>").shows("登录名重复").shows("新增用户");
    desk.snapshot("exceptions");
    let before = desk.app.desk.look().unwrap().exception_count().unwrap();
    desk.press("<F6>赵敏<Enter><F2>").shows("已指派");
    desk.press("<F2>B02 的改名<Enter>先到先得<Enter>").shows("已裁定");
    assert_eq!(desk.app.desk.look().unwrap().exception_count().unwrap(), before - 1);
}
