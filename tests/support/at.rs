//! A small town whose desk does things at their time.

use chrono::Duration;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use serde_json::{Value, json};

use super::orders::{Book, book, moment};
use super::town;

/// The small town.
pub fn branch() -> Book {
    let mut book = book("B03");
    town::small(&mut book);
    book
}

/// A desk at which things are done at their time.
pub trait At {
    /// Performs an action so many minutes after 2026-11-21 10:00.
    fn at(&mut self, user: &str, minutes: i64, action: &str, input: Value) -> Result<Value, Refusal>;
}

impl At for Desk {
    fn at(&mut self, user: &str, minutes: i64, action: &str, input: Value) -> Result<Value, Refusal> {
        self.sign_in_practice(user)?;
        let at = Some(moment() + Duration::minutes(minutes));
        let done = self.perform(action, &input.to_string(), Call { key: None, at })?;
        Ok(serde_json::from_str(&done.result).unwrap())
    }
}

/// The fields a refusal names.
pub fn fields_of(refusal: &Refusal) -> Vec<&str> {
    refusal.faults.iter().filter_map(|fault| fault.field.as_deref()).collect()
}

/// The rules a refusal names.
pub fn rules_of(refusal: &Refusal) -> Vec<&str> {
    refusal.faults.iter().map(|fault| fault.rule.as_str()).collect()
}

/// A leak that was told at ten.
pub fn leak(book: &mut Book) -> String {
    let input = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水", "area": "城区" } });
    book.desk.at("demo", 0, "intake.take", input).unwrap()["order"].as_str().unwrap().to_owned()
}

/// Papers of unsealing.
pub const UNSEAL_PAPERS: [&str; 2] = ["owner_id", "application"];
