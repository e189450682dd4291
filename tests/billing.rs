//! Bills: given readings, when a cycle is run, then bills, held ones with their reason, and nothing twice.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::desk::billing::body;
use meterdesk::rules::money::Fen;
use serde_json::json;
use support::orders::{Book, book};
use support::water::{bill, bills, branch, line, read, resident, run, slip, sound};

#[test]
fn a_cycle_is_billed_once_and_the_bill_says_where_its_steps_stand() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001"), resident("3100000002")]);
    read(&mut book, "3100000001", "2026-10-12", "122.9");
    let trial = run(&mut book, "2026-10", true);
    assert_eq!((trial.readings, trial.bills, trial.held, trial.total.to_string().as_str()), (1, 1, 0, "110.00"));
    assert!(bills(&book, "3100000001").is_empty(), "a dry run writes nothing");
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.total), (1, trial.total));
    let rows = bills(&book, "3100000001");
    assert_eq!(line(&rows[0]), "2026-08-11…2026-10-12 22 110.00 use open");
    assert_eq!((rows[0].dated.to_string().as_str(), rows[0].due.to_string().as_str()), ("2026-11-21", "2026-12-06"));
    let issued = body::issued(&book.desk.look().unwrap(), rows[0].id).unwrap().unwrap();
    assert_eq!((issued.used_before.to_string().as_str(), issued.used_before_from.as_str()), ("60", "recent"));
    assert_eq!(issued.lines.len(), 3);
    assert_eq!(body::find(&book.desk.look().unwrap(), rows[0].id, None).unwrap().unwrap(), rows[0]);
    let entries = |book: &support::orders::Book| {
        book.desk.look().unwrap().entries_after(Default::default(), 10_000).unwrap().len()
    };
    let before = entries(&book);
    let again = bill(&mut book, "2026-10");
    assert_eq!((again.readings, again.bills, again.total, entries(&book)), (0, 0, Fen::ZERO, before));
    sound(&mut book);
}

#[test]
fn the_years_steps_go_on_from_bill_to_bill() {
    let mut book = book("B03");
    branch(&mut book, &[AccountOpened { recent: "0;0;170".into(), ..resident("3100000001") }]);
    read(&mut book, "3100000001", "2026-09-10", "120");
    read(&mut book, "3100000001", "2026-10-12", "130");
    assert_eq!(bill(&mut book, "2026-09").total.to_string(), "120.00", "10 at 5 yuan, 10 at 7");
    assert_eq!(bill(&mut book, "2026-10").total.to_string(), "70.00");
    sound(&mut book);
}

#[test]
fn what_cannot_be_calculated_is_held_with_its_reason_and_taken_up_when_it_can() {
    let mut book = book("B03");
    let poor = AccountOpened { discount: Some("特困".into()), ..resident("3100000001") };
    let mixed = AccountOpened {
        class: "mixed".into(),
        mix: Some("resident:0.5;non_resident:0.5".into()),
        ..resident("3100000002")
    };
    let new = AccountOpened { class_confirmed: false, ..resident("3100000003") };
    let odd = AccountOpened { class: "heating".into(), ..resident("3100000004") };
    branch(&mut book, &[poor, mixed, new, odd]);
    for no in 1..=4 {
        read(&mut book, &format!("310000000{no}"), "2026-10-12", "110");
    }
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.readings, summary.bills, summary.held), (4, 2, 2));
    assert_eq!(summary.reasons.keys().cloned().collect::<Vec<_>>(), ["R-036", "R-252"]);
    let held = bills(&book, "3100000001").remove(0);
    assert_eq!(line(&held), "2026-08-11…2026-10-12 10 0.00 use held");
    assert!(held.note.contains("特困"), "{}", held.note);
    let issued = |no: &str| {
        let row = bills(&book, no).remove(0);
        body::issued(&book.desk.look().unwrap(), row.id).unwrap().unwrap()
    };
    assert_eq!(issued("3100000002").lines.len() % 2, 0, "each share has its own lines");
    assert_eq!(
        (issued("3100000003").class.as_str(), issued("3100000003").tariff.as_str()),
        ("special", "SAMPLE-WATER-SPECIAL")
    );
    let before = book.desk.look().unwrap().entries_after(Default::default(), 10_000).unwrap().len();
    assert_eq!(bill(&mut book, "2026-10").held, 2);
    let after = book.desk.look().unwrap().entries_after(Default::default(), 10_000).unwrap().len();
    assert_eq!(before, after, "the same holds again write nothing");
    let refusal = book.try_act("room", "bill.release", &json!({ "bill": held.id, "reason": "试" })).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-252");
    let own = include_str!("../assets/tariffs/bj-water-res-2014.toml");
    let own = own.replace("BJ-WATER-RES-2014", "HARD").replace("\"resident\"", "\"特困\"").replace("2.07", "1.07");
    book.act("boss", "tariff.put", json!({ "text": own }));
    book.act("room", "bill.release", json!({ "bill": held.id, "reason": "价目已载入" }));
    assert_eq!(line(&bills(&book, "3100000001")[0]), "2026-08-11…2026-10-12 10 40.00 use open");
    sound(&mut book);
}

