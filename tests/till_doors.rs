//! Doors of the till that stood open or led nowhere: a till past its day that still paid out, money above a clerk's limit that nobody
//! could give back, fees of any word and sum, an old owner's payment taken back on the new owner, sums typed by mistake.

mod support;

use chrono::Duration;
use meterdesk::book::clock::FixedClock;
use meterdesk::derive::account::file::AccountOpened;
use meterdesk::desk::ACTIONS;
use meterdesk::desk::refusal::{Refusal, RefusalKind};
use meterdesk::desk::rights::role;
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::BalanceRow;
use meterdesk::store::tables::till::ShiftRow;
use serde_json::{Value, json};
use support::orders::{Book, book, moment, verified};
use support::transfer::{NEW_OWNER, take_in};
use support::water::{bill, bills, branch, read, resident};

const A: &str = "3100000001";
const B: &str = "3100000002";
const C: &str = "3100000003";
const D: &str = "3100000004";

/// A business with a deposit above every clerk's limit.
const TEST: &str = r#"
code     = "meter_test"
name     = "校表"
source   = "营业厅工作流程标准 1.2.10"
channels = ["柜台"]
account  = "必须"
[[fee]]
key     = "deposit"
name    = "检测押金"
amount  = "800.00"
invoice = "押金收据"
deposit = true
[order]
kind = "其它"
"#;

/// A used 20 m³ that is billed (100.00); B and D have 46.00 of prepaid. The till of demo was opened on 21 November at ten.
fn town() -> Book {
    let mut book = book("B03");
    let prepaid = |no: &str| AccountOpened { prepaid: Fen(4_600), ..resident(no) };
    branch(&mut book, &[resident(A), prepaid(B), resident(C), prepaid(D)]);
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": TEST }));
    book.act("boss", "worker.add", json!({ "code": "zm", "name": "张明", "team": "表务班", "area": "农村" }));
    read(&mut book, A, "2026-10-12", "120");
    bill(&mut book, "2026-10");
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    book
}

fn days_later(book: &mut Book, days: i64) {
    book.desk.set_clock(Box::new(FixedClock::at(moment() + Duration::days(days))));
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    book.try_act(user, action, &input).map(|done| panic!("{action} {input} was done: {done:?}")).unwrap_err()
}

fn fault(refusal: &Refusal) -> (&str, &str) {
    let first = &refusal.faults[0];
    (first.rule.as_str(), first.field.as_deref().unwrap_or_default())
}

fn shift_of(book: &Book, user: &str) -> ShiftRow {
    let tx = book.desk.look().unwrap();
    let user = tx.user_at_desk(user).unwrap().unwrap().id;
    tx.open_shift(user).unwrap().unwrap()
}

fn balance(book: &Book, no: &str) -> (Fen, Fen) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    tx.get::<BalanceRow>(&[&account]).unwrap().map_or((Fen::ZERO, Fen::ZERO), |row| (row.prepaid, row.credit))
}

