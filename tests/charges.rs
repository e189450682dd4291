//! What is owed for a business is a receivable: shown as owed, taken at the till, gating what it gates, owed again when its payment
//! is reversed, gone or to be given back when the case is voided. A deposit is no income and has its way back.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::ledger::trial_balance;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{customer_view, view_home, view_orders};
use meterdesk::outbound::reports;
use meterdesk::outbound::sheet::{Cell, Sheet};
use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::{Value, json};
use support::orders::{Book, Sample, Town, book, moment, verified};
use support::town;
use support::transfer::{intake, take_in};

const ACCOUNT: &str = "3100000002";

/// A business of a branch's own: a meter test with its deposit, which must be in before anybody is sent, and a fee.
const TEST: &str = r#"
code     = "meter_test"
name     = "校表"
source   = "营业厅工作流程标准 1.2.10"
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

fn branch() -> Book {
    let mut book = book("B03");
    fill(&mut book);
    book
}

fn fill(book: &mut Book) {
    town::small(book);
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": TEST }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("check", "shift.open", json!({ "float": "500.00" }));
}

fn test_case(book: &mut Book) -> Value {
    book.act("demo", "intake.take", json!({ "service": "meter_test", "account": ACCOUNT }))["order"].clone()
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    match book.try_act(user, action, &input) {
        Err(refusal) => refusal,
        Ok(done) => panic!("{action} {input}: {done:?}"),
    }
}

fn ledger(book: &Book, account: &str) -> Fen {
    let balance = trial_balance(&book.desk.look().unwrap()).unwrap();
    assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO));
    balance.accounts.get(account).copied().unwrap_or_default()
}

fn sheet(book: &Book, name: &str) -> Sheet {
    let day = moment().date_naive();
    (reports::report(name).unwrap().fill)(&book.desk.look().unwrap(), Reach::ALL, day, day).unwrap()
}

fn order(book: &Book, id: &Value) -> Value {
    let id = id.as_str().unwrap().parse().unwrap();
    view_orders::order_json(&book.desk.look().unwrap(), id, moment()).unwrap().unwrap()
}

fn owed(book: &Book) -> (Fen, Fen) {
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    (view.owed, view.owed_fees)
}

#[test]
fn a_fee_agreed_at_the_window_is_owed_until_it_is_taken() {
    let mut book = branch();
    let case = json!(take_in(&mut book, ACCOUNT, "李小龙", false));
    assert_eq!(owed(&book), (Fen(500), Fen(500)));
    assert_eq!((ledger(&book, "charge"), ledger(&book, "fee")), (Fen(500), Fen(-500)));
    let shown = order(&book, &case);
    assert_eq!((&shown["owed"], &shown["charges"][0]["state"]), (&json!("5.00"), &json!("owed")));
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(ACCOUNT).unwrap().unwrap().id;
    assert!(tx.owing().unwrap().has(account), "find marks who owes");
    drop(tx);
    let arrears = sheet(&book, "arrears");
    let line = arrears.rows.iter().find(|row| row[0] == Cell::text(ACCOUNT)).expect("the fee stands in the arrears");
    assert_eq!((&line[4], &line[9]), (&Cell::text("业务费"), &Cell::Money(Fen(500))));

    let wrong = json!({ "account": ACCOUNT, "kind": "过户费", "amount": "10.00" });
    let refusal = refused(&mut book, "demo", "fee.take", wrong);
    assert_eq!(refusal.first_rule(), "R-209");
    assert!(refusal.message().contains("5.00"), "{refusal:?}");
    let taken = book.act("demo", "fee.take", json!({ "charge": case }));
    assert_eq!((&taken["amount"], &taken["kind"], &taken["order"]), (&json!("5.00"), &json!("过户费"), &case));
    assert_eq!(owed(&book), (Fen::ZERO, Fen::ZERO));
    assert_eq!((ledger(&book, "charge"), ledger(&book, "fee")), (Fen::ZERO, Fen(-500)));
    let again = refused(&mut book, "demo", "fee.take", json!({ "charge": case }));
    assert!(again.message().contains("已经收过"), "{again:?}");

    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    assert_eq!(owed(&book), (Fen(500), Fen(500)), "reversed, it is owed again");
    assert_eq!((ledger(&book, "charge"), ledger(&book, "fee")), (Fen(500), Fen(-500)));
    let by_name = book.act("demo", "fee.take", json!({ "account": ACCOUNT, "kind": "过户费", "amount": "5.00" }));
    assert_eq!(by_name["order"], case, "the till finds the charge by its name");
    assert_eq!(owed(&book), (Fen::ZERO, Fen::ZERO));
    verified(&mut book);
}

