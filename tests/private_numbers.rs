//! I-13: no number of an ID or a bank card goes in clear into an entry, a table or an answer, through any text of any action, any
//! idempotency key, or any column of any import; and what went in before is found.

mod support;

use std::path::Path;

use meterdesk::book::append::{Head, NewEntry, append};
use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::{Kind, Subject};
use meterdesk::derive;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{ACTIONS, Call, Desk};
use meterdesk::inbound::profile::{Catalogue, Holds, Profile};
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use meterdesk::store::query::texts::KeptText;
use serde_json::{Map, Value, json};
use support::at::branch;
use support::household::{CARD, ID, home};
use support::orders::{Book, moment};
use support::site::new_site;

/// Real check digits: resident (18, X, 15 digits), residence permit, foreigner; cards; a home return permit, an old residence card.
const IDS: [&str; 4] = ["530124194610038814", "11010519491231002X", "810000199001010019", "911241198108030026"];
const WORDS_ONLY: [&str; 3] = ["110105491231002", "H12345678", "FRA110075101901"];
const CARDS: [&str; 3] = ["6217008518155968107", "4111111111111111", "378282246310005"];

/// Fields that seal what they hold, or keep a verifier of it: the action does not refuse the number there.
const SEALED: [(&str, &str); 10] = [
    ("account.open", "id_number"),
    ("account.open", "bank_card"),
    ("account.transfer", "id_number"),
    ("account.transfer", "bank_card"),
    ("account.transfer", "agent.id_number"),
    ("user.add", "password"),
    ("user.password", "old"),
    ("user.password", "new"),
    ("user.reset", "password"),
    ("import.mend", "cells.x"),
];

/// A step into an input: a field, or into a list.
#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item,
}

/// Every place of a schema where a text or a whole number may stand.
fn places(schema: &Value, root: &Value, path: &[Step], out: &mut Vec<Vec<Step>>) {
    if path.len() > 6 {
        return;
    }
    let Some(fields) = schema.as_object() else {
        // `true`: anything.
        out.push(path.to_vec());
        return;
    };
    if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name}"));
        places(target, root, path, out);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        for part in fields.get(key).and_then(Value::as_array).into_iter().flatten() {
            places(part, root, path, out);
        }
    }
    let is = |kind: &str| match fields.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if is("string") || fields.is_empty() {
        out.push(path.to_vec());
    }
    let step = |step: Step| [path, &[step]].concat();
    if let Some(items) = fields.get("items") {
        places(items, root, &step(Step::Item), out);
    }
    for (name, part) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
        places(part, root, &step(Step::Field(name.clone())), out);
    }
    if let Some(part) = fields.get("additionalProperties").filter(|part| part.as_bool() != Some(false)) {
        places(part, root, &step(Step::Field("x".into())), out);
    }
}

/// An input with nothing but a value at a place.
fn input(path: &[Step], value: &Value) -> Value {
    path.iter().rev().fold(value.clone(), |inner, step| match step {
        Step::Field(name) => Value::Object(Map::from_iter([(name.clone(), inner)])),
        Step::Item => json!([inner]),
    })
}

fn name_of(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Field(field) if name.is_empty() => name.push_str(field),
            Step::Field(field) => name = format!("{name}.{field}"),
            Step::Item => name.push_str("[0]"),
        }
    }
    name
}

/// Every text kept anywhere, without what seals it.
fn everything(desk: &Desk) -> String {
    let mut all = String::new();
    let tx = desk.look().unwrap();
    tx.walk_texts(|kept: &KeptText<'_>| -> Result<(), meterdesk::store::StoreError> {
        all.push_str(kept.text);
        all.push('\n');
        Ok(())
    })
    .unwrap();
    all
}

fn assert_nowhere(desk: &Desk, answers: &str) {
    let all = everything(desk);
    for number in IDS.iter().chain(&WORDS_ONLY).chain(&CARDS).chain(&[ID, CARD]) {
        assert!(!all.contains(number), "{number} is kept");
        assert!(!answers.contains(number), "{number} is answered");
    }
    assert_eq!(desk.stray_numbers(|stray| panic!("{}", stray.line())).unwrap(), 0);
}

