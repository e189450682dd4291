//! A customer who leaves: at a 销户 prepaid and credit are asked about and paid out, a closed account takes no more and no business that
//! cannot end on it; behind a 过户 what the old owner paid stays paid.

mod support;

use meterdesk::desk::customer_view;
use meterdesk::desk::refusal::{Refusal, RefusalKind};
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::BalanceRow;
use meterdesk::tui::screens;
use serde_json::{Value, json};
use support::adjust::{act_at, adjusted, ask_volume};
use support::orders::{Book, book};
use support::seat::{Seat, account};
use support::till::sound;
use support::transfer::transfer;

const A: &str = "3100000002";

/// A till with 200.00, and 10.00 prepaid on an account.
fn branch() -> Book {
    let mut book = book("B03");
    support::town::small(&mut book);
    support::till::prices(&mut book);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": A, "to_prepaid": "10.00" }));
    book
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    match book.try_act(user, action, &input) {
        Err(refusal) => refusal,
        Ok(done) => panic!("{action} {input}: {done:?}"),
    }
}

fn rule(refusal: &Refusal) -> (&str, &str) {
    (refusal.first_rule(), refusal.faults[0].field.as_deref().unwrap_or_default())
}

/// Prepaid and cash of the till of demo, in fen.
fn money(book: &Book, no: &str) -> (i64, i64) {
    let tx = book.desk.look().unwrap();
    let row = tx.account_of_text(no).unwrap().unwrap();
    let prepaid = tx.get::<BalanceRow>(&[&row.id]).unwrap().map_or(0, |row| row.prepaid.0);
    let shifts = tx.open_shifts(meterdesk::rules::reach::Reach::ALL).unwrap();
    (prepaid, shifts.iter().find(|shift| shift.clerk == "王芳").map_or(0, |shift| shift.cash.0))
}

fn closing(balance: Option<&str>) -> Value {
    json!({ "account": A, "field": "status", "seen": "正常", "value": "销户", "balance": balance })
}

#[test]
fn a_closing_with_prepaid_asks_what_becomes_of_it_and_pays_it_out_of_the_drawer() {
    let mut book = branch();
    let asked = refused(&mut book, "demo", "account.amend", closing(None));
    assert_eq!(rule(&asked), ("R-080", "balance"));
    assert!(asked.message().contains("预存 10.00") && asked.message().contains("退用户"), "{asked:?}");
    assert_eq!(rule(&refused(&mut book, "demo", "account.amend", closing(Some("pass")))), ("R-080", "balance"));
    // Who has no drawer pays nothing out, and who may not give so much back neither.
    assert_eq!(refused(&mut book, "check", "account.amend", closing(Some("refund"))).first_rule(), "R-176");
    book.act("demo", "payment.take", json!({ "account": A, "to_prepaid": "600.00" }));
    let much = refused(&mut book, "demo", "account.amend", closing(Some("refund")));
    assert_eq!(much.kind, RefusalKind::Permission, "a clerk gives back 500.00 at most: {much:?}");
    sound(&book);

    let mut book = branch();
    book.act("demo", "shift.deposit", json!({ "amount": "205.00", "to": "银行", "slip": "1" }));
    assert_eq!(rule(&refused(&mut book, "demo", "account.amend", closing(Some("refund")))), ("R-366", "balance"));
    book.act("demo", "shift.float_add", json!({ "amount": "5.00", "from": "财务" }));
    let (entry, closed) = book.try_act("demo", "account.amend", &closing(Some("refund"))).unwrap();
    assert_eq!((&closed["refunded"], money(&book, A)), (&json!("10.00"), (0, 0)));
    let slip = meterdesk::outbound::check_slip::slip(&book.desk.look().unwrap(), entry.unwrap(), false);
    let text = slip.unwrap().unwrap().text;
    assert!(text.contains("退款单") && text.contains("销户退预存 10.00"), "{text}");
    let view = customer_view::account(&book.desk, A).unwrap();
    assert!(view.timeline.iter().any(|line| line.text.contains("退用户预存余款 10.00")), "{:?}", view.timeline);
    sound(&book);
}