#[test]
fn the_fee_is_the_catalogues_wherever_it_is_taken() {
    let mut book = branch();
    let own = include_str!("../assets/services/transfer.toml").replace("\"5.00\"", "\"10.00\"");
    book.act("boss", "catalogue.put", json!({ "file": "transfer.toml", "text": own }));
    let taken = book.act("demo", "intake.take", intake(ACCOUNT, "李小龙", false, false));
    assert_eq!(taken["fee"], "10.00");
    let deed = json!({ "account": ACCOUNT, "id_number": support::transfer::NEW_OWNER });
    assert_eq!(book.act("demo", "account.transfer", deed)["fee"], "10.00");
    assert_eq!(book.act("demo", "fee.take", json!({ "charge": taken["order"] }))["amount"], "10.00");
    verified(&mut book);
}

#[test]
fn a_payment_names_the_one_fee_it_is_for() {
    let mut book = branch();
    let transfer = json!(take_in(&mut book, ACCOUNT, "李小龙", false));
    let case = test_case(&mut book);
    let pay = |charge: &Value, more: Value| {
        let mut input = json!({ "account": ACCOUNT, "charge": charge });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        input
    };
    assert_eq!(owed(&book).1, Fen(32_500));
    // What belongs to bills is another payment; a deposit has its own receipt; another's case and another sum are told.
    let beside =
        json!({ "bills": ["2026-10"], "amounts": "1.00", "waive": true, "to_prepaid": "1.00", "keep_change": true });
    let refusal = refused(&mut book, "demo", "payment.take", pay(&case, beside));
    let fields: Vec<_> = refusal.faults.iter().filter_map(|fault| fault.field.as_deref()).collect();
    assert_eq!(fields, ["bills", "amounts", "waive", "to_prepaid", "keep_change"]);
    let deposit = json!(format!("{}/检测押金", case.as_str().unwrap()));
    assert_eq!(refused(&mut book, "demo", "payment.take", pay(&deposit, json!({}))).first_rule(), "R-142");
    let other = json!({ "account": "3100000004", "charge": case });
    assert_eq!(refused(&mut book, "demo", "payment.take", other).first_rule(), "R-209");
    let seen = refused(&mut book, "demo", "payment.take", pay(&case, json!({ "expected_total": "19.00" })));
    assert!(seen.message().contains("20.00"), "{seen:?}");
    // Of two fees that are owed the one that is named is paid, as a fee.
    let paid = book.act("demo", "payment.take", pay(&case, json!({ "tendered": "50.00", "expected_total": "20.00" })));
    assert_eq!((&paid["amount"], &paid["change"], &paid["order"]), (&json!("20.00"), &json!("30.00"), &case));
    assert_eq!((&paid["lines"], &paid["account"]), (&json!([]), &json!(ACCOUNT)));
    assert_eq!(owed(&book).1, Fen(30_500));
    assert_eq!(
        (&order(&book, &case)["charges"][1]["state"], &order(&book, &transfer)["owed"]),
        (&json!("paid"), &json!("5.00"))
    );
    let entry = paid["payment"].as_str().unwrap().parse().unwrap();
    assert_eq!(book.desk.look().unwrap().entry(entry).unwrap().unwrap().action, "fee.take");
    let by_name = json!(format!("{}/校表费", case.as_str().unwrap()));
    assert!(refused(&mut book, "demo", "payment.take", pay(&by_name, json!({}))).message().contains("已经收过"));
    book.act("demo", "payment.reverse", json!({ "payment": paid["receipt"], "reason": "收错" }));
    assert_eq!(owed(&book).1, Fen(32_500), "reversed, it is owed again");
    verified(&mut book);
}

