//! The power goes: everything acknowledged is there, nothing twice, the book verifies. A page cache survives a kill, so the
//! test runs on a VFS that loses what was not synced; with `synchronous=OFF` the same test must fail.

mod support {
    pub mod site;
}

use std::path::Path;
use std::sync::Mutex;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use support::site::new_site;

/// One VFS in the process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn options(sync_off: bool) -> OpenOptions {
    OpenOptions { vfs: Some(lossy_vfs::NAME.into()), unsafe_sync_off: sync_off, read_only: false, apart: false }
}

/// Works for `actions` actions, cuts the power, and answers what was acknowledged and what the disk still has.
fn work_and_cut(
    folder: &Path,
    actions: usize,
    sync_off: bool,
    checkpoint_at: Option<usize>,
) -> (Vec<Id>, Option<Desk>) {
    lossy_vfs::register();
    let path = folder.join("branch.db");
    let new = new_site("B03", false);
    let (desk, _) = Desk::create(&path, options(false), Box::new(SystemClock), &new).unwrap();
    desk.db().checkpoint().unwrap();
    drop(desk);
    let mut desk = Desk::open(&path, options(sync_off), Box::new(SystemClock)).unwrap();
    desk.sign_in_practice("boss").unwrap();
    let mut acknowledged = Vec::new();
    for number in 0..actions {
        let input = format!(r#"{{"code":"w{number}","name":"师傅{number}","team":"抢修班"}}"#);
        let key = format!("k{number}");
        let done = desk.perform("worker.add", &input, Call { key: Some(&key), at: None }).unwrap();
        acknowledged.push(done.entry.unwrap());
        if checkpoint_at == Some(number) {
            desk.db().checkpoint().unwrap();
        }
    }
    lossy_vfs::power_cut();
    // The dying process must not write any more: its files are copied as the disk has them.
    let after = folder.join("after");
    std::fs::create_dir(&after).unwrap();
    for name in ["branch.db", "branch.db-wal", "branch.db.key"] {
        let _ = std::fs::copy(folder.join(name), after.join(name));
    }
    std::mem::forget(desk);
    let found = Desk::open(&after.join("branch.db"), OpenOptions::default(), Box::new(SystemClock)).ok();
    (acknowledged, found)
}

fn lost(acknowledged: &[Id], found: Option<&Desk>) -> usize {
    let Some(desk) = found else { return acknowledged.len() };
    let tx = desk.look().unwrap();
    acknowledged.iter().filter(|id| tx.entry(**id).unwrap().is_none()).count()
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (actions, checkpoint_at) in [(1, None), (7, None), (20, Some(9)), (20, Some(19)), (40, Some(20))] {
        let folder = tempfile::tempdir().unwrap();
        let (acknowledged, found) = work_and_cut(folder.path(), actions, false, checkpoint_at);
        assert_eq!(lost(&acknowledged, found.as_ref()), 0, "{actions} actions");
        let verdict = found.unwrap().verify(true, |_| {}).unwrap();
        assert!(verdict.ok, "{:?}", verdict.first_fault);
    }
}

#[test]
fn without_syncs_the_same_test_fails() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let (acknowledged, found) = work_and_cut(folder.path(), 20, true, None);
    assert!(
        lost(&acknowledged, found.as_ref()) > 0,
        "synchronous=OFF must lose something, or this test proves nothing"
    );
}
