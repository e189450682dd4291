//! A transfer is one case from intake to the end: what was taken in binds the deed, what the account has is asked, and the case stands
//! open until owner, settled reading and fee are in (R-121 … R-126).

mod support;

use meterdesk::derive::ledger::trial_balance;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{customer_view, view_orders};
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::{Value, json};
use support::orders::{Book, Sample, Town, book, moment};
use support::town;
use support::transfer::{NEW_OWNER, PAPERS, intake, take_in};

const ACCOUNT: &str = "3100000002";

fn branch() -> Book {
    let mut book = book("B03");
    fill(&mut book);
    book
}

fn fill(book: &mut Book) {
    support::till::prices(book);
    town::small(book);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
}

fn deed(more: Value) -> Value {
    let mut input = json!({ "account": ACCOUNT, "id_number": NEW_OWNER });
    for (key, value) in more.as_object().unwrap() {
        input[key] = value.clone();
    }
    input
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    match book.try_act(user, action, &input) {
        Err(refusal) => refusal,
        Ok(done) => panic!("{action} {input}: {done:?}"),
    }
}

fn rules(refusal: &Refusal) -> Vec<(&str, &str)> {
    refusal.faults.iter().map(|fault| (fault.rule.as_str(), fault.field.as_deref().unwrap_or_default())).collect()
}

fn state(book: &Book, case: &str) -> (String, bool) {
    let shown = view_orders::order_json(&book.desk.look().unwrap(), case.parse().unwrap(), moment()).unwrap().unwrap();
    (shown["state"].as_str().unwrap().to_owned(), shown["open"].as_bool().unwrap())
}

fn balance(book: &Book) -> (Fen, Fen) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(ACCOUNT).unwrap().unwrap().id;
    tx.get::<BalanceRow>(&[&account]).unwrap().map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit))
}

#[test]
fn nothing_is_handed_over_without_a_case_and_its_papers() {
    let mut book = branch();
    let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({ "name": "李强", "kin": true })));
    assert_eq!(rules(&refusal), [("R-126", "account")]);
    assert!(refusal.message().contains("intake.take"), "it says what to do: {refusal:?}");
    let without = json!({ "service": "transfer", "account": ACCOUNT, "fields": { "new_name": "李强" } });
    assert_eq!(rules(&refused(&mut book, "demo", "intake.take", without)), [("R-087", "papers")]);
    let no_proof = json!({ "service": "transfer", "account": ACCOUNT, "papers": PAPERS, "situations": ["kin"],
        "fields": { "new_name": "李强" } });
    assert_eq!(rules(&refused(&mut book, "demo", "intake.take", no_proof)), [("R-087", "papers")]);
}

#[test]
fn the_case_stands_open_until_owner_and_fee_are_in_whichever_comes_first() {
    let mut book = branch();
    let case = take_in(&mut book, ACCOUNT, "李强", false);
    assert_eq!(state(&book, &case), ("待过户".into(), true));
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    assert!(view.alerts.iter().any(|alert| alert.text.contains("待过户")), "{:?}", view.alerts);
    let done = book.act("demo", "account.transfer", deed(json!({})));
    assert_eq!((&done["to"], &done["owed"], &done["case"]), (&json!("李强"), &json!("5.00"), &json!(case)));
    assert_eq!(state(&book, &case), ("待收费".into(), true));
    book.act("demo", "fee.take", json!({ "charge": case }));
    assert_eq!(state(&book, &case), ("窗口办结".into(), false));

    let second = take_in(&mut book, ACCOUNT, "李小强", false);
    book.act("demo", "fee.take", json!({ "charge": second }));
    assert_eq!(state(&book, &second), ("待过户".into(), true));
    assert_eq!(book.act("demo", "account.transfer", deed(json!({})))["say"], "过户费 5.00 元已收");
    assert_eq!(state(&book, &second), ("窗口办结".into(), false));
    let again = refused(&mut book, "demo", "account.transfer", deed(json!({ "case": second })));
    assert_eq!(rules(&again), [("R-126", "case")]);
}