#[test]
fn a_voided_case_owes_nothing_and_what_was_paid_for_it_goes_back() {
    let mut book = branch();
    let unpaid = json!(take_in(&mut book, ACCOUNT, "李小龙", false));
    book.act("chief", "order.void", json!({ "order": unpaid, "reason": "用户不办了" }));
    assert_eq!(owed(&book), (Fen::ZERO, Fen::ZERO));
    assert_eq!((ledger(&book, "charge"), ledger(&book, "fee")), (Fen::ZERO, Fen::ZERO));
    assert!(refused(&mut book, "demo", "fee.take", json!({ "charge": unpaid })).message().contains("作废"));

    let paid = json!(take_in(&mut book, ACCOUNT, "李小龙", false));
    let receipt = book.act("demo", "fee.take", json!({ "charge": paid }))["receipt"].clone();
    let voided = book.act("chief", "order.void", json!({ "order": paid, "reason": "用户不办了" }));
    assert_eq!(voided["refund"], "5.00");
    assert_eq!((ledger(&book, "refundable"), ledger(&book, "fee")), (Fen(-500), Fen::ZERO));
    assert_eq!(order(&book, &paid)["charges"][0]["state"], "refundable");
    book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "业务作废" }));
    assert_eq!((ledger(&book, "refundable"), ledger(&book, "charge")), (Fen::ZERO, Fen::ZERO));
    assert_eq!(owed(&book), (Fen::ZERO, Fen::ZERO), "a voided case never owes again");
    verified(&mut book);
}

#[test]
fn nobody_is_sent_before_the_deposit_is_in_and_the_deposit_is_no_income() {
    let mut book = branch();
    let case = test_case(&mut book);
    let send = json!({ "orders": [case], "worker": "zm" });
    let refusal = refused(&mut book, "desk", "order.dispatch", send.clone());
    assert_eq!(refusal.first_rule(), "R-209");
    assert!(refusal.message().contains("检测押金") && refusal.message().contains("300.00"), "{refusal:?}");
    assert_eq!(owed(&book), (Fen(32_000), Fen(32_000)));

    for (input, rule) in [
        (json!({ "account": ACCOUNT, "kind": "检测押金", "amount": "300.00" }), "R-142"),
        (json!({ "charge": format!("{}/检测押金", case.as_str().unwrap()) }), "R-142"),
    ] {
        assert_eq!(refused(&mut book, "demo", "fee.take", input).first_rule(), rule);
    }
    let taken = book.act("demo", "deposit.take", json!({ "account": ACCOUNT, "tendered": "400.00" }));
    assert_eq!((&taken["amount"], &taken["change"], &taken["order"]), (&json!("300.00"), &json!("100.00"), &case));
    assert_eq!((ledger(&book, "deposit"), ledger(&book, "fee")), (Fen(-30_000), Fen(-2_000)));
    assert_eq!(owed(&book), (Fen(2_000), Fen(2_000)));
    book.act("desk", "order.dispatch", send);
    assert!(refused(&mut book, "demo", "deposit.take", json!({ "charge": case })).message().contains("已经收过"));

    let slip = meterdesk::outbound::check_slip::slip(
        &book.desk.look().unwrap(),
        taken["deposit"].as_str().unwrap().parse().unwrap(),
        false,
    );
    let slip = slip.unwrap().unwrap();
    assert!(slip.text.contains("押金收据") && slip.number == taken["receipt"], "{}", slip.text);

    let cash = sheet(&book, "cash");
    let row = cash.rows.iter().find(|row| row[4] == Cell::text("检测押金")).unwrap();
    assert_eq!(row[6..], [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Money(Fen(30_000))]);
    assert!(
        cash.notes.iter().any(|note| note.contains("押金收 300.00") && note.contains("不是收入")),
        "{:?}",
        cash.notes
    );
    let payments = sheet(&book, "payments");
    assert!(payments.rows.iter().any(|row| row[13] == Cell::text("押金")));
    let shifts = sheet(&book, "shifts");
    assert!(shifts.rows.iter().any(|row| row.contains(&Cell::Money(Fen(30_000)))));

    done(&mut book, &case);
    let back = book.act("check", "deposit.return", json!({ "deposit": taken["receipt"], "remark": "检测合格" }));
    assert_eq!((&back["amount"], &back["order"]), (&json!("300.00"), &case));
    assert_eq!(ledger(&book, "deposit"), Fen::ZERO);
    assert_eq!(owed(&book), (Fen(2_000), Fen(2_000)), "what was given back is not owed again");
    let again = refused(&mut book, "check", "deposit.return", json!({ "deposit": taken["receipt"] }));
    assert_eq!(again.first_rule(), "I-11");
    let reverse = json!({ "payment": taken["receipt"], "reason": "收错" });
    assert_eq!(refused(&mut book, "demo", "payment.reverse", reverse).first_rule(), "I-11");
    verified(&mut book);
}

