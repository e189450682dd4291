//! Dispatch through `do`'s own functions: given a small branch, when an order is sent out, returned, put off or called back, then its
//! answer or its refusal.

mod support;

use chrono::Duration;
use meterdesk::desk::Desk;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::rules::order::ReturnReason;
use serde_json::{Value, json};
use support::at::{At, UNSEAL_PAPERS, branch, fields_of, leak, rules_of};
use support::orders::moment;
use support::site::new_site;

#[test]
fn the_second_terminal_to_dispatch_an_order_is_told_who_has_it() {
    let mut book = branch();
    let (one, two) = (leak(&mut book), "3100000004");
    book.desk.at("desk", 0, "order.dispatch", json!({ "orders": [one], "worker": "lq" })).unwrap();
    let other = json!({ "service": "unseal", "account": two, "papers": UNSEAL_PAPERS });
    let other = book.desk.at("demo", 0, "intake.take", other).unwrap()["order"].clone();
    let refusal = book.desk.at("chief", 0, "order.chase", json!({ "orders": [] })).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-285");
    let both = json!({ "orders": [one, other], "worker": "zm" });
    let refusal = book.desk.at("desk", 0, "order.dispatch", both).unwrap_err();
    assert_eq!(rules_of(&refusal), ["R-303"]);
    assert!(refusal.message().contains("派给李强"), "{}", refusal.message());
    let tx = book.desk.look().unwrap();
    let row = tx.order(other.as_str().unwrap().parse().unwrap()).unwrap().unwrap();
    assert_eq!(row.state, "待派", "all or none");
}

#[test]
fn slips_that_cannot_be_are_refused_with_every_mistake() {
    let mut book = branch();
    let order = leak(&mut book);
    let slip = |arrived: &str, done: &str, left: &str, outcome: &str, remark: &str| json!({ "order": order, "arrived": arrived, "done": done, "left": left, "outcome": outcome, "remark": remark });
    let early = book.desk.at("desk", 30, "order.return", slip("10:10", "10:20", "10:25", "合格", "")).unwrap_err();
    assert_eq!(rules_of(&early), ["R-287"], "{}", early.message());
    assert!(early.message().contains("还没有派工"));
    book.desk.at("desk", 5, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    for (slip, fields) in [
        (slip("10:30", "10:20", "10:40", "合格", ""), vec!["done"]),
        (slip("10:30", "10:40", "10:20", "合格", ""), vec!["left"]),
        (slip("09:30", "10:40", "10:45", "合格", ""), vec!["arrived"]),
        (slip("10:30", "10:40", "12:45", "合格", ""), vec!["left"]),
        (slip("", "", "", "未完成", ""), vec!["remark"]),
        (slip("", "", "", "合格", ""), vec!["arrived", "done", "left"]),
        (slip("25:99", "10:40", "10:45", "合格", ""), vec!["arrived"]),
        (slip("09:493", "10:40", "10:45", "合格", ""), vec!["arrived"]),
    ] {
        let refusal = book.desk.at("desk", 60, "order.return", slip.clone()).unwrap_err();
        assert_eq!(fields_of(&refusal), fields, "{slip} {}", refusal.message());
        let is_unread = ["25:99", "09:493"].iter().any(|time| slip["arrived"] == *time);
        assert_eq!(refusal.message().contains("不对，应如 09:30"), is_unread, "{}", refusal.message());
    }
    let unknown = json!({ "order": order, "outcome": "大概好了" });
    assert_eq!(fields_of(&book.desk.at("desk", 60, "order.return", unknown).unwrap_err()), ["outcome"]);
}

#[test]
fn an_outcome_its_kind_does_not_allow_is_refused() {
    let mut book = branch();
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let order = book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].clone();
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "zm" })).unwrap();
    let slip = json!({ "order": order, "outcome": "无法实施", "remark": "没人" });
    let refusal = book.desk.at("desk", 60, "order.return", slip).unwrap_err();
    assert_eq!(rules_of(&refusal), ["R-288"]);
    assert!(refusal.message().contains("合格、未完成、取消"), "{}", refusal.message());
}

