//! The second copy (随写副本), with the real program: a book whose folder is lost comes back to its last second from a copy and these files.
//! The moments come from a seed (`METERDESK_SEED` tries another); `METERDESK_LONG=1` does 100 losses.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod office;
    pub mod orders;
    pub mod site;
}

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::office::{Said, copy_folder};
use support::orders::Chance;

/// What is older than this is never lost.
const SECOND: Duration = Duration::from_secs(1);

/// A branch's folder `here`, another one `there`.
struct Place(tempfile::TempDir);

impl Place {
    /// A practice book with a second copy in `there`.
    fn new() -> Self {
        let place = Self::without();
        let there = place.there();
        place.run(&["backup", "tail", "--to", there.to_str().unwrap()]).ends(0);
        place
    }

    fn without() -> Self {
        let place = Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
        std::fs::create_dir(place.0.path().join("here")).unwrap();
        std::fs::create_dir(place.there()).unwrap();
        place.run(&["init", "--site", "B03", "--name", "城南营业所", "--practice"]).ends(0);
        place
    }

    fn db(&self) -> PathBuf {
        self.0.path().join("here/x.db")
    }

    fn there(&self) -> PathBuf {
        self.0.path().join("there")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(self.db()).arg("--json").args(args).env("METERDESK_PASSWORD", "demo");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Said {
        Said::of(&self.command(args).output().unwrap())
    }

    fn act(&self, user: &str, action: &str, input: &Value) -> Said {
        self.fed(&["--as", user, "do", action, "--input", "-"], &input.to_string())
    }

    fn fed(&self, args: &[&str], text: &str) -> Said {
        let mut child = self.command(args).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    }

    fn worker(&self, code: &str) -> Said {
        self.act("boss", "worker.add", &worker(code))
    }

    /// The folder of the book is gone; of it only the key file is kept, if at all.
    fn lose(&self, keep_key: bool) {
        let key = std::fs::read(self.db().with_extension("db.key")).unwrap();
        std::fs::remove_dir_all(self.0.path().join("here")).unwrap();
        std::fs::create_dir(self.0.path().join("here")).unwrap();
        if keep_key {
            let path = self.db().with_extension("db.key");
            std::fs::write(&path, key).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
    }

    fn named(&self, ending: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.there()).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        found.sort();
        found
    }

    /// The first copy, made where the second place was set.
    fn copy(&self) -> PathBuf {
        self.named(".db").remove(0)
    }

    fn restore(&self) -> Value {
        let (copy, there) = (self.copy(), self.there());
        self.run(&["restore", copy.to_str().unwrap(), "--tail", there.to_str().unwrap()]).ends(0).json()
    }

    fn holds(&self, entry: &str) -> bool {
        self.run(&["show", "entry", entry]).code == 0
    }
}

fn worker(code: &str) -> Value {
    json!({ "code": code, "name": "张师傅", "team": "抢修班" })
}

fn entry(said: &Said) -> String {
    said.json()["entry"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_done_after_the_last_copy_comes_back_with_the_second_copy() {
    let place = Place::new();
    let first = entry(&place.worker("w1").ends(0));
    let keyed =
        place.fed(&["--as", "boss", "do", "worker.add", "--key", "k-7", "--input", "-"], &worker("w2").to_string());
    let second = entry(&keyed.ends(0));
    let standing = place.run(&["backup", "tail"]).ends(0).json();
    assert_eq!((&standing["behind"], standing["upto"].as_str()), (&json!(0), Some(second.as_str())), "{standing}");
    place.lose(true);
    let done = place.restore();
    assert_eq!(done["tail"]["upto"], second.as_str(), "{done}");
    assert!(done["tail"]["entries"].as_i64().unwrap() >= 2 && done["tail"]["faults"] == json!([]), "{done}");
    assert_eq!(done["epoch"], 2);
    assert!(place.holds(&first) && place.holds(&second));
    assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true);
    // The same key again is not done twice.
    let again =
        place.fed(&["--as", "boss", "do", "worker.add", "--key", "k-7", "--input", "-"], &worker("w2").to_string());
    assert_eq!((again.code, again.err.contains(&second)), (1, true), "{} {}", again.out, again.err);
    // And the new life is kept at the second place too: lost once more, both lives come back.
    let third = entry(&place.worker("w3").ends(0));
    assert!(third.starts_with("B03.2."), "{third}");
    place.lose(true);
    let done = place.restore();
    assert_eq!(done["tail"]["upto"], third.as_str(), "{done}");
    assert!([&first, &second, &third].iter().all(|entry| place.holds(entry)));
    assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true);
}

#[test]
fn without_the_key_file_the_recovery_code_opens_the_second_copy() {
    let place = Place::without();
    let code =
        place.act("boss", "key.show", &json!({ "reason": "抄恢复码" })).ends(0).json()["result"]["recovery_code"]
            .clone();
    place.run(&["backup", "tail", "--to", place.there().to_str().unwrap()]).ends(0);
    let made = entry(&place.worker("w1").ends(0));
    place.lose(false);
    let (copy, there) = (place.copy(), place.there());
    let args = ["restore", copy.to_str().unwrap(), "--tail", there.to_str().unwrap()];
    let refused = place.run(&args);
    assert!(refused.code == 1 && refused.err.contains("--recovery-code") && !place.db().exists(), "{}", refused.err);
    let wrong = place.fed(&[&args[..], &["--recovery-code"]].concat(), "AAAAAAA-BBBBBBB\n");
    assert!(wrong.code != 0 && wrong.err.contains("恢复码") && !place.db().exists(), "{}", wrong.err);
    let done = place.fed(&[&args[..], &["--recovery-code"]].concat(), &format!("{}\n", code.as_str().unwrap())).ends(0);
    assert_eq!(done.json()["tail"]["upto"], made.as_str());
    assert!(place.holds(&made));
    assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true);
}

