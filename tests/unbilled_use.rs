//! Use that nobody has billed is a debt: who hands over, seals or closes settles it first; what a slip settles is a reading and a
//! bill; a sealed meter that runs is asked about; a closed account takes nothing more.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::desk::billing::body;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::refusal::Refusal;
use meterdesk::store::tables::account::ReadingRow;
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::{Value, json};
use support::adjust::act_at;
use support::at::At;
use support::orders::{Book, book};
use support::transfer;
use support::water::{bill, bills, branch, line, read, resident, run, sound};

const A: &str = "3100000001";

fn town(accounts: &[AccountOpened]) -> Book {
    let mut book = book("B03");
    branch(&mut book, accounts);
    book.act("boss", "worker.add", json!({ "code": "zm", "name": "张明", "team": "表务班", "area": "农村" }));
    book
}

fn with_state(state: &str) -> AccountOpened {
    let mut body = resident(A);
    body.meter.as_mut().unwrap().state = state.into();
    body
}

fn try_transfer(book: &mut Book) -> Result<(), Refusal> {
    book.try_act("demo", "intake.take", &transfer::intake(A, "李小龙", false, false))?;
    book.try_act("check", "account.transfer", &json!({ "account": A, "id_number": transfer::NEW_OWNER })).map(drop)
}

fn try_seal(book: &mut Book) -> Result<Value, Refusal> {
    let input = json!({ "service": "seal", "account": A, "fields": { "reason": "外出" } });
    book.try_act("demo", "intake.take", &input).map(|(_, answer)| answer)
}

fn try_close(book: &mut Book) -> Result<(), Refusal> {
    let input = json!({ "account": A, "field": "status", "seen": "正常", "value": "销户" });
    book.try_act("check", "account.amend", &input).map(drop)
}

#[test]
fn use_that_was_read_but_not_billed_went_to_the_new_owner() {
    let mut book = town(&[resident(A)]);
    read(&mut book, A, "2026-11-12", "120");
    let asked =
        |book: &mut Book| [try_transfer(book).unwrap_err(), try_seal(book).unwrap_err(), try_close(book).unwrap_err()];
    for (refusal, rule) in asked(&mut book).iter().zip(["R-122", "R-136", "R-080"]) {
        let fault = refusal.faults.iter().find(|fault| fault.rule == rule).unwrap_or_else(|| panic!("{refusal}"));
        assert!(fault.message.contains("用量 20 还没有出账，请先出账"), "{}", fault.message);
    }
    bill(&mut book, "2026-11");
    assert_eq!(try_transfer(&mut book).unwrap_err().first_rule(), "R-122", "billed, it is arrears");
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": A, "tendered": "100.00" }));
    try_transfer(&mut book).unwrap();
}

/// Taken in without debts, read before the deed.
#[test]
fn use_read_between_intake_and_deed_is_settled_before_the_deed() {
    let mut book = town(&[resident(A)]);
    book.act("demo", "intake.take", transfer::intake(A, "李小龙", false, false));
    read(&mut book, A, "2026-11-12", "120");
    let deed = json!({ "account": A, "id_number": transfer::NEW_OWNER });
    let refusal = book.try_act("check", "account.transfer", &deed).unwrap_err();
    let fault = refusal.faults.iter().find(|fault| fault.rule == "R-122").unwrap_or_else(|| panic!("{refusal}"));
    assert!(fault.message.contains("用量 20 还没有出账"), "{}", fault.message);
}

#[test]
fn a_bill_cancelled_before_the_last_left_its_use_unseen() {
    let mut book = town(&[resident(A)]);
    read(&mut book, A, "2026-10-12", "120");
    bill(&mut book, "2026-10");
    read(&mut book, A, "2026-11-12", "130");
    bill(&mut book, "2026-11");
    let first = bills(&book, A)[0].id;
    book.act("room", "bill.cancel", json!({ "bill": first, "account": A, "reason": "试" }));
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": A, "tendered": "50.00" }));
    for refusal in
        [try_transfer(&mut book), try_seal(&mut book).map(drop), try_close(&mut book)].map(Result::unwrap_err)
    {
        assert!(refusal.message().contains("2026-10-12 抄表 120，用量 20 还没有出账"), "{refusal}");
    }
}

