//! A machine made anew (`recover`) and a copy put back (`restore`), with the real program: what else than the entries must be right
//! afterwards. Each test is named after what went wrong.

mod support {
    pub mod office;
}

use support::office::Office;

/// The book of a branch is gone, with its keys and marks.
fn lose(office: &Office, tails: &[&str]) {
    for tail in tails {
        let _ = std::fs::remove_file(office.path(&format!("B1.db{tail}")));
    }
}

const BOOK: [&str; 3] = ["", "-wal", "-shm"];

/// A card and its fingerprint, as `recover` takes them.
fn args<'a>((card, print): &'a (String, String), more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["recover", "--site", "B1", "--card", card, "--fingerprint", print];
    args.extend(more);
    args
}

#[test]
fn a_branch_handed_to_another_head_office_could_never_be_made_anew() {
    let office = Office::new(&["B1"]);
    let enrol = |card: &(String, String)| {
        let args = ["site", "enrol", &card.0, "--fingerprint", &card.1, "--everything", "--role", "clerk"];
        office.run("NH", &args).ends(0);
    };
    let night = |name: &str| {
        let stick = office.stick(name);
        office.out("B1", &stick, &[]).ends(0);
        office.take("NH", &stick).ends(0);
        office.out("NH", &stick, &[]).ends(0);
        office.take("B1", &stick).ends(0);
    };
    office.worker("B1", "W1").ends(0);
    office.night("B1", "first");
    office.init("NH", &["--head-office"]);
    office.run("HO", &["site", "amend", "B1", "--hand-over", "NH"]).ends(0);
    office.night("B1", "second");
    let new = office.card("NH");
    office.run("B1", &["site", "trust", &new.0, "--fingerprint", &new.1]).ends(0);
    enrol(&office.card("B1"));
    night("third");
    office.worker("B1", "W2").ends(0);
    night("fourth");
    lose(&office, &BOOK);
    lose(&office, &[".key", ".site", ".mark"]);
    let (file, whole) = (office.path("anew.card"), office.stick("whole"));
    let file = file.to_str().unwrap().to_owned();
    let said = office.run("B1", &args(&new, &["--prepare", "--name", "营业所", "--to", &file])).ends(0).json();
    enrol(&(file, said["fingerprint"].as_str().unwrap().to_owned()));
    office.out("NH", &whole, &["--for", "B1", "--whole"]).ends(0);
    // Whoever is not the head office the branch named last gets nothing, with however right a fingerprint.
    let refused = office.run("B1", &args(&office.card("HO"), &["--from", whole.to_str().unwrap()]));
    assert!(refused.code != 0, "{}", refused.out);
    let done = office.run("B1", &args(&new, &["--from", whole.to_str().unwrap()])).ends(0).json();
    assert_eq!((&done["epoch"], &done["refused"]), (&2.into(), &serde_json::json!([])), "{done}");
    office.run("B1", &["verify", "--full"]).ends(0);
    office.worker("B1", "W3").ends(0);
    night("fifth");
    night("sixth");
    let count = |site: &str| office.run(site, &["verify"]).ends(0);
    count("NH");
    let company = office.run("B1", &["site", "list"]).ends(0);
    assert!(company.out.contains("NH"), "{}", company.out);
}