#[test]
fn a_second_copy_of_another_book_or_a_copy_too_old_for_it_is_told_and_loses_nothing() {
    let (place, other) = (Place::new(), Place::new());
    place.worker("w1").ends(0);
    let (copy, theirs) = (place.copy(), other.there());
    let refused = place.run(&["restore", copy.to_str().unwrap(), "--tail", theirs.to_str().unwrap()]);
    assert!(refused.code == 1 && refused.err.contains("没有这个库的随写副本"), "{}", refused.err);
    // The files that join the first copy are gone: what comes later is not taken in without them.
    place.run(&["backup", "--every-hour", theirs.to_str().unwrap()]).ends(0);
    place.worker("w2").ends(0);
    assert_eq!(place.named(".tail").len(), 2);
    std::fs::remove_file(&place.named(".tail")[0]).unwrap();
    let done = place.restore();
    assert_eq!(done["tail"]["entries"], 0);
    assert!(done["tail"]["faults"][0].as_str().unwrap().contains("更新的备份"), "{done}");
    assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true);
}

#[test]
fn files_older_than_the_last_two_copies_go_and_the_others_stay() {
    let place = Place::new();
    let hourly = place.0.path().join("hourly");
    std::fs::create_dir(&hourly).unwrap();
    let mut entries = Vec::new();
    for round in 0..5 {
        entries.push(entry(&place.worker(&format!("w{round}")).ends(0)));
        place.run(&["backup", "--every-hour", hourly.to_str().unwrap()]).ends(0);
        // One copy a minute has a name of its own; here the last is kept under each.
        let made: Vec<_> = std::fs::read_dir(&hourly).unwrap().map(|entry| entry.unwrap().path()).collect();
        let kept = place.0.path().join(format!("copy{round}"));
        made.iter().filter(|path| path.extension().is_some_and(|ending| ending == "db")).for_each(|path| {
            std::fs::rename(path, &kept).unwrap();
        });
    }
    entries.push(entry(&place.worker("last").ends(0)));
    assert!((2..=3).contains(&place.named(".tail").len()), "{:?}", place.named(".tail"));
    place.lose(true);
    let (copy, there) = (place.0.path().join("copy3"), place.there());
    let done = place.run(&["restore", copy.to_str().unwrap(), "--tail", there.to_str().unwrap()]).ends(0).json();
    assert_eq!(done["tail"]["upto"], entries.last().unwrap().as_str(), "the last copy but one is enough: {done}");
    assert!(entries.iter().all(|entry| place.holds(entry)));
}

