//! Money that a customer has with the company stands for open bills from the day it is there (R-172): no late fee runs on what is
//! covered, wherever the money came from, and what is taken back comes back from the bills.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use serde_json::{Value, json};
use support::adjust::{act_at, balance, bills};
use support::orders::{Book, book};
use support::town;
use support::water::{resident, sound};

const A: &str = "3100000001";

/// 50 m³ at 4.08 are 204.00, due twenty days after the bill; 2 per mille a day.
fn town_of_one() -> Book {
    let mut book = book("B03");
    let text = include_str!("../assets/tariffs/bj-water-res-2014.toml");
    let steps = r#"{ upto = "180", price = "2.07" }, { upto = "260", price = "4.07" }, { price = "6.07" }"#;
    let text = text.replace(steps, r#"{ price = "1.15" }"#).replace("= \"0.001\"", "= \"0.002\"");
    let text = text.replace("due_days   = 15", "due_days   = 20");
    book.act("boss", "tariff.put", json!({ "file": "x.toml", "text": text }));
    town::open_accounts(&mut book, &[AccountOpened { recent: "50;50;50".into(), ..resident(A) }]);
    book
}

fn act(book: &mut Book, day: &str, user: &str, action: &str, input: Value) -> Value {
    act_at(book, day, user, action, input).unwrap_or_else(|refusal| panic!("{day} {action}: {}", refusal.message()))
}

fn billed(book: &mut Book, day: &str, value: &str) -> Value {
    let reading = json!({ "account": A, "value": value, "date": day, "confirm": true });
    act(book, day, "room", "reading.enter", reading);
    let bill = act(book, day, "room", "bill.issue", json!({ "account": A }));
    assert_eq!((&bill["amount"], &bill["held"]), (&json!("204.00"), &Value::Null));
    bill["bill"].clone()
}

/// Paid at the till on a day, whose shift is opened and closed.
fn at_till(book: &mut Book, day: &str, steps: &[(&str, Value)]) -> Vec<Value> {
    let open = json!({ "float": "1000.00", "reason": "备用金" });
    act(book, day, "demo", "shift.open", open);
    let done = steps.iter().map(|(action, input)| act(book, day, "demo", action, input.clone())).collect();
    let view = book.desk.look().unwrap();
    let shift = view.open_shifts(view.own().unwrap()).unwrap().remove(0);
    drop(view);
    act(book, day, "demo", "shift.close", json!({ "counted": shift.cash.to_string() }));
    done
}

fn volume_of(book: &mut Book, day: &str, bill: &Value, volume: &str) -> (Value, Value) {
    let ask =
        json!({ "kind": "V1", "account": A, "bills": [bill], "change": { "volume": volume }, "evidence": "复抄" });
    let asked = act(book, day, "demo", "adjustment.request", ask);
    let request = &asked["request"];
    act(book, day, "check", "adjustment.check", json!({ "request": request, "approve": true }));
    let done = act(book, day, "chief", "adjustment.decide", json!({ "request": request, "approve": true }));
    (asked["picture"].clone(), done)
}

/// What is open, in fen, oldest first.
fn open(book: &Book) -> Vec<i64> {
    bills(book, A).into_iter().map(|bill| bill.2).filter(|unpaid| *unpaid > 0).collect()
}

fn asked_for(book: &mut Book, day: &str) -> (Value, Value, Value) {
    let taken = at_till(book, day, &[("payment.take", json!({ "account": A }))]).remove(0);
    (taken["lines"][0]["principal"].clone(), taken["late_fee"].clone(), taken["balance_after"].clone())
}

#[test]
fn a_late_fee_ran_on_what_the_credit_of_a_smaller_bill_covered() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    let second = billed(&mut book, "2026-12-01", "200");
    let (picture, done) = volume_of(&mut book, "2026-12-03", &first, "10");
    let covered = json!([{ "bill": second, "cycle": "2026-12", "principal": "163.20", "late_fee": "0.00" }]);
    assert_eq!(picture["covered"], covered);
    assert_eq!((&picture["after"]["owed"], &picture["after"]["credit"]), (&json!("40.80"), &json!("0.00")));
    let told = picture["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|word| word.as_str().unwrap().contains("抵缴 2026-12 账单 163.20 元"));
    assert!(told, "{}", picture["warnings"]);
    assert_eq!(done["covered"][0]["principal"], "163.20");
    assert_eq!((open(&book), balance(&book, A)), (vec![4_080], (0, 0)));
    // 48 days late: 40.80 × 0.002 × 48 = 3.9168.
    assert_eq!(asked_for(&mut book, "2027-02-07"), (json!("40.80"), json!("3.92"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn the_late_fee_of_the_days_before_the_money_came_is_paid_with_it() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    billed(&mut book, "2026-12-01", "200");
    // Ten days late: 204.00 × 0.002 × 10 = 4.08; the credit of 163.20 pays it and 159.12 of the principal.
    let (_, done) = volume_of(&mut book, "2026-12-31", &first, "10");
    assert_eq!((&done["covered"][0]["late_fee"], &done["covered"][0]["principal"]), (&json!("4.08"), &json!("159.12")));
    assert_eq!((open(&book), balance(&book, A)), (vec![4_488], (0, 0)));
    // 44.88 × 0.002 × 38 more days = 3.41.
    assert_eq!(asked_for(&mut book, "2027-02-07"), (json!("44.88"), json!("3.41"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn a_cancelled_bill_that_was_paid_lay_as_credit_beside_an_open_one_and_goes_back_when_it_is_issued_again() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    billed(&mut book, "2026-12-01", "200");
    let done = act(&mut book, "2026-12-05", "room", "bill.cancel", json!({ "bill": first, "reason": "抄错" }));
    assert_eq!(done["covered"][0]["principal"], "204.00");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 0)));
    let again = act(&mut book, "2027-02-06", "room", "bill.issue", json!({ "account": A }));
    assert_eq!((&again["settled"], &again["due"]), (&json!("204.00"), &json!("2026-12-12")), "it was paid in time");
    assert_eq!((open(&book), balance(&book, A)), (vec![20_400], (0, 0)));
    assert_eq!(asked_for(&mut book, "2027-02-07"), (json!("204.00"), json!("19.58"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn a_reversed_part_payment_left_a_bill_open_beside_credit() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    let part = json!({ "account": A, "amounts": "100.00" });
    let rest = json!({ "account": A, "amounts": "104.00" });
    let paid = at_till(&mut book, "2026-11-22", &[("payment.take", part), ("payment.take", rest)]);
    volume_of(&mut book, "2026-11-23", &first, "20");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (12_240, 0)));
    let back = json!({ "payment": paid[0]["receipt"], "reason": "收错户" });
    let done = at_till(&mut book, "2026-11-24", &[("payment.reverse", back)]).remove(0);
    assert!(done["covered"].as_array().is_none_or(Vec::is_empty), "the payment that stands pays it on: {done}");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (2_240, 0)), "81.60 of the 104.00 that stand");
    sound(&mut book);
}

#[test]
fn prepaid_put_by_beside_an_open_bill_pays_it_and_comes_back_when_the_payment_is_reversed() {
    let mut book = town_of_one();
    billed(&mut book, "2026-11-22", "150");
    let put = json!({ "account": A, "bills": [], "to_prepaid": "250.00" });
    let taken = at_till(&mut book, "2026-11-22", &[("payment.take", put)]).remove(0);
    assert_eq!((&taken["owed_after"], &taken["balance_after"]), (&json!("0.00"), &json!("46.00")));
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 4_600)));
    let back = json!({ "payment": taken["receipt"], "reason": "收错户" });
    at_till(&mut book, "2027-01-01", &[("payment.reverse", back)]);
    assert_eq!((open(&book), balance(&book, A)), (vec![20_400], (0, 0)));
    // Nothing was covered: 20 days, 8.16.
    assert_eq!(asked_for(&mut book, "2027-01-01").1, "8.16");
    sound(&mut book);
}

