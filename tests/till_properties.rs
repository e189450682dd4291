//! Whatever is paid and reversed in whatever order: every entry balances (I-3), drawers hold what they must (I-8), an item is
//! reversed once (I-11), and no money of a customer is made or lost. Beside the program a ledger of the test's own is kept, from what
//! was typed and answered alone; after each step balances and drawer are what it says, and a reversal is done exactly when it says
//! that the money is there.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::payment::{PaymentTaken, money_account};
use meterdesk::derive::rebuild;
use meterdesk::rules::id::Id;
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
    Float(i64),
    Undo(usize),
    Cancel(usize),
    Night,
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
        (1i64..9_000).prop_map(Step::Float),
        (0usize..3).prop_map(Step::Undo),
        (1usize..3).prop_map(Step::Cancel),
        Just(Step::Night),
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
        Step::Fee(sum) => ("fee.take", json!({ "kind": "报装费", "amount": fen(*sum), "account": account })),
        Step::Deposit(sum) => ("shift.deposit", json!({ "amount": fen(*sum) })),
        Step::Late(number) => (
            "payment.enter_late",
            json!({ "account": account, "amounts": "20.00", "paper": format!("S{number}"), "happened": "2026-11-19" }),
        ),
        Step::Close(sum) => ("shift.close", json!({ "counted": fen(*sum), "note": "点钞", "confirm": true })),
        Step::Float(sum) => ("shift.float_add", json!({ "amount": fen(*sum) })),
        Step::Cancel(_) | Step::Undo(_) | Step::Night => ("", Value::Null),
    }
}

/// A receipt as the test's own ledger knows it.
#[derive(Clone)]
struct Paid {
    receipt: String,
    method: String,
    amount: i64,
    to_prepaid: i64,
    from_prepaid: i64,
    from_credit: i64,
    /// Bill, principal, late fee.
    lines: Vec<(String, i64, i64)>,
    is_fee: bool,
}

/// The test's own ledger: it shares nothing with the program but what was typed and answered.
#[derive(Default)]
struct Own {
    cash: i64,
    prepaid: i64,
    credit: i64,
    /// What was paid on each bill, its late fee too: it comes back when the bill is taken back.
    paid_on: std::collections::BTreeMap<String, i64>,
    cancelled: std::collections::BTreeSet<String>,
    receipts: Vec<Paid>,
    house: Vec<(String, i64)>,
    is_over: bool,
}

fn fen_of(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.parse::<Fen>().unwrap().0)
}

impl Own {
    fn put_in_drawer(&mut self, method: &str, amount: i64) {
        if method == "现金" {
            self.cash += amount;
        }
    }

    fn took(&mut self, answer: &Value, is_fee: bool) {
        let used = fen_of(&answer["from_prepaid"]);
        let from_prepaid = used.min(self.prepaid);
        let method = answer["method"].as_str().unwrap_or("现金").to_owned();
        let list = answer["lines"].as_array().cloned().unwrap_or_default();
        let paid = Paid {
            receipt: answer["receipt"].as_str().unwrap().to_owned(),
            amount: fen_of(&answer["amount"]),
            to_prepaid: fen_of(&answer["to_prepaid"]),
            from_prepaid,
            from_credit: used - from_prepaid,
            lines: list
                .iter()
                .map(|line| {
                    (line["bill"].as_str().unwrap().to_owned(), fen_of(&line["principal"]), fen_of(&line["late_fee"]))
                })
                .collect(),
            method,
            is_fee,
        };
        self.put_in_drawer(&paid.method, paid.amount);
        self.prepaid += paid.to_prepaid - paid.from_prepaid;
        self.credit -= paid.from_credit;
        for (bill, principal, fee) in &paid.lines {
            *self.paid_on.entry(bill.clone()).or_default() += principal + fee;
        }
        self.receipts.push(paid);
    }

