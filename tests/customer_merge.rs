//! What two sites do to one customer file, in every order of arrival.

mod support;

use meterdesk::store::tables::account::FieldRow;
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::json;
use support::household::{CARD, ID, OTHER_ID, account, home};
use support::orders::{AMENDED_BEFORE, Book, Sample, Town};
use support::transfer::take_in;

fn amend(field: &str, seen: &str, value: &str) -> Sample {
    (
        if field == "class" { "chief" } else { "demo" },
        action_of(field),
        json!({ "account": "B01000001", "field": field, "seen": seen, "value": value }),
    )
}

/// Class and people need three people now; entries of before keep their meaning.
fn action_of(field: &str) -> &'static str {
    if matches!(field, "class" | "people") { AMENDED_BEFORE } else { "account.amend" }
}

fn samples() -> Vec<Sample> {
    let bank = |card: &str| {
        json!({ "account": "B01000001", "field": "method", "seen": "现金", "value": "银行代缴", "also": [
            { "field": "bank_card", "value": card }, { "field": "bank_name", "value": "建设银行" },
            { "field": "bank_holder", "value": "王芳" },
        ] })
    };
    vec![
        amend("mobile", "13987654321", "13900000000"),
        amend("mobile", "13987654321", "13911111111"),
        amend("people", "3", "6"),
        amend("room", "502", "503"),
        amend("class", "resident", "non_resident"),
        amend("class", "resident", "special"),
        amend("id_number", "8814", OTHER_ID),
        ("demo", "account.amend", bank(CARD)),
        ("demo", "account.amend", bank("6227000000000000714")),
        ("demo", "account.transfer", json!({ "account": "B01000001", "id_number": OTHER_ID })),
        ("demo", "account.transfer", renamed("赵敏")),
        (
            "demo",
            "account.open",
            json!({ "utility": "water", "address": "建设路3号", "class": "resident", "id_number": OTHER_ID }),
        ),
        ("chief", "customer.reveal", json!({ "account": "B01000001", "field": "id_number", "reason": "核对" })),
    ]
}

/// A deed to another than the case was taken in for.
fn renamed(name: &str) -> serde_json::Value {
    json!({ "account": "B01000001", "name": name, "reason": "登记时听错", "id_number": OTHER_ID })
}

fn town() -> Town {
    Town::new(|book| {
        book.act("demo", "account.open", home());
        take_in(book, "B01000001", "李强", false);
    })
}

#[test]
fn what_two_sites_do_to_one_file_gives_one_state_in_every_order() {
    town().agree_all(&samples(), 4);
}

fn exceptions(book: &Book) -> Vec<(String, String)> {
    let rows = book.desk.look().unwrap().open_exceptions().unwrap();
    rows.into_iter().map(|row: ExceptionRow| (row.what, row.note)).collect()
}

#[test]
fn of_two_amendments_the_later_wins_but_a_class_waits_for_a_decision() {
    let town = town();
    let mut left = town.site("S1", 1);
    let mut right = town.site("S2", 2);
    for (book, mobile, class) in [(&mut left, "13900000000", "non_resident"), (&mut right, "13911111111", "special")] {
        let (user, action, input) = amend("mobile", "13987654321", mobile);
        book.act(user, action, input);
        let (user, action, input) = amend("class", "resident", class);
        book.act(user, action, input);
    }
    let mut both = town.site("S3", 3);
    both.receive_from(&left);
    both.receive_from(&right);
    let row = account(&both, "B01000001");
    assert_eq!((row.mobile.as_deref(), row.class.as_str()), (Some("13911111111"), "resident"));
    let open = exceptions(&both);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].0, "class_conflict");
    assert!(open[0].1.contains("non_resident") && open[0].1.contains("special"), "{open:?}");
    let history = both.desk.look().unwrap().scan::<FieldRow>(&[&row.id]).unwrap();
    let lost = history.iter().find(|line| line.field == "mobile" && line.outcome == "lost").unwrap();
    assert_eq!(lost.value.as_deref(), Some("13900000000"));
    let (user, action, input) = amend("class", "resident", "special");
    both.act(user, action, input);
    assert!(exceptions(&both).is_empty());
    assert_eq!(account(&both, "B01000001").class, "special");
}

