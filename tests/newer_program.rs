//! A program meets entries of a newer one: it keeps them, sends them on byte for byte, pauses only their subjects, and an upgrade
//! mends it by itself.

mod support;

use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::Kind;
use meterdesk::derive::Received;
use meterdesk::derive::knowledge::LACKS;
use meterdesk::desk::Desk;
use meterdesk::desk::open::NewSite;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::base::HoldRow;
use meterdesk::store::tables::user::WorkerRow;
use meterdesk::store::{Db, OpenOptions};
use serde_json::json;
use support::arrive::{empty, entries, finish, hash, made, site, state_of, take};
use support::orders::{Book, book, moment};
use support::site::new_site;

/// A file whose program does not know these actions and kinds, with the entries of a branch in it.
fn older(path: &std::path::Path, lacks: &str) -> Desk {
    let mut desk = opened(path);
    let tx = desk.db_mut().write().unwrap();
    tx.set_setting(LACKS, lacks).unwrap();
    tx.commit().unwrap();
    desk
}

fn opened(path: &std::path::Path) -> Desk {
    let clock = || Box::new(FixedClock::at(moment()));
    if path.exists() {
        return Desk::open(path, OpenOptions::default(), clock()).unwrap();
    }
    let new = NewSite { name: "城北营业所", login: "boss7", ..new_site("B07", false) };
    Desk::create(path, OpenOptions::default(), clock(), &new).unwrap().0
}

fn upgraded(desk: Desk, path: &std::path::Path) -> Desk {
    drop(desk);
    let (mut db, _) = Db::open(path, OpenOptions::default()).unwrap();
    let tx = db.write().unwrap();
    tx.set_setting(LACKS, "").unwrap();
    tx.commit().unwrap();
    drop(db);
    opened(path)
}

/// A branch with three accounts; then one is amended by the newer program, another pays in advance.
fn history() -> (Vec<EntryRow>, Vec<EntryRow>) {
    let mut home = book("B01");
    support::town::small(&mut home);
    home.act("demo", "shift.open", json!({ "float": "100.00" }));
    let common = entries(&home);
    let amend = json!({ "account": "3100000002", "field": "mobile", "seen": "13358990332", "value": "13900000001" });
    let pay = |no: &str| json!({ "account": no, "bills": [], "to_prepaid": "50.00" });
    let later = vec![
        made(&mut home, "demo", "account.amend", amend),
        made(&mut home, "demo", "payment.take", pay("3100000004")),
        made(&mut home, "demo", "payment.take", pay("3100000002")),
    ];
    (common, later)
}

fn mobile(desk: &Desk, no: &str) -> Option<String> {
    desk.look().unwrap().account_of_text(no).unwrap().unwrap().mobile
}

#[test]
fn an_entry_of_a_newer_program_is_kept_sent_on_and_pauses_its_subject_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let (common, later) = history();
    let mut old = older(&path, "account.amend");
    for batch in [&common, &later] {
        assert!(take(&mut old, batch).iter().all(|answer| *answer == Received::New));
        finish(&mut old);
    }
    // Kept byte for byte, and what is sent on makes another book what it would have been.
    let kept = entries_of(&old, "B01");
    assert_eq!(kept, [common.clone(), later.clone()].concat());
    assert_eq!(hash(&state_of(&kept)), hash(&state_of(&[common, later].concat())));
    // The subject is paused and says why; the others go on.
    let account = old.look().unwrap().account_of_text("3100000002").unwrap().unwrap();
    let holds = old.look().unwrap().scan::<HoldRow>(&[&Kind::Account.letter(), &account.id]).unwrap();
    assert_eq!(holds.len(), 1);
    assert!(holds[0].reason.contains("需要升级程序"), "{}", holds[0].reason);
    assert_eq!(mobile(&old, "3100000002").as_deref(), Some("13358990332"));
    let mut old = Book { desk: old };
    let clerk = json!({ "login": "clerk7", "name": "刘洋", "roles": ["clerk"], "password": "demo" });
    old.act("boss7", "user.add", clerk);
    old.act("clerk7", "shift.open", json!({ "float": "10.00" }));
    // What another site may do with the account waits for the upgrade; what it may not is its own site's all the same.
    for (action, rule) in [("payment.take", "upgrade"), ("account.amend", "site")] {
        let input = match action {
            "payment.take" => json!({ "account": "3100000002", "bills": [], "to_prepaid": "1.00" }),
            _ => json!({ "account": "3100000002", "field": "remark", "seen": "", "value": "3" }),
        };
        assert_eq!(old.try_act("clerk7", action, &input).unwrap_err().first_rule(), rule, "{action}");
    }
    old.act("clerk7", "payment.take", json!({ "account": "3100000006", "bills": [], "to_prepaid": "5.00" }));
    let verdict = old.desk.verify(true, |_| {}).unwrap();
    assert_eq!(verdict.first_fault.map(|fault| fault.message), None, "what waits for an upgrade is no fault");
    // The upgrade mends it when it opens the book.
    let all = entries(&old);
    let new = upgraded(old.desk, &path);
    assert!(new.notices().iter().any(|notice| notice.contains("升级")), "{:?}", new.notices());
    assert_eq!(mobile(&new, "3100000002").as_deref(), Some("13900000001"));
    assert_eq!(hash(&new), hash(&state_of(&all)));
    let again = upgraded(new, &path);
    assert!(again.notices().is_empty(), "only once");
}

