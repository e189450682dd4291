//! The till: payment, shift, fees, reports, slips, and how an amount came about.

use meterdesk::rules::money::Fen;
use meterdesk::tui::screens;
use serde_json::json;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, BILLED, LONG, STORY};
use crate::scene::Picture::{By, Never};
use crate::scene::{Shown, of};
use crate::support::seat::{Seat, account};

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
            "<Down><Down><F8>1000199<F2><look>1000199<Tab>钱箱少了一张一百元的𠮷利钞，已告知值班主任",
        ),
        error: of(Full, "demo", screens::shift, "99999999<F2>"),
    },
    Shown {
        screen: "sign",
        empty: of(Empty, "demo", screens::sign, ""),
        full: By(|| closed("ouyang-4", "")),
        error: By(|| closed("ouyang-4", "<F2>80<F2>")),
    },
    Shown {
        screen: "till_reading",
        empty: of(Empty, "demo", |app| screens::till_reading(app, account(app, BARE), Fen(0)), ""),
        full: of(Full, "demo", |app| screens::till_reading(app, account(app, BILLED), Fen(83_089_900_000)), "999999"),
        error: of(Full, "demo", |app| screens::till_reading(app, account(app, BILLED), Fen(0)), "1<F2>"),
    },
    Shown {
        screen: "receipt",
        empty: of(Empty, "demo", |app| screens::receipt(app, ""), ""),
        full: of(Full, "chief", |app| screens::receipt(app, "B03-1-000001"), ""),
        error: of(Full, "demo", |app| screens::receipt(app, ""), "B03-1-999999<Enter>"),
    },
    Shown {
        screen: "method",
        empty: of(Empty, "demo", |app| screens::method(app, None), ""),
        full: of(
            Full,
            "ouyang-6",
            |app| screens::method(app, Some(account(app, LONG))),
            "银<Enter>OA-2026-000118 中心〔2026〕第118号批复<Tab>刷卡误录为现金，欧阳𠮷龘·买买提江持卡单来核",
        ),
        error: of(Full, "demo", |app| screens::method(app, None), "B03-1-999999<Tab>xj<Enter><F2>"),
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

/// Two shifts are closed: that of an open till, and one with a shortage and a note.
pub fn closed(user: &str, keys: &str) -> Seat {
    let mut book = Full.copy();
    book.act("check", "shift.close", json!({ "counted": "110.00", "note": "点钞", "confirm": true }));
    book.act("demo", "shift.deposit", json!({ "amount": "1000000.00", "to": "银行", "slip": "JK0001" }));
    book.act(
        "demo",
        "shift.close",
        json!({ "counted": "274.99", "note": "少一张一百元的𠮷利钞，已告知值班主任，明日补", "confirm": true }),
    );
    let mut seat = Seat::on(book, user, screens::sign);
    seat.shot();
    seat.press(keys);
    seat
}