/// The order's slip comes back 合格, and its callback is made.
fn done(book: &mut Book, case: &Value) {
    let slip = json!({ "order": case, "arrived": "10:00", "done": "10:00", "left": "10:00", "remark": "合格" });
    if book.act("desk", "order.return", slip)["state"] == "待回访" {
        book.act("desk", "callback.record", json!({ "order": case, "outcome": "满意" }));
    }
}

#[test]
fn a_deposit_is_given_back_when_its_order_has_ended_and_the_gate_never_stands_open_without_it() {
    let mut book = branch();
    let case = test_case(&mut book);
    let send = json!({ "orders": [case], "worker": "zm" });
    let receipt = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    let back = json!({ "deposit": receipt });
    let refusal = refused(&mut book, "demo", "deposit.return", back.clone());
    assert_eq!(refusal.first_rule(), "R-142");
    assert!(refusal.message().contains("待派") && refusal.message().contains("办结或作废后再退"), "{refusal:?}");
    book.act("desk", "order.dispatch", send.clone());
    assert!(refused(&mut book, "demo", "deposit.return", back.clone()).message().contains("在途"));
    assert_eq!((ledger(&book, "deposit"), owed(&book).0), (Fen(-30_000), Fen(2_000)));
    done(&mut book, &case);
    assert_eq!(book.act("demo", "deposit.return", back)["amount"], "300.00");

    // What was taken by mistake goes back by its reversal, and the gate is shut again.
    let case = test_case(&mut book);
    let wrong = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    book.act("demo", "payment.reverse", json!({ "payment": wrong, "reason": "收错" }));
    assert_eq!(
        refused(&mut book, "desk", "order.dispatch", json!({ "orders": [case], "worker": "zm" })).first_rule(),
        "R-209"
    );
    verified(&mut book);
}

