//! 疑问: numbered alike on every machine, given an owner, decided by one more entry, opened again when somebody new is involved.

mod support;

use std::collections::BTreeSet;

use meterdesk::derive::rebuild;
use meterdesk::desk::view_exceptions::{self, ExceptionView};
use meterdesk::desk::view_sides;
use meterdesk::rules::customer;
use serde_json::json;
use support::orders::{Book, Sample, Town, book};

fn open(book: &Book) -> Vec<ExceptionView> {
    view_exceptions::open(&book.desk).unwrap()
}

/// A year of the calendar as a branch typed it.
fn year(site: &str) -> serde_json::Value {
    json!({ "text": format!("year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n# {site}\n"), "file": "2027.toml" })
}

/// A branch that has loaded the year.
fn branch(site: &str) -> Book {
    let mut book = book(site);
    book.act("chief", "calendar.put", year(site));
    book
}

/// Two branches that loaded one year with different texts.
fn two_branches() -> Book {
    let mut home = branch("B01");
    home.receive_from(&branch("B02"));
    home
}

fn clash(book: &Book) -> String {
    open(book).into_iter().find(|view| view.about == "2027").unwrap().exception
}

#[test]
fn a_clash_has_a_number_an_owner_and_a_decision() {
    let mut home = two_branches();
    let count = home.desk.look().unwrap().exception_count().unwrap();
    let number = clash(&home);
    assert_eq!((number.len(), &number[..1]), (9, "Y"));
    assert_eq!(open(&home).iter().find(|view| view.exception == number).unwrap().label, "同一年两份日历");
    home.act("chief", "exception.assign", json!({ "exception": number.to_lowercase(), "owner": "check" }));
    let view = open(&home).into_iter().find(|view| view.exception == number).unwrap();
    assert_eq!((view.owner.as_deref(), view.sides.len()), (Some("check"), 2));
    home.act(
        "chief",
        "exception.resolve",
        json!({ "exception": number, "decision": "用 B01 的", "reason": "与国务院通知一致" }),
    );
    assert_eq!(home.desk.look().unwrap().exception_count().unwrap(), count - 1);
    assert!(home.try_act("chief", "exception.assign", &json!({ "exception": number, "owner": "check" })).is_err());
    let before = home.desk.look().unwrap().state_hash().unwrap();
    rebuild::rebuild(home.desk.db_mut(), |_| {}).unwrap();
    assert_eq!(home.desk.look().unwrap().state_hash().unwrap(), before);
    home.receive_from(&branch("B03"));
    let again = open(&home).into_iter().find(|view| view.exception == number).unwrap();
    assert_eq!((again.sides.len(), again.owner), (3, None), "a third holder opens it again, under its number");
}

#[test]
fn an_owner_of_another_site_is_named_with_that_site() {
    let mut home = two_branches();
    let number = clash(&home);
    home.act("chief", "exception.assign", json!({ "exception": number, "owner": "check" }));
    let mut away = branch("B02");
    away.receive_from(&home);
    let owner = |book: &Book| open(book).into_iter().find(|view| view.exception == number).unwrap().owner;
    assert_eq!((owner(&home).as_deref(), owner(&away).as_deref()), (Some("check"), Some("check@B01")));
    assert_eq!(
        away.act("chief", "exception.assign", json!({ "exception": number, "owner": "check" }))["owner"],
        "check"
    );
    assert_eq!(owner(&away).as_deref(), Some("check"));
}

#[test]
fn what_is_wrong_is_told_in_its_field() {
    let mut home = two_branches();
    let number = clash(&home);
    for (user, action, input, field) in [
        ("chief", "exception.resolve", json!({ "exception": "Y1234567", "decision": "x", "reason": "x" }), "exception"),
        ("chief", "exception.resolve", json!({ "exception": number, "decision": " ", "reason": "x" }), "decision"),
        (
            "chief",
            "exception.resolve",
            json!({ "exception": number, "decision": "x", "reason": "x", "keep": "B01.1.2" }),
            "keep",
        ),
        ("chief", "exception.assign", json!({ "exception": number, "owner": "nobody" }), "owner"),
    ] {
        let refusal = home.try_act(user, action, &input).unwrap_err();
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{input}");
    }
    let right = home.try_act("room", "exception.assign", &json!({ "exception": number, "owner": "room" })).unwrap_err();
    assert_eq!(right.exit_code(), 4);
}

#[test]
fn of_two_prices_nobody_chose_between_one_is_chosen() {
    let town = Town::new(support::adjust::branch);
    let (mut left, mut right) = (town.site("S1", 6), town.site("S2", 5));
    let amend = |class: &str| json!({ "account": "31000001", "field": "class", "seen": "resident", "value": class });
    left.act("chief", support::orders::AMENDED_BEFORE, amend("special"));
    right.act("chief", support::orders::AMENDED_BEFORE, amend("non_resident"));
    left.receive_from(&right);
    let class = |book: &Book| book.desk.look().unwrap().account_of_text("31000001").unwrap().unwrap().class;
    assert_eq!(class(&left), "resident", "the old value stays until it is decided");
    let view = open(&left).into_iter().find(|view| view.what == "class_conflict").unwrap();
    let keep = view.sides[0].id;
    assert!(view.choice);
    let input = json!({ "exception": view.exception, "decision": "按现场核实", "reason": "核实单 7", "keep": keep });
    left.act("chief", "exception.resolve", input);
    assert_eq!(class(&left), "non_resident");
    assert!(open(&left).iter().all(|view| view.what != "class_conflict"));
}

