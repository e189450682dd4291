//! Users and rights: given, withdrawn, ended; passwords reset and changed; the key file made again.

mod support;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::orders::{Sample, Town, book};

/// Refusal of an action: its rule and field.
fn refused(book: &mut support::orders::Book, user: &str, action: &str, input: Value) -> (String, String) {
    let refusal = book.try_act(user, action, &input).expect_err(&format!("{action} {input}"));
    let fault = &refusal.faults[0];
    (fault.rule.clone(), fault.field.clone().unwrap_or_default())
}

#[test]
fn a_right_counts_from_its_first_day_to_its_last() {
    let mut book = book("B01");
    let add = |code: &str| json!({ "code": code, "name": "李强", "team": "抢修班" });
    assert_eq!(refused(&mut book, "demo", "worker.add", add("a1")).0, "R-003");
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "first_day": "2026-11-22" }));
    assert_eq!(refused(&mut book, "demo", "worker.add", add("a1")).0, "R-003", "from tomorrow");
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "last_day": "2026-11-21" }));
    assert_eq!(
        refused(&mut book, "demo", "worker.add", add("a1")).0,
        "R-003",
        "the first day stays when none is given"
    );
    book.act(
        "boss",
        "user.right",
        json!({ "user": "demo", "role": "dispatcher", "first_day": "2026-11-01", "last_day": "2026-11-21" }),
    );
    book.act("demo", "worker.add", add("a1"));
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "last_day": "2026-11-20" }));
    assert_eq!(refused(&mut book, "demo", "worker.add", add("a2")).0, "R-003", "it ended yesterday");
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher" }));
    book.act("demo", "worker.add", add("a2"));
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "withdraw": true }));
    assert_eq!(refused(&mut book, "demo", "worker.add", add("a3")).0, "R-003");
}

#[test]
fn nobody_gives_themselves_a_right_or_closes_themselves() {
    let mut book = book("B01");
    let own = json!({ "user": "boss", "role": "centre_deputy" });
    assert_eq!(refused(&mut book, "boss", "user.right", own), ("R-003".into(), "user".into()));
    let own = json!({ "user": "boss", "reason": "离职" });
    assert_eq!(refused(&mut book, "boss", "user.close", own), ("R-003".into(), "user".into()));
    let none = json!({ "user": "demo", "role": "king" });
    assert_eq!(refused(&mut book, "boss", "user.right", none), ("R-003".into(), "role".into()));
    assert_eq!(refused(&mut book, "demo", "user.reset", json!({ "user": "room", "password": "demo" })).0, "R-003");
}

#[test]
fn a_closed_user_is_out_until_the_password_is_reset() {
    let mut book = book("B01");
    book.act("boss", "user.close", json!({ "user": "room", "reason": "调离" }));
    assert!(book.desk.sign_in("room", "demo").is_err());
    assert!(book.try_act("room", "user.password", &json!({ "old": "demo", "new": "newer" })).is_err());
    book.act("boss", "user.reset", json!({ "user": "room", "password": "again-1" }));
    book.desk.sign_in("room", "again-1").unwrap();
}

#[test]
fn a_person_changes_their_own_password_with_the_old_one() {
    let mut book = book("B01");
    let wrong = json!({ "old": "demp", "new": "better-1" });
    assert_eq!(refused(&mut book, "demo", "user.password", wrong).1, "old");
    assert_eq!(refused(&mut book, "demo", "user.password", json!({ "old": "demo", "new": "demo" })).1, "new");
    book.act("demo", "user.password", json!({ "old": "demo", "new": "better-1" }));
    assert!(book.desk.sign_in("demo", "demo").is_err());
    book.desk.sign_in("demo", "better-1").unwrap();
}

