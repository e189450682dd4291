//! Two terminals, each a process of its own, at once on one book: a cycle is billed once, a bill is paid once. And a branch's own
//! import profiles, found beside its book and where the variable says.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::Desk;
use meterdesk::store::OpenOptions;
use serde_json::{Value, json};
use support::orders::Book;
use support::site::new_site;
use support::water::{bills, read, resident};

const ACCOUNTS: usize = 120;

fn no(index: usize) -> String {
    (3_100_000_001 + index).to_string()
}

/// A book on disk: accounts read once in October, nothing billed, two clerks with their shifts open.
fn branch(folder: &Path) -> (PathBuf, Book) {
    let new = new_site("B03", false);
    let path = folder.join("branch.db");
    let (desk, _) = Desk::create(&path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
    let mut book = Book { desk };
    for (login, role) in [("demo", "clerk"), ("check", "clerk"), ("room", "data_clerk"), ("data", "data_clerk")] {
        book.act("boss", "user.add", json!({ "login": login, "name": login, "roles": [role], "password": "demo" }));
    }
    let accounts: Vec<_> = (0..ACCOUNTS).map(|index| resident(&no(index))).collect();
    support::water::branch(&mut book, &accounts);
    for index in 0..ACCOUNTS {
        read(&mut book, &no(index), "2026-10-12", "110");
    }
    for user in ["demo", "check"] {
        book.act(user, "shift.open", json!({ "float": "100.00" }));
    }
    (path, book)
}

fn program(db: &Path, user: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.env_remove("METERDESK_PROFILES").arg("--db").arg(db).args(["--as", user, "--json"]).args(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn answer(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{text} {}", said(output)))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Both begin before either is waited for.
fn both(commands: [Command; 2]) -> Vec<Output> {
    let children: Vec<Child> = commands.into_iter().map(|mut command| command.spawn().unwrap()).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[test]
fn of_two_bill_runs_at_once_every_bill_is_made_once_and_the_second_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (path, book) = branch(folder.path());
    let args = ["bill", "run", "--cycle", "2026-10"];
    let outputs = both(["room", "data"].map(|user| program(&path, user, &args)));
    let mut made = 0;
    for output in &outputs {
        match output.status.code() {
            Some(0) => made += answer(output)["bills"].as_u64().unwrap(),
            _ => assert!(said(output).contains("另一终端正在进行“2026-10 账期出账”"), "{output:?}"),
        }
    }
    assert_eq!(made, ACCOUNTS as u64, "{outputs:?}");
    for index in 0..ACCOUNTS {
        assert_eq!(bills(&book, &no(index)).len(), 1, "{index}");
    }
    let again = answer(&program(&path, "data", &args).output().unwrap());
    assert_eq!((again["readings"].as_u64(), again["bills"].as_u64()), (Some(0), Some(0)), "nothing left to do");
    // While one terminal runs, another is told so, and what it would do alone it may do afterwards.
    let held = book.desk.only_one("2026-11 账期出账").unwrap();
    let told = program(&path, "room", &["bill", "run", "--cycle", "2026-11"]).output().unwrap();
    assert_eq!(told.status.code(), Some(1));
    assert!(said(&told).contains("2026-11 账期出账"), "{told:?}");
    drop(held);
    assert!(program(&path, "room", &["bill", "run", "--cycle", "2026-11"]).output().unwrap().status.success());
    assert_eq!(answer(&program(&path, "boss", &["verify", "--full"]).output().unwrap())["ok"], true);
}

#[test]
fn of_two_terminals_that_pay_one_bill_in_one_second_one_is_told_that_nothing_is_owed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut book) = branch(folder.path());
    support::water::bill(&mut book, "2026-10");
    for index in 0..6 {
        let input = folder.path().join(format!("{index}.json"));
        std::fs::write(&input, json!({ "account": no(index) }).to_string()).unwrap();
        let args = ["do", "payment.take", "--input", input.to_str().unwrap()];
        let outputs = both(["demo", "check"].map(|user| program(&path, user, &args)));
        let paid = outputs.iter().filter(|output| output.status.success()).count();
        assert_eq!(paid, 1, "{outputs:?}");
        let other = outputs.iter().find(|output| !output.status.success()).unwrap();
        assert_eq!(other.status.code(), Some(1));
        assert!(said(other).contains("R-174"), "{}", said(other));
        let bill = bills(&book, &no(index)).remove(0);
        assert_eq!((bill.state.as_str(), bill.unpaid.0), ("paid", 0));
    }
    assert_eq!(book.desk.look().unwrap().last_receipt("B03-1").unwrap(), 6, "every receipt its own number");
    assert_eq!(answer(&program(&path, "boss", &["verify", "--full"]).output().unwrap())["ok"], true);
}

const OWN: &str = "name = \"town-cards\"\ntitle = \"镇上卡片\"\nholds = \"readings\"\nsource = \"card\"\n\
                   required = [\"account\", \"value\", \"date\"]\n[columns]\naccount = [\"用户\"]\nvalue = [\"读数\"]\ndate = [\"日子\"]\n";

#[test]
fn a_branchs_own_profiles_are_found_beside_its_book_and_where_the_variable_says() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _book) = branch(folder.path());
    let file = folder.path().join("town.csv");
    std::fs::write(&file, format!("用户,读数,日子\n{},118,2026-10-20\n", no(0))).unwrap();
    let args = ["import", "readings", file.to_str().unwrap(), "--profile", "town-cards"];
    let unknown = program(&path, "room", &args).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("没有导入方案“town-cards”"), "{}", said(&unknown));

    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let named = || {
        let mut command = program(&path, "room", &args);
        command.env("METERDESK_PROFILES", &elsewhere).arg("--dry-run");
        command.output().unwrap()
    };
    std::fs::write(elsewhere.join("town.toml"), OWN.replace("[columns]", "[columns]\nnothing = [\"x\"]")).unwrap();
    let bad = named();
    assert_eq!(bad.status.code(), Some(3));
    assert!(said(&bad).contains("town.toml”第7行有错：没有“nothing”这个字段"), "{}", said(&bad));
    std::fs::write(elsewhere.join("town.toml"), OWN).unwrap();
    assert_eq!(answer(&named())["accepted"], 1);

    let beside = folder.path().join("profiles");
    std::fs::create_dir(&beside).unwrap();
    std::fs::write(beside.join("town.toml"), OWN).unwrap();
    let taken = answer(&program(&path, "room", &args).output().unwrap());
    assert_eq!((taken["profile"].as_str(), taken["accepted"].as_u64()), (Some("town-cards"), Some(1)));
}