#[test]
fn a_second_copy_in_the_books_own_folder_is_refused() {
    let place = Place::without();
    let home = place.0.path().join("here");
    std::fs::create_dir_all(home.join("below/it")).unwrap();
    for folder in [home.clone(), home.join("below/it")] {
        let refused = place.run(&["backup", "tail", "--to", folder.to_str().unwrap()]);
        assert!(refused.code == 2 && refused.err.contains("一起丢"), "{}", refused.err);
    }
    assert_eq!(place.run(&["backup", "tail"]).ends(0).json()["place"], Value::Null);
    place.run(&["backup", "tail", "--to", place.there().to_str().unwrap()]).ends(0);
    place.worker("w1").ends(0);
    let before = std::fs::metadata(&place.named(".tail")[0]).unwrap().len();
    place.run(&["backup", "tail", "--off"]).ends(0);
    place.worker("w2").ends(0);
    assert_eq!(std::fs::metadata(&place.named(".tail")[0]).unwrap().len(), before);
}

#[test]
fn a_missing_place_is_shown_holds_nobody_up_and_is_made_up_for() {
    let place = Place::new();
    place.worker("w1").ends(0);
    let away = place.0.path().join("away");
    std::fs::rename(place.there(), &away).unwrap();
    let begun = Instant::now();
    let said = place.worker("w2").ends(0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(said.err.contains("随写副本没有写到") && said.err.contains("盘是否插好"), "{}", said.err);
    let standing = place.run(&["backup", "tail"]).ends(0).json();
    assert!(standing["warning"].as_str().unwrap().contains("随写副本"), "{standing}");
    // A file in its place, or none of the files that were there.
    std::fs::write(place.there(), "").unwrap();
    assert!(place.worker("w3").ends(0).err.contains("随写副本没有写到"));
    std::fs::remove_file(place.there()).unwrap();
    std::fs::create_dir(place.there()).unwrap();
    // The stick was pulled, its mount point is still there: what is written into it would be lost with the machine.
    let said = place.worker("w4").ends(0);
    assert!(said.err.contains("不是原来那个盘"), "{}", said.err);
    assert_eq!(place.named("").len(), 0, "nothing is written into the bare folder");
    std::fs::remove_dir(place.there()).unwrap();
    std::fs::rename(&away, place.there()).unwrap();
    assert!(!place.worker("w5").ends(0).err.contains("随写副本"), "the stick is back");
    place.lose(true);
    let done = place.restore();
    assert!(done["tail"]["entries"].as_i64().unwrap() >= 4, "all since the last copy: {done}");
}

/// The lock of who writes, held by another, stands for a place that does not answer.
#[test]
fn a_place_that_does_not_answer_holds_nobody_up_and_the_next_program_makes_up_for_it() {
    let place = Place::new();
    place.worker("w1").ends(0);
    let lock = std::fs::OpenOptions::new().write(true).open(place.0.path().join("here/x.db-tail")).unwrap();
    lock.lock().unwrap();
    let mut batch = place.command(&["--as", "boss", "do", "--batch", "-"]).spawn().unwrap();
    let (mut input, mut answers) = (batch.stdin.take().unwrap(), BufReader::new(batch.stdout.take().unwrap()));
    let mut slowest = Duration::ZERO;
    for number in 0..200 {
        let begun = Instant::now();
        writeln!(input, "{}", json!({ "action": "worker.add", "input": worker(&format!("b{number}")) })).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"ok\":true"), "{answer}");
        slowest = slowest.max(if number == 0 { Duration::ZERO } else { begun.elapsed() });
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    drop(input);
    let begun = Instant::now();
    let said = Said::of(&batch.wait_with_output().unwrap()).ends(0);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(said.err.contains("随写副本还没有写完"), "{}", said.err);
    drop(lock);
    let standing = place.run(&["backup", "tail"]).ends(0).json();
    assert_eq!((&standing["behind"], &standing["warning"]), (&json!(0), &Value::Null), "{standing}");
    place.lose(true);
    assert!(place.restore()["tail"]["entries"].as_i64().unwrap() >= 201);
}