#[test]
fn what_came_back_undone_waits_again_and_is_handed_to_another() {
    let mut book = branch();
    let order = leak(&mut book);
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    let slip = json!({ "order": order, "outcome": "未完成", "remark": "缺料" });
    assert_eq!(book.desk.at("desk", 30, "order.return", slip).unwrap()["state"], "已回执");
    let heaps = book.desk.look().unwrap().order_heaps(moment().timestamp()).unwrap();
    assert_eq!((heaps.waiting, heaps.underway), (1, 0));
    book.desk.at("desk", 31, "order.dispatch", json!({ "orders": [order], "worker": "zm" })).unwrap();
}

#[test]
fn a_promise_not_kept_asks_for_its_reason_once() {
    let mut book = branch();
    let order = leak(&mut book);
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    let mut slip = json!({ "order": order, "arrived": "11:00", "done": "11:10", "left": "11:20" });
    let refusal = book.desk.at("desk", 90, "order.return", slip.clone()).unwrap_err();
    assert_eq!((rules_of(&refusal), fields_of(&refusal)), (vec!["R-325"], vec!["overrun"]));
    slip["overrun"] = "大雨积水，车辆绕行".into();
    let returned = book.desk.at("desk", 90, "order.return", slip).unwrap();
    assert_eq!(returned["overdue"], json!(["到场"]));
}

#[test]
fn pausing_for_the_customer_holds_the_promise_and_resuming_goes_on() {
    let mut book = branch();
    let order = leak(&mut book);
    let paused = book.desk.at("desk", 10, "order.pause", json!({ "order": order, "reason": "用户原因" })).unwrap();
    assert_eq!(paused["holds_promise"], true);
    let refusal = book.desk.at("desk", 12, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap_err();
    assert_eq!(refusal.first_rule(), "R-303");
    book.desk.at("desk", 40, "order.resume", json!({ "order": order })).unwrap();
    assert_eq!(book.desk.at("desk", 41, "order.resume", json!({ "order": order })).unwrap_err().first_rule(), "R-305");
    let row = book.desk.look().unwrap().order(order.parse().unwrap()).unwrap().unwrap();
    assert_eq!(row.promise, Some((moment() + Duration::minutes(75)).timestamp()));
    let own = book.desk.at("desk", 42, "order.pause", json!({ "order": order, "reason": "缺阀门" })).unwrap();
    assert_eq!((&own["reason"], &own["holds_promise"]), (&json!("等他方"), &json!(false)));
    assert_eq!(
        book.desk.at("desk", 43, "order.pause", json!({ "order": order, "reason": " " })).unwrap_err().first_rule(),
        "R-305"
    );
}

#[test]
fn deferring_beyond_the_promise_is_for_the_team_lead_and_voiding_for_the_right_director() {
    let mut book = branch();
    for (login, name, role) in [("lead", "班长", "team_lead"), ("hot", "接听长", "hotline_lead")] {
        let user = json!({ "login": login, "name": name, "roles": [role], "password": "demo" });
        book.act("boss", "user.add", user);
    }
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let order = book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].clone();
    let defer = |until: &str| json!({ "order": order, "until": until, "reason": "用户出差" });
    assert!(book.desk.at("demo", 1, "order.defer", defer("2026-11-24")).is_ok());
    let refusal = book.desk.at("demo", 2, "order.defer", defer("2026-12-05 09:00")).unwrap_err();
    assert_eq!((refusal.kind, refusal.first_rule()), (RefusalKind::Permission, "R-300"));
    assert!(book.desk.at("lead", 3, "order.defer", defer("2026-12-05 09:00")).is_ok());
    assert_eq!(book.desk.at("lead", 4, "order.defer", defer("2026-11-01")).unwrap_err().first_rule(), "R-300");
    let void = json!({ "order": order, "reason": "未验收" });
    let refusal = book.desk.at("hot", 5, "order.void", void.clone()).unwrap_err();
    assert_eq!((refusal.kind, refusal.first_rule()), (RefusalKind::Permission, "R-302"));
    assert_eq!(book.desk.at("chief", 6, "order.void", void.clone()).unwrap()["state"], "作废");
    assert_eq!(book.desk.at("chief", 7, "order.void", void).unwrap_err().first_rule(), "R-302");
}

