//! Special handling: given bills, when it is asked for, checked and approved by three people, then the old bill is cancelled and a
//! new one stands in its place — or a refusal with its rule. The day is 2026-11-21.

mod support;

use meterdesk::desk::refusal::RefusalKind;
use serde_json::{Value, json};
use support::adjust::{act_at, adjusted, ask_volume, balance, bills, branch, checked};
use support::orders::{Book, book};
use support::till::sound;

fn given() -> Book {
    let mut book = book("B03");
    branch(&mut book);
    book
}

/// Rule and field of a refusal.
fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> (String, String) {
    let refusal = book.try_act(user, action, &input).map(|done| panic!("{action} {input}: {done:?}")).unwrap_err();
    (refusal.faults[0].rule.clone(), refusal.faults[0].field.clone().unwrap_or_default())
}

fn decide(request: &Value, approve: bool) -> Value {
    json!({ "request": request, "approve": approve, "remark": "情况不符" })
}

#[test]
fn the_preview_shows_both_bills_step_by_step_and_writes_nothing() {
    let mut book = given();
    let before = book.desk.look().unwrap().entry_count().unwrap();
    let shown = {
        let ask = ask_volume(&book, "31000001", "22");
        book.act("demo", "adjustment.preview", ask)
    };
    let picture = &shown["picture"];
    let bill = &picture["bills"][0];
    assert_eq!((&bill["old"]["amount"], &bill["new"]["amount"]), (&json!("1194.00"), &json!("110.00")));
    assert_eq!((&bill["old"]["days"], &bill["old"]["late_fee"]), (&json!(10), &json!("11.94")));
    assert_eq!((&bill["new"]["late_fee"], &bill["new"]["owed"]), (&json!("1.10"), &json!("111.10")));
    assert_eq!((&picture["before"]["owed"], &picture["after"]["owed"]), (&json!("1194.00"), &json!("110.00")));
    assert_eq!(picture["amount"], "1084.00");
    let first = &bill["lines"][0];
    assert_eq!(
        (&first["label"], &first["old"]["quantity"], &first["new"]["quantity"]),
        (&json!("水费 一级"), &json!("180"), &json!("22"))
    );
    let lines = bill["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["label"] == "水费 二级" && line["new"].is_null()));
    assert_eq!(shown["approve"], json!(["客户服务中心副经理"]), "above 500.00");
    assert_eq!(book.desk.look().unwrap().entry_count().unwrap(), before);
}

#[test]
fn three_people_adjust_a_bill() {
    let mut book = given();
    let old = bills(&book, "31000001")[0].0;
    let seen = {
        let ask = ask_volume(&book, "31000001", "22");
        book.act("demo", "adjustment.preview", ask)
    }["hash"]
        .clone();
    let mut ask = ask_volume(&book, "31000001", "22");
    ask["seen"] = seen;
    let done = adjusted(&mut book, ask);
    assert_eq!((&done["state"], &done["bills"][0]["old"]), (&json!("approved"), &json!(old)));
    let now = bills(&book, "31000001");
    assert_eq!((now.len(), now[0].1, now[0].2), (1, 11_000, 11_000));
    assert_eq!(json!(now[0].0), done["bills"][0]["new"]);
    sound(&book);
    // The new bill keeps the old due date, so its late fee runs on from there.
    book.act("demo", "shift.open", json!({ "float": "100.00" }));
    let paid = book.act("demo", "payment.take", json!({ "account": "31000001", "tendered": "200.00" }));
    assert_eq!((&paid["late_fee"], &paid["total"]), (&json!("1.10"), &json!("111.10")));
    sound(&book);
}

#[test]
fn nobody_checks_or_approves_their_own() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "200");
    let request = book.act("check", "adjustment.request", ask)["request"].clone();
    assert_eq!(refused(&mut book, "check", "adjustment.check", decide(&request, true)).0, "R-007");
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "R-007", "not checked yet");
    book.act("chief", "adjustment.check", decide(&request, true));
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "R-007", "checked it");
    let deputy = json!({ "user": "check", "role": "centre_deputy" });
    book.act("boss", "user.right", deputy);
    assert_eq!(refused(&mut book, "check", "adjustment.decide", decide(&request, true)).0, "R-007", "made it");
    book.act("boss", "adjustment.decide", decide(&request, true));
}

