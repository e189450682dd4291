//! Prices and fees are changed by three people, or by the one named other way (R-007, R-248 … R-252): every field of the customer
//! file and every action that takes one is tried.

mod support;

use std::collections::BTreeSet;

use meterdesk::derive::account::fields::{CustomerFile, meter_value};
use meterdesk::derive::account::file::AccountOpened;
use meterdesk::desk::{ACTIONS, refusal::Refusal};
use meterdesk::rules::customer::{self, EXTRA, FIELDS, Field, Form, METER};
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::account::AccountRow;
use serde_json::{Value, json};
use support::adjust::{adjusted, checked};
use support::orders::{Book, book};
use support::water::{branch, read, resident, run, sound};

const A: &str = "3100000001";

/// A household with prepaid and arrears that runs past the first step, read and not billed: whatever its price, steps, periods or
/// dial hang on moves the bill that is tried.
fn given(confirmed: bool) -> Book {
    let mut book = book("B03");
    let account = AccountOpened { class_confirmed: confirmed, prepaid: Fen(1_000), ..resident(A) };
    branch(&mut book, &[account]);
    book.act("boss", "user.right", json!({ "user": "room", "role": "data_director", "first_day": "2026-01-01" }));
    read(&mut book, A, "2026-10-12", "380");
    book
}

fn row(book: &Book) -> AccountRow {
    book.desk.look().unwrap().account_of_text(A).unwrap().unwrap()
}

/// What is owed, what the run would bill, and what a reading past zero comes to.
fn trial(book: &mut Book) -> String {
    let id = row(book).id;
    let owed = book.desk.look().unwrap().owed(id).unwrap();
    let summary = run(book, "2026-10", true);
    let past_zero = json!({ "account": A, "value": "5", "rollover": true, "confirm": true }).to_string();
    let past_zero = book.desk.try_out("reading.enter", &past_zero).map_err(|refusal| refusal.message());
    let mut summary = serde_json::to_value(&summary).unwrap();
    for list in ["largest", "above"] {
        for bill in summary[list].as_array_mut().unwrap() {
            bill["name"] = Value::Null; // the only word in it that is no amount
        }
    }
    format!("{owed} {summary} {past_zero:?}")
}

/// A value that the field may hold and does not hold now.
fn other(field: &Field, now: Option<&str>) -> Value {
    let value = match field.form {
        Form::Name => "李强",
        Form::Initials => "lq",
        Form::Phone | Form::Mobile => "13900000001",
        Form::Number(low, high) => return json!((low + (high - low).min(7)).to_string()),
        Form::Choice(words) => words.iter().map(|word| word.0).find(|word| Some(*word) != now).unwrap(),
        Form::Day => "2016-02-03",
        Form::DayAhead => "2027-01-05",
        Form::Class => "special",
        Form::Mix => "居民70%;非居民30%",
        Form::Identity => "530102198001010023",
        Form::Card => "6222021234567890128",
        Form::Quantity => "1",
        Form::Text(_) | Form::Needed(_) => "7",
    };
    json!(value)
}

fn fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().chain(EXTRA).chain(METER)
}

fn seen(book: &Book, field: &Field) -> Option<String> {
    match field.key.starts_with("meter.") {
        true => {
            let id = row(book).id;
            let meter = book.desk.look().unwrap().meter_on_wall(id).unwrap();
            meter.and_then(|meter| meter_value(&meter, field.key))
        }
        false => row(book).value(field.key),
    }
}

fn amend(book: &mut Book, user: &str, field: &Field) -> Result<Value, Refusal> {
    let now = seen(book, field);
    let value = other(field, now.as_deref());
    let input = json!({ "account": A, "field": field.key, "seen": now, "value": value });
    book.try_act(user, "account.amend", &input).map(|done| done.1)
}

#[test]
fn no_field_that_one_person_may_change_moves_an_amount_and_every_other_says_which_way_it_goes() {
    for confirmed in [true, false] {
        let mut book = given(confirmed);
        let before = trial(&mut book);
        let mut changed = 0;
        for field in fields() {
            match amend(&mut book, "chief", field) {
                Ok(_) => {
                    changed += 1;
                    assert!(!field.moves_money() && field.unit != customer::CLASS, "{} needs three people", field.key);
                    assert_eq!(trial(&mut book), before, "{} moved an amount by one hand", field.key);
                }
                Err(refusal) if field.moves_money() || field.unit == customer::CLASS => {
                    let told = refusal.faults.iter().find(|fault| fault.field.as_deref() == Some(field.key)).unwrap();
                    assert!(told.message.contains("特殊处理"), "{}: {}", field.key, told.message);
                    for user in ["demo", "room", "boss"] {
                        assert!(amend(&mut book, user, field).is_err(), "{user} {}", field.key);
                    }
                }
                // Fields that a rule binds to others are tried with them elsewhere; here they stay as they are.
                Err(refusal) => assert!(refusal.exit_code() != 0, "{}", field.key),
            }
        }
        assert!(changed > 20, "only {changed} fields could be changed at all");
        sound(&mut book);
    }
}

