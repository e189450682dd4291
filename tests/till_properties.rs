//! Whatever is paid and reversed in whatever order: every entry balances (I-3), drawers hold what they must (I-8), an item is
//! reversed once (I-11), and no money of a customer is made or lost.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::payment::{PaymentTaken, money_account};
use meterdesk::derive::rebuild;
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::{BalanceRow, BillRow};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::orders::{Book, book};
use support::till::{Owes, accounts, owes, prices, sound};

/// One thing a clerk may try.
#[derive(Debug, Clone)]
enum Step {
    All(&'static str, i64),
    Part(i64),
    Bill(usize, i64),
    Prepay(i64),
    Waive,
    Reverse(usize),
    Fee(i64),
    Deposit(i64),
    Late(usize),
    Close(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop::sample::select(vec!["现金", "银行卡", "转账", "预存"]);
    prop_oneof![
        (method, 0i64..20_000).prop_map(|(method, over)| Step::All(method, over)),
        (1i64..30_000).prop_map(Step::Part),
        (0usize..4, 1i64..30_000).prop_map(|(bill, sum)| Step::Bill(bill, sum)),
        (1i64..20_000).prop_map(Step::Prepay),
        Just(Step::Waive),
        (1usize..8).prop_map(Step::Reverse),
        (1i64..5_000).prop_map(Step::Fee),
        (1i64..20_000).prop_map(Step::Deposit),
        (0usize..9).prop_map(Step::Late),
        (0i64..50_000).prop_map(Step::Close),
    ]
}

fn input(step: &Step) -> (&'static str, Value) {
    let account = "10000001";
    let fen = |sum: i64| Fen(sum).to_string();
    match step {
        Step::All("现金", over) => (
            "payment.take",
            json!({ "account": account, "tendered": fen(60_000 + over), "keep_change": over % 2 == 0 }),
        ),
        Step::All("预存", _) => ("payment.take", json!({ "account": account, "method": "预存" })),
        Step::All(method, over) => {
            ("payment.take", json!({ "account": account, "method": method, "tendered": fen(60_000 + over) }))
        }
        Step::Part(sum) => ("payment.take", json!({ "account": account, "amounts": fen(*sum) })),
        Step::Bill(bill, sum) => {
            ("payment.take", json!({ "account": account, "bills": [format!("#{bill}")], "amounts": [fen(*sum)] }))
        }
        Step::Prepay(sum) => ("payment.take", json!({ "account": account, "bills": [], "to_prepaid": fen(*sum) })),
        Step::Waive => ("payment.take", json!({ "account": account, "waive": true, "amounts": "50.00" })),
        Step::Reverse(number) => {
            ("payment.reverse", json!({ "payment": format!("B03-1-{number:06}"), "reason": "试" }))
        }
        Step::Fee(sum) => ("fee.take", json!({ "kind": "过户费", "amount": fen(*sum), "account": account })),
        Step::Deposit(sum) => ("shift.deposit", json!({ "amount": fen(*sum) })),
        Step::Late(number) => (
            "payment.enter_late",
            json!({ "account": account, "amounts": "20.00", "paper": format!("S{number}"), "happened": "2026-11-19" }),
        ),
        Step::Close(sum) => ("shift.close", json!({ "counted": fen(*sum) })),
    }
}

fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    let guess = Owes { amount: 12_000, due: "2026-10-20", estimated: true };
    let bills = vec![owes(8_640, "2026-11-01"), owes(33, "2026-09-01")];
    accounts(&mut book, &[(bills, vec![owes(20_000, "2026-11-25"), guess])]);
    book.act("demo", "shift.open", json!({ "float": "300.00" }));
    book
}

/// Money the account has brought (receipts less reversals) = what its bills took + late fees + its balances. No credit twice.
fn conserved(book: &Book) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text("10000001").unwrap().unwrap().id;
    let bills = tx.scan::<BillRow>(&[&account]).unwrap();
    let balance = tx.get::<BalanceRow>(&[&account]).unwrap();
    let (prepaid, credit) = balance.map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit));
    assert!(!prepaid.is_negative() && !credit.is_negative());
    for bill in &bills {
        assert!(!bill.unpaid.is_negative() && bill.unpaid <= bill.amount);
        assert_eq!(bill.state == "paid", bill.unpaid == Fen::ZERO);
    }
    let paid: Fen = bills.iter().map(|bill| bill.amount - bill.unpaid).sum();
    let alive: Vec<_> = tx.payments(account).unwrap().into_iter().filter(|row| row.state == "taken").collect();
    let fees: Fen = alive.iter().map(|row| row.late_fee).sum();
    let money: Fen = alive.iter().map(|row| row.amount).sum();
    assert_eq!(money, paid + fees + prepaid + credit);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_payments_and_reversals_keeps_the_books(steps in prop::collection::vec(step(), 1..25)) {
        let mut book = branch();
        for step in &steps {
            let (action, input) = input(step);
            let done = book.try_act("demo", action, &input);
            if action == "shift.close" && done.is_ok() {
                book.act("demo", "shift.open", json!({ "float": "300.00" }));
            }
        }
        sound(&book);
        conserved(&book);
        let tx = book.desk.look().unwrap();
        prop_assert_eq!(tx.open_exceptions().unwrap().len(), 0);
        let far = |text: &str| text.parse().unwrap();
        let moves = tx.till_between(meterdesk::rules::reach::Reach::ALL, far("2000-01-01"), far("2100-01-01")).unwrap();
        let mut serials: Vec<i64> = moves.iter().filter(|row| !row.series.is_empty()).map(|row| row.serial).collect();
        serials.sort_unstable();
        let whole: Vec<i64> = (1..=i64::try_from(serials.len()).unwrap()).collect();
        prop_assert_eq!(serials, whole, "I-9: receipts are continuous and given once");
        let mut reversed: Vec<_> = moves.iter().filter_map(|row| row.reverses).collect();
        let all = reversed.len();
        reversed.sort_unstable();
        reversed.dedup();
        prop_assert_eq!(reversed.len(), all, "I-11");
        drop(tx);
        let before = book.desk.look().unwrap().state_hash().unwrap();
        rebuild::rebuild(book.desk.db_mut(), |_| {}).unwrap();
        prop_assert_eq!(book.desk.look().unwrap().state_hash().unwrap(), before, "I-4");
    }
}

#[test]
fn money_without_a_till_is_posted_by_the_account_itself() {
    let mut book = branch();
    let account = book.desk.look().unwrap().account_of_text("10000001").unwrap().unwrap().id;
    let body = PaymentTaken {
        account,
        shift: None,
        payer: "10000001 用户1".into(),
        item: "气费".into(),
        method: "银行代扣".into(),
        receipt: String::new(),
        paper: None,
        day: "2026-11-01".parse().unwrap(),
        amount: Fen(10_000),
        tendered: Fen(10_000),
        change: Fen::ZERO,
        to_prepaid: Fen(10_000),
        from_prepaid: Fen::ZERO,
        from_credit: Fen::ZERO,
        lines: vec![],
    };
    assert_eq!(money_account(&body.method), Some("bank_in_transit"));
    book.desk.sign_in_practice("room").unwrap();
    let mut run = book.desk.open_run("import.debits", "payment.take", 1, "代扣", None).unwrap();
    let row = meterdesk::derive::row::to_row(&body).unwrap();
    run.push(&mut book.desk, Kind::Account, Some(account), row).unwrap();
    run.close(&mut book.desk, json!({}), |_| {}).unwrap();
    sound(&book);
    conserved(&book);
}