/// Every action of a clerk is either tried here, or is of those that move no money and read no meter.
#[test]
fn a_forgotten_till_paid_out_at_a_transfer_and_billed_what_a_slip_settled() {
    let mut book = town();
    let paid = book.act("demo", "payment.take", json!({ "account": A, "bills": [], "to_prepaid": "10.00" }));
    let stored = book.try_act("demo", "shift.deposit", &json!({ "amount": "1.00" })).unwrap().0;
    let mut test =
        || book.act("demo", "intake.take", json!({ "service": "meter_test", "account": C }))["order"].clone();
    let case = test();
    let deposit = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    let other = book.act("check", "intake.take", json!({ "service": "meter_test", "account": A }))["order"].clone();
    take_in(&mut book, B, "李小龙", false);
    let seal = json!({ "service": "seal", "account": C, "fields": { "reason": "外出" } });
    let seal = book.act("demo", "intake.take", seal)["order"].clone();
    book.act("desk", "order.dispatch", json!({ "orders": [seal], "worker": "张明" }));
    let slip = |fields: Value| {
        json!({ "order": seal, "arrived": "2026-11-21 10:30", "done": "2026-11-21 10:50", "left": "2026-11-21 11:00",
                "fields": fields })
    };
    days_later(&mut book, 1);
    let deed = json!({ "account": B, "id_number": NEW_OWNER, "balance": "refund" });
    let money = [
        ("account.transfer", deed.clone()),
        (
            "account.amend",
            json!({ "account": D, "field": "status", "seen": "正常", "value": "销户", "balance": "refund" }),
        ),
        ("shift.deposit", json!({ "amount": "10.00" })),
        ("shift.deposit_reverse", json!({ "deposit": stored, "reason": "存错" })),
        ("shift.float_add", json!({ "amount": "10.00" })),
        ("shift.open", json!({ "float": "10.00" })),
        ("payment.take", json!({ "account": A })),
        ("payment.enter_late", json!({ "account": A, "paper": "S1", "happened": "2026-11-20" })),
        ("payment.confirm", json!({ "payment": "S1" })),
        ("payment.reverse", json!({ "payment": paid["receipt"], "reason": "收错" })),
        ("fee.take", json!({ "account": A, "kind": "补卡费", "amount": "10.00" })),
        ("deposit.take", json!({ "charge": other })),
        ("deposit.return", json!({ "deposit": deposit })),
        ("bill.issue", json!({ "account": C })),
        ("reading.enter", json!({ "account": C, "value": "110" })),
        ("order.return", slip(json!({ "结算方数": "110" }))),
    ];
    let before = (shift_of(&book, "demo").cash, balance(&book, B));
    for (action, input) in &money {
        let refusal = refused(&mut book, "demo", action, input.clone());
        assert_eq!(refusal.first_rule(), "R-178", "{action}: {refusal:?}");
        assert!(refusal.message().contains("先交班") && refusal.message().contains("2026-11-21"), "{refusal:?}");
    }
    assert_eq!((shift_of(&book, "demo").cash, balance(&book, B)), before);
    assert!(bills(&book, C).is_empty());
    let others = [
        "account.open",
        "shift.close",
        "order.chase",
        "order.defer",
        "callback.record",
        "adjustment.preview",
        "adjustment.request",
        "exception.resolve",
    ];
    let clerk = role("clerk").unwrap();
    for def in ACTIONS.iter().filter(|def| clerk.actions.iter().any(|one| one == def.name)) {
        let is_tried = money.iter().any(|(action, _)| *action == def.name);
        assert!(is_tried || others.contains(&def.name), "{} moves money or not?", def.name);
    }
    // Closed and opened again the same is done, and belongs to the day it is done on.
    let cash = shift_of(&book, "demo").cash.to_string();
    book.act("demo", "shift.close", json!({ "counted": cash }));
    book.act("demo", "shift.open", json!({ "float": cash }));
    assert_eq!(book.act("demo", "account.transfer", deed)["refunded"], "46.00");
    assert_eq!(book.act("demo", "order.return", slip(json!({ "结算方数": "110" })))["bill"]["volume"], "10");
    assert_eq!((shift_of(&book, "demo").day.to_string().as_str(), bills(&book, C).len()), ("2026-11-22", 1));
    verified(&mut book);
}