/// A folder of the system that takes no files stands in for a disk that takes none; a full one is in the unit tests.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_nothing_is_shown_holds_nobody_up_and_nothing_half_written_stays() {
    let place = Place::new();
    for number in 0..3 {
        place.worker(&format!("w{number}")).ends(0);
    }
    let tail = place.named(".tail").remove(0);
    let sound = std::fs::metadata(&tail).unwrap().len();
    let full = place.0.path().join("full");
    std::fs::rename(place.there(), &full).unwrap();
    std::os::unix::fs::symlink("/proc/self/fdinfo", place.there()).unwrap();
    let lines: String = (0..30)
        .map(|number| json!({ "action": "worker.add", "input": worker(&format!("f{number}")) }).to_string() + "\n")
        .collect();
    let said = place.fed(&["--as", "boss", "do", "--batch", "-"], &lines).ends(0);
    assert_eq!(said.out.lines().filter(|line| line.contains("\"ok\":true")).count(), 30, "{}", said.out);
    assert!(said.err.contains("随写副本没有写到"), "{}", said.err);
    std::fs::remove_file(place.there()).unwrap();
    std::fs::rename(&full, place.there()).unwrap();
    // Half a frame, as a disk that fills up leaves it.
    let mut half = std::fs::OpenOptions::new().append(true).open(&tail).unwrap();
    half.write_all(&[9; 100]).unwrap();
    drop(half);
    assert_eq!(std::fs::metadata(&tail).unwrap().len(), sound + 100);
    place.worker("last").ends(0);
    place.lose(true);
    let done = place.restore();
    assert_eq!(done["tail"]["faults"], json!([]), "{done}");
    assert!(done["tail"]["entries"].as_i64().unwrap() >= 34, "{done}");
}

#[test]
fn a_file_that_was_damaged_at_the_second_place_is_begun_anew_and_nothing_is_missing() {
    let place = Place::new();
    for number in 0..5 {
        place.worker(&format!("w{number}")).ends(0);
    }
    let tail = place.named(".tail").remove(0);
    let mut bytes = std::fs::read(&tail).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&tail, bytes).unwrap();
    let made = entry(&place.worker("w9").ends(0));
    assert_eq!(place.named(".tail").len(), 2);
    // A lost state, too, costs only a further file.
    std::fs::remove_file(place.0.path().join("here/x.db.tail")).unwrap();
    let last = entry(&place.worker("w10").ends(0));
    place.lose(true);
    let done = place.restore();
    assert!(done["tail"]["faults"][0].as_str().unwrap().contains("断了"), "{done}");
    assert!(place.holds(&made) && place.holds(&last));
    assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true);
}