#[test]
fn a_held_bill_was_no_debt() {
    let mut book = town(&[AccountOpened { discount: Some("特困".into()), ..resident(A) }]);
    read(&mut book, A, "2026-11-12", "120");
    assert_eq!(bill(&mut book, "2026-11").held, 1);
    for refusal in
        [try_transfer(&mut book), try_seal(&mut book).map(drop), try_close(&mut book)].map(Result::unwrap_err)
    {
        assert!(refusal.message().contains("1 张账单挂起"), "{refusal}");
    }
}

#[test]
fn what_is_read_without_use_holds_nobody_up() {
    let mut book = town(&[resident(A)]);
    read(&mut book, A, "2026-11-12", "100");
    try_seal(&mut book).unwrap();
    try_transfer(&mut book).unwrap();
    let mut book = town(&[resident(A)]);
    read(&mut book, A, "2026-11-12", "100");
    try_close(&mut book).unwrap();
}

/// Takes a seal in and sends it out; answers the order and its slip.
fn sealing(book: &mut Book) -> (Value, Value) {
    let order = try_seal(book).unwrap()["order"].clone();
    book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "张明" }));
    let slip = json!({ "order": order, "arrived": "10:30", "done": "10:50", "left": "11:00" });
    (order, slip)
}

/// Seals the account; `settled` as the slip tells it.
fn seal(book: &mut Book, extra: Value) -> Result<Value, Refusal> {
    let (_, mut slip) = sealing(book);
    for (key, value) in extra.as_object().unwrap() {
        slip[key] = value.clone();
    }
    book.desk.at("desk", 90, "order.return", slip)
}

fn readings(book: &Book) -> Vec<(String, String, String)> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(A).unwrap().unwrap().id;
    let rows = tx.scan::<ReadingRow>(&[&account]).unwrap();
    rows.into_iter().map(|row| (row.day.to_string(), row.value.to_string(), row.source)).collect()
}

#[test]
fn what_was_used_until_the_seal_was_never_charged() {
    let mut book = town(&[resident(A)]);
    let answer = seal(&mut book, json!({ "fields": { "结算方数": "115" } })).unwrap();
    assert_eq!((&answer["bill"]["amount"], &answer["bill"]["volume"]), (&json!("75.00"), &json!("15")));
    assert_eq!(answer["meter_state"], "sealed");
    assert_eq!(readings(&book)[1], ("2026-11-21".into(), "115".into(), "slip".into()));
    let rows = bills(&book, A);
    assert_eq!(line(&rows[0]), "2026-08-11…2026-11-21 15 75.00 use open");
    let issued = body::issued(&book.desk.look().unwrap(), rows[0].id).unwrap().unwrap();
    assert_eq!((issued.reading, issued.lines.len()), (Some(rows[0].id), 3));
    assert_eq!(run(&mut book, "2026-11", true).readings, 0, "and once only");
    sound(&mut book);
}

#[test]
fn the_bill_of_a_return_slip_was_missing_from_the_timeline() {
    let mut book = town(&[resident(A)]);
    seal(&mut book, json!({ "fields": { "结算方数": "115" } })).unwrap();
    let view = meterdesk::desk::customer_view::account(&book.desk, A).unwrap();
    let told = |line: &&meterdesk::desk::customer_view::timeline::Line| line.action == "order.return";
    let line = view.timeline.iter().find(told).unwrap();
    assert!(line.text.ends_with("；抄表 100 → 115 回执 结算方数；账单 2026-11 15 m3 75.00 未付"), "{}", line.text);
}