#[test]
fn a_payment_above_the_clerks_limit_of_a_closed_shift_could_be_reversed_by_nobody() {
    let mut book = town();
    let top_up = json!({ "account": C, "bills": [], "to_prepaid": "600.00" });
    let paid = book.act("demo", "payment.take", top_up)["receipt"].clone();
    book.act("demo", "shift.close", json!({ "counted": "2600.00" }));
    let back = |more: Value| {
        let mut input = json!({ "payment": paid, "reason": "收错户" });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    days_later(&mut book, 1);
    let refusal = refused(&mut book, "chief", "payment.reverse", back(json!({})));
    assert_eq!(fault(&refusal), ("R-178", "shift"));
    assert!(refusal.message().contains("先开班"), "{refusal:?}");
    book.act("check", "shift.open", json!({ "float": "100.00" }));
    book.act("demo", "shift.open", json!({ "float": "2600.00" }));
    let (own, today) = (shift_of(&book, "demo").id.to_string(), shift_of(&book, "demo").day);
    // The clerk is told who may, and out of which drawer; the superior, which drawers there are.
    let refusal = refused(&mut book, "demo", "payment.reverse", back(json!({})));
    assert_eq!(refusal.first_rule(), "R-260");
    for word in ["600.00", "营业厅主任或客户服务中心副经理", &format!("您的班次 (王芳 {today} 班次 ")]
    {
        assert!(refusal.message().contains(word), "{word}: {refusal:?}");
    }
    assert!(!refusal.message().contains(&own), "a raw number of a shift: {refusal:?}");
    let refusal = refused(&mut book, "chief", "payment.reverse", back(json!({})));
    assert_eq!(fault(&refusal), ("R-178", "shift"));
    assert!(refusal.message().contains(&format!("王芳 {today} 班次 2 [{own}]")), "{refusal:?}");
    // Not out of a drawer that has not so much, nor by a clerk out of another's.
    let others = shift_of(&book, "check").id.to_string();
    assert_eq!(refused(&mut book, "chief", "payment.reverse", back(json!({ "shift": others }))).first_rule(), "R-366");
    let small = book.act("demo", "payment.take", json!({ "account": C, "bills": [], "to_prepaid": "5.00" }));
    let small = json!({ "payment": small["receipt"], "reason": "收错", "shift": others });
    assert_eq!(fault(&refused(&mut book, "demo", "payment.reverse", small)), ("R-178", "shift"));
    let (entry, done) = book.try_act("chief", "payment.reverse", &back(json!({ "shift": own }))).unwrap();
    assert_eq!((&done["amount"], &done["shift"]), (&json!("600.00"), &json!(own)));
    let tx = book.desk.look().unwrap();
    let chief = tx.user_at_desk("chief").unwrap().unwrap().id.to_string();
    assert_eq!(tx.entry(entry.unwrap()).unwrap().unwrap().actor, chief);
    drop(tx);
    assert_eq!(shift_of(&book, "demo").cash, Fen(200_500), "the clerk's drawer paid");
    assert_eq!(balance(&book, C), (Fen(500), Fen::ZERO));
    // A till past its day pays for nobody.
    let top_up = json!({ "account": C, "bills": [], "to_prepaid": "700.00" });
    let paid = book.act("demo", "payment.take", top_up)["receipt"].clone();
    days_later(&mut book, 2);
    let late = json!({ "payment": paid, "reason": "收错户", "shift": own });
    assert_eq!(refused(&mut book, "chief", "payment.reverse", late).first_rule(), "R-178");
    verified(&mut book);
}

#[test]
fn a_refund_above_the_limit_at_a_transfer_and_a_large_deposit_were_dead_ends() {
    let mut book = town();
    book.act("demo", "payment.take", json!({ "account": C, "bills": [], "to_prepaid": "600.00" }));
    take_in(&mut book, C, "李小龙", false);
    book.act("check", "shift.open", json!({ "float": "100.00" }));
    let own = shift_of(&book, "demo").id.to_string();
    let mut deed = json!({ "account": C, "id_number": NEW_OWNER, "balance": "refund" });
    let refusal = refused(&mut book, "demo", "account.transfer", deed.clone());
    assert_eq!(refusal.first_rule(), "R-260");
    assert!(refusal.message().contains("营业厅主任") && refusal.message().contains("王芳"), "{refusal:?}");
    assert_eq!(fault(&refused(&mut book, "chief", "account.transfer", deed.clone())), ("R-178", "shift"));
    deed["shift"] = json!(own);
    assert_eq!(book.act("chief", "account.transfer", deed)["refunded"], "600.00");
    assert_eq!((shift_of(&book, "demo").cash, balance(&book, C)), (Fen(200_000), (Fen::ZERO, Fen::ZERO)));

    book.act("demo", "payment.take", json!({ "account": D, "bills": [], "to_prepaid": "600.00" }));
    let mut close = json!({ "account": D, "field": "status", "seen": "正常", "value": "销户", "balance": "refund" });
    let refusal = refused(&mut book, "demo", "account.amend", close.clone());
    assert_eq!(refusal.first_rule(), "R-260");
    assert!(refusal.message().contains("营业厅主任") && refusal.message().contains("王芳"), "{refusal:?}");
    close["shift"] = json!(own);
    assert_eq!(book.act("chief", "account.amend", close)["refunded"], "646.00");
    book.act("demo", "shift.float_add", json!({ "amount": "46.00" }));

    let case = book.act("demo", "intake.take", json!({ "service": "meter_test", "account": A }))["order"].clone();
    let receipt = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    book.act("chief", "order.void", json!({ "order": case, "reason": "不校了" }));
    let mut back = json!({ "deposit": receipt });
    let refusal = refused(&mut book, "demo", "deposit.return", back.clone());
    assert_eq!(refusal.first_rule(), "R-260");
    assert!(refusal.message().contains("营业厅主任") && refusal.message().contains("王芳"), "{refusal:?}");
    back["shift"] = json!(own);
    assert_eq!(book.act("chief", "deposit.return", back)["amount"], "800.00");
    assert_eq!(shift_of(&book, "demo").cash, Fen(200_000));
    verified(&mut book);
}

#[test]
fn a_fee_took_any_word_and_any_sum_from_nobody() {
    let mut book = town();
    let table = [
        ("水费", "R-172", "kind", "请用收费，收了才销账"),
        ("补收气费", "R-172", "kind", "请用收费，收了才销账"),
        ("滞纳金", "R-172", "kind", "请用收费，收了才销账"),
        ("违约金", "R-172", "kind", "请用收费，收了才销账"),
        ("预存", "R-172", "kind", "填存预存"),
        ("备用金", "R-209", "kind", "加备用金"),
        ("检测押金", "R-142", "kind", "再用收押金"),
        ("保证金", "R-142", "kind", "再用收押金"),
        ("过户费", "R-209", "kind", "请先受理"),
        ("transfer", "R-209", "kind", "请先受理"),
        ("拆装费", "R-209", "kind", "补卡费"),
        ("其他", "R-209", "for_what", "事由"),
    ];
    for (kind, rule, field, told) in table {
        let refusal = refused(&mut book, "demo", "fee.take", json!({ "account": A, "kind": kind, "amount": "3.00" }));
        assert_eq!(fault(&refusal), (rule, field), "{kind}: {refusal:?}");
        assert!(refusal.message().contains(told), "{kind}: {refusal:?}");
    }
    // Nor under another name of it.
    for (reason, rule, told) in [
        ("水费", "R-172", "收了才销账"),
        ("滞纳金", "R-172", "收了才销账"),
        ("欠费", "R-172", "收了才销账"),
        ("预存", "R-172", "填存预存"),
        ("校表押金", "R-142", "再用收押金"),
        ("备用金", "R-209", "加备用金"),
        ("存入", "R-366", "登记存入"),
        ("过户费", "R-209", "请先受理"),
    ] {
        let input = json!({ "account": A, "kind": "其他", "for_what": reason, "amount": "3.00" });
        let refusal = refused(&mut book, "demo", "fee.take", input);
        assert_eq!(fault(&refusal), (rule, "for_what"), "{reason}: {refusal:?}");
        assert!(refusal.message().contains(told), "{reason}: {refusal:?}");
    }
    let nobody = refused(&mut book, "demo", "fee.take", json!({ "kind": "补卡费", "amount": "10.00" }));
    assert_eq!(fault(&nobody), ("R-209", "payer"));
    let mut large = json!({ "account": A, "kind": "补卡费", "amount": "88888.00" });
    assert_eq!(fault(&refused(&mut book, "demo", "fee.take", large.clone())), ("R-175", "confirm"));
    large["confirm"] = true.into();
    book.act("demo", "fee.take", large);
    book.act("demo", "fee.take", json!({ "payer": "路人", "kind": "其他", "for_what": "打印", "amount": "1.00" }));
    // A fee of the catalogue is taken by its case, at its amount, and once.
    take_in(&mut book, C, "李小龙", false);
    let wrong = json!({ "account": C, "kind": "过户费", "amount": "3.00" });
    assert_eq!(fault(&refused(&mut book, "demo", "fee.take", wrong)), ("R-209", "amount"));
    let right = json!({ "account": C, "kind": "过户费" });
    assert_eq!(book.act("demo", "fee.take", right.clone())["amount"], "5.00");
    assert_eq!(fault(&refused(&mut book, "demo", "fee.take", right)), ("R-209", "kind"));
    verified(&mut book);
}

#[test]
fn an_old_owners_payment_was_taken_back_on_the_new_owner() {
    let mut book = town();
    let paid = book.act("demo", "payment.take", json!({ "account": A, "tendered": "150.00", "keep_change": true }));
    assert_eq!((&paid["total"], &paid["to_prepaid"]), (&json!("100.00"), &json!("50.00")));
    let test = book.act("demo", "intake.take", json!({ "service": "meter_test", "account": A }))["order"].clone();
    let deposit = book.act("demo", "deposit.take", json!({ "charge": test }));
    let case = take_in(&mut book, A, "李小龙", false);
    book.act("demo", "account.transfer", json!({ "account": A, "id_number": NEW_OWNER, "balance": "pass" }));
    let fee = book.act("demo", "fee.take", json!({ "charge": case }));
    for (user, receipt) in [("demo", &paid["receipt"]), ("chief", &paid["receipt"]), ("chief", &deposit["receipt"])] {
        let refusal = refused(&mut book, user, "payment.reverse", json!({ "payment": receipt, "reason": "收错" }));
        assert_eq!(fault(&refusal), ("R-122", "payment"));
        assert!(refusal.message().contains("过户前收的") && refusal.message().contains("李小龙"), "{refusal:?}");
    }
    assert_eq!(balance(&book, A), (Fen(5_000), Fen::ZERO));
    // What was paid since is the new owner's own.
    let own = book.act("demo", "payment.take", json!({ "account": A, "bills": [], "to_prepaid": "20.00" }));
    for receipt in [&own["receipt"], &fee["receipt"]] {
        book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "收错" }));
    }
    assert_eq!(balance(&book, A), (Fen(5_000), Fen::ZERO));
    verified(&mut book);
}

