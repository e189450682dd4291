//! `find` on the command line: the search box of the screens over a practice branch.

use std::path::Path;

use serde_json::Value;

fn meterdesk(db: &Path, args: &[&str]) -> String {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    let output = command.env_remove("METERDESK_DB").arg("--db").arg(db).args(args).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[test]
fn a_practice_branch_is_found_by_name_initials_address_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("branch.db");
    meterdesk(&db, &["demo", "--accounts", "150", "--seed", "7", "--no-ui"]);
    let find = |words: &[&str]| -> Vec<Value> {
        let args: Vec<&str> = ["--json", "find"].iter().chain(words).copied().collect();
        serde_json::from_str(&meterdesk(&db, &args)).unwrap()
    };
    let all = find(&["1", "--limit", "500"]);
    assert!(!all.is_empty());
    for hit in all.iter().step_by(9) {
        let text = |field: &str| hit[field].as_str().unwrap().to_owned();
        let (account, address) = (text("account"), text("address"));
        assert_eq!(find(&[&account])[0], *hit, "{account}");
        for typed in [text("name"), address.clone()] {
            assert!(find(&[&typed, "--limit", "200"]).contains(hit), "{typed} for {account} {address}");
        }
        for field in ["utility", "class", "state", "owed"] {
            assert!(hit[field].is_string(), "{field}");
        }
    }
    assert!(find(&["查无此人"]).is_empty());
    assert!(meterdesk(&db, &["find", "1", "--limit", "2"]).lines().count() == 3);
}

/// What ends a receipt's or an order's number, and a queue number, brings the account it is about.
#[test]
fn the_end_of_a_receipt_or_order_number_and_a_queue_number_bring_their_account() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("branch.db");
    meterdesk(&db, &["demo", "--accounts", "150", "--seed", "7", "--no-ui"]);
    let json = |args: &[&str]| -> Value { serde_json::from_str(&meterdesk(&db, args)).unwrap() };
    let find = |word: &str| json(&["--json", "find", word, "--limit", "500"]);
    let first = |word: &str| find(word)[0]["account"].as_str().unwrap_or_default().to_owned();

    let account = json(&["--json", "find", "1", "--limit", "3"])[0]["account"].as_str().unwrap().to_owned();
    let act = |user: &str, action: &str, input: Value| -> Value {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        let output = command
            .env_remove("METERDESK_DB")
            .arg("--db")
            .arg(&db)
            .args(["--as", user, "--json", "do", action, "--input", "-"])
            .write_stdin(input.to_string())
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    act("check", "shift.open", serde_json::json!({"float": "0.00", "reason": "新开钱箱"}));
    let paid = act(
        "demo",
        "payment.take",
        serde_json::json!({"account": account, "bills": [], "to_prepaid": "20.00", "method": "现金", "tendered": "20.00"}),
    );
    let text = paid.to_string();
    let tail = text
        .split("000")
        .nth(1)
        .map(|rest| format!("000{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>()));
    let tail = tail.filter(|tail| tail.len() == 6).unwrap_or_else(|| panic!("no receipt in {text}"));
    assert_eq!(first(&tail), account, "{tail}");

    let parked = serde_json::json!({"service": "unseal", "account": account, "queue": "A077"});
    act("demo", "intake.park", parked);
    assert_eq!(first("a077"), account);
}

/// The first household's building, unit and room put in another order are nobody's address: what is near is marked.
#[test]
fn an_address_that_is_not_there_brings_only_marked_hits() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("branch.db");
    meterdesk(&db, &["demo", "--accounts", "150", "--seed", "7", "--no-ui"]);
    let all: Vec<Value> = serde_json::from_str(&meterdesk(&db, &["--json", "find", "1", "--limit", "500"])).unwrap();
    let addresses: Vec<&str> = all.iter().filter_map(|hit| hit["address"].as_str()).collect();
    // 4幢1单元 for 1幢4单元, where nobody lives so.
    let turned = |address: &str| -> Option<String> {
        let (before, rest) = address.split_once('幢')?;
        let (unit, room) = rest.split_once("单元")?;
        let street = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let wrong = format!("{street}{unit}幢{}单元{room}", &before[street.len()..]);
        (!addresses.contains(&wrong.as_str())).then_some(wrong)
    };
    let turned = addresses.iter().find_map(|address| Some((*address, turned(address)?)));
    let (address, wrong) = turned.expect("a flat whose building and unit differ");
    let json: Vec<Value> = serde_json::from_str(&meterdesk(&db, &["--json", "find", &wrong])).unwrap();
    assert!(!json.is_empty(), "{wrong}");
    for hit in &json {
        assert_eq!(hit["near"], true, "{wrong}: {hit}");
    }
    let told = meterdesk(&db, &["find", &wrong]);
    assert!(told.contains("相近，不是这个地址") && told.contains("没有这一户，相近的"), "{told}");
    assert!(!meterdesk(&db, &["find", address]).lines().next().unwrap().contains("相近"));
}