#[test]
fn a_closed_account_takes_no_prepaid_and_no_business_that_cannot_end_on_it() {
    let mut book = branch();
    // What can only end while the account is open stands in the way of its closing.
    let seal = json!({ "service": "seal", "account": A, "fields": { "reason": "长期不用" } });
    let order = book.act("demo", "intake.take", seal.clone())["order"].clone();
    let open = refused(&mut book, "demo", "account.amend", closing(Some("refund")));
    assert!(open.first_rule() == "R-080" && open.message().contains("请先办完或作废"), "{open:?}");
    book.act("chief", "order.void", json!({ "order": order, "reason": "用户不办了" }));
    book.act("demo", "account.amend", closing(Some("refund")));

    let top_up = json!({ "account": A, "bills": [], "to_prepaid": "5.00" });
    assert_eq!(rule(&refused(&mut book, "demo", "payment.take", top_up)), ("R-080", "to_prepaid"));
    for service in ["seal", "unseal", "transfer"] {
        let asked = json!({ "service": service, "account": A, "fields": {} });
        let told = refused(&mut book, "demo", "intake.take", asked.clone());
        assert!(told.faults.iter().any(|fault| fault.rule == "R-080" && fault.message.contains("已销户")), "{told:?}");
        let shown = book.act("demo", "intake.preview", asked);
        assert!(shown["refusals"].to_string().contains("已销户") && shown["accepted"] == false, "{shown}");
    }
    let word = json!({ "service": "consult", "account": A, "fields": { "question": "水费怎么查", "topic": "水费" } });
    if let Err(other) = book.try_act("demo", "intake.take", &word) {
        assert!(!other.message().contains("已销户"), "who asks is answered: {other:?}");
    }
    sound(&book);
}

#[test]
fn a_closing_at_the_screen_asks_for_the_prepaid_where_it_stands() {
    let mut seat = Seat::on(branch(), "demo", |app| screens::amend(app, account(app, A), "status"));
    seat.shows("预存余款").press("<Right><Right><F2>").shows("销户前须从钱箱退给用户");
    seat.press("<Right><F2>").shows("退用户 10.00 元，请清点");
}

#[test]
fn a_payment_of_the_old_owner_is_not_taken_back_behind_a_transfer() {
    let mut book = branch();
    let receipt = "B03-1-000001";
    let name = { customer_view::account(&book.desk, A).unwrap().name };
    book.act("demo", "intake.take", support::transfer::intake(A, "李乙", false, false));
    let deed = json!({ "account": A, "id_number": support::transfer::NEW_OWNER, "balance": "pass" });
    book.act("demo", "account.transfer", deed);
    assert_ne!(name, "李乙");
    let back = json!({ "payment": receipt, "reason": "收错" });
    let told = refused(&mut book, "demo", "payment.reverse", back);
    assert_eq!(rule(&told), ("R-122", "payment"));
    assert!(told.message().contains("过户前") && told.message().contains("李乙"), "{told:?}");
    assert_eq!(money(&book, A), (1_000, 21_000));
    let own = book.act("demo", "payment.take", json!({ "account": A, "to_prepaid": "7.00" }))["receipt"].clone();
    assert_eq!(book.act("demo", "payment.reverse", json!({ "payment": own, "reason": "收错" }))["amount"], "7.00");
    sound(&book);
}

