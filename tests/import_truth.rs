//! `meterdesk import` of both test branches, through the real binary, comes out as their truth says: kind by kind, line by line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

struct Office {
    _folder: tempfile::TempDir,
    db: PathBuf,
    branch: PathBuf,
    truth: Value,
}

fn data(branch: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(branch)
}

impl Office {
    fn new(branch: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("branch.db");
        let branch = data(branch);
        let truth = serde_json::from_slice(&std::fs::read(branch.join("truth.json")).unwrap()).unwrap();
        let office = Self { _folder: folder, db, branch, truth };
        let made = office.run(&["init", "--site", "B03", "--name", "城南营业所", "--practice"]);
        assert!(made.status.success(), "{made:?}");
        office
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(&self.db).args(["--as", "boss", "--json"]).args(arguments);
        command.env("METERDESK_PASSWORD", "demo1234").output().unwrap()
    }

    fn import(&self, what: &[&str], file: &str) -> (Value, Option<i32>) {
        let path = self.branch.join(file);
        let mut arguments = vec!["import"];
        arguments.extend(what);
        arguments.extend([path.to_str().unwrap(), "--on", "2026-11-01"]);
        let output = self.run(&arguments);
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (answer, output.status.code())
    }

    /// Imports a file and compares kinds, lines, ids, dispositions and counts with the truth.
    fn check(&self, what: &[&str], file: &str) {
        let (answer, code) = self.import(what, file);
        let (truth, place) = (&self.truth[file], format!("{} {file}", self.branch.display()));
        assert_eq!(answer["file"], Path::new(file).file_name().unwrap().to_str().unwrap());
        assert_eq!(answer["rows"], truth["rows"], "{place}");
        assert_eq!(answer["accepted"], truth["accepted"], "{place}");
        let dispositions = &self.truth["about"]["dispositions"];
        let mut planted = BTreeSet::new();
        for (kind, rows) in truth["defects"].as_object().unwrap() {
            for row in rows.as_array().unwrap() {
                let (line, id) = (row["line"].as_u64().unwrap(), row["id"].as_str().unwrap().to_owned());
                planted.insert((line, id, kind.clone(), dispositions[kind].as_str().unwrap().to_owned()));
            }
        }
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let found: BTreeSet<_> = answer["defects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["line"].as_u64().unwrap(), text(row, "id"), text(row, "kind"), text(row, "disposition")))
            .collect();
        assert_eq!(found, planted, "{place}");
        assert_eq!(code, Some(i32::from(found.iter().any(|row| row.3 == "refused" || row.3 == "held"))), "{place}");
        let unread = truth["unread"].as_array().map_or(0, Vec::len);
        assert_eq!(answer["unread"].as_u64(), Some(unread as u64), "{place}");
        let mut lines: Vec<_> =
            answer["unread_rows"].as_array().into_iter().flatten().map(|row| row["line"].as_u64()).collect();
        let mut wanted: Vec<_> =
            truth["unread"].as_array().into_iter().flatten().map(|row| row["line"].as_u64()).collect();
        lines.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(lines, wanted, "{place}");
    }

    fn verify(&self) -> Value {
        let output = self.run(&["verify", "--full"]);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!(verdict["ok"], true, "{verdict}");
        verdict
    }
}

const READINGS: [(&str, &str); 3] = [
    ("card", "water/cards-2026-10.csv"),
    ("handheld", "water/handheld/jk.dbf"),
    ("remote", "water/remote-2026-10.xlsx"),
];

#[test]
fn a_first_day_of_imports_comes_out_as_the_truth_says_and_the_same_files_again_change_nothing() {
    for branch in ["branch-1", "branch-7"] {
        let office = Office::new(branch);
        office.check(&["customers"], "water/customers.csv");
        office.check(&["customers"], "gas/customers.xlsx");
        for (way, file) in READINGS {
            office.check(&["readings", "--source", way], file);
        }
        office.check(&["swaps"], "water/swaps-2026-10.csv");
        let before = office.verify();
        for (what, file) in [
            ("customers", "water/customers.csv"),
            ("readings", "water/handheld/jk.dbf"),
            ("swaps", "water/swaps-2026-10.csv"),
        ] {
            let (answer, code) = office.import(&[what], file);
            assert_eq!((&answer["already"], code), (&Value::Bool(true), Some(0)), "{answer}");
            assert_eq!(answer["rows"], office.truth[file]["rows"]);
        }
        assert_eq!(office.verify(), before);
    }
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let office = Office::new("branch-7");
    let before = (office.verify(), std::fs::read(&office.db).unwrap());
    let (dry, code) = office.import(&["customers", "--dry-run"], "water/customers.csv");
    assert_eq!(code, Some(1));
    assert_eq!(dry["dry_run"], true);
    assert_eq!((office.verify(), std::fs::read(&office.db).unwrap()), before);
    let (real, _) = office.import(&["customers"], "water/customers.csv");
    assert_eq!((&dry["defects"], &dry["accepted"]), (&real["defects"], &real["accepted"]));
    let before = office.verify();
    let (dry, _) = office.import(&["readings", "--dry-run"], "water/cards-2026-10.csv");
    assert_eq!(dry["accepted"], office.truth["water/cards-2026-10.csv"]["accepted"]);
    assert_eq!(office.verify(), before);
}

/// An import's entry is a list of households: read with the right to lists, and noted as one.
#[test]
fn an_entry_of_many_rows_is_read_as_a_list() {
    let office = Office::new("branch-7");
    office.import(&["customers"], "water/customers.csv");
    let shown = |user: &str, what: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(&office.db).args(["--as", user]).args(what);
        command.env("METERDESK_PASSWORD", "demo1234").output().unwrap()
    };
    let log = || String::from_utf8(office.run(&["report", "access", "--format", "json"]).stdout).unwrap();
    let households = |output: &Output| {
        let entry: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        entry["payload"]["rows"].as_array().map_or(0, Vec::len)
    };
    let entry = (1..60).map(|seq| format!("B03.1.{seq}"));
    let entry = entry.into_iter().find(|id| households(&shown("boss", &["show", "entry", id])) > 1).unwrap();
    assert!(log().contains(&format!("整张凭单 {entry}")), "{}", log());
    let add = ["user", "add", "zuoxi", "--name", "左曦", "--role", "seat"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(&office.db).args(["--as", "boss", "--password-stdin"]).args(add);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"demo1234\ngiven-01\n").unwrap();
    assert!(child.wait().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(&office.db).args(["--as", "zuoxi", "show", "entry", &entry]);
    let refused = command.env("METERDESK_PASSWORD", "given-01").output().unwrap();
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(4), 0), "{refused:?}");
}
