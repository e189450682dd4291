//! What is told of bad rows is not held in memory: a file may have a million of them. The lists are the same as ever, in the order
//! of the file, on the answer, on the fix list and in its copies; of each at most a fixed part stands in memory.

mod support;

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use meterdesk::book::clock::SystemClock;
use meterdesk::book::subject::Kind as Subject;
use meterdesk::derive::row::to_row;
use meterdesk::desk::Desk;
use meterdesk::desk::import::{Answer, Request, What};
use meterdesk::inbound::judge::Kind;
use meterdesk::inbound::spill::MOST_HELD;
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use meterdesk::store::query::fixes::FixFilter;
use support::site::new_site;
use support::water::resident;

/// Accounts that contradict themselves, how often each, and accounts whose cards print another last reading.
const CONTRADICT: u32 = 300;
const TIMES: u32 = 30;
const PRINTED: u32 = 200;

const ON: &str = "2026-11-01";

/// Line, account, kind.
type Told = (u64, String, String);

fn account(n: u32) -> String {
    format!("31000{n:05}")
}

/// Cards none of which is good, walked house by house again and again: what is wrong with one is known only when all are read, and
/// account by account. Between them a few that are wrong at first sight, and some that nobody could read.
fn cards() -> (String, Vec<Told>, usize) {
    let mut text = "户号,上次示数,本次示数,抄表日期,备注码,抄表员\n".to_owned();
    let (mut told, mut line, mut unread) = (Vec::new(), 1, 0);
    for round in 0..TIMES {
        for n in 0..CONTRADICT {
            let _ = writeln!(text, "{},,{},2026-10-12,,陈抄", account(n), 110 + round);
            line += 1;
            told.push((line, account(n), "conflicting_duplicate".to_owned()));
        }
        for n in (CONTRADICT..CONTRADICT + PRINTED).filter(|n| n % TIMES == round) {
            let _ = writeln!(text, "{},999{n},120,2026-10-12,,陈抄", account(n));
            let _ = writeln!(text, "42{n:08},,120,2026-10-12,,陈抄");
            let _ = writeln!(text, "{},,,2026-10-12,门闭,陈抄{n}", account(n));
            told.push((line + 1, account(n), "printed_last_differs".to_owned()));
            told.push((line + 2, format!("42{n:08}"), "unknown_account".to_owned()));
            (line, unread) = (line + 3, unread + 1);
        }
    }
    (text, told, unread)
}

