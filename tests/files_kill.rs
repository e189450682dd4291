//! `kill -9` of the real program in the first start after an upgrade, in `init` and in `restore`: the book is whole before or after, never
//! between, and the same command again ends well. The moments come from a seed (`METERDESK_SEED` tries another); `METERDESK_LONG=1` does
//! 200, 100 and 100 kills.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use support::orders::Chance;

fn kills(long: u64, short: u64) -> u64 {
    if std::env::var_os("METERDESK_LONG").is_some() { long } else { short }
}

fn chance() -> Chance {
    Chance(std::env::var("METERDESK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_128))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn meterdesk(db: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(db).arg("--json").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn done(db: &Path, args: &[&str]) -> serde_json::Value {
    let out = meterdesk(db, args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {out:?}");
    serde_json::from_slice(&out.stdout).unwrap_or_default()
}

const INIT: &[&str] = &["init", "--site", "B03", "--name", "城南营业所", "--practice"];

/// How long a command takes from its start to its end, once.
fn time(mut command: Command) -> Duration {
    let begun = Instant::now();
    assert!(command.output().unwrap().status.success());
    begun.elapsed()
}

/// Starts a command and kills it at a moment within what it takes; answers whether it was cut short.
fn kill_within(mut command: Command, whole: Duration, chance: &mut Chance) -> bool {
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_micros(chance.below(u64::try_from(whole.as_micros()).unwrap() * 11 / 10)));
    let cut = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    cut
}

fn copy_all(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn look(db: &Path) -> Connection {
    let conn = Connection::open_with_flags(db, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    conn.busy_timeout(Duration::from_secs(10)).unwrap();
    conn
}

#[test]
fn a_first_start_after_an_upgrade_that_is_cut_short_never_leaves_an_empty_book() {
    let (home, mut chance) = (folder(), chance());
    let db = home.path().join("x.db");
    done(&db, &["demo", "--no-ui", "--accounts", "300"]);
    let before = done(&db, &["verify"]);
    let counts = |conn: &Connection| -> (i64, i64, i64) {
        let sql =
            "SELECT (SELECT count(*) FROM d_account), (SELECT count(*) FROM d_user), (SELECT count(*) FROM d_site)";
        conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    let age = || {
        let conn = Connection::open(&db).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.execute_batch("UPDATE l_setting SET value = 'older' WHERE name = 'derived_shape'").unwrap();
    };
    let whole = counts(&look(&db));
    assert!(whole.0 >= 300 && whole.1 > 3, "{whole:?}");
    age();
    let takes = time(meterdesk(&db, &["verify"]));
    let (mut cut, mut in_the_middle) = (0, 0);
    for round in 0..kills(200, 40) {
        age();
        cut += u64::from(kill_within(meterdesk(&db, &["verify"]), takes, &mut chance));
        let conn = look(&db);
        assert_eq!(counts(&conn), whole, "round {round}: another process sees the state between");
        let shape: String =
            conn.query_row("SELECT value FROM l_setting WHERE name = 'derived_shape'", [], |row| row.get(0)).unwrap();
        in_the_middle += u64::from(shape == "older");
        drop(conn);
        if round % 10 == 0 {
            let after = done(&db, &["verify", "--full"]);
            assert_eq!((&after["ok"], &after["state_hash"]), (&true.into(), &before["state_hash"]), "round {round}");
        }
    }
    println!("{cut} cut short, {in_the_middle} of them before the rebuild was through");
    assert!(in_the_middle > 5, "the kills came too late to prove anything: {cut} {in_the_middle}");
    assert_eq!(done(&db, &["verify", "--full"])["state_hash"], before["state_hash"]);
}

#[test]
fn many_starts_at_once_after_an_upgrade_derive_once_and_see_nothing_between() {
    let home = folder();
    let db = home.path().join("x.db");
    done(&db, &["demo", "--no-ui", "--accounts", "200"]);
    let before = done(&db, &["verify"]);
    let conn = Connection::open(&db).unwrap();
    conn.execute_batch("UPDATE l_setting SET value = 'older' WHERE name = 'derived_shape'").unwrap();
    drop(conn);
    let children: Vec<_> = (0..12).map(|_| meterdesk(&db, &["verify"]).spawn().unwrap()).collect();
    let mut rebuilt = 0;
    for child in children {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{out:?}");
        let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(said["state_hash"], before["state_hash"]);
        rebuilt += u32::from(String::from_utf8_lossy(&out.stderr).contains("程序升级后"));
    }
    assert_eq!(rebuilt, 1);
}

#[test]
fn an_init_that_is_killed_starts_again() {
    let mut chance = chance();
    let probe = folder();
    let takes = time(meterdesk(&probe.path().join("x.db"), INIT));
    let (mut cut, mut finished) = (0, 0);
    for round in 0..kills(100, 25) {
        let home = folder();
        let db = home.path().join("x.db");
        cut += u64::from(kill_within(meterdesk(&db, INIT), takes, &mut chance));
        let code = if db.exists() {
            // Made, perhaps without the code having been shown: it is shown again.
            finished += 1;
            assert!(!meterdesk(&db, INIT).output().unwrap().status.success(), "round {round}");
            done(&db, &["--as", "boss", "key", "show", "--reason", "首次启用时没有显示"])["recovery_code"].clone()
        } else {
            done(&db, INIT)["recovery_code"].clone()
        };
        assert!(code.as_str().is_some_and(|code| code.len() > 50), "round {round}: {code}");
        assert_eq!(done(&db, &["verify", "--full"])["ok"], true, "round {round}");
        let key = std::fs::read_to_string(home.path().join("x.db.key")).unwrap();
        assert!(key.contains(code.as_str().unwrap()), "round {round}: the code is this book's");
        done(&db, &["site", "card", "--to", home.path().join("card").to_str().unwrap()]);
        let left = std::fs::read_dir(home.path()).unwrap().any(|entry| {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            name.contains(".part")
        });
        assert!(!left, "round {round}");
    }
    println!("{cut} cut short, {finished} books made all the same");
    assert!(cut > 5, "the kills came too late to prove anything: {cut}");
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_book_or_the_new_one_and_loses_neither() {
    let (base, mut chance) = (folder(), chance());
    let db = base.path().join("x.db");
    done(&db, &["demo", "--no-ui", "--accounts", "60"]);
    let copy = base.path().join("a.bak");
    done(&db, &["backup", copy.to_str().unwrap()]);
    let lines = base.path().join("lines");
    let line = |number: u32| {
        let input = serde_json::json!({ "code": format!("w{number}"), "name": "张师傅", "team": "班" });
        serde_json::json!({ "action": "worker.add", "input": input }).to_string()
    };
    std::fs::write(&lines, (0..20).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let batch = meterdesk(&db, &["--as", "boss", "do", "--batch", lines.to_str().unwrap()]).output().unwrap();
    assert!(batch.status.success());
    let entries =
        |path: &Path| -> i64 { look(path).query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap() };
    let (old, held) = (entries(&db), entries(&copy));
    let takes = {
        let home = folder();
        copy_all(base.path(), home.path());
        time(meterdesk(&home.path().join("x.db"), &["restore", home.path().join("a.bak").to_str().unwrap()]))
    };
    let (mut cut, mut before, mut after) = (0, 0, 0);
    for round in 0..kills(100, 20) {
        let home = folder();
        copy_all(base.path(), home.path());
        let (db, copy) = (home.path().join("x.db"), home.path().join("a.bak"));
        cut += u64::from(kill_within(meterdesk(&db, &["restore", copy.to_str().unwrap()]), takes, &mut chance));
        assert!(db.exists(), "round {round}: at every moment one of the two stands there");
        let is = done(&db, &["verify"])["entries"].as_i64().unwrap();
        assert!(is == old || is == held + 1, "round {round}: {is}, not {old} or {}", held + 1);
        before += u64::from(is == old);
        after += u64::from(is != old);
        let books = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
        let whole = books.filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name == "x.db" || name.contains(".before-restore"))
                && !["-wal", "-shm", ".key", ".site"].iter().any(|tail| name.ends_with(tail))
        });
        assert!(whole.into_iter().any(|path| entries(&path) == old), "round {round}: the old book is lost");
        // The same again ends well, in a life nobody had.
        let done_again = done(&db, &["restore", copy.to_str().unwrap()]);
        assert_eq!(done_again["epoch"], if is == old { 2 } else { 3 }, "round {round}");
        assert_eq!(done(&db, &["verify", "--full"])["ok"], true, "round {round}");
        assert!(!home.path().join("x.db.restoring").exists(), "round {round}");
    }
    println!("{cut} cut short: {before} before, {after} after the new book stood");
    assert!(before > 3, "the kills came too late to prove anything: {cut} {before} {after}");
}