#[test]
fn a_seal_without_a_settled_reading_left_use_unread_and_unbilled() {
    let mut book = town(&[resident(A)]);
    let refusal = seal(&mut book, json!({})).unwrap_err();
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-136", Some("fields.settled")));
    assert!(refusal.message().contains("2026-08-10") && refusal.message().contains("结算方数"), "{refusal}");
    // Work not done, and a meter that is left as it is, ask for nothing.
    assert_eq!(seal_without_passing().len(), 1);
    let mut book = town(&[resident(A)]);
    assert_eq!(seal(&mut book, json!({ "write_back": false })).unwrap()["meter_state"], Value::Null);
    // Read after the intake, and not billed.
    let mut book = town(&[resident(A)]);
    let (order, slip) = sealing(&mut book);
    read(&mut book, A, "2026-11-21", "150");
    let refusal = book.desk.at("desk", 90, "order.return", slip.clone()).unwrap_err();
    assert_eq!((refusal.first_rule(), refusal.faults.len()), ("R-136", 1), "{order}");
    assert!(refusal.message().contains("用量 50 还没有出账"), "{refusal}");
    book.act("room", "bill.issue", json!({ "account": A }));
    assert_eq!(book.desk.at("desk", 90, "order.return", slip).unwrap()["meter_state"], "sealed");
    // Told on the slip, it is one bill with what was read before.
    let mut book = town(&[resident(A)]);
    let (_, mut slip) = sealing(&mut book);
    read(&mut book, A, "2026-11-20", "118");
    slip["fields"] = json!({ "结算方数": "120" });
    assert_eq!(book.desk.at("desk", 90, "order.return", slip).unwrap()["bill"]["volume"], "20");
    // What the slip's own bill does not reach stands in the way.
    let mut book = town(&[resident(A)]);
    for (on, value, cycle) in [("2026-09-10", "110", "2026-09"), ("2026-10-12", "120", "2026-10")] {
        read(&mut book, A, on, value);
        bill(&mut book, cycle);
    }
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": A }));
    let (_, mut slip) = sealing(&mut book);
    let first = bills(&book, A)[0].id;
    book.act("room", "bill.cancel", json!({ "account": A, "bill": first, "reason": "抄错" }));
    slip["fields"] = json!({ "结算方数": "125" });
    let refusal = book.desk.at("desk", 90, "order.return", slip).unwrap_err();
    assert!(refusal.message().contains("2026-09-10") && refusal.message().contains("用量 10 还没有出账"), "{refusal}");
}

/// On 2026-11-21, with the seal taken in, somebody cancels the bill named; the slip says where the meter stands. Answers what it is refused
/// with.
fn slip_over_cancelled(book: &mut Book, at: usize, value: &str) -> (Refusal, Value) {
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    assert_eq!(book.act("demo", "payment.take", json!({ "account": A }))["total"], "102.50");
    let (_, mut slip) = sealing(book);
    let bill = bills(book, A)[at].id;
    book.act("room", "bill.cancel", json!({ "account": A, "bill": bill, "reason": "试" }));
    slip["fields"] = json!({ "结算方数": value });
    (book.desk.at("desk", 90, "order.return", slip.clone()).unwrap_err(), slip)
}

#[test]
fn a_bill_cancelled_between_intake_and_return_lost_its_due_date_in_the_bill_of_the_slip() {
    for swapped in [false, true] {
        let mut book = town(&[resident(A)]);
        // 20 units, 100.00, due 2026-10-27: 25 days late on 2026-11-21, 2.50.
        if swapped {
            let paper = support::water::slip("HB1", A, "2026-10-12", "120", "N1", "120");
            act_at(&mut book, "2026-10-12", "room", "swap.enter", paper).unwrap();
        } else {
            let reading = json!({ "account": A, "date": "2026-10-12", "value": "120" });
            act_at(&mut book, "2026-10-12", "room", "reading.enter", reading).unwrap();
            act_at(&mut book, "2026-10-12", "room", "bill.issue", json!({ "account": A })).unwrap();
        }
        let (refusal, slip) = slip_over_cancelled(&mut book, 0, "125");
        assert_eq!(
            (refusal.first_rule(), refusal.faults[0].field.as_deref()),
            ("R-183", Some("fields.settled")),
            "{refusal}"
        );
        assert!(refusal.message().contains("2026-10-12") && refusal.message().contains("用量 20"), "{refusal}");
        let again = book.act("room", "bill.issue", json!({ "account": A }));
        assert_eq!(
            (&again["due"], &again["amount"], &again["settled"]),
            (&json!("2026-10-27"), &json!("100.00"), &json!("100.00"))
        );
        let answer = book.desk.at("desk", 90, "order.return", slip).unwrap();
        assert_eq!((&answer["bill"]["volume"], &answer["bill"]["amount"]), (&json!("5"), &json!("25.00")));
        let dues: Vec<_> = bills(&book, A)
            .iter()
            .filter(|row| row.state != "cancelled")
            .map(|row| (row.due.to_string(), row.unpaid.0))
            .collect();
        assert_eq!(dues, [("2026-10-27".to_owned(), 0), ("2026-12-06".to_owned(), 2_500)]);
        sound(&mut book);
    }
}

