//! Whatever is adjusted, paid and reversed, in whatever order, at one site or at two that do not know of each other: every entry
//! balances (I-3), and the money a customer brought is always what the bills took, the late fees kept, and the balances — so no
//! sequence of adjustments gives a credit twice.

mod support;

use meterdesk::derive::rebuild;
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::{BalanceRow, BillRow};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::adjust::{bills, branch};
use support::orders::{Book, Town, book};
use support::till::sound;

const ACCOUNT: &str = "31000003";

/// One thing somebody may try.
#[derive(Debug, Clone)]
enum Step {
    Volume(usize, i64),
    Class(bool),
    Waive(usize, Option<i64>),
    Check(usize, bool),
    Decide(usize, bool, bool),
    Pay(i64),
    PayAll,
    UseCredit,
    Reverse(usize),
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0usize..2, 0i64..60).prop_map(|(bill, volume)| Step::Volume(bill, volume)),
        1 => any::<bool>().prop_map(Step::Class),
        2 => (0usize..2, prop::option::of(1i64..300)).prop_map(|(bill, sum)| Step::Waive(bill, sum)),
        4 => (0usize..6, prop::bool::weighted(0.9)).prop_map(|(at, yes)| Step::Check(at, yes)),
        6 => (0usize..6, prop::bool::weighted(0.8), prop::bool::weighted(0.8)).prop_map(|(at, yes, who)| Step::Decide(at, yes, who)),
        2 => (1i64..20_000).prop_map(Step::Pay),
        1 => Just(Step::PayAll),
        1 => Just(Step::UseCredit),
        2 => (1usize..5).prop_map(Step::Reverse),
        1 => (0usize..2).prop_map(Step::Cancel),
    ]
}

fn bill(book: &Book, at: usize) -> Value {
    bills(book, ACCOUNT).get(at).map_or(Value::Null, |bill| json!(bill.0))
}

/// A request that is in one of these states; of several the `at`-th, around.
fn request(book: &Book, states: &[&str], at: usize) -> Value {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(ACCOUNT).unwrap().unwrap().id;
    let mut rows = tx.requests_of(account).unwrap();
    rows.retain(|row| states.contains(&row.state.as_str()));
    if rows.is_empty() { Value::Null } else { json!(rows[at % rows.len()].id) }
}

fn input(book: &Book, step: &Step) -> (&'static str, &'static str, Value) {
    let ask = |kind: &str, bill: Value, change: Value| json!({ "kind": kind, "account": ACCOUNT, "bills": [bill], "change": change, "evidence": "凭据" });
    match step {
        Step::Volume(at, volume) => {
            ("demo", "adjustment.request", ask("V4", bill(book, *at), json!({ "volume": volume.to_string() })))
        }
        Step::Class(mixed) => {
            let mix = if *mixed { "居民50%;非居民50%" } else { "居民20%;特种行业80%" };
            ("demo", "adjustment.request", ask("P1", bill(book, 1), json!({ "mix": mix })))
        }
        Step::Waive(at, sum) => {
            let change = sum.map_or(json!({}), |sum| json!({ "waive": Fen(sum).to_string() }));
            ("demo", "adjustment.request", ask("L4", bill(book, *at), change))
        }
        Step::Check(at, yes) => (
            "check",
            "adjustment.check",
            json!({ "request": request(book, &["asked"], *at), "approve": yes, "remark": "x" }),
        ),
        Step::Decide(at, yes, chief) => (
            if *chief { "chief" } else { "boss" },
            "adjustment.decide",
            json!({ "request": request(book, &["checked", "disputed"], *at), "approve": yes, "remark": "x" }),
        ),
        Step::Pay(sum) => ("demo", "payment.take", json!({ "account": ACCOUNT, "amounts": Fen(*sum).to_string() })),
        Step::PayAll => ("demo", "payment.take", json!({ "account": ACCOUNT, "method": "银行卡" })),
        Step::UseCredit => ("demo", "payment.take", json!({ "account": ACCOUNT, "method": "预存" })),
        Step::Reverse(number) => {
            let receipt = format!("{}-1-{number:06}", book.desk.site());
            ("demo", "payment.reverse", json!({ "payment": receipt, "reason": "试" }))
        }
        Step::Cancel(at) => {
            ("room", "bill.cancel", json!({ "bill": bill(book, *at), "account": ACCOUNT, "reason": "试" }))
        }
    }
}