#[test]
fn the_table_says_who_may_check_and_approve_what() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = checked(&mut book, ask);
    let over = book.try_act("boss", "adjustment.decide", &decide(&request, true)).unwrap_err();
    assert_eq!((over.kind, over.faults[0].rule.as_str()), (RefusalKind::Permission, "R-260"));
    let clerk = book.try_act("demo", "adjustment.check", &decide(&request, true)).unwrap_err();
    assert_eq!(clerk.kind, RefusalKind::Permission);
    let ask = ask_volume(&book, "31000003", "30");
    let small = checked(&mut book, ask);
    book.act("boss", "adjustment.decide", decide(&small, true));
}

#[test]
fn a_right_that_ended_yesterday_approves_nothing() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = checked(&mut book, ask);
    book.act("boss", "user.right", json!({ "user": "chief", "role": "centre_deputy", "last_day": "2026-11-20" }));
    let ended = book.try_act("chief", "adjustment.decide", &decide(&request, true)).unwrap_err();
    assert_eq!(ended.kind, RefusalKind::Permission);
    assert_eq!(bills(&book, "31000001")[0].1, 119_400);
}

#[test]
fn a_picture_that_moved_is_refused_and_asked_for_again() {
    let mut book = given();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    let mut ask = ask_volume(&book, "31000001", "22");
    ask["seen"] = book.act("demo", "adjustment.preview", ask.clone())["hash"].clone();
    let stale_later = ask.clone();
    let request = checked(&mut book, ask);
    book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "500.00" }));
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "stale");
    assert_eq!(refused(&mut book, "demo", "adjustment.request", stale_later).0, "stale");
    let again = ask_volume(&book, "31000001", "22");
    let new = book.act("demo", "adjustment.request", again);
    assert_eq!(new["supersedes"], json!([request]));
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "R-259");
    book.act("check", "adjustment.check", decide(&new["request"], true));
    book.act("chief", "adjustment.decide", decide(&new["request"], true));
    // 11.94 of the 500.00 was late fee; 488.06 on the old bill pays 110.00, the rest is credit.
    assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001")), (0, (38_890, 0)));
    sound(&book);
}

#[test]
fn a_bill_adjusted_once_is_not_adjusted_again() {
    let mut book = given();
    let old = ask_volume(&book, "31000001", "22");
    adjusted(&mut book, old.clone());
    assert_eq!(refused(&mut book, "demo", "adjustment.request", old), ("adjusted".into(), "bills".into()));
    let ask = ask_volume(&book, "31000003", "25");
    book.act("demo", "adjustment.request", ask.clone());
    assert_eq!(refused(&mut book, "check", "adjustment.request", ask).0, "R-264", "another request is on its way");
}

#[test]
fn one_request_carries_one_kind_and_every_mistake_is_told_at_once() {
    let mut book = given();
    let bill = bills(&book, "31000001")[0].0;
    for (input, wanted) in [
        (json!({ "kind": "P5", "account": "31000001" }), vec!["R-252", "R-259"]),
        (json!({ "kind": "V9", "account": "nobody" }), vec!["R-264", "missing", "R-259"]),
        (
            json!({ "kind": "V1", "account": "31000001", "bills": [bill], "change": { "volume": "1", "class": "special" } }),
            vec!["R-264", "R-259"],
        ),
        (json!({ "kind": "V1", "account": "31000001", "evidence": "x", "change": { "volumes": [] } }), vec!["R-254"]),
        (
            json!({ "kind": "V1", "account": "31000001", "bills": [bill, bill], "evidence": "x", "change": { "volumes": ["1", "2"] } }),
            vec!["R-264"],
        ),
        (
            json!({ "kind": "V1", "account": "31000003", "bills": [bill], "evidence": "x", "change": { "volume": "1" } }),
            vec!["missing"],
        ),
        (
            json!({ "kind": "V1", "account": "31000001", "bills": [bill], "evidence": "x", "change": { "volume": "222" } }),
            vec!["R-254"],
        ),
        (
            json!({ "kind": "P4", "account": "31000001", "evidence": "x", "change": { "class": "special" } }),
            vec!["R-251"],
        ),
        (
            json!({ "kind": "P3", "account": "31000001", "evidence": "x", "change": { "class": "special" } }),
            vec!["R-250"],
        ),
        (
            json!({ "kind": "L4", "account": "31000001", "bills": [bill], "evidence": "x", "change": { "waive": "12.00" } }),
            vec!["R-258"],
        ),
    ] {
        let refusal = book.try_act("demo", "adjustment.request", &input).unwrap_err();
        let rules: Vec<&str> = refusal.faults.iter().map(|fault| fault.rule.as_str()).collect();
        assert_eq!(rules, wanted, "{input}");
    }
}

