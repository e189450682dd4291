//! Password verifiers stay where the person signs in: real books with keys of their own, and the bundles between them.

mod support;

use std::process::Command;

use chrono::Duration;
use meterdesk::book::seal::Keys;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::recover::{self, Lost};
use meterdesk::desk::{Desk, copies, rights};
use meterdesk::store::OpenOptions;
use serde_json::{Value, json};
use support::company::Company;
use support::orders::moment;
use support::real::{clock, perform};
use support::site::new_site;
use tempfile::TempDir;

fn book(folder: &TempDir, code: &str, head_office: bool) -> Desk {
    let new = NewSite {
        practice: false,
        login: "admin",
        manager: "管理员",
        password: "secret-1",
        ..new_site(code, head_office)
    };
    let path = folder.path().join(format!("{code}.db"));
    let mut desk = Desk::create(&path, OpenOptions::default(), clock(moment()), &new).unwrap().0;
    desk.sign_in("admin", "secret-1").unwrap();
    desk
}

/// Head office `HO` and `B1`, `B2`, each in files with keys of its own, their first managers at the desks.
fn company(folder: &TempDir) -> Company {
    let mut office = book(folder, "HO", true);
    let (_, office_card) = office.site_card().unwrap();
    let office_print = office.site_keys().unwrap().public().fingerprint();
    let mut desks = Vec::new();
    for code in ["B1", "B2"] {
        let mut branch = book(folder, code, false);
        perform(&mut branch, "site.trust", &json!({ "card": office_card, "fingerprint": office_print })).unwrap();
        let (_, card) = branch.site_card().unwrap();
        let print = branch.site_keys().unwrap().public().fingerprint();
        let enrol = json!({ "card": card, "fingerprint": print, "everything": true, "areas": [], "roles": ["clerk"] });
        perform(&mut office, "site.enrol", &enrol).unwrap();
        office.take_over_data_keys().unwrap();
        desks.push(branch);
    }
    desks.insert(0, office);
    Company { desks }
}

fn act(company: &mut Company, code: &str, action: &str, input: &Value) {
    perform(company.desk(code), action, input).unwrap_or_else(|error| panic!("{action} {input}: {error:?}"));
}

/// What a book holds of every entry that sets a password, whoever wrote it.
fn passwords(desk: &Desk) -> Vec<(String, String)> {
    let tx = desk.look().unwrap();
    let mut found = Vec::new();
    let users = tx.all_users().unwrap().into_iter().map(|user| format!("u{}", user.id));
    let later = users.flat_map(|user| ["user.reset", "user.password", "user.right"].map(|word| (word, user.clone())));
    for (action, subject) in later.chain([("user.add", "u".to_owned())]) {
        for row in tx.rights_entries(action, &subject).unwrap() {
            found.push((row.site.clone(), row.payload));
        }
    }
    found
}

#[test]
fn a_branchs_verifiers_reach_head_office_as_bytes_it_cannot_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = company(&folder);
    let wang = json!({ "login": "wang", "name": "王芳", "roles": ["clerk"], "password": "given-1" });
    act(&mut company, "B1", "user.add", &wang);
    company.desk("B1").sign_in("wang", "given-1").unwrap();
    act(&mut company, "B1", "user.password", &json!({ "old": "given-1", "new": "own-pass-1" }));
    company.night();
    let key = company.desk("B1").keys().name().to_owned();
    let office = company.desk("HO");
    let held: Vec<_> = passwords(office).into_iter().filter(|(site, _)| site == "B1").collect();
    assert_eq!(held.len(), 3, "two people added, one password chosen: {held:?}");
    for (_, payload) in &held {
        assert!(!payload.contains("argon2"), "{payload}");
        let text = serde_json::from_str::<Value>(payload).unwrap()["password"].as_str().unwrap().to_owned();
        for login in ["admin", "wang"] {
            assert!(office.keys().open_verifier(login, &text).is_none(), "{payload}");
        }
    }
    assert!(office.keys().knows(&key), "although it has the branch's data key");
    company.desk("B1").sign_in("wang", "own-pass-1").unwrap();
    assert!(company.desk("B1").sign_in("wang", "given-1").is_err());
}

#[test]
fn a_person_whom_head_office_sends_signs_in_at_that_branch_and_no_other_can_open_the_verifier() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = company(&folder);
    let audit = json!({ "login": "audit", "name": "冯审计", "roles": ["auditor"], "password": "given-1" });
    act(&mut company, "HO", "user.add", &audit);
    company.desk("HO").sign_in("audit", "given-1").unwrap();
    act(&mut company, "HO", "user.password", &json!({ "old": "given-1", "new": "own-pass-1" }));
    company.desk("HO").sign_in("admin", "secret-1").unwrap();
    let mut there = company.desk("HO").beside().unwrap();
    there.sign_in("audit", "own-pass-1").unwrap();
    act(&mut company, "HO", "user.right", &json!({ "user": "audit", "role": "clerk", "site": "B1" }));
    assert!(there.session_ended().is_none(), "to be sent somewhere ends no session");
    company.night();
    company.desk("B1").sign_in("audit@HO", "own-pass-1").unwrap();
    assert!(company.desk("B2").sign_in("audit@HO", "own-pass-1").is_err());
    let b2 = company.desk("B2");
    for (site, payload) in passwords(b2).into_iter().filter(|(site, _)| site != "B2") {
        let body: Value = serde_json::from_str(&payload).unwrap();
        let text = body["password"].as_str().or(body["verifier"]["sealed"].as_str()).unwrap_or_default();
        assert!(!text.starts_with('$') && b2.keys().open_verifier("audit", text).is_none(), "{site} {payload}");
    }
    // It is changed at home only: a branch that could set it could take the person's place there.
    let change = json!({ "old": "own-pass-1", "new": "own-pass-2" });
    let refusal = perform(company.desk("B1"), "user.password", &change).unwrap_err();
    assert!(refusal.message().contains("密码请在 HO 改"), "{refusal}");
    company.desk("HO").sign_in("audit", "own-pass-1").unwrap();
    act(&mut company, "HO", "user.password", &json!({ "old": "own-pass-1", "new": "own-pass-3" }));
    company.night();
    company.desk("B1").sign_in("audit@HO", "own-pass-3").unwrap();
    assert!(company.desk("B1").sign_in("audit@HO", "own-pass-1").is_err());
    company.desk("HO").sign_in("admin", "secret-1").unwrap();
    act(&mut company, "HO", "user.right", &json!({ "user": "audit", "role": "clerk", "site": "B2" }));
    company.night();
    company.desk("B2").sign_in("audit@HO", "own-pass-3").unwrap();
}

