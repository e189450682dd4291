//! The customer file: opened with its rules, and what is found of a person. Given a branch, when an action, then what is on file or
//! the rule that refuses.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::AccountOpened;
use meterdesk::derive::row::to_row;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::desk::{customer_file, customer_view};
use serde_json::json;
use support::household::{CARD, ID, account, everything, home, refused, with};
use support::orders::{Book, book};

#[test]
fn a_file_is_opened_with_route_number_number_of_the_block_and_sealed_id() {
    let mut book = book("B03");
    let first = book.act("demo", "account.open", home());
    assert_eq!(first["account"], "B03000001");
    assert_eq!(first["route"], "0412332502");
    assert_eq!((first["class"].as_str(), first["class_confirmed"].as_bool()), (Some("resident"), Some(false)));
    let row = account(&book, "B03000001");
    assert_eq!((row.name.as_str(), row.method.as_str(), row.people), ("王芳", "现金", Some(3)));
    assert!(row.id_number.as_deref().unwrap().ends_with(":8814"));
    assert!(!everything(&book).contains(ID));
    let plain = json!({ "address": "光明街47号2铺", "class": "non_resident", "utility": "water" });
    let second = book.act("demo", "account.open", plain);
    assert_eq!(second["account"], "B03000002");
    assert_eq!(account(&book, "B03000002").name, "用户");
}

#[test]
fn a_file_that_breaks_a_rule_is_refused_with_its_field() {
    let mut book = book("B03");
    book.act("demo", "account.open", with(home(), json!({ "account": "3100000001" })));
    let bank = json!({ "bank_card": CARD, "bank_name": "建设银行", "bank_holder": "王芳" });
    for (changes, rule, field) in [
        (json!({ "address": "" }), "R-037", "address"),
        (json!({ "account": "3100000001", "meter": null, "last_reading": null }), "account", "account"),
        (json!({ "account": "B03000009" }), "account", "account"),
        (json!({ "utility": "oil" }), "utility", "utility"),
        (json!({ "user_type": "IC卡", "method": "现金" }), "R-048", "method"),
        (json!({ "method": "充值" }), "R-048", "method"),
        (json!({ "name": "王 芳" }), "R-049", "name"),
        (json!({ "unit": "3" }), "R-050", "address"),
        (with(bank.clone(), json!({ "user_type": "IC卡", "bank_holder": "" })), "R-051", "bank_holder"),
        (json!({ "method": "银行代缴", "bank_card": CARD }), "R-052", "bank_name"),
        (bank.clone(), "R-053", "bank_card"),
        (json!({ "sms": "13987654321" }), "R-054", "sms_carrier"),
        (json!({ "connection": "其它" }), "R-055", "connection"),
        (json!({ "connection": "集体", "connected": "2020-01-01" }), "R-056", "invoiced"),
        (json!({ "connection": "散户", "connected": "2026-11-21", "invoiced": "2026-11-20" }), "R-057", "invoiced"),
        (json!({ "connection": "散户", "connected": "2026-11-20" }), "R-057", "connected"),
        (json!({ "connection": "集体", "connected": "2020-01-01", "invoiced": "2020-01-02" }), "R-058", "invoiced"),
        (json!({ "class": "mixed" }), "R-073", "mix"),
        (json!({ "class": "mixed", "mix": [{ "class": "resident", "ratio": "0.7" }] }), "R-248", "mix"),
        (json!({ "mix": "居民70%;非居民30%" }), "R-073", "mix"),
        (json!({ "remark": format!("证件 {ID}") }), "I-13", "remark"),
        (json!({ "discount": "低保" }), "R-074", "discount"),
        (json!({ "class": "temple" }), "R-073", "class"),
        (json!({ "class": "" }), "A-07", "class"),
        (json!({ "id_number": "530124194610038815" }), "GB 11643", "id_number"),
        (json!({ "bank_card": "6222021234567890129" }), "ISO 7812", "bank_card"),
        (json!({ "unit": "10", "address": "x" }), "A-04", "unit"),
        (json!({ "route": "0412332503" }), "R-040", "route"),
        (json!({ "area": null, "route": "04123320502" }), "A-03", "route"),
        (json!({ "meter": { "no": "M0031877" } }), "R-038", "meter.no"),
        (json!({ "meter": { "no": "N1", "state": "未用" } }), "R-062", "meter.state"),
        (json!({ "meter": { "no": "N1", "state": "拆表" } }), "A-05", "meter.state"),
        (json!({ "meter": { "no": "N1", "first": "100000" } }), "R-065", "meter.first"),
        (json!({ "arrears": [{ "cycle": "2026-12", "amount": "1.00" }] }), "R-180", "arrears[0]"),
        (json!({ "extra": { "pool": "有" } }), "input", "extra"),
    ] {
        let input = with(with(home(), json!({ "meter": { "no": "M1" } })), changes.clone());
        let refusal = refused(&mut book, "demo", "account.open", &input);
        assert_eq!(refusal.kind, RefusalKind::Refused);
        let found: Vec<_> = refusal.faults.iter().map(|f| (f.rule.as_str(), f.field.as_deref().unwrap())).collect();
        assert!(found.contains(&(rule, field)), "{changes}: {found:?}");
        assert!(!refusal.message().contains(ID) && !refusal.message().contains(CARD), "{changes}");
    }
}