#[test]
fn a_deposit_is_no_income_of_the_day_and_a_line_of_its_own_keeps_the_identity() {
    let mut book = branch();
    let case = test_case(&mut book);
    book.act("demo", "deposit.take", json!({ "charge": case }));
    let cash = sheet(&book, "cash");
    let told = "前日现金结余 200.00 + 本日营业收入 0.00 + 押金 300.00 - 存入 0.00 = 当日现金结余 500.00";
    assert!(cash.notes.iter().any(|note| note.contains(told)), "{:?}", cash.notes);
    book.act("demo", "fee.take", json!({ "charge": case }));
    let shifts = sheet(&book, "shifts");
    let at = |key: &str| shifts.columns.iter().position(|column| column.key == key).unwrap();
    let row = shifts.rows.iter().find(|row| row[at("opening")] == Cell::Money(Fen(20_000))).unwrap();
    let sums = ["income", "deposits", "cash"].map(|key| row[at(key)].clone());
    assert_eq!(sums, [2_000, 30_000, 52_000].map(|sum| Cell::Money(Fen(sum))));

    let (entry, closed) = book.try_act("demo", "shift.close", &json!({ "counted": "520.00" })).unwrap();
    let said = ["previous", "income", "security", "deposits", "expected"].map(|key| closed[key].as_str().unwrap());
    assert_eq!(said, ["200.00", "20.00", "300.00", "0.00", "520.00"]);
    let slip = meterdesk::outbound::check_slip::slip(&book.desk.look().unwrap(), entry.unwrap(), false);
    let text = slip.unwrap().unwrap().text;
    let line = |label: &str| {
        text.lines().find(|line| line.contains(label)).unwrap().split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(
        (line("本日营业收入").as_str(), line("押金 (现金").as_str(), line("当日现金结余").as_str()),
        ("20.00", "300.00", "520.00"),
        "{text}"
    );
}

#[test]
fn a_deposit_taken_by_mistake_is_reversed_and_owed_again_and_one_of_a_voided_case_stays_held() {
    let mut book = branch();
    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    assert_eq!((ledger(&book, "deposit"), owed(&book).0), (Fen::ZERO, Fen(32_000)));
    assert_eq!(
        refused(&mut book, "demo", "deposit.return", json!({ "deposit": taken["receipt"] })).first_rule(),
        "I-11"
    );
    let second = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("chief", "order.void", json!({ "order": case, "reason": "用户不办了" }));
    assert_eq!((ledger(&book, "deposit"), ledger(&book, "fee"), owed(&book).0), (Fen(-30_000), Fen::ZERO, Fen::ZERO));
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    assert!(view.alerts.iter().any(|alert| alert.text.contains("在存押金 300.00")), "{:?}", view.alerts);
    book.act("demo", "deposit.return", json!({ "deposit": second["receipt"] }));
    assert_eq!(ledger(&book, "deposit"), Fen::ZERO);
    verified(&mut book);
}

/// A fee of a business whose name has the word, and no deposit.
const COPY: &str = r#"
code     = "deposit_copy"
name     = "补押金收据"
source   = "营业厅工作流程标准 1.2.10"
channels = ["柜台"]
account  = "必须"
[[fee]]
key     = "copy"
name    = "押金收据工本费"
amount  = "8.00"
invoice = "定额发票"
[order]
kind = "其它"
"#;

#[test]
fn a_reversal_is_a_deposit_s_by_what_it_reverses_and_not_by_a_word_in_the_name_of_a_fee() {
    let mut book = branch();
    book.act("boss", "catalogue.put", json!({ "file": "deposit_copy.toml", "text": COPY }));
    let undone = |book: &Book| -> Vec<String> {
        let notes = sheet(book, "cash").notes.into_iter();
        notes.filter(|note| note.contains("不是收入")).collect()
    };
    let case =
        book.act("demo", "intake.take", json!({ "service": "deposit_copy", "account": ACCOUNT }))["order"].clone();
    let fee = book.act("demo", "fee.take", json!({ "charge": case }));
    assert_eq!(fee["kind"], json!("押金收据工本费"));
    book.act("demo", "payment.reverse", json!({ "payment": fee["receipt"], "reason": "收错" }));
    assert_eq!(undone(&book), Vec::<String>::new(), "what went back was income, not a deposit");

    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    let notes = undone(&book);
    assert!(notes.len() == 1 && notes[0].contains("押金收 300.00，退 0.00，冲正 -300.00"), "{notes:?}");
    verified(&mut book);
}

#[test]
fn a_shift_without_cash_or_right_gives_no_deposit_back() {
    let mut book = branch();
    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "shift.deposit", json!({ "amount": "450.00", "to": "银行", "slip": "1" }));
    book.act("chief", "order.void", json!({ "order": case, "reason": "用户不办了" }));
    let back = json!({ "deposit": taken["receipt"] });
    assert_eq!(refused(&mut book, "demo", "deposit.return", back.clone()).first_rule(), "R-366");
    assert_eq!(
        refused(&mut book, "desk", "deposit.return", back).kind,
        meterdesk::desk::refusal::RefusalKind::Permission
    );
}