/// Size of the second copy's file over what was written: an ordinary entry takes less than a kilobyte.
#[test]
fn an_ordinary_entry_takes_at_most_a_kilobyte() {
    let place = Place(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());
    std::fs::create_dir(place.0.path().join("here")).unwrap();
    std::fs::create_dir(place.there()).unwrap();
    place.run(&["demo", "--no-ui", "--accounts", "300"]).ends(0);
    place.run(&["backup", "tail", "--to", place.there().to_str().unwrap()]).ends(0);
    let mut length = place.named(".tail").iter().map(|path| std::fs::metadata(path).unwrap().len()).sum::<u64>();
    for (user, action, input) in [
        ("boss", "worker.add", worker("w1")),
        ("demo", "payment.take", json!({ "account": "10000033", "tendered": "1000.00" })),
    ] {
        place.act(user, action, &input).ends(0);
        let now = place.named(".tail").iter().map(|path| std::fs::metadata(path).unwrap().len()).sum::<u64>();
        let head = if length == 0 { 512 } else { 0 };
        assert!(now > length && now - length <= 1024 + head, "{action}: {} bytes", now - length);
        length = now;
    }
}

/// The folder of the book is lost at a random moment, while a batch runs.
#[test]
fn lost_at_any_moment_nothing_older_than_a_second_is_missing() {
    let losses = if std::env::var_os("METERDESK_LONG").is_some() { 100 } else { 5 };
    let seed = std::env::var("METERDESK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_128);
    let mut chance = Chance(seed);
    let (mut all, mut youngest) = (0, Duration::MAX);
    let place = Place::new();
    let fresh = place.0.path().join("fresh");
    for folder in ["here", "there"] {
        std::fs::create_dir_all(fresh.join(folder)).unwrap();
        copy_folder(&place.0.path().join(folder), &fresh.join(folder));
    }
    for round in 0..losses {
        // A restore takes a life, and a site has 31: each loss begins from the same branch.
        for folder in ["here", "there"] {
            std::fs::remove_dir_all(place.0.path().join(folder)).unwrap();
            std::fs::create_dir(place.0.path().join(folder)).unwrap();
            copy_folder(&fresh.join(folder), &place.0.path().join(folder));
        }
        let mut batch = place.command(&["--as", "boss", "do", "--batch", "-"]).spawn().unwrap();
        let (mut input, output) = (batch.stdin.take().unwrap(), batch.stdout.take().unwrap());
        let feeder = std::thread::spawn(move || {
            (0..1_000_000)
                .all(|_| writeln!(input, "{}", json!({ "action": "worker.add", "input": worker("w") })).is_ok())
        });
        let reader = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                let Ok(answer) = serde_json::from_str::<Value>(&line) else { break };
                assert_eq!(answer["ok"], true, "{line}");
                acknowledged.push((answer["entry"].as_str().unwrap().to_owned(), Instant::now()));
            }
            acknowledged
        });
        std::thread::sleep(Duration::from_millis(1_200 + chance.below(1_800)));
        let lost = Instant::now();
        batch.kill().unwrap();
        batch.wait().unwrap();
        let acknowledged = reader.join().unwrap();
        feeder.join().unwrap();
        place.lose(true);
        let done = place.restore();
        let upto: meterdesk::rules::id::Id = done["tail"]["upto"].as_str().unwrap().parse().unwrap();
        for (entry, at) in &acknowledged {
            let id: meterdesk::rules::id::Id = entry.parse().unwrap();
            if id > upto {
                let age = lost.saturating_duration_since(*at);
                assert!(age < SECOND, "seed {seed}, round {round}: {entry} was {age:?} old and is lost ({upto})");
                youngest = youngest.min(age);
            }
        }
        all += acknowledged.len();
        if round % 10 == 0 {
            assert_eq!(place.run(&["verify", "--full"]).ends(0).json()["ok"], true, "seed {seed}, round {round}");
            if let Some((entry, _)) = acknowledged.iter().find(|(_, at)| lost.saturating_duration_since(*at) > SECOND) {
                assert!(place.holds(entry));
            }
        }
    }
    println!("{losses} losses, {all} entries acknowledged");
    assert!(all > 10 * losses, "too little was done to prove anything: {all}");
}
