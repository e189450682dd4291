//! What docs/exchange.md tells an operator to do, followed for real: the real program, real files, each row that once did not work.

mod support {
    pub mod office;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::office::{Office, Said};

const PAGE: &str = include_str!("../docs/exchange.md");

/// Runs the program with a passphrase in its environment.
fn with(office: &Office, site: &str, passphrases: &[(&str, &str)], args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(office.db(site)).arg("--json").args(args).env_remove("METERDESK_PASSPHRASE");
    Said::of(&command.envs(passphrases.iter().copied()).stdin(std::process::Stdio::null()).output().unwrap())
}

/// What head office says of a branch.
fn listed(office: &Office, site: &str) -> Value {
    let said = office.run("HO", &["site", "list"]).ends(0).json();
    let peers = said["peers"].as_array().unwrap().clone();
    peers.into_iter().find(|peer| peer["site"] == site).unwrap()
}

/// The branch's machine is gone; answers the new card and its fingerprint. `saved`: what lies beside the new place.
fn prepare(office: &Office, site: &str, machine: &str) -> (String, String) {
    let (card, print) = office.card("HO");
    let to = office.path(&format!("{machine}.card"));
    let to = to.to_str().unwrap().to_owned();
    let args = ["recover", "--prepare", "--site", site, "--name", "营业所", "--card", &card, "--fingerprint", &print];
    let said = office.run(machine, &[&args[..], &["--to", &to]].concat()).ends(0).json();
    (to, said["fingerprint"].as_str().unwrap().to_owned())
}

fn recover(office: &Office, site: &str, machine: &str, from: &Path) -> Said {
    let (card, print) = office.card("HO");
    let from = from.to_str().unwrap();
    office.run(machine, &["recover", "--site", site, "--card", &card, "--fingerprint", &print, "--from", from])
}

fn enrol(office: &Office, (card, print): &(String, String), more: &[&str]) -> Said {
    office.run("HO", &[&["site", "enrol", card, "--fingerprint", print], more].concat())
}

/// Bundles in a folder.
fn bundles(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".mdx")).collect();
    names.sort();
    names
}

#[test]
fn a_card_made_twice_does_not_say_that_head_office_knows_its_keys() {
    let office = Office::new(&["B1"]);
    let (card, print) = office.card("HO");
    let to = office.path("new.card");
    let args = ["recover", "--prepare", "--site", "B1", "--name", "营业所", "--card", &card, "--fingerprint", &print];
    for _ in 0..2 {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        let said =
            command.arg("--db").arg(office.db("new")).args(args).arg("--to").arg(&to).arg("--overwrite").output();
        let said = String::from_utf8(said.unwrap().stdout).unwrap();
        assert!(said.contains("site enrol") && !said.contains("早已登记"), "{said}");
    }
}

#[test]
fn a_machine_made_anew_keeps_the_branch_its_roles_areas_and_days() {
    let office = Office::new(&["B1"]);
    office.run("HO", &["site", "amend", "B1", "--area", "新区", "--everything", "false", "--days", "12"]).ends(0);
    office.night("B1", "before");
    let card = prepare(&office, "B1", "new");
    let said = enrol(&office, &card, &[]).ends(0).json();
    assert_eq!(said["result"]["already"], false, "{said}");
    let peer = listed(&office, "B1");
    let kept = [&peer["areas"], &peer["roles"], &peer["good_for_days"], &peer["everything"]];
    assert_eq!(kept, [&json!(["new"]), &json!(["clerk"]), &json!(12), &json!(false)], "{peer}");
    let stick = office.stick("whole");
    office.out("HO", &stick, &["--for", "B1", "--whole"]).ends(0);
    recover(&office, "B1", "new", &stick).ends(0);
    let add = json!({ "login": "xin", "name": "新人", "roles": ["clerk"], "password": "123456" });
    office.act(&office.db("new"), "boss", "user.add", &add).ends(0);
    office.act(&office.db("new"), "xin", "shift.open", &json!({ "float": "0.00" })).ends(0);
    // What is given counts.
    let again = prepare(&office, "B1", "third");
    enrol(&office, &again, &["--role", "seat", "--days", "40", "--everything"]).ends(0);
    let peer = listed(&office, "B1");
    let given = [&peer["areas"], &peer["roles"], &peer["good_for_days"], &peer["everything"]];
    assert_eq!(given, [&json!(["new"]), &json!(["seat"]), &json!(40), &json!(true)], "{peer}");
}