#[test]
fn all_mistakes_of_a_form_are_told_at_once_and_prepaid_needs_the_right() {
    let mut book = book("B03");
    let bad = json!({ "name": "a b", "address": "", "class": "mixed", "sms": "13987654321", "people": 0 });
    assert_eq!(refused(&mut book, "demo", "account.open", &bad).faults.len(), 5);
    let prepaid = with(home(), json!({ "prepaid": "30.00" }));
    assert_eq!(refused(&mut book, "demo", "account.open", &prepaid).kind, RefusalKind::Permission);
    book.act("check", "account.open", prepaid);
    assert_eq!(refused(&mut book, "desk", "account.open", &home()).kind, RefusalKind::Permission);
}

#[test]
fn one_person_is_found_on_their_other_accounts() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    let second = json!({ "address": "建设路3号", "class": "resident", "id_number": " 530124 19461003 8814" });
    let answer = book.act("demo", "account.open", second);
    assert!(answer["warnings"][0].as_str().unwrap().contains("B03000001 王芳"), "{answer}");
}

#[test]
fn a_class_left_open_is_the_dearest_until_somebody_confirms_it() {
    let mut book = book("B03");
    let tariff = |class: &str, price: &str| {
        let code = format!("T-{class}");
        let text = format!(
            "code = \"{code}\"\nname = \"{class}\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"{class}\"\n\
             valid_from = 2014-05-01\ndocument = \"试\"\ncycle = \"year\"\nround = \"bill\"\n\n[[component]]\n\
             key = \"water\"\nname = \"水费\"\nsteps = [ {{ price = \"{price}\" }} ]\n"
        );
        json!({ "file": format!("{class}.toml"), "text": text })
    };
    for (class, price) in [("resident", "2.00"), ("special", "9.00"), ("non_resident", "4.00")] {
        book.act("boss", "tariff.put", tariff(class, price));
    }
    let opened = book.act("demo", "account.open", with(home(), json!({ "class": "" })));
    assert_eq!((opened["class"].as_str(), opened["class_confirmed"].as_bool()), (Some("special"), Some(false)));
    let unknown = with(home(), json!({ "class": "temple", "meter": { "no": "M9" } }));
    assert_eq!(refused(&mut book, "demo", "account.open", &unknown).first_rule(), "R-073");
    let amend =
        |seen: &str, value: &str| json!({ "account": "B03000001", "field": "class", "seen": seen, "value": value });
    assert_eq!(refused(&mut book, "demo", "account.amend", &amend("special", "special")).first_rule(), "same");
    assert_eq!(refused(&mut book, "chief", "account.amend", &amend("special", "resident")).first_rule(), "R-250");
    assert!(!account(&book, "B03000001").class_confirmed, "the first reading confirms it, or a P3");
}