#[test]
fn zero_use_gives_a_bill_of_nothing_that_is_paid() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    read(&mut book, "3100000001", "2026-10-12", "100");
    assert_eq!((bill(&mut book, "2026-10").bills, bills(&book, "3100000001")[0].state.as_str()), (1, "paid"));
    read(&mut book, "3100000001", "2026-11-12", "101");
    bill(&mut book, "2026-11");
    assert_eq!(line(&bills(&book, "3100000001")[1]), "2026-10-13…2026-11-12 1 5.00 use open");
}

#[test]
fn a_cancelled_bill_gives_back_what_was_paid_and_its_reading_is_due_again() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    read(&mut book, "3100000001", "2026-10-12", "120");
    bill(&mut book, "2026-10");
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": "3100000001", "amounts": "30.00" }));
    let first = bills(&book, "3100000001").remove(0);
    assert_eq!(first.unpaid.to_string(), "70.00");
    let answer = book.act("room", "bill.cancel", json!({ "bill": first.id, "reason": "读数抄错" }));
    assert_eq!((answer["owed_less"].as_str(), answer["credit"].as_str()), (Some("70.00"), Some("30.00")));
    let refusal = book.try_act("room", "bill.cancel", &json!({ "bill": first.id, "reason": "再来" })).unwrap_err();
    assert_eq!(refusal.first_rule(), "bill");
    book.act(
        "room",
        "reading.correct",
        json!({ "account": "3100000001", "date": "2026-10-12", "value": "112", "remark": "复表" }),
    );
    bill(&mut book, "2026-10");
    assert_eq!(line(&bills(&book, "3100000001")[1]), "2026-08-11…2026-10-12 12 60.00 use open");
    sound(&mut book);
}

#[test]
fn a_large_bill_is_not_undone_by_one_person_of_the_data_room_but_by_a_higher_right_or_special_handling() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001"), resident("3100000002")]);
    read(&mut book, "3100000001", "2026-10-12", "210");
    read(&mut book, "3100000002", "2026-10-12", "1200");
    bill(&mut book, "2026-10");
    let large = bills(&book, "3100000002").remove(0);
    assert_eq!(large.state, "held", "55 times what the old system had: it does not go out unasked");
    book.act("room", "bill.release", json!({ "bill": large.id, "reason": "现场核实无误" }));
    let cancel =
        |book: &support::orders::Book, no: &str| json!({ "bill": bills(book, no)[0].id, "reason": "读数抄错" });
    let correct =
        |no: &str, value: &str| json!({ "account": no, "date": "2026-10-12", "value": value, "remark": "复表" });
    for (no, who, above) in [("3100000001", "room", Some("boss")), ("3100000002", "boss", None)] {
        let input = cancel(&book, no);
        let refusal = book.try_act(who, "bill.cancel", &input).unwrap_err();
        assert_eq!(refusal.first_rule(), "R-260", "{no}");
        assert!(refusal.message().contains("特殊处理"), "{refusal}");
        let Some(above) = above else { continue };
        book.act(above, "bill.cancel", input);
        let refusal = book.try_act(who, "reading.correct", &correct(no, "105")).unwrap_err();
        assert_eq!(refusal.first_rule(), "R-260", "the corrected reading's bill was as large");
        book.act(above, "reading.correct", correct(no, "105"));
        let refusal = book.try_act("room", "bill.issue", &json!({ "account": no })).unwrap_err();
        assert_eq!(refusal.first_rule(), "R-260", "issued anew with another amount it is the same correction");
        book.act(above, "bill.issue", json!({ "account": no }));
    }
    sound(&mut book);
}

