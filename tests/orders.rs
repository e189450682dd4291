//! Every action with every other that shares a subject: one state in every order of arrival, equal to a rebuild.
//! One test a family; a new action adds its sample to the family's list.

mod support;

use serde_json::{Value, json};
use support::orders::{Sample, Town};
use support::till::{accounts, owes, prices};

#[test]
fn users_and_workers() {
    let town = Town::new(|_| {});
    let samples: Vec<Sample> = vec![
        ("boss", "user.add", json!({ "login": "new1", "name": "新人", "roles": ["clerk"], "password": "demo" })),
        ("boss", "user.add", json!({ "login": "new1", "name": "另一人", "roles": ["seat"], "password": "demo" })),
        ("boss", "worker.add", json!({ "code": "lq", "name": "李强", "team": "抢修班" })),
    ];
    town.agree_all(&samples, 10);
}

#[test]
fn the_till() {
    let (mut deposit, mut bill) = (Value::Null, Value::Null);
    let town = Town::new(|book| {
        prices(book);
        accounts(
            book,
            &[(vec![owes(8_640, "2026-11-18"), owes(3_300, "2026-10-01")], vec![owes(4_000, "2026-12-05")])],
        );
        bill = {
            let tx = book.desk.look().unwrap();
            let open = tx.unpaid_bills(tx.account_of_text("10000001").unwrap().unwrap().id).unwrap();
            json!(open.iter().find(|row| row.id.0 > 0).unwrap().id)
        };
        book.act("demo", "shift.open", json!({ "float": "200.00" }));
        book.act("check", "shift.open", json!({ "float": "100.00" }));
        book.act("demo", "payment.take", json!({ "account": "10000001", "amounts": "10.00", "to_prepaid": "40.00" }));
        book.act("demo", "fee.take", json!({ "account": "10000001", "kind": "报装费", "amount": "5.00" }));
        let late = json!({ "account": "10000001", "amounts": "20.00", "paper": "S1", "happened": "2026-11-19" });
        book.act("demo", "payment.enter_late", late);
        let (entry, _) = book.try_act("demo", "shift.deposit", &json!({ "amount": "30.00" })).unwrap();
        deposit = json!(entry);
    });
    let late = json!({ "account": "10000001", "amounts": "7.00", "paper": "S2", "happened": "2026-11-20" });
    let samples: Vec<Sample> = vec![
        ("demo", "payment.take", json!({ "account": "10000001", "tendered": "200.00" })),
        ("check", "payment.take", json!({ "account": "10000001", "amounts": "30.00", "method": "银行卡" })),
        ("demo", "payment.take", json!({ "account": "10000001", "method": "预存", "amounts": "35.00" })),
        ("demo", "payment.enter_late", late.clone()),
        ("check", "payment.enter_late", late),
        ("check", "payment.confirm", json!({ "payment": "S1" })),
        ("chief", "payment.confirm", json!({ "payment": "S1" })),
        ("demo", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" })),
        ("check", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" })),
        ("check", "payment.reverse", json!({ "payment": "B01-1-000002", "reason": "收错" })),
        ("demo", "fee.take", json!({ "account": "10000001", "kind": "补卡费", "amount": "10.00" })),
        ("demo", "shift.deposit", json!({ "amount": "60.00" })),
        ("room", "bill.cancel", json!({ "account": "10000001", "bill": bill, "reason": "抄错" })),
        ("demo", "shift.float_add", json!({ "amount": "50.00", "from": "财务" })),
        ("demo", "shift.deposit_reverse", json!({ "deposit": deposit, "reason": "存错" })),
        ("demo", "shift.close", json!({ "counted": "275.00", "note": "点钞", "confirm": true })),
    ];
    town.agree_all(&samples, 12);
}

#[test]
fn orders_and_the_meters_they_change() {
    let mut order = Value::Null;
    let mut leak = Value::Null;
    let town = Town::new(|book| {
        support::town::small(book);
        let unseal = json!({ "service": "unseal", "account": "3100000004", "papers": ["owner_id", "application"] });
        order = book.act("demo", "intake.take", unseal)["order"].clone();
        book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "zm" }));
        let fault = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水" } });
        leak = book.act("demo", "intake.take", fault)["order"].clone();
    });
    let passed = json!({ "order": order, "arrived": "10:00", "done": "10:01", "left": "10:01" });
    let samples: Vec<Sample> = vec![
        ("desk", "order.return", passed),
        ("desk", "order.return", json!({ "order": order, "outcome": "未完成", "remark": "没人" })),
        ("chief", "order.void", json!({ "order": order, "reason": "未验收" })),
        ("demo", "order.defer", json!({ "order": order, "until": "2026-11-24" })),
        ("desk", "order.pause", json!({ "order": order, "reason": "用户原因" })),
        ("desk", "order.chase", json!({ "orders": [order, leak] })),
        ("desk", "order.dispatch", json!({ "orders": [leak], "worker": "lq" })),
        ("desk", "order.dispatch", json!({ "orders": [leak], "worker": "zm" })),
        ("demo", "intake.take", json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "停水" } })),
    ];
    town.agree_all(&samples, 8);
}

