//! What is put in a book's place, with the real program: copies, whose they are, what they leave out; and how a site goes on whose
//! lives are used up. Each test is named after what went wrong.

mod support {
    pub mod office;
    pub mod one_book;
}

use meterdesk::book::entry::seal;
use meterdesk::derive;
use meterdesk::rules::id::Id;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::{Db, OpenOptions};
use support::office::{Office, Said};
use support::one_book::{Home, Open};

#[test]
fn a_copy_is_not_put_in_place_while_another_desk_has_the_book_open() {
    let home = Home::new();
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    let (mut first, mut second) = (Open::at(&home), Open::at(&home));
    assert_eq!((&first.worker("w1")["ok"], &second.worker("w2")["ok"]), (&true.into(), &true.into()));
    let copy = home.path("a.bak");
    let refused = home.run(&["restore", copy.to_str().unwrap()]);
    assert!(refused.code != 0 && refused.err.contains("打开"), "{} {}", refused.code, refused.err);
    assert_eq!(first.worker("w3")["ok"], true);
    first.close();
    assert!(home.run(&["restore", copy.to_str().unwrap()]).code != 0, "one of two is still there");
    second.close();
    let done = home.run(&["restore", copy.to_str().unwrap()]).ends(0).json();
    assert_eq!(done["only_in_old"], 3, "{done}");
}

#[test]
fn an_older_program_or_another_name_of_the_file_keeps_a_copy_out_too() {
    let home = Home::new();
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    std::fs::hard_link(home.path("x.db"), home.path("y.db")).unwrap();
    let other = rusqlite::Connection::open(home.path("x.db")).unwrap();
    let _: i64 = other.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    assert!(home.run(&["restore", home.path("a.bak").to_str().unwrap()]).err.contains("打开"));
    drop(other);
    home.run(&["restore", home.path("a.bak").to_str().unwrap()]).ends(0);
}

#[test]
fn a_desk_left_on_a_file_that_was_moved_stops_before_it_acknowledges() {
    let home = Home::new();
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    let mut desk = Open::at(&home);
    assert_eq!(desk.worker("w1")["ok"], true);
    std::fs::rename(home.path("x.db"), home.path("moved.db")).unwrap();
    let refused = desk.worker("w2");
    assert_eq!(refused["ok"], false, "nothing stands under the name");
    std::fs::copy(home.path("a.bak"), home.path("x.db")).unwrap();
    let refused = desk.worker("w3");
    assert!(refused["ok"] == false && refused["message"].as_str().unwrap().contains("另一个文件"), "{refused}");
    desk.close();
}

#[test]
fn a_copy_of_another_site_or_of_a_practice_book_or_the_book_itself_is_refused() {
    let home = Home::new();
    home.init("y.db", "B04").ends(0);
    home.on("y.db", &["backup", home.path("y.bak").to_str().unwrap()]).ends(0);
    let refused = home.run(&["restore", home.path("y.bak").to_str().unwrap()]).ends(1);
    assert!(refused.err.contains("B04") && refused.err.contains("B03"), "{}", refused.err);
    // Another book of the same code: practice over a real one, and one practice book over another.
    home.init("z.db", "B03").ends(0);
    home.on("z.db", &["backup", home.path("z.bak").to_str().unwrap()]).ends(0);
    let refused = home.run(&["restore", home.path("z.bak").to_str().unwrap()]).ends(1);
    assert!(refused.err.contains("不是同一个库"), "{}", refused.err);
    let real = ["init", "--site", "B03", "--name", "城南营业所"];
    let made = home.command("r.db", &real).env("METERDESK_PASSWORD", "secret-9").output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let copy = home.path("z.bak");
    let mut restore = home.command("r.db", &["--json", "--as", "admin", "restore", copy.to_str().unwrap()]);
    let refused = Said::of(&restore.env("METERDESK_PASSWORD", "secret-9").output().unwrap()).ends(1);
    assert!(refused.err.contains("练习库"), "{}", refused.err);
    // Without the book, its key and mark still tell.
    std::fs::remove_file(home.path("r.db")).unwrap();
    let refused = home.on("r.db", &["restore", home.path("y.bak").to_str().unwrap()]);
    assert!(refused.code != 0 && refused.err.contains("B04"), "{}", refused.err);
    let refused = home.on("r.db", &["restore", home.path("z.bak").to_str().unwrap()]);
    assert!(refused.code != 0 && refused.err.contains("密钥"), "{}", refused.err);
    assert!(home.run(&["restore", home.path("x.db").to_str().unwrap()]).code != 0);
    assert!(home.run(&["verify", "--full"]).code == 0 && !home.names().iter().any(|name| name.contains("restoring")));
}