#[test]
fn a_customer_not_reached_is_cancelled_only_after_the_promise_ran_out() {
    let mut book = branch();
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let order = book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].clone();
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "zm" })).unwrap();
    let slip = json!({ "order": order, "outcome": "取消", "reason": "联系不上" });
    assert_eq!(rules_of(&book.desk.at("desk", 60, "order.return", slip.clone()).unwrap_err()), ["R-301"]);
    let picked = json!({ "order": order, "outcome": "取消", "reason": "联系不上", "remark": "三次未接" });
    assert_eq!(rules_of(&book.desk.at("desk", 61, "order.return", picked.clone()).unwrap_err()), ["R-301"]);
    // Words are no reason that was picked: whatever they say, be it the sentence of the paper, the list is asked for, at any time.
    let paper = ReturnReason::ALL.into_iter().flat_map(|reason| [reason.remark(), reason.label()]);
    let own = ["电话一直联系不上", "用户手机关机", "没人接电话", "家中没人"];
    for words in paper.filter(|words| !words.is_empty()).chain(own) {
        let own_words = json!({ "order": order, "outcome": "取消", "remark": words });
        assert!(book.desk.at("desk", 7 * 24 * 60, "order.return", own_words.clone()).is_err(), "{words}");
        let refusal = book.desk.at("desk", 61, "order.return", own_words).unwrap_err();
        assert_eq!(refusal.faults[0].field.as_deref(), Some("reason"), "{words}");
        assert!(refusal.message().contains("联系不上"), "{}", refusal.message());
    }
    let undone = json!({ "order": order, "outcome": "未完成", "reason": "联系不上", "remark": "家中没人" });
    assert_eq!(rules_of(&book.desk.at("desk", 62, "order.return", undone).unwrap_err()), ["R-301"]);
    let week = 7 * 24 * 60;
    assert_eq!(book.desk.at("desk", week, "order.return", slip).unwrap()["state"], "取消");
}

#[test]
fn a_pause_of_five_minutes_or_over_a_weekend_does_not_put_the_promise_off() {
    let mut book = branch();
    // Three working days from Friday the 20th: Wednesday the 25th.
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let order = book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].clone();
    let promise = |book: &mut support::orders::Book| {
        let row = book.desk.look().unwrap().order(order.as_str().unwrap().parse().unwrap()).unwrap().unwrap();
        chrono::DateTime::from_timestamp(row.promise.unwrap(), 0).unwrap().with_timezone(moment().offset()).to_string()
    };
    let before = promise(&mut book);
    let day = 24 * 60;
    for (from, to, moved) in [(60, 65, false), (6 * 60, 6 * 60 + 900, false), (2 * day, 4 * day + 60, true)] {
        let pause = json!({ "order": order, "reason": "用户原因" });
        book.desk.at("desk", from, "order.pause", pause).unwrap();
        book.desk.at("desk", to, "order.resume", json!({ "order": order })).unwrap();
        assert_eq!(promise(&mut book) > before, moved, "{before} → {} after {from}..{to}", promise(&mut book));
    }
}