#[test]
fn a_reading_is_judged_at_the_desk_as_in_a_file() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    let mut refused =
        |input: serde_json::Value| book.try_act("room", "reading.enter", &input).unwrap_err().faults.remove(0);
    for (value, date, rule, field) in [
        ("200", "2026-10-12", "R-230", "value"),
        ("99", "2026-10-12", "R-232", "value"),
        ("120", "2026-08-10", "R-232", "date"),
        ("120", "2026-12-01", "R-226", "date"),
        ("-1", "2026-10-12", "R-230", "value"),
        ("100000", "2026-10-12", "R-230", "value"),
    ] {
        let fault = refused(json!({ "account": "3100000001", "date": date, "value": value }));
        assert_eq!((fault.rule.as_str(), fault.field.as_deref()), (rule, Some(field)), "{value} {date}");
    }
    let near = AccountOpened {
        last_reading: Some(meterdesk::derive::account::file::LastReading {
            day: support::water::day("2026-08-10"),
            value: meterdesk::rules::money::Milli::whole(99_990),
            registers: Vec::new(),
        }),
        ..resident("3100000002")
    };
    support::town::open_accounts(&mut book, &[near]);
    let turned = json!({ "meter": "M3100000002", "date": "2026-10-12", "value": "15" });
    assert_eq!(
        book.try_act("room", "reading.enter", &turned).unwrap_err().faults[0].field.as_deref(),
        Some("rollover")
    );
    let turned = json!({ "meter": "M3100000002", "date": "2026-10-12", "value": "15", "rollover": true });
    assert_eq!(book.act("room", "reading.enter", turned)["use"], 25);
    bill(&mut book, "2026-10");
    assert_eq!(bills(&book, "3100000002")[0].volume.to_string(), "25");
    sound(&mut book);
}

#[test]
fn the_first_reading_confirms_the_class_of_a_new_account() {
    let mut book = book("B03");
    branch(&mut book, &[AccountOpened { class: "special".into(), class_confirmed: false, ..resident("3100000001") }]);
    let seen = json!({ "account": "3100000001", "date": "2026-10-12", "value": "110", "class": "居民" });
    book.act("room", "reading.enter", seen);
    assert_eq!(bill(&mut book, "2026-10").total.to_string(), "50.00");
    let changed = json!({ "account": "3100000001", "date": "2026-10-13", "value": "111", "class": "special" });
    assert_eq!(book.try_act("room", "reading.enter", &changed).unwrap_err().first_rule(), "R-251");
}

#[test]
fn a_class_without_a_price_file_is_not_confirmed_at_the_first_reading() {
    let mut book = book("B03");
    let unconfirmed = AccountOpened { class: "special".into(), class_confirmed: false, ..resident("3100000001") };
    branch(&mut book, &[unconfirmed]);
    let seen = |class: &str| json!({ "account": "3100000001", "date": "2026-10-12", "value": "110", "class": class });
    for class in ["居民壁挂炉", "resident_boiler"] {
        let refusal = book.try_act("room", "reading.enter", &seen(class)).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-036", Some("class")), "{class}");
        assert!(refusal.message().contains("import tariffs") && refusal.message().contains("最高价"), "{refusal:?}");
    }
    // Without it the highest price stands, and nothing is held.
    let plain = json!({ "account": "3100000001", "date": "2026-10-12", "value": "110" });
    book.act("room", "reading.enter", plain);
    let run = bill(&mut book, "2026-10");
    assert_eq!((run.bills, run.held), (1, 0));
}