#[test]
fn of_two_transfers_the_first_stands_and_an_amendment_for_the_old_customer_is_lost() {
    let town = town();
    let mut first = town.site("S1", 1);
    first.act("demo", "account.transfer", json!({ "account": "B01000001", "id_number": OTHER_ID }));
    let mut second = town.site("S2", 2);
    second.act("demo", "account.transfer", renamed("赵敏"));
    let mut third = town.site("S3", 3);
    let (_, action, input) = amend("mobile", "13987654321", "13900000000");
    third.act("demo", action, input);
    for other in [&first, &second] {
        third.receive_from(other);
    }
    let row = account(&third, "B01000001");
    assert_eq!((row.name.as_str(), row.mobile), ("李强", None));
    let mut what: Vec<String> = exceptions(&third).into_iter().map(|(what, _)| what).collect();
    what.sort();
    assert_eq!(what, ["amended_old_owner", "order_no_effect", "transferred_twice"]);
}

#[test]
fn one_person_opened_at_two_sites_is_a_clash_unless_the_clerk_knew() {
    let town = Town::new(|_| {});
    let open = |address: &str| json!({ "utility": "water", "address": address, "class": "resident", "id_number": ID });
    let mut left = town.site("S1", 1);
    left.act("demo", "account.open", open("建设路3号"));
    left.act("demo", "account.open", open("建设路5号"));
    assert_eq!(left.desk.look().unwrap().exception_count().unwrap(), 0);
    let mut right = town.site("S2", 2);
    right.act("demo", "account.open", open("建设路7号"));
    left.receive_from(&right);
    assert_eq!(left.desk.look().unwrap().exception_count().unwrap(), 1);
}

#[test]
fn any_history_of_two_sites_converges() {
    let mut chance = support::orders::Chance(2026);
    let town = town();
    let fields = [
        ("mobile", ["13900000000", "13911111111"]),
        ("class", ["special", "non_resident"]),
        ("people", ["4", "5"]),
        ("remark", ["甲", "乙"]),
        ("room", ["601", "602"]),
    ];
    for round in 0..25 {
        let mut sites = [town.site("S1", 1), town.site("S2", 2)];
        for _ in 0..6 {
            let turn = chance.below(2) as usize;
            if chance.below(4) == 0 {
                let (left, right) = sites.split_at_mut(1);
                if turn == 0 {
                    left[0].receive_from(&right[0])
                } else {
                    right[0].receive_from(&left[0])
                }
                continue;
            }
            let (field, values) = fields[chance.below(5) as usize];
            let value = values[chance.below(2) as usize];
            let book = &mut sites[turn];
            let row = account(book, "B01000001");
            let seen = meterdesk::derive::account::fields::CustomerFile::value(&row, field);
            let input = json!({ "account": "B01000001", "field": field, "seen": seen, "value": value });
            let user = if field == "class" { "chief" } else { "demo" };
            match book.try_act(user, action_of(field), &input) {
                Ok(_) => {}
                Err(refusal) => assert_eq!(refusal.first_rule(), "same", "{input}: {refusal:?}"),
            }
        }
        let [mut left, mut right] = sites;
        left.receive_from(&right);
        right.receive_from(&left);
        let hash = |book: &Book| book.desk.look().unwrap().state_hash().unwrap();
        assert_eq!(hash(&left), hash(&right), "round {round}");
        let before = hash(&left);
        meterdesk::derive::rebuild::rebuild(left.desk.db_mut(), |_| {}).unwrap();
        assert_eq!(hash(&left), before, "round {round}: rebuild");
    }
}
