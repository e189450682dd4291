//! The fix list's life: mended, confirmed, one of two picked, explained by a swap, dropped; what is sealed stays sealed; a killed
//! import goes on; a corrected file brings in what was mended and nothing twice.

mod support {
    pub mod site;
}

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::import::{Answer, Request, What};
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use meterdesk::inbound::judge::Kind;
use meterdesk::inbound::profile::ReadBy;
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use meterdesk::store::query::fixes::FixFilter;
use serde_json::{Value, json};
use support::site::new_site;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7").join(name)
}

struct Office {
    folder: tempfile::TempDir,
    desk: Desk,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = new_site("B03", false);
        let path = folder.path().join("branch.db");
        let (mut desk, _) = Desk::create(&path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
        desk.sign_in_practice("boss").unwrap();
        Self { folder, desk }
    }

    fn with_customers() -> Self {
        let mut office = Self::new();
        office.import(What::Customers, &sample("water/customers.csv"));
        office
    }

    fn import(&mut self, what: What, path: &Path) -> Answer {
        let on = "2026-11-01".parse().ok();
        let read_by: Option<ReadBy> = None;
        let request = Request { what, path: path.to_owned(), read_by, profile: None, on, dry_run: false };
        self.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap()
    }

    fn act(&mut self, action: &str, input: Value) -> Result<Option<Id>, Refusal> {
        Ok(self.desk.perform(action, &input.to_string(), Call::default())?.entry)
    }

    fn rows(&self, run: Id, kind: &str, state: &str) -> Vec<meterdesk::desk::fixes::view::FixView> {
        let filter = FixFilter { run: Some(run), defect: Some(kind.into()), state: Some(state.into()) };
        self.desk.fix_rows(&filter, (Id(0), 0), 1000).unwrap()
    }

    fn action_of(&self, entry: Option<Id>) -> String {
        self.desk.look().unwrap().entry(entry.unwrap()).unwrap().unwrap().action
    }

    fn verify(&mut self) {
        let verdict = self.desk.verify(true, |_| {}).unwrap();
        assert!(verdict.ok, "{:?}", verdict.first_fault);
    }
}

#[test]
fn held_readings_are_confirmed_as_readings_and_of_two_that_contradict_one_is_picked() {
    let mut office = Office::with_customers();
    let run = office.import(What::Readings, &sample("water/cards-2026-10.csv")).run.unwrap();
    let handheld = office.import(What::Readings, &sample("water/handheld/jk.dbf")).run.unwrap();
    let remote = office.import(What::Readings, &sample("water/remote-2026-10.xlsx")).run.unwrap();
    let cases = [(run, "high_use", "card"), (handheld, "high_use", "handheld"), (remote, "rollover", "remote")];
    for (run, kind, way) in cases {
        let row = office.rows(run, kind, "open").remove(0);
        let entry = office.act("import.confirm", json!({ "file": run, "line": row.line })).unwrap();
        assert_eq!(office.action_of(entry), "reading.enter");
        let tx = office.desk.look().unwrap();
        let account = match way {
            "card" => tx.account_id_of_no(&row.id).unwrap(),
            _ => tx.account_id_of_meter(&row.id).unwrap(),
        };
        let last = tx.last_reading(account.unwrap()).unwrap().unwrap();
        assert_eq!((last.source.as_str(), last.rollover), (way, kind == "rollover"));
        drop(tx);
        let again = office.act("import.confirm", json!({ "file": run, "line": row.line })).unwrap_err();
        assert_eq!(again.first_rule(), "stale");
    }
    let two = office.rows(run, "conflicting_duplicate", "open");
    let (first, second) = (&two[0], &two[1]);
    assert_eq!(first.id, second.id);
    office.act("import.confirm", json!({ "file": run, "line": second.line })).unwrap();
    let dropped = office.rows(run, "conflicting_duplicate", "dropped");
    assert_eq!(dropped.iter().map(|row| row.line).collect::<Vec<_>>(), [first.line]);
    let refused = office.rows(run, "unreadable_value", "open").remove(0);
    assert!(office.act("import.confirm", json!({ "file": run, "line": refused.line })).is_err());
    office.verify();
}

