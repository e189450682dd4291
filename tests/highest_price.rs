//! until the class of an account is confirmed its bill is rated under every class and takes the largest amount of that
//! very bill — not the class whose last step is the dearest. The day is 2026-11-21.

mod support;

use meterdesk::desk::{tariffs, view_explain};
use meterdesk::rules::tariff::builtin;
use serde_json::json;
use support::adjust::{act_at, adjusted, bills};
use support::ladder::{self, RESIDENT, billed, last, tariff, water, yearly};
use support::orders::Book;

/// An account that is not confirmed yet, read at 1,000 on 2026-06-30.
fn given(texts: &[String], utility: &str, opened: &str) -> Book {
    ladder::given(texts, &ladder::account(utility, opened, false, Some(("2026-06-30", 1_000))))
}

fn shipped() -> Vec<String> {
    builtin::FILES.iter().map(|(_, text)| (*text).to_owned()).collect()
}

#[test]
fn a_restaurant_not_confirmed_pays_99_for_30_m3_and_not_the_boiler_price_of_78_30() {
    let mut book = given(&shipped(), "gas", "2026-06-01");
    assert_eq!(billed(&mut book, "2026-10-12", 1_030), ("non_resident".into(), "99.00".into()));
    let told = {
        let account = book.desk.look().unwrap().account_of_text("61").unwrap().unwrap().id;
        let bill = bills(&book, "61")[0].0;
        view_explain::bill(&book.desk, account, bill, "2026-11-21".parse().unwrap()).unwrap().join("\n")
    };
    assert!(told.contains("取其中金额最高的 非居民 [R-072 A-07]"), "{told}");
    // The file and the opening name the same class.
    let account = book.desk.look().unwrap().account_of_text("61").unwrap().unwrap();
    let prices = book.desk.prices().unwrap();
    assert_eq!(tariffs::leading_code(&prices, &account, "2026-10-12".parse().unwrap()).unwrap(), "SAMPLE-GAS-NONRES");
}

#[test]
fn the_largest_amount_is_that_of_the_very_bill() {
    let water = water();
    // use so far in the year, use of the bill, class, amount: both ways and where they are equal.
    for (first, use_now, class, amount) in [
        (0, 30, "non_resident", "225.00"),   // 150.00 as a household
        (300, 10, "resident", "90.00"),      // 75.00 otherwise
        (0, 880, "resident", "7040.00"),     // 180×5 + 80×7 + 620×9 = 7040.00 against 6600.00
        (0, 400, "non_resident", "3000.00"), // 2720.00
        (0, 586, "non_resident", "4395.00"), // 1460 + 326×9 = 4394.00
        (0, 588, "resident", "4412.00"),     // 4410.00
    ] {
        let mut book = given(&water, "water", "2026-06-01");
        if first > 0 {
            billed(&mut book, "2026-08-10", 1_000 + first);
        }
        let got = billed(&mut book, "2026-10-12", 1_000 + first + use_now);
        assert_eq!(got, (class.into(), amount.into()), "{first} {use_now}");
    }
}

#[test]
fn of_two_equal_amounts_the_class_that_is_dearer_at_the_first_step_stands() {
    let water = [
        tariff("resident", "water", "2014-05-01", &yearly("{ upto = \"10\", price = \"5\" }, { price = \"9\" }")),
        tariff("non_resident", "water", "2014-05-01", &yearly("{ price = \"7\" }")),
    ];
    let mut book = given(&water, "water", "2026-06-01");
    assert_eq!(billed(&mut book, "2026-10-12", 1_020), ("non_resident".into(), "140.00".into()));
    assert_eq!(billed(&mut book, "2026-10-20", 1_020), ("non_resident".into(), "0.00".into()), "nothing was used");
}

#[test]
fn another_utility_a_discount_group_and_a_class_that_came_later_are_no_choice() {
    let texts = [
        tariff("resident", "water", "2014-05-01", &yearly(RESIDENT)),
        tariff("特困", "water", "2014-05-01", &yearly("{ price = \"99\" }")),
        tariff("double_certificate", "water", "2014-05-01", &yearly("{ price = \"98\" }")),
        tariff("boiler", "gas", "2014-05-01", &yearly("{ price = \"97\" }")),
        tariff("golf", "water", "2026-08-01", &yearly("{ price = \"96\" }")),
        tariff(
            "bath",
            "water",
            "2014-05-01",
            &(yearly("{ price = \"95\" }").replace("cycle", "valid_to = 2026-07-31\ncycle")),
        ),
    ];
    let mut book = given(&texts, "water", "2026-06-01");
    assert_eq!(billed(&mut book, "2026-10-12", 1_030), ("resident".into(), "150.00".into()));
}

#[test]
fn an_account_older_than_the_price_files_pays_the_highest_of_those_there_are() {
    // The exercise of the school book begins in 2000, every real price in 2014.
    let mut book = given(&shipped(), "water", "2010-01-01");
    assert_eq!(billed(&mut book, "2026-10-12", 1_030), ("special".into(), "600.00".into()));
}