#[test]
fn ten_million_went_to_prepaid_and_into_the_drawer_unasked() {
    let mut book = town();
    let pay = |sum: &str| json!({ "account": C, "bills": [], "to_prepaid": sum });
    book.act("demo", "payment.take", pay("1000.00"));
    let late = json!({ "account": C, "bills": [], "to_prepaid": "1000.01", "paper": "S1", "happened": "2026-11-20" });
    for (action, input, rule) in [
        ("payment.take", pay("1000.01"), "R-175"),
        ("payment.take", json!({ "account": C, "bills": [], "to_prepaid": "999999", "method": "银行卡" }), "R-175"),
        ("payment.enter_late", late, "R-175"),
        ("shift.float_add", json!({ "amount": "10000164" }), "R-176"),
        ("shift.float_add", json!({ "amount": "5000.01" }), "R-176"),
    ] {
        let refusal = refused(&mut book, "demo", action, input.clone());
        assert_eq!(fault(&refusal), (rule, "confirm"), "{action} {input}");
        assert!(refusal.message().contains("有没有输错"), "{refusal:?}");
    }
    let mut sure = pay("1000.01");
    sure["confirm"] = true.into();
    assert_eq!(book.act("demo", "payment.take", sure)["to_prepaid"], "1000.01");
    book.act("demo", "shift.float_add", json!({ "amount": "5000.00" }));
    book.act("demo", "shift.float_add", json!({ "amount": "5000.01", "confirm": true }));
    assert_eq!(fault(&refused(&mut book, "check", "shift.open", json!({ "float": "10000164" }))), ("R-176", "confirm"));
    book.act("check", "shift.open", json!({ "float": "5000.00" }));
    book.act("check", "shift.close", json!({ "counted": "5000.00" }));
    let other = json!({ "float": "10000164", "reason": "换班" });
    assert_eq!(fault(&refused(&mut book, "check", "shift.open", other)), ("R-176", "confirm"));
    book.act("check", "shift.open", json!({ "float": "10000164", "reason": "换班", "confirm": true }));
    verified(&mut book);
}