#[test]
fn an_open_case_stands_among_mine_until_it_is_done() {
    let mut book = branch();
    let mine = |book: &mut Book| {
        book.desk.sign_in_practice("demo").unwrap();
        let lines = view_home::facts(&book.desk).unwrap().lines;
        lines.into_iter().find(|line| line.head == "我的").map(|line| line.text).unwrap_or_default()
    };
    assert!(!mine(&mut book).contains("窗口未办完"));
    let case = json!(take_in(&mut book, ACCOUNT, "李小龙", false));
    assert!(mine(&mut book).contains("窗口未办完 1") && mine(&mut book).contains("待过户"), "{}", mine(&mut book));
    book.act("demo", "account.transfer", json!({ "account": ACCOUNT, "id_number": support::transfer::NEW_OWNER }));
    assert!(mine(&mut book).contains("待收费"), "{}", mine(&mut book));
    book.act("demo", "fee.take", json!({ "charge": case }));
    assert!(!mine(&mut book).contains("窗口未办完"));
    assert_eq!((&order(&book, &case)["state"], &order(&book, &case)["open"]), (&json!("窗口办结"), &json!(false)));
    let voided = refused(&mut book, "chief", "order.void", json!({ "order": case, "reason": "不办了" }));
    assert_eq!(voided.first_rule(), "R-303");
}

#[test]
fn a_service_fee_is_no_name_for_money_of_bills_nor_for_a_fee_of_the_catalogue_without_its_case() {
    let mut book = branch();
    for (kind, rule) in
        [("水费", "R-172"), ("补缴滞纳金", "R-172"), ("预存", "R-172"), ("过户费", "R-209"), ("校表费", "R-209")]
    {
        let input = json!({ "account": ACCOUNT, "kind": kind, "amount": "3.00" });
        let told = refused(&mut book, "demo", "fee.take", input);
        assert_eq!((told.first_rule(), told.faults[0].field.as_deref()), (rule, Some("kind")), "{kind} {told:?}");
    }
    let passer_by = json!({ "kind": "过户费", "amount": "3.00", "payer": "张三" });
    assert!(refused(&mut book, "demo", "fee.take", passer_by).message().contains("请先受理"));
    verified(&mut book);
}

#[test]
fn a_fee_of_no_case_is_taken_as_ever() {
    let mut book = branch();
    let taken = book.act("demo", "fee.take", json!({ "account": ACCOUNT, "kind": "补卡费", "amount": "10.00" }));
    assert_eq!((&taken["order"], &taken["amount"]), (&Value::Null, &json!("10.00")));
    assert_eq!(ledger(&book, "fee"), Fen(-1_000));
    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    assert_eq!(ledger(&book, "fee"), Fen::ZERO);
    assert_eq!(
        refused(&mut book, "demo", "fee.take", json!({ "account": ACCOUNT, "kind": "补卡费" })).first_rule(),
        "R-209"
    );
    verified(&mut book);
}

// ---- two sites ----------------------------------------------------------------------------------------------------------

/// A town with a transfer and a meter test taken in, the deposit paid; and the deposit of a test that was voided.
fn busy() -> (Town, Value, Value, [Value; 2]) {
    let (mut deed, mut test, mut gone) = (Value::Null, Value::Null, [Value::Null, Value::Null]);
    let town = Town::new(|book| {
        fill(book);
        deed = json!(take_in(book, "3100000002", "李小龙", false));
        let case = |book: &mut Book| {
            let asked = json!({ "service": "meter_test", "account": "3100000004" });
            let order = book.act("demo", "intake.take", asked)["order"].clone();
            let receipt = book.act("demo", "deposit.take", json!({ "charge": order }))["receipt"].clone();
            (order, receipt)
        };
        gone = case(book).into();
        book.act("chief", "order.void", json!({ "order": gone[0], "reason": "不办了" }));
        test = case(book).0;
    });
    (town, deed, test, gone)
}

