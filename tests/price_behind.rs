//! A price file dated behind bills that went out: one person may not change with it what customers owe. The day is 2026-11-21.

mod support;

use meterdesk::rules::utility::Utility;
use serde_json::{Value, json};
use support::adjust::{ask_volume, bills, branch};
use support::orders::{Book, book};
use support::till::sound;

const RESIDENT: &str = include_str!("../assets/tariffs/bj-water-res-2014.toml");
const SPECIAL: &str = include_str!("../assets/tariffs/sample-water-special.toml");

/// The file from another day, with its first price and its late fee as given.
fn file(text: &str, from: &str, price: bool, rate: Option<&str>) -> Value {
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(match line.split_once('=').map(|(name, _)| name.trim()) {
            Some("valid_from") => format!("valid_from = {from}"),
            Some("rate") => rate.map_or_else(|| line.to_owned(), |rate| format!("rate = \"{rate}\"")),
            _ if price => line.replace("2.07", "2.09").replace("160.00", "161.00"),
            _ => line.to_owned(),
        });
    }
    json!({ "file": "new.toml", "text": lines.join("\n") })
}

#[test]
fn one_persons_import_of_a_price_of_before_changed_the_late_fee_and_the_rating_again_of_issued_bills() {
    let mut book = book("B03");
    branch(&mut book);
    let shown = |book: &mut Book| {
        let ask = ask_volume(book, "31000001", "22");
        let shown = book.act("demo", "adjustment.preview", ask);
        let bill = &shown["picture"]["bills"][0];
        [&bill["old"]["amount"], &bill["old"]["late_fee"], &bill["new"]["amount"], &bill["new"]["late_fee"]]
            .map(|sum| sum.as_str().unwrap().to_owned())
    };
    let right = ["1194.00", "11.94", "110.00", "1.10"];
    assert_eq!(shown(&mut book), right);
    for (what, input) in [
        ("in the midst of the days of use", file(RESIDENT, "2026-07-15", true, None)),
        ("on the last day of use", file(RESIDENT, "2026-10-27", true, None)),
        ("other late fee on the due day", file(RESIDENT, "2026-11-01", false, Some("0"))),
        ("a class that the highest price takes in", file(SPECIAL, "2026-07-15", true, None)),
    ] {
        let refusal = book.try_act("boss", "tariff.put", &input).map(|done| panic!("{what}: {done:?}")).unwrap_err();
        assert_eq!((refusal.faults.len(), refusal.first_rule()), (1, "R-036"), "{what}");
        let message = &refusal.faults[0].message;
        assert!(message.contains("bill.cancel") && message.contains("之后"), "{what}: {message}");
        assert_eq!(shown(&mut book), right, "{what}");
    }
    // Behind nothing: from the day after the last use with the same late fee, after the due day, or from a day to come.
    for input in [
        file(RESIDENT, "2026-10-28", true, None),
        file(RESIDENT, "2026-11-12", true, Some("0.002")),
        file(RESIDENT, "2027-01-01", true, Some("0")),
    ] {
        book.act("boss", "tariff.put", input);
        assert_eq!(shown(&mut book), right);
    }
    // Once the bills it would change are cancelled, the price that came late is taken.
    let input = file(RESIDENT, "2026-10-01", true, None);
    for no in ["31000001", "31000002", "31000003"] {
        assert_eq!(book.try_act("boss", "tariff.put", &input).unwrap_err().first_rule(), "R-036");
        let (bill, ..) = *bills(&book, no).last().unwrap();
        book.act("chief", "bill.cancel", json!({ "account": no, "bill": bill, "reason": "价格文件到得晚" }));
    }
    book.act("boss", "tariff.put", input);
    sound(&book);
}