#[test]
fn a_new_household_pays_its_own_class_once_confirmed() {
    let mut book = given();
    let (bill, dearest, _) = bills(&book, "31000002")[0];
    assert!(dearest > 119_400, "the dearest price stands in (A-07)");
    let ask = json!({ "kind": "P3", "account": "31000002", "bills": [bill], "change": { "class": "居民" }, "evidence": "抄表卡 12" });
    let shown = book.act("demo", "adjustment.preview", ask.clone());
    assert_eq!(shown["picture"]["price"]["old"], "最高价 (未确认)");
    adjusted(&mut book, ask);
    assert_eq!(bills(&book, "31000002")[0].1, 119_400);
    let tx = book.desk.look().unwrap();
    let row = tx.account_of_text("31000002").unwrap().unwrap();
    assert_eq!((row.class.as_str(), row.class_confirmed), ("resident", true));
    drop(tx);
    sound(&book);
}

#[test]
fn mixed_use_is_priced_by_ratio() {
    let mut book = given();
    let bill = bills(&book, "31000003")[1].0;
    let ask = json!({ "kind": "P1", "account": "31000003", "bills": [bill], "evidence": "申请书 3",
        "change": { "mix": "居民50%;非居民50%", "from": "2026-09-01" } });
    let shown = book.act("demo", "adjustment.preview", ask.clone());
    assert_eq!(shown["picture"]["price"]["new"], "居民50%、非居民50%");
    adjusted(&mut book, ask);
    let now = bills(&book, "31000003");
    assert_eq!(json!(meterdesk::rules::money::Fen(now[1].1)), shown["picture"]["bills"][0]["new"]["amount"]);
    let row = book.desk.look().unwrap().account_of_text("31000003").unwrap().unwrap();
    assert_eq!((row.class.as_str(), row.mix.as_deref()), ("mixed", Some("resident:0.5;non_resident:0.5")));
    sound(&book);
}

#[test]
fn a_price_does_not_reach_a_bill_that_ended_before_its_first_day_and_says_so_of_one_across_it() {
    let mut book = given();
    let [old, new] = [0, 1].map(|at| bills(&book, "31000003")[at].0);
    let ask = |bill, from: Option<&str>| {
        json!({ "kind": "P1", "account": "31000003", "bills": [bill], "evidence": "申请书 3",
            "change": { "mix": "居民50%;非居民50%", "from": from } })
    };
    for action in ["adjustment.preview", "adjustment.request"] {
        let late = ask(old, Some("2026-09-01"));
        assert_eq!(refused(&mut book, "demo", action, late), ("R-248".into(), "bills".into()), "it ended on 08-31");
    }
    let words = |book: &mut Book, ask: Value| {
        let picture = book.act("demo", "adjustment.preview", ask)["picture"].clone();
        (picture["price"]["from"].as_str().unwrap().to_owned(), picture["warnings"].to_string())
    };
    let (from, told) = words(&mut book, ask(new, Some("2026-10-01")));
    assert!(from == "2026-10-01" && told.contains("2026-10-01 以前的天数仍按原价"), "{told}");
    // Not said, it is the first day of the oldest bill named; without bills today, and what is not billed yet is told.
    let (from, told) = words(&mut book, ask(new, None));
    assert!(from == "2026-09-01" && !told.contains("跨过生效日"), "{from} {told}");
    let none = json!({ "kind": "P1", "account": "31000003", "bills": [], "change": { "mix": "居民50%;非居民50%" } });
    let (from, told) = words(&mut book, none);
    assert!(from == "2026-11-21" && told.contains("2026-10-27 以后还没有出账"), "{from} {told}");
    sound(&book);
}

