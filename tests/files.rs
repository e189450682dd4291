//! The files of a book, with the real program: what lies beside it, what is written next to it, what is found out about it. Each test
//! is named after what went wrong.

mod support {
    pub mod office;
    pub mod one_book;
    pub mod site;
}

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use meterdesk::book::clock::FixedClock;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::OpenOptions;
use support::one_book::{Home, Open, worker};

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

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_named_for_any_place_is_refused_at_once_and_nothing_is_kept_of_it() {
    let home = Home::new();
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    home.run(&["backup", home.path("copy.db").to_str().unwrap()]).ends(0);
    let (pipe, copy) = (pipe.to_str().unwrap().to_owned(), home.path("copy.db").to_str().unwrap().to_owned());
    for place in [pipe.as_str(), "/dev/zero", "/dev/full"] {
        let (slips, below) = (format!("file:{place}"), format!("file:{place}/slips"));
        let named: &[&[&str]] = &[
            &["printer", &slips],
            &["printer", &below],
            &["report", "cash", "--format", "csv", "--out", place],
            &["report", "cash", "--format", "csv", "--out", place, "--overwrite"],
            &["site", "card", "--to", place, "--overwrite"],
            &["backup", place],
            &["backup", "--every-hour", place],
            &["backup", "tail", "--to", place],
            &["restore", place],
            &["restore", &copy, "--tail", place],
            &["exchange", "out", "--to", place],
            &["exchange", "in", place],
            &["import", "customers", place],
            &["site", "enrol", place, "--fingerprint", "AAAA"],
        ];
        for args in named {
            let said = within(std::time::Duration::from_secs(20), &home, args);
            assert!(said.code > 0 && !said.err.is_empty(), "{args:?}: {} {}", said.code, said.err);
        }
        let said = within(std::time::Duration::from_secs(20), &home, &["--db", place, "verify"]);
        assert!(said.code > 0, "--db {place}");
    }
    let said = home.run(&["printer", &format!("file:{pipe}")]);
    assert!(said.err.contains("不是文件夹"), "{}", said.err);
    assert_eq!(home.run(&["printer"]).ends(0).out.trim(), "off");
    let slips = home.path("slips");
    home.run(&["printer", &format!("file:{}", slips.display())]).ends(0);
    home.run(&["verify", "--full"]).ends(0);
}

/// What a command said, unless it takes longer: then it is ended and the test with it.
fn within(time: std::time::Duration, home: &Home, args: &[&str]) -> support::office::Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    if !args.contains(&"--db") {
        command.arg("--db").arg(home.path("x.db"));
    }
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let end = std::time::Instant::now() + time;
    while child.try_wait().unwrap().is_none() {
        if std::time::Instant::now() > end {
            child.kill().unwrap();
            panic!("{args:?} waits for ever");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    support::office::Said::of(&child.wait_with_output().unwrap())
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