#[test]
fn a_settled_reading_is_asked_about_as_any_other() {
    let table = [
        (json!({ "fields": { "结算方数": "90" } }), "fields.settled", "低于上次示数"),
        (json!({ "fields": { "结算方数": "999" } }), "fields.settled", "3 倍"),
        (json!({ "fields": { "结算方数": "100000" } }), "fields.settled", "表盘"),
    ];
    for (slip, field, words) in table {
        let mut book = town(&[resident(A)]);
        let refusal = seal(&mut book, slip).unwrap_err();
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{refusal}");
        assert!(refusal.message().contains(words), "{refusal}");
        assert_eq!(readings(&book).len(), 1);
    }
    let mut book = town(&[resident(A)]);
    let answer = seal(&mut book, json!({ "fields": { "结算方数": "999" }, "confirm": true })).unwrap();
    assert!(answer["bill"]["held"].as_str().unwrap().contains("899"), "{answer}");
    assert_eq!(bills(&book, A)[0].state, "held");
    let mut book = town(&[resident(A)]);
    assert_eq!(seal(&mut book, json!({ "fields": { "结算方数": "100" } })).unwrap()["bill"], Value::Null);
    assert_eq!(seal_without_passing().len(), 1, "work not done settles nothing");
}

fn seal_without_passing() -> Vec<(String, String, String)> {
    let mut book = town(&[resident(A)]);
    let slip = json!({ "fields": { "结算方数": "115" }, "outcome": "未完成", "remark": "无人" });
    seal(&mut book, slip).unwrap();
    readings(&book)
}

fn exceptions(book: &Book) -> Vec<(String, String)> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(A).unwrap().unwrap().id;
    let rows = tx.scan::<ExceptionRow>(&[&"a", &account]).unwrap();
    let rows = if rows.is_empty() { tx.open_exceptions().unwrap() } else { rows };
    rows.into_iter().map(|row| (row.what, row.note)).collect()
}

#[test]
fn nine_units_on_a_sealed_meter_were_ordinary_use() {
    let mut book = town(&[with_state("sealed")]);
    let typed = json!({ "account": A, "date": "2026-11-12", "value": "109", "confirm": true });
    let refusal = book.try_act("room", "reading.enter", &typed).unwrap_err();
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("A-05", Some("sealed")));
    assert!(refusal.message().contains("走了 9") && refusal.message().contains("封签被动"), "{refusal}");
    let mut answered = typed.clone();
    answered["sealed"] = "封签被动".into();
    book.act("room", "reading.enter", answered);
    let told = exceptions(&book);
    assert_eq!(told[0].0, "sealed_use");
    assert!(told[0].1.contains("封签被动"), "{}", told[0].1);
    let summary = bill(&mut book, "2026-11");
    assert_eq!((summary.bills, summary.held, summary.holds[0].rule.as_str()), (0, 1, "A-05"));
    let held = bills(&book, A).remove(0);
    book.act("room", "bill.release", json!({ "bill": held.id, "reason": "现场核实，封签已重打" }));
    assert_eq!(line(&bills(&book, A)[0]), "2026-08-11…2026-11-12 9 45.00 use open");
    sound(&mut book);
}

#[test]
fn a_sealed_meter_that_stands_still_is_read_and_billed_as_ever() {
    let mut book = town(&[with_state("sealed")]);
    book.act("room", "reading.enter", json!({ "account": A, "date": "2026-11-12", "value": "100" }));
    let summary = bill(&mut book, "2026-11");
    assert_eq!((summary.bills, summary.held), (1, 0));
    assert!(exceptions(&book).is_empty());
}

#[test]
fn what_was_read_before_the_seal_is_no_sealed_use() {
    let mut book = town(&[with_state("sealed")]);
    let late = json!({ "account": A, "date": "2026-11-20", "value": "109", "sealed": "before" });
    book.act("room", "reading.enter", late);
    assert_eq!(bill(&mut book, "2026-11").holds[0].rule, "A-05", "the clerk's answer is looked at all the same");
}