#[test]
fn a_fact_is_taken_by_the_name_it_is_offered_by() {
    let mut book = given();
    for name in ["预存自动抵扣", "prepaid_settles", "extra.prepaid_settles"] {
        let ask = json!({ "kind": "D1", "account": "31000003", "change": { "facts": { name: "否" } } });
        let shown = book.act("demo", "adjustment.preview", ask);
        assert_eq!(shown["picture"]["facts"][0]["label"], "预存自动抵扣", "{name} {shown}");
    }
}

#[test]
fn a_class_asked_for_as_a_fact_was_sent_to_the_file_that_refuses_it() {
    let mut book = given();
    for (name, value) in
        [("class", "resident"), ("价格类别", "居民"), ("mix", "居民70%;非居民30%"), ("混用比例", "居民100%")]
    {
        let ask = json!({ "kind": "D1", "account": "31000003", "change": { "facts": { name: value } } });
        let refusal = book.try_act("demo", "adjustment.preview", &ask).unwrap_err();
        let told = refusal.message();
        assert_eq!(refusal.first_rule(), "R-251", "{name}");
        assert!(told.contains("P4") && told.contains("P3") && !told.contains("直接改档案"), "{name}: {told}");
    }
}

#[test]
fn a_later_bill_that_stays_on_its_steps_is_not_touched() {
    let mut book = given();
    let bill = bills(&book, "31000003")[0].0;
    let ask =
        json!({ "kind": "V4", "account": "31000003", "bills": [bill], "change": { "volume": "10" }, "evidence": "x" });
    let shown = book.act("demo", "adjustment.preview", ask);
    assert_eq!(shown["picture"]["bills"].as_array().unwrap().len(), 1, "20 units stay on the first step: {shown}");
}

#[test]
fn a_late_fee_runs_on_and_is_waived_to_the_day_of_the_decision() {
    let mut book = given();
    let bill = bills(&book, "31000001")[0].0;
    let ask = json!({ "kind": "L3", "account": "31000001", "bills": [bill], "evidence": "观察表 5" });
    let request = book.act("demo", "adjustment.request", ask);
    assert_eq!(request["picture"]["bills"][0]["waived"], "11.94", "ten days");
    let request = request["request"].clone();
    act_at(&mut book, "2026-11-22", "check", "adjustment.check", decide(&request, true)).unwrap();
    act_at(&mut book, "2026-11-25", "chief", "adjustment.decide", decide(&request, true)).unwrap();
    act_at(&mut book, "2026-11-27", "demo", "shift.open", json!({ "float": "0.00" })).unwrap();
    let paid = act_at(&mut book, "2026-11-27", "demo", "payment.take", json!({ "account": "31000001" })).unwrap();
    assert_eq!(paid["late_fee"], "2.38", "only the two days after the decision: 19.10 less 16.72");
    sound(&book);
}

