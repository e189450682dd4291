//! Who works here, and what frames the work: login, home, menu, users, workers, exceptions.

use meterdesk::tui::app::App;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screen::Reply;
use meterdesk::tui::screens::login::Login;
use meterdesk::tui::screens::{self, menu::Menu};

use crate::branches::Branch::{Empty, Full};
use crate::scene::Picture::{By, Never};
use crate::scene::{Shown, of};
use crate::support::seat::Seat;

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "login",
        empty: By(|| first("")),
        full: of(Full, "ouyang-7", |_| Reply::lock(), "demo"),
        error: By(|| first("demo<Enter>wrong<Enter>")),
    },
    Shown {
        screen: "home",
        empty: By(|| Seat::home(Empty.copy(), "demo")),
        full: By(|| home("欧阳")),
        error: By(|| home("没有这个人<F5>")),
    },
    Shown {
        screen: "menu",
        empty: of(Empty, "demo", |_| Reply::push(Menu::new()), "没有这一屏"),
        full: of(Full, "demo", |_| Reply::push(Menu::new()), ""),
        error: Never("只选，不填；选了办不了的，那一屏说明原因"),
    },
    Shown {
        screen: "users",
        empty: of(Empty, "boss", screens::users, ""),
        full: of(Full, "boss", screens::users, "<End>"),
        error: of(Full, "boss", screens::users, "<F2>demo<Enter>李强<Enter>坐席<Enter>demo<F2>"),
    },
    Shown {
        screen: "workers",
        empty: of(Empty, "boss", screens::workers, ""),
        full: of(Full, "boss", screens::workers, ""),
        error: of(Full, "boss", screens::workers, "<F2>李强<Enter>王健<Enter>抢修班<F2>"),
    },
    Shown {
        screen: "own_password",
        empty: of(Empty, "demo", screens::own_password, ""),
        full: of(Full, "ouyang-7", screens::own_password, "demo<Enter>aVeryLongPassword-2026-11-21!<Enter>aVeryLong"),
        error: of(Full, "demo", screens::own_password, "demo<Enter>newer-1<Enter>newer-2<Enter>"),
    },
    Shown {
        screen: "exceptions",
        empty: of(Empty, "chief", screens::exceptions, ""),
        full: By(|| clash("chief", "<F2>B02 的赵敏改名为欧阳𠮷龘·买买提江，登录名另起<Tab>先登记的一方保留登录名")),
        error: By(|| clash("chief", "<F2>B02 的改名<F2>")),
    },
    Shown {
        screen: "doubt",
        empty: By(|| clash("chief", "<Enter>")),
        full: By(|| clash("chief", "<Enter><Down><Down><F2>以国务院办公厅的通知为准，B02 的一份作废<Tab>两份相差一天")),
        error: By(|| clash("chief", "<Enter><F2>用 B03 的<F2>")),
    },
];

fn first(keys: &str) -> Seat {
    let app = App::new(Empty.copy().desk, Inputs::silent().waker());
    let login = Login::first(&app);
    let mut seat = Seat::with(app, login);
    seat.press(keys);
    seat
}

/// Two sites loaded two calendars of one year.
pub fn clash(user: &str, keys: &str) -> Seat {
    let book = crate::support::town::with_two_years(Empty.copy(), "B03", "B02");
    let mut seat = Seat::on(book, user, screens::exceptions);
    seat.press(keys);
    seat
}

fn home(keys: &str) -> Seat {
    let mut seat = Seat::home(Full.copy(), "demo");
    seat.press(keys);
    seat
}
