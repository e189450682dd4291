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