#[test]
fn a_refused_row_is_mended_and_judged_like_new() {
    let mut office = Office::with_customers();
    let run = office.import(What::Readings, &sample("water/cards-2026-10.csv")).run.unwrap();
    let row = office.rows(run, "unreadable_value", "open").remove(0);
    let by = |value: &str, reader: &str| json!({ "file": run, "line": row.line, "cells": { "本次示数": value }, "reread_by": reader });
    let mend = |value: &str| by(value, "李抄表");
    for (reader, why) in [("", "复抄"), ("主任", "录入人自己")] {
        let refusal = office.act("import.mend", by("100", reader)).unwrap_err();
        assert_eq!((refusal.first_rule(), refusal.message().contains(why)), ("R-232", true), "{refusal}");
    }
    let still = office.act("import.mend", mend("不清")).unwrap_err();
    assert!(still.message().contains("不清"), "{still}");
    let unknown = office.act("import.mend", json!({ "file": run, "line": row.line, "cells": { "没有": "1" } }));
    assert!(unknown.is_err());
    let last = row.cells.iter().find(|(heading, _)| heading == "上次示数").unwrap().1.trim().parse::<i64>().unwrap();
    let entry = office.act("import.mend", mend(&(last + 3).to_string())).unwrap();
    assert_eq!(office.action_of(entry), "reading.enter");
    let account = office.desk.look().unwrap().account_id_of_no(&row.id).unwrap().unwrap();
    let reading = office.desk.look().unwrap().last_reading(account).unwrap().unwrap();
    assert_eq!((reading.reader.as_str(), reading.source.as_str()), ("李抄表", "card"));
    assert_eq!(office.rows(run, "unreadable_value", "mended").len(), 1);

    let customers = office.desk.fix_files().unwrap().into_iter().find(|file| file.name == "customers.csv").unwrap();
    let bad = office.rows(customers.run, "unreadable_date", "open").remove(0);
    let heading = bad.message.split('”').next().unwrap().trim_start_matches('“').to_owned();
    let cells = json!({ heading: "2014-05-01" });
    let entry = office.act("import.mend", json!({ "file": customers.run, "line": bad.line, "cells": cells })).unwrap();
    assert_eq!(office.action_of(entry), "account.open");
    assert!(office.desk.look().unwrap().account_of_text(&bad.id).unwrap().is_some());
    office.verify();
}