#[test]
fn a_pause_begun_after_the_promise_had_run_out_made_the_order_on_time_again() {
    let mut book = branch();
    let leak = leak(&mut book);
    let input = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let unseal = book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].as_str().unwrap().to_owned();
    let promise = |book: &support::orders::Book, order: &str| {
        book.desk.look().unwrap().order(order.parse().unwrap()).unwrap().unwrap().promise.unwrap()
    };
    let day = 24 * 60;
    // Promised within 45 minutes; promised within three working days: until Wednesday the 25th.
    for (order, worker, pause, resume) in [(&leak, "lq", 60, 100), (&unseal, "zm", 5 * day, 9 * day)] {
        book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": worker })).unwrap();
        let promised = promise(&book, order);
        book.desk.at("desk", pause, "order.pause", json!({ "order": order, "reason": "用户原因" })).unwrap();
        assert_eq!(promise(&book, order), promised);
        book.desk.at("desk", resume, "order.resume", json!({ "order": order })).unwrap();
        assert_eq!(promise(&book, order), promised, "what has passed is not moved");
        let on = (moment() + Duration::minutes(resume)).format("%Y-%m-%d");
        let clock = |minutes: i64| (moment() + Duration::minutes(resume + minutes)).format("%H:%M").to_string();
        let time = |minutes: i64| format!("{on}T{}", clock(minutes));
        let mut slip = json!({ "order": order, "arrived": time(2), "done": time(4), "left": time(5) });
        let refusal = book.desk.at("desk", resume + 10, "order.return", slip.clone()).unwrap_err();
        assert_eq!((rules_of(&refusal), fields_of(&refusal)), (vec!["R-325"], vec!["overrun"]));
        slip["overrun"] = "人手不足".into();
        let returned = book.desk.at("desk", resume + 10, "order.return", slip).unwrap();
        assert_eq!(returned["overdue"].as_array().unwrap().len(), 1, "{returned}");
    }
}

#[test]
fn trouble_found_on_callback_goes_back_to_repair_with_new_deadlines() {
    let mut book = branch();
    let order = leak(&mut book);
    book.desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
    let slip = json!({ "order": order, "arrived": "10:20", "done": "10:30", "left": "10:35" });
    book.desk.at("desk", 40, "order.return", slip).unwrap();
    let call = |outcome: &str, remark: &str| json!({ "order": order, "outcome": outcome, "remark": remark });
    assert_eq!(rules_of(&book.desk.at("desk", 50, "callback.record", call("不满意", "")).unwrap_err()), ["R-348"]);
    assert_eq!(book.desk.at("desk", 60, "callback.record", call("返修", "又漏了")).unwrap()["state"], "待派");
    let row = book.desk.look().unwrap().order(order.parse().unwrap()).unwrap().unwrap();
    assert_eq!(row.promise, Some((moment() + Duration::minutes(105)).timestamp()));
    book.desk.at("desk", 61, "order.dispatch", json!({ "orders": [order], "worker": "zm" })).unwrap();
    let slip = json!({ "order": order, "arrived": "11:20", "done": "11:30", "left": "11:35" });
    book.desk.at("desk", 100, "order.return", slip).unwrap();
    for calls in 1..=2 {
        let called = book.desk.at("desk", 100 + calls, "callback.record", call("无人接听", "")).unwrap();
        assert_eq!((&called["state"], &called["unreached"]), (&json!("待回访"), &json!(calls)));
    }
    assert_eq!(book.desk.at("desk", 110, "callback.record", call("无人接听", "")).unwrap()["state"], "完结");
}

#[test]
fn complaints_and_questions_are_answered_at_a_desk() {
    let mut book = branch();
    let input =
        json!({ "service": "complaint", "address": "人民路", "caller": "张三", "fields": { "course": "态度差" } });
    let taken = book.desk.at("demo", 0, "intake.take", input).unwrap();
    assert_eq!(taken["due"], "2026-11-26");
    let order = taken["order"].clone();
    let refusal = book.desk.at("desk", 1, "order.return", json!({ "order": order })).unwrap_err();
    assert!(rules_of(&refusal).contains(&"R-288"));
    let answer = |outcome: &str, remark: &str| json!({ "order": order, "outcome": outcome, "remark": remark });
    assert_eq!(rules_of(&book.desk.at("desk", 2, "complaint.answer", answer("已答复", "")).unwrap_err()), ["R-338"]);
    book.desk.at("desk", 3, "complaint.answer", answer("已答复", "正在核实")).unwrap();
    assert_eq!(book.desk.at("desk", 4, "complaint.answer", answer("已解决", "已道歉")).unwrap()["state"], "待回访");
    let asked = json!({ "service": "咨询", "address": "电话", "caller": "李四",
        "fields": { "question": "水价多少", "answer": "一级5元" }, "situations": ["answered"] });
    assert_eq!(book.desk.at("demo", 5, "intake.take", asked).unwrap()["state"], "窗口办结");
}