/// The other half: what the list of fields names really moves an amount, so it is no mere list.
#[test]
fn facts_that_move_money_are_changed_by_three_people_and_then_the_next_bill_follows() {
    for (confirmed, key, value) in [
        (true, "discount", "特困"),
        (false, "opened", "2026-09-01"),
        (true, "user_type", "IC卡"),
        (true, "extra.prepaid_settles", "否"),
        (true, "people", "9"),
        (true, "meter.dial", "8"),
        (true, "meter.fitted", "2026-09-20"),
    ] {
        let mut book = given(confirmed);
        let before = seen(&book, customer::field(key).unwrap());
        let change = json!({ "facts": { key: value } });
        let ask = json!({ "kind": "D1", "account": A, "change": change, "evidence": "申请 7" });
        let shown = book.act("demo", "adjustment.preview", ask.clone());
        let told = shown["picture"]["facts"].as_array().unwrap();
        assert!(
            told.iter().any(|fact| fact["label"] == customer::label(key) && fact["new"] == value),
            "{key}: {told:?}"
        );
        let request = checked(&mut book, ask.clone());
        assert_eq!(seen(&book, customer::field(key).unwrap()), before, "{key} before the third has said yes");
        for user in ["demo", "check"] {
            let input = json!({ "request": request, "approve": true });
            assert!(book.try_act(user, "adjustment.decide", &input).is_err(), "{user} {key}");
        }
        book.act("chief", "adjustment.decide", json!({ "request": request, "approve": true }));
        let field = customer::field(key).unwrap();
        let now = seen(&book, field).unwrap();
        assert_eq!(field.form.shown(&now), value, "{key}");
        let again = book.try_act("demo", "adjustment.request", &ask).unwrap_err();
        assert_eq!(again.faults[0].field.as_deref(), Some("change.facts"), "{key}: {again:?}");
        sound(&mut book);
    }
}

#[test]
fn a_change_of_facts_says_what_is_wrong_with_it() {
    let mut book = given(true);
    let ask = |facts: Value, bills: Value| json!({ "kind": "D1", "account": A, "bills": bills, "change": { "facts": facts }, "evidence": "x" });
    for (facts, bills, rule) in [
        (json!({ "people": "0" }), json!([]), "input"),
        (json!({ "mobile": "13900000001" }), json!([]), "R-007"),
        (json!({ "class": "special" }), json!([]), "R-251"),
        (json!({}), json!([]), "R-007"),
        (json!({ "people": "5" }), json!(["B03.1.9"]), "R-264"),
        (json!({ "discount": "低保" }), json!([]), "R-074"),
    ] {
        let refusal = book.try_act("demo", "adjustment.request", &ask(facts.clone(), bills)).unwrap_err();
        assert_eq!(refusal.first_rule(), rule, "{facts}: {refusal:?}");
    }
    adjusted(&mut book, ask(json!({ "people": "5" }), json!([])));
    // Moved meanwhile: the picture no longer holds, and nothing is done.
    let request = checked(&mut book, ask(json!({ "people": "6" }), json!([])));
    book.act("demo", support::orders::AMENDED_BEFORE, json!({ "account": A, "field": "people", "value": "7" }));
    let decide = json!({ "request": request, "approve": true });
    assert_eq!(book.try_act("chief", "adjustment.decide", &decide).unwrap_err().first_rule(), "stale");
    assert_eq!(row(&book).people, Some(7));
    sound(&mut book);
}

/// Every input of every action that is named like something an amount hangs on, and why it is no back door.
const WAYS: &[(&str, &[&str])] = &[
    // the highest price until the first reading; a discount is refused; what is typed here is the file's beginning.
    ("account.open", &["class", "dial", "discount", "first", "fitted", "mix", "opened", "people", "user_type"]),
    // The old customer's discount ends, a new one is refused.
    ("account.transfer", &["discount"]),
    // Three people.
    ("adjustment.preview", &["class", "facts", "mix"]),
    ("adjustment.request", &["class", "facts", "mix"]),
    // The first reading confirms the class; of a confirmed account it is refused.
    ("reading.enter", &["class"]),
    // The dial of the new meter, from the slip that two people key in.
    ("swap.enter", &["dial"]),
    ("swap.task", &["dial"]),
];

#[test]
fn every_action_that_takes_a_fact_of_money_is_one_of_the_named_ways() {
    const NAMES: &[&str] = &[
        "class",
        "class_confirmed",
        "mix",
        "people",
        "discount",
        "opened",
        "user_type",
        "prepaid_settles",
        "dial",
        "fitted",
        "facts",
        "due",
        "due_days",
        "multiplier",
        "first",
    ];
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for action in ACTIONS {
        let schema = (action.schema)();
        let mut names = BTreeSet::new();
        properties(&schema["input"], &mut names);
        let hit: Vec<String> = names.into_iter().filter(|name| NAMES.contains(&name.as_str())).collect();
        if !hit.is_empty() {
            found.push((action.name.to_owned(), hit));
        }
    }
    found.sort();
    let ways: Vec<(String, Vec<String>)> = WAYS
        .iter()
        .map(|(action, names)| ((*action).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    assert_eq!(found, ways, "a new door: name its way or close it");
}

fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(own)) = map.get("properties") {
                names.extend(own.keys().cloned());
            }
            // The shares of a mix are a value, not an input of their own.
            let parts = map.iter().filter(|(name, _)| name.as_str() != "Share");
            parts.for_each(|(_, value)| properties(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| properties(value, names)),
        _ => {}
    }
}

#[test]
fn a_discount_is_given_neither_at_opening_nor_at_a_transfer() {
    let mut book = given(true);
    let open = json!({ "address": "建设路3号", "class": "resident", "discount": "双证" });
    let refusal = book.try_act("demo", "account.open", &open).unwrap_err();
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-252", Some("discount")));
}
