//! The day book end to end: init, actions, idempotency, verify, an older copy, tampering.

mod support {
    pub mod site;
}

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::OpenOptions;
use support::site::new_site;

fn new_desk(path: &std::path::Path) -> Desk {
    let new = new_site("B03", false);
    let (mut desk, _) = Desk::create(path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
    desk.sign_in_practice("boss").unwrap();
    desk
}

const WORKER: &str = r#"{"code":"lq","name":"李强","team":"抢修班"}"#;

#[test]
fn the_same_key_gives_the_first_answer_and_another_input_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder.path().join("a.db"));
    let call = || Call { key: Some("k1"), at: None };
    let first = desk.perform("worker.add", WORKER, call()).unwrap();
    let again = desk.perform("worker.add", r#"{ "team":"抢修班","name":"李强", "code":"lq" }"#, call()).unwrap();
    assert_eq!((first.entry, &first.result, true), (again.entry, &again.result, again.repeated));
    let other = desk.perform("worker.add", r#"{"code":"wq","name":"王强","team":"抢修班"}"#, call()).unwrap_err();
    assert_eq!(other.first_rule(), "key");
}

#[test]
fn a_refusal_does_not_bind_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder.path().join("a.db"));
    let call = || Call { key: Some("k1"), at: None };
    assert!(desk.perform("worker.add", r#"{"code":"","name":"李强","team":"抢修班"}"#, call()).is_err());
    assert!(!desk.perform("worker.add", WORKER, call()).unwrap().repeated);
}

#[test]
fn a_sound_book_verifies_and_a_changed_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut desk = new_desk(&path);
    let done = desk.perform("worker.add", WORKER, Call::default()).unwrap();
    let verdict = desk.verify(true, |_| {}).unwrap();
    assert!(verdict.ok, "{verdict:?}");
    drop(desk);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("DROP TRIGGER entry_no_update").unwrap();
    raw.execute("UPDATE entry SET payload = replace(payload, '李', '王') WHERE id = ?1", [done.entry.unwrap().0])
        .unwrap();
    drop(raw);
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    let verdict = desk.verify(false, |_| {}).unwrap();
    assert_eq!(verdict.first_fault.unwrap().entry, done.entry);
}

#[test]
fn an_older_copy_goes_on_in_a_new_epoch_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut desk = new_desk(&path);
    desk.db().checkpoint().unwrap();
    std::fs::copy(&path, folder.path().join("old.db")).unwrap();
    desk.perform("worker.add", WORKER, Call::default()).unwrap();
    desk.db().checkpoint().unwrap();
    drop(desk);
    std::fs::copy(folder.path().join("old.db"), &path).unwrap();
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    assert_eq!(desk.notices().len(), 1);
    desk.sign_in_practice("boss").unwrap();
    let done = desk.perform("worker.add", WORKER, Call::default()).unwrap();
    assert_eq!(done.entry.unwrap().epoch(), 2);
    assert!(desk.verify(true, |_| {}).unwrap().ok);
}

#[test]
fn nobody_acts_without_the_right_or_without_being_logged_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder.path().join("a.db"));
    let clerk = r#"{"login":"demo","name":"王芳","roles":["clerk"],"password":"demo"}"#;
    desk.perform("user.add", clerk, Call::default()).unwrap();
    desk.sign_in_practice("demo").unwrap();
    let refusal = desk.perform("user.add", clerk, Call::default()).unwrap_err();
    assert_eq!((refusal.kind, refusal.exit_code()), (RefusalKind::Permission, 4));
    desk.sign_out();
    assert_eq!(desk.perform("worker.add", WORKER, Call::default()).unwrap_err().kind, RefusalKind::Permission);
}

#[test]
fn a_payload_keeps_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder.path().join("a.db"));
    let done = desk.perform("worker.add", WORKER, Call::default()).unwrap();
    let row = desk.look().unwrap().entry(done.entry.unwrap()).unwrap().unwrap();
    assert_eq!(row.leaf, meterdesk::book::entry::leaf(&row.salt, row.payload.as_bytes()));
    assert!(row.payload.contains("\"name\":\"李强\""));
}

#[test]
fn going_on_from_a_backup_begins_a_new_life_and_sets_the_old_book_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut desk = new_desk(&path);
    let copy = desk.backup(&folder.path().join("copy.db")).unwrap();
    assert_eq!(copy.upto, "B03.1.2");
    assert!(desk.backup(&folder.path().join("copy.db")).is_err(), "a copy is never overwritten");
    desk.perform("worker.add", WORKER, Call::default()).unwrap();
    let now = desk.now();
    drop(desk);
    let done = meterdesk::desk::restore::restore(&folder.path().join("copy.db"), &path, None, now).unwrap();
    assert_eq!((done.copy.entries, done.aside.unwrap().exists()), (2, true));
    let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    assert!(desk.notices().is_empty(), "{:?}", desk.notices());
    desk.sign_in_practice("boss").unwrap();
    assert_eq!(desk.perform("worker.add", WORKER, Call::default()).unwrap().entry.unwrap().to_string(), "B03.2.2");
    assert!(desk.verify(true, |_| {}).unwrap().ok);
}

#[test]
fn a_file_that_is_something_else_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let open = |path: &std::path::Path| {
        Desk::open(path, OpenOptions::default(), Box::new(SystemClock)).err().unwrap().message()
    };
    assert!(open(&path).contains("找不到"));
    std::fs::write(&path, b"not a database").unwrap();
    assert!(open(&path).contains("不是 meterdesk 的数据库"));
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    assert!(open(&path).contains("不是 meterdesk 的数据库"));
    std::fs::remove_file(&path).unwrap();
    drop(new_desk(&path));
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version=99").unwrap();
    assert!(open(&path).contains("升级"));
}

#[test]
fn an_entry_is_never_changed_but_for_its_place_between_the_branches_of_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(new_desk(&path));
    let file = rusqlite::Connection::open(&path).unwrap();
    let across = 32i64 * 4_000_000 * 512;
    for change in [
        "UPDATE entry SET payload = payload || ' '".to_owned(),
        "UPDATE entry SET key = 'k'".to_owned(),
        "UPDATE entry SET hash = zeroblob(32)".to_owned(),
        "UPDATE entry SET id = id + 512".to_owned(),
        format!("UPDATE entry SET id = id + {across}, at = 'x'"),
        "DELETE FROM entry".to_owned(),
    ] {
        let refused = file.execute(&change, []).unwrap_err().to_string();
        assert!(refused.contains("entries are never"), "{change}: {refused}");
    }
    assert!(file.execute(&format!("UPDATE entry SET id = id + {across}"), []).unwrap() > 0);
}
