//! The customer file: opened, amended, handed over, its sealed numbers shown. Given a branch, when an action, then what is on
//! file or the rule that refuses.

mod support;

use meterdesk::book::subject::Kind;
use meterdesk::derive::account::file::AccountOpened;
use meterdesk::derive::row::to_row;
use meterdesk::desk::refusal::{Refusal, RefusalKind};
use meterdesk::desk::{Call, customer_file, customer_view, view_home};
use meterdesk::rules::id::Id;
use meterdesk::store::tables::account::{AccountRow, FieldRow, OwnerRow};
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::{Value, json};
use support::orders::{Book, Sample, Town, book};

const ID: &str = "530124194610038814";
const OTHER_ID: &str = "530102198001010023";
const CARD: &str = "6222021234567890128";

fn home() -> Value {
    json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "id_number": ID,
        "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
        "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 8, 8],
    })
}

fn with(mut base: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

fn account(book: &Book, no: &str) -> AccountRow {
    book.desk.look().unwrap().account_of_text(no).unwrap().unwrap()
}

fn refused(book: &mut Book, user: &str, action: &str, input: &Value) -> Refusal {
    book.try_act(user, action, input).unwrap_err()
}

/// Every text stored anywhere in the book, for the question whether a number stands in clear.
fn everything(book: &Book) -> String {
    let entries = book.desk.look().unwrap().entries_after(Id(0), 1000).unwrap();
    entries.into_iter().map(|entry| entry.payload).collect()
}

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
    book.act("demo", "account.amend", amend("special", "special"));
    assert!(account(&book, "B03000001").class_confirmed);
    assert_eq!(refused(&mut book, "demo", "account.amend", &amend("special", "special")).first_rule(), "same");
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
    // Known customers are entered by who may bring in the customer file; a clerk's earlier date confirms nothing.
    for (user, no, opened, confirmed) in [
        ("demo", "71", "", false),
        ("demo", "72", "2014-05-01", false),
        ("check", "73", "2014-05-01", true),
        ("check", "74", "", false),
    ] {
        let answer = book.act(user, "account.open", open(no, opened));
        assert_eq!(answer["class_confirmed"], confirmed, "{user} {no}");
        assert_eq!(answer["class"], "resident");
        assert_eq!(
            answer["warnings"].as_array().unwrap().iter().any(|told| told.as_str().unwrap().contains("最高价")),
            !confirmed
        );
    }
    let prices = book.desk.prices().unwrap();
    let code = |book: &Book, no: &str| {
        meterdesk::desk::tariffs::leading_code(&prices, &account(book, no), book.desk.today()).unwrap()
    };
    let dearest = prices.dearest(meterdesk::rules::utility::Utility::Water, book.desk.today()).unwrap().code.clone();
    assert_ne!(dearest, "BJ-WATER-RES-2014");
    assert_eq!([code(&book, "71"), code(&book, "73")], [dearest.clone(), "BJ-WATER-RES-2014".into()]);
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
fn an_amendment_needs_the_value_seen_and_keeps_both_in_the_history() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    let amend = |field: &str, seen: Value, value: Value| json!({ "account": "B03000001", "field": field, "seen": seen, "value": value });
    let done = book.act("demo", "account.amend", amend("mobile", json!("13987654321"), json!("13900000000")));
    assert_eq!(done["changed"][0]["label"], "手机");
    let stale =
        refused(&mut book, "demo", "account.amend", &amend("mobile", json!("13987654321"), json!("13911111111")));
    assert_eq!((stale.first_rule(), stale.faults[0].field.as_deref()), ("stale", Some("mobile")));
    book.act("demo", "account.amend", amend("id_number", json!("8814"), json!(OTHER_ID)));
    book.act("demo", "account.amend", amend("room", json!("502"), json!("503")));
    book.act("demo", "account.amend", amend("extra.hose", Value::Null, json!("2026 更换")));
    book.act("demo", "account.amend", amend("meter.calibre", json!(20), json!(25)));
    book.act("demo", "account.amend", amend("people", json!(3), json!(6)));
    let row = account(&book, "B03000001");
    assert_eq!((row.mobile.as_deref(), row.route.as_str(), row.people), (Some("13900000000"), "0412332503", Some(6)));
    assert!(row.id_number.as_deref().unwrap().ends_with(":0023"));
    let tx = book.desk.look().unwrap();
    assert_eq!(tx.meter_on_wall(row.id).unwrap().unwrap().calibre, "25");
    let history = tx.scan::<FieldRow>(&[&row.id]).unwrap();
    let mobile = history.iter().find(|line| line.field == "mobile").unwrap();
    assert_eq!((mobile.before.as_deref(), mobile.outcome.as_str()), (Some("13987654321"), "set"));
    drop(tx);
    assert!(!everything(&book).contains(OTHER_ID));
}