#[test]
fn any_clerk_moved_the_cash_of_a_colleagues_open_till() {
    let mut book = town();
    let (stored, _) = book.try_act("demo", "shift.deposit", &json!({ "amount": "1.00" })).unwrap();
    let shift = shift_of(&book, "demo").id;
    let moves = [
        ("shift.deposit", json!({ "amount": "50.00", "shift": shift })),
        ("shift.float_add", json!({ "amount": "50.00", "shift": shift })),
        ("shift.deposit_reverse", json!({ "deposit": stored, "reason": "存错" })),
    ];
    for own in [false, true] {
        if own {
            book.act("check", "shift.open", json!({ "float": "100.00" }));
        }
        let before = shift_of(&book, "demo").cash;
        for (action, input) in &moves {
            let refusal = refused(&mut book, "check", action, input.clone());
            assert_eq!(
                (refusal.kind, refusal.first_rule()),
                (RefusalKind::Permission, "R-366"),
                "{action}: {refusal:?}"
            );
            assert!(refusal.message().contains("王芳"), "{refusal:?}");
        }
        assert_eq!(shift_of(&book, "demo").cash, before);
    }
    // Who may close it may move it, and so may its clerk.
    for (user, sum) in [("chief", "2.00"), ("demo", "3.00")] {
        book.act(user, "shift.deposit", json!({ "amount": sum, "shift": shift }));
    }
    book.act("chief", "shift.float_add", json!({ "amount": "4.00", "shift": shift }));
    book.act("chief", "shift.deposit_reverse", json!({ "deposit": stored, "reason": "存错" }));
    assert_eq!(shift_of(&book, "demo").cash, Fen(199_900));
}
