//! `kill -9` of the real binary in a loop, during batches: acknowledged = present, none twice, the book verifies. The moments
//! come from a seed (`METERDESK_SEED` tries another).

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use meterdesk::rules::id::Id;
use support::orders::Chance;

const KILLS: u64 = 200;

fn meterdesk(db: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(db);
    command
}

fn batch(db: &Path) -> Child {
    let mut command = meterdesk(db);
    command.args(["--as", "boss", "do", "--batch", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Feeds lines until the process dies by our hand; answers the keys it acknowledged and how many it was given.
fn feed_and_kill(db: &Path, round: u64, after: Duration) -> (Vec<(String, Id)>, u64) {
    let mut child = batch(db);
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let feeder = std::thread::spawn(move || {
        let mut given = 0;
        for number in 0..400 {
            let line = format!(
                r#"{{"action":"worker.add","key":"r{round}-{number}","input":{{"code":"w","name":"师傅{number}","team":"班"}}}}"#
            );
            if writeln!(input, "{line}").is_err() {
                break;
            }
            given = number + 1;
        }
        given
    });
    let (first, first_seen) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut acknowledged = Vec::new();
        for (number, line) in BufReader::new(output).lines().enumerate() {
            let Ok(line) = line else { break };
            let Ok(answer) = serde_json::from_str::<serde_json::Value>(&line) else { break };
            assert_eq!(answer["ok"], true, "{line}");
            let _ = first.send(());
            acknowledged.push((format!("r{round}-{number}"), answer["entry"].as_str().unwrap().parse().unwrap()));
        }
        acknowledged
    });
    if round % 2 == 1 {
        // Half of the kills come in the middle of the work, however slow the machine starts.
        let _ = first_seen.recv_timeout(Duration::from_secs(20));
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    (reader.join().unwrap(), feeder.join().unwrap())
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_there_twice() {
    let seed = std::env::var("METERDESK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_121);
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("branch.db");
    let made = meterdesk(&db)
        .args(["init", "--site", "B03", "--name", "城南营业所", "--practice"])
        .env("METERDESK_PASSWORD", "demo")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut acknowledged = Vec::new();
    let mut cut_short = 0;
    for round in 0..KILLS {
        let (kept, given) = feed_and_kill(&db, round, Duration::from_micros(500 + chance.below(30_000)));
        cut_short += u64::from((kept.len() as u64) < given);
        acknowledged.extend(kept);
    }
    assert!(cut_short > KILLS / 10, "the kills came too late to prove anything: {cut_short}");
    let mut desk = meterdesk::desk::Desk::open(
        &db,
        meterdesk::store::OpenOptions::default(),
        Box::new(meterdesk::book::clock::SystemClock),
    )
    .unwrap();
    let verdict = desk.verify(true, |_| {}).unwrap();
    assert!(verdict.ok, "seed {seed}: {:?}", verdict.first_fault);
    let tx = desk.look().unwrap();
    let mut after = Id(0);
    let mut keys = BTreeSet::new();
    loop {
        let entries = tx.entries_after(after, 1000).unwrap();
        let Some(last) = entries.last() else { break };
        after = last.id;
        for entry in entries {
            if let Some(key) = entry.key {
                assert!(keys.insert(key.clone()), "seed {seed}: {key} is there twice");
            }
        }
    }
    for (key, id) in &acknowledged {
        let entry = tx.entry(*id).unwrap().unwrap_or_else(|| panic!("seed {seed}: {key} was acknowledged and is lost"));
        assert_eq!(entry.key.as_deref(), Some(key.as_str()), "seed {seed}");
    }
    assert!(acknowledged.len() > 100, "only {} acknowledged", acknowledged.len());
}

/// A file-size limit stands in for a full disk: writes fail, and the program must say so and lose nothing.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("branch.db");
    let made = meterdesk(&db)
        .args(["init", "--site", "B03", "--name", "城南营业所", "--practice"])
        .env("METERDESK_PASSWORD", "demo")
        .output()
        .unwrap();
    assert!(made.status.success());
    let lines: String = (0..400)
        .map(|number| {
            format!("{{\"action\":\"worker.add\",\"key\":\"k{number}\",\"input\":{{\"code\":\"w\",\"name\":\"师{number}\",\"team\":\"班\"}}}}\n")
        })
        .collect();
    let script = folder.path().join("lines.jsonl");
    std::fs::write(&script, lines).unwrap();
    // The write-ahead log may grow to 512 KiB; ignoring the signal turns the limit into a write error.
    let command = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --db \"$1\" --as boss do --batch \"$2\"";
    let output = Command::new("sh")
        .args(["-c", command, env!("CARGO_BIN_EXE_meterdesk")])
        .arg(&db)
        .arg(&script)
        .output()
        .unwrap();
    let answers: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["ok"] == true);
    assert!(!done.is_empty() && !refused.is_empty(), "{} done, {} refused", done.len(), refused.len());
    assert!(refused.iter().all(|answer| answer["kind"] == "data"), "{:?}", refused.first());
    assert_eq!(output.status.code(), Some(1));
    let verdict = meterdesk(&db).args(["--json", "verify", "--full"]).output().unwrap();
    assert!(verdict.status.success(), "{verdict:?}");
    for answer in done {
        let shown = meterdesk(&db).args(["show", "entry", answer["entry"].as_str().unwrap()]).output().unwrap();
        assert!(shown.status.success(), "{answer}");
    }
}