fn put_by(yuan: &str) -> (&'static str, Value) {
    ("payment.take", json!({ "account": A, "bills": [], "to_prepaid": yuan }))
}

#[test]
fn special_handling_beside_prepaid_forgave_the_late_fee_that_its_picture_showed() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    at_till(&mut book, "2026-12-22", &[put_by("300.00")]);
    // 204.00 more, due on 12 December: ten days late are 4.08.
    let (picture, done) = volume_of(&mut book, "2026-12-22", &first, "100");
    assert_eq!((&picture["after"]["owed"], &picture["after"]["prepaid"]), (&json!("0.00"), &json!("91.92")));
    assert_eq!((&done["covered"][0]["late_fee"], &done["covered"][0]["principal"]), (&json!("4.08"), &json!("204.00")));
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 9_192)));
    sound(&mut book);
}

#[test]
fn a_bill_issued_again_past_its_due_date_lost_its_late_fee_to_prepaid_put_by_meanwhile() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    act(&mut book, "2026-12-22", "room", "bill.cancel", json!({ "bill": first, "reason": "抄错" }));
    at_till(&mut book, "2026-12-22", &[put_by("200.00")]);
    let again = act(&mut book, "2026-12-22", "room", "bill.issue", json!({ "account": A }));
    assert_eq!((&again["settled"], &again["due"]), (&json!("195.92"), &json!("2026-12-12")));
    assert_eq!((open(&book), balance(&book, A)), (vec![808], (0, 0)));
    sound(&mut book);
}