#[test]
fn who_opens_today_pays_the_highest_price_whatever_class_was_typed_until_the_first_reading_confirms_it() {
    let mut book = book("B03");
    let tariffs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/tariffs");
    let request = meterdesk::desk::import::Request {
        what: meterdesk::desk::import::What::Tariffs,
        path: tariffs,
        read_by: None,
        profile: None,
        on: None,
        dry_run: false,
    };
    book.desk.sign_in_practice("boss").unwrap();
    book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let meter = |no: &str| json!({ "no": no, "first": "0" });
    let open = |no: &str, opened: &str| {
        let dates =
            json!({ "account": no, "meter": meter(no), "opened": opened, "route": "", "book": "", "id_number": "" });
        with(json!({ "address": "建设路3号", "class": "resident", "utility": "water" }), dates)
    };
    // An earlier date confirms nothing, whoever types it: the file of before is imported.
    for (user, no, opened) in
        [("demo", "71", ""), ("check", "72", "2014-05-01"), ("check", "73", "2014-05-01"), ("room", "74", "2026-01-01")]
    {
        let answer = book.act(user, "account.open", open(no, opened));
        assert_eq!(answer["class_confirmed"], false, "{user} {no}");
        assert_eq!(answer["class"], "resident");
        assert!(answer["warnings"].as_array().unwrap().iter().any(|told| told.as_str().unwrap().contains("最高价")));
    }
    let prices = book.desk.prices().unwrap();
    let code = |book: &Book, no: &str| {
        meterdesk::desk::tariffs::leading_code(&prices, &account(book, no), book.desk.today()).unwrap()
    };
    let dearest = prices.dearest(meterdesk::rules::utility::Utility::Water, book.desk.today()).unwrap().code.clone();
    assert_ne!(dearest, "BJ-WATER-RES-2014");
    assert_eq!([code(&book, "71"), code(&book, "73")], [dearest.clone(), dearest.clone()]);
    book.act("demo", "reading.enter", json!({ "account": "71", "value": "9", "confirm": true }));
    assert_eq!(code(&book, "71"), dearest, "a reading that says nothing of the class confirms none");
    let seen = json!({ "account": "72", "value": "9", "confirm": true, "class": "居民" });
    book.act("demo", "reading.enter", seen);
    assert!(account(&book, "72").class_confirmed);
    assert_eq!(code(&book, "72"), "BJ-WATER-RES-2014");
}

#[test]
fn people_of_a_bulk_opening_are_found_by_their_number_also_after_the_key_changed() {
    let mut book = book("B03");
    book.desk.sign_in_practice("room").unwrap();
    let sealed = book.desk.keys().seal("resident_id", ID).unwrap().to_text();
    let body = AccountOpened {
        no: "77".into(),
        utility: "water".into(),
        name: "王芳".into(),
        id_kind: Some("resident_id".into()),
        id_number: Some(sealed),
        class: "resident".into(),
        status: "正常".into(),
        ..AccountOpened::default()
    };
    let desk = &mut book.desk;
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).unwrap();
    run.push(desk, Kind::Account, None, to_row(&body).unwrap()).unwrap();
    run.close(desk, json!({}), |_| {}).unwrap();
    let known = |book: &Book| {
        let tx = book.desk.look().unwrap();
        customer_file::accounts_of_person(&tx, book.desk.keys(), ID).unwrap().len()
    };
    assert_eq!(known(&book), 1);
    book.desk.rehash_people(|_| {}).unwrap();
    assert_eq!(known(&book), 1);
    let answer = book.act("demo", "account.open", home());
    assert!(answer["warnings"][0].as_str().unwrap().contains("77 王芳"), "{answer}");
}

#[test]
fn opening_arrears_are_dated_at_the_end_of_their_period() {
    let mut book = book("B03");
    book.act("demo", "account.open", with(home(), json!({ "arrears": [{ "cycle": "2026-09", "amount": "90.00" }] })));
    let row = account(&book, "B03000001");
    let tx = book.desk.look().unwrap();
    let bills = tx.unpaid_bills(row.id).unwrap();
    assert_eq!((bills[0].dated.to_string().as_str(), bills[0].amount.to_string().as_str()), ("2026-09-30", "90.00"));
}

#[test]
fn the_day_nobody_knows_is_kept_and_marked_as_unknown() {
    let mut book = book("B03");
    let lost = json!({ "connection": "集体", "connected": "2020-05-01", "invoiced": "2002-01-01" });
    book.act("demo", "account.open", with(home(), lost));
    let view = customer_view::account(&book.desk, "B03000001").unwrap();
    let unknown: Vec<&str> = view.fields.iter().filter(|field| field.unknown).map(|field| field.key.as_str()).collect();
    assert_eq!(unknown, ["invoiced"]);
    let invoiced = view.fields.iter().find(|field| field.key == "invoiced").unwrap();
    assert_eq!(invoiced.value.as_deref(), Some("2002-01-01"));
}

