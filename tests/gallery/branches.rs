//! The two branches the pictures are taken in, each made once and copied in memory: one where nothing has happened yet, and one
//! where everything is there, long and in rare characters.

use std::sync::{LazyLock, Mutex};

use chrono::{Days, Duration, NaiveDate};
use meterdesk::book::clock::FixedClock;
use meterdesk::derive::account::file::{AccountOpened, Arrear, LastReading, MeterFacts};
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::money::{Fen, Milli};
use serde_json::{Value, json};

use crate::support::adjust::act_at;
use crate::support::orders::{Book, book, moment};
use crate::support::water;

/// The account of the empty branch: no name, no meter, no debt.
pub const BARE: &str = "3100000000";
/// The account with the longest of everything, which owes most.
pub const LONG: &str = "3100000001";
/// A sealed account that owes nothing.
pub const SEALED: &str = "3100000002";
/// A sealed account that somebody already asked to unseal.
pub const ASKED: &str = "3100000004";
/// An account with bills of several cycles.
pub const BILLED: &str = "3100000003";

/// Thirty characters, some outside the basic plane.
pub const NAME: &str = "欧阳𠮷龘·买买提江㛃城南供水服务有限公司人民路第一分公司";
/// An address that no column holds.
pub const ADDRESS: &str = "云泽市城南区人民路一百二十号光明小区南区三十三幢2单元502室东侧水表井旁𠮷祥里";
/// What somebody writes who has time.
pub const STORY: &str =
    "阀门处大量漏水，已用沙袋围挡，请带抢修车；门锁已换，钥匙在物业𠮷师傅处，下午三点以后在家，请先打电话";

static EMPTY: LazyLock<Mutex<Desk>> = LazyLock::new(|| Mutex::new(empty_branch().desk));
static FULL: LazyLock<Mutex<Desk>> = LazyLock::new(|| Mutex::new(full_branch().desk));

/// Which of the two.
#[derive(Clone, Copy)]
pub enum Branch {
    /// Nothing has happened.
    Empty,
    /// Everything is there.
    Full,
}

impl Branch {
    /// A copy of its own to work in.
    pub fn copy(self) -> Book {
        let made = match self {
            Branch::Empty => &EMPTY,
            Branch::Full => &FULL,
        };
        let made = made.lock().unwrap();
        Book { desk: made.copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap() }
    }
}

fn empty_branch() -> Book {
    let mut book = book("B03");
    let bare = AccountOpened {
        no: BARE.into(),
        utility: "water".into(),
        name: "用户".into(),
        class: "resident".into(),
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        ..AccountOpened::default()
    };
    open(&mut book, &[bare]);
    book
}