#[test]
fn the_same_card_enrolled_again_changes_nothing_and_says_so_and_one_from_before_a_rotation_is_refused() {
    let office = Office::new(&["B1"]);
    office.night("B1", "before");
    fs::copy(office.path("B1.db.site"), office.path("old.site")).unwrap();
    let copied = |from: &str, to: &str| fs::copy(office.path(from), office.path(to)).unwrap();
    copied("B1.db.key", "new.db.key");
    copied("B1.db.site", "new.db.site");
    let (entries, card) = (office.entries("HO"), prepare(&office, "B1", "new"));
    let said = enrol(&office, &card, &[]).ends(0).json();
    assert_eq!((&said["result"]["already"], &said["entry"]), (&json!(true), &Value::Null), "{said}");
    assert_eq!(office.entries("HO"), entries);
    let refused = enrol(&office, &card, &["--days", "7"]).ends(1);
    assert!(refused.err.contains("site amend"), "{}", refused.err);
    let stick = office.stick("whole");
    office.out("HO", &stick, &["--for", "B1", "--whole"]).ends(0);
    recover(&office, "B1", "new", &stick).ends(0);
    office.run("new", &["--as", "boss", "site", "rotate"]).ends(0);
    office.night("new", "rotated");
    copied("old.site", "older.db.site");
    let older = prepare(&office, "B1", "older");
    let refused = enrol(&office, &older, &[]).ends(1);
    assert!(refused.err.contains("换密钥以前"), "{}", refused.err);
}

#[test]
fn a_stolen_machine_is_revoked_after_what_left_before_the_theft_was_taken_in() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    let receipt = office.fee(&db);
    let (old, before, early) = (office.card("B1"), office.stick("before"), office.stick("early"));
    office.out("B1", &before, &[]).ends(0);
    let in_time = office.worker("B1", "W1").ends(0).json()["entry"].clone();
    office.out("B1", &early, &[]).ends(0);
    office.take("HO", &before).ends(0);
    office.run("HO", &["site", "revoke", "B1", "--reason", "机器被盗"]).ends(0);
    let thief = office.stick("thief");
    office.worker("B1", "THIEF").ends(0);
    office.out("B1", &thief, &[]).ends(0);
    let refused = office.take("HO", &thief).ends(1);
    assert!(refused.out.contains("已作废"), "{}", refused.out);
    // Revoked too early: the old card again, what left in time, and revoked again.
    office.take("HO", &early).ends(1);
    enrol(&office, &old, &[]).ends(0);
    office.take("HO", &early).ends(0);
    office.run("HO", &["site", "revoke", "B1", "--reason", "机器被盗"]).ends(0);
    office.take("HO", &thief).ends(1);
    enrol(&office, &prepare(&office, "B1", "new"), &[]).ends(0);
    let stick = office.stick("whole");
    office.out("HO", &stick, &["--for", "B1", "--whole"]).ends(0);
    let done = recover(&office, "B1", "new", &stick).ends(0).json();
    // What left in time is there, what the thief wrote is not, and no receipt number comes again.
    assert_eq!(done["upto"], in_time, "{done}");
    let next = office.fee(&office.db("new"));
    assert!(next != receipt && next.starts_with("B1-2-"), "{receipt} {next}");
    let peer = listed(&office, "B1");
    assert_eq!((&peer["roles"], &peer["revoked"]), (&json!(["clerk"]), &json!(false)), "{peer}");
    let order = PAGE.split("### A stolen machine").nth(1).unwrap();
    assert!(order.find("takes in").unwrap() < order.find("`site revoke B03").unwrap());
}

