//! One action, durable: how often the disk is asked to sync, how long the whole takes, and how much of it is our own work.
//!
//! `cargo bench --bench action [-- ACCOUNTS [ACTIONS]]`. The action is a cash payment of all that an account owes, on a book of
//! that many accounts. Syncs are counted by the test VFS; our own work is what is left when SQLite does not wait for the disk.

#[path = "../tests/support/site.rs"]
mod site;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use meterdesk::book::clock::SystemClock;
use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::{AccountOpened, Arrear};
use meterdesk::derive::row::to_row;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::money::Fen;
use meterdesk::rules::tariff::builtin;
use meterdesk::store::OpenOptions;
use site::new_site;

/// Our own work on an action at most (design.md, Budget).
const OWN_WORK: Duration = Duration::from_millis(1);
/// Syncs an action at most, on average.
const SYNCS: f64 = 1.05;

fn account(number: u64, dated: NaiveDate) -> AccountOpened {
    AccountOpened {
        no: format!("{}", 10_000_000 + number),
        utility: "water".into(),
        name: format!("用户{number}"),
        address: format!("人民路{}号{}幢{}室", number / 400 + 1, number / 24 % 20 + 1, number % 24 + 101),
        class: "resident".into(),
        class_confirmed: true,
        method: "现金".into(),
        status: "正常".into(),
        extra: "{}".into(),
        arrears: vec![Arrear {
            cycle: dated.format("%Y-%m").to_string(),
            amount: Fen(4_000 + i64::try_from(number % 9_000).unwrap_or(0)),
            dated,
            due: dated + Days::new(15),
            tariff: "BJ-WATER-RES-2014".into(),
        }],
        ..AccountOpened::default()
    }
}

/// A book where every account owes one bill, due a month ago, and the clerk has a shift open.
fn make(path: &Path, accounts: u64) {
    let new = new_site("B03", false);
    let (mut desk, _) = Desk::create(path, OpenOptions::default(), Box::new(SystemClock), &new).expect("a new book");
    desk.sign_in_practice("boss").expect("the first manager");
    for (login, role) in [("demo", "clerk"), ("room", "data_clerk")] {
        if desk.look().expect("a book").users_of_login(login).expect("a book").is_empty() {
            let user = format!(r#"{{"login":"{login}","name":"{login}","roles":["{role}"],"password":"demo"}}"#);
            desk.perform("user.add", &user, Call::default()).expect("a user");
        }
    }
    for (file, text) in builtin::FILES {
        let input = serde_json::json!({ "file": file, "text": text }).to_string();
        desk.perform("tariff.put", &input, Call::default()).expect("a tariff");
    }
    let dated = desk.today() - Days::new(45);
    desk.sign_in_practice("room").expect("a data clerk");
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).expect("a run");
    for number in 0..accounts {
        let row = to_row(&account(number, dated)).expect("a row");
        run.push(&mut desk, Kind::Account, None, row).expect("a row written");
    }
    run.close(&mut desk, serde_json::json!({}), |_| {}).expect("a closed run");
    desk.sign_in_practice("demo").expect("a clerk");
    desk.perform("shift.open", r#"{"float":"200.00"}"#, Call::default()).expect("an open shift");
    desk.db().checkpoint().expect("a checkpoint");
}

/// Takes a payment from each of `actions` accounts from `first` on, spread over the book; how long each took.
fn pay(path: &Path, options: OpenOptions, accounts: u64, first: u64, actions: u64) -> Vec<Duration> {
    let mut desk = Desk::open(path, options, Box::new(SystemClock)).expect("the book");
    desk.sign_in_practice("demo").expect("a clerk");
    let step = accounts / (3 * actions).max(1);
    let mut took = Vec::new();
    for number in 0..actions {
        let account = 10_000_000 + (first * actions + number) * step.max(1);
        let input = format!(r#"{{"account":"{account}","tendered":"1000.00","confirm":true}}"#);
        let start = Instant::now();
        desk.perform("payment.take", &input, Call::default()).expect("a payment");
        took.push(start.elapsed());
    }
    took.sort_unstable();
    took
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let accounts = numbers.first().copied().unwrap_or(100_000);
    let actions = numbers.get(1).copied().unwrap_or(1_000).min(accounts / 3);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("book.db");
    let start = Instant::now();
    make(&path, accounts);
    println!("{accounts} accounts made in {:.1} s", start.elapsed().as_secs_f64());

    let own = pay(&path, OpenOptions { unsafe_sync_off: true, ..OpenOptions::default() }, accounts, 0, actions);
    println!("own work     p50 {:?}  p99 {:?}  (goal: {OWN_WORK:?})", at(&own, 50), at(&own, 99));
    let whole = pay(&path, OpenOptions::default(), accounts, 1, actions);
    println!("with fsync   p50 {:?}  p99 {:?}", at(&whole, 50), at(&whole, 99));

    lossy_vfs::register();
    let before = lossy_vfs::syncs();
    let vfs = OpenOptions { vfs: Some(lossy_vfs::NAME.into()), ..OpenOptions::default() };
    let counted = pay(&path, vfs, accounts, 2, actions);
    let each = (lossy_vfs::syncs() - before) as f64 / counted.len() as f64;
    println!("fsyncs       {each:.3} an action (goal: {SYNCS})");
    let within = each <= SYNCS && at(&own, 50) <= OWN_WORK;
    println!("{}", if within { "within the budget" } else { "beyond the budget" });
}