#[test]
fn a_transfer_and_a_closing_went_by_while_a_hand_written_slip_was_unconfirmed() {
    for ends in ["payment.confirm", "payment.reverse"] {
        let mut book = branch();
        let slip = json!({ "account": A, "bills": [], "to_prepaid": "5.00", "paper": "S1", "happened": "2026-11-20" });
        book.act("demo", "payment.enter_late", slip);
        let told = refused(&mut book, "demo", "account.amend", closing(Some("refund")));
        assert_eq!(rule(&told), ("R-080", "status"));
        assert!(told.message().contains("S1") && told.message().contains("确认"), "{told:?}");
        book.act("demo", "intake.take", support::transfer::intake(A, "李乙", false, false));
        let deed = json!({ "account": A, "id_number": support::transfer::NEW_OWNER, "balance": "pass" });
        let told = refused(&mut book, "demo", "account.transfer", deed.clone());
        assert_eq!(rule(&told), ("R-122", "account"));
        assert!(told.message().contains("S1") && told.message().contains("冲正"), "{told:?}");
        let user = if ends == "payment.confirm" { "check" } else { "demo" };
        book.act(
            user,
            ends,
            if user == "check" {
                json!({ "payment": "S1" })
            } else {
                json!({ "payment": "S1", "reason": "没有这笔" })
            },
        );
        book.act("demo", "account.transfer", deed);
        sound(&book);
    }
}

#[test]
fn use_that_a_bill_of_the_old_owner_gave_up_went_to_the_new_one_without_a_word() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": no }));
    let told = |book: &mut Book, reading: Option<&str>| {
        let mut ask = ask_volume(book, no, "10");
        if let Some(reading) = reading {
            ask["change"]["reading"] = json!(reading);
        }
        let shown = book.act("demo", "adjustment.preview", ask);
        let moved = shown["picture"]["readings"][0].clone();
        (moved, shown["picture"]["warnings"].to_string())
    };
    let (moved, words) = told(&mut book, None);
    assert!(moved["old"] != moved["new"] && !words.contains("现户主"), "{words}");
    transfer(&mut book, no, "李乙", false);
    let (moved, words) = told(&mut book, None);
    let of = |value: &Value| value.as_str().unwrap().parse::<meterdesk::rules::money::Milli>().unwrap();
    let more = (of(&moved["old"]) - of(&moved["new"])).grouped();
    assert!(words.contains(&format!("现户主 李乙 的下一张账单因此多 {more}：")), "{words}");
    // Where the reading stays, nothing goes over.
    let (_, words) = told(&mut book, moved["old"].as_str());
    assert!(words.contains("过户前") && !words.contains("下一张账单因此"), "{words}");
}

#[test]
fn a_bill_of_the_old_owner_is_put_right_with_a_word_on_who_has_the_difference() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": no }));
    transfer(&mut book, no, "李乙", false);
    let shown = {
        let ask = ask_volume(&book, no, "10");
        book.act("demo", "adjustment.preview", ask)
    };
    let words = shown["picture"]["warnings"].to_string();
    assert!(words.contains("过户前") && words.contains("李乙") && words.contains("用户3"), "{words}");
    let ask = ask_volume(&book, no, "10");
    adjusted(&mut book, ask);
    assert!(support::adjust::balance(&book, no).0 > 0);
    let tx = book.desk.look().unwrap();
    let id = tx.account_of_text(no).unwrap().unwrap().id;
    assert_eq!(tx.owed(id).unwrap(), Fen(500), "the fee of the transfer");
}

#[test]
fn a_till_left_open_pays_no_old_owner_out_past_the_cut_off() {
    let mut book = branch();
    book.act("demo", "intake.take", support::transfer::intake(A, "李乙", false, false));
    let deed = json!({ "account": A, "id_number": support::transfer::NEW_OWNER, "balance": "refund" });
    for (action, input) in [("account.transfer", deed), ("account.amend", closing(Some("refund")))] {
        let told = act_at(&mut book, "2026-11-22", "demo", action, input).unwrap_err();
        if action == "account.transfer" {
            assert!(told.first_rule() == "R-178" && told.message().contains("先交班"), "{told:?}");
        }
    }
    assert_eq!(money(&book, A), (1_000, 21_000));
}

