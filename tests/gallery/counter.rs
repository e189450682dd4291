//! The till: payment, shift, fees, reports, slips, and how an amount came about.

use meterdesk::tui::screens;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, BILLED, LONG, STORY};
use crate::scene::Picture::Never;
use crate::scene::{Shown, of};
use crate::support::seat::account;

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "pay",
        empty: of(Empty, "demo", |app| screens::pay(app, account(app, BARE)), ""),
        full: of(Full, "demo", |app| screens::pay(app, account(app, LONG)), "２００００００0.00"),
        error: of(Full, "demo", |app| screens::pay(app, account(app, LONG)), "100<F2>"),
    },
    Shown {
        screen: "shift",
        empty: of(Empty, "demo", screens::shift, ""),
        full: of(
            Full,
            "demo",
            screens::shift,
            "<Down><Down><Right><Tab>1000199<Tab>钱箱少了一张一百元的𠮷利钞，已告知值班主任",
        ),
        error: of(Full, "demo", screens::shift, "99999999<F2>"),
    },
    Shown {
        screen: "fee",
        empty: of(Empty, "demo", screens::fee, ""),
        full: of(
            Full,
            "demo",
            screens::fee,
            "IC<Enter>999999.99<Tab>1000000<Tab><Tab>3100000001<Tab>欧阳𠮷龘·买买提江<Tab>表箱内加装远传模块及阀门，收取安装费用",
        ),
        error: of(Full, "demo", screens::fee, "<F2>"),
    },
    Shown {
        screen: "reports",
        empty: of(Empty, "boss", screens::reports, ""),
        full: of(Full, "boss", screens::reports, "收费明细<Enter>2026-11-01<F2>"),
        error: of(Full, "boss", screens::reports, "<Tab>2026-12-01<F2>"),
    },
    Shown {
        screen: "explain",
        empty: of(Empty, "demo", |_| screens::explain("账单", Vec::new()), ""),
        full: of(Full, "demo", |app| screens::pay(app, account(app, BILLED)), "<F8>"),
        error: Never("只给人看，没有可填错的"),
    },
    Shown {
        screen: "text",
        empty: of(Empty, "demo", |_| screens::text("重印", ""), ""),
        full: of(Full, "demo", |_| screens::text("派工单（换拆启封校）", &format!("{STORY}\n").repeat(60)), "<PgDn>"),
        error: Never("只给人看，没有可填错的"),
    },
];
