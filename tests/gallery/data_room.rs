//! The data room: cards, swaps, bills, special handling and its approvals.

use meterdesk::tui::screens;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, BILLED};
use crate::scene::Picture::By;
use crate::scene::{Shown, of};
use crate::support::orders::book;
use crate::support::seat::{Seat, account};
use crate::support::timed::branch;

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "cards",
        empty: of(Empty, "room", screens::cards, ""),
        full: of(Full, "check", screens::cards, "121<Enter>121<Enter>１２１<Enter>12"),
        error: of(Full, "check", screens::cards, "121<Enter>122<Enter>"),
    },
    Shown {
        screen: "reading",
        empty: of(Empty, "room", |app| screens::reading(app, account(app, BARE), ""), ""),
        full: By(|| {
            timed("3100000061", "400<Tab>260<Tab>140<Tab><Tab><Tab>欧阳𠮷龘·买买提江<Tab><Tab>表箱上锁，物业开门")
        }),
        error: By(|| timed("3100000061", "400<Tab>260<F2>")),
    },
    Shown {
        screen: "swap",
        empty: of(Empty, "room", |app| screens::swap(app, None), ""),
        full: of(Full, "room", |app| screens::swap(app, Some("HB2026100300")), ""),
        error: of(Full, "room", |app| screens::swap(app, Some("HB2026100300")), "<Tab><Tab><C-u>400<F2>"),
    },
    Shown {
        screen: "bills",
        empty: of(Empty, "room", screens::bills, ""),
        full: of(Full, "room", screens::bills, "<F2><look><F2>"),
        error: of(Full, "room", screens::bills, "<F2><look><F2><look><Enter>试<F2>"),
    },
    Shown {
        screen: "adjust",
        empty: of(Empty, "demo", |app| screens::adjust(app, account(app, BARE)), ""),
        full: of(
            Full,
            "demo",
            |app| screens::adjust(app, account(app, BILLED)),
            "v1<Enter><C-u>1 2 3 4 5<Enter>10 11 12 13 14<Enter>复表单 0817，欧阳𠮷龘·买买提江当面核对示数并签字，照片存档<Enter>",
        ),
        error: of(Full, "demo", |app| screens::adjust(app, account(app, BILLED)), "v1<Enter><Enter>222<Enter><F2>"),
    },
    Shown {
        screen: "approvals",
        empty: of(Empty, "chief", screens::approvals, ""),
        full: of(Full, "check", screens::approvals, ""),
        error: of(Full, "demo", screens::approvals, "<F2>"),
    },
];

/// One reading of a household whose price counts the hours of the day apart.
pub fn timed(no: &'static str, keys: &str) -> Seat {
    let mut book = book("B03");
    branch(&mut book);
    let mut seat = Seat::on(book, "room", move |app| screens::reading(app, account(app, no), ""));
    seat.shot();
    seat.press(keys);
    seat
}
