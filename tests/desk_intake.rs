//! Intake through `do`'s own functions: given a small branch, when a business is taken in, then its answer or its refusal.

mod support;

use chrono::TimeZone;
use meterdesk::book::clock::zone;
use meterdesk::desk::Desk;
use serde_json::{Value, json};
use support::at::{At, UNSEAL_PAPERS, branch, fields_of, leak, rules_of};
use support::orders::moment;
use support::site::new_site;

#[test]
fn a_leak_in_town_is_promised_in_45_minutes_and_goes_to_its_end() {
    let mut book = branch();
    let input =
        json!({ "service": "报修", "account": "3100000002", "fields": { "kind": "漏水", "detail": "表前漏水" } });
    let taken = book.desk.at("demo", 0, "intake.take", input).unwrap();
    assert_eq!(taken["due"], "2026-11-21T10:45:00+08:00");
    assert_eq!(
        (&taken["urgency"], &taken["category"], &taken["state"]),
        (&json!("加急安排"), &json!("漏水"), &json!("待派"))
    );
    assert!(taken["line"].as_str().unwrap().contains("45分钟"), "{taken}");
    let order = taken["order"].clone();
    let done = book.desk.at("desk", 4, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    assert_eq!(done["name"], "李强");
    let slip = json!({ "order": order, "arrived": "10:40", "done": "11:00", "left": "11:05", "outcome": "合格", "remark": "" });
    assert_eq!(book.desk.at("desk", 70, "order.return", slip).unwrap()["state"], "待回访");
    let called = book.desk.at("desk", 90, "callback.record", json!({ "order": order, "outcome": "满意" })).unwrap();
    assert_eq!(called["state"], "完结");
    assert!(book.desk.verify(true, |_| {}).is_ok_and(|verdict| verdict.trial_balance.0 == 0));
}

#[test]
fn a_case_at_the_window_has_twenty_minutes_and_one_by_phone_no_window() {
    let mut book = branch();
    let case = |channel: &str, began: &str| {
        json!({ "service": "fault", "account": "3100000002", "channel": channel,
        "began": began, "separate": true, "fields": { "kind": "停水" } })
    };
    for (channel, began, over) in
        [("counter", "2026-11-21 09:40", 0), ("counter", "2026-11-21 09:38", 2), ("phone", "2026-11-21 09:00", 0)]
    {
        let taken = book.desk.at("demo", 0, "intake.take", case(channel, began)).unwrap();
        assert_eq!(taken["window_over"], over, "{channel} {began}");
    }
    let refusal = book.desk.at("demo", 0, "intake.take", case("counter", "2026-11-21 10:01")).unwrap_err();
    assert_eq!((rules_of(&refusal), fields_of(&refusal)), (vec!["R-095"], vec!["began"]));
    let tx = book.desk.look().unwrap();
    let day = moment().date_naive();
    let report = meterdesk::outbound::reports::report("orders").unwrap();
    let rows = (report.fill)(&tx, meterdesk::rules::reach::Reach::ALL, day, day).unwrap().rows;
    let over = rows.iter().filter(|row| row[11] == meterdesk::outbound::sheet::Cell::Count(2)).count();
    assert_eq!((rows.len(), over), (3, 1));
}

#[test]
fn a_leak_in_the_street_needs_an_address_and_a_caller_and_a_second_call_joins() {
    let mut book = branch();
    let fields = json!({ "kind": "漏水", "area": "农村" });
    let refusal = book.desk.at("desk", 0, "intake.take", json!({ "service": "fault", "fields": fields })).unwrap_err();
    assert_eq!(fields_of(&refusal), ["address", "caller"]);
    let call = |caller: &str, address: &str| json!({ "service": "fault", "address": address, "caller": caller, "fields": fields });
    let first = book.desk.at("desk", 0, "intake.take", call("路人", "人民路12号门前")).unwrap();
    assert_eq!(first["due"], "2026-11-21T11:30:00+08:00");
    let second = book.desk.at("desk", 5, "intake.take", call("张三", "人民路 １２号 门前")).unwrap();
    assert_eq!((&second["order"], &second["joined"]), (&first["order"], &json!(true)));
    let near = book.desk.at("desk", 6, "intake.take", call("李四", "人民路30号")).unwrap();
    assert_eq!((&near["joined"], &near["similar"]), (&json!(false), &json!([first["order"]])));
    let named =
        json!({ "service": "fault", "address": "人民路31号", "caller": "赵", "fields": fields, "join": near["order"] });
    assert_eq!(book.desk.at("desk", 7, "intake.take", named).unwrap()["order"], near["order"]);
    let mut apart = call("王五", "人民路12号门前");
    apart["separate"] = true.into();
    assert_eq!(book.desk.at("desk", 8, "intake.take", apart).unwrap()["joined"], false);
}

#[test]
fn unsealing_needs_its_papers_is_promised_in_three_working_days_and_opens_the_meter() {
    let mut book = branch();
    let input = |papers: &[&str]| json!({ "service": "unseal", "account": "3100000004", "papers": papers });
    let refusal = book.desk.at("demo", 0, "intake.take", input(&["owner_id"])).unwrap_err();
    assert_eq!(rules_of(&refusal), ["R-087"]);
    assert!(refusal.message().contains("启封申请表"), "{}", refusal.message());
    let taken = book.desk.at("demo", 0, "intake.take", input(&UNSEAL_PAPERS)).unwrap();
    assert_eq!((&taken["due"], &taken["fee"]), (&json!("2026-11-25"), &json!("0.00")));
    let order = taken["order"].clone();
    book.desk.at("desk", 5, "order.dispatch", json!({ "orders": [order], "worker": "张明" })).unwrap();
    let slip =
        json!({ "order": order, "arrived": "10:30", "done": "10:50", "left": "11:00", "fields": { "结算方数": "12" } });
    let returned = book.desk.at("desk", 90, "order.return", slip).unwrap();
    assert_eq!((&returned["state"], &returned["meter_state"]), (&json!("完结"), &json!("supplied")));
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text("3100000004").unwrap().unwrap();
    assert_eq!(tx.meter_on_wall(account.id).unwrap().unwrap().state, "supplied");
}

#[test]
fn arrears_stop_sealing_with_the_sentence_of_the_paper() {
    let mut book = branch();
    let input = json!({ "service": "封表", "account": "3100000006" });
    let refusal = book.desk.at("demo", 0, "intake.take", input).unwrap_err();
    let gate = refusal.faults.iter().find(|fault| fault.rule == "R-136").expect("R-136");
    assert_eq!(gate.message, "你还有欠费未缴，须先缴清欠费方可给予受理封表业务");
}

#[test]
fn a_changed_owner_is_transferred_first_and_a_transfer_costs_five_yuan_but_kin_go_free() {
    let mut book = branch();
    let changed = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS, "situations": ["owner_changed"] });
    assert_eq!(rules_of(&book.desk.at("demo", 0, "intake.take", changed.clone()).unwrap_err()), ["R-138"]);
    let preview = book.desk.at("demo", 0, "intake.preview", changed).unwrap();
    assert_eq!((&preview["first"], &preview["accepted"]), (&json!("transfer"), &json!(false)));
    let transfer = |situations: Value, papers: Value| {
        json!({ "service": "transfer", "account": "3100000002", "papers": papers, "situations": situations,
                "fields": { "new_name": "李小龙" } })
    };
    let taken =
        book.desk.at("demo", 0, "intake.take", transfer(json!([]), json!(["title_proof", "owner_id"]))).unwrap();
    assert_eq!(
        (&taken["fee"], &taken["state"], &taken["next"]),
        (&json!("5.00"), &json!("待过户"), &json!("account.transfer"))
    );
    let again = transfer(json!([]), json!(["title_proof", "owner_id"]));
    let refusal = book.desk.at("demo", 0, "intake.take", again).unwrap_err();
    assert_eq!(rules_of(&refusal)[0], "R-126", "a transfer taken in is gone on with, not taken in again");
    book.desk.at("chief", 0, "order.void", json!({ "order": taken["order"], "reason": "改为直系亲属" })).unwrap();
    let kin = transfer(json!(["直系亲属过户"]), json!(["title_proof", "owner_id", "kin_proof"]));
    assert_eq!(book.desk.at("demo", 0, "intake.take", kin).unwrap()["fee"], "0.00");
}

