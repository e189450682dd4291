//! The files of a book, with the real program: what is put in its place, what lies beside it, what is written next to it, what is found
//! out about it. Each test is named after what went wrong.

mod support {
    pub mod office;
    pub mod site;
}

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use meterdesk::book::clock::FixedClock;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::OpenOptions;
use support::office::{Office, Said};

/// A folder with one book.
struct Home(tempfile::TempDir);

impl Home {
    fn empty() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    /// A practice book `x.db`.
    fn new() -> Self {
        let home = Self::empty();
        home.init("x.db", "B03").ends(0);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn init(&self, name: &str, site: &str) -> Said {
        self.on(name, &["init", "--site", site, "--name", "城南营业所", "--practice"])
    }

    fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(self.path(name)).args(args).env_remove("METERDESK_PASSPHRASE");
        command
    }

    fn on(&self, name: &str, args: &[&str]) -> Said {
        Said::of(&self.command(name, &[&["--json"], args].concat()).output().unwrap())
    }

    fn run(&self, args: &[&str]) -> Said {
        self.on("x.db", args)
    }

    fn act(&self, user: &str, action: &str, input: &serde_json::Value) -> Said {
        let mut child = self
            .command("x.db", &["--json", "--as", user, "do", action, "--input", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    }

    fn worker(&self, code: &str) -> Said {
        self.act("boss", "worker.add", &worker(code))
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path("x.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn worker(code: &str) -> serde_json::Value {
    serde_json::json!({ "code": code, "name": "张师傅", "team": "抢修班" })
}

/// A desk that stays open: a batch that is fed line by line.
struct Open {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Open {
    fn at(home: &Home) -> Self {
        let mut child = home
            .command("x.db", &["--as", "boss", "do", "--batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn line(&mut self, line: &str) -> serde_json::Value {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn worker(&mut self, code: &str) -> serde_json::Value {
        self.line(&serde_json::json!({ "action": "worker.add", "input": worker(code) }).to_string())
    }

    fn close(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().code().is_some());
    }
}

// ---- restore ------------------------------------------------------------------------------------------------------------

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
    let old: Vec<String> = home.names().into_iter().filter(|name| name.contains(".before-restore-")).collect();
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

// ---- starts -------------------------------------------------------------------------------------------------------------

#[test]
fn a_book_left_empty_by_a_start_cut_short_is_derived_again_and_never_sound_as_it_was() {
    let home = Home::new();
    home.worker("w1").ends(0);
    let before = home.run(&["verify"]).ends(0).json();
    let conn = rusqlite::Connection::open(home.path("x.db")).unwrap();
    let tables: Vec<String> = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'd\\_%' ESCAPE '\\'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for table in &tables {
        conn.execute_batch(&format!("DELETE FROM {table}")).unwrap();
    }
    drop(conn);
    let said = home.run(&["verify"]).ends(0);
    assert!(said.err.contains("重新记账"), "{}", said.err);
    assert_eq!(said.json()["state_hash"], before["state_hash"]);
    home.sql("DELETE FROM d_worker");
    let said = home.run(&["verify"]).ends(3);
    assert!(said.out.contains("rebuild"), "{}", said.out);
    home.run(&["rebuild"]).ends(0);
    assert_eq!(home.run(&["verify"]).ends(0).json()["state_hash"], before["state_hash"]);
}

// ---- keys and mark ------------------------------------------------------------------------------------------------------

#[test]
fn a_key_file_of_another_book_is_noticed_at_the_first_open() {
    let home = Home::new();
    home.init("y.db", "B04").ends(0);
    std::fs::rename(home.path("x.db.key"), home.path("own.key")).unwrap();
    std::fs::copy(home.path("y.db.key"), home.path("x.db.key")).unwrap();
    let refused = home.worker("w1").ends(3);
    assert!(refused.err.contains("另一个库") && refused.err.contains("key restore"), "{}", refused.err);
    std::fs::rename(home.path("own.key"), home.path("x.db.key")).unwrap();
    home.worker("w1").ends(0);
}

#[test]
fn site_keys_of_another_book_are_noticed_at_the_first_open_and_sign_nothing() {
    let home = Home::new();
    home.init("y.db", "B04").ends(0);
    std::fs::rename(home.path("x.db.site"), home.path("own.site")).unwrap();
    std::fs::copy(home.path("y.db.site"), home.path("x.db.site")).unwrap();
    assert!(home.worker("w1").ends(0).err.contains("site keys"));
    let refused = home.run(&["site", "card", "--to", home.path("c").to_str().unwrap()]);
    assert!(refused.code != 0 && refused.err.contains("site keys"), "{}", refused.err);
    assert_eq!(home.run(&["verify", "--full"]).code, 3);
    // The way out: new ones.
    std::fs::remove_file(home.path("x.db.site")).unwrap();
    home.run(&["site", "keys"]).ends(0);
    assert!(home.run(&["verify", "--full"]).ends(0).err.is_empty());
    home.run(&["site", "card", "--to", home.path("c").to_str().unwrap()]).ends(0);
}

#[cfg(unix)]
#[test]
fn a_lost_damaged_or_forged_mark_is_told_until_the_book_was_looked_at() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let mark = home.path("x.db.mark");
    assert_eq!(std::fs::metadata(&mark).unwrap().permissions().mode() & 0o777, 0o600);
    let sound = std::fs::read_to_string(&mark).unwrap();
    let forged = "B03 31 1 00 00000000".to_owned();
    for spoilt in [None, Some(String::new()), Some(sound.replace("B03 1 ", "B03 31 ")), Some(forged)] {
        match &spoilt {
            None => std::fs::remove_file(&mark).unwrap(),
            Some(text) => std::fs::write(&mark, text).unwrap(),
        }
        for _ in 0..2 {
            let said = home.worker("w1").ends(0);
            assert!(said.err.contains("最高位文件") && said.err.contains("verify --full"), "{spoilt:?}: {}", said.err);
        }
        assert_eq!(std::fs::read_to_string(&mark).ok(), spoilt, "told, not replaced");
        home.run(&["verify", "--full"]).ends(0);
        assert_eq!(home.worker("w2").ends(0).err, "");
    }
    assert!(home.names().iter().any(|name| name.contains("mark.damaged-")), "{:?}", home.names());
}

// ---- verify and rebuild -------------------------------------------------------------------------------------------------

#[test]
fn verify_full_looks_at_the_schema_the_settings_and_the_rights_and_says_what_to_do() {
    let breakages = [
        ("DROP TRIGGER entry_no_update", "rebuild"),
        ("DROP TRIGGER entry_no_delete", "rebuild"),
        ("CREATE TRIGGER gift AFTER INSERT ON entry BEGIN UPDATE d_worker SET name = 'x'; END", "rebuild"),
        ("CREATE VIEW v AS SELECT 1", "rebuild"),
        ("DROP INDEX entry_key", "rebuild"),
        ("CREATE TABLE mine (a)", "rebuild"),
        ("UPDATE d_user SET password = (SELECT password FROM d_user LIMIT 1), name = 'x'", "rebuild"),
        ("DELETE FROM d_user_role", "rebuild"),
        ("UPDATE l_setting SET value = '5' WHERE name = 'epoch'", "restore"),
        ("UPDATE l_setting SET value = 'B09' WHERE name = 'site'", "restore"),
        ("DELETE FROM l_setting WHERE name = 'site'", ""),
    ];
    for (sql, way) in breakages {
        let home = Home::new();
        home.worker("w1").ends(0);
        home.sql(sql);
        let said = home.run(&["verify", "--full"]);
        assert_eq!(said.code, 3, "{sql}: {} {}", said.out, said.err);
        assert!(format!("{}{}", said.out, said.err).contains(way), "{sql}: {} {}", said.out, said.err);
        if way == "rebuild" {
            home.run(&["rebuild"]).ends(0);
            home.run(&["verify", "--full"]).ends(0);
        }
    }
}

// ---- init and demo ------------------------------------------------------------------------------------------------------

#[test]
fn the_recovery_code_is_shown_again_with_a_reason_until_it_is_confirmed() {
    let home = Home::empty();
    let code = home.init("x.db", "B03").ends(0).json()["recovery_code"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["--as", "demo", "key", "show", "--reason", "打印机卡纸"]).code, 4, "not everybody");
    assert!(home.run(&["--as", "boss", "key", "show", "--reason", " "]).code == 1, "a reason");
    let shown = home.run(&["--as", "boss", "key", "show", "--reason", "打印机卡纸"]).ends(0).json();
    assert_eq!(shown["recovery_code"], code.as_str());
    home.run(&["--as", "boss", "key", "confirm", "--reason", "保险柜"]).ends(0);
    let refused = home.run(&["--as", "boss", "key", "show", "--reason", "打印机卡纸"]).ends(1);
    assert!(!refused.out.contains(&code) && !refused.err.contains(&code) && refused.err.contains("已经确认"));
    let bytes = std::fs::read(home.path("x.db")).unwrap();
    assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()), "in no entry");
}

#[test]
fn an_init_that_left_a_file_without_a_site_starts_again_and_a_key_that_is_there_is_not_written_over() {
    let home = Home::empty();
    std::fs::write(home.path("x.db"), b"").unwrap();
    home.init("x.db", "B03").ends(0);
    home.run(&["verify"]).ends(0);
    let refused = home.init("x.db", "B03");
    assert!(refused.code != 0 && refused.err.contains("已经存在"), "{}", refused.err);
    std::fs::rename(home.path("x.db"), home.path("lost.db")).unwrap();
    let key = std::fs::read(home.path("x.db.key")).unwrap();
    let refused = home.init("x.db", "B03");
    assert!(refused.code != 0 && refused.err.contains("restore"), "{}", refused.err);
    assert_eq!(std::fs::read(home.path("x.db.key")).unwrap(), key);
}

#[cfg(unix)]
#[test]
fn an_init_on_a_full_disk_leaves_nothing_and_starts_again() {
    let home = Home::empty();
    let db = home.path("x.db");
    let command = "trap '' XFSZ; ulimit -f 64; exec \"$0\" --db \"$1\" init --site B03 --name 城南 --practice";
    let output = Command::new("sh").args(["-c", command, env!("CARGO_BIN_EXE_meterdesk")]).arg(&db).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(home.names(), ["x.db-open"], "{output:?}");
    home.init("x.db", "B03").ends(0);
    home.run(&["verify", "--full"]).ends(0);
}

#[test]
fn demo_leaves_all_its_files_under_their_right_names() {
    let home = Home::empty();
    home.run(&["demo", "--no-ui", "--accounts", "40"]).ends(0);
    assert!(!home.names().iter().any(|name| name.contains(".part")), "{:?}", home.names());
    for tail in ["", ".key", ".site", ".mark"] {
        assert!(home.path(&format!("x.db{tail}")).exists(), "{tail}: {:?}", home.names());
    }
    home.run(&["site", "card", "--to", home.path("c").to_str().unwrap()]).ends(0);
    home.run(&["exchange", "status"]).ends(0);
    assert!(home.run(&["verify", "--full"]).ends(0).err.is_empty());
}

// ---- outputs ------------------------------------------------------------------------------------------------------------

#[cfg(unix)]
#[test]
fn outputs_never_write_over_the_book_its_companions_links_or_files_that_are_there() {
    let home = Home::new();
    let victim = home.path("victim");
    std::fs::write(&victim, "kept").unwrap();
    std::os::unix::fs::symlink(&victim, home.path("link")).unwrap();
    std::os::unix::fs::symlink(home.path("nowhere"), home.path("dangling")).unwrap();
    std::fs::hard_link(home.path("x.db"), home.path("second-name.csv")).unwrap();
    let before: Vec<Vec<u8>> = ["x.db.key", "x.db.site"].map(|name| std::fs::read(home.path(name)).unwrap()).into();
    let places = [
        "x.db",
        "x.db.key",
        "x.db.site",
        "x.db.mark",
        "x.db-wal",
        "x.db-shm",
        "x.db-open",
        "x.db.before-restore-1",
        "link",
        "dangling",
        "second-name.csv",
        "victim",
    ];
    for place in places {
        let out = home.path(place);
        for more in [&[][..], &["--overwrite"]] {
            if place == "victim" && !more.is_empty() {
                continue;
            }
            let report = [&["report", "cash", "--format", "csv", "--out", out.to_str().unwrap()], more].concat();
            let refused = home.run(&report);
            assert!(refused.code != 0 && !refused.err.is_empty(), "{place} {more:?}");
            let card = [&["site", "card", "--to", out.to_str().unwrap()], more].concat();
            assert!(home.run(&card).code != 0, "{place} {more:?}");
        }
        assert!(home.run(&["backup", out.to_str().unwrap()]).code != 0, "backup {place}");
    }
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    assert!(!home.path("nowhere").exists());
    for (name, bytes) in ["x.db.key", "x.db.site"].iter().zip(before) {
        assert!(std::fs::read(home.path(name)).unwrap() == bytes, "{name}");
    }
    home.run(&["verify", "--full"]).ends(0);
    let out = victim.to_str().unwrap();
    home.run(&["report", "cash", "--format", "csv", "--out", out, "--overwrite"]).ends(0);
    assert!(std::fs::read_to_string(&victim).unwrap().starts_with('\u{feff}'));
    assert!(!home.names().iter().any(|name| name.ends_with(".part")), "{:?}", home.names());
}

// ---- bounds -------------------------------------------------------------------------------------------------------------

#[test]
fn the_log_is_folded_during_a_long_batch() {
    let home = Home::new();
    let mut desk = Open::at(&home);
    let (mut written, mut longest) = (0, 0);
    for number in 0..2_500 {
        assert_eq!(desk.worker(&format!("w{number}"))["ok"], true);
        let now = std::fs::metadata(home.path("x.db-wal")).map_or(0, |meta| meta.len());
        written += u64::from(now != longest);
        longest = longest.max(now);
    }
    desk.close();
    assert!(written > 0 && longest < 40 << 20, "the log grew to {longest}");
}

#[test]
fn a_batch_line_that_is_too_long_gives_exactly_one_answer() {
    let home = Home::new();
    let mut desk = Open::at(&home);
    for (turn, length) in [(16 << 20) - 1, 16 << 20, (16 << 20) + 1, 40 << 20].into_iter().enumerate() {
        let said = desk.line(&"x".repeat(length));
        assert_eq!(said["ok"], false);
        assert_eq!(desk.worker(&format!("w{turn}"))["ok"], true, "in step after {length}");
    }
    desk.close();
}

#[test]
fn who_reads_no_further_is_no_disk_error() {
    let home = Home::new();
    let mut lines = String::new();
    for number in 0..3_000 {
        let input = serde_json::json!({ "code": format!("w{number}"), "name": "张师傅".repeat(8), "team": "抢修班" });
        lines.push_str(&format!("{}\n", serde_json::json!({ "action": "worker.add", "input": input })));
    }
    std::fs::write(home.path("lines"), lines).unwrap();
    let lines = home.path("lines");
    for args in
        [&["--as", "boss", "do", "--batch", lines.to_str().unwrap()][..], &["do", "--list"], &["report", "--list"]]
    {
        let mut child = home.command("x.db", args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        drop(out);
        let end = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&end.stderr), "", "{args:?}");
        assert_eq!(end.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn text_with_control_characters_is_refused_by_every_action() {
    let home = Home::new();
    for bad in ["张\u{0}师傅", "张\u{1b}[31m", "张\n师傅", "张\u{85}", "张\u{202e}"] {
        let refused =
            home.act("boss", "worker.add", &serde_json::json!({ "code": "w", "name": bad, "team": "班" })).ends(1);
        assert!(refused.err.contains("name"), "{}", refused.err);
    }
    let long = "张".repeat(2_001);
    home.act("boss", "worker.add", &serde_json::json!({ "code": "w", "name": long, "team": "班" })).ends(1);
    // Every action has the same door.
    for def in meterdesk::desk::ACTIONS {
        let refused = home.act("boss", def.name, &serde_json::json!({ "x": "a\u{7}b" }));
        assert!(refused.code != 0, "{}", def.name);
        if refused.code != 4 {
            assert!(refused.err.contains("控制字符"), "{}: {}", def.name, refused.err);
        }
    }
}

// ---- clock --------------------------------------------------------------------------------------------------------------

#[test]
fn a_clock_years_ahead_asks_the_director_before_the_first_entry() {
    let home = Home::empty();
    let new = NewSite { practice: false, password: "secret-9", ..support::site::new_site("B03", false) };
    let then: chrono::DateTime<chrono::FixedOffset> = "2026-11-20T09:00:00+08:00".parse().unwrap();
    let path = home.path("x.db");
    drop(Desk::create(&path, OpenOptions::default(), Box::new(FixedClock::at(then)), &new).unwrap());
    let open = |at: &str| {
        let at: chrono::DateTime<chrono::FixedOffset> = at.parse().unwrap();
        let mut desk = Desk::open(&path, OpenOptions::default(), Box::new(FixedClock::at(at))).unwrap();
        desk.sign_in("boss", "secret-9").unwrap();
        desk
    };
    let add = |desk: &mut Desk| desk.perform("worker.add", &worker("w").to_string(), Call::default());
    assert!(add(&mut open("2026-12-10T09:00:00+08:00")).is_ok(), "three weeks are a holiday");
    let mut desk = open("2036-11-20T09:00:00+08:00");
    let entries = |desk: &Desk| desk.look().unwrap().entries_after(meterdesk::rules::id::Id(0), 100).unwrap().len();
    let before = entries(&desk);
    let refused = add(&mut desk).unwrap_err();
    assert!(refused.first_rule() == "clock" && refused.message().contains("site clock"), "{refused}");
    assert_eq!(entries(&desk), before, "nothing was written");
    desk.perform("clock.confirm", r#"{"reason":"停业多年后重开"}"#, Call::default()).unwrap();
    add(&mut desk).unwrap();
    let refused = desk.perform("clock.confirm", r#"{"reason":"停业多年后重开"}"#, Call::default()).unwrap_err();
    assert_eq!(refused.first_rule(), "clock", "no doubt is left: {refused}");
}

/// A book by a link is the book: what lies beside it is looked for beside the book.
#[cfg(unix)]
#[test]
fn a_book_named_by_a_link_finds_its_key() {
    let home = Home::new();
    std::fs::create_dir(home.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(home.path("x.db"), home.path("elsewhere/l.db")).unwrap();
    let link: &Path = &home.path("elsewhere/l.db");
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    let out = command.arg("--db").arg(link).args(["verify", "--full"]).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    assert_eq!(std::fs::read_dir(home.path("elsewhere")).unwrap().count(), 1);
}

// ---- lives used up ------------------------------------------------------------------------------------------------------

/// A site whose lives are used up, and whose machine is lost, goes on under a new code: what it made is worked on there.
#[test]
fn a_branch_whose_lives_are_used_up_goes_on_under_a_new_code() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.worker("B1", "W1").ends(0);
    let home = serde_json::json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
        "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 8, 8],
    });
    let account = office.act(&db, "demo", "account.open", &home).ends(0).json()["result"]["account"].clone();
    let amend = serde_json::json!({
        "account": account, "field": "mobile", "seen": "13987654321", "value": "13900001111",
    });
    office.night("B1", "last");
    office.init("B1A", &[]);
    let early = office.run("B1A", &["site", "succeed", "B1"]);
    assert!(early.code == 1 && early.err.contains("总部"), "{}", early.err);
    office.join("B1A");
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1A", "--whole"]).ends(0);
    office.take("B1A", &whole).ends(0);
    let early = office.run("B1A", &["site", "succeed", "B1"]);
    assert!(early.code == 1 && early.err.contains("revoke"), "{}", early.err);
    office.run("HO", &["site", "revoke", "B1", "--reason", "启用号用完，换 B1A"]).ends(0);
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
    office.night("B1A", "second");
    office.run("B1A", &["verify", "--full"]).ends(0);
    assert_eq!(office.state("B1A"), office.state("HO"));
}