fn full_branch() -> Book {
    let mut book = book("B03");
    water::prices(&mut book);
    people(&mut book);
    let mut accounts = vec![longest(), plain(SEALED, "sealed"), plain(ASKED, "sealed"), billed()];
    accounts.extend((0..40).map(card));
    open(&mut book, &accounts);
    bills(&mut book);
    orders(&mut book);
    data_room(&mut book);
    till(&mut book);
    requests(&mut book);
    book.desk.db_mut().refresh_search(|_| true).unwrap();
    book
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn open(book: &mut Book, accounts: &[AccountOpened]) {
    crate::support::town::open_accounts(book, accounts);
}

fn plain(no: &str, state: &str) -> AccountOpened {
    AccountOpened {
        name: NAME.into(),
        address: ADDRESS.into(),
        recent: "20;20;20".into(),
        opened: Some(day("2015-06-01")),
        last_reading: Some(LastReading { day: day("2026-08-10"), value: Milli::whole(100), registers: Vec::new() }),
        ..crate::support::town::account(no, NAME, state, 0)
    }
}

fn longest() -> AccountOpened {
    let arrear = |month: u32| Arrear {
        cycle: format!("2026-{month:02}"),
        amount: Fen(99_999_999),
        dated: NaiveDate::from_ymd_opt(2026, month, 1).unwrap(),
        due: NaiveDate::from_ymd_opt(2026, month, 16).unwrap(),
        tariff: "BJ-WATER-RES-2014".into(),
    };
    AccountOpened {
        arrears: (1..10).map(arrear).collect(),
        phone: Some("010-12345678".into()),
        people: Some(12),
        discount: Some("双证".into()),
        estate: "光明小区南区𠮷祥里".into(),
        building: "33".into(),
        unit: "2".into(),
        room: "502".into(),
        method: "银行代扣".into(),
        bank_name: Some("云泽市城南区农村信用合作联社人民路分理处".into()),
        bank_holder: Some("欧阳𠮷龘·买买提江".into()),
        agreement: Some("DK2026-0000000001".into()),
        remark: STORY.into(),
        extra: r#"{"special":"老"}"#.into(),
        meter: Some(MeterFacts {
            no: "M99999999999999".into(),
            maker: "宁波水表集团𠮷祥分公司".into(),
            calibre: "200".into(),
            dial: 9,
            fitted: Some(day("2019-05-01")),
            state: "supplied".into(),
            ..MeterFacts::default()
        }),
        recent: "99999;100000;99998".into(),
        last_reading: Some(LastReading {
            day: day("2026-11-02"),
            value: Milli::whole(999_999_999),
            registers: Vec::new(),
        }),
        ..plain(LONG, "supplied")
    }
}

fn billed() -> AccountOpened {
    AccountOpened {
        last_reading: Some(LastReading { day: day("2026-05-31"), value: Milli::whole(1_000), registers: Vec::new() }),
        ..plain(BILLED, "supplied")
    }
}

fn card(index: u64) -> AccountOpened {
    let held = (10..30).contains(&index);
    AccountOpened {
        book: "0412".into(),
        route: format!("041233205{index:02}"),
        discount: held.then(|| "特困".into()),
        ..plain(&(3_100_000_101_u64 + index).to_string(), "supplied")
    }
}

fn people(book: &mut Book) {
    let roles = ["clerk", "dispatcher", "seat", "data_clerk", "cashier", "auditor", "information_centre"];
    for index in 0..8 {
        let input = json!({
            "login": format!("ouyang-{index}"), "name": "欧阳𠮷龘·买买提江", "roles": &roles[..=index.min(6)], "password": "demo",
        });
        book.act("boss", "user.add", input);
    }
    let workers = [("lq", "李强", "抢修班", "城区"), ("zm", "张明", "表务班", "农村")];
    for (code, name, team, area) in workers {
        let input = json!({ "code": code, "name": name, "team": team, "area": area, "phone": "13800000000" });
        book.act("boss", "worker.add", input);
    }
    for index in 0..22 {
        let input = json!({
            "code": format!("oy{index:02}"), "name": "欧阳𠮷龘·买买提江", "team": "城南供水抢修维护第一班", "area": "城区及城郊结合部南片",
            "phone": "13800000000",
        });
        book.act("boss", "worker.add", input);
    }
}

/// Bills of five cycles, the last one large and late.
fn bills(book: &mut Book) {
    for (value, on) in [
        ("1020", "2026-06-30"),
        ("1045", "2026-07-31"),
        ("1066", "2026-08-31"),
        ("1090", "2026-09-27"),
        ("1312", "2026-10-27"),
    ] {
        let reading = json!({ "account": BILLED, "value": value, "date": on, "confirm": true });
        act_at(book, on, "room", "reading.enter", reading).unwrap();
        act_at(book, on, "room", "bill.issue", json!({ "account": BILLED })).unwrap();
    }
}

fn at(book: &mut Book, user: &str, minutes: i64, action: &str, input: Value) -> Value {
    book.desk.sign_in_practice(user).unwrap();
    let at = Some(moment() + Duration::minutes(minutes));
    let done = book.desk.perform(action, &input.to_string(), Call { key: None, at });
    serde_json::from_str(&done.unwrap_or_else(|refusal| panic!("{action} {input}: {refusal:?}")).result).unwrap()
}

fn fault(index: usize) -> Value {
    let kind = ["漏水", "停水", "水压不足"][index % 3];
    json!({
        "service": "fault", "address": format!("{ADDRESS}{index}"), "caller": "欧阳𠮷龘·买买提江",
        "fields": { "kind": kind, "area": "城区", "phone": "13800000000", "detail": STORY },
    })
}

/// Orders of every state, more than a screen holds.
fn orders(book: &mut Book) {
    let take =
        |book: &mut Book, minutes, index| at(book, "desk", minutes, "intake.take", fault(index))["order"].clone();
    let send = |book: &mut Book, minutes, order: &Value, worker: &str| {
        at(book, "desk", minutes, "order.dispatch", json!({ "orders": [order], "worker": worker }));
    };
    for index in 0..20 {
        let begun = -140 + 6 * i64::try_from(index).unwrap();
        let order = take(book, begun, index);
        if index % 2 == 0 {
            send(book, begun + 1, &order, if index % 4 == 0 { "oy01" } else { "lq" });
        }
        if index == 9 {
            at(book, "desk", begun + 2, "order.pause", json!({ "order": order, "reason": "用户原因" }));
        }
    }
    let done = take(book, -90, 30);
    send(book, -89, &done, "zm");
    let slip = json!({ "order": done, "arrived": "08:50", "done": "09:10", "left": "09:15" });
    at(book, "desk", -40, "order.return", slip);
    let unseal = json!({ "service": "unseal", "account": ASKED, "papers": ["owner_id", "application"] });
    at(book, "demo", -30, "intake.take", unseal);
    let complaint =
        json!({ "service": "complaint", "address": ADDRESS, "caller": NAME, "fields": { "course": STORY } });
    at(book, "desk", -1, "intake.take", complaint);
}

/// A book keyed once, readings to bill, slips that wait and slips sent back.
fn data_room(book: &mut Book) {
    for index in 0..40_u64 {
        let no = (3_100_000_101_u64 + index).to_string();
        if (10..34).contains(&index) {
            let reading = json!({ "account": no, "date": "2026-11-12", "value": "121", "confirm": true });
            book.act("room", "reading.enter", reading);
        } else {
            book.act("room", "reading.key", json!({ "account": no, "value": "121", "confirm": true }));
        }
    }
    for index in 0..9_u64 {
        let no = format!("HB20261003{index:02}");
        let account = (3_100_000_101_u64 + index).to_string();
        let slip = json!({
            "slip": no, "account": account, "old_meter": format!("M{account}"), "final_value": "125", "new_meter": format!("M9988776655{index}"),
            "first_value": "0", "calibre": "DN20", "date": "2026-11-20", "reason": "周期更换", "worker": "欧阳𠮷龘·买买提江",
            "old_seal": "F4827140000000", "new_seal": "F4413960000000", "materials": "生料带×1、铜接头×2、橡胶垫圈×4、镀锌管箍×1",
        });
        book.act("room", "swap.task", json!({ "slip": slip, "clerk": "room" }));
    }
    for index in 0..4 {
        let no = format!("HB20261009{index:02}");
        book.act("room", "swap.task", json!({ "slip": { "slip": no, "address": ADDRESS } }));
        book.act(
            "room",
            "swap.send_back",
            json!({ "slip": no, "reason": "无户号，地址与档案不符，请拆换岗核实后补上户号" }),
        );
    }
}

/// An open shift with more receipts than a screen holds, and a hand-written slip of somebody else.
fn till(book: &mut Book) {
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    for index in 0..14 {
        let (kind, amount) = [("报装费", "5.00"), ("补卡费", "20.00")][index % 2];
        let fee = json!({ "kind": kind, "amount": amount, "payer": "欧阳𠮷龘·买买提江", "for_what": "遗失补办" });
        book.act("demo", "fee.take", fee);
    }
    book.act("demo", "payment.take", json!({ "account": LONG, "amounts": "999999.99" }));
    book.act("check", "shift.open", json!({ "float": "100.00" }));
    let late = json!({
        "account": BILLED, "amounts": "10.00", "paper": "S-20261118-0815", "happened": day("2026-11-21") - Days::new(3),
    });
    book.act("check", "payment.enter_late", late);
}

/// Requests that wait for a check.
fn requests(book: &mut Book) {
    let bills = crate::support::adjust::bills(book, BILLED);
    for ((bill, _, _), volume) in bills.iter().zip(["10", "11", "12", "9"]) {
        let request = json!({
            "kind": "V1", "account": BILLED, "bills": [bill], "change": { "volume": volume }, "evidence": STORY,
        });
        book.act("demo", "adjustment.request", request);
    }
}
