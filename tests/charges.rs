//! What is owed for a business is a receivable: shown as owed, taken at the till, gating what it gates, owed again when its payment
//! is reversed, gone or to be given back when the case is voided. Deposits are in `deposits.rs`.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::desk::view_home;
use meterdesk::outbound::sheet::Cell;
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::{Value, json};
use support::charges::{ACCOUNT, branch, fill, ledger, order, owed, refused, sheet, test_case};
use support::orders::{Book, Sample, Town, verified};
use support::transfer::{intake, take_in};

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
