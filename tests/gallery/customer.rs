//! The customer file: seen, opened, amended, handed over.

use meterdesk::tui::app::App;
use meterdesk::tui::screen::Reply;
use meterdesk::tui::screens;
use serde_json::json;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, LONG, SEALED};
use crate::scene::{Shown, of};
use crate::support::seat::account;

/// Takes a transfer in and opens its second half.
pub fn transfer(app: &mut App, no: &str, name: &str) -> Reply<App> {
    let input = json!({ "service": "transfer", "account": no, "papers": ["title_proof", "owner_id"],
        "fields": { "new_name": name, "phone": "13987654321" } });
    app.act("intake.take", &input, None).unwrap();
    let account = account(app, no);
    screens::transfer(app, account)
}

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "customer",
        empty: of(Empty, "demo", |app| screens::customer(app, account(app, BARE)), ""),
        full: of(Full, "demo", |app| screens::customer(app, account(app, LONG)), ""),
        error: of(Full, "demo", |app| screens::customer(app, account(app, LONG)), "<C-k><Tab>核对身份<Enter>"),
    },
    Shown {
        screen: "account_open",
        empty: of(Empty, "demo", screens::account_open, ""),
        full: of(
            Full,
            "demo",
            screens::account_open,
            "欧阳𠮷龘·买买提江㛃城南供水服务有限公司人民路第一分公司<Tab><Tab>530124194610038814<Tab>010-12345678<Tab>13987654321<Tab><Tab><Tab>\
             光明小区南区𠮷祥里<Tab>云泽市城南区人民路一百二十号光明小区南区三十三幢2单元502室东侧水表井旁",
        ),
        error: of(
            Full,
            "demo",
            screens::account_open,
            "王 芳<Tab><Tab>530124194610038815<Tab><Tab><Tab><Tab><Tab><Tab>建设路3号<F2>",
        ),
    },
    Shown {
        screen: "amend",
        empty: of(Empty, "demo", |app| screens::amend(app, account(app, BARE), "remark"), ""),
        full: of(Full, "demo", |app| screens::amend(app, account(app, LONG), "bank_name"), ""),
        error: of(Full, "demo", |app| screens::amend(app, account(app, LONG), "address"), "<C-u><F2>"),
    },
    Shown {
        screen: "transfer",
        empty: of(Empty, "demo", |app| transfer(app, BARE, "李强"), ""),
        full: of(
            Full,
            "demo",
            |app| transfer(app, SEALED, "欧阳𠮷龘·买买提江㛃城南供水服务有限公司人民路第一分公司"),
            "",
        ),
        error: of(Full, "demo", |app| transfer(app, SEALED, "李强"), "<F2>"),
    },
];