#[test]
fn a_group_connection_is_not_invoiced_on_the_day_it_is_typed() {
    let mut book = book("B03");
    let group =
        |invoiced: &str| with(home(), json!({ "connection": "集体", "connected": "2026-11-21", "invoiced": invoiced }));
    let refusal = refused(&mut book, "demo", "account.open", &group("2026-11-21"));
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-056", Some("invoiced")));
    book.act("demo", "account.open", group("2026-11-10"));
    let amend = json!({ "account": "B03000001", "field": "invoiced", "seen": "2026-11-10", "value": "2026-11-21" });
    assert_eq!(refused(&mut book, "demo", "account.amend", &amend).first_rule(), "R-056");
}

#[test]
fn a_meter_opened_at_the_counter_is_applied_for_and_a_fitting_day_nobody_knows_says_so() {
    let mut book = book("B03");
    book.act("demo", "account.open", with(home(), json!({ "meter": { "no": "M7", "fitted": "2002-01-01" } })));
    let view = customer_view::account(&book.desk, "B03000001").unwrap();
    assert_eq!(view.meters[0].state, "报装");
    assert!(view.fields.iter().any(|field| field.key == "meter.fitted" && field.unknown));
    assert!(view.meters[0].facts.iter().any(|(_, value)| value == "2002-01-01 (不详)"), "{:?}", view.meters[0].facts);
    let supplied = json!({ "address": "建设路3号", "class": "resident", "meter": { "no": "M8", "state": "通水" } });
    book.act("demo", "account.open", supplied);
    assert_eq!(customer_view::account(&book.desk, "B03000002").unwrap().meters[0].state, "通水");
    // Every further fact of the paper file has its line, filled in or not.
    for field in meterdesk::rules::customer::EXTRA {
        assert!(view.fields.iter().any(|line| line.key == field.key), "{}", field.key);
    }
}

#[test]
fn an_opening_dated_back_gave_one_person_a_confirmed_class_and_a_discount() {
    let mut book = book("B03");
    for user in ["demo", "room", "check", "boss"] {
        for opened in ["", "2020-01-01", "2026-01-01"] {
            let dates = json!({ "opened": opened, "route": "", "book": "", "id_number": "" });
            let open = with(json!({ "address": "人民路1号", "class": "resident", "utility": "water" }), dates);
            if user == "demo" && !opened.is_empty() {
                assert_eq!(refused(&mut book, user, "account.open", &open).first_rule(), "R-003");
                continue;
            }
            let asked = with(open.clone(), json!({ "discount": "特困" }));
            let refusal = refused(&mut book, user, "account.open", &asked);
            if refusal.first_rule() == "R-003" {
                continue;
            }
            assert!(refusal.faults.iter().any(|fault| fault.rule == "R-252"), "{user} {opened}: {refusal:?}");
            let answer = book.act(user, "account.open", open);
            let no = answer["account"].as_str().unwrap().to_owned();
            let row = account(&book, &no);
            assert_eq!((row.class_confirmed, row.discount), (false, None), "{user} {opened}");
        }
    }
}

#[test]
fn one_clerks_opening_dated_back_with_a_reading_of_before_or_99_people_moved_what_is_owed_for_years() {
    let mut book = book("B03");
    support::water::prices(&mut book);
    let open = |no: &str, changes: serde_json::Value| {
        let plain = json!({ "address": "建设路3号", "class": "resident", "utility": "water", "people": 3,
            "meter": { "no": no, "first": "12", "fitted": "2019-05-01" } });
        with(plain, changes)
    };
    let last = |day: &str| json!({ "last_reading": { "day": day, "value": "12" } });
    for (index, (changes, word)) in [
        (json!({ "opened": "2020-01-01" }), "开户日期"),
        (json!({ "opened": "2026-11-20" }), "开户日期"),
        (last("2019-06-01"), "上次抄表"),
        (last("2026-11-20"), "上次抄表"),
        (json!({ "people": 99 }), "D1"),
        (json!({ "people": 6 }), "D1"),
    ]
    .into_iter()
    .enumerate()
    {
        let ask = open(&format!("M{index}"), changes);
        let refusal = refused(&mut book, "demo", "account.open", &ask);
        assert_eq!((refusal.kind, refusal.first_rule()), (RefusalKind::Permission, "R-003"), "{ask}");
        assert!(refusal.message().contains(word), "{refusal}");
        book.act("room", "account.open", ask);
    }
    // An ordinary opening is a clerk's: of today, with what the fitted meter shows, a household within the steps.
    for (index, changes) in [json!({}), json!({ "opened": "2026-11-21" }), last("2026-11-21"), json!({ "people": 5 })]
        .into_iter()
        .enumerate()
    {
        book.act("demo", "account.open", open(&format!("N{index}"), changes));
    }
}