#[test]
fn an_id_number_in_a_free_field_is_refused_and_written_nowhere() {
    let mut book = branch();
    let id = "430321199102204506";
    let input = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水", "detail": format!("户主{id}") } });
    let refusal = book.desk.at("demo", 0, "intake.take", input.clone()).unwrap_err();
    assert_eq!(rules_of(&refusal), ["I-13"]);
    let mut parked = input;
    parked["queue"] = "A7".into();
    assert!(book.desk.at("demo", 0, "intake.park", parked).is_err());
    let order = leak(&mut book);
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    let slip = json!({ "order": order, "outcome": "未完成", "remark": format!("证件 {id}") });
    assert_eq!(rules_of(&book.desk.at("desk", 9, "order.return", slip).unwrap_err()), ["I-13"]);
}

#[test]
fn a_parked_case_is_sealed_comes_back_under_its_number_and_is_taken_once() {
    let mut book = branch();
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": ["owner_id"], "queue": "A012" });
    let parked = book.desk.at("demo", 0, "intake.park", input).unwrap();
    assert_eq!(parked["missing"], json!(["启封申请表（填写）"]));
    assert!(parked["slip"].as_str().unwrap().contains("A012"), "{parked}");
    let other = json!({ "service": "seal", "account": "3100000002", "queue": "A012" });
    assert_eq!(rules_of(&book.desk.at("check", 1, "intake.park", other).unwrap_err()), ["R-095"]);
    let entry: meterdesk::rules::id::Id = parked["parked"].as_str().unwrap().parse().unwrap();
    let payload = book.desk.look().unwrap().entry(entry).unwrap().unwrap().payload;
    assert!(!payload.contains("3100000004"), "{payload}");
    for _ in 0..2 {
        let resumed = book.desk.at("check", 30, "intake.resume", json!({ "queue": "A012" })).unwrap();
        assert_eq!(resumed["draft"]["account"], "3100000004");
    }
    let mut draft = book.desk.at("check", 30, "intake.resume", json!({ "queue": "A012" })).unwrap()["draft"].clone();
    draft["papers"] = json!(UNSEAL_PAPERS);
    assert_eq!(book.desk.at("check", 31, "intake.take", draft).unwrap()["state"], "待派");
    assert_eq!(
        rules_of(&book.desk.at("demo", 32, "intake.resume", json!({ "queue": "A012" })).unwrap_err()),
        ["missing"]
    );
    let half = book.desk.at("demo", 33, "intake.park", json!({ "service": "unseal" })).unwrap();
    assert!(half["queue"].as_str().unwrap().starts_with("挂"));
}