#[test]
fn wrong_words_are_named_where_they_stand() {
    let mut book = branch();
    let refusal = book.desk.at("demo", 0, "intake.take", json!({ "service": "飞行" })).unwrap_err();
    assert!(refusal.message().contains("unseal 启封"), "{}", refusal.message());
    let input = json!({ "service": "fault", "account": "3100000002", "told": "昨天", "happened": "2026-13-01 10:00",
        "papers": ["xx"], "fields": { "kind": "漏气", "colour": "红" } });
    let refusal = book.desk.at("demo", 0, "intake.take", input).unwrap_err();
    assert_eq!(fields_of(&refusal), ["happened", "told"]);
    let input = json!({ "service": "fault", "account": "3100000002", "told": "2026-11-21 11:00",
        "papers": ["xx"], "fields": { "kind": "漏气", "colour": "红" } });
    let refusal = book.desk.at("demo", 0, "intake.take", input).unwrap_err();
    assert_eq!(fields_of(&refusal), ["fields", "papers", "fields.kind", "told"]);
    for (action, input, field) in [
        ("order.dispatch", json!({ "orders": ["B03.1.9999"], "worker": "lq" }), "orders"),
        ("order.dispatch", json!({ "orders": ["x"], "worker": "nobody" }), "worker"),
        ("order.pause", json!({ "order": "B03.1.1", "reason": "天气" }), "order"),
    ] {
        assert_eq!(fields_of(&book.desk.at("desk", 0, action, input).unwrap_err()), [field]);
    }
}

#[test]
fn the_desk_sorts_by_time_left_and_counts_its_heaps() {
    use meterdesk::desk::view_orders as view;
    let mut book = branch();
    let leak = leak(&mut book);
    let unseal = json!({ "service": "unseal", "account": "3100000004", "papers": UNSEAL_PAPERS });
    let unseal = book.desk.at("demo", 0, "intake.take", unseal).unwrap()["order"].clone();
    let street = json!({ "service": "fault", "address": "建设路3号", "caller": "路人", "fields": { "kind": "停水", "area": "农村" } });
    let street = book.desk.at("desk", 0, "intake.take", street).unwrap()["order"].clone();
    book.desk.at("desk", 10, "order.pause", json!({ "order": street, "reason": "用户原因" })).unwrap();
    book.desk.at("desk", 10, "order.dispatch", json!({ "orders": [leak], "worker": "lq" })).unwrap();
    let now = moment() + Duration::minutes(63);
    let tx = book.desk.look().unwrap();
    let rows = view::rows(&tx, "", now, 0, 10).unwrap();
    let seen: Vec<(String, &str)> = rows.iter().map(|row| (row.id.to_string(), row.left.as_str())).collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(seen, [(leak.clone(), "-00:18"), (text(&street), "(01:20)"), (text(&unseal), "4天")]);
    assert_eq!((rows[0].limit.as_str(), rows[0].worker.as_str()), ("(城区45分)", "李强"));
    assert!(rows[0].late && !rows[1].soon);
    let heaps = view::heaps(&tx, now).unwrap();
    assert_eq!((heaps.waiting, heaps.underway, heaps.paused, heaps.overdue), (1, 1, 1, 1));
    let home = view::home(&tx, moment().date_naive(), now).unwrap();
    assert_eq!(home.today_text(), "受理 3  派工 1  回执 0  回访 0  挂起 0");
    assert!(home.due_text().starts_with("1 张已超时 18 分钟 ("), "{}", home.due_text());
    assert_eq!(view::rows(&tx, "waiting", now, 0, 10).unwrap().len(), 1);
    let shown = view::order_json(&tx, leak.parse().unwrap(), now).unwrap().unwrap();
    assert_eq!((&shown["worker"], &shown["history"][1]["what"]), (&json!("李强"), &json!("派工")));
    let slip = meterdesk::outbound::dispatch_slip::of_day(&tx, moment().date_naive(), now).unwrap();
    for word in ["派工单（抢修）", "李强 抢修班", "人民路12号002室", "业务级别 加急安排", "[ ]合格  [ ]未完成"]
    {
        assert!(slip.text.contains(word), "{word}\n{}", slip.text);
    }
    let report = meterdesk::outbound::reports::report("orders").unwrap();
    assert_eq!(
        (report.fill)(&tx, meterdesk::rules::reach::Reach::ALL, moment().date_naive(), moment().date_naive())
            .unwrap()
            .rows
            .len(),
        3
    );
}