#[test]
fn a_reading_keyed_at_the_till_is_charged_at_once() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    book.act("demo", "reading.enter", json!({ "account": "3100000001", "value": "110", "source": "till" }));
    let answer = book.act("demo", "bill.issue", json!({ "account": "3100000001" }));
    assert_eq!(answer["amount"], "50.00");
    assert_eq!(
        book.try_act("demo", "bill.issue", &json!({ "account": "3100000001" })).unwrap_err().first_rule(),
        "bill"
    );
    assert_eq!(bill(&mut book, "2026-11").readings, 0);
    sound(&mut book);
}

#[test]
fn a_card_counts_when_two_people_keyed_the_same() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001"), resident("3100000002")]);
    let card = |no: &str, value: &str, second: bool, confirm: bool| json!({ "account": no, "value": value, "second": second, "confirm": confirm });
    let refused = |book: &mut support::orders::Book, user: &str, input| {
        book.try_act(user, "reading.key", &input).unwrap_err().first_rule().to_owned()
    };
    assert_eq!(refused(&mut book, "room", card("3100000001", "110", true, false)), "R-239", "no first keying yet");
    book.act("room", "reading.key", card("3100000001", "110", false, false));
    book.act("room", "reading.key", card("3100000002", "999", false, false));
    assert_eq!(
        refused(&mut book, "room", card("3100000001", "110", true, false)),
        "R-023",
        "another person keys it again"
    );
    assert_eq!(book.act("check", "reading.key", card("3100000001", "110", true, false))["posted"], true);
    assert_eq!(
        refused(&mut book, "check", card("3100000002", "999", true, false)),
        "R-230",
        "a large use is looked at"
    );
    assert_eq!(refused(&mut book, "check", card("3100000002", "112", true, false)), "R-239", "other than the first");
    let third = json!({ "account": "3100000002", "value": "112", "second": true, "third": "112" });
    assert_eq!(book.act("check", "reading.key", third.clone())["use"], 12);
    assert_eq!(refused(&mut book, "check", third), "R-232", "once only");
    assert_eq!(bill(&mut book, "2026-11").bills, 2);
    sound(&mut book);
}

/// It read 100 last; the average is 10.
#[test]
fn a_card_that_is_high_and_differs_is_two_questions() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    let card = |value: &str, more: serde_json::Value| {
        let mut input = json!({ "account": "3100000001", "value": value, "second": true });
        input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        input
    };
    book.act("room", "reading.key", json!({ "account": "3100000001", "value": "110" }));
    let rules = |book: &mut support::orders::Book, input| -> Vec<String> {
        let refusal = book.try_act("check", "reading.key", &input).unwrap_err();
        refusal.faults.into_iter().map(|fault| fault.rule).collect()
    };
    let table = [
        // Both reasons are told, and neither confirmation stands for the other.
        (json!({}), vec!["R-239", "R-230"]),
        (json!({ "confirm": true }), vec!["R-239"]),
        (json!({ "confirm": true, "rollover": true }), vec!["R-239"]),
        (json!({ "third": "990" }), vec!["R-230"]),
        (json!({ "third": "110", "confirm": true }), vec!["R-239"]),
    ];
    for (more, expected) in table {
        assert_eq!(rules(&mut book, card("990", more.clone())), expected, "{more}");
    }
    // A value below the last one is never insisted on by one word.
    assert_eq!(rules(&mut book, card("90", json!({ "confirm": true, "third": "90" }))), ["R-232"]);
    let insisted = card("990", json!({ "third": "990", "confirm": true }));
    assert_eq!(book.act("check", "reading.key", insisted)["use"], 890);
    sound(&mut book);
}