fn perform(book: &mut Book, action: &str, input: &Value, key: Option<&str>) -> Result<(), Refusal> {
    book.desk.perform(action, &input.to_string(), Call { key, at: None }).map(|_| ())
}

#[test]
fn every_text_of_every_action_refuses_an_id_and_a_card_at_its_field() {
    let mut book = branch();
    let mut tried = 0;
    for def in ACTIONS {
        let schema = (def.schema)();
        let mut all = Vec::new();
        places(&schema["input"], &schema["input"], &[], &mut all);
        for path in &all {
            let field = name_of(path);
            if SEALED.contains(&(def.name, field.as_str())) {
                continue;
            }
            let last = field.rsplit('.').next().unwrap();
            let meter = ["meter", "old_meter", "new_meter"].contains(&last) || field == "meter.no";
            let number = ["account", "agreement", "seal", "old_seal", "new_seal", "route"].contains(&last);
            let mut samples: Vec<&str> = IDS.to_vec();
            samples.extend(CARDS.iter().filter(|_| !meter));
            samples.extend(WORDS_ONLY.iter().filter(|_| !meter && !number));
            for sample in samples {
                for text in [sample.to_owned(), format!("张三 {sample} 来办")] {
                    let refused = meterdesk::desk::plain_text::require(
                        def.name,
                        &input(path, &json!(text)).to_string(),
                        book.desk.today(),
                    );
                    let refusal = refused.err().unwrap_or_else(|| panic!("{} {field} takes {text}", def.name));
                    assert_eq!(refusal.first_rule(), "I-13", "{} {field}", def.name);
                    assert_eq!(refusal.faults[0].field.as_deref(), Some(field.as_str()), "{}", def.name);
                    assert!(!refusal.message().contains(sample), "{refusal}");
                    tried += 1;
                }
            }
            let refusal = perform_as_all(&mut book, def.name, &input(path, &json!(IDS[0])));
            assert!(["I-13", "R-003"].contains(&refusal.first_rule()), "{} {field}: {refusal:?}", def.name);
        }
    }
    assert!(tried > 3_000, "{tried} tries");
    assert_nowhere(&book.desk, "");
}

/// By whoever may.
fn perform_as_all(book: &mut Book, action: &str, input: &Value) -> Refusal {
    let mut last = None;
    for user in ["demo", "boss", "chief", "desk", "room", "check"] {
        book.desk.sign_in_practice(user).unwrap();
        let refusal = perform(book, action, input, None).unwrap_err();
        let mine = refusal.first_rule() == "I-13";
        last = Some(refusal);
        if mine {
            break;
        }
    }
    last.unwrap()
}

#[test]
fn an_idempotency_key_is_a_text_too() {
    let mut book = branch();
    book.desk.sign_in_practice("demo").unwrap();
    let opened = home();
    for key in IDS.iter().chain(&CARDS).chain(&WORDS_ONLY) {
        let refusal = perform(&mut book, "account.open", &opened, Some(&format!("开户-{key}"))).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("I-13", Some("key")));
    }
    for (at, key) in
        ["B03-20261020-080000-17", "550e8400-e29b-41d4-a716-446655440000", "1760918400123456"].iter().enumerate()
    {
        let mut opened = home();
        opened["meter"]["no"] = json!(format!("LC2200000{at}"));
        opened["room"] = json!(format!("{}02", at + 1));
        opened["address"] = json!(format!("人民路12号33幢2单元{}02室", at + 1));
        perform(&mut book, "account.open", &opened, Some(key)).unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    assert_nowhere(&book.desk, "");
}