    /// What balances and drawer would be without a receipt; none when they cannot be.
    fn without(&self, paid: &Paid) -> Option<(i64, i64, i64)> {
        let gone = paid.lines.iter().filter(|(bill, ..)| self.cancelled.contains(bill));
        let dead: i64 = gone.map(|(_, principal, fee)| principal + fee).sum();
        let cash = self.cash - if paid.method == "现金" { paid.amount } else { 0 };
        let prepaid = self.prepaid + paid.from_prepaid - paid.to_prepaid;
        let credit = self.credit + paid.from_credit - dead;
        let whole = paid.amount + paid.from_prepaid + paid.from_credit;
        let fine = prepaid >= 0.min(self.prepaid) && credit >= 0.min(self.credit) && cash >= 0 && whole <= 50_000;
        (fine || (paid.is_fee && cash >= 0 && whole <= 50_000)).then_some((cash, prepaid, credit))
    }

    fn reversed(&mut self, receipt: &str) {
        let at = self.receipts.iter().position(|paid| paid.receipt == receipt).unwrap();
        let paid = self.receipts.remove(at);
        (self.cash, self.prepaid, self.credit) = self.without(&paid).unwrap();
        for (bill, principal, fee) in paid.lines.iter().filter(|(bill, ..)| !self.cancelled.contains(bill)) {
            *self.paid_on.entry(bill.clone()).or_default() -= principal + fee;
        }
    }

    fn agrees(&self, book: &Book) {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text("10000001").unwrap().unwrap().id;
        let row = tx.get::<BalanceRow>(&[&account]).unwrap();
        let (prepaid, credit) = row.map_or((0, 0), |row| (row.prepaid.0, row.credit.0));
        assert_eq!((prepaid, credit), (self.prepaid, self.credit), "balances by the test's own ledger");
        let demo = tx.user_at_desk("demo").unwrap().unwrap().id;
        assert_eq!(tx.open_shift(demo).unwrap().unwrap().cash.0, self.cash, "drawer by the test's own ledger");
    }
}

/// The bills that were issued here, oldest first.
fn issued(book: &Book) -> Vec<Id> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text("10000001").unwrap().unwrap().id;
    let bills = tx.scan::<BillRow>(&[&account]).unwrap();
    bills.into_iter().map(|row| row.id).filter(|id| id.0 > 0).collect()
}

