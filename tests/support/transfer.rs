//! Transfers as a counter does them: taken in with their papers, then the deed.

use serde_json::{Value, json};

use super::orders::Book;

/// A resident ID of a new owner.
pub const NEW_OWNER: &str = "110101199003070038";

/// Papers of a transfer of a water account, and of a gas account.
pub const PAPERS: [&str; 2] = ["title_proof", "owner_id"];
/// Papers of a transfer of a gas account.
pub const GAS_PAPERS: [&str; 4] = ["invoice", "title_proof", "owner_id", "application"];

/// What is typed to take a transfer in.
pub fn intake(account: &str, name: &str, kin: bool, gas: bool) -> Value {
    let mut papers: Vec<&str> = if gas { GAS_PAPERS.to_vec() } else { PAPERS.to_vec() };
    let mut situations = Vec::new();
    if kin {
        papers.push("kin_proof");
        situations.push("kin");
    }
    json!({ "service": "transfer", "account": account, "papers": papers, "situations": situations,
            "fields": { "new_name": name } })
}

/// Takes a transfer of a water account in; answers the case.
pub fn take_in(book: &mut Book, account: &str, name: &str, kin: bool) -> String {
    let taken = book.act("demo", "intake.take", intake(account, name, kin, false));
    taken["order"].as_str().unwrap().to_owned()
}

/// Takes a transfer of a water account in and writes the deed.
pub fn transfer(book: &mut Book, account: &str, name: &str, kin: bool) -> Value {
    take_in(book, account, name, kin);
    book.act("demo", "account.transfer", json!({ "account": account, "id_number": NEW_OWNER }))
}