#[test]
fn an_area_is_a_word_of_the_screens_or_its_code_and_any_other_text_is_refused_with_the_list() {
    let office = Office::new(&["B1"]);
    for (typed, kept) in [("新区", "new"), ("new", "new"), ("老区", "old"), ("old", "old"), (" 老区 ", "old")] {
        let said = office.run("HO", &["site", "amend", "B1", "--area", typed]).ends(0).json();
        assert_eq!(listed(&office, "B1")["areas"], json!([kept]), "{said}");
    }
    let both = office.run("HO", &["site", "amend", "B1", "--area", "老区", "--area", "new", "--everything", "false"]);
    let means = both.ends(0).json()["result"]["areas_mean"].as_str().unwrap().to_owned();
    assert!(means.contains("老区、新区") && means.contains("转给它"), "{means}");
    let card = office.card("B1");
    for typed in ["城南", "", "NEW区", "全部"] {
        for refused in
            [office.run("HO", &["site", "amend", "B1", "--area", typed]), enrol(&office, &card, &["--area", typed])]
        {
            let said = refused.ends(1).err;
            assert!(said.contains("老区") && said.contains("新区") && said.contains("areas"), "{typed}: {said}");
        }
    }
    assert_eq!(listed(&office, "B1")["areas"], json!(["old", "new"]));
    let said = office.run("HO", &["site", "amend", "B1", "--role", "teller"]).ends(1).err;
    assert!(said.contains("teller") && said.contains("clerk"), "{said}");
}

#[test]
fn the_options_of_enrolment_and_the_passphrase_stand_in_readme_page_and_help() {
    let readme = include_str!("../README.md");
    let help = |args: &[&str]| {
        let said = Said::of(&Command::new(env!("CARGO_BIN_EXE_meterdesk")).args(args).output().unwrap()).ends(0);
        said.out
    };
    let (enrol, keys) = (help(&["site", "enrol", "--help"]), help(&["site", "keys", "--help"]));
    for option in ["--area", "--everything", "--role", "--days"] {
        for (place, text) in [("README", readme), ("page", PAGE), ("help", enrol.as_str())] {
            assert!(text.contains(option), "{place}: {option}");
        }
    }
    let top = help(&["--help"]);
    for (place, text) in [("README", readme), ("page", PAGE), ("help", top.as_str())] {
        assert!(text.contains("METERDESK_PASSPHRASE"), "{place}");
    }
    assert!(readme.contains("site keys --passphrase") && keys.contains("--passphrase"));
    assert!(!readme.contains("--area 城南"));
}

#[test]
fn site_keys_go_under_a_passphrase_at_init_and_later_and_rotation_keeps_it() {
    let office = Office::new(&["B1"]);
    let secret = [("METERDESK_PASSPHRASE", "很长的口令")];
    with(&office, "S", &secret, &["init", "--site", "S", "--name", "营业所", "--practice"]).ends(0);
    let file = |site: &str| fs::read_to_string(office.path(&format!("{site}.db.site"))).unwrap();
    assert!(file("S").contains("argon2id") && !file("S").contains("plain"));
    let card = office.path("S.card");
    let make = ["site", "card", "--to", card.to_str().unwrap(), "--overwrite"];
    assert!(with(&office, "S", &[], &make).ends(3).err.contains("METERDESK_PASSPHRASE"));
    with(&office, "S", &secret, &make).ends(0);
    // One that is there is sealed later, changed, and kept by a rotation.
    let stick = office.stick("stick");
    let out = ["exchange", "out", "--to", stick.to_str().unwrap()];
    assert!(file("B1").contains("plain"));
    with(&office, "B1", &secret, &["--as", "boss", "site", "keys", "--passphrase"]).ends(0);
    with(&office, "B1", &[], &out).ends(3);
    with(&office, "B1", &secret, &out).ends(0);
    let change = [("METERDESK_PASSPHRASE", "很长的口令"), ("METERDESK_NEW_PASSPHRASE", "另一个口令")];
    with(&office, "B1", &change, &["--as", "boss", "site", "keys", "--passphrase"]).ends(0);
    with(&office, "B1", &secret, &out).ends(3);
    let new = [("METERDESK_PASSPHRASE", "另一个口令")];
    with(&office, "B1", &new, &["--as", "boss", "site", "rotate"]).ends(0);
    assert!(file("B1").contains("argon2id"));
    with(&office, "B1", &new, &out).ends(0);
    office.take("HO", &stick).ends(0);
}

