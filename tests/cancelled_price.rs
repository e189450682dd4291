//! A bill issued in the place of a cancelled one keeps what decided its price — class, shares, people, the highest price of a newcomer —
//! as it keeps its due date: one person re-rates no old bill. Households pay 5, 7 and 9 up to 180, 260 and beyond,
//! others 7.50.

mod support;

use serde_json::{Value, json};
use support::adjust::{adjusted, bills};
use support::ladder::{self, NO, account, billed, household, last, water};
use support::orders::Book;
use support::till::sound;

/// Cancels the bill at a place and issues it again, by one person; its amount before and after.
fn again(book: &mut Book, at: usize) -> (i64, i64) {
    let (bill, before, _) = bills(book, NO)[at];
    book.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "错" }));
    book.act("room", "bill.issue", json!({ "account": NO }));
    (before, bills(book, NO)[at].1)
}

fn request(book: &Book, kind: &str, at: &[usize], change: Value) -> Value {
    let known = bills(book, NO);
    let named: Vec<_> = at.iter().map(|at| known[*at].0).collect();
    json!({ "kind": kind, "account": NO, "bills": named, "change": change, "evidence": "单 1" })
}

#[test]
fn a_newcomers_first_bill_at_the_highest_price_was_rerated_by_one_person() {
    let mut book = ladder::given(&water(), &account("water", "2020-01-01", false, Some(("2025-12-31", 0))));
    assert_eq!(billed(&mut book, "2026-02-20", 25).1, "187.50");
    let confirm = json!({ "account": NO, "value": "30", "date": "2026-03-20", "confirm": true, "class": "resident" });
    book.act("room", "reading.enter", confirm);
    book.act("room", "bill.issue", json!({ "account": NO }));
    assert_eq!(again(&mut book, 0), (18_750, 18_750));
    assert_eq!(last(&book).amount.0, 2_500, "the bill after it has the class that was confirmed");
    sound(&book);
}

#[test]
fn a_mix_set_from_a_day_reached_a_bill_that_ended_before_it() {
    let mut book = household();
    assert_eq!(billed(&mut book, "2026-02-10", 90).1, "450.00");
    let ask = request(&book, "P1", &[], json!({ "mix": "居民50%;非居民50%", "from": "2026-03-01" }));
    adjusted(&mut book, ask);
    assert_eq!(again(&mut book, 0), (45_000, 45_000));
    // And the other way: a bill of the mix stays one when the mix is another.
    assert_eq!(billed(&mut book, "2026-04-10", 130).0, "mixed");
    let ask = request(&book, "P1", &[], json!({ "mix": "居民10%;非居民90%", "from": "2026-09-01" }));
    adjusted(&mut book, ask);
    let (before, after) = again(&mut book, 1);
    assert_eq!(before, after);
    sound(&book);
}

#[test]
fn opening_arrears_went_by_one_person() {
    let mut book = support::orders::book("B03");
    support::till::prices(&mut book);
    support::till::accounts(&mut book, &[(vec![support::till::owes(48_000, "2026-11-18")], vec![])]);
    let no = "10000001";
    let cancel = json!({ "account": no, "bill": "#1", "reason": "x" });
    let told = book.try_act("room", "bill.cancel", &cancel).unwrap_err();
    assert!(told.first_rule() == "R-260" && told.message().contains("V4，水量改为 0"), "{told}");
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": no, "amounts": "100.00" }));
    let ask = |kind: &str, volume: &str| json!({ "kind": kind, "account": no, "bills": ["#1"], "change": { "volume": volume }, "evidence": "单" });
    for (kind, volume) in [("V1", "0"), ("V4", "5")] {
        let told = book.try_act("demo", "adjustment.request", &ask(kind, volume)).unwrap_err();
        assert_eq!(told.first_rule(), "R-254", "{told}");
    }
    adjusted(&mut book, ask("V4", "0"));
    let tx = book.desk.look().unwrap();
    let id = tx.account_of_text(no).unwrap().unwrap().id;
    assert_eq!(tx.owed(id).unwrap().0, 0);
    drop(tx);
    assert_eq!(
        support::adjust::balance(&book, no),
        (10_000, 0),
        "what was paid of it is the customer's, its late fee too"
    );
    sound(&book);
}

#[test]
fn the_steps_after_a_bill_over_the_new_year_stood_at_a_thousandth_that_was_cut() {
    let steps = ladder::RESIDENT.replace("\"5\"", "\"5.5\"").replace("\"7\"", "\"8.04\"");
    let texts = [ladder::tariff("resident", "water", "2014-05-01", &ladder::yearly(&steps))];
    let mut book = ladder::given(&texts, &account("water", "2020-01-01", true, Some(("2026-11-10", 0))));
    // 32 of 83 days are of the new year: 76 × 32/83 = 29.3012…, which leaves 150.6987… at 5.50; the rest of 200 at 8.04.
    billed(&mut book, "2027-02-01", 76);
    assert_eq!(last(&book).used_before.to_string(), "0");
    assert_eq!(billed(&mut book, "2027-03-01", 276).1, "1225.23");
    assert_eq!(last(&book).used_before.to_string(), "29.301");
}