#[test]
fn another_name_or_kin_than_was_taken_in_is_not_let_through() {
    let mut book = branch();
    let input = json!({ "service": "transfer", "account": ACCOUNT, "papers": PAPERS,
        "fields": { "new_name": "李强", "phone": "13711112222" } });
    book.act("demo", "intake.take", input);
    for (more, rule) in [
        (json!({ "name": "王五" }), ("R-126", "name")),
        (json!({ "kin": true }), ("R-123", "kin")),
        (json!({ "id_number": "" }), ("R-126", "id_number")),
        (json!({ "id_kind": "统一社会信用代码" }), ("R-126", "id_kind")),
    ] {
        assert_eq!(rules(&refused(&mut book, "demo", "account.transfer", deed(more.clone()))), [rule], "{more}");
    }
    let corrected = deed(json!({ "name": "李彊", "reason": "受理时写错一字", "id_kind": "身份证" }));
    assert_eq!(book.act("demo", "account.transfer", corrected)["to"], "李彊");
    let tx = book.desk.look().unwrap();
    let row = tx.account_of_text(ACCOUNT).unwrap().unwrap();
    assert_eq!(row.mobile.as_deref(), Some("13711112222"), "the telephone of the intake is carried over");
    drop(tx);
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    assert!(view.timeline.iter().any(|line| line.text.contains("受理时写错一字")), "the correction is seen");
}

#[test]
fn kin_are_free_only_with_the_proof_shown_at_the_intake() {
    let mut book = branch();
    let case = take_in(&mut book, ACCOUNT, "李强", true);
    let done = book.act("demo", "account.transfer", deed(json!({ "kin": true })));
    assert_eq!((&done["fee"], &done["owed"]), (&json!("0.00"), &json!("0.00")));
    assert_eq!(state(&book, &case), ("窗口办结".into(), false));
}

#[test]
fn the_settled_reading_of_the_intake_must_be_a_reading_first() {
    let mut book = branch();
    let input = json!({ "service": "transfer", "account": ACCOUNT, "papers": PAPERS,
        "fields": { "new_name": "李强", "settled": "15" } });
    book.act("demo", "intake.take", input);
    let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({})));
    assert_eq!(rules(&refusal), [("R-122", "settled")]);
    assert!(refusal.message().contains("15") && refusal.message().contains("录入"), "{refusal:?}");
}

#[test]
fn a_settled_reading_below_the_last_was_taken_in_and_could_never_be_read() {
    let mut book = branch();
    let reading = json!({ "account": ACCOUNT, "date": "2026-11-20", "value": "4031", "confirm": true });
    book.act("room", "reading.enter", reading);
    let mut told = |settled: &str| {
        let input = json!({ "service": "transfer", "account": ACCOUNT, "papers": PAPERS,
                            "fields": { "new_name": "李强", "settled": settled } });
        let refusal = refused(&mut book, "demo", "intake.take", input);
        let here = refusal.faults.iter().find(|fault| fault.field.as_deref() == Some("fields.settled"));
        here.map(|fault| (fault.rule.clone(), fault.message.contains("低于上次示数 4,031")))
    };
    assert_eq!(told("138"), Some(("R-122".to_owned(), true)));
    assert_eq!(told("4040"), None, "above it the reading is entered first");
}

#[test]
fn what_becomes_of_prepaid_is_asked_and_done() {
    for (answer, left, said) in [("pass", Fen(50_000), "passed"), ("refund", Fen::ZERO, "refunded")] {
        let mut book = branch();
        book.act("demo", "payment.take", json!({ "account": ACCOUNT, "to_prepaid": "500.00" }));
        take_in(&mut book, ACCOUNT, "李强", false);
        let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({})));
        assert_eq!(rules(&refusal), [("A-08", "balance")]);
        assert!(refusal.message().contains("500.00"), "{refusal:?}");
        let done = book.act("demo", "account.transfer", deed(json!({ "balance": answer })));
        assert_eq!(done[said], "500.00");
        assert_eq!(balance(&book), (left, Fen::ZERO));
        let ledger = trial_balance(&book.desk.look().unwrap()).unwrap();
        assert_eq!((ledger.unbalanced, ledger.total()), (None, Fen::ZERO));
        let cash = Fen(20_000) + left;
        let tx = book.desk.look().unwrap();
        let shift =
            tx.shifts_between(meterdesk::rules::reach::Reach::ALL, moment().date_naive(), moment().date_naive());
        assert_eq!(shift.unwrap()[0].cash, cash, "{answer}: the drawer knows what went out");
        assert!(tx.shifts_out_of_balance().unwrap().is_empty());
        drop(tx);
        assert!(book.desk.verify(false, |_| {}).unwrap().ok);
    }
}

