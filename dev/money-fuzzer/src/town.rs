//! The branch as it begins: people, prices, accounts with a last reading, prepaid and opening arrears.

use std::fmt::Display;

use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, Arrear, LastReading, MeterFacts};
use meterdesk::derive::row::to_row;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::money::{Fen, Milli};
use serde_json::json;

use crate::chance::Chance;
use crate::ledger::{Account, Bill, Mark};

/// Accounts of the branch.
pub const ACCOUNTS: usize = 6;
const PEOPLE: [(&str, &str, &[&str]); 7] = [
    ("demo", "王芳", &["clerk", "duty_clerk"]),
    ("check", "赵敏", &["clerk", "data_clerk"]),
    ("room", "钱数据", &["data_clerk", "data_director"]),
    ("chief", "孙经理", &["centre_deputy", "data_director", "hall_supervisor"]),
    ("info", "李信息", &["information_centre"]),
    ("cash", "吴出纳", &["cashier"]),
    ("books", "郑会计", &["accountant"]),
];

const TEST: &str = r#"
code     = "meter_test"
name     = "校表"
source   = "试"
channels = ["柜台"]
account  = "必须"
[[fee]]
key     = "deposit"
name    = "检测押金"
amount  = "300.00"
invoice = "押金收据"
deposit = true
before  = "派工"
[[fee]]
key     = "test"
name    = "校表费"
amount  = "20.00"
invoice = "定额发票"
[order]
kind = "其它"
"#;

fn tariff(class: &str, steps: &str) -> String {
    format!(
        "code = \"T-{class}\"\nname = \"{class}\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"{class}\"\nvalid_from = 2014-05-01\n\
         document = \"试\"\ncycle = \"year\"\n[[component]]\nkey = \"w\"\nname = \"费\"\nsteps = [ {steps} ]\n\n[late_fee]\ndue_days = 15\n\
         rate = \"0.003\"\nstep = \"0.5\"\nround = \"down\"\nminimum = \"0\"\nown_waiver = \"20.00\"\n"
    )
}

/// The book and the ledger beside it, at nine in the morning of a day.
pub fn begin(now: DateTime<FixedOffset>, chance: &mut Chance) -> Result<(Desk, Vec<Account>), String> {
    let mut desk = Desk::in_memory("B03", Box::new(FixedClock::at(now))).map_err(text)?;
    let site = NewSite {
        site: "B03",
        name: "城南营业所",
        utility: "water",
        head_office: false,
        practice: true,
        login: "boss",
        manager: "主任",
        password: "demo",
    };
    desk.begin(&site).map_err(text)?;
    let act = |desk: &mut Desk, action: &str, input: serde_json::Value| {
        desk.sign_in_practice("boss").map_err(text)?;
        let done = desk.perform(action, &input.to_string(), Call { key: None, at: Some(now) });
        done.map(|_| ()).map_err(|refusal| format!("{action}: {}", refusal.message()))
    };
    for (login, name, roles) in PEOPLE {
        act(&mut desk, "user.add", json!({ "login": login, "name": name, "roles": roles, "password": "demo" }))?;
    }
    let ladder = "{ upto = \"180\", price = \"5\" }, { upto = \"260\", price = \"7\" }, { price = \"9\" }";
    for (class, steps) in [("resident", ladder), ("non_resident", "{ price = \"7.50\" }")] {
        act(&mut desk, "tariff.put", json!({ "file": "x.toml", "text": tariff(class, steps) }))?;
    }
    act(&mut desk, "catalogue.put", json!({ "file": "meter_test.toml", "text": TEST }))?;
    let accounts: Vec<Account> = (0..ACCOUNTS).map(|at| account(at, now.date_naive(), chance)).collect();
    desk.sign_in_practice("room").map_err(text)?;
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).map_err(text)?;
    for account in &accounts {
        run.push(&mut desk, Kind::Account, None, to_row(&file(account)).map_err(text)?).map_err(text)?;
    }
    run.close(&mut desk, json!({}), |_| {}).map_err(text)?;
    Ok((desk, accounts))
}

fn text(error: impl Display + std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn account(at: usize, today: NaiveDate, chance: &mut Chance) -> Account {
    let days = |back: i64| today - Days::new(u64::try_from(back).unwrap_or(0));
    let arrears = if chance.percent(40) { chance.between(1, 2) } else { 0 };
    let bills = (0..arrears).map(|index| {
        let amount = chance.between(1, 40_000);
        let due = days(chance.between(5, 25) + 30 * (arrears - index));
        Bill {
            id: format!("#{}", index + 1),
            cycle: due.format("%Y-%m").to_string(),
            made: u64::try_from(index).unwrap_or(0),
            period: None,
            due,
            amount,
            unpaid: amount,
            by_itself: 0,
            stood: 0,
            lives: true,
            estimated: false,
            swap: false,
            fen_days: 0,
            charged: 0,
            next: None,
            prev: None,
        }
    });
    let bills: Vec<Bill> = bills.collect();
    let value = chance.between(100, 5_000);
    let prepaid = if bills.is_empty() && chance.percent(50) { chance.between(1, 30_000) } else { 0 };
    Account {
        no: format!("{}", 31_000_001 + at),
        name: format!("用户{}", at + 1),
        meter: format!("M{}", at + 1),
        percent: if at < 4 { 100 } else { 0 },
        prepaid,
        brought: prepaid,
        credit: 0,
        bills,
        marks: vec![Mark { day: days(chance.between(1, 20)), value, begins: value, estimated: false, bill: None }],
        paid: Vec::new(),
        given: Vec::new(),
        swapped: false,
        changes: 0,
        bills_of_owners_before: 0,
        credit_before: 0,
        credit_since: None,
        deed: None,
    }
}

fn file(account: &Account) -> AccountOpened {
    let mark = &account.marks[0];
    let arrear = |bill: &Bill| Arrear {
        cycle: bill.cycle.clone(),
        amount: Fen(bill.amount),
        dated: bill.due - Days::new(15),
        due: bill.due,
        tariff: "T-resident".into(),
    };
    AccountOpened {
        no: account.no.clone(),
        utility: "water".into(),
        name: account.name.clone(),
        class: if account.percent == 100 { "resident" } else { "non_resident" }.into(),
        class_confirmed: true,
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        opened: NaiveDate::from_ymd_opt(2020, 1, 1),
        arrears: account.bills.iter().map(arrear).collect(),
        prepaid: Fen(account.prepaid),
        meter: Some(MeterFacts {
            no: account.meter.clone(),
            dial: 6,
            fitted: NaiveDate::from_ymd_opt(2020, 1, 1),
            state: "supplied".into(),
            ..MeterFacts::default()
        }),
        last_reading: Some(LastReading { day: mark.day, value: Milli::whole(mark.value), registers: Vec::new() }),
        ..AccountOpened::default()
    }
}