#[test]
fn a_price_that_changes_within_the_bill_counts_by_its_days_under_every_class() {
    let texts = [
        tariff("resident", "water", "2014-05-01", &yearly("{ price = \"5\" }")),
        tariff("non_resident", "water", "2014-05-01", &yearly("{ price = \"4\" }")),
        tariff("non_resident", "water", "2026-08-01", &yearly("{ price = \"8\" }")),
    ];
    let mut book = given(&texts, "water", "2026-06-01");
    // 1 July to 31 August: 31 days at 4, 31 at 8 = 6 a unit, dearer than 5.
    assert_eq!(billed(&mut book, "2026-08-31", 1_062), ("non_resident".into(), "372.00".into()));
}

#[test]
fn a_price_by_the_hours_is_a_choice_only_where_the_registers_were_read() {
    let timed = yearly("{ price = \"9\" }") + "\n[registers]\npeak = { add = \"1\" }\nvalley = { add = \"-1\" }";
    let texts = [
        tariff("resident", "power", "2014-05-01", &yearly("{ price = \"2\" }")),
        tariff("trade", "power", "2014-05-01", &timed),
    ];
    let mut book = given(&texts, "power", "2026-06-01");
    assert_eq!(billed(&mut book, "2026-08-31", 1_010), ("resident".into(), "20.00".into()));
    let reading = json!({ "account": "61", "value": "1020", "date": "2026-10-12", "confirm": true,
        "registers": { "peak": "600", "valley": "420" }, "register_uses": { "peak": "4", "valley": "6" } });
    act_at(&mut book, "2026-10-12", "room", "reading.enter", reading).unwrap();
    act_at(&mut book, "2026-10-12", "room", "bill.issue", json!({ "account": "61" })).unwrap();
    assert_eq!((last(&book).class.as_str(), last(&book).amount.to_string()), ("trade", "88.00".into()));
}

#[test]
fn a_volume_put_right_before_the_class_is_known_is_rated_under_every_class_again() {
    let water = water();
    let mut book = given(&water, "water", "2026-06-01");
    assert_eq!(billed(&mut book, "2026-10-12", 1_880), ("resident".into(), "7040.00".into()));
    let bill = bills(&book, "61")[0].0;
    adjusted(
        &mut book,
        json!({ "kind": "V1", "account": "61", "bills": [bill], "change": { "volume": "30" }, "evidence": "复表单 1" }),
    );
    assert_eq!((last(&book).class.as_str(), last(&book).amount.to_string()), ("non_resident", "225.00".into()));
}

#[test]
fn a_bill_at_the_highest_price_kept_one_class_for_another_volume_once_the_class_was_confirmed() {
    // Days before the first reading with a class pay the highest price of the very bill; the class confirmed reaches them by P3 only
    // . Behind 200 units of the year 100 are dearest as a household (60×7 + 40×9 = 780 against 750), 30 are not (210 against 225).
    let confirmed = || {
        let mut book = given(&water(), "water", "2026-06-01");
        assert_eq!(billed(&mut book, "2026-08-10", 1_200), ("non_resident".into(), "1500.00".into()));
        assert_eq!(billed(&mut book, "2026-10-12", 1_300), ("resident".into(), "780.00".into()));
        let known =
            json!({ "account": "61", "value": "1310", "date": "2026-11-20", "confirm": true, "class": "resident" });
        act_at(&mut book, "2026-11-20", "room", "reading.enter", known).unwrap();
        let bill = bills(&book, "61")[1].0;
        (book, bill)
    };
    let told = |book: &Book| (last(book).class, last(book).amount.to_string());
    let (household, other) = (("resident".into(), "780.00".into()), ("non_resident".into(), "225.00".into()));
    let (mut book, bill) = confirmed();
    book.act("room", "bill.cancel", json!({ "account": "61", "bill": bill, "reason": "抄错" }));
    let right = json!({ "account": "61", "date": "2026-10-12", "value": "1230", "confirm": true, "remark": "抄错" });
    book.act("room", "reading.correct", right);
    book.act("room", "bill.issue", json!({ "account": "61" }));
    assert_eq!(told(&book), other);
    // The same by special handling, and back again.
    let (mut book, bill) = confirmed();
    let volume = |bill, volume: &str| {
        let change = json!({ "volume": volume, "reading": "1300" });
        json!({ "kind": "V1", "account": "61", "bills": [bill], "change": change, "evidence": "复表单 1" })
    };
    adjusted(&mut book, volume(bill, "30"));
    assert_eq!(told(&book), other);
    let bill = bills(&book, "61")[1].0;
    adjusted(&mut book, volume(bill, "100"));
    assert_eq!(told(&book), household);
    // A bill of days with the class known is none of these: 10 × 9.
    book.act("room", "bill.issue", json!({ "account": "61" }));
    assert_eq!(told(&book), ("resident".into(), "90.00".into()));
}