#[test]
fn words_on_one_exception_agree_in_every_order() {
    let mut number = String::new();
    let town = Town::new(|home| {
        home.act("chief", "calendar.put", year("B01"));
        home.receive_from(&branch("B02"));
        number = clash(home);
    });
    let resolve = |decision: &str| json!({ "exception": number, "decision": decision, "reason": "x" });
    let samples: Vec<Sample> = vec![
        ("chief", "exception.assign", json!({ "exception": number, "owner": "check" })),
        ("boss", "exception.assign", json!({ "exception": number, "owner": "chief" })),
        ("chief", "exception.resolve", resolve("改名")),
        ("boss", "exception.resolve", resolve("不管")),
        ("chief", "calendar.put", year("again")),
    ];
    town.agree_all(&samples, 6);
}

#[test]
fn both_sides_stand_beside_each_other_field_by_field() {
    let town = Town::new(support::adjust::branch);
    let (mut left, mut right) = (town.site("S1", 6), town.site("S2", 5));
    let amend = |class: &str| json!({ "account": "31000001", "field": "class", "seen": "resident", "value": class });
    left.act("chief", support::orders::AMENDED_BEFORE, amend("special"));
    right.act("boss", support::orders::AMENDED_BEFORE, amend("non_resident"));
    left.receive_from(&right);
    let view = open(&left).into_iter().find(|view| view.what == "class_conflict").unwrap();
    let lines = view_sides::compare(&left.desk.look().unwrap(), &view).unwrap();
    let line = |label: &str| lines.iter().find(|line| line.label == label).unwrap();
    let class = customer::label("class");
    assert_eq!((line(class).values.clone(), line(class).differs), (vec!["非居民".to_owned(), "特种行业".into()], true));
    assert_eq!(line("网点").values, ["S2", "S1"]);
    assert_eq!(line("经办人").values, ["主任", "孙经理"]);
    assert!(!line("操作").differs);
    assert_eq!((view.days, view.state.as_str()), (0, "open"));
    left.act(
        "chief",
        "exception.resolve",
        json!({ "exception": view.exception, "decision": "按核实", "reason": "核实单" }),
    );
    let decided = view_exceptions::one(&left.desk, &view.exception).unwrap();
    assert_eq!((decided.state.as_str(), decided.decision.as_deref()), ("resolved", Some("按核实：核实单")));
}

#[test]
fn holders_of_one_number_are_compared_by_what_is_on_file() {
    let mut left = support::arrive::site("S1", &support::arrive::entries(&book("B01")), 1);
    let mut right = support::arrive::site("S2", &support::arrive::entries(&book("B01")), 2);
    right.receive_from(&left);
    let open_account = |address: &str| json!({ "utility": "water", "address": address, "class": "resident", "id_number": "530124194610038814" });
    left.act("demo", "account.open", open_account("建设路3号"));
    right.act("demo", "account.open", open_account("建设路7号"));
    left.receive_from(&right);
    let view = open(&left).into_iter().find(|view| view.what == "one_person").unwrap();
    let lines = view_sides::compare(&left.desk.look().unwrap(), &view).unwrap();
    let line = |label: &str| lines.iter().find(|line| line.label == label).unwrap();
    assert_eq!(line("地址").values, ["建设路3号", "建设路7号"]);
    assert!(line("地址").differs && !line("用水性质").differs);
    assert!(line("证件号").values.iter().all(|value| value.ends_with("8814") && !value.contains("530124")));
}

/// Where the word of a question stands in the source: after this call, and so many arguments.
const OPENED: [(&str, usize); 6] =
    [("exception::open(", 3), ("refuse(", 0), ("end.apply(", 2), ("doubt(", 2), ("odd(", 0), ("what: \"", 0)];

/// A constant's name, here or in another module.
fn is_constant(word: &str) -> bool {
    word.rsplit("::").next().is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

#[test]
fn every_question_there_can_be_has_words() {
    let mut files = Vec::new();
    for folder in ["src/derive", "src/rules/adjustment"] {
        sources(std::path::Path::new(folder), &mut files);
    }
    let text: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).map(own_code).collect();
    let constant = |name: &str| {
        let start = format!("const {}: &str = \"", name.rsplit("::").next().unwrap());
        text.split(&start).nth(1).unwrap_or_else(|| panic!("{name}")).split('"').next().unwrap()
    };
    let (mut words, mut passed_on) = (BTreeSet::new(), BTreeSet::new());
    for (call, before) in OPENED {
        let places = text.split(call).collect::<Vec<_>>();
        assert!(places.len() > 1, "{call}");
        for (place, rest) in places.iter().zip(&places[1..]) {
            let said = if call.ends_with('"') { format!("\"{rest}") } else { (*rest).to_owned() };
            let word = said.splitn(before + 2, ',').nth(before).unwrap_or_default().trim();
            match word.strip_prefix('"') {
                Some(word) => words.insert(word.split('"').next().unwrap().to_owned()),
                None if is_constant(word) => words.insert(constant(word).to_owned()),
                None if place.ends_with("fn ") => false,
                None => passed_on.insert(word.to_owned()),
            };
        }
    }
    words.extend(["bank", "identity", "class"].map(meterdesk::derive::account::amend::conflict_word));
    let known = ["&conflict_word(unit)", "odd.what", "what"].map(str::to_owned);
    assert_eq!(passed_on, BTreeSet::from(known), "words this test does not find");
    for word in &words {
        assert_ne!(meterdesk::text::exceptions::label(word), "不相符", "{word}");
    }
    assert!(words.len() > 50, "{words:?}");
}

/// A file without its tests, each space once.
fn own_code(text: String) -> String {
    text.split("#[cfg(test)]").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ") + "\n"
}

fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}