#[test]
fn where_a_number_belongs_it_is_sealed_and_its_answer_has_no_digit_of_it_in_clear() {
    let mut book = branch();
    let mut opened = home();
    opened["method"] = json!("银行代缴");
    opened["bank_card"] = json!(CARD);
    opened["bank_name"] = json!("建设银行");
    opened["bank_holder"] = json!("王芳");
    book.desk.sign_in_practice("demo").unwrap();
    let done = book.desk.perform("account.open", &opened.to_string(), Call { key: Some("k1"), at: None }).unwrap();
    let account: Value = serde_json::from_str(&done.result).unwrap();
    let amend =
        json!({ "account": account["account"], "field": "id_number", "seen": ID[14..].to_owned(), "value": IDS[0] });
    book.act("demo", "account.amend", amend);
    assert_nowhere(&book.desk, &done.result);
}

#[test]
fn a_phone_field_takes_a_phone() {
    let mut book = branch();
    for (field, value) in [
        ("phone", "53012419461003881"),
        ("mobile", "6217008518155968107"),
        ("phone", "123456789012345678"),
        ("mobile", "不详"),
    ] {
        let mut opened = home();
        opened[field] = json!(value);
        let refusal = book.try_act("demo", "account.open", &opened).unwrap_err();
        assert_eq!(refusal.faults[0].field.as_deref(), Some(field), "{value}: {refusal}");
    }
    let refusal = book.try_act(
        "boss",
        "worker.add",
        &json!({ "code": "zz", "name": "张三", "team": "一班", "phone": "1234567890123" }),
    );
    assert_eq!(refusal.unwrap_err().faults[0].field.as_deref(), Some("phone"));
    let mut opened = home();
    opened["phone"] = json!("0871-8042909-801");
    book.act("demo", "account.open", opened);
}

#[test]
fn a_real_meter_number_is_no_card() {
    let mut book = branch();
    for no in
        ["4111111111111111", "6217008518155968108", "378282246310005", "2200000012345678901234", "110105491231002"]
    {
        let mut opened = home();
        opened["meter"]["no"] = json!(no);
        book.act("demo", "account.open", opened);
    }
    for number in [IDS[0], "6217008518155968107"] {
        let mut opened = home();
        opened["meter"]["no"] = json!(number);
        let refusal = book.try_act("demo", "account.open", &opened).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("I-13", Some("meter.no")), "{number}");
    }
    assert_eq!(book.desk.stray_numbers(|stray| panic!("{}", stray.line())).unwrap(), 0);
}

/// A file of a profile with one row for each of its columns and samples, each with the sample in that column.
fn rows_of(profile: &Profile, path: &Path) -> Vec<String> {
    let columns: Vec<(&String, &String)> = profile.columns.iter().map(|(field, names)| (field, &names[0])).collect();
    let mut text = columns.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(",") + "\n";
    let mut fields = Vec::new();
    for (at, (field, _)) in columns.iter().enumerate() {
        let own = ["meter", "old_meter", "new_meter"].contains(&field.as_str());
        let number = ["account", "agreement", "route", "old_seal", "new_seal"].contains(&field.as_str());
        let mut samples: Vec<&str> = IDS.to_vec();
        samples.extend(CARDS.iter().filter(|_| !own));
        samples.extend(WORDS_ONLY.iter().filter(|_| !own && !number));
        if ["id_number", "card_number"].contains(&field.as_str()) {
            samples = vec![IDS[0], CARDS[0]];
        }
        for sample in samples {
            let mut cells = vec![String::new(); columns.len()];
            cells[at] = sample.to_owned();
            if let Some(account) =
                columns.iter().position(|(known, _)| *known == "account").filter(|place| *place != at)
            {
                cells[account] = "3100000002".to_owned();
            }
            text.push_str(&(cells.join(",") + "\n"));
            fields.push((*field).clone());
        }
    }
    std::fs::write(path, format!("\u{feff}{text}")).unwrap();
    fields
}