#[test]
fn a_bill_that_prepaid_had_paid_in_time_bears_no_late_fee_when_it_is_issued_again() {
    let mut book = town_of_one();
    at_till(&mut book, "2026-11-22", &[put_by("300.00")]);
    let first = billed(&mut book, "2026-11-22", "150");
    assert_eq!(balance(&book, A), (0, 9_600));
    for _ in 0..2 {
        let now = bills(&book, A).into_iter().last().map(|bill| bill.0);
        let bill = now.map_or(first.clone(), |id| json!(id));
        act(&mut book, "2026-12-22", "room", "bill.cancel", json!({ "bill": bill, "reason": "抄错" }));
        assert_eq!(balance(&book, A), (0, 30_000));
        let again = act(&mut book, "2026-12-22", "room", "bill.issue", json!({ "account": A }));
        assert_eq!(again["settled"], "204.00");
        assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 9_600)));
    }
    sound(&mut book);
}

#[test]
fn of_two_payments_put_by_for_a_late_bill_the_reversed_one_took_the_money_of_the_other() {
    let mut book = town_of_one();
    billed(&mut book, "2026-11-22", "150");
    let paid = at_till(&mut book, "2026-12-17", &[put_by("100.00")]);
    at_till(&mut book, "2026-12-22", &[put_by("50.00")]);
    let back = json!({ "payment": paid[0]["receipt"], "reason": "收错户" });
    at_till(&mut book, "2026-12-22", &[("payment.reverse", back)]);
    // 204.00 ten days late bear 4.08; the 50.00 of 22 December had paid 1.06 of it and 48.94.
    assert_eq!(asked_for(&mut book, "2026-12-22"), (json!("155.06"), json!("3.02"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn a_payment_of_two_bills_between_which_special_handling_moved_use_could_not_be_reversed() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    let second = billed(&mut book, "2026-12-01", "200");
    let paid = at_till(&mut book, "2026-12-01", &[("payment.take", json!({ "account": A }))]);
    let ask = json!({ "kind": "V4", "account": A, "bills": [first, second], "evidence": "复抄",
        "change": { "volumes": ["20", "80"] } });
    let request = act(&mut book, "2026-12-02", "demo", "adjustment.request", ask)["request"].clone();
    act(&mut book, "2026-12-02", "check", "adjustment.check", json!({ "request": request, "approve": true }));
    act(&mut book, "2026-12-02", "chief", "adjustment.decide", json!({ "request": request, "approve": true }));
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 0)));
    let back = json!({ "payment": paid[0]["receipt"], "reason": "收错户" });
    at_till(&mut book, "2026-12-02", &[("payment.reverse", back)]);
    assert_eq!((open(&book), balance(&book, A)), (vec![8_160, 32_640], (0, 0)));
    sound(&mut book);
}

#[test]
fn the_second_of_two_payments_could_not_be_reversed_after_special_handling_and_the_first() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    billed(&mut book, "2026-12-01", "200");
    // Eight days late: 204.00 bear 3.26, 40.80 bear 0.65. 100.00 and 311.26 are paid.
    let part = json!({ "account": A, "amounts": "100.00" });
    let paid = at_till(&mut book, "2026-12-20", &[("payment.take", part), ("payment.take", json!({ "account": A }))]);
    assert_eq!((&paid[0]["late_fee"], &paid[1]["amount"]), (&json!("3.26"), &json!("311.26")));
    volume_of(&mut book, "2026-12-20", &first, "10");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (16_581, 0)));
    let back = |paid: &Value| ("payment.reverse", json!({ "payment": paid["receipt"], "reason": "收错户" }));
    at_till(&mut book, "2026-12-20", &[back(&paid[0])]);
    assert_eq!((open(&book), balance(&book, A)), (vec![], (6_581, 0)));
    at_till(&mut book, "2026-12-20", &[back(&paid[1])]);
    assert_eq!((open(&book), balance(&book, A)), (vec![4_080, 20_400], (0, 0)));
    let asked = at_till(&mut book, "2026-12-20", &[("payment.take", json!({ "account": A }))]).remove(0);
    assert_eq!((&asked["late_fee"], &asked["amount"]), (&json!("0.65"), &json!("245.45")));
    sound(&mut book);
}