/// Tries a step and keeps the test's own ledger beside it.
fn try_step(book: &mut Book, own: &mut Own, step: &Step) {
    let (action, input) = match step {
        Step::Undo(index) => match own.house.get(*index).cloned() {
            Some((entry, _)) => ("shift.deposit_reverse", json!({ "deposit": entry, "reason": "存错" })),
            None => return,
        },
        Step::Night => {
            let tomorrow = book.desk.now() + chrono::Duration::days(1);
            book.desk.set_clock(Box::new(meterdesk::book::clock::FixedClock::at(tomorrow)));
            own.is_over = true;
            return;
        }
        Step::Cancel(at) => {
            let bill = issued(book).get(at - 1).copied();
            ("bill.cancel", json!({ "account": "10000001", "bill": bill, "reason": "抄错" }))
        }
        // A slip of today: what one of an earlier day brings back is in tests/late_back.rs and the money fuzzer.
        Step::Late(_) => {
            let (action, mut input) = input(step);
            input["happened"] = json!(book.desk.now().date_naive().to_string());
            (action, input)
        }
        step => input(step),
    };
    let user = if action == "bill.cancel" { "room" } else { "demo" };
    let done = book.try_act(user, action, &input);
    if own.is_over && user == "demo" && action != "shift.close" {
        assert_eq!(done.unwrap_err().first_rule(), "R-178", "{action} in the shift of yesterday");
        return;
    }
    if action == "payment.reverse" {
        let known = own.receipts.iter().find(|paid| Some(paid.receipt.as_str()) == input["payment"].as_str());
        let wanted = known.is_some_and(|paid| own.without(paid).is_some());
        assert_eq!(done.is_ok(), wanted, "{input}: {:?}", done.as_ref().err());
    }
    let Ok((entry, answer)) = done else { return };
    match action {
        "payment.take" | "payment.enter_late" => own.took(&answer, false),
        "fee.take" => own.took(&answer, true),
        "payment.reverse" => own.reversed(input["payment"].as_str().unwrap()),
        "shift.deposit" | "shift.float_add" => {
            let sum = fen_of(&input["amount"]) * if action == "shift.deposit" { -1 } else { 1 };
            own.cash += sum;
            own.house.push((entry.unwrap().to_string(), sum));
        }
        "shift.deposit_reverse" => {
            let Step::Undo(index) = step else { return };
            own.cash -= own.house.remove(*index).1;
        }
        "bill.cancel" => {
            let bill = answer["bill"].as_str().unwrap().to_owned();
            own.credit += own.paid_on.get(&bill).copied().unwrap_or_default();
            own.cancelled.insert(bill);
        }
        "shift.close" => {
            assert_eq!(fen_of(&answer["over_short"]), fen_of(&input["counted"]) - own.cash);
            own.cash = fen_of(&input["counted"]);
            (own.house, own.is_over) = (Vec::new(), false);
            let other = json!({ "float": Fen(own.cash + 1).to_string() });
            assert_eq!(
                book.try_act("demo", "shift.open", &other).unwrap_err().faults[0].field.as_deref(),
                Some("reason")
            );
            book.act("demo", "shift.open", json!({ "float": Fen(own.cash).to_string() }));
        }
        _ => {}
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
fn conserved(book: &Book, own: &Own) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text("10000001").unwrap().unwrap().id;
    let bills = tx.scan::<BillRow>(&[&account]).unwrap();
    let balance = tx.get::<BalanceRow>(&[&account]).unwrap();
    let (prepaid, credit) = balance.map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit));
    assert!(!prepaid.is_negative() && !credit.is_negative());
    for bill in &bills {
        assert!(!bill.unpaid.is_negative() && bill.unpaid <= bill.amount);
        assert_eq!(bill.state != "open", bill.unpaid == Fen::ZERO);
    }
    let paid: Fen = bills.iter().filter(|bill| bill.state != "cancelled").map(|bill| bill.amount - bill.unpaid).sum();
    let alive: Vec<_> = tx.payments(account).unwrap().into_iter().filter(|row| row.state == "taken").collect();
    let fees: Fen = alive.iter().map(|row| row.late_fee).sum();
    let lines = own.receipts.iter().flat_map(|paid| &paid.lines);
    let came_back: i64 = lines.filter(|(bill, ..)| own.cancelled.contains(bill)).map(|(.., fee)| fee).sum();
    let money: Fen = alive.iter().map(|row| row.amount).sum();
    assert_eq!(money, paid + fees - Fen(came_back) + prepaid + credit);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_payments_and_reversals_keeps_the_books(steps in prop::collection::vec(step(), 1..25)) {
        let mut book = branch();
        let mut own = Own { cash: 30_000, ..Own::default() };
        for step in &steps {
            try_step(&mut book, &mut own, step);
            own.agrees(&book);
        }
        sound(&book);
        conserved(&book, &own);
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
        covers: None,
        late: vec![],
    };
    assert_eq!(money_account(&body.method), Some("bank_in_transit"));
    book.desk.sign_in_practice("room").unwrap();
    let mut run = book.desk.open_run("import.debits", "payment.take", 1, "代扣", None).unwrap();
    let row = meterdesk::derive::row::to_row(&body).unwrap();
    run.push(&mut book.desk, Kind::Account, Some(account), row).unwrap();
    run.close(&mut book.desk, json!({}), |_| {}).unwrap();
    sound(&book);
    conserved(&book, &Own::default());
}