#[test]
fn every_column_of_every_import_keeps_an_id_and_a_card_out() {
    let folder = tempfile::tempdir().unwrap();
    for profile in Catalogue::built_in().unwrap().profiles() {
        let mut book = branch();
        book.desk.sign_in_practice("chief").unwrap();
        let what = match profile.holds {
            Holds::Customers => What::Customers,
            Holds::Readings => What::Readings,
            Holds::Swaps => What::Swaps,
        };
        let path = folder.path().join(format!("{}.csv", profile.name));
        let fields = rows_of(profile, &path);
        let request = Request {
            what,
            path,
            read_by: profile.source,
            profile: Some(profile.name.clone()),
            on: None,
            dry_run: false,
        };
        let users = ["chief", "room", "check", "boss", "demo"];
        let answer = users.iter().find_map(|user| {
            book.desk.sign_in_practice(user).unwrap();
            book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).ok()
        });
        let answer = answer.unwrap_or_else(|| panic!("{}: nobody may", profile.name));
        for (at, field) in fields.iter().enumerate() {
            let line = at as u64 + 2;
            let told = answer.lines().map(Result::unwrap).find(|defect| defect.line == line);
            let told = told.unwrap_or_else(|| panic!("{} line {line} {field} was taken in", profile.name));
            if !["id_number", "card_number"].contains(&field.as_str()) {
                assert_eq!(told.kind, "private_number", "{} {field}: {}", profile.name, told.message);
            }
        }
        assert_nowhere(&book.desk, &serde_json::to_string(&answer).unwrap());
    }
}

#[test]
fn a_file_named_after_a_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::built_in().unwrap();
    let path = folder.path().join(format!("张三{}.csv", IDS[0]));
    rows_of(&catalogue.profiles()[0], &path);
    let mut book = branch();
    book.desk.sign_in_practice("room").unwrap();
    let request = Request { what: What::Customers, path, read_by: None, profile: None, on: None, dry_run: false };
    let refusal = book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap_err();
    assert_eq!(refusal.first_rule(), "I-13", "{refusal}");
    assert_nowhere(&book.desk, &refusal.message());
}

/// Writes an entry as a program of before did: nothing was looked at.
fn write_below(desk: &mut Desk, remark: &str, key: &str) -> Id {
    let payload = json!({ "code": "zz", "name": "张三", "team": remark, "area": "", "phone": "", "active": true });
    let at = moment();
    let tx = desk.db_mut().write().unwrap();
    let head = Head::read(&tx).unwrap();
    let worker = head.next().unwrap();
    let new = NewEntry {
        at,
        business_day: at.date_naive(),
        actor: "B03.1.2",
        action: "worker.add",
        version: 1,
        subjects: &[Subject::new(Kind::Worker, worker)],
        key: Some(key),
        payload: payload.to_string(),
    };
    let row = append(&tx, &head, new).unwrap();
    derive::record(&tx, &row).unwrap();
    tx.commit().unwrap();
    row.id
}

#[test]
fn verify_numbers_finds_what_is_there_already_masked_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.db");
    let clock = Box::new(FixedClock::at(moment()));
    let (mut desk, _) = Desk::create(&path, OpenOptions::default(), clock, &new_site("B03", false)).unwrap();
    let verify = |json: bool| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(&path).args(json.then_some("--json")).args(["verify", "--numbers"]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(verify(false).0, Some(0), "{}", verify(false).1);
    let id = write_below(&mut desk, &format!("户主 {} 卡 {}", IDS[0], CARDS[0]), &format!("k-{}", IDS[1]));
    let before = desk.look().unwrap().entry_count().unwrap();
    drop(desk);
    let (code, said) = verify(false);
    assert_eq!(code, Some(1), "{said}");
    for words in
        ["身份证号 ****8814", "银行卡号 ****8107", "身份证号 ****002X", &format!("凭单 {id} worker.add，“team”")]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(IDS.iter().chain(&CARDS).all(|number| !said.contains(number)), "{said}");
    let (code, said) = verify(true);
    let answer: Value = serde_json::from_str(said.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    assert_eq!((code, &answer["ok"], answer["found"].as_u64()), (Some(1), &json!(false), Some(5)), "{answer}");
    let desk = Desk::open(&path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap();
    assert_eq!(desk.look().unwrap().entry_count().unwrap(), before);
}