#[test]
fn special_handling_put_right_the_same_day_charged_late_fee_on_money_that_never_left() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    let (_, done) = volume_of(&mut book, "2027-01-20", &first, "10");
    assert_eq!(balance(&book, A), (16_320, 0));
    let small = done["bills"][0]["new"].clone();
    let (picture, _) = volume_of(&mut book, "2027-01-20", &small, "50");
    assert_eq!((&picture["after"]["owed"], &picture["after"]["credit"]), (&json!("0.00"), &json!("0.00")));
    assert!(picture["covered"].is_null(), "{picture}");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 0)));
    sound(&mut book);
}

#[test]
fn a_payment_reversed_beside_prepaid_that_stood_all_along_left_late_fee_on_covered_days() {
    let mut book = town_of_one();
    billed(&mut book, "2026-11-22", "150");
    let paid = at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    at_till(&mut book, "2026-11-23", &[put_by("300.00")]);
    let back = ("payment.reverse", json!({ "payment": paid[0]["receipt"], "reason": "收错户" }));
    let done = at_till(&mut book, "2027-01-20", &[back]).remove(0);
    assert_eq!((&done["covered"][0]["principal"], &done["covered"][0]["late_fee"]), (&json!("204.00"), &json!("0.00")));
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 9_600)));
    sound(&mut book);
}

#[test]
fn prepaid_of_two_days_pays_a_bill_that_opens_again_each_as_of_its_own() {
    let mut book = town_of_one();
    billed(&mut book, "2026-11-22", "150");
    let paid = at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A }))]);
    at_till(&mut book, "2026-11-23", &[put_by("100.00")]);
    at_till(&mut book, "2026-12-22", &[put_by("100.00")]);
    let back = ("payment.reverse", json!({ "payment": paid[0]["receipt"], "reason": "收错户" }));
    let done = at_till(&mut book, "2027-01-21", &[back]).remove(0);
    // 104.00 were open for ten days after 12 December: 2.08; the second 100.00 pay that and 97.92.
    let line = |at: usize| (done["covered"][at]["principal"].clone(), done["covered"][at]["late_fee"].clone());
    assert_eq!((line(0), line(1)), ((json!("100.00"), json!("0.00")), (json!("97.92"), json!("2.08"))));
    // 97.92 × 0.002 × 10 + 6.08 × 0.002 × 40 = 2.4448, less 2.08.
    assert_eq!((open(&book), balance(&book, A)), (vec![608], (0, 0)));
    let asked = asked_for(&mut book, "2027-01-21");
    assert_eq!(asked, (json!("6.08"), json!("0.36"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn use_put_right_beside_prepaid_that_stood_all_along_bore_late_fee() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    at_till(&mut book, "2026-11-22", &[("payment.take", json!({ "account": A })), put_by("300.00")]);
    let (picture, done) = volume_of(&mut book, "2026-12-22", &first, "100");
    assert_eq!((&picture["after"]["owed"], &picture["after"]["prepaid"]), (&json!("0.00"), &json!("96.00")));
    assert_eq!((&done["covered"][0]["late_fee"], &done["covered"][0]["principal"]), (&json!("0.00"), &json!("204.00")));
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 9_600)));
    sound(&mut book);
}

#[test]
fn use_put_up_and_down_again_gave_timely_prepaid_back_and_kept_the_late_fee_of_the_cash() {
    let mut book = town_of_one();
    at_till(&mut book, "2026-11-22", &[put_by("204.00")]);
    let first = billed(&mut book, "2026-11-22", "150");
    let (_, done) = volume_of(&mut book, "2026-11-25", &first, "100");
    let large = done["bills"][0]["new"].clone();
    assert_eq!(asked_for(&mut book, "2026-12-22"), (json!("204.00"), json!("4.08"), json!("0.00")));
    let (picture, _) = volume_of(&mut book, "2026-12-22", &large, "50");
    assert_eq!(
        (&picture["after"]["credit"], &picture["after"]["prepaid"]),
        (&json!("208.08"), &json!("0.00")),
        "{picture}"
    );
    assert_eq!((open(&book), balance(&book, A)), (vec![], (20_808, 0)), "the cash and its fee");
    sound(&mut book);
}