#[test]
fn a_late_fee_already_paid_comes_back_as_credit_once() {
    let mut book = given();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    book.act("demo", "payment.take", json!({ "account": "31000001", "method": "银行卡" }));
    let bill = bills(&book, "31000001")[0].0;
    let ask =
        json!({ "kind": "L4", "account": "31000001", "bills": [bill], "evidence": "x", "change": { "waive": "5.00" } });
    adjusted(&mut book, ask.clone());
    assert_eq!(balance(&book, "31000001"), (500, 0));
    let rest =
        json!({ "kind": "L4", "account": "31000001", "bills": [bill], "evidence": "x", "change": { "waive": "7.00" } });
    assert_eq!(refused(&mut book, "demo", "adjustment.request", rest).0, "R-258", "only 6.94 is left");
    let all = json!({ "kind": "L4", "account": "31000001", "bills": [bill], "evidence": "x" });
    adjusted(&mut book, all.clone());
    assert_eq!(balance(&book, "31000001"), (1_194, 0));
    assert_eq!(refused(&mut book, "demo", "adjustment.request", all).0, "R-258");
    sound(&book);
}

#[test]
fn a_payment_reversed_after_the_adjustment_takes_back_the_credit_it_had_become() {
    let mut book = given();
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    let paid = book.act("demo", "payment.take", json!({ "account": "31000001", "tendered": "1205.94" }));
    let ask = ask_volume(&book, "31000001", "22");
    adjusted(&mut book, ask);
    // 11.94 was paid for ten days on 1,194.00; 110.00 bears 1.10, so 10.84 comes back with the principal.
    assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001").0), (0, 109_484));
    sound(&book);
    let back = json!({ "payment": paid["receipt"], "reason": "收错户" });
    book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
    book.act("demo", "payment.reverse", back);
    assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001").0), (11_000, 0));
    sound(&book);
}

#[test]
fn late_fee_paid_on_what_a_bill_is_reduced_by_comes_back_once_and_the_picture_shows_it() {
    let mut book = given();
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    // Ten days late: 11.94 of late fee, then 588.06 of 1,194.00. 605.94 stay open.
    book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "600.00", "method": "银行卡" }));
    let ask = ask_volume(&book, "31000001", "122");
    let shown = book.act("demo", "adjustment.preview", ask.clone());
    let picture = &shown["picture"];
    let bill = &picture["bills"][0];
    let refunded = bill["refunded"].as_str().unwrap().to_owned();
    // 610.00 bears 6.10 to this day; 5.84 was charged too much.
    assert_eq!((refunded.as_str(), bill["new"]["late_fee"].as_str()), ("5.84", Some("0.00")), "{bill}");
    assert_eq!((bill["new"]["paid"].as_str(), bill["new"]["owed"].as_str()), (Some("588.06"), Some("21.94")));
    assert_eq!((&picture["after"]["credit"], &picture["covered"][0]["principal"]), (&json!("0.00"), &json!("5.84")));
    adjusted(&mut book, ask);
    assert_eq!((bills(&book, "31000001")[0].2, balance(&book, "31000001").0), (1_610, 0), "it pays what is open");
    sound(&book);
    // What came back cannot come back again, and the fee runs on from the right level.
    let bill = bills(&book, "31000001")[0].0;
    let all = json!({ "kind": "L4", "account": "31000001", "bills": [bill], "evidence": "x" });
    let shown = book.act("demo", "adjustment.preview", all);
    assert_eq!(shown["picture"]["bills"][0]["refunded"], "6.10", "what the smaller bill bore, no more");
    for (action, input) in [("shift.close", json!({ "counted": "0.00" })), ("shift.open", json!({ "float": "0.00" }))] {
        act_at(&mut book, "2026-12-01", "demo", action, input).unwrap();
    }
    let paid = act_at(&mut book, "2026-12-01", "demo", "payment.take", json!({ "account": "31000001" }));
    assert!(paid.is_ok(), "{paid:?}");
    sound(&book);
}

#[test]
fn what_the_checker_sends_back_or_the_approver_rejects_changes_nothing() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = book.act("demo", "adjustment.request", ask.clone())["request"].clone();
    let silent = json!({ "request": request, "approve": false });
    assert_eq!(refused(&mut book, "check", "adjustment.check", silent), ("R-259".into(), "remark".into()));
    book.act("check", "adjustment.check", decide(&request, false));
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "R-259");
    let request = checked(&mut book, ask);
    book.act("chief", "adjustment.decide", decide(&request, false));
    assert_eq!(refused(&mut book, "chief", "adjustment.decide", decide(&request, true)).0, "R-259");
    assert_eq!(bills(&book, "31000001")[0].1, 119_400);
}