#[test]
fn head_office_gives_a_person_of_a_branch_a_first_password_which_only_the_two_can_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = company(&folder);
    company.night();
    company.minutes(1);
    act(&mut company, "HO", "user.reset", &json!({ "user": "admin@B1", "password": "given-9" }));
    company.night();
    let b1 = company.desk("B1");
    assert!(b1.sign_in("admin", "secret-1").is_err());
    b1.sign_in("admin", "given-9").unwrap();
    assert!(b1.must_change_password().unwrap());
    act(&mut company, "B1", "user.password", &json!({ "old": "given-9", "new": "own-pass-9" }));
    company.desk("B1").sign_in("admin", "own-pass-9").unwrap();
    // A branch that is not enrolled has given no key.
    let mut lone = book(&folder, "HX", true);
    let audit = json!({ "login": "audit", "name": "冯审计", "roles": ["auditor"], "password": "given-1" });
    perform(&mut lone, "user.add", &audit).unwrap();
    let sent = json!({ "user": "audit", "role": "clerk", "site": "B7" });
    let refusal = perform(&mut lone, "user.right", &sent).unwrap_err();
    assert!(refusal.message().contains("site enrol"), "{refusal}");
}

#[test]
fn a_machine_made_anew_without_its_key_lets_in_whom_head_office_gave_a_first_password() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = company(&folder);
    company.night();
    let office_card = company.desk("HO").site_card().unwrap().0;
    drop(company);
    for tail in ["", "-wal", "-shm", ".key", ".mark", "-open"] {
        let _ = std::fs::remove_file(folder.path().join(format!("B1.db{tail}")));
    }
    let target = folder.path().join("B1.db");
    let lost = Lost { target: &target, site: "B1", office: &office_card, passphrase: None };
    // The site's keys were saved, the data key is another: the card is no news but for that.
    let (card, text) = recover::prepare(&lost, "营业所", "water", None).unwrap();
    let mut office =
        Desk::open(&folder.path().join("HO.db"), OpenOptions::default(), clock(moment() + Duration::hours(1))).unwrap();
    office.sign_in("admin", "secret-1").unwrap();
    let enrolled =
        perform(&mut office, "site.enrol", &json!({ "card": text, "fingerprint": card.keys.fingerprint() })).unwrap();
    assert_eq!(enrolled["already"], false, "{enrolled}");
    office.take_over_data_keys().unwrap();
    perform(&mut office, "user.reset", &json!({ "user": "admin@B1", "password": "given-9" })).unwrap();
    drop(office);
    let stick = folder.path().join("stick");
    std::fs::create_dir(&stick).unwrap();
    let mut out = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    out.arg("--db").arg(folder.path().join("HO.db")).args(["--as", "admin", "exchange", "out", "--whole"]);
    out.args(["--for", "B1", "--to"]).arg(&stick).env("METERDESK_PASSWORD", "secret-1");
    let out = out.output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let (mut desk, done) = recover::recover(&lost, &stick, clock(moment() + Duration::hours(2)), |_, _| {}).unwrap();
    assert_eq!(done.epoch, 2);
    assert!(desk.sign_in("admin", "secret-1").is_err(), "nobody has the key of that box");
    desk.sign_in("admin", "given-9").unwrap();
    perform(&mut desk, "user.password", &json!({ "old": "given-9", "new": "own-pass-9" })).unwrap();
    desk.sign_in("admin", "own-pass-9").unwrap();
}

#[test]
fn where_no_book_is_left_the_copys_person_is_let_in_by_key_file_or_recovery_code() {
    let folder = tempfile::tempdir().unwrap();
    let desk = book(&folder, "B1", false);
    let copy = folder.path().join("copy.db");
    desk.backup(&copy).unwrap();
    let (day, right) = (moment().date_naive(), rights::RESTORE);
    let let_in = |keys: Option<&Keys>, given| copies::let_in(&copy, keys, ("admin", given), right, day);
    let told = Keys::from_recovery(&desk.keys().recovery_code()).unwrap();
    let_in(Some(&told), "secret-1").unwrap();
    assert!(let_in(Some(&told), "secret-2").is_err() && let_in(Some(&Keys::from_master([1; 32])), "secret-1").is_err());
    assert!(let_in(None, "secret-1").unwrap_err().message().contains("--recovery-code"));
}
