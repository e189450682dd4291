//! What goes wrong with bundles between people and sticks, at the command line with real files: each is said in one sentence, nothing
//! wrong is written, and the exit code tells a nightly job what happened.

mod support {
    pub mod office;
}

use std::path::{Path, PathBuf};

use support::office::Office;

fn bundles(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The only bundle a site writes onto a new stick.
fn bundle(office: &Office, site: &str, stick: &str) -> PathBuf {
    let stick = office.stick(stick);
    office.out(site, &stick, &[]).ends(0);
    bundles(&stick).remove(0)
}

#[test]
fn a_bundle_for_another_site_is_refused_by_name_and_passed_over_in_a_folder() {
    let office = Office::new(&["B1", "B2"]);
    let stick = office.stick("s");
    office.out("HO", &stick, &["--for", "B2"]).ends(0);
    let answer = bundles(&stick).remove(0);
    let before = office.entries("B1");
    let said = office.take("B1", &answer).ends(1).json();
    assert!(said["bundles"][0]["refused"].as_str().unwrap().contains("给 B2"), "{said}");
    let said = office.take("B1", &stick).ends(0).json();
    assert_eq!(said["bundles"], serde_json::json!([]));
    assert_eq!(office.entries("B1"), before);
}

#[test]
fn unknown_revoked_and_practice_senders_are_refused() {
    let office = Office::new(&["B1"]);
    let from_b1 = bundle(&office, "B1", "b1");
    // A stranger that trusts this head office, which has not enrolled it.
    office.init("B7", &[]);
    let card = office.card("HO");
    office.run("B7", &["site", "trust", &card.0, "--fingerprint", &card.1]).ends(0);
    let from_b7 = bundle(&office, "B7", "b7");
    let before = office.entries("HO");
    let said = office.take("HO", &from_b7).ends(1).json();
    assert!(said["bundles"][0]["refused"].as_str().unwrap().contains("不认识"), "{said}");
    assert_eq!(office.entries("HO"), before);
    office.run("HO", &["site", "revoke", "B1", "--reason", "机器被盗"]).ends(0);
    let said = office.take("HO", &from_b1).ends(1).json();
    assert!(said["bundles"][0]["refused"].as_str().unwrap().contains("作废"), "{said}");
    // Practice and real books do not come to know each other, so that no bundle can pass.
    let db = office.db("R1");
    let real = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"))
        .arg("--db")
        .arg(&db)
        .args(["init", "--site", "R1", "--name", "营业所"])
        .env("METERDESK_PASSWORD", "secret-1")
        .output()
        .unwrap();
    assert!(real.status.success(), "{real:?}");
    let said = office.take("R1", &from_b1).ends(1).json();
    assert!(said["bundles"][0]["refused"].is_string(), "{said}");
}

#[test]
fn the_same_bundle_on_two_sticks_and_one_older_than_what_is_known_change_nothing() {
    let office = Office::new(&["B1"]);
    let first = bundle(&office, "B1", "one");
    let copy = office.stick("two").join("again.mdx");
    std::fs::copy(&first, &copy).unwrap();
    office.worker("B1", "W1").ends(0);
    let newer = bundle(&office, "B1", "three");
    office.take("HO", &newer).ends(0);
    let before = (office.entries("HO"), office.state("HO"));
    for stick in [&first, &copy] {
        let said = office.take("HO", stick).ends(0).json();
        assert_eq!(said["bundles"][0]["new"], 0, "{said}");
    }
    assert_eq!((office.entries("HO"), office.state("HO")), before);
}

#[test]
fn a_file_still_being_copied_is_refused_and_taken_when_it_is_whole() {
    let office = Office::new(&["B1"]);
    let whole = std::fs::read(bundle(&office, "B1", "s")).unwrap();
    let file = office.stick("slow").join("B1-HO-1-000001.mdx");
    let before = office.entries("HO");
    for part in [0, 5, 200, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..part]).unwrap();
        let said = office.take("HO", file.parent().unwrap()).ends(1).json();
        assert!(said["bundles"][0]["refused"].is_string(), "{part}: {said}");
        assert_eq!(office.entries("HO"), before);
    }
    std::fs::write(&file, &whole).unwrap();
    let said = office.take("HO", file.parent().unwrap()).ends(0).json();
    assert!(said["bundles"][0]["new"].as_i64().unwrap() > 0);
}

#[cfg(unix)]
#[test]
fn names_that_look_like_paths_are_only_names() {
    let office = Office::new(&["B1"]);
    let whole = std::fs::read(bundle(&office, "B1", "s")).unwrap();
    let stick = office.stick("odd");
    let names = ["..\\..\\evil.mdx", "-rf.mdx", " .mdx", "\u{1b}[2J.mdx", "C:\\Windows\\x.mdx", "%2e%2e%2fx.mdx"];
    for name in names {
        std::fs::write(stick.join(name), &whole).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", stick.join("link.mdx")).unwrap();
    std::fs::create_dir(stick.join("folder.mdx")).unwrap();
    let said = office.take("HO", &stick).ends(0);
    assert!(!said.out.contains('\u{1b}'), "no control letter reaches the terminal");
    assert_eq!(said.json()["bundles"].as_array().unwrap().len(), names.len());
    let beside: Vec<PathBuf> =
        bundles(&office.path("")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "mdx")).collect();
    assert!(beside.is_empty(), "{beside:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_target_that_cannot_be_written_is_said_and_the_next_export_goes_through() {
    let office = Office::new(&["B1"]);
    let gone = office.path("nowhere");
    office.out("B1", &gone, &[]).ends(2);
    // A folder in which nobody can make a file, whoever runs the test.
    let said = office.out("B1", Path::new("/proc"), &[]).ends(3);
    assert!(!said.err.is_empty());
    let stick = office.stick("s");
    office.out("B1", &stick, &[]).ends(0);
    office.take("HO", &stick).ends(0);
    assert!(office.run("B1", &["verify"]).ends(0).json()["ok"].as_bool().unwrap());
}

#[test]
fn head_offices_answer_read_by_the_wrong_branch_changes_nothing() {
    let office = Office::new(&["B1", "B2"]);
    office.night("B1", "b1");
    let stick = office.stick("answer");
    office.out("HO", &stick, &["--for", "B1"]).ends(0);
    let before = office.state("B2");
    office.take("B2", &bundles(&stick)[0]).ends(1);
    assert_eq!(office.state("B2"), before);
    office.take("B1", &stick).ends(0);
}

#[test]
fn a_night_when_nothing_happened_and_an_empty_stick_are_no_fault() {
    let office = Office::new(&["B1"]);
    office.night("B1", "first");
    office.night("B1", "second");
    let before = (office.entries("B1"), office.entries("HO"));
    office.night("B1", "third");
    office.night("B1", "fourth");
    assert_eq!((office.entries("B1"), office.entries("HO")), before);
    let said = office.take("B1", &office.stick("empty")).ends(0).json();
    assert_eq!(said["bundles"], serde_json::json!([]));
    office.take("B1", &office.path("no-such-stick")).ends(3);
}

#[test]
fn one_summary_line_ends_what_a_person_reads() {
    let office = Office::new(&["B1"]);
    let stick = office.stick("s");
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"))
        .arg("--db")
        .arg(office.db("B1"))
        .args(["exchange", "out", "--to"])
        .arg(&stick)
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.lines().last().unwrap().contains("可以取盘"), "{text}");
}