fn office(folder: &Path) -> Desk {
    let path = folder.join("branch.db");
    let new = new_site("B03", false);
    let (mut desk, _) = Desk::create(&path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
    desk.sign_in_practice("boss").unwrap();
    let mut run = desk.open_run("import.customers", "account.open", 1, "用户档案", None).unwrap();
    for n in 0..CONTRADICT + PRINTED {
        run.push(&mut desk, Subject::Account, None, to_row(&resident(&account(n))).unwrap()).unwrap();
    }
    run.close(&mut desk, serde_json::Value::Null, |_| {}).unwrap();
    desk
}

fn import(desk: &mut Desk, path: &Path, dry_run: bool) -> Answer {
    let path = path.to_owned();
    let request = Request { what: What::Readings, path, read_by: None, profile: None, on: ON.parse().ok(), dry_run };
    desk.import(&request, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn told(answer: &Answer) -> Vec<Told> {
    let lines = answer.lines().map(Result::unwrap);
    lines.map(|defect| (defect.line, defect.id, defect.kind)).collect()
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

fn program(folder: &Path, more: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    program.args(["--as", "boss", "--db"]).arg(folder.join("branch.db")).args(more).output().unwrap()
}

#[test]
fn what_was_wrong_with_each_row_of_a_file_was_held_in_memory_to_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = office(folder.path());
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("cards.csv");
    let (text, wanted, unread) = cards();
    std::fs::write(&path, text).unwrap();
    let before = names(folder.path());

    let tried = import(&mut desk, &path, true);
    assert!(told(&tried) == wanted, "the list of a try");
    assert_eq!((tried.accepted, tried.unread), (0, unread as u64));
    let list = tried.defects.rows();
    assert!(list.held() < MOST_HELD && list.spilled() > 0, "{} {}", list.held(), list.spilled());
    #[cfg(unix)]
    assert_eq!(names(folder.path()), before, "the list has no name in the folder");
    let printed = tried.lines().map(Result::unwrap).find(|defect| defect.kind == "printed_last_differs").unwrap();
    assert!(printed.message.contains("999300") && printed.message.contains("档案100"), "{}", printed.message);

    let written = import(&mut desk, &path, false);
    assert!(told(&written) == wanted, "the list of the import");
    let again = import(&mut desk, &path, false);
    assert!(again.already && told(&again) == wanted, "the list when the file comes again");
    assert!(again.defects.rows().held() < MOST_HELD && again.defects.rows().spilled() > 0);
    assert_eq!(again.defects.of(Kind::ConflictingDuplicate), u64::from(CONTRADICT * TIMES));
    assert_eq!(again.unread_rows.len(), unread as u64);
    for answer in [&tried, &written, &again] {
        let json = serde_json::to_value(answer).unwrap();
        assert_eq!(json["defects"].as_array().unwrap().len(), wanted.len());
        assert_eq!(json["unread_rows"].as_array().unwrap().len(), unread);
    }

    // Each stands in the fix list with its own cells and its account.
    let run = written.run.unwrap();
    let tx = desk.look().unwrap();
    let mut staged = Vec::new();
    tx.each_fix(&FixFilter { run: Some(run), ..FixFilter::default() }, |row| {
        let known = tx.account_id_of_no(&row.name)?;
        assert_eq!(row.account, known, "line {}", row.line);
        staged.push((row.line as u64, row.name, row.defect));
        Ok::<_, meterdesk::store::StoreError>(())
    })
    .unwrap();
    drop(tx);
    assert_eq!(staged.len(), wanted.len() + unread);
    staged.retain(|(_, _, kind)| kind != "unread");
    assert!(staged == wanted, "the fix list");
    let mut after = (Id(0), -1);
    for _ in 0..4 {
        for row in desk.fix_rows(&FixFilter::default(), after, 3_000).unwrap() {
            after = (row.file, row.line);
            assert_eq!(row.cells[0].1, row.id, "line {}", row.line);
        }
    }
    assert_eq!(after.1, wanted.last().unwrap().0 as i64 + 1);
}

#[test]
fn the_fix_list_of_a_long_file_is_written_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    drop(office(folder.path()));
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("cards.csv").display().to_string();
    let (text, wanted, unread) = cards();
    std::fs::write(&path, text).unwrap();

    let said = program(folder.path(), &["import", "readings", &path, "--on", ON]);
    assert_eq!(said.status.code(), Some(1));
    let words = String::from_utf8(said.stdout).unwrap();
    assert!(words.contains(&format!("… 还有 {} 行，全部见待改清单", wanted.len() - 50)), "{words}");
    assert_eq!(words.lines().count(), 2 + 50 + 1, "{words}");

    let listed = program(folder.path(), &["--json", "import", "fixes"]).stdout;
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed).unwrap();
    assert_eq!(listed.len(), wanted.len() + unread);
    assert!(listed.is_sorted_by_key(|row| row["line"].as_i64()));
    let words = String::from_utf8(program(folder.path(), &["import", "fixes"]).stdout).unwrap();
    assert_eq!(words.lines().count(), 1 + wanted.len() + unread);

    let copy = files.path().join("list.csv");
    let saved = program(folder.path(), &["--json", "import", "fixes", "--export", &copy.display().to_string()]);
    let saved: serde_json::Value = serde_json::from_slice(&saved.stdout).unwrap();
    assert_eq!(saved["rows"].as_u64(), Some((wanted.len() + unread) as u64));
    assert_eq!(std::fs::read_to_string(&copy).unwrap().lines().count(), 1 + wanted.len() + unread);
}