#[test]
fn a_customer_mended_into_a_class_without_a_price_came_in_without_a_word() {
    let mut office = Office::new();
    let path = office.folder.path().join("new.csv");
    let rows: String = (1..=4)
        .map(|row| {
            format!("330000000{row},张三,清溪花园,人民路{row}号,居民生活,LD{row},5,2022-10-16,2026-13-45,100,正常\n")
        })
        .collect();
    let headings = "户号,户名,小区名称,用水地址,用水性质,水表编号,表位数,装表日期,上次抄表日期,上次表底,状态\n";
    std::fs::write(&path, format!("{headings}{rows}")).unwrap();
    let file = office.import(What::Customers, &path).run.unwrap();
    let mend = |office: &mut Office, line: i64, class: &str, state: &str| -> Value {
        let cells = json!({ "上次抄表日期": "2026-09-05", "用水性质": class, "状态": state });
        let input = json!({ "file": file, "line": line, "cells": cells });
        let done = office.desk.perform("import.mend", &input.to_string(), Call::default()).unwrap();
        serde_json::from_str::<Value>(&done.result).unwrap()["notes"].clone()
    };
    assert_eq!(mend(&mut office, 2, "特种-洗车", "正常"), Value::Null, "no price is loaded yet");
    office.import(What::Tariffs, &Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/tariffs/bj-water-res-2014.toml"));
    let told = mend(&mut office, 3, "特种-洗车", "正常")[0].as_str().unwrap().to_owned();
    assert!(told.contains("3300000002 的账单会挂起") && told.contains("import tariffs"), "{told}");
    assert_eq!(mend(&mut office, 4, "居民生活", "正常"), Value::Null);
    assert_eq!(mend(&mut office, 5, "特种-洗车", "销户"), Value::Null, "a closed account has no bills");
    office.verify();
}

#[test]
fn low_readings_that_a_swap_explains_go_in_with_one_word() {
    let truth: Value = serde_json::from_slice(&std::fs::read(sample("truth.json")).unwrap()).unwrap();
    let mut office = Office::with_customers();
    let mut wanted = 0;
    for file in ["water/cards-2026-10.csv", "water/handheld/jk.dbf"] {
        office.import(What::Readings, &sample(file));
        let low = truth[file]["defects"]["lower_than_last"].as_array().unwrap();
        wanted += low.iter().filter(|row| row["cause"] == "swap").count();
    }
    assert_eq!(office.desk.confirm_explained().unwrap().0, 0, "no swap is in");
    office.import(What::Swaps, &sample("water/swaps-2026-10.csv"));
    let explained = office.desk.explain_low_readings().unwrap();
    assert_eq!(explained.len(), wanted);
    for (run, line) in &explained {
        let row = office.rows(*run, "lower_than_last", "open").into_iter().find(|row| row.line == *line).unwrap();
        let file = if row.file_name == "jk.dbf" { "water/handheld/jk.dbf" } else { "water/cards-2026-10.csv" };
        let low = truth[file]["defects"]["lower_than_last"].as_array().unwrap();
        let planted = low.iter().find(|row| row["line"] == json!(*line)).unwrap();
        let said = format!("用量{}，可以确认", planted["use_once_swaps_are_in"]);
        assert!(row.message.contains(&said), "{} {planted}", row.message);
    }
    let (done, refused) = office.desk.confirm_explained().unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(done, wanted);
    let returned = office.desk.look().unwrap().slip_returns(100).unwrap().len();
    let nameless = truth["water/swaps-2026-10.csv"]["defects"]["no_account_number"].as_array().unwrap().len();
    assert_eq!(returned, nameless, "slips without account number stand in the ledger of returns");
    office.verify();
}

#[test]
fn the_older_readings_of_a_held_remote_meter_wait_with_it() {
    let mut office = Office::with_customers();
    let run = office.import(What::Readings, &sample("water/remote-2026-10.xlsx")).run.unwrap();
    let held = office.rows(run, "high_use", "open");
    let older = office.rows(run, "older", "waiting");
    assert!(!held.is_empty() && !older.is_empty());
    let account = |office: &Office, meter: &str| {
        let tx = office.desk.look().unwrap();
        tx.account_id_of_meter(meter).unwrap().unwrap()
    };
    let id = account(&office, &held[0].id);
    let before = office.desk.look().unwrap().last_reading(id).unwrap().unwrap();
    assert_eq!(before.source, "opening", "nothing of a held meter is on file");
    office.act("import.confirm", json!({ "file": run, "line": held[0].line })).unwrap();
    let left = office.rows(run, "older", "waiting").len();
    assert!(left < older.len());
    let other = account(&office, &held[1].id);
    office.act("import.drop", json!({ "file": run, "line": held[1].line, "reason": "模块故障" })).unwrap();
    let next = office.rows(run, "older", "open").remove(0);
    office.act("import.mend", json!({ "file": run, "line": next.line })).unwrap();
    assert_eq!(office.desk.look().unwrap().last_reading(other).unwrap().unwrap().source, "remote");
    office.verify();
}

#[test]
fn rows_are_dropped_with_a_reason_and_the_list_opens_in_a_spreadsheet() {
    let mut office = Office::with_customers();
    let file = office.desk.fix_files().unwrap().remove(0);
    let row = office.rows(file.run, "bad_resident_id", "open").remove(0);
    assert!(office.act("import.drop", json!({ "file": file.run, "line": row.line, "reason": " " })).is_err());
    let entry =
        office.act("import.drop", json!({ "file": file.run, "line": row.line, "reason": "原系统已注销" })).unwrap();
    assert_eq!(office.action_of(entry), "import.drop");
    let shown = row.cells.iter().find(|(heading, _)| heading == "证件号码").unwrap();
    assert!(shown.1.starts_with("****") && shown.1.chars().count() == 8, "{shown:?}");
    let mut out = Vec::new();
    let count = office.desk.export_fixes(file.run, Some("open"), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), count + 1);
    assert!(text.contains("户号重复") && !text.contains("原系统已注销"));
    office.verify();
}

