//! Special handling in a real terminal, on a practice branch: a clerk asks with a preview within eight control keys, a second person
//! checks, a third approves; each sees the same picture.

#[path = "support/pty.rs"]
mod pty;

use std::path::{Path, PathBuf};

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::Desk;
use meterdesk::desk::demo;
use meterdesk::store::OpenOptions;
use portable_pty::CommandBuilder;
use pty::Pty;

fn branch(folder: &Path) -> PathBuf {
    let db = folder.join("a.db");
    drop(demo::build(&db, 60, 1, &mut |_, _, _| {}).unwrap());
    db
}

fn open(db: &Path, user: &str) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.args(["--db", db.to_str().unwrap(), "--as", user]);
    let pty = Pty::spawn(command, 80, 24);
    pty.wait_text("首页");
    pty
}

/// An account whose newest bill is not paid: 户号 and what it owes on that bill, in fen.
fn owing(db: &Path) -> (String, i64) {
    let raw = rusqlite::Connection::open(db).unwrap();
    let sql = "SELECT no, amount FROM d_account JOIN d_bill ON d_bill.account = d_account.id
               WHERE unpaid = amount AND amount > 0 AND kind = 'use' AND volume > 3000 AND last_day =
                     (SELECT max(last_day) FROM d_bill AS b WHERE b.account = d_account.id AND state <> 'cancelled')
               ORDER BY no LIMIT 1";
    raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("an account that owes")
}

fn owed(db: &Path, no: &str) -> meterdesk::rules::money::Fen {
    let desk = Desk::open(db, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    let tx = desk.look().unwrap();
    tx.owed(tx.account_of_text(no).unwrap().unwrap().id).unwrap()
}

/// Presses keys that are counted as control keys.
fn control(pty: &mut Pty, count: &mut usize, key: &str) {
    *count += 1;
    pty.press(key);
}

#[test]
fn three_people_adjust_a_bill_and_the_clerk_needs_at_most_eight_control_keys() {
    let folder = tempfile::tempdir().unwrap();
    let db = branch(folder.path());
    let (no, amount) = owing(&db);
    let before = owed(&db, &no);
    let mut keys = 0;
    let mut clerk = open(&db, "demo");
    clerk.press(&no);
    clerk.wait_text(&no);
    control(&mut clerk, &mut keys, "<Enter>");
    clerk.wait_text("时间线");
    control(&mut clerk, &mut keys, "<F7>");
    clerk.wait_text("改前与改后");
    clerk.press("v1");
    control(&mut clerk, &mut keys, "<Enter>");
    control(&mut clerk, &mut keys, "<Enter>");
    clerk.press("1");
    clerk.wait_text("全户欠费");
    control(&mut clerk, &mut keys, "<Enter>");
    clerk.press("复表单 0817");
    clerk.wait_text("复表单 0817");
    control(&mut clerk, &mut keys, "<F2>");
    clerk.wait_text("已提交申请");
    assert!(keys <= 8, "{keys} control keys");
    clerk.press("<C-q>");
    clerk.end().assert_restored();
    for (user, done) in [("check", "已复核"), ("chief", "已批准")] {
        let mut other = open(&db, user);
        other.press("<F10>审批<Enter>");
        other.wait_text("复表单 0817");
        other.wait_text("全户欠费");
        other.press("<F2>");
        other.wait_text(done);
        other.press("<C-q>");
        other.end().assert_restored();
    }
    let desk = Desk::open(&db, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    let tx = desk.look().unwrap();
    let account = tx.account_of_text(&no).unwrap().unwrap().id;
    assert!(tx.open_requests().unwrap().is_empty());
    let row = tx.requests_of(account).unwrap().pop().unwrap();
    assert_eq!(row.state, "approved");
    assert!(tx.owed(account).unwrap().0 < before.0, "one cubic metre costs less than {amount}");
    let people = [Some(row.maker), row.checker, row.approver];
    assert!(people[0] != people[1] && people[1] != people[2] && people[0] != people[2]);
}