#[test]
fn a_code_that_never_had_a_file_came_in_behind_bills_under_the_highest_price() {
    let mut book = book("B03");
    branch(&mut book);
    // 31000002, opened on 2020-01-01, is not confirmed: its bill of July to 27 October is the largest of all classes of that day.
    let new = |class: &str, from: &str| {
        let text = SPECIAL
            .replace("SAMPLE-WATER-SPECIAL", "NEW")
            .replace("class      = \"special\"", &format!("class      = \"{class}\""));
        assert!(text.contains(&format!("\"{class}\"")) && text.contains("\"NEW\""));
        file(&text, from, true, None)
    };
    let preview = |book: &mut Book| {
        let ask = ask_volume(book, "31000002", "30");
        book.act("demo", "adjustment.preview", ask)["picture"]["bills"][0]["new"]["amount"].clone()
    };
    let right = preview(&mut book);
    for (class, from) in [("golf", "2020-01-01"), ("golf", "2015-01-01"), ("special", "2026-10-27")] {
        let refusal = book.try_act("boss", "tariff.put", &new(class, from)).unwrap_err();
        assert_eq!((refusal.faults.len(), refusal.first_rule()), (1, "R-036"), "{class} {from}");
        assert!(refusal.faults[0].message.contains("bill.cancel"), "{refusal:?}");
    }
    // A class that began after the account was opened is no choice of its highest price; nor is a discount group.
    book.act("boss", "tariff.put", new("golf", "2026-07-15"));
    book.act(
        "boss",
        "tariff.put",
        file(
            &SPECIAL.replace("SAMPLE-WATER-SPECIAL", "POOR").replace("\"special\"", "\"特困\""),
            "2020-01-01",
            true,
            None,
        ),
    );
    assert_eq!(preview(&mut book), right);
    sound(&book);
}

/// The first reading confirmed the class since: what went out at the highest price is still rated again at the highest.
#[test]
fn a_bill_at_the_highest_price_was_open_to_a_new_file_once_the_class_was_confirmed() {
    let mut book = book("B03");
    branch(&mut book);
    let preview = |book: &mut Book| {
        let ask = ask_volume(book, "31000002", "30");
        book.act("demo", "adjustment.preview", ask)["picture"]["bills"][0]["new"]["amount"].clone()
    };
    let right = preview(&mut book);
    let first =
        json!({ "account": "31000002", "value": "2000", "date": "2026-11-20", "class": "居民", "confirm": true });
    book.act("room", "reading.enter", first);
    assert_eq!(preview(&mut book), right);
    let new =
        SPECIAL.replace("SAMPLE-WATER-SPECIAL", "NEW").replace("class      = \"special\"", "class      = \"golf\"");
    let new = file(&new.replace("160.00", "400.00"), "2020-01-01", false, None);
    let refusal = book.try_act("boss", "tariff.put", &new).unwrap_err();
    assert_eq!((refusal.faults.len(), refusal.first_rule()), (1, "R-036"));
    assert!(refusal.faults[0].message.contains("bill.cancel"), "{refusal:?}");
    assert_eq!(preview(&mut book), right);
    sound(&book);
}

#[test]
fn a_second_price_of_one_class_was_loaded_without_a_word_and_stopped_every_bill_of_it() {
    let mut book = book("B03");
    branch(&mut book);
    let other_code = |mut input: Value| {
        let text = input["text"].as_str().unwrap().replace("BJ-WATER-RES-2014", "NEW-RES");
        input["text"] = text.into();
        input
    };
    let second = other_code(file(RESIDENT, "2027-01-01", true, None));
    let refusal = book.try_act("boss", "tariff.put", &second).unwrap_err();
    let told = refusal.message();
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-036", Some("text")));
    for word in ["居民", "2027-01-01", "BJ-WATER-RES-2014", "code 不变", "valid_to"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    // As it says: the code in use is ended by a file of its own, then the other one is taken.
    let mut last = file(RESIDENT, "2026-12-31", true, None);
    let text = last["text"]
        .as_str()
        .unwrap()
        .replace("valid_from = 2026-12-31", "valid_from = 2026-12-31\nvalid_to = 2026-12-31");
    last["text"] = text.into();
    book.act("boss", "tariff.put", last);
    let early = other_code(file(RESIDENT, "2026-12-31", true, None));
    assert_eq!(book.try_act("boss", "tariff.put", &early).unwrap_err().first_rule(), "R-036", "a day too early");
    book.act("boss", "tariff.put", second);
    let prices = book.desk.prices().unwrap();
    for (on, code) in
        [("2026-12-30", "BJ-WATER-RES-2014"), ("2026-12-31", "BJ-WATER-RES-2014"), ("2027-01-01", "NEW-RES")]
    {
        assert_eq!(prices.of_class(Utility::Water, "resident", on.parse().unwrap()).unwrap().code, code, "{on}");
    }
}