/// Resident IDs and card numbers of the files, as they stand there.
fn numbers_of(file: &str, heading: &str) -> Vec<String> {
    let bytes = std::fs::read(sample(file)).unwrap();
    let text = encoding_rs::GBK.decode(&bytes).0.into_owned();
    let column = text.lines().next().unwrap().split(',').position(|name| name == heading).unwrap();
    let cells = text.lines().skip(1).filter_map(|line| line.split(',').nth(column)).map(str::trim);
    // Credit codes of firms are public; IDs are digits.
    let ids = cells.filter(|cell| cell.len() >= 17 && cell[..17].bytes().all(|b| b.is_ascii_digit()));
    ids.map(str::to_owned).collect()
}

#[test]
fn no_id_number_stands_in_clear_in_any_file_of_the_branch() {
    let mut office = Office::with_customers();
    office.import(What::Customers, &sample("gas/customers.xlsx"));
    let file = office.desk.fix_files().unwrap().into_iter().find(|file| file.name == "customers.csv").unwrap();
    let row = office.rows(file.run, "bad_resident_id", "open").remove(0);
    let mended = "530124194610038814";
    let cells = json!({ "证件号码": mended });
    let call = Call { key: Some("mend-1"), at: None };
    let input = json!({ "file": file.run, "line": row.line, "cells": cells });
    office.desk.perform("import.mend", &input.to_string(), call).unwrap();
    office.desk.db().checkpoint().unwrap();
    let mut numbers = numbers_of("water/customers.csv", "证件号码");
    assert!(numbers.len() > 500, "{}", numbers.len());
    numbers.push(mended.to_owned());
    let starts: std::collections::HashSet<&[u8]> = numbers.iter().map(|number| &number.as_bytes()[..17]).collect();
    for entry in std::fs::read_dir(office.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(17).find(|window| window.iter().all(u8::is_ascii_digit) && starts.contains(window));
        assert!(found.is_none(), "{}: {:?}", path.display(), found.map(String::from_utf8_lossy));
    }
}

#[test]
fn a_corrected_file_brings_in_what_was_mended_and_nothing_twice() {
    let mut office = Office::with_customers();
    office.import(What::Readings, &sample("water/cards-2026-10.csv"));
    let before = office.desk.look().unwrap().account_count().unwrap();
    let bytes = std::fs::read(sample("water/customers.csv")).unwrap();
    let text = encoding_rs::GBK.decode(&bytes).0.into_owned();
    let customers = office.desk.fix_files().unwrap().into_iter().find(|file| file.name == "customers.csv").unwrap();
    let bad = office.rows(customers.run, "unreadable_date", "open").remove(0);
    let wrong = bad.message.split("值“").nth(1).unwrap().split('”').next().unwrap().to_owned();
    let lines = text.split("\r\n").enumerate().map(|(index, line)| {
        if index as i64 + 1 == bad.line { line.replacen(&wrong, "2014-05-01", 1) } else { line.to_owned() }
    });
    let corrected = lines.collect::<Vec<_>>().join("\r\n");
    let path = office.folder.path().join("customers-2.csv");
    std::fs::write(&path, encoding_rs::GBK.encode(&corrected).0).unwrap();
    let answer = office.import(What::Customers, &path);
    assert_eq!(answer.accepted, 1);
    assert_eq!(office.desk.look().unwrap().account_count().unwrap(), before + 1);
    assert_eq!(answer.defects.of(Kind::OnFile) as i64, before);
    assert!(answer.lines().all(|defect| defect.unwrap().line as i64 != bad.line));
    office.verify();
}