#[test]
fn amendments_that_make_no_sense_are_refused() {
    let mut book = book("B03");
    book.act("demo", "account.open", with(home(), json!({ "arrears": [{ "cycle": "2026-09", "amount": "90.00" }] })));
    book.act("demo", "account.open", json!({ "address": "建设路3号", "class": "resident" }));
    for (no, field, seen, value, rule) in [
        ("B03000001", "no", "B03000001", "1", "input"),
        ("B03000001", "route", "0412332502", "1", "input"),
        ("B03000001", "colour", "", "red", "input"),
        ("B03000001", "mobile", "13987654321", "1", "input"),
        ("B03000001", "mobile", "13987654321", "13987654321", "same"),
        ("B03000001", "unit", "2", "3", "R-050"),
        ("B03000001", "unit", "2", "10", "A-04"),
        ("B03000001", "method", "现金", "银行代缴", "R-052"),
        ("B03000001", "method", "现金", "充值", "R-048"),
        ("B03000001", "class", "resident", "mixed", "R-073"),
        ("B03000001", "id_number", "8814", "530102198001010024", "GB 11643"),
        ("B03000001", "status", "正常", "销户", "R-080"),
        ("B03000002", "meter.maker", "", "宁北", "R-065"),
        ("B03000009", "mobile", "", "13900000000", "missing"),
    ] {
        let input = json!({ "account": no, "field": field, "seen": seen, "value": value });
        let refusal = refused(&mut book, "demo", "account.amend", &input);
        assert!(refusal.faults.iter().any(|fault| fault.rule == rule), "{input}: {refusal:?}");
    }
}

#[test]
fn payment_method_and_bank_are_changed_together() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    book.act(
        "demo",
        "account.amend",
        json!({ "account": "B03000001", "field": "method", "seen": "现金", "value": "银行代扣", "also": [
            { "field": "bank_card", "value": CARD }, { "field": "bank_name", "value": "招商银行" },
            { "field": "bank_holder", "value": "王芳" },
        ] }),
    );
    let row = account(&book, "B03000001");
    assert_eq!((row.method.as_str(), row.bank_name.as_deref()), ("银行代缴", Some("招商银行")));
    assert!(!everything(&book).contains(CARD));
}

#[test]
fn a_transfer_needs_the_debts_settled_and_ends_what_was_the_old_customers() {
    let mut book = book("B03");
    let bank = json!({ "method": "银行代缴", "bank_card": CARD, "bank_name": "建设银行", "bank_holder": "王芳",
        "discount": "特困" });
    book.act("demo", "account.open", with(home(), bank));
    let owing = json!({ "account": "77", "address": "x", "class": "resident", "arrears": [{ "cycle": "2026-09", "amount": "90.00" }] });
    book.act("demo", "account.open", owing);
    book.act(
        "demo",
        "account.amend",
        json!({ "account": "B03000001", "field": "class", "seen": "resident", "value": "resident" }),
    );
    let refusal = refused(&mut book, "demo", "account.transfer", &json!({ "account": "77", "name": "李强" }));
    assert_eq!(refusal.first_rule(), "R-122");
    assert!(refusal.message().contains("90.00"));
    for (input, rule) in [
        (json!({ "account": "B03000001", "name": "" }), "R-126"),
        (json!({ "account": "B03000001", "name": "李 强" }), "R-049"),
        (json!({ "account": "B03000001", "name": "李强", "id_number": "1" }), "GB 11643"),
        (json!({ "account": "B03000001", "name": "李强", "agent": { "name": "赵", "id_number": "1" } }), "R-124"),
        (json!({ "account": "B03000001", "name": "李强", "seen": "别人" }), "stale"),
    ] {
        let refusal = refused(&mut book, "demo", "account.transfer", &input);
        assert!(refusal.faults.iter().any(|fault| fault.rule == rule), "{input}: {refusal:?}");
    }
    let done = book.act(
        "demo",
        "account.transfer",
        json!({ "account": "B03000001", "name": "李强", "id_number": OTHER_ID, "mobile": "13711112222" }),
    );
    assert_eq!((done["fee"].as_str(), done["from"].as_str()), (Some("5.00"), Some("王芳")));
    let row = account(&book, "B03000001");
    assert_eq!((row.name.as_str(), row.method.as_str(), row.discount.as_deref()), ("李强", "现金", None));
    assert!(row.bank_card.is_none() && row.address.contains("33幢"));
    let owners = book.desk.look().unwrap().scan::<OwnerRow>(&[&row.id]).unwrap();
    assert_eq!(owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["王芳", "李强"]);
    let kin = book.act("demo", "account.transfer", json!({ "account": "B03000001", "name": "李小强", "kin": true }));
    assert_eq!(kin["fee"], "0.00");
}