#[test]
fn a_machine_made_anew_went_on_without_its_second_copy_and_said_nothing() {
    let office = Office::new(&["B1"]);
    let away = tempfile::tempdir().unwrap();
    let (second, hourly) = (away.path().join("second"), away.path().join("hourly"));
    for place in [&second, &hourly] {
        std::fs::create_dir(place).unwrap();
    }
    let early = office.path("early.bak");
    office.run("B1", &["backup", early.to_str().unwrap()]).ends(0);
    office.run("B1", &["backup", "tail", "--to", second.to_str().unwrap()]).ends(0);
    office.run("B1", &["backup", "--every-hour", hourly.to_str().unwrap()]).ends(0);
    office.night("B1", "first");
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    let (card, whole) = (office.card("HO"), whole.to_str().unwrap().to_owned());
    let (second, hourly) = (second.canonicalize().unwrap(), hourly.canonicalize().unwrap());
    let is_on = |done: &serde_json::Value| {
        assert_eq!(done["second_copy"].as_str(), second.to_str(), "{done}");
        assert_eq!(done["every_hour"].as_str(), hourly.to_str(), "{done}");
        office.worker("B1", &format!("W{}", done["epoch"])).ends(0);
        let standing = office.run("B1", &["backup", "tail"]).ends(0).json();
        assert_eq!((standing["place"].as_str(), &standing["behind"]), (second.to_str(), &0.into()), "{standing}");
    };
    is_on(&office.run("B1", &args(&card, &["--from", &whole])).ends(0).json());
    is_on(&office.run("B1", &["restore", early.to_str().unwrap()]).ends(0).json());
    // The old book gone, nobody knows what was set: then it is said that they are off, and how they are set.
    let off = |done: serde_json::Value| {
        let said = done["copies"].to_string();
        assert!(done["second_copy"].is_null() && done["every_hour"].is_null(), "{done}");
        assert!(said.contains("backup tail --to") && said.contains("backup --every-hour"), "{done}");
    };
    lose(&office, &BOOK);
    off(office.run("B1", &args(&card, &["--from", &whole])).ends(0).json());
    lose(&office, &BOOK);
    off(office.run("B1", &["restore", early.to_str().unwrap()]).ends(0).json());
}

#[test]
fn a_damaged_bundle_was_called_a_missing_enrolment() {
    let office = Office::new(&["B1"]);
    office.night("B1", "first");
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    lose(&office, &BOOK);
    let bundles = || std::fs::read_dir(&whole).unwrap().map(|entry| entry.unwrap().path());
    let bundle = bundles().find(|path| path.extension().is_some_and(|ending| ending == "mdx")).unwrap();
    let (card, name) = (office.card("HO"), bundle.file_name().unwrap().to_string_lossy().into_owned());
    let sound = std::fs::read(&bundle).unwrap();
    let mut changed = sound.clone();
    changed[sound.len() / 3] ^= 1;
    for (bytes, why) in [(&sound[..sound.len() / 2], "被截断"), (&changed[..], "途中损坏"), (&sound[..5], "不完整")]
    {
        std::fs::write(&bundle, bytes).unwrap();
        let refused = office.run("B1", &args(&card, &["--from", whole.to_str().unwrap()])).ends(1);
        assert!(refused.err.contains(&name) && refused.err.contains(why), "{why}: {}", refused.err);
        assert!(!refused.err.contains("登记新名片"), "{}", refused.err);
    }
    std::fs::write(&bundle, sound).unwrap();
    office.run("B1", &args(&card, &["--from", whole.to_str().unwrap()])).ends(0);
}

#[test]
fn a_book_set_aside_could_not_be_looked_at_and_with_keys_went_on() {
    let office = Office::new(&["B1"]);
    let away = tempfile::tempdir().unwrap();
    let copy = office.path("early.bak");
    office.run("B1", &["backup", copy.to_str().unwrap()]).ends(0);
    office.run("B1", &["backup", "tail", "--to", away.path().to_str().unwrap()]).ends(0);
    office.worker("B1", "W1").ends(0);
    let done = office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0).json();
    let aside = std::path::PathBuf::from(done["aside"].as_str().unwrap());
    let files = || std::fs::read_dir(away.path()).unwrap().count();
    let before = files();
    let seen = office.run_on(&aside, &["verify"]).ends(0);
    assert!(seen.err.contains("换下来的旧库") && !seen.out.contains("B1.2."), "{} {}", seen.out, seen.err);
    let refused = office.worker_on(&aside, "W2").ends(1);
    assert!(refused.err.contains("换下来的旧库"), "{}", refused.err);
    assert_eq!(files(), before);
    office.worker("B1", "W3").ends(0);
    let back = office.run("B1", &["restore", aside.to_str().unwrap()]).ends(0).json();
    assert_eq!(back["epoch"], 3, "{back}");
    office.worker("B1", "W4").ends(0);
}
