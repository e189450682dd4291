//! A real book, where people have passwords of their own.

use std::path::Path;

use chrono::{DateTime, FixedOffset};
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::OpenOptions;
use serde_json::{Value, json};

use super::orders::moment;
use super::site::new_site;

/// A real book in a folder, its first manager `admin` with the password `secret-1`.
pub fn real(folder: &Path) -> Desk {
    let new =
        NewSite {
            practice: false, login: "admin", manager: "管理员", password: "secret-1", ..new_site("B03", false)
        };
    Desk::create(&folder.join("b.db"), OpenOptions::default(), clock(moment()), &new).unwrap().0
}

/// A clock that stands.
pub fn clock(at: DateTime<FixedOffset>) -> Box<FixedClock> {
    Box::new(FixedClock::at(at))
}

/// Performs an action; its answer.
pub fn perform(desk: &mut Desk, action: &str, input: &Value) -> Result<Value, Refusal> {
    let done = desk.perform(action, &input.to_string(), Call::default())?;
    Ok(serde_json::from_str(&done.result).unwrap())
}

/// Adds a user whose password another gave, `given-1`.
pub fn add(desk: &mut Desk, login: &str, roles: &[&str]) {
    let input = json!({ "login": login, "name": login, "roles": roles, "password": "given-1" });
    perform(desk, "user.add", &input).unwrap();
}

/// They choose one of their own, `own-pass-1`, and leave.
pub fn choose_own(desk: &mut Desk, login: &str) {
    desk.sign_in(login, "given-1").unwrap();
    perform(desk, "user.password", &json!({ "old": "given-1", "new": "own-pass-1" })).unwrap();
    desk.sign_out();
}
