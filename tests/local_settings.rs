//! What another tool wrote into the settings and indexes of this machine: `verify --full` says it, and none of it gets into an entry or
//! onto a receipt. Each test is named after what went wrong.

mod support {
    pub mod office;
    pub mod one_book;
}

use serde_json::json;
use support::one_book::Home;

/// Sets a setting of `x.db`.
fn set(home: &Home, name: &str, value: &str) {
    home.sql(&format!("INSERT OR REPLACE INTO l_setting (name, value) VALUES ('{name}', '{value}')"));
}

fn newest(home: &Home) -> i64 {
    let conn = rusqlite::Connection::open(home.path("x.db")).unwrap();
    conn.query_row("SELECT max(hlc) FROM entry", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_stamp_that_no_entry_bears_got_into_every_entry_behind_it() {
    let home = Home::new();
    home.worker("W1").ends(0);
    let sane = newest(&home) + (3_600_000 << 16);
    for seen in [i64::MAX.to_string(), (newest(&home) + ((400 * 86_400_000_i64) << 16)).to_string()] {
        set(&home, "hlc_seen", &seen);
        let told = home.run(&["verify", "--full"]).ends(3).json();
        assert!(told["first_fault"]["message"].as_str().unwrap().contains("hlc_seen"), "{told}");
        home.worker(&format!("W{}", seen.len())).ends(0);
        assert!(newest(&home) < sane, "{seen}");
        home.run(&["verify", "--full"]).ends(0);
    }
    for seen in ["-5", "soon"] {
        set(&home, "hlc_seen", seen);
        home.run(&["verify", "--full"]).ends(3);
        home.run(&["rebuild"]).ends(0);
        home.run(&["verify", "--full"]).ends(0);
    }
}

#[test]
fn a_counter_that_overflowed_was_printed_on_a_receipt() {
    let home = Home::new();
    home.act("demo", "shift.open", &json!({ "float": "0.00" })).ends(0);
    let fee = json!({ "kind": "补卡费", "amount": "5.00", "payer": "过路人" });
    let first = home.act("demo", "fee.take", &fee).ends(0).json()["result"]["receipt"].as_str().unwrap().to_owned();
    assert_eq!(first, "B03-1-000001");
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    for counted in [i64::MAX.to_string(), i64::MIN.to_string(), "-1".into(), "1000000".into(), "many".into()] {
        set(&home, "receipt:B03-1", &counted);
        let refused = home.act("demo", "fee.take", &fee);
        assert!(refused.code == 3 && refused.err.contains("restore"), "{counted}: {} {}", refused.out, refused.err);
        let told = home.run(&["verify", "--full"]).ends(3).json();
        assert!(told["first_fault"]["message"].as_str().unwrap().contains("B03-1"), "{told}");
    }
    // A few numbers passed over are a question, not a fault.
    set(&home, "receipt:B03-1", "3");
    let told = home.run(&["verify", "--full"]).ends(0).json();
    assert!(told["questions"].to_string().contains("B03-1-000002 至 B03-1-000003"), "{told}");
    set(&home, "receipt:B03-1", &i64::MAX.to_string());
    let copy = home.path("a.bak");
    let done = home.run(&["restore", copy.to_str().unwrap()]).ends(0).json();
    assert_eq!(done["receipts_since"], 0, "{done}");
    home.run(&["verify", "--full"]).ends(0);
}

#[test]
fn an_index_that_leads_to_nobody_was_sound() {
    let home = Home::empty();
    home.on("x.db", &["demo", "--accounts", "60", "--no-ui"]).ends(0);
    home.run(&["verify", "--full"]).ends(0);
    for (table, word) in [("l_search_phone", "检索索引"), ("l_person", "证件号")] {
        home.sql(&format!("DELETE FROM {table}"));
        let told = home.run(&["verify", "--full"]).ends(3).json();
        let said = told["first_fault"]["message"].as_str().unwrap();
        assert!(said.contains(word) && said.contains("rebuild"), "{told}");
        home.run(&["rebuild"]).ends(0);
        home.run(&["verify", "--full"]).ends(0);
    }
}