#[test]
fn an_amount_is_explained_with_formula_version_document_and_rule() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    read(&mut book, "3100000001", "2026-10-12", "122");
    bill(&mut book, "2026-10");
    let row = bills(&book, "3100000001").remove(0);
    let lines =
        meterdesk::desk::view_explain::bill(&book.desk, row.account, row.id, row.due + chrono::Days::new(10)).unwrap();
    let whole = lines.join("\n");
    for part in [
        "100 → 122",
        "近三期",
        "2014-05-01 起",
        "京发改〔2014〕865号",
        "水费 第1档 22 × 2.07 = 45.54",
        "R-180",
        "逾期 10 天",
    ] {
        assert!(whole.contains(part), "{part} is missing:\n{whole}");
    }
}

#[test]
fn the_customers_own_reading_says_so_and_a_corrected_one_keeps_both_values_and_who() {
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001")]);
    book.act("demo", "reading.enter", json!({ "account": "3100000001", "value": "120", "source": "self" }));
    let correct = |remark: &str| json!({ "account": "3100000001", "value": "112", "remark": remark });
    assert_eq!(book.try_act("room", "reading.correct", &correct(" ")).unwrap_err().first_rule(), "R-237");
    assert_eq!(book.act("room", "reading.correct", correct("复表"))["was"], "120");
    let view = meterdesk::desk::customer_view::account(&book.desk, "3100000001").unwrap();
    let reading = &view.readings[0];
    assert_eq!((reading.source.as_str(), reading.value.to_string().as_str()), ("self", "112"));
    let line = &view.timeline[0];
    assert_eq!(line.text, "改示数 2026-11-21 120 → 112 复表");
    assert!(!line.who.is_empty() && line.who != view.timeline[1].who, "{:?}", view.timeline);
    sound(&mut book);
}

/// What the desk says to a correction: rule and field, or the value the reading has then.
fn correct(book: &mut Book, no: &str, date: &str, value: &str, more: &[&str]) -> (String, String) {
    let mut input = json!({ "account": no, "date": date, "value": value, "remark": "抄错" });
    more.iter().for_each(|flag| input[*flag] = json!(true));
    match book.try_act("room", "reading.correct", &input) {
        Ok(_) => ("ok".into(), value.into()),
        Err(refusal) => (refusal.first_rule().to_owned(), refusal.faults[0].field.clone().unwrap_or_default()),
    }
}

#[test]
fn a_correction_looked_at_nothing_that_a_new_reading_is_asked() {
    let mut book = book("B03");
    let (a, b, c) = ("3100000001", "3100000002", "3100000003");
    branch(&mut book, &[resident(a), resident(b), resident(c)]);
    let fault = |rule: &str, field: &str| (rule.to_owned(), field.to_owned());
    let good = |value: &str| fault("ok", value);
    // Between the reading before (100) and the one behind (130), within the dial, at most three times the average of 20.
    read(&mut book, a, "2026-10-12", "110");
    read(&mut book, a, "2026-11-12", "130");
    let day = "2026-10-12";
    assert_eq!(correct(&mut book, a, day, "99", &["confirm"]), fault("R-232", "value"), "below the one before");
    assert_eq!(correct(&mut book, a, day, "131", &["confirm"]), fault("R-232", "value"), "above the one behind");
    assert_eq!(correct(&mut book, a, day, "123456", &["confirm"]), fault("R-230", "value"), "beyond the dial");
    assert_eq!(correct(&mut book, a, day, "130", &[]), good("130"), "equal to the one behind: no use since");
    assert_eq!(correct(&mut book, a, "2026-11-12", "129", &["confirm"]), fault("R-232", "value"));
    assert_eq!(correct(&mut book, a, "2026-11-12", "161", &[]), good("161"));
    assert_eq!(correct(&mut book, a, "2026-11-12", "191", &[]), fault("R-230", "value"), "61 is above 60");
    assert_eq!(correct(&mut book, a, "2026-11-12", "191", &["confirm"]), good("191"));
    let bill = |book: &mut Book| book.act("room", "bill.issue", json!({ "account": a }))["volume"].clone();
    assert_eq!((bill(&mut book), bill(&mut book)), (json!("30"), json!("61")));
    // What was read on the old meter lies at or below the final reading of its swap.
    read(&mut book, b, "2026-10-12", "110");
    book.act("room", "swap.enter", slip("S1", b, "2026-10-20", "118", "N1", "0"));
    assert_eq!(correct(&mut book, b, day, "119", &[]), fault("R-232", "value"), "above the final reading");
    assert_eq!(correct(&mut book, b, day, "118", &[]), good("118"));
    // A counter said to have passed zero where it did not bills no round of the dial.
    read(&mut book, c, "2026-10-12", "110");
    assert_eq!(correct(&mut book, c, day, "5", &["rollover"]), fault("R-232", "value"));
    assert_eq!(correct(&mut book, c, day, "111", &["rollover"]), good("111"));
    assert_eq!(book.act("room", "bill.issue", json!({ "account": c }))["volume"], "11");
    sound(&mut book);
}