#[test]
fn six_copies_put_back_in_a_row_leave_six_old_books() {
    let home = Home::new();
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    for number in 1..=6 {
        home.worker(&format!("w{number}")).ends(0);
        home.run(&["restore", home.path("a.bak").to_str().unwrap()]).ends(0);
    }
    let old: Vec<String> = home
        .names()
        .into_iter()
        .filter(|name| name.contains(".before-restore-") && !name.ends_with(".key") && !name.ends_with(".site"))
        .collect();
    assert_eq!(old.len(), 6, "{old:?}");
    for name in old {
        let conn = rusqlite::Connection::open(home.path(&name)).unwrap();
        let workers: i64 =
            conn.query_row("SELECT count(*) FROM entry WHERE action = 'worker.add'", [], |row| row.get(0)).unwrap();
        assert!(workers >= 1, "{name}");
    }
}

#[test]
fn restore_says_until_which_minute_and_which_receipts_came_after() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    office.fee(&db);
    let copy = office.path("a.bak");
    office.run("B1", &["backup", copy.to_str().unwrap()]).ends(0);
    let sent = office.fee(&db);
    office.night("B1", "night");
    let (first, last) = (office.fee(&db), office.fee(&db));
    let saved = office.path("saved.mark");
    std::fs::copy(office.path("B1.db.mark"), &saved).unwrap();
    let done = office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0).json();
    assert_eq!(done["receipts_since"], 3, "{done}");
    assert_eq!(done["receipts"], serde_json::json!([{ "first": sent, "last": last }]));
    assert_eq!(done["receipts_to_enter"], 2, "head office has the first: {done}");
    assert!(done["until"].as_str().unwrap().len() == 16 && done["since"].to_string().contains("补录"), "{done}");
    // The old book gone, its mark still tells.
    for tail in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(office.path(&format!("B1.db{tail}")));
    }
    std::fs::copy(&saved, office.path("B1.db.mark")).unwrap();
    let done = office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0).json();
    assert_eq!((&done["old_book_read"], &done["receipts_since"]), (&false.into(), &3.into()), "{done}");
    assert!(done["only_in_old"].as_i64().unwrap() >= 3 && !first.is_empty(), "{done}");
}

#[test]
fn lives_are_counted_told_from_the_twentieth_and_their_end_has_a_way_on() {
    let home = Home::new();
    home.run(&["backup", home.path("a.bak").to_str().unwrap()]).ends(0);
    let copy = home.path("a.bak");
    for life in 2..=31 {
        let done = Said::of(&home.command("x.db", &["restore", copy.to_str().unwrap()]).output().unwrap()).ends(0);
        assert_eq!(
            done.out.contains("最多 31 个") || done.out.contains("最后一个"),
            life >= 20,
            "{life}: {}",
            done.out
        );
        assert!(done.out.contains(&format!("启用号 {life}")), "{}", done.out);
    }
    assert!(home.worker("w1").ends(0).err.contains("最后一个启用号"));
    let refused = home.run(&["restore", copy.to_str().unwrap()]).ends(1);
    assert!(refused.err.contains("enrol") && refused.err.contains("31 个启用号都用完"), "{}", refused.err);
    assert!(!home.names().iter().any(|name| name.contains("restoring")), "{:?}", home.names());
    home.worker("w2").ends(0);
    home.run(&["verify", "--full"]).ends(0);
}

#[test]
fn a_copy_of_an_earlier_program_or_with_forged_rights_is_derived_anew_when_it_is_put_back() {
    let home = Home::new();
    home.worker("w1").ends(0);
    let copy = home.path("a.bak");
    home.run(&["backup", copy.to_str().unwrap()]).ends(0);
    let conn = rusqlite::Connection::open(&copy).unwrap();
    conn.execute_batch(
        "UPDATE l_setting SET value = 'older' WHERE name = 'derived_shape';
         DROP TRIGGER entry_no_delete; DELETE FROM d_worker;
         INSERT INTO d_user_role SELECT * FROM d_user_role WHERE 0",
    )
    .unwrap();
    drop(conn);
    home.run(&["restore", copy.to_str().unwrap()]).ends(0);
    home.run(&["verify", "--full"]).ends(0);
    let conn = rusqlite::Connection::open(home.path("x.db")).unwrap();
    let workers: i64 = conn.query_row("SELECT count(*) FROM d_worker", [], |row| row.get(0)).unwrap();
    assert_eq!(workers, 1);
}

