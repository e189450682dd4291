//! Several desks on one book: two terminals paying one bill in one second, numbers given once, and a book whose drawer was
//! tampered with.

mod support;

use std::path::Path;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk, Done};
use meterdesk::store::OpenOptions;
use serde_json::json;
use support::orders::Book;
use support::site::new_site;
use support::till::{accounts, owes, prices};

fn open(path: &Path, user: &str) -> Desk {
    let mut desk = Desk::open(path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    desk.sign_in_practice(user).unwrap();
    desk
}

fn branch(path: &Path) {
    let new = NewSite { utility: "gas", ..new_site("B03", false) };
    let (desk, _) = Desk::create(path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
    let mut book = Book { desk };
    for (login, roles) in [("demo", ["clerk"]), ("check", ["clerk"]), ("room", ["data_clerk"])] {
        let user = json!({ "login": login, "name": login, "roles": roles, "password": "demo" });
        book.act("boss", "user.add", user);
    }
    prices(&mut book);
    let debts = (0..20).map(|_| (vec![owes(4_000, "2030-01-01")], vec![])).collect::<Vec<_>>();
    accounts(&mut book, &debts);
    for user in ["demo", "check"] {
        book.act(user, "shift.open", json!({ "float": "100.00" }));
    }
}

fn pay(desk: &mut Desk, account: usize) -> Result<Done, Refusal> {
    let input = json!({ "account": (10_000_001 + account).to_string() }).to_string();
    desk.perform("payment.take", &input, Call::default())
}

#[test]
fn of_two_terminals_paying_one_bill_one_is_refused_and_every_receipt_has_its_own_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    branch(&path);
    let start = std::sync::Barrier::new(2);
    let run = |user: &'static str| {
        let (path, start) = (&path, &start);
        move || {
            let mut desk = open(path, user);
            start.wait();
            (0..20).map(|account| pay(&mut desk, account)).collect::<Vec<_>>()
        }
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = ["demo", "check"].map(|user| scope.spawn(run(user))).into_iter().collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for account in 0..20 {
        let done: Vec<bool> = outcomes.iter().map(|list: &Vec<Result<Done, Refusal>>| list[account].is_ok()).collect();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "account {account}");
    }
    let refused = outcomes.iter().flatten().filter_map(|outcome| outcome.as_ref().err());
    assert!(refused.clone().count() == 20 && refused.clone().all(|refusal| refusal.first_rule() == "R-174"));
    let mut desk = open(&path, "demo");
    assert_eq!(desk.look().unwrap().last_receipt("B03-1").unwrap(), 20);
    let verdict = desk.verify(true, |_| {}).unwrap();
    assert!(verdict.ok, "{verdict:?}");
}

#[test]
fn verify_finds_a_drawer_that_does_not_hold_its_cash_and_a_number_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    branch(&path);
    let mut desk = open(&path, "demo");
    pay(&mut desk, 0).unwrap();
    pay(&mut desk, 1).unwrap();
    assert!(desk.verify(false, |_| {}).unwrap().ok);
    let mut fault = |sql: &str| {
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        desk.verify(false, |_| {}).unwrap().first_fault.unwrap().message
    };
    assert!(fault("UPDATE d_shift SET cash = cash + 1 WHERE income > 0").contains("现金不等于"));
    let mended = "UPDATE d_shift SET cash = cash - 1 WHERE income > 0;";
    assert!(fault(&format!("{mended} UPDATE d_till SET serial = 1 WHERE serial = 2")).contains("出现了两次"));
}