#[test]
fn another_reason_for_a_volume_goes_the_same_way_and_the_summary_names_everybody() {
    let mut book = given();
    let bill = bills(&book, "31000003")[1].0;
    let ask = json!({ "kind": "V4", "account": "31000003", "bills": [bill], "change": { "volume": "5" }, "evidence": "核实单 7" });
    let before = bills(&book, "31000003")[1].1;
    adjusted(&mut book, ask);
    assert!(bills(&book, "31000003")[1].1 < before);
    let day = "2026-11-21".parse().unwrap();
    let report = meterdesk::outbound::reports::report("特殊处理汇总单").unwrap();
    let sheet = (report.fill)(&book.desk.look().unwrap(), meterdesk::rules::reach::Reach::ALL, day, day).unwrap();
    assert_eq!(sheet.rows.len(), 1);
    let cells = format!("{:?}", sheet.rows[0]);
    for words in ["V4 其他特殊原因", "31000003", "核实单 7"] {
        assert!(cells.contains(words), "{words}: {cells}");
    }
    let of = |key: &str| {
        let place = sheet.columns.iter().position(|column| column.key == key).unwrap();
        format!("{:?}", sheet.rows[0][place])
    };
    let people = ["maker", "checker", "approver"].map(of);
    assert!(people.iter().all(|name| !name.is_ascii()), "{people:?}");
    assert!(people[0] != people[1] && people[1] != people[2] && people[0] != people[2], "{people:?}");
    assert_ne!(of("before"), of("after"));
    sound(&book);
}

#[test]
fn a_confirmed_class_is_not_changed_around_special_handling() {
    let mut book = given();
    let amend = json!({ "account": "31000001", "field": "class", "seen": "resident", "value": "special" });
    for user in ["demo", "room", "boss", "chief"] {
        assert_eq!(
            refused(&mut book, user, "account.amend", amend.clone()),
            ("R-251".into(), "class".into()),
            "{user}"
        );
    }
}

#[test]
fn the_reading_follows_the_bill_and_the_next_one_is_measured_from_it() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let shown = book.act("demo", "adjustment.preview", ask.clone());
    let told = json!(["批准时示数一并改：2026-10-27 1,222 改为 1,022；下一张账单从示数 1,022 起算"]);
    assert_eq!(shown["picture"]["warnings"], told);
    assert_eq!(shown["picture"]["readings"], json!([{ "day": "2026-10-27", "old": "1222", "new": "1022" }]));
    adjusted(&mut book, ask);
    let wrong = json!({ "account": "31000001", "date": "2026-10-27", "value": "1030", "remark": "复表" });
    assert_eq!(refused(&mut book, "room", "reading.correct", wrong).0, "R-254");
    book.act("room", "reading.enter", json!({ "account": "31000001", "value": "1030" }));
    let next = book.act("room", "bill.issue", json!({ "account": "31000001" }));
    assert_eq!(next["volume"], "8");
    sound(&book);
}

#[test]
fn the_customer_file_tells_what_was_asked_checked_and_decided() {
    let mut book = given();
    let ask = ask_volume(&book, "31000001", "22");
    let request = checked(&mut book, ask);
    let view = meterdesk::desk::customer_view::account(&book.desk, "31000001").unwrap();
    assert!(view.alerts.iter().any(|alert| alert.text.contains("待批准")), "{:?}", view.alerts);
    book.act("chief", "adjustment.decide", decide(&request, true));
    let view = meterdesk::desk::customer_view::account(&book.desk, "31000001").unwrap();
    let told: Vec<&str> = view.timeline.iter().take(3).map(|line| line.text.as_str()).collect();
    assert!(told[0].contains("批准，新账单 110.00") && told[1].contains("复核通过"), "{told:?}");
    assert!(told[2].contains("V1 复表差异 2026-10 1,194.00 → 110.00 凭据 复表单 0817"), "{told:?}");
}