/// A site whose lives are used up, and whose machine is lost, goes on under a new code: what it made is worked on there.
#[test]
fn a_branch_whose_lives_are_used_up_goes_on_under_a_new_code() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.worker("B1", "W1").ends(0);
    let home = serde_json::json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01", "first": "1204" },
        "recent": [9, 8, 8],
    });
    let account = office.act(&db, "demo", "account.open", &home).ends(0).json()["result"]["account"].clone();
    let amend = serde_json::json!({
        "account": account, "field": "mobile", "seen": "13987654321", "value": "13900001111",
    });
    office.night("B1", "last");
    office.init("B1A", &[]);
    let early = office.run("B1A", &["site", "succeed", "B1"]);
    assert!(early.code == 1 && early.err.contains("总部"), "{}", early.err);
    let head = office.card("HO");
    office.run("B1A", &["site", "trust", &head.0, "--fingerprint", &head.1]).ends(0);
    let card = office.card("B1A");
    let beside = office.run("HO", &["site", "enrol", &card.0, "--fingerprint", &card.1, "--everything"]);
    assert!(beside.code == 1 && beside.err.contains("site revoke B1"), "{}", beside.err);
    office.run("HO", &["site", "revoke", "B1", "--reason", "启用号用完，换 B1A"]).ends(0);
    office.enrol(&card);
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1A", "--whole"]).ends(0);
    office.take("B1A", &whole).ends(0);
    office.night("B1A", "first");
    assert_eq!(office.run("B1A", &["site", "succeed", "B2"]).code, 1);
    office.run("B1A", &["site", "succeed", "B1"]).ends(0);
    let new = office.db("B1A");
    let done = office.act(&new, "demo", "account.amend", &amend);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    office.shift(&new);
    assert!(office.fee(&new).starts_with("B1A-1-"));
    let workers = office.run("B1A", &["find", account.as_str().unwrap()]).ends(0).out;
    assert!(workers.contains("王芳"), "{workers}");
    // Two of one name: the plain one is this site's, the list names the other with its old code, and so is it reset and closed.
    let mut list = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    let list = list.arg("--db").arg(&new).args(["--as", "boss", "user", "list"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"boss") && names.contains(&"boss@B1") && names.contains(&"demo@B1"), "{list}");
    for (name, site) in [("demo", "B1A."), ("demo@B1A", "B1A."), ("demo@B1", "B1.")] {
        let reset = serde_json::json!({ "user": name, "password": "given-123" });
        let user = office.act(&new, "boss", "user.reset", &reset).ends(0).json()["result"]["user"].clone();
        assert!(user.as_str().unwrap().starts_with(site), "{name}: {user}");
    }
    let close = serde_json::json!({ "user": "boss@B1", "reason": "旧代码不用了" });
    office.act(&new, "boss", "user.close", &close).ends(0);
    office.night("B1A", "second");
    office.run("B1A", &["verify", "--full"]).ends(0);
    assert_eq!(office.state("B1A"), office.state("HO"));
}

/// Another tool raised the life in the row of settings under an earlier program, which went on there without a word.
#[test]
fn a_life_that_began_without_saying_so_was_copied_and_put_back_without_a_question() {
    let home = Home::new();
    home.worker("w1").ends(0);
    {
        let (mut db, _) = Db::open(&home.path("x.db"), OpenOptions::default()).unwrap();
        let tx = db.write().unwrap();
        let last = tx.entries_after(Id(0), 1_000_000).unwrap().pop().unwrap();
        let id = Id::new(&last.id.site(), 2, 1, 0).unwrap();
        let first = EntryRow { id, epoch: 2, seq: 1, prev: last.hash, hlc: last.hlc + 1, key: None, ..last };
        derive::receive(&tx, &seal(first)).unwrap();
        tx.set_setting("epoch", "2").unwrap();
        tx.commit().unwrap();
    }
    let asked = |said: &serde_json::Value| said.to_string().contains("不是从 site.epoch 开始的");
    let verdict = home.run(&["verify"]).ends(0).json();
    assert!(verdict["ok"] == true && asked(&verdict["questions"][0]["message"]), "{verdict}");
    let copy = home.path("a.bak");
    home.run(&["backup", copy.to_str().unwrap()]).ends(0);
    let done = home.run(&["restore", copy.to_str().unwrap()]).ends(0).json();
    assert!(done["epoch"] == 3 && asked(&done["questions"][0]), "{done}");
    // A life that says so is not asked about.
    assert_eq!(home.run(&["verify"]).ends(0).json()["questions"].as_array().unwrap().len(), 1);
}
