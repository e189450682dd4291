//! Two sites act on one account without knowing of each other; the entries meet. What the merge table of the till says must come
//! out: the money of both stays counted, one is effective, the surplus is an exception.

mod support;

use meterdesk::derive;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::{Value, json};
use support::orders::{Book, Town};
use support::till::{Owes, accounts, owes, prices, sound};

/// One account that owes 86.40 (late fee 0.50); two clerks with open shifts.
fn town(prepaid: bool) -> Town {
    town_owing(prepaid, (vec![owes(8_640, "2026-11-18")], vec![]))
}

fn town_owing(prepaid: bool, owing: (Vec<Owes>, Vec<Owes>)) -> Town {
    Town::new(|book| {
        prices(book);
        accounts(book, &[owing]);
        for user in ["demo", "check"] {
            book.act(user, "shift.open", json!({ "float": "200.00" }));
        }
        if prepaid {
            book.act("demo", "payment.take", json!({ "account": "10000001", "bills": [], "to_prepaid": "90.00" }));
        }
    })
}

/// Each action at a site of its own, five minutes apart; then all of it in one book.
fn meet(town: &Town, acts: &[(&str, &str, Value)]) -> Book {
    let mut made: Vec<EntryRow> = Vec::new();
    for (index, (user, action, input)) in acts.iter().enumerate() {
        let mut book = town.site(&format!("S{index}"), 5 * (1 + i64::try_from(index).unwrap()));
        let entry = book.try_act(user, action, input).unwrap().0.unwrap();
        made.push(book.desk.look().unwrap().entry(entry).unwrap().unwrap());
    }
    let mut home = town.site("Z9", 60);
    let tx = home.desk.db_mut().write().unwrap();
    for entry in &made {
        derive::receive(&tx, entry).unwrap();
    }
    tx.commit().unwrap();
    home
}

struct Seen {
    owed: Fen,
    prepaid: Fen,
    credit: Fen,
    exceptions: Vec<String>,
    states: Vec<String>,
    ledger: std::collections::BTreeMap<String, Fen>,
}

fn see(book: &Book) -> Seen {
    sound(book);
    let tx = book.desk.look().unwrap();
    let account: Id = tx.account_of_text("10000001").unwrap().unwrap().id;
    let balance = tx.get::<BalanceRow>(&[&account]).unwrap();
    let (prepaid, credit) = balance.map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit));
    Seen {
        owed: tx.owed(account).unwrap(),
        prepaid,
        credit,
        exceptions: tx.open_exceptions().unwrap().into_iter().map(|row| row.what).collect(),
        states: tx.payments(account).unwrap().into_iter().map(|row| row.state).collect(),
        ledger: derive::ledger::trial_balance(&tx).unwrap().accounts,
    }
}

#[test]
fn one_bill_paid_at_two_sites_is_settled_once_and_the_rest_is_the_customers_credit() {
    let pay = json!({ "account": "10000001" });
    let book = meet(&town(false), &[("demo", "payment.take", pay.clone()), ("check", "payment.take", pay)]);
    let seen = see(&book);
    assert_eq!((seen.owed, seen.credit), (Fen::ZERO, Fen(8_690)));
    assert_eq!(seen.exceptions, ["paid_twice"]);
    assert_eq!(seen.ledger["cash"], Fen(20_000 * 2 + 8_690 * 2), "cash was taken twice");
    assert_eq!(seen.ledger["late_fee"], Fen(-50), "the fee is income once");
}

#[test]
fn a_part_and_the_whole_paid_apart_leave_the_part_as_credit() {
    let part = json!({ "account": "10000001", "amounts": "50.50" });
    let whole = json!({ "account": "10000001" });
    let seen = see(&meet(&town(false), &[("demo", "payment.take", part), ("check", "payment.take", whole)]));
    assert_eq!((seen.owed, seen.credit), (Fen::ZERO, Fen(5_050)));
    assert_eq!(seen.exceptions, ["paid_twice"]);
    assert_eq!(seen.ledger["late_fee"], Fen(-50), "the fee is income once");
}

