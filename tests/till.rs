//! The till: given accounts that owe and an open shift, when money moves, then entries or a refusal with its rule.
//! The day is 2026-11-21 (see `support::orders::moment`).

mod support;

use meterdesk::desk::refusal::Refusal;
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::{Value, json};
use support::orders::{Book, book};
use support::till::{Owes, accounts, owes, prices, sound};

/// Gas bill 86.40 due 2026-11-18 (three days late: 0.7776, cut to 0.50), 40.00 not due yet, in account 1; account 2 has an
/// estimated bill with a late fee of 21.00 and one of 49.00; account 3 owes nothing.
fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    let guess = |amount, due| Owes { amount, due, estimated: true };
    accounts(
        &mut book,
        &[
            (vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2026-12-05")]),
            (vec![], vec![guess(70_000, "2026-11-11"), guess(40_000, "2026-10-11")]),
            (vec![], vec![]),
        ],
    );
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    book.try_act(user, action, &input).map(|done| panic!("{action} {input} was done: {done:?}")).unwrap_err()
}

fn take(book: &mut Book, input: Value) -> Value {
    book.act("demo", "payment.take", input)
}

#[test]
fn all_that_is_owed_is_taken_in_cash_with_change_and_a_line_to_say() {
    let mut book = branch();
    let paid = take(&mut book, json!({ "account": "10000001", "tendered": "200.00" }));
    assert_eq!(paid["total"], "126.90");
    assert_eq!(
        (&paid["late_fee"], &paid["change"], &paid["amount"]),
        (&json!("0.50"), &json!("73.10"), &json!("126.90"))
    );
    assert_eq!(paid["spoken"], "收您 200.00 元，找您 73.10 元，请清点。请核对收好");
    assert_eq!(paid["receipt"], "B03-1-000001");
    assert_eq!((&paid["owed_after"], paid["lines"].as_array().unwrap().len()), (&json!("0.00"), 2));
    assert_eq!(paid["lines"][0]["bill"], "#1");
    let next = take(&mut book, json!({ "account": "10000002" }));
    assert_eq!((&next["receipt"], &next["total"]), (&json!("B03-1-000002"), &json!("1170.00")));
    sound(&book);
}

#[test]
fn a_paid_bill_is_not_paid_again_here() {
    let mut book = branch();
    take(&mut book, json!({ "account": "10000001", "bills": ["#1"] }));
    let again = refused(&mut book, "demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"] }));
    assert!(again.message().contains("已经缴清"), "{again:?}");
    let none = refused(&mut book, "demo", "payment.take", json!({ "account": "10000003" }));
    assert_eq!(none.first_rule(), "R-174");
}

#[test]
fn a_bill_is_named_by_id_number_or_cycle() {
    let mut book = branch();
    let paid = take(&mut book, json!({ "account": "10000001", "bills": ["2026-12"] }));
    assert_eq!(paid["total"], "40.00");
    let id = {
        let tx = book.desk.look().unwrap();
        let account = tx.account_of_text("10000002").unwrap().unwrap().id;
        tx.unpaid_bills(account).unwrap()[0].id.to_string()
    };
    let paid = take(&mut book, json!({ "account": "10000002", "bills": [id] }));
    assert_eq!(paid["lines"][0]["bill"], id);
    for (bills, why) in
        [(json!(["2026-01"]), "没有账单"), (json!(["#1", "#1"]), "列了两次"), (json!(["B03.1.1"]), "没有账单")]
    {
        let refusal = refused(&mut book, "demo", "payment.take", json!({ "account": "10000001", "bills": bills }));
        assert!(refusal.message().contains(why), "{refusal:?}");
    }
}

#[test]
fn a_part_payment_pays_the_late_fee_first_and_no_fee_runs_on_a_fee() {
    let mut book = branch();
    let paid = take(&mut book, json!({ "account": "10000001", "bills": ["#1"], "amounts": ["50.00"] }));
    assert_eq!((&paid["lines"][0]["late_fee"], &paid["lines"][0]["principal"]), (&json!("0.50"), &json!("49.50")));
    assert_eq!(paid["lines"][0]["unpaid"], "36.90");
    let rest = take(&mut book, json!({ "account": "10000001", "bills": ["#1"] }));
    assert_eq!((&rest["total"], &rest["late_fee"]), (&json!("36.90"), &json!("0.00")));
    sound(&book);
}

