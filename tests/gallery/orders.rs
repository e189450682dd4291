//! Intake, the dispatch desk and what becomes of an order.

use meterdesk::rules::id::Id;
use meterdesk::tui::app::App;
use meterdesk::tui::screens;

use crate::branches::Branch::{Empty, Full};
use crate::branches::{LONG, SEALED};
use crate::scene::Picture::By;
use crate::scene::{Shown, of};
use crate::support::orders::moment;
use crate::support::seat::{Seat, account};

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "intake",
        empty: of(Empty, "demo", |app| screens::intake(app, None), ""),
        full: of(
            Full,
            "demo",
            |app| screens::intake(app, Some(account(app, LONG))),
            "ts<Enter><Tab>云泽市城南区人民路一百二十号光明小区南区三十三幢2单元502室东侧<Tab>城南供水抢修维护第一班𠮷师傅\
             <Tab>阀门处大量漏水，已用沙袋围挡，请带抢修车；门锁已换，钥匙在物业𠮷师傅处<Tab>当面道歉并减免当月水费",
        ),
        error: of(Full, "demo", |app| screens::intake(app, Some(account(app, SEALED))), "qf<Enter><Space><F2>"),
    },
    Shown {
        screen: "dispatch",
        empty: of(Empty, "desk", screens::dispatch, ""),
        full: of(Full, "desk", screens::dispatch, "<Down><Space><Down><Space>"),
        error: of(Full, "desk", screens::dispatch, "<F4>zm<Enter><F2>"),
    },
    Shown {
        screen: "order",
        empty: of(Full, "desk", |app| screens::order(app, of_stage(app, "waiting")), ""),
        full: of(Full, "desk", |app| screens::order(app, of_stage(app, "callback")), ""),
        error: By(|| {
            let mut seat = Seat::home(Full.copy(), "desk");
            seat.press("B03.1.999999<Enter>");
            seat
        }),
    },
    Shown {
        screen: "order_return",
        empty: of(Full, "desk", |app| screens::order_return(app, of_stage(app, "underway")), ""),
        full: of(
            Full,
            "desk",
            |app| screens::order_return(app, of_stage(app, "underway")),
            "094009450950<Tab>阀门处大量漏水，已用沙袋围挡，更换阀门后试压合格，欧阳𠮷龘·买买提江签字\
             <Tab>阀门老化开裂<Tab>DN20闸阀×1、生料带×1、铜接头×2、橡胶垫圈×4",
        ),
        error: of(Full, "desk", |app| screens::order_return(app, of_stage(app, "underway")), "000000010002<F2>"),
    },
    Shown {
        screen: "callback",
        empty: of(Full, "desk", |app| screens::callback(app, of_stage(app, "callback")), ""),
        full: of(
            Full,
            "desk",
            |app| screens::callback(app, of_stage(app, "callback")),
            "<Right><Tab>师傅来得晚了二十分钟，修好之后没有清理现场的泥水，要求下次先打电话；其余满意，欧阳𠮷龘",
        ),
        error: of(Full, "desk", |app| screens::callback(app, of_stage(app, "callback")), "<Right><F2>"),
    },
];

/// The first order of a stage.
pub fn of_stage(app: &App, stage: &str) -> Id {
    let day = moment().date_naive();
    let orders = app.desk.look().unwrap().orders_taken_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap();
    orders.iter().find(|order| order.stage == stage).expect(stage).id
}