fn binary(db: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(db).args(["--as", "boss", "--json"]).env("METERDESK_PASSWORD", "demo1234");
    command
}

fn state(db: &Path) -> (Value, i64) {
    let mut desk = Desk::open(db, OpenOptions::default(), Box::new(SystemClock)).unwrap();
    let verdict = desk.verify(true, |_| {}).unwrap();
    assert!(verdict.ok, "{:?}", verdict.first_fault);
    let count = desk.look().unwrap().account_count().unwrap();
    (json!(verdict.trial_balance), count)
}

#[test]
fn a_killed_import_counts_for_nothing_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let db = folder.path().join(name);
        let made = binary(&db)
            .args(["init", "--site", "B03", "--name", "城南营业所", "--practice", "--manager", "boss"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        db
    };
    let import = |db: &Path, what: &str, file: &str| {
        let mut command = binary(db);
        command.args(["import", what, sample(file).to_str().unwrap(), "--on", "2026-11-01"]);
        command
    };
    let whole = make("whole.db");
    let killed = make("killed.db");
    for (what, file) in [("customers", "water/customers.csv"), ("readings", "water/remote-2026-10.xlsx")] {
        let clean: Value = serde_json::from_slice(&import(&whole, what, file).output().unwrap().stdout).unwrap();
        let mut cut_short = 0;
        for round in 1..40u64 {
            let mut child = import(&killed, what, file).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(3 * round * round));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            cut_short += 1;
        }
        assert!(cut_short > 0);
        let output = import(&killed, what, file).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        for field in ["rows", "accepted", "unread", "defects"] {
            assert_eq!(answer[field], clean[field], "{what} {field}");
        }
    }
    assert_eq!(state(&killed), state(&whole));
}

#[test]
fn a_number_in_the_remarks_of_a_waiting_row_stands_in_clear_in_no_list() {
    const NUMBERS: [&str; 3] = ["530124194610038814", "6217000709355100926", "11010519491231002X"];
    let mut office = Office::with_customers();
    let path = office.folder.path().join("cards.csv");
    let text = format!(
        "册号,户号,户名,上次示数,本次示数,抄表日期,备注码,抄表员,别的\n\
         1,3100000002,王军义,514,519,2026-10-20,证{},张三,卡{}\n\
         1,3100000004,黄{},5,1O,2026-10-20,,张三,\n",
        NUMBERS[0], NUMBERS[1], NUMBERS[2]
    );
    std::fs::write(&path, text).unwrap();
    let run = office.import(What::Readings, &path).run.unwrap();
    let filter = FixFilter { run: Some(run), ..FixFilter::default() };
    let rows = office.desk.fix_rows(&filter, (Id(0), 0), 1000).unwrap();
    let mut out = Vec::new();
    assert_eq!(office.desk.export_fixes(run, None, &mut out).unwrap(), rows.len());
    let (list, file) = (serde_json::to_string(&rows).unwrap(), String::from_utf8(out).unwrap());
    for number in NUMBERS {
        assert!(!list.contains(number) && !file.contains(number), "{list} {file}");
    }
    for shown in ["证****8814", "卡****0926", "黄****002X", "3100000002"] {
        assert!(list.contains(shown) && file.contains(shown), "{shown} {list} {file}");
    }
    // The row itself keeps its cells: corrected in one, it is judged as it came in.
    let line = rows[0].line;
    let still = office.act("import.mend", json!({ "file": run, "line": line, "cells": {} })).unwrap_err();
    assert!(still.message().contains("身份证号"), "{still}");
}
