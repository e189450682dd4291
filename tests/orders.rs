//! Every action with every other that shares a subject: one state in every order of arrival, equal to a rebuild.
//! One test a family; a new action adds its sample to the family's list.

mod support;

use serde_json::json;
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
    let town = Town::new(|book| {
        prices(book);
        accounts(
            book,
            &[(vec![owes(8_640, "2026-11-18"), owes(3_300, "2026-10-01")], vec![owes(4_000, "2026-12-05")])],
        );
        book.act("demo", "shift.open", json!({ "float": "200.00" }));
        book.act("check", "shift.open", json!({ "float": "100.00" }));
        book.act("demo", "payment.take", json!({ "account": "10000001", "amounts": "10.00", "to_prepaid": "40.00" }));
        book.act("demo", "fee.take", json!({ "account": "10000001", "kind": "过户费", "amount": "5.00" }));
        let late = json!({ "account": "10000001", "amounts": "20.00", "paper": "S1", "happened": "2026-11-19" });
        book.act("demo", "payment.enter_late", late);
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
        ("demo", "shift.close", json!({ "counted": "275.00" })),
    ];
    town.agree_all(&samples, 25);
}