#[test]
fn a_refund_needs_the_cash_in_the_drawer() {
    let mut book = branch();
    let card = json!({ "account": ACCOUNT, "to_prepaid": "500.00", "method": "银行卡" });
    book.act("demo", "payment.take", card);
    take_in(&mut book, ACCOUNT, "李强", false);
    let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({ "balance": "refund" })));
    assert_eq!(rules(&refusal), [("R-366", "balance")]);
    assert_eq!(balance(&book).0, Fen(50_000));
}

#[test]
fn another_business_still_owed_stands_in_the_way_of_a_new_owner() {
    let mut book = branch();
    let fee = "code = \"hose\"\nname = \"换管\"\nsource = \"1.2.11\"\nchannels = [\"柜台\"]\naccount = \"必须\"\n\
        [[fee]]\nkey = \"hose\"\nname = \"换管费\"\namount = \"30.00\"\ninvoice = \"发票\"\n[order]\nkind = \"其它\"\n";
    book.act("boss", "catalogue.put", json!({ "file": "hose.toml", "text": fee }));
    take_in(&mut book, ACCOUNT, "李强", false);
    book.act("demo", "intake.take", json!({ "service": "hose", "account": ACCOUNT }));
    let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({})));
    assert_eq!(rules(&refusal), [("R-122", "account")]);
    assert!(refusal.message().contains("换管费 30.00"), "{refusal:?}");
}

#[test]
fn a_fee_the_catalogue_wants_first_is_taken_before_the_deed() {
    let mut book = branch();
    let own =
        include_str!("../assets/services/transfer.toml").replace("proof     =", "before    = \"过户\"\nproof     =");
    book.act("boss", "catalogue.put", json!({ "file": "transfer.toml", "text": own }));
    let case = take_in(&mut book, ACCOUNT, "李强", false);
    assert_eq!(rules(&refused(&mut book, "demo", "account.transfer", deed(json!({})))), [("R-209", "order")]);
    book.act("demo", "fee.take", json!({ "charge": case }));
    book.act("demo", "account.transfer", deed(json!({})));
}

// ---- two sites ----------------------------------------------------------------------------------------------------------

#[test]
fn deeds_and_refunds_of_two_sites_give_one_state_in_every_order() {
    let town = Town::new(|book| {
        fill(book);
        book.act("check", "shift.open", json!({ "float": "900.00" }));
        book.act("demo", "payment.take", json!({ "account": ACCOUNT, "to_prepaid": "500.00" }));
        take_in(book, ACCOUNT, "李强", false);
    });
    let samples: Vec<Sample> = vec![
        ("demo", "account.transfer", deed(json!({ "balance": "refund" }))),
        ("check", "account.transfer", deed(json!({ "balance": "refund" }))),
        ("check", "account.transfer", deed(json!({ "balance": "pass" }))),
        ("check", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" })),
    ];
    town.agree_all(&samples, 4);
    let book = town.merged(&samples[..2]);
    let ledger = trial_balance(&book.desk.look().unwrap()).unwrap();
    assert_eq!((ledger.unbalanced, ledger.total()), (None, Fen::ZERO));
    let suspense = ledger.accounts.get("suspense").copied();
    assert_eq!((balance(&book).0, suspense), (Fen::ZERO, Some(Fen(50_000))), "the second refund is unexplained money");
    let what: Vec<String> =
        book.desk.look().unwrap().open_exceptions().unwrap().into_iter().map(|row| row.what).collect();
    for word in ["prepaid_twice", "transferred_twice", "order_no_effect"] {
        assert!(what.iter().any(|known| known == word), "{word}: {what:?}");
    }
}

#[test]
fn one_transfer_taken_in_at_two_sites_is_a_clash_until_one_is_over() {
    let town = Town::new(fill);
    let take = || intake(ACCOUNT, "李强", false, false);
    let mut book = town.merged(&[("demo", "intake.take", take()), ("check", "intake.take", take())]);
    let open = |book: &Book| book.desk.look().unwrap().exception_count().unwrap();
    assert_eq!(open(&book), 1, "two cases of one transfer are a question");
    let refusal = refused(&mut book, "demo", "account.transfer", deed(json!({})));
    assert_eq!(rules(&refusal), [("R-126", "case")]);
}