fn exceptions(book: &Book, order: &Value) -> Vec<String> {
    let id: meterdesk::rules::id::Id = order.as_str().unwrap().parse().unwrap();
    let rows = book.desk.look().unwrap().scan::<ExceptionRow>(&[&Kind::Order.letter(), &id]).unwrap();
    rows.into_iter().map(|row| row.what).collect()
}

#[test]
fn charges_and_deposits_give_one_state_in_every_order() {
    let (town, deed, test, [_, receipt]) = busy();
    let late = json!({ "payment": "B01-1-000001", "reason": "收错" });
    let samples: Vec<Sample> = vec![
        ("demo", "fee.take", json!({ "charge": deed })),
        ("check", "fee.take", json!({ "charge": deed, "method": "银行卡" })),
        ("demo", "fee.take", json!({ "charge": test })),
        ("demo", "account.transfer", json!({ "account": "3100000002", "id_number": support::transfer::NEW_OWNER })),
        ("check", "account.transfer", json!({ "account": "3100000002", "id_number": support::transfer::NEW_OWNER })),
        ("chief", "order.void", json!({ "order": deed, "reason": "不办了" })),
        ("chief", "order.void", json!({ "order": test, "reason": "不办了" })),
        ("demo", "deposit.return", json!({ "deposit": receipt })),
        ("check", "deposit.return", json!({ "deposit": receipt })),
        ("check", "payment.reverse", late),
        ("desk", "order.dispatch", json!({ "orders": [test], "worker": "zm" })),
        ("demo", "intake.take", json!({ "service": "fault", "account": "3100000004", "fields": { "kind": "表故障" } })),
    ];
    town.agree_all(&samples, 10);
}

#[test]
fn a_fee_paid_at_two_sites_is_paid_once_and_the_second_goes_back() {
    let (town, deed, ..) = busy();
    let mut book = town
        .merged(&[("demo", "fee.take", json!({ "charge": deed })), ("check", "fee.take", json!({ "charge": deed }))]);
    assert_eq!(exceptions(&book, &deed), ["charge_paid_twice"]);
    assert_eq!((ledger(&book, "charge"), ledger(&book, "refundable")), (Fen(2_000), Fen(-500)));
    let tx = book.desk.look().unwrap();
    let charge = tx.charges_of_order(deed.as_str().unwrap().parse().unwrap()).unwrap().remove(0);
    assert_eq!((charge.paid, charge.owed, charge.refundable), (Fen(500), Fen::ZERO, Fen(500)));
    drop(tx);
    assert!(book.desk.verify(false, |_| {}).unwrap().ok);
}

#[test]
fn a_deposit_returned_at_two_sites_goes_back_once_and_the_second_is_an_exception() {
    let (town, _, _, [gone, receipt]) = busy();
    let mut book = town.merged(&[
        ("demo", "deposit.return", json!({ "deposit": receipt })),
        ("check", "deposit.return", json!({ "deposit": receipt })),
    ]);
    assert_eq!(exceptions(&book, &gone), ["deposit_returned_twice"]);
    assert_eq!((ledger(&book, "deposit"), ledger(&book, "suspense")), (Fen(-30_000), Fen(30_000)));
    assert!(book.desk.verify(false, |_| {}).unwrap().ok);
}

#[test]
fn a_fee_taken_for_a_case_voided_elsewhere_is_to_be_given_back() {
    let (town, deed, ..) = busy();
    let mut book = town.merged(&[
        ("chief", "order.void", json!({ "order": deed, "reason": "不办了" })),
        ("demo", "fee.take", json!({ "charge": deed })),
    ]);
    assert_eq!((ledger(&book, "charge"), ledger(&book, "refundable")), (Fen(2_000), Fen(-500)));
    assert!(book.desk.verify(false, |_| {}).unwrap().ok);
}