#[test]
fn two_sites_that_take_in_the_same_thing_show_a_clash() {
    let town = Town::new(support::town::small);
    let leak = |caller: &str| json!({ "service": "fault", "address": "人民路12号", "caller": caller, "fields": { "kind": "漏水" } });
    let samples: Vec<Sample> = vec![
        ("demo", "intake.take", leak("张三")),
        ("desk", "intake.take", leak("李四")),
        ("demo", "intake.park", json!({ "service": "unseal", "account": "3100000004", "queue": "A1" })),
        (
            "demo",
            "intake.take",
            json!({ "service": "complaint", "address": "人民路", "caller": "王", "fields": { "course": "慢" } }),
        ),
    ];
    town.agree_all(&samples, 5);
}

#[test]
fn what_closes_an_order_and_what_was_parked() {
    let mut order = Value::Null;
    let (mut complaint, mut answered) = (Value::Null, Value::Null);
    let town = Town::new(|book| {
        support::town::small(book);
        let fault = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水" } });
        order = book.act("demo", "intake.take", fault)["order"].clone();
        book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "lq" }));
        let slip = json!({ "order": order, "arrived": "10:00", "done": "10:00", "left": "10:00" });
        book.act("desk", "order.return", slip);
        let said = json!({ "service": "complaint", "address": "人民路", "caller": "王", "fields": { "course": "慢" } });
        answered = book.act("demo", "intake.take", said.clone())["order"].clone();
        complaint = book.act("demo", "intake.take", said)["order"].clone();
        book.act("desk", "order.pause", json!({ "order": complaint, "reason": "等他方" }));
        book.act("demo", "intake.park", json!({ "service": "fault", "address": "解放路", "queue": "A1" }));
    });
    let parked =
        json!({ "service": "fault", "address": "解放路", "caller": "赵", "queue": "A1", "fields": { "kind": "停水" } });
    let samples: Vec<Sample> = vec![
        ("desk", "callback.record", json!({ "order": order, "outcome": "满意" })),
        ("desk", "callback.record", json!({ "order": order, "outcome": "返修", "remark": "又漏" })),
        ("desk", "callback.record", json!({ "order": order, "outcome": "无人接听" })),
        ("desk", "order.resume", json!({ "order": complaint })),
        ("chief", "order.void", json!({ "order": complaint, "reason": "重复" })),
        ("chief", "complaint.answer", json!({ "order": answered, "outcome": "已答复", "remark": "核实中" })),
        ("chief", "complaint.answer", json!({ "order": answered, "outcome": "已解决", "remark": "已道歉" })),
        ("demo", "intake.resume", json!({ "queue": "A1" })),
        ("demo", "intake.take", parked.clone()),
        ("demo", "intake.park", parked),
    ];
    town.agree_all(&samples, 6);
}

#[test]
fn special_handling_asked_checked_decided_and_undone() {
    let (mut small, mut asked, mut late) = (Value::Null, Value::Null, Value::Null);
    let mut volume = Value::Null;
    let town = Town::new(|book| {
        support::adjust::branch(book);
        book.act("boss", "user.right", json!({ "user": "check", "role": "centre_deputy" }));
        book.act("boss", "user.right", json!({ "user": "room", "role": "centre_deputy" }));
        book.act("boss", "user.right", json!({ "user": "demo", "role": "hall_supervisor" }));
        book.act("demo", "shift.open", json!({ "float": "2000.00" }));
        book.act("demo", "payment.take", json!({ "account": "31000003", "amounts": "170.00" }));
        book.act("demo", "payment.take", json!({ "account": "31000001", "amounts": "300.00" }));
        let bill = support::adjust::bills(book, "31000001")[0].0;
        volume = support::adjust::ask_volume(book, "31000001", "25");
        let ask = json!({ "kind": "V1", "account": "31000001", "bills": [bill], "change": { "volume": "22" }, "evidence": "x" });
        small = book.act("demo", "adjustment.request", ask)["request"].clone();
        let check = json!({ "request": small, "approve": true });
        book.act("boss", "adjustment.check", check);
        let fee = json!({ "kind": "L4", "account": "31000003", "bills": [support::adjust::bills(book, "31000003")[0].0], "evidence": "x" });
        late = book.act("demo", "adjustment.request", fee)["request"].clone();
        book.act("boss", "adjustment.check", json!({ "request": late, "approve": true }));
        let price = json!({ "kind": "P3", "account": "31000002", "change": { "class": "special" }, "evidence": "x",
            "bills": [support::adjust::bills(book, "31000002")[0].0] });
        asked = book.act("demo", "adjustment.request", price)["request"].clone();
    });
    let say = |request: &Value, approve: bool| json!({ "request": request, "approve": approve, "remark": "说明" });
    let samples: Vec<Sample> = vec![
        ("chief", "adjustment.decide", say(&small, true)),
        ("check", "adjustment.decide", say(&small, true)),
        ("room", "adjustment.decide", say(&small, false)),
        ("demo", "adjustment.request", volume),
        ("chief", "adjustment.decide", say(&late, true)),
        ("room", "adjustment.decide", say(&late, false)),
        ("check", "adjustment.check", say(&asked, true)),
        ("room", "adjustment.check", say(&asked, false)),
        ("demo", "payment.take", json!({ "account": "31000001", "amounts": "600.00" })),
        ("demo", "payment.reverse", json!({ "payment": "B01-1-000002", "reason": "收错" })),
        ("demo", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" })),
        ("boss", "user.right", json!({ "user": "chief", "role": "centre_deputy", "last_day": "2026-11-20" })),
    ];
    town.agree_all(&samples, 6);
}

#[test]
fn an_order_and_everything_else_on_its_account() {
    let mut order = Value::Null;
    let town = Town::new(|book| {
        support::town::small(book);
        let unseal = json!({ "service": "unseal", "account": "3100000004", "papers": ["owner_id", "application"] });
        order = book.act("demo", "intake.take", unseal)["order"].clone();
        book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "zm" }));
        support::transfer::take_in(book, "3100000004", "李小龙", true);
    });
    let reading = json!({ "account": "3100000004", "value": "0", "date": "2026-11-20", "source": "card" });
    let deed = json!({ "account": "3100000004", "id_number": support::transfer::NEW_OWNER });
    let samples: Vec<Sample> = vec![
        ("desk", "order.return", json!({ "order": order, "arrived": "10:00", "done": "10:01", "left": "10:01" })),
        (
            "demo",
            "account.amend",
            json!({ "account": "3100000004", "field": "mobile", "seen": "13358990332", "value": "13800000000" }),
        ),
        ("demo", "account.transfer", deed),
        ("room", "reading.enter", reading),
        ("demo", "intake.take", json!({ "service": "fault", "account": "3100000004", "fields": { "kind": "表故障" } })),
    ];
    town.agree_all(&samples, 4);
}