#[test]
fn two_terminals_on_one_file_dispatch_an_order_in_the_same_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let new = new_site("B03", false);
    let clock = || Box::new(meterdesk::book::clock::FixedClock::at(moment()));
    let (mut one, _) = Desk::create(&path, Default::default(), clock(), &new).unwrap();
    let user = json!({ "login": "desk", "name": "周调度", "roles": ["dispatcher"], "password": "demo" });
    one.at("boss", 0, "user.add", user).unwrap();
    for code in ["lq", "zm"] {
        one.at("boss", 0, "worker.add", json!({ "code": code, "name": code, "team": "抢修班" })).unwrap();
    }
    let fault = json!({ "service": "fault", "address": "人民路", "caller": "路人", "fields": { "kind": "漏水" } });
    let order = one.at("desk", 0, "intake.take", fault).unwrap()["order"].clone();
    let mut two = Desk::open(&path, Default::default(), clock()).unwrap();
    let race = |desk: &mut Desk, worker: &str| {
        desk.at("desk", 1, "order.dispatch", json!({ "orders": [order], "worker": worker }))
    };
    let (first, second) = std::thread::scope(|scope| {
        let left = scope.spawn(|| race(&mut one, "lq").map_err(|refusal| refusal.message()));
        let right = scope.spawn(|| race(&mut two, "zm").map_err(|refusal| refusal.message()));
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_eq!(first.is_ok(), second.is_err(), "exactly one wins: {first:?} {second:?}");
    let lost = first.err().or(second.err()).unwrap();
    assert!(lost.contains("已于 11-21 10:01 派给"), "{lost}");
    let verdict = one.verify(true, |_| {}).unwrap();
    assert!(verdict.ok, "{verdict:?}");
}

#[test]
fn reports_count_by_hall_team_and_worker_and_the_callbacks_by_kind() {
    let mut book = branch();
    for (minutes, outcome) in [(0, "满意"), (100, "无人接听")] {
        let input = json!({ "service": "fault", "address": format!("人民路{minutes}号"), "caller": "路人", "fields": { "kind": "漏水" } });
        let order = book.desk.at("desk", minutes, "intake.take", input).unwrap()["order"].clone();
        book.desk.at("desk", minutes + 1, "order.dispatch", json!({ "orders": [order], "worker": "lq" })).unwrap();
        let time = |after: i64| (moment() + Duration::minutes(minutes + after)).format("%H:%M").to_string();
        let slip =
            json!({ "order": order, "arrived": time(60), "done": time(70), "left": time(75), "overrun": "下雨" });
        book.desk.at("desk", minutes + 80, "order.return", slip).unwrap();
        let calls = if outcome == "满意" { 1 } else { 3 };
        for call in 0..calls {
            let input = json!({ "order": order, "outcome": outcome });
            book.desk.at("desk", minutes + 85 + call, "callback.record", input).unwrap();
        }
    }
    let (tx, day) = (book.desk.look().unwrap(), moment().date_naive());
    let shown = |name: &str| {
        let sheet = (meterdesk::outbound::reports::report(name).unwrap().fill)(
            &tx,
            meterdesk::rules::reach::Reach::ALL,
            day,
            day,
        )
        .unwrap();
        sheet
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.shown()).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("order_workers"), ["城南营业所 抢修班 李强 2 2 2 0 2 1"]);
    assert_eq!(shown("callbacks"), ["抢修 2 1 1 1 50% 不足 90%"]);
}