#[test]
fn prepaid_used_at_two_sites_pays_once_and_the_second_use_has_no_effect() {
    let pay = json!({ "account": "10000001", "method": "预存" });
    let book = meet(&town(true), &[("demo", "payment.take", pay.clone()), ("check", "payment.take", pay)]);
    let seen = see(&book);
    assert_eq!((seen.owed, seen.prepaid, seen.credit), (Fen::ZERO, Fen(310), Fen::ZERO));
    assert_eq!(seen.states, ["taken", "taken", "surplus"]);
    assert_eq!(seen.exceptions, ["prepaid_twice"]);
}

#[test]
fn a_payment_reversed_at_two_sites_is_reversed_once_and_the_second_cash_stands_in_suspense() {
    let reverse = json!({ "payment": "B01-1-000001", "reason": "收错" });
    let town = town(true);
    let seen =
        see(&meet(&town, &[("demo", "payment.reverse", reverse.clone()), ("check", "payment.reverse", reverse)]));
    assert_eq!((seen.prepaid, seen.exceptions), (Fen::ZERO, vec!["reversed_twice".to_owned()]));
    assert_eq!(seen.ledger["suspense"], Fen(9_000));
    assert_eq!(seen.ledger["cash"], Fen(20_000 * 2 - 9_000), "both gave the money back");
}

#[test]
fn prepaid_used_at_one_site_and_its_payment_reversed_at_another_is_shown() {
    let acts = [
        ("demo", "payment.take", json!({ "account": "10000001", "method": "预存" })),
        ("check", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" })),
    ];
    let seen = see(&meet(&town(true), &acts));
    assert_eq!((seen.prepaid, seen.exceptions), (Fen(-8_690), vec!["balance_negative".to_owned()]));
}

#[test]
fn a_bill_cancelled_at_one_site_and_paid_at_another_gives_the_money_as_credit() {
    let town = town_owing(false, (vec![], vec![owes(8_640, "2026-11-18")]));
    let bill = {
        let book = town.site("S9", 1);
        let tx = book.desk.look().unwrap();
        tx.unpaid_bills(tx.account_of_text("10000001").unwrap().unwrap().id).unwrap()[0].id
    };
    let acts = [
        ("room", "bill.cancel", json!({ "account": "10000001", "bill": bill, "reason": "抄错" })),
        ("demo", "payment.take", json!({ "account": "10000001" })),
    ];
    let seen = see(&meet(&town, &acts));
    assert_eq!((seen.owed, seen.credit, seen.exceptions), (Fen::ZERO, Fen(8_690), vec!["paid_twice".to_owned()]));
}

#[test]
fn one_hand_written_slip_entered_at_two_sites_is_a_clash_until_one_is_reversed() {
    let late = |user| {
        let input = json!({ "account": "10000001", "amounts": "20.00", "paper": "S1", "happened": "2026-11-20" });
        (user, "payment.enter_late", input)
    };
    let mut book = meet(&town(false), &[late("demo"), late("check")]);
    assert_eq!(book.desk.look().unwrap().exception_count().unwrap(), 1);
    book.act("chief", "payment.reverse", json!({ "payment": "S1", "reason": "重复补录" }));
    assert_eq!(book.desk.look().unwrap().exception_count().unwrap(), 0);
    sound(&book);
}

#[test]
fn money_after_a_close_that_was_not_known_is_kept_and_shown() {
    let acts = [
        ("demo", "shift.close", json!({ "counted": "200.00" })),
        ("demo", "payment.take", json!({ "account": "10000001" })),
        ("demo", "shift.close", json!({ "counted": "199.00", "note": "点钞", "confirm": true })),
    ];
    let book = meet(&town(false), &acts);
    let tx = book.desk.look().unwrap();
    let mut whats: Vec<String> = tx.open_exceptions().unwrap().into_iter().map(|row| row.what).collect();
    whats.sort();
    assert_eq!(whats, ["after_close", "closed_twice"]);
    let balance = derive::ledger::trial_balance(&tx).unwrap();
    assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO));
}