#[test]
fn two_machines_of_one_book_never_write_one_file_name() {
    let office = Office::new(&["B1"]);
    office.night("B1", "before");
    office.copy_machine("B1", "twin");
    office.worker("B1", "W1").ends(0);
    office.worker("twin", "W2").ends(0);
    let stick = office.stick("both");
    for machine in ["B1", "twin"] {
        let file = office.out(machine, &stick, &["--replace"]).ends(0).json()["bundles"][0]["file"].clone();
        assert!(stick.join(file.as_str().unwrap()).is_file());
    }
    assert_eq!(bundles(&stick).len(), 2, "{:?}", bundles(&stick));
}

#[test]
fn an_exchange_beside_another_ends_with_a_code_of_its_own() {
    let office = Office::new(&["B1"]);
    let stick = office.stick("stick");
    office.out("B1", &stick, &[]).ends(0);
    let lock = fs::File::options().write(true).open(office.path("B1.db.exchange/lock")).unwrap();
    lock.lock().unwrap();
    for said in [office.out("B1", &stick, &[]), office.take("B1", &stick)] {
        let said = said.ends(5).err;
        assert!(said.contains("另一个交换正在进行") && said.contains("busy"), "{said}");
    }
    drop(lock);
    office.out("B1", &stick, &[]).ends(0);
}

#[test]
fn folders_of_the_nightly_job_are_emptied_and_one_bad_file_spoils_one_night_only() {
    let office = Office::new(&["B1"]);
    let (carried, done) = (office.stick("in"), office.stick("done"));
    office.out("B1", &carried, &[]).ends(0);
    let good = bundles(&carried);
    fs::write(carried.join("junk.mdx"), b"junk").unwrap();
    fs::write(carried.join("readme.txt"), b"not ours").unwrap();
    let night =
        || office.run("HO", &["exchange", "in", carried.to_str().unwrap(), "--move-to", done.to_str().unwrap()]);
    // What may still be growing stays.
    night().ends(1);
    assert_eq!(bundles(&carried), ["junk.mdx"]);
    assert_eq!(bundles(&done), good);
    let set = |path: PathBuf, ago: u64| {
        let at = SystemTime::now() - Duration::from_secs(ago);
        fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
    };
    set(carried.join("junk.mdx"), 3600);
    night().ends(1);
    assert_eq!(bundles(&done.join("refused")), ["junk.mdx"]);
    night().ends(0);
    assert!(bundles(&carried).is_empty() && carried.join("readme.txt").is_file());
    // The same name again is another file; what has lain 14 days goes.
    fs::copy(done.join(&good[0]), carried.join(&good[0])).unwrap();
    night().ends(0);
    assert_eq!(bundles(&done).len(), 2);
    set(done.join(&good[0]), 15 * 24 * 3600);
    set(done.join("refused/junk.mdx"), 15 * 24 * 3600);
    night().ends(0);
    assert_eq!((bundles(&done).len(), bundles(&done.join("refused")).len()), (1, 0));
    // What goes out is replaced by the next, for the same site only, and only what this book wrote.
    let out = office.stick("out");
    office.out("HO", &out, &["--replace"]).ends(0);
    let first = bundles(&out);
    fs::copy(done.join(bundles(&done).remove(0)), out.join("other.mdx")).unwrap();
    office.worker("HO", "W7").ends(0);
    office.out("HO", &out, &["--replace"]).ends(0);
    let second = bundles(&out);
    assert!(second.len() == 2 && second.contains(&"other.mdx".to_owned()) && !second.contains(&first[0]), "{second:?}");
    office.take("B1", &out).ends(0);
    let missing = office.run("HO", &["exchange", "in", carried.to_str().unwrap(), "--move-to", "/nowhere/at/all"]);
    assert!(missing.ends(2).err.contains("文件夹"));
}