#[test]
fn an_interrupted_run_goes_on_after_the_last_account_written() {
    use meterdesk::book::subject::Kind;
    use meterdesk::desk::billing::{Ledger, Rater};
    let mut book = book("B03");
    branch(&mut book, &[resident("3100000001"), resident("3100000002"), resident("3100000003")]);
    for no in 1..=3 {
        read(&mut book, &format!("310000000{no}"), "2026-10-12", "110");
    }
    let prices = book.desk.prices().unwrap();
    let (first, rows) = {
        let tx = book.desk.look().unwrap();
        let first = tx.account_of_text("3100000001").unwrap().unwrap().id;
        let mut ledger = Ledger::of(&tx.billing_facts(first).unwrap().unwrap());
        let rater = Rater { book: &prices, dated: support::water::day("2026-11-20") };
        (first, rater.cycle(&mut ledger, "2026-10".parse().unwrap()))
    };
    let mut run = book.desk.open_run("bill.run", "bill.issue", 1, "出账", Some("bill 2026-10")).unwrap();
    run.push(&mut book.desk, Kind::Account, Some(first), meterdesk::derive::row::to_row(&rows[0]).unwrap()).unwrap();
    run.pause(&mut book.desk).unwrap();
    drop(run);
    assert!(bills(&book, "3100000001").is_empty(), "nothing of a run counts until it is closed");
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.total.to_string().as_str()), (3, "150.00"));
    for no in 1..=3 {
        let rows = bills(&book, &format!("310000000{no}"));
        assert_eq!((rows.len(), rows[0].state.as_str()), (1, "open"));
    }
    assert_eq!(bill(&mut book, "2026-10").readings, 0);
    sound(&mut book);
}

#[test]
fn an_account_whose_beginning_nobody_knows_is_held() {
    let mut book = book("B03");
    let mut unknown = AccountOpened { opened: None, ..resident("3100000001") };
    unknown.last_reading = None;
    let mut marker = AccountOpened { opened: None, ..resident("3100000002") };
    marker.last_reading = None;
    marker.meter.as_mut().unwrap().fitted = Some(support::water::day("2002-01-01"));
    let mut new = AccountOpened { opened: Some(support::water::day("2026-09-01")), ..resident("3100000003") };
    new.last_reading = None;
    branch(&mut book, &[unknown, marker, new]);
    for no in 1..=3 {
        read(&mut book, &format!("310000000{no}"), "2026-10-12", "10");
    }
    let summary = bill(&mut book, "2026-10");
    assert_eq!((summary.bills, summary.held, summary.reasons.keys().next().unwrap().as_str()), (1, 2, "R-063"));
    assert_eq!(line(&bills(&book, "3100000003")[0]), "2026-09-02…2026-10-12 10 50.00 use open");
}
