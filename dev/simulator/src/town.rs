//! How the company begins: desks with their people, and a town of shared accounts at head office. Made once a thread; every seed
//! begins from copies.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use chrono::{DateTime, FixedOffset, NaiveDate};
use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, Arrear, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::money::{Fen, Milli};
use serde_json::{Value, json};

/// Most branches.
pub const MOST: usize = 8;

/// Accounts of the shared town.
pub const ACCOUNTS: usize = 8;

const PRICES: [&str; 3] = [
    include_str!("../../../assets/tariffs/bj-water-res-2014.toml"),
    include_str!("../../../assets/tariffs/sample-water-nonres.toml"),
    include_str!("../../../assets/tariffs/sample-water-special.toml"),
];

/// Roles every branch may give.
pub const ROLES: [&str; 11] = [
    "clerk",
    "duty_clerk",
    "data_clerk",
    "dispatcher",
    "seat",
    "centre_deputy",
    "hall_supervisor",
    "data_director",
    "hotline_lead",
    "team_lead",
    "admin",
];

/// Head office and as many branches as there can be, not yet known to each other.
pub struct Template {
    /// Head office `HO`.
    pub office: Desk,
    /// `B1` … `B8`.
    pub branches: Vec<Desk>,
}

/// The moment of a text such as `2026-10-30T10:00:00+08:00`.
pub fn moment(text: &str) -> DateTime<FixedOffset> {
    text.parse().expect("moments here are written well")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("days here are written well")
}

/// Number of the n-th account of the town.
pub fn account_no(index: usize) -> String {
    (31_000_001 + index).to_string()
}

/// Performs an action; answers its result.
pub fn act(desk: &mut Desk, user: &str, action: &str, input: &Value, at: Option<&str>) -> Value {
    desk.sign_in_practice(user).expect(user);
    let call = Call { key: None, at: at.map(moment) };
    let done = desk.perform(action, &input.to_string(), call).unwrap_or_else(|why| panic!("{action} {input}: {why:?}"));
    serde_json::from_str(&done.result).expect("answers are JSON")
}

impl Template {
    /// Makes all desks.
    pub fn make() -> Self {
        let mut office = site("HO", true);
        town(&mut office);
        Self { office, branches: (1..=MOST).map(|index| site(&format!("B{index}"), false)).collect() }
    }
}

fn site(code: &str, head_office: bool) -> Desk {
    let clock = FixedClock(Arc::new(AtomicI64::new(moment("2026-10-26T08:00:00+08:00").timestamp_millis())));
    let mut desk = Desk::in_memory(code, Box::new(clock)).expect("a book in memory");
    let new = NewSite {
        site: code,
        name: if head_office { "总公司" } else { "营业所" },
        utility: "water",
        head_office,
        practice: true,
        login: "boss",
        manager: "主任",
        password: "demo",
    };
    desk.begin(&new).expect("a new site");
    desk.add_practice_users().expect("its people");
    desk
}

fn town(office: &mut Desk) {
    for (index, text) in PRICES.iter().enumerate() {
        act(office, "boss", "tariff.put", &json!({ "file": format!("{index}.toml"), "text": text }), None);
    }
    let right = json!({ "user": "room", "role": "data_director", "first_day": "2026-01-01" });
    act(office, "boss", "user.right", &right, None);
    office.sign_in_practice("room").expect("room");
    let mut run = office.open_run("import.customers", "account.open", 1, "客户", None).expect("a run");
    for index in 0..ACCOUNTS {
        let row = to_row(&account(index)).expect("a row");
        run.push(office, Kind::Account, None, row).expect("a row");
    }
    run.close(office, json!({}), |_| {}).expect("a run");
    for index in 0..4 {
        let (no, on) = (account_no(index), "2026-10-27T10:00:00+08:00");
        let value = 1_030 + 60 * index;
        let reading = json!({ "account": no, "value": value.to_string(), "date": "2026-10-27", "confirm": true });
        act(office, "room", "reading.enter", &reading, Some(on));
        act(office, "room", "bill.issue", &json!({ "account": no }), Some(on));
    }
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班", "area": "城区" });
    act(office, "boss", "worker.add", &worker, None);
}

fn account(index: usize) -> AccountOpened {
    let arrear = Arrear {
        cycle: "2026-08".into(),
        amount: Fen(4_000 + 100 * index as i64),
        dated: day("2026-09-01"),
        due: day("2026-09-20"),
        tariff: "BJ-WATER-RES-2014".into(),
    };
    AccountOpened {
        no: account_no(index),
        utility: "water".into(),
        name: format!("用户{index}"),
        mobile: Some("13358990332".into()),
        address: format!("人民路{}号", index + 1),
        area: Some(if index.is_multiple_of(2) { "old" } else { "new" }.into()),
        class: "resident".into(),
        class_confirmed: true,
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        opened: Some(day("2020-01-01")),
        meter: Some(MeterFacts {
            no: format!("M{index}"),
            calibre: "20".into(),
            dial: 5,
            state: "supplied".into(),
            ..MeterFacts::default()
        }),
        last_reading: Some(LastReading { day: day("2026-06-30"), value: Milli::whole(1_000), registers: Vec::new() }),
        arrears: if index.is_multiple_of(3) { vec![arrear] } else { Vec::new() },
        recent: "20;20;20".into(),
        ..AccountOpened::default()
    }
}