#[test]
fn the_second_keying_of_a_card_asks_about_a_sealed_meter_too() {
    let mut book = town(&[with_state("sealed")]);
    let card = |second: bool| json!({ "account": A, "date": "2026-11-12", "value": "109", "second": second });
    book.act("room", "reading.key", card(false));
    let refusal = book.try_act("check", "reading.key", &card(true)).unwrap_err();
    assert_eq!(refusal.faults[0].field.as_deref(), Some("sealed"));
    let mut answered = card(true);
    answered["sealed"] = "not_tight".into();
    book.act("check", "reading.key", answered);
    assert_eq!(exceptions(&book)[0].0, "sealed_use");
}

#[test]
fn a_file_of_cards_holds_the_reading_of_a_sealed_meter_until_it_is_answered() {
    let mut book = town(&[with_state("sealed")]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.csv");
    std::fs::write(&path, format!("户号,抄表日期,本次示数\n{A},2026-11-12,109\n")).unwrap();
    book.desk.sign_in_practice("boss").unwrap();
    let request = Request {
        what: What::Readings,
        path,
        read_by: Some(meterdesk::inbound::profile::ReadBy::Card),
        profile: None,
        on: None,
        dry_run: false,
    };
    let answer = book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let told = serde_json::to_value(&answer).unwrap();
    assert!(told.to_string().contains("sealed_runs"), "{told}");
    let file = answer.run.unwrap();
    let confirm = json!({ "file": file, "line": 2 });
    let refusal = book.try_act("room", "import.confirm", &confirm).unwrap_err();
    assert_eq!(refusal.faults[0].field.as_deref(), Some("sealed"), "{refusal}");
    book.act("room", "import.confirm", json!({ "file": file, "line": 2, "sealed": "unsealed" }));
    assert_eq!(exceptions(&book)[0].0, "sealed_use");
    assert_eq!(readings(&book).len(), 2);
}

#[test]
fn a_closed_account_took_readings_and_bills() {
    let mut book = town(&[resident(A), resident("3100000002")]);
    try_close(&mut book).unwrap();
    let reading = json!({ "account": A, "date": "2026-11-12", "value": "109" });
    assert_eq!(book.try_act("room", "reading.enter", &reading).unwrap_err().first_rule(), "R-080");
    let card = json!({ "account": A, "date": "2026-11-12", "value": "109" });
    assert_eq!(book.try_act("room", "reading.key", &card).unwrap_err().first_rule(), "R-080");
    assert_eq!(book.try_act("room", "bill.issue", &json!({ "account": A })).unwrap_err().first_rule(), "R-080");
    // Read elsewhere before anybody knew: the run holds it with its reason.
    let mut body = resident("3100000003");
    body.status = "销户".into();
    support::town::open_accounts(&mut book, &[body]);
    book.desk.sign_in_practice("room").unwrap();
    let account = book.desk.look().unwrap().account_of_text("3100000003").unwrap().unwrap();
    let row = meterdesk::derive::row::to_row(&meterdesk::derive::account::reading::ReadingEntered {
        meter: account.id,
        day: support::water::day("2026-11-12"),
        value: meterdesk::rules::money::Milli::whole(120),
        source: "remote".into(),
        estimated: false,
        rollover: false,
        remark: String::new(),
        class: None,
        reader: String::new(),
        registers: Vec::new(),
        register_uses: Vec::new(),
        sealed: None,
    })
    .unwrap();
    let mut run = book.desk.open_run("import.readings", "reading.enter", 1, "抄表", None).unwrap();
    run.push(&mut book.desk, meterdesk::book::subject::Kind::Account, Some(account.id), row).unwrap();
    run.close(&mut book.desk, json!({}), |_| {}).unwrap();
    let summary = bill(&mut book, "2026-11");
    assert_eq!((summary.bills, summary.held, summary.holds[0].rule.as_str()), (0, 1, "R-080"));
    let held = bills(&book, "3100000003").remove(0);
    let release = json!({ "bill": held.id, "reason": "试" });
    assert_eq!(book.try_act("room", "bill.release", &release).unwrap_err().first_rule(), "R-080");
}