#[test]
fn one_sum_is_laid_on_the_oldest_bills_first() {
    let mut book = branch();
    let paid = take(&mut book, json!({ "account": "10000001", "amounts": "100.00", "tendered": "100.00" }));
    let lines = paid["lines"].as_array().unwrap();
    assert_eq!((&lines[0]["principal"], &lines[1]["principal"]), (&json!("86.40"), &json!("13.10")));
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written() {
    let mut book = branch();
    let before = book.desk.look().unwrap().entry_count().unwrap();
    for (input, rule) in [
        (json!({ "account": "10000001", "tendered": "126.89" }), "R-172"),
        (json!({ "account": "10000001", "tendered": "-1" }), "R-172"),
        (json!({ "account": "10000001", "tendered": "1.234" }), "input"),
        (json!({ "account": "10000001", "tendered": "1e9" }), "input"),
        (json!({ "account": "10000001", "tendered": "1000000000" }), "input"),
        (json!({ "account": "10000001", "tendered": 200 }), "input"),
        (json!({ "account": "10000001", "bills": ["#1"], "amounts": ["1000.00"] }), "R-172"),
        (json!({ "account": "10000001", "amounts": "1000.00" }), "R-172"),
        (json!({ "account": "10000001", "amounts": ["0"] }), "R-172"),
        (json!({ "account": "10000001", "amounts": ["1", "1", "1"] }), "R-172"),
        (json!({ "account": "10000001", "amounts": ["-5.00"] }), "R-172"),
        (json!({ "account": "10000001", "expected_total": "126.89" }), "stale"),
        (json!({ "account": "10000001", "method": "预存" }), "R-172"),
        (json!({ "account": "10000001", "method": "支票" }), "input"),
        (json!({ "account": "99999999" }), "missing"),
        (json!({ "account": "10000001", "bill": "#1" }), "input"),
        (json!({ "account": "10000001", "waive": "0.50" }), "A-17"),
    ] {
        let refusal = refused(&mut book, "demo", "payment.take", input.clone());
        assert_eq!(refusal.first_rule(), rule, "{input} {refusal:?}");
    }
    assert_eq!(book.desk.look().unwrap().entry_count().unwrap(), before);
}

#[test]
fn without_an_open_shift_no_money_moves_and_a_clerk_has_one_shift() {
    let mut book = branch();
    assert_eq!(refused(&mut book, "check", "payment.take", json!({ "account": "10000001" })).first_rule(), "R-176");
    assert_eq!(refused(&mut book, "demo", "shift.open", json!({ "float": "1" })).first_rule(), "R-178");
    assert_eq!(refused(&mut book, "check", "shift.open", json!({ "float": "-1" })).first_rule(), "R-176");
    assert_eq!(refused(&mut book, "boss", "payment.take", json!({ "account": "10000001" })).exit_code(), 4);
}

#[test]
fn the_clerk_waives_up_to_twenty_yuan_a_customer_and_day_on_estimated_bills() {
    let mut book = branch();
    let input =
        |waive: &str| json!({ "account": "10000002", "bills": ["2026-11"], "amounts": ["500.00"], "waive": waive });
    let refusal = refused(&mut book, "demo", "payment.take", input("20.01"));
    assert_eq!(refusal.first_rule(), "A-17");
    let paid = take(&mut book, input("20.00"));
    assert_eq!((&paid["waived"], &paid["late_fee"]), (&json!("20.00"), &json!("1.00")));
    let more = json!({ "account": "10000002", "bills": ["2026-10"], "waive": "0.50" });
    assert_eq!(refused(&mut book, "demo", "payment.take", more.clone()).first_rule(), "A-17");
    // Reversed, the waiver is free again.
    book.act("chief", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错户" }));
    assert_eq!(take(&mut book, more)["waived"], "0.50");
    sound(&book);
}

#[test]
fn what_comes_by_card_beyond_the_debt_is_prepaid_and_pays_the_next_bill() {
    let mut book = branch();
    let paid =
        take(&mut book, json!({ "account": "10000001", "bills": ["#1"], "method": "银行卡", "tendered": "100.00" }));
    assert_eq!((&paid["to_prepaid"], &paid["change"]), (&json!("13.10"), &json!("0.00")));
    let short = refused(&mut book, "demo", "payment.take", json!({ "account": "10000001", "method": "预存" }));
    assert!(short.message().contains("13.10"));
    let part = take(&mut book, json!({ "account": "10000001", "method": "预存", "amounts": "13.00" }));
    assert_eq!(
        (&part["from_prepaid"], &part["balance_after"], &part["amount"]),
        (&json!("13.00"), &json!("0.10"), &json!("0.00"))
    );
    let rest = take(
        &mut book,
        json!({ "account": "10000001", "from_prepaid": "0.10", "tendered": "30.00", "keep_change": true }),
    );
    assert_eq!(
        (&rest["total"], &rest["to_prepaid"], &rest["change"]),
        (&json!("27.00"), &json!("3.10"), &json!("0.00"))
    );
    let more = take(&mut book, json!({ "account": "10000003", "to_prepaid": "50.00", "tendered": "100.00" }));
    assert_eq!((&more["change"], &more["balance_after"]), (&json!("50.00"), &json!("50.00")));
    sound(&book);
}

#[test]
fn a_reversal_gives_everything_back_once() {
    let mut book = branch();
    let before = owed(&book, "10000001");
    take(&mut book, json!({ "account": "10000001", "tendered": "200.00", "keep_change": true }));
    assert_eq!(
        refused(&mut book, "demo", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": " " })).faults[0]
            .field
            .as_deref(),
        Some("reason")
    );
    let back = book.act("demo", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错户" }));
    assert_eq!((&back["amount"], &back["spoken"]), (&json!("200.00"), &json!("退您 200.00 元，请清点")));
    assert_eq!(owed(&book, "10000001"), before);
    let again = refused(&mut book, "demo", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "再来" }));
    assert_eq!(again.first_rule(), "I-11");
    assert_eq!(
        refused(&mut book, "demo", "payment.reverse", json!({ "payment": "B03-1-000009", "reason": "无" }))
            .first_rule(),
        "missing"
    );
    sound(&book);
}

fn owed(book: &Book, no: &str) -> (Fen, Option<BalanceRow>) {
    let tx = book.desk.look().unwrap();
    let id = tx.account_of_text(no).unwrap().unwrap().id;
    let balance =
        tx.get::<BalanceRow>(&[&id]).unwrap().filter(|row| row.prepaid != Fen::ZERO || row.credit != Fen::ZERO);
    (tx.owed(id).unwrap(), balance)
}

#[test]
fn a_reversal_has_its_limit_and_prepaid_that_was_used_stays() {
    let mut book = branch();
    take(&mut book, json!({ "account": "10000002" }));
    let small = refused(&mut book, "demo", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错" }));
    assert_eq!((small.first_rule(), small.exit_code()), ("R-260", 4));
    // The supervisor may, out of the drawer that took it.
    book.act("chief", "payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错" }));
    let card = json!({ "account": "10000001", "bills": ["#1"], "method": "银行卡", "tendered": "100.00" });
    let first = take(&mut book, card)["receipt"].clone();
    let second =
        take(&mut book, json!({ "account": "10000001", "method": "预存", "amounts": "13.00" }))["receipt"].clone();
    let used = refused(&mut book, "demo", "payment.reverse", json!({ "payment": first, "reason": "收错" }));
    assert!(used.message().contains("已经用掉"), "{used:?}");
    for receipt in [second, first] {
        book.act("demo", "payment.reverse", json!({ "payment": receipt, "reason": "收错" }));
    }
    sound(&book);
}

#[test]
fn a_hand_written_slip_is_booked_at_its_true_day_and_confirmed_by_another() {
    let mut book = branch();
    let late = |paper: &str, happened: &str| json!({ "account": "10000001", "bills": ["#1"], "paper": paper, "happened": happened });
    for (paper, happened, field) in [
        ("", "2026-11-18", "paper"),
        ("S1", "2026-11-22", "happened"),
        ("S1", "2026-10-01", "happened"),
        ("S1", "昨天", "happened"),
    ] {
        let refusal = refused(&mut book, "demo", "payment.enter_late", late(paper, happened));
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field));
    }
    let paid = book.act("demo", "payment.enter_late", late("s-0815", "2026-11-18T17:20:00+08:00"));
    assert_eq!((&paid["total"], &paid["pending"]), (&json!("86.40"), &json!(true)), "in time on its true day");
    let mut again = late("S-0815", "2026-11-18");
    again["bills"] = json!(["2026-12"]);
    assert_eq!(refused(&mut book, "demo", "payment.enter_late", again).first_rule(), "I-9");
    assert_eq!(refused(&mut book, "demo", "payment.confirm", json!({ "payment": "S-0815" })).first_rule(), "I-10");
    book.act("check", "payment.confirm", json!({ "payment": "S-0815" }));
    assert!(
        refused(&mut book, "check", "payment.confirm", json!({ "payment": "S-0815" })).message().contains("确认过")
    );
    assert!(book.desk.look().unwrap().pending_slips(meterdesk::rules::reach::Reach::ALL).unwrap().is_empty());
    sound(&book);
}