/// Tries every step; what a rule refuses is not done. Half of the requests are checked at once.
fn walk(book: &mut Book, steps: &[Step]) {
    for (index, step) in steps.iter().enumerate() {
        let (user, action, asked) = input(book, step);
        let done = book.try_act(user, action, &asked);
        if action == "adjustment.request" && index % 2 == 0 && done.is_ok() {
            let (user, action, check) = input(book, &Step::Check(0, true));
            let _ = book.try_act(user, action, &check);
        }
    }
}

fn opened() -> Book {
    let mut home = book("B03");
    prepare(&mut home);
    home.act("demo", "shift.open", json!({ "float": "5000.00" }));
    home
}

fn prepare(book: &mut Book) {
    branch(book);
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
}

/// Money brought = what living bills took + late fees kept + balances.
fn conserved(book: &Book) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(ACCOUNT).unwrap().unwrap().id;
    let living = |row: &BillRow| row.state == "open" || row.state == "paid";
    let bills: Vec<BillRow> = tx.scan::<BillRow>(&[&account]).unwrap().into_iter().filter(living).collect();
    for bill in &bills {
        assert!(!bill.unpaid.is_negative() && bill.unpaid <= bill.amount, "{bill:?}");
        assert_eq!(bill.state == "paid", bill.unpaid == Fen::ZERO, "{bill:?}");
    }
    let paid: Fen = bills.iter().map(|bill| bill.amount - bill.unpaid).sum();
    let alive: Vec<_> = tx.payments(account).unwrap().into_iter().filter(|row| row.state != "reversed").collect();
    let money: Fen = alive.iter().map(|row| row.amount).sum();
    let fees: Fen = alive.iter().map(|row| row.late_fee).sum();
    let refunds: Fen = tx.waivers(account).unwrap().iter().map(|row| row.refund).sum();
    // Late fee that came back with a smaller bill: never more than the payments that stand brought.
    let back: Fen = tx.waivers(account).unwrap().iter().filter(|row| row.fee.is_negative()).map(|row| row.refund).sum();
    assert!(back <= fees, "{back} came back of {fees}");
    let balance = tx.get::<BalanceRow>(&[&account]).unwrap();
    let (prepaid, credit) = balance.map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit));
    assert_eq!(money + refunds, paid + fees + prepaid + credit, "money is made or lost");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_adjustments_gives_a_credit_twice(steps in prop::collection::vec(step(), 4..28)) {
        let mut book = opened();
        walk(&mut book, &steps);
        sound(&book);
        conserved(&book);
        let before = book.desk.look().unwrap().state_hash().unwrap();
        rebuild::rebuild(book.desk.db_mut(), |_| {}).unwrap();
        prop_assert_eq!(book.desk.look().unwrap().state_hash().unwrap(), before, "I-4");
    }

    #[test]
    fn nor_do_two_sites_that_do_not_know_of_each_other(
        first in prop::collection::vec(step(), 2..12), left in prop::collection::vec(step(), 1..10),
        right in prop::collection::vec(step(), 1..10),
    ) {
        let town = Town::new(|home| {
            prepare(home);
            home.act("demo", "shift.open", json!({ "float": "5000.00" }));
            walk(home, &first);
        });
        let (mut one, mut two) = (town.site("S1", 5), town.site("S2", 6));
        walk(&mut one, &left);
        walk(&mut two, &right);
        one.receive_from(&two);
        two.receive_from(&one);
        conserved(&one);
        let state = |book: &Book| book.desk.look().unwrap().state_hash().unwrap();
        prop_assert_eq!(state(&one), state(&two));
        let balance = meterdesk::derive::ledger::trial_balance(&one.desk.look().unwrap()).unwrap();
        prop_assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO), "I-3");
    }
}