#[test]
fn a_kind_of_subject_nobody_knew_is_found_again_after_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let (common, later) = history();
    let mut old = older(&path, "kind:w");
    take(&mut old, &common);
    finish(&mut old);
    take(&mut old, &later);
    assert_eq!(workers(&old), 0);
    assert_eq!(mobile(&old, "3100000002").as_deref(), Some("13900000001"), "the rest is as it should be");
    let all = entries(&Book { desk: old });
    let new = opened(&path);
    assert_eq!(workers(&new), 0, "not upgraded yet");
    let new = upgraded(new, &path);
    assert_eq!(workers(&new), 2);
    assert_eq!(hash(&new), hash(&state_of(&all)));
}

#[test]
fn what_an_older_program_paused_agrees_in_every_order_after_the_upgrade() {
    let (common, later) = history();
    for order in support::orders::orders(later.len()) {
        let mut desk = site("B07", &common, 0).desk;
        let tx = desk.db_mut().write().unwrap();
        tx.set_setting(LACKS, "account.amend").unwrap();
        tx.commit().unwrap();
        for index in &order {
            take(&mut desk, std::slice::from_ref(&later[*index]));
        }
        let tx = desk.db_mut().write().unwrap();
        tx.set_setting(LACKS, "").unwrap();
        tx.commit().unwrap();
        meterdesk::derive::knowledge::catch_up(desk.db_mut()).unwrap();
        let mut plain = empty();
        take(&mut plain, &common);
        finish(&mut plain);
        take(&mut plain, &later);
        assert_eq!(hash(&desk), hash(&plain), "{order:?}");
    }
}

fn workers(desk: &Desk) -> usize {
    desk.look().unwrap().scan::<WorkerRow>(&[]).unwrap().len()
}

fn entries_of(desk: &Desk, code: &str) -> Vec<EntryRow> {
    let mut rows = desk.look().unwrap().entries_after(meterdesk::rules::id::Id(0), 1_000_000).unwrap();
    rows.retain(|row| row.site == code);
    rows
}

#[test]
fn an_older_program_put_back_folds_again_what_it_does_not_understand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let (common, later) = history();
    let mut new = older(&path, "");
    for batch in [&common, &later] {
        take(&mut new, batch);
        finish(&mut new);
    }
    assert_eq!(mobile(&new, "3100000002").as_deref(), Some("13900000001"));
    let before = hash(&new);
    drop(older_again(new, "account.amend"));
    let mut old = opened(&path);
    assert_eq!(mobile(&old, "3100000002").as_deref(), Some("13358990332"), "what it does not understand is paused");
    let verdict = old.verify(true, |_| {}).unwrap();
    assert_eq!(verdict.first_fault.map(|fault| fault.message), None);
    assert_eq!(hash(&upgraded(old, &path)), before);
}

/// Another branch's entry about a customer of B01, and what its author wrote before.
fn by_another_branch(common: &[EntryRow]) -> Vec<EntryRow> {
    let mut other = Book { desk: support::company::site("B2", false) };
    take(&mut other.desk, common);
    finish(&mut other.desk);
    other.act("demo", "shift.open", json!({ "float": "100.00", "reason": "首班" }));
    other.act("demo", "payment.take", json!({ "account": "3100000002", "bills": [], "to_prepaid": "50.00" }));
    entries_of(&other.desk, "B2")
}

fn holds(desk: &Desk) -> Vec<String> {
    desk.look().unwrap().scan::<HoldRow>(&[]).unwrap().into_iter().map(|row| row.kind).collect()
}

fn questions(desk: &Desk) -> Vec<String> {
    desk.look().unwrap().all_exceptions().unwrap().into_iter().map(|row| format!("{} {}", row.kind, row.what)).collect()
}