/// A block of the page: the first of a language that holds a text.
fn block(language: &str, holding: &str) -> String {
    let opening = format!("```{language}\n");
    let mut blocks = PAGE.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.find(|text| text.contains(holding)).unwrap_or_else(|| panic!("{language}: {holding}")).to_owned()
}

#[cfg(unix)]
#[test]
fn the_nightly_script_of_the_page_writes_out_whatever_became_of_in_and_the_carrier_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new(&["B1"]);
    let (inbox, out, done) = (office.stick("in"), office.stick("out"), office.stick("done"));
    let script = block("sh", "#!/bin/sh")
        .replace("/usr/local/bin/meterdesk", env!("CARGO_BIN_EXE_meterdesk"))
        .replace("/srv/meterdesk/branch.db", office.db("B1").to_str().unwrap())
        .replace("/srv/exchange/", &format!("{}/", office.path("").display()).replace("//", "/"));
    let file = office.path("exchange.sh");
    fs::write(&file, script).unwrap();
    let mask = block("ini", "UMask").lines().find_map(|line| line.strip_prefix("UMask=").map(str::to_owned)).unwrap();
    let night = || {
        let line = format!("umask {mask}; exec sh {}", file.display());
        Said::of(&Command::new("sh").args(["-c", &line]).env_remove("METERDESK_PASSPHRASE").output().unwrap())
    };
    office.out("HO", &inbox, &[]).ends(0);
    night().ends(0);
    assert!(bundles(&inbox).is_empty() && bundles(&done).len() == 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let sent = bundles(&out);
    assert_eq!((sent.len(), mode(&out.join(&sent[0]))), (1, 0o640));
    assert_eq!(mode(&office.path("B1.db.exchange/out").join(&sent[0])), 0o600);
    assert_eq!((mode(&office.db("B1")) & 0o077, mode(&office.path("B1.db.site"))), (0, 0o600));
    // Held or refused: 1, and the export is there.
    fs::write(inbox.join("junk.mdx"), b"junk").unwrap();
    night().ends(1);
    // `in` fails altogether: its code, and the export is there.
    fs::remove_dir_all(&inbox).unwrap();
    fs::remove_file(out.join(bundles(&out).remove(0))).unwrap();
    night().ends(3);
    assert_eq!(bundles(&out).len(), 1);
    // Another exchange is running.
    let lock = fs::File::options().write(true).open(office.path("B1.db.exchange/lock")).unwrap();
    lock.lock().unwrap();
    night().ends(5);
}

#[test]
fn the_units_of_the_page_are_sound_and_the_windows_task_gives_the_graver_code_and_catches_up() {
    let (service, timer) = (block("ini", "[Service]"), block("ini", "[Timer]"));
    assert!(service.contains("SuccessExitStatus=1") && timer.contains("Persistent=true"));
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("exchange.sh");
    fs::write(&script, block("sh", "#!/bin/sh")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let unit = service.replace("/usr/local/lib/meterdesk/exchange.sh", script.to_str().unwrap());
    fs::write(folder.path().join("meterdesk-exchange.service"), unit).unwrap();
    fs::write(folder.path().join("meterdesk-exchange.timer"), timer).unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").arg("--man=no").arg(folder.path().join("meterdesk-exchange.service"));
    verify.arg(folder.path().join("meterdesk-exchange.timer"));
    // Where there is no systemd the lines above are all that can be asked.
    if let Ok(output) = verify.output() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.lines().any(|line| line.contains("meterdesk-exchange")), "{said}");
    }
    let batch = block("bat", "exchange in");
    let lines: Vec<&str> = batch.lines().collect();
    let at = |text: &str| lines.iter().position(|line| line.contains(text)).unwrap();
    assert_eq!(
        (at("set IN=%ERRORLEVEL%"), at("set OUT=%ERRORLEVEL%")),
        (at("exchange in ") + 1, at("exchange out ") + 1)
    );
    assert!(
        at("if %IN% GTR 1 exit /b %IN%") < at("if %OUT% GTR 0 exit /b %OUT%") && lines.last() == Some(&"exit /b %IN%")
    );
    assert!(block("powershell", "Register-ScheduledTask").contains("-StartWhenAvailable"));
}