#[test]
fn words_on_one_user_agree_in_every_order() {
    let town = Town::new(|_| {});
    let samples: Vec<Sample> = vec![
        ("boss", "user.right", json!({ "user": "demo", "role": "dispatcher" })),
        ("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "last_day": "2026-11-20" })),
        ("boss", "user.close", json!({ "user": "demo", "reason": "离职" })),
        ("boss", "user.reset", json!({ "user": "demo", "password": "other" })),
        ("demo", "user.password", json!({ "old": "demo", "new": "third" })),
    ];
    town.agree_all(&samples, 10);
}

fn meterdesk(db: &Path, args: &[&str], stdin: &str, password: Option<&str>) -> Output {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(db).args(args).env_remove("METERDESK_DB").env_remove("METERDESK_NEW_PASSWORD");
    match password {
        Some(password) => command.env("METERDESK_PASSWORD", password),
        None => command.env_remove("METERDESK_PASSWORD"),
    };
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn users_are_kept_from_the_command_line_and_no_password_is_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("b.db");
    let init = ["init", "--site", "B03", "--name", "城南营业所"];
    assert!(meterdesk(&db, &init, "", Some("secret-1")).status.success());
    let add = ["--as", "admin", "--password-stdin", "user", "add", "wang", "--name", "王芳", "--role", "clerk"];
    let out = meterdesk(&db, &add, "secret-1\nsecret-2\n", None);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let own = ["--as", "wang", "--password-stdin", "user", "password"];
    let out = meterdesk(&db, &own, "secret-2\nsecret-2\nsecret-3\n", None);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let right = ["--as", "wang", "user", "right", "wang", "admin"];
    assert_eq!(meterdesk(&db, &right, "", Some("secret-3")).status.code(), Some(4));
    assert_eq!(meterdesk(&db, &["--json", "user", "list"], "", None).status.code(), Some(4), "nobody is named");
    let list = meterdesk(&db, &["--as", "admin", "--json", "user", "list"], "", Some("secret-1"));
    let users: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((users.as_array().unwrap().len(), &users[1]["login"]), (2, &json!("wang")));
    assert!(!String::from_utf8_lossy(&list.stdout).contains("argon2"));
}

#[test]
fn a_lost_key_file_comes_back_from_the_recovery_code_of_this_book_only() {
    let folder = tempfile::tempdir().unwrap();
    let (db, other) = (folder.path().join("b.db"), folder.path().join("c.db"));
    let init = ["--json", "init", "--site", "B03", "--name", "城南营业所"];
    let code = |db: &Path| {
        let out = meterdesk(db, &init, "", Some("secret-1"));
        let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
        answer["recovery_code"].as_str().unwrap().to_owned()
    };
    let (own, foreign) = (code(&db), code(&other));
    assert_eq!(meterdesk(&db, &["key", "restore"], &own, None).status.code(), Some(1), "the key is there");
    let key = folder.path().join("b.db.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(meterdesk(&db, &["verify"], "", None).status.code(), Some(3));
    assert_eq!(meterdesk(&db, &["key", "restore"], &foreign, None).status.code(), Some(1));
    assert_eq!(meterdesk(&db, &["key", "restore"], "not a code", None).status.code(), Some(3));
    assert!(meterdesk(&db, &["key", "restore"], &own, None).status.success());
    assert_eq!(std::fs::read(&key).unwrap(), kept);
    assert!(meterdesk(&db, &["verify"], "", None).status.success());
}

#[test]
fn a_worker_is_registered_with_their_post_which_an_amendment_of_something_else_leaves() {
    let mut book = book("B01");
    let reader = json!({ "code": "cr", "name": "陈抄", "team": "抄表班", "post": "抄表" });
    book.act("boss", "worker.add", reader);
    book.act("boss", "worker.add", json!({ "code": "lq", "name": "李强", "team": "抢修班" }));
    book.act("boss", "worker.amend", json!({ "worker": "cr", "phone": "13800000000" }));
    book.act("boss", "worker.amend", json!({ "worker": "lq", "post": "点火验收" }));
    let posts = |text: &str| book.desk.look().unwrap().workers_of_text(text).unwrap().remove(0).post;
    assert_eq!((posts("cr").as_str(), posts("lq").as_str()), ("抄表", "点火验收"));
    let bad = json!({ "code": "x", "name": "某", "team": "抢修班", "post": "司机" });
    assert_eq!(refused(&mut book, "boss", "worker.add", bad), ("input".into(), "post".into()));
}