#[test]
fn a_full_number_is_shown_with_right_and_reason_only_and_the_look_is_logged() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    let ask = |reason: &str| json!({ "account": "B03000001", "field": "id_number", "reason": reason });
    assert_eq!(refused(&mut book, "demo", "customer.reveal", &ask("核对身份")).kind, RefusalKind::Permission);
    assert_eq!(refused(&mut book, "chief", "customer.reveal", &ask(" ")).first_rule(), "R-037");
    let card = json!({ "account": "B03000001", "field": "bank_card", "reason": "核对" });
    assert_eq!(refused(&mut book, "chief", "customer.reveal", &card).first_rule(), "R-037");
    book.desk.sign_in_practice("chief").unwrap();
    let call = || Call { key: Some("look"), at: None };
    let first = book.desk.perform("customer.reveal", &ask("核对身份").to_string(), call()).unwrap();
    assert!(first.result.contains(ID));
    let again = book.desk.perform("customer.reveal", &ask("核对身份").to_string(), call()).unwrap();
    assert_eq!((again.repeated, again.result), (true, first.result));
    let entry = book.desk.look().unwrap().entry(first.entry.unwrap()).unwrap().unwrap();
    assert!(entry.payload.contains("核对身份") && !entry.payload.contains(ID));
    let kept = book.desk.look().unwrap().get::<meterdesk::store::local::AnswerRow>(&[&"look"]).unwrap().unwrap();
    assert!(!kept.result.contains(ID));
}

#[test]
fn the_file_is_shown_with_alerts_history_and_timeline_and_numbers_masked() {
    let mut book = book("B03");
    book.act("demo", "account.open", with(home(), json!({ "arrears": [{ "cycle": "2026-09", "amount": "90.00" }] })));
    let input = json!({ "account": "B03000001", "field": "mobile", "seen": "13987654321", "value": "13900000000" });
    book.act("demo", "account.amend", input);
    let view = customer_view::account(&book.desk, "B03000001").unwrap();
    assert_eq!((view.headline.as_str(), view.state.as_str()), ("居民(待确认)·水·3口·现金", "通水"));
    assert!(
        view.alerts[0].stop && view.alerts[0].text.starts_with("欠费 90.00 (1 笔, 最早逾期 52 天)"),
        "{:?}",
        view.alerts
    );
    let lines: Vec<&str> = view.timeline.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["改档 手机 13987654321 → 13900000000", "建档 王芳 表 M0031877 期初欠费 90.00"]);
    let change = &view.changes[0];
    assert_eq!(
        (change.who.as_str(), change.outcome.as_str(), change.before.as_deref()),
        ("王芳", "生效", Some("13987654321"))
    );
    assert_eq!(view.usage.bars.len(), 3);
    let text = serde_json::to_string(&view).unwrap();
    assert!(text.contains("**************8814") && !text.contains(ID));
    assert!(customer_view::account(&book.desk, "404").is_err());
}

#[test]
fn a_text_finds_the_account_by_its_words_and_by_the_full_id() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    book.desk.db().refresh_search(|_| true).unwrap();
    let owes = book.desk.look().unwrap().owing().unwrap();
    for text in ["wf", "人民路12 502", "B03000001", "13987654321", ID, "M0031877"] {
        let hits = view_home::find(&book.desk, text, 5, &owes).unwrap().rows;
        assert_eq!(hits.iter().map(|hit| hit.no.as_str()).collect::<Vec<_>>(), ["B03000001"], "{text}");
    }
}

fn amend(field: &str, seen: &str, value: &str) -> Sample {
    (
        if field == "class" { "chief" } else { "demo" },
        "account.amend",
        json!({ "account": "B01000001", "field": field, "seen": seen, "value": value }),
    )
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
        ("demo", "account.transfer", json!({ "account": "B01000001", "name": "李强", "id_number": OTHER_ID })),
        ("demo", "account.transfer", json!({ "account": "B01000001", "name": "赵敏" })),
        (
            "demo",
            "account.open",
            json!({ "utility": "water", "address": "建设路3号", "class": "resident", "id_number": OTHER_ID }),
        ),
        ("chief", "customer.reveal", json!({ "account": "B01000001", "field": "id_number", "reason": "核对" })),
    ]
}

fn town() -> Town {
    Town::new(|book| {
        book.act("demo", "account.open", home());
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
    first.act("demo", "account.transfer", json!({ "account": "B01000001", "name": "李强" }));
    let mut second = town.site("S2", 2);
    second.act("demo", "account.transfer", json!({ "account": "B01000001", "name": "赵敏" }));
    let mut third = town.site("S3", 3);
    let (_, action, input) = amend("mobile", "13987654321", "13900000000");
    third.act("demo", action, input);
    for other in [&first, &second] {
        third.receive_from(other);
    }
    let row = account(&third, "B01000001");
    assert_eq!((row.name.as_str(), row.mobile), ("李强", None));
    let what: Vec<String> = exceptions(&third).into_iter().map(|(what, _)| what).collect();
    assert_eq!(what, ["amended_old_owner", "transferred_twice"]);
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
            match book.try_act(user, "account.amend", &input) {
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
