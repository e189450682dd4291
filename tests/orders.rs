//! Every action with every other that shares a subject: one state in every order of arrival, equal to a rebuild.
//! One test a family; a new action adds its sample to the family's list.

mod support;

use serde_json::json;
use support::orders::{Sample, Town};

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