#[test]
fn a_bill_of_a_closed_account_is_not_adjusted() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": no }));
    book.act("demo", "account.amend", json!({ "account": no, "field": "status", "seen": "正常", "value": "销户" }));
    for action in ["adjustment.preview", "adjustment.request"] {
        let ask = ask_volume(&book, no, "80");
        assert_eq!(rule(&refused(&mut book, "demo", action, ask)), ("R-080", "account"));
    }
}

#[test]
fn a_large_payment_of_an_earlier_shift_is_reversed_by_who_may_out_of_an_open_drawer() {
    let mut book = branch();
    let big = book.act("demo", "payment.take", json!({ "account": A, "to_prepaid": "600.00" }))["receipt"].clone();
    book.act("demo", "shift.close", json!({ "counted": "810.00" }));
    let back = json!({ "payment": big, "reason": "收错户" });
    assert_eq!(refused(&mut book, "chief", "payment.reverse", back.clone()).first_rule(), "R-178", "no drawer at all");
    book.act("demo", "shift.open", json!({ "float": "810.00" }));
    assert_eq!(refused(&mut book, "demo", "payment.reverse", back.clone()).kind, RefusalKind::Permission);
    book.act("check", "shift.open", json!({ "float": "100.00" }));
    let told = refused(&mut book, "chief", "payment.reverse", back.clone());
    assert_eq!(rule(&told), ("R-178", "shift"));
    let tx = book.desk.look().unwrap();
    let shifts = tx.open_shifts(meterdesk::rules::reach::Reach::ALL).unwrap();
    let till = shifts.iter().find(|shift| shift.clerk == "王芳").unwrap().id;
    drop(tx);
    let named = json!({ "payment": big, "reason": "收错户", "shift": till });
    assert_eq!(book.act("chief", "payment.reverse", named)["amount"], "600.00");
    assert_eq!(money(&book, A), (1_000, 21_000));
    sound(&book);
}

#[test]
fn a_bill_of_the_old_owner_was_cancelled_and_issued_again_for_the_new_one() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": no }));
    transfer(&mut book, no, "李乙", false);
    let cancel = |bill: &Value| json!({ "account": no, "bill": bill, "reason": "错" });
    let named = |book: &meterdesk::desk::Desk| customer_view::account(book, no).unwrap();
    let before = named(&book.desk);
    for bill in &before.bills {
        let told = refused(&mut book, "room", "bill.cancel", cancel(&json!(bill.id)));
        assert_eq!(rule(&told), ("R-122", "bill"));
        for word in ["过户前给 用户3 出的", "李乙", "特殊处理"] {
            assert!(told.message().contains(word), "{told:?}");
        }
    }
    // Put right by special handling it is still the old owner's.
    let ask = ask_volume(&book, no, "10");
    adjusted(&mut book, ask);
    let new = support::adjust::bills(&book, no).last().unwrap().0;
    assert_eq!(rule(&refused(&mut book, "room", "bill.cancel", cancel(&json!(new)))), ("R-122", "bill"));
    // The new owner's own bill is cancelled as ever.
    book.act("room", "reading.enter", json!({ "account": no, "value": "1060", "date": "2026-11-21", "confirm": true }));
    let own = book.act("room", "bill.issue", json!({ "account": no }))["bill"].clone();
    book.act("room", "bill.cancel", cancel(&own));
    sound(&book);
}

#[test]
fn a_bill_of_a_closed_account_was_cancelled_and_its_money_lay_where_nobody_could_touch_it() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": no }));
    book.act("demo", "account.amend", json!({ "account": no, "field": "status", "seen": "正常", "value": "销户" }));
    for (bill, ..) in support::adjust::bills(&book, no) {
        let told = refused(&mut book, "room", "bill.cancel", json!({ "account": no, "bill": bill, "reason": "错" }));
        assert_eq!(rule(&told), ("R-080", "bill"));
        assert!(told.message().contains("已销户，账单、读数和档案都不再改"), "{told:?}");
    }
}
