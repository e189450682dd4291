//! The customer file afterwards: amended, handed over, its sealed numbers shown, looked at.

mod support;

use meterdesk::desk::refusal::RefusalKind;
use meterdesk::desk::{Call, customer_view, view_home};
use meterdesk::store::tables::account::{FieldRow, OwnerRow};
use serde_json::{Value, json};
use support::household::{CARD, ID, OTHER_ID, account, everything, home, refused, with};
use support::orders::book;
use support::transfer::{take_in, transfer};

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
    let row = account(&book, "B03000001");
    assert_eq!((row.mobile.as_deref(), row.route.as_str()), (Some("13900000000"), "0412332503"));
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
        ("B03000001", "class", "resident", "mixed", "R-250"),
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
    let bank = json!({ "method": "银行代缴", "bank_card": CARD, "bank_name": "建设银行", "bank_holder": "王芳" });
    let poor = with(with(home(), bank.clone()), json!({ "discount": "特困" }));
    assert_eq!(refused(&mut book, "demo", "account.open", &poor).first_rule(), "R-252");
    book.act("demo", "account.open", with(home(), bank));
    let discount = json!({ "account": "B03000001", "field": "discount", "value": "特困" });
    book.act("demo", support::orders::AMENDED_BEFORE, discount);
    let owing = json!({ "account": "77", "address": "x", "class": "resident", "arrears": [{ "cycle": "2026-09", "amount": "90.00" }] });
    book.act("demo", "account.open", owing);
    let confirmed = json!({ "account": "B03000001", "field": "class_confirmed", "value": "true" });
    book.act("demo", support::orders::AMENDED_BEFORE, confirmed);
    let refusal = refused(&mut book, "demo", "account.transfer", &json!({ "account": "77", "name": "李强" }));
    assert_eq!(refusal.first_rule(), "R-122");
    assert!(refusal.message().contains("90.00"));
    let bare = json!({ "account": "B03000001", "name": "李强", "id_number": OTHER_ID });
    assert_eq!(refused(&mut book, "demo", "account.transfer", &bare).first_rule(), "R-126", "no case, no deed");
    let case = take_in(&mut book, "B03000001", "李强", false);
    for (input, rule) in [
        (json!({ "account": "B03000001", "name": "李强" }), "R-126"),
        (json!({ "account": "B03000001", "name": "李 强", "reason": "误写" }), "R-049"),
        (json!({ "account": "B03000001", "name": "李小强", "id_number": OTHER_ID }), "R-126"),
        (json!({ "account": "B03000001", "name": "李强", "id_number": OTHER_ID, "kin": true }), "R-123"),
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
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    book.act("demo", "fee.take", json!({ "charge": case }));
    assert_eq!(transfer(&mut book, "B03000001", "李小强", true)["fee"], "0.00");
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
    let again = book.desk.perform("customer.reveal", &ask("核对身份").to_string(), call()).unwrap_err();
    assert_eq!(again.first_rule(), "key", "a secret is not given a second time without an entry");
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
    assert_eq!((view.headline.as_str(), view.state.as_str()), ("居民(待确认)·水·3口·现金", "报装"));
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