#[test]
fn an_action_nobody_knows_signed_by_another_branch_paused_a_customer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let (common, _) = history();
    let theirs = by_another_branch(&common);
    let mut old = older(&path, "payment.take");
    for batch in [&common, &theirs] {
        take(&mut old, batch);
        finish(&mut old);
    }
    // Their own drawer waits for the upgrade; the customer of B01 does not.
    assert_eq!((holds(&old), questions(&old)), (vec!["s".to_owned()], vec!["a unknown_action".to_owned()]));
    let mut old = Book { desk: old };
    assert_eq!(old.desk.verify(true, |_| {}).unwrap().first_fault.map(|fault| fault.message), None);
    let all = entries(&old);
    let new = upgraded(old.desk, &path);
    assert!(holds(&new).is_empty() && questions(&new).is_empty(), "{:?}", questions(&new));
    assert_eq!(hash(&new), hash(&state_of(&all)), "the newer entry counts in its place");
    // A word that no program knows, in every order with the first entries that say who is who; the question does not stay for ever alone.
    let forged = EntryRow { action: "customer.stop".into(), ..theirs.last().unwrap().clone() };
    let forged = meterdesk::book::entry::seal(forged);
    let mut rows = theirs.clone();
    *rows.last_mut().unwrap() = forged;
    let mut forward = empty();
    take(&mut forward, &common);
    take(&mut forward, &rows);
    finish(&mut forward);
    assert_eq!(questions(&forward), ["a unknown_action"]);
    let mut backward = empty();
    rows.reverse();
    rows.iter().for_each(|row| drop(take(&mut backward, std::slice::from_ref(row))));
    take(&mut backward, &common);
    finish(&mut backward);
    assert_eq!(hash(&forward), hash(&backward));
}

/// A known action whose body is not what it promises, or in a version of tomorrow, signed by another branch about a customer of B01.
#[test]
fn a_body_nobody_reads_and_a_newer_version_signed_by_another_branch_paused_a_customer() {
    let (common, later) = history();
    let theirs = by_another_branch(&common);
    let unread = |row: &EntryRow| EntryRow { payload: r#"{"account":7}"#.into(), ..row.clone() };
    let newer = |row: &EntryRow| EntryRow { version: 99, ..row.clone() };
    for (word, change) in [("unread", &unread as &dyn Fn(&EntryRow) -> EntryRow), ("newer", &newer)] {
        let mut rows = theirs.clone();
        let last = rows.last_mut().unwrap();
        assert_eq!(last.action, "payment.take");
        *last = meterdesk::book::entry::seal(change(last));
        let mut forward = empty();
        for batch in [&common, &rows, &later] {
            take(&mut forward, batch);
            finish(&mut forward);
        }
        assert_eq!(holds(&forward), ["s"], "{word}: their own drawer waits");
        assert_eq!(questions(&forward), ["a unknown_action"], "{word}");
        assert_eq!(mobile(&forward, "3100000002").as_deref(), Some("13900000001"), "{word}: the customer goes on");
        let balance = meterdesk::derive::ledger::trial_balance(&forward.look().unwrap()).unwrap();
        assert_eq!((balance.unbalanced, balance.total().0), (None, 0), "{word}");
        let mut backward = empty();
        take(&mut backward, &common);
        finish(&mut backward);
        for row in later.iter().chain(&rows).rev() {
            take(&mut backward, std::slice::from_ref(row));
        }
        finish(&mut backward);
        assert_eq!(hash(&forward), hash(&backward), "{word}: in every order");
        // Of its own site it pauses, as ever.
        let mut own = empty();
        take(&mut own, &common);
        take(&mut own, &[meterdesk::book::entry::seal(change(&later[0]))]);
        finish(&mut own);
        assert_eq!((holds(&own), questions(&own).len()), (vec!["a".to_owned()], 0), "{word}");
    }
}

#[test]
fn an_action_nobody_knows_of_its_own_site_or_of_head_office_waits_for_the_upgrade() {
    let office = entries(&Book { desk: support::company::site("HO", true) });
    let (common, later) = history();
    let stop = |of: &EntryRow, after: &EntryRow| {
        let seq = after.seq + 1;
        let id = meterdesk::rules::id::Id::new(&after.id.site(), after.epoch, seq, 0).unwrap();
        let account = later[0].subjects.clone();
        meterdesk::book::entry::seal(EntryRow {
            id,
            site: after.site.clone(),
            seq,
            prev: after.hash,
            hlc: after.hlc.max(of.hlc) + 1,
            action: "customer.stop".into(),
            subjects: account,
            key: None,
            ..of.clone()
        })
    };
    let last = common.last().unwrap();
    for (author, before) in [("own", last), ("head office", office.last().unwrap())] {
        let mut desk = empty();
        take(&mut desk, &common);
        take(&mut desk, &office);
        take(&mut desk, &[stop(&later[0], before)]);
        finish(&mut desk);
        assert_eq!((holds(&desk), questions(&desk).len()), (vec!["a".to_owned()], 0), "{author}");
    }
}

fn older_again(mut desk: Desk, lacks: &str) -> Desk {
    let tx = desk.db_mut().write().unwrap();
    tx.set_setting(LACKS, lacks).unwrap();
    tx.commit().unwrap();
    desk
}
