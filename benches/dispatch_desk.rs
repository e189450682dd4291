//! The dispatch desk over 50,000 open orders: from a key to the frame it makes, in milliseconds.
//!
//! `cargo bench --bench dispatch_desk [-- ORDERS]`

#[path = "../tests/support/site.rs"]
mod site;

use std::time::{Duration, Instant};

use chrono::TimeZone;
use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::desk::Desk;
use meterdesk::rules::id::{Id, Site};
use meterdesk::rules::money::Fen;
use meterdesk::rules::order::{ClockTerm, Milestone, Order, OrderKind, Span, Terms, Whose};
use meterdesk::store::OpenOptions;
use meterdesk::store::tables::order::OrderRow;
use meterdesk::tui::app::{App, initials};
use meterdesk::tui::harness::{press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screens::dispatch::Dispatch;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use site::new_site;

/// A frame's time (design.md, Budget).
const FRAME: Duration = Duration::from_millis(8);

fn order(site: &Site, number: i64, now: chrono::DateTime<chrono::FixedOffset>) -> OrderRow {
    let told = now - chrono::Duration::minutes(number * 7 % 2_000);
    let due = told + chrono::Duration::minutes(45 + number * 13 % 6_000);
    let clock = ClockTerm {
        key: "arrive".into(),
        name: "到场".into(),
        whose: Whose::Customer,
        from: Milestone::Told,
        ends: Milestone::Arrived,
        span: Span::Minutes(45),
        due: Some(due),
    };
    let terms = Terms {
        kind: OrderKind::Repair,
        outcomes: OrderKind::Repair.outcomes().to_vec(),
        clocks: vec![clock],
        callback: true,
        meter_state: None,
        by_phone: true,
        told,
        accepted: told,
        agreed: None,
    };
    let stages = ["waiting", "underway", "paused", "callback"];
    let id = Id::new(site, 1, number, 0).expect("a small number");
    OrderRow {
        id,
        account: None,
        service: "fault".into(),
        title: "报修".into(),
        kind: "抢修".into(),
        category: "漏水".into(),
        state: "待派".into(),
        open: true,
        stage: stages[usize::try_from(number % 4).unwrap_or(0)].into(),
        due: due.timestamp(),
        held: false,
        promise: Some(due.timestamp()),
        step: None,
        urgency: "加急安排".into(),
        address: format!("人民路{number}号33幢2单元"),
        area: "城区".into(),
        caller: "路人".into(),
        phone: "13800000000".into(),
        wish: "表前漏水".into(),
        channel: "phone".into(),
        worker: None,
        day: told.date_naive(),
        told: told.timestamp(),
        dispatched: None,
        done: None,
        outcome: String::new(),
        overrun: String::new(),
        window_over: 0,
        fee: Fen::ZERO,
        owed: Fen::ZERO,
        deed_due: false,
        deed: None,
        join_key: None,
        last: id,
        life: serde_json::to_string(&Order::open(terms)).ok(),
    }
}

fn main() {
    let count: i64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(50_000);
    let folder = tempfile::tempdir().expect("a folder");
    let now = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).single().expect("a moment");
    let new = new_site("B03", false);
    let clock = Box::new(FixedClock::at(now));
    let (mut desk, _) =
        Desk::create(&folder.path().join("a.db"), OpenOptions::default(), clock, &new).expect("a new book");
    desk.sign_in_practice("boss").expect("the first manager");
    let site = Site::parse("B09").expect("a site");
    let tx = desk.db_mut().write().expect("a write");
    for number in 1..=count {
        tx.put(&order(&site, number, now)).expect("a row");
    }
    tx.commit().expect("a commit");
    let mut app = App::new(desk, Inputs::silent().waker());
    for (width, height) in [(80, 24), (120, 40)] {
        let started = Instant::now();
        let mut stack = Stack::new(Dispatch::new(&app), Theme::default(), initials);
        let _ = render(&mut stack, &app, width, height);
        let first = started.elapsed();
        let mut keys: Vec<&str> = Vec::new();
        for key in ["<Down>", "<PgDn>", "<Space>", "<PgUp>", "<Up>", "<Right>", "<Left>"] {
            keys.extend([key; 100]);
        }
        keys.extend(["<End>", "<Up>", "<Home>", "<C-a>"]);
        let mut times: Vec<(Duration, &str)> = Vec::new();
        for key in keys {
            let started = Instant::now();
            press(&mut stack, &mut app, key).expect("a key");
            let _ = render(&mut stack, &app, width, height);
            times.push((started.elapsed(), key));
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].0;
        let (worst, key) = times[times.len() - 1];
        let late = times.iter().filter(|(time, _)| *time > FRAME).count();
        println!(
            "{width}x{height} {count} orders: opened in {first:.1?}; key to frame p50 {:.2?} p99 {:.2?} worst {worst:.2?} ({key}), over 8 ms: {late} of {}",
            at(50),
            at(99),
            times.len()
        );
    }
}