#[test]
fn fees_are_taken_with_or_without_an_account_and_reversed_once() {
    let mut book = branch();
    let fee = book.act(
        "demo",
        "fee.take",
        json!({ "account": "10000001", "kind": "报装费", "amount": "5.00", "tendered": "10.00" }),
    );
    assert_eq!((&fee["receipt"], &fee["change"]), (&json!("B03-1-000001"), &json!("5.00")));
    book.act("demo", "fee.take", json!({ "kind": "补卡费", "amount": "10.00", "payer": "路人" }));
    for (input, field) in [
        (json!({ "kind": "", "amount": "5" }), "kind"),
        (json!({ "kind": "报装费", "amount": "0" }), "amount"),
        (json!({ "kind": "报装费", "amount": "5", "method": "预存" }), "method"),
        (json!({ "kind": "报装费", "payer": "路人", "amount": "5", "tendered": "4" }), "tendered"),
        (json!({ "kind": "报装费", "amount": "5", "account": "1" }), "account"),
    ] {
        let refusal = refused(&mut book, "demo", "fee.take", input.clone());
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{input}");
    }
    book.act("demo", "payment.reverse", json!({ "payment": "B03-1-000002", "reason": "不补了" }));
    assert_eq!(
        refused(&mut book, "demo", "payment.reverse", json!({ "payment": "B03-1-000002", "reason": "再退" }))
            .first_rule(),
        "I-11"
    );
    let closed = book.act("demo", "shift.close", json!({ "counted": "205.00" }));
    assert_eq!((&closed["income"], &closed["over_short"]), (&json!("5.00"), &json!("0.00")));
    sound(&book);
}