#[test]
fn a_bill_paid_in_time_and_cancelled_beside_an_older_one_lost_its_money_to_that() {
    let mut book = town_of_one();
    billed(&mut book, "2026-11-22", "150");
    let second = billed(&mut book, "2026-12-01", "200");
    at_till(&mut book, "2026-12-01", &[("payment.take", json!({ "account": A, "bills": [second] }))]);
    let done = act(&mut book, "2026-12-31", "room", "bill.cancel", json!({ "bill": second, "reason": "抄错" }));
    // Nineteen days late: 204.00 × 0.002 × 19 = 7.752.
    assert_eq!((&done["covered"][0]["late_fee"], &done["covered"][0]["principal"]), (&json!("7.75"), &json!("196.25")));
    let again = act(&mut book, "2027-01-10", "room", "bill.issue", json!({ "account": A }));
    assert_eq!((&again["settled"], &again["due"]), (&json!("204.00"), &json!("2026-12-21")), "it was paid in time");
    assert_eq!((open(&book), balance(&book, A)), (vec![20_400], (0, 0)));
    // 29 days of the older one: 11.832.
    assert_eq!(asked_for(&mut book, "2027-01-10"), (json!("204.00"), json!("11.83"), json!("0.00")));
    sound(&mut book);
}

#[test]
fn a_bill_that_prepaid_had_paid_is_paid_again_also_where_prepaid_was_switched_off_meanwhile() {
    let mut book = town_of_one();
    at_till(&mut book, "2026-11-22", &[put_by("300.00")]);
    let first = billed(&mut book, "2026-11-22", "150");
    act(&mut book, "2026-12-22", "room", "bill.cancel", json!({ "bill": first, "reason": "抄错" }));
    let off = json!({ "kind": "D1", "account": A, "evidence": "用户申请",
        "change": { "facts": { "extra.prepaid_settles": "否" } } });
    let request = act(&mut book, "2026-12-22", "demo", "adjustment.request", off)["request"].clone();
    act(&mut book, "2026-12-22", "check", "adjustment.check", json!({ "request": request, "approve": true }));
    act(&mut book, "2026-12-22", "chief", "adjustment.decide", json!({ "request": request, "approve": true }));
    let again = act(&mut book, "2026-12-22", "room", "bill.issue", json!({ "account": A }));
    assert_eq!(again["settled"], "204.00");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 9_600)));
    sound(&mut book);
}

#[test]
fn of_two_timely_payments_of_a_bill_made_smaller_the_first_pays_it_when_the_second_is_reversed() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    let part = |yuan: &str| ("payment.take", json!({ "account": A, "amounts": yuan }));
    at_till(&mut book, "2026-11-23", &[part("81.60")]);
    let paid = at_till(&mut book, "2026-11-24", &[part("122.40")]);
    volume_of(&mut book, "2027-01-10", &first, "20");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (12_240, 0)));
    let back = ("payment.reverse", json!({ "payment": paid[0]["receipt"], "reason": "收错户" }));
    let done = at_till(&mut book, "2027-01-12", &[back]).remove(0);
    assert!(done["covered"].as_array().is_none_or(Vec::is_empty), "{done}");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 0)), "81.60 of 23 November pay it");
    sound(&mut book);
}

#[test]
fn use_put_down_and_up_again_forgave_the_late_fee_that_had_been_paid() {
    let mut book = town_of_one();
    let first = billed(&mut book, "2026-11-22", "150");
    assert_eq!(asked_for(&mut book, "2026-12-22"), (json!("204.00"), json!("4.08"), json!("0.00")));
    let (_, done) = volume_of(&mut book, "2026-12-23", &first, "10");
    assert_eq!(balance(&book, A), (16_320 + 326, 0), "40.80 bear 0.82 of the ten days");
    let small = done["bills"][0]["new"].clone();
    let (picture, done) = volume_of(&mut book, "2026-12-23", &small, "30");
    // 122.40 bear 2.45: 81.60 of the credit and 1.63 of late fee go back.
    assert_eq!(picture["after"]["credit"], "83.23", "{picture}");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (8_323, 0)));
    let middle = done["bills"][0]["new"].clone();
    let (picture, _) = volume_of(&mut book, "2026-12-24", &middle, "50");
    assert_eq!(picture["after"]["credit"], "0.00", "{picture}");
    assert_eq!((open(&book), balance(&book, A)), (vec![], (0, 0)));
    sound(&mut book);
}