#[test]
fn a_parked_case_survives_the_program_being_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let new = new_site("B03", false);
    let clock = || Box::new(meterdesk::book::clock::FixedClock::at(moment()));
    let (mut desk, _) = Desk::create(&path, Default::default(), clock(), &new).unwrap();
    let park = json!({ "service": "fault", "address": "人民路", "queue": "A1", "fields": { "kind": "漏水" } });
    desk.at("boss", 0, "intake.park", park).unwrap();
    std::mem::forget(desk); // nothing is closed or flushed, as after kill -9
    let mut desk = Desk::open(&path, Default::default(), clock()).unwrap();
    let resumed = desk.at("boss", 1, "intake.resume", json!({ "queue": "A1" })).unwrap();
    assert_eq!(resumed["draft"]["fields"]["kind"], "漏水");
}

#[test]
fn a_calendar_that_ends_before_the_promise_is_refused_until_a_date_is_agreed() {
    let mut book = branch();
    let mut input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let at = zone().with_ymd_and_hms(2026, 12, 30, 10, 0, 0).unwrap();
    let minutes = (at - moment()).num_minutes();
    let refusal = book.desk.at("demo", minutes, "intake.take", input.clone()).unwrap_err();
    assert!(refusal.message().contains("2027"), "{}", refusal.message());
    input["agreed"] = "2027-01-05".into();
    assert_eq!(book.desk.at("demo", minutes, "intake.take", input).unwrap()["due"], "2027-01-05");
}