#[test]
fn a_close_shows_the_identity_and_short_money_never_blocks_it() {
    let mut book = branch();
    take(&mut book, json!({ "account": "10000001", "tendered": "200.00" }));
    take(&mut book, json!({ "account": "10000002", "bills": ["2026-11"], "method": "银行卡" }));
    assert_eq!(
        refused(&mut book, "demo", "shift.deposit", json!({ "amount": "400.00", "to": "银行" })).first_rule(),
        "R-366"
    );
    assert_eq!(refused(&mut book, "demo", "shift.deposit", json!({ "amount": "0" })).first_rule(), "R-366");
    let put = book.act("demo", "shift.deposit", json!({ "amount": "120.00", "to": "银行" }));
    assert_eq!(put["cash"], "206.90");
    assert_eq!(refused(&mut book, "demo", "shift.deposit", json!({ "amount": "-120.01" })).first_rule(), "R-366");
    let closed = book.act("demo", "shift.close", json!({ "counted": "200.00", "note": "找零有误", "confirm": true }));
    for (field, value) in [
        ("previous", "200.00"),
        ("income", "126.90"),
        ("deposits", "120.00"),
        ("expected", "206.90"),
        ("over_short", "-6.90"),
    ] {
        assert_eq!(closed[field], value, "{field}");
    }
    assert_eq!(closed["head"].as_str().unwrap().len(), 8);
    assert_eq!(refused(&mut book, "demo", "shift.close", json!({ "counted": "200.00" })).first_rule(), "R-176");
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    sound(&book);
}

#[test]
fn a_receipt_over_nothing_was_printed_and_a_named_sum_dropped_without_a_word() {
    let mut book = branch();
    let account = "10000001";
    for (input, field, why) in [
        (json!({ "bills": ["#1"], "amounts": {} }), "amounts", "没有写金额"),
        (json!({ "amounts": {} }), "amounts", "没有要缴的金额"),
        (json!({ "amounts": [] }), "amounts", "没有要缴的金额"),
        (json!({ "bills": ["#1"], "amounts": { "2026-12": "5.00" }, "tendered": "5.00" }), "amounts", "不在这次缴费里"),
        (
            json!({ "bills": ["#1"], "amounts": { "2099-03": "5.00", "#1": "1.00" } }),
            "amounts",
            "“2099-03”不在这次缴费里",
        ),
        (json!({ "bills": ["#1", "2026-12"], "amounts": { "#1": "1.00" } }), "amounts", "2026-12 没有写金额"),
        (json!({ "bills": ["#1"], "amounts": { "#1": "1.00", "2026-11": "2.00" } }), "amounts", "写了两次"),
        (json!({ "bills": [], "amounts": { "#1": "1.00" }, "to_prepaid": "1.00" }), "amounts", "不在这次缴费里"),
        (json!({ "bills": [] }), "bills", "有欠费"),
    ] {
        for (action, more) in
            [("payment.take", json!({})), ("payment.enter_late", json!({ "paper": "S1", "happened": "2026-11-20" }))]
        {
            let mut input = input.clone();
            input["account"] = account.into();
            for (key, value) in more.as_object().unwrap() {
                input[key] = value.clone();
            }
            let refusal = refused(&mut book, "demo", action, input.clone());
            assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{input}: {refusal}");
            assert!(refusal.message().contains(why), "{input}: {refusal}");
        }
    }
    let paid = take(&mut book, json!({ "account": account, "amounts": { "#1": "50.00", "2026-12": "10.00" } }));
    assert_eq!((&paid["total"], &paid["receipt"]), (&json!("60.00"), &json!("B03-1-000001")));
    let nothing = refused(&mut book, "demo", "payment.take", json!({ "account": "10000003", "bills": [] }));
    assert_eq!(nothing.first_rule(), "R-174");
    sound(&book);
}