/// A clock that is behind can date an entry before the beginning of what it is about. It is never lost in silence: what needs
/// the beginning is an exception that names it, and money counts all the same (I-3, I-8).
#[test]
fn what_a_slow_clock_dates_before_the_beginning_is_an_exception_and_its_money_counts() {
    let (mut order, mut request, mut user) = (Value::Null, Value::Null, Value::Null);
    let town = Town::new(|book| {
        support::town::small(book);
        prices(book);
        let fault = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水" } });
        order = book.act("demo", "intake.take", fault)["order"].clone();
        book.act("demo", "shift.open", json!({ "float": "200.00" }));
        let new = json!({ "login": "new1", "name": "新人", "roles": ["seat"], "password": "demo" });
        user = book.act("boss", "user.add", new)["user"].clone();
        book.act("room", "swap.task", json!({ "slip": { "slip": "HB1" } }));
        let waive = json!({ "kind": "L3", "account": "3100000006", "bills": ["#1"], "change": {}, "evidence": "停电" });
        request = book.act("demo", "adjustment.request", waive)["request"].clone();
    });
    let book = town.slow(&[
        ("desk", "order.dispatch", json!({ "orders": [order], "worker": "lq" })),
        ("demo", "fee.take", json!({ "account": "3100000002", "kind": "补卡费", "amount": "10.00" })),
        ("demo", "shift.deposit", json!({ "amount": "60.00" })),
        (
            "demo",
            "account.amend",
            json!({ "account": "3100000002", "field": "mobile", "seen": "13358990332", "value": "13358990333" }),
        ),
        ("boss", "user.right", json!({ "user": "new1", "role": "clerk" })),
        ("room", "swap.send_back", json!({ "slip": "HB1", "reason": "无户号" })),
        ("check", "adjustment.check", json!({ "request": request, "approve": true, "remark": "属实" })),
    ]);
    let tx = book.desk.look().unwrap();
    let early: std::collections::BTreeSet<(String, String)> = tx
        .open_exceptions()
        .unwrap()
        .into_iter()
        .filter(|row| row.what == "before_beginning")
        .map(|row| (row.kind, tx.entry(row.second).unwrap().unwrap().action))
        .collect();
    let expected = [
        ("a", "account.amend"),
        ("a", "adjustment.check"),
        ("a", "fee.take"),
        ("a", "order.dispatch"),
        ("o", "order.dispatch"),
        ("p", "swap.send_back"),
        ("q", "adjustment.check"),
        ("s", "fee.take"),
        ("s", "shift.deposit"),
        ("u", "user.right"),
    ];
    assert_eq!(early, expected.map(|(kind, action)| (kind.to_owned(), action.to_owned())).into());
    let day = support::orders::moment().date_naive();
    let shift = tx.shifts_between(meterdesk::rules::reach::Reach::ALL, day, day).unwrap().remove(0);
    assert_eq!((shift.income.0, shift.paid_in.0, shift.cash.0), (1_000, 6_000, 15_000));
    assert!(tx.shifts_out_of_balance().unwrap().is_empty(), "a till's cash is its opening and its entries");
}
