//! Files that somebody took away, changed or was about to write over, and copies that were cut short. Each test is named after what went
//! wrong.

mod support {
    pub mod office;
}

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::office::Said;

/// A folder with practice books.
struct Home(tempfile::TempDir);

impl Home {
    /// With `x.db` of thirty accounts.
    fn new() -> Self {
        let home = Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
        home.demo("x.db");
        home
    }

    fn demo(&self, name: &str) {
        self.on(name, &["demo", "--accounts", "30", "--no-ui"]).ends(0);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(self.path(name)).arg("--json").args(args).stdin(Stdio::null());
        command
    }

    fn on(&self, name: &str, args: &[&str]) -> Said {
        Said::of(&self.command(name, args).output().unwrap())
    }

    fn run(&self, args: &[&str]) -> Said {
        self.on("x.db", &[&["--as", "boss"], args].concat())
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path("x.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

#[test]
fn a_report_with_overwrite_destroyed_another_book_and_its_key() {
    let home = Home::new();
    home.demo("other.db");
    home.run(&["backup", &home.text("copy.db")]).ends(0);
    std::fs::write(home.path("old.csv"), "old").unwrap();
    for name in ["other.db", "other.db.key", "other.db.site", "other.db.mark", "other.db-wal", "copy.db"] {
        let before = std::fs::read(home.path(name)).ok();
        let said = home.run(&["report", "arrears", "--format", "csv", "--out", &home.text(name), "--overwrite"]);
        let refused = said.code != 0 && said.err.contains("不能写在上面");
        assert!(refused || before.is_none() && said.code == 0, "{name}: {} {}", said.out, said.err);
        assert!(before.is_none() || std::fs::read(home.path(name)).ok() == before, "{name}");
    }
    home.run(&["report", "arrears", "--format", "csv", "--out", &home.text("old.csv"), "--overwrite"]).ends(0);
    assert_ne!(std::fs::read(home.path("old.csv")).unwrap(), b"old");
}

#[test]
fn site_keys_that_are_gone_were_told_by_nobody() {
    let home = Home::new();
    std::fs::rename(home.path("x.db.site"), home.path("kept")).unwrap();
    for args in [&["verify", "--full"][..], &["find", "1"]] {
        let said = home.run(args).ends(0);
        assert!(said.err.contains("x.db.site 不在了"), "{args:?}: {}", said.err);
    }
    std::fs::rename(home.path("kept"), home.path("x.db.site")).unwrap();
    let said = home.run(&["verify", "--full"]).ends(0);
    assert!(!said.err.contains("不在了"), "{}", said.err);
}

#[test]
fn a_search_index_that_was_emptied_was_sound_and_stayed_empty() {
    let home = Home::new();
    let found = |home: &Home| home.run(&["find", "1", "--limit", "100"]).ends(0).json().as_array().unwrap().len();
    let before = found(&home);
    assert!(before > 3, "{before}");
    home.sql("DELETE FROM l_search_word; DELETE FROM l_search_ids;");
    let said = home.run(&["verify", "--full"]).ends(3);
    assert!(said.out.contains("检索索引"), "{}", said.out);
    home.run(&["rebuild"]).ends(0);
    assert_eq!(found(&home), before);
    home.run(&["verify", "--full"]).ends(0);
}

#[test]
fn a_setting_that_is_gone_sent_the_clerk_to_init() {
    for name in ["site", "epoch"] {
        let home = Home::new();
        home.sql(&format!("DELETE FROM l_setting WHERE name = '{name}'"));
        let said = home.run(&["find", "1"]).ends(3);
        let text = format!("{}{}", said.out, said.err);
        assert!(text.contains("restore") && !text.contains("init"), "{name}: {text}");
    }
}

#[test]
fn a_backup_that_was_killed_left_an_empty_book_under_its_name() {
    let home = Home::new();
    for ms in (0..120).step_by(6) {
        let mut child = home
            .command("x.db", &["--as", "boss", "backup", &home.text("bk.db")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(ms));
        let _ = child.kill();
        child.wait().unwrap();
        if home.path("bk.db").exists() {
            let copy = rusqlite::Connection::open(home.path("bk.db")).unwrap();
            let word: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            let entries: i64 = copy.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
            assert!(word == "ok" && entries > 30, "after {ms} ms: {word}, {entries}");
            drop(copy);
            home.names().iter().filter(|name| name.starts_with("bk.db")).for_each(|name| {
                std::fs::remove_file(home.path(name)).unwrap();
            });
        }
    }
    home.run(&["backup", &home.text("bk.db")]).ends(0);
    assert!(
        !home.names().iter().any(|name| name.starts_with("bk.db.") || name.starts_with("bk.db-")),
        "{:?}",
        home.names()
    );
    home.run(&["backup", &home.text("bk.db")]).ends(3);
}

#[test]
fn restore_copied_a_huge_file_before_it_looked_and_a_killed_one_left_its_half() {
    let home = Home::new();
    let huge = std::fs::File::create(home.path("huge")).unwrap();
    huge.set_len(4 << 30).unwrap();
    let said = home.run(&["restore", &home.text("huge")]).ends(3);
    let text = format!("{}{}", said.out, said.err);
    assert!(text.contains("huge") && !text.contains("restoring"), "{text}");
    assert!(!home.path("x.db.restoring").exists());
    for tail in ["", "-wal", "-shm"] {
        std::fs::write(home.path(&format!("x.db.restoring{tail}")), "half").unwrap();
    }
    home.run(&["find", "1"]).ends(0);
    assert!(!home.names().iter().any(|name| name.contains("restoring")), "{:?}", home.names());
    home.run(&["verify"]).ends(0);
}

#[test]
fn a_life_or_site_changed_in_a_row_was_gone_on_with_and_used_up_all_lives() {
    let home = Home::new();
    home.run(&["backup", &home.text("copy.db")]).ends(0);
    let worker = |code: &str| {
        let mut command = home.command("x.db", &["--as", "boss", "do", "worker.add"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input = serde_json::json!({ "code": code, "name": "张师傅", "team": "抢修班" }).to_string();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    };
    let life = || {
        let book = rusqlite::Connection::open(home.path("x.db")).unwrap();
        let row = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        book.query_row("SELECT value FROM l_setting WHERE name = 'epoch'", [], row).unwrap()
    };
    worker("Q1").ends(0);
    for (name, value, true_one) in [("epoch", "31", "1"), ("site", "X", "B03")] {
        home.sql(&format!("UPDATE l_setting SET value = '{value}' WHERE name = '{name}'"));
        for _ in 0..2 {
            let refused = worker("Q2");
            assert!(refused.code != 0, "{name}: {} {}", refused.out, refused.err);
            assert!(refused.err.contains("启用号") || refused.err.contains("X"), "{name}: {}", refused.err);
            assert_ne!(home.on("x.db", &["verify"]).code, 0, "{name}");
        }
        home.sql(&format!("UPDATE l_setting SET value = '{true_one}' WHERE name = '{name}'"));
        home.on("x.db", &["verify", "--full"]).ends(0);
    }
    worker("Q2").ends(0);
    // The same row in a copy: lives are counted from its entries.
    let copy = rusqlite::Connection::open(home.path("copy.db")).unwrap();
    copy.execute_batch("UPDATE l_setting SET value = '30' WHERE name = 'epoch'").unwrap();
    drop(copy);
    home.run(&["restore", &home.text("copy.db")]).ends(0);
    assert_eq!(life(), "2");
}
