//! The data room: cards, swaps, bills, special handling and its approvals.

use meterdesk::tui::screens;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, BILLED};
use crate::scene::{Shown, of};
use crate::support::seat::account;

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "cards",
        empty: of(Empty, "room", screens::cards, ""),
        full: of(Full, "check", screens::cards, "121<Enter>121<Enter>１２１<Enter>12"),
        error: of(Full, "check", screens::cards, "121<Enter>122<Enter>"),
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
        full: of(Full, "room", screens::bills, "<F2><F2>"),
        error: of(Full, "room", screens::bills, "<F2><F2><Enter>试<F2>"),
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
