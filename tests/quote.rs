//! `quote` as a script sees it: lines in, lines out, exit codes, files of prices and calendars.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// Runs `quote` on lines; gives the exit code, the answers, and what stood on standard error.
fn quote(arguments: &[&str], lines: &str) -> (i32, Vec<Value>, String) {
    let output =
        Command::cargo_bin("meterdesk").unwrap().arg("quote").args(arguments).write_stdin(lines).output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), answers, String::from_utf8(output.stderr).unwrap())
}

fn tariff(code: &str, from: &str, price: &str) -> String {
    format!(
        "code = \"{code}\"\nname = \"样例\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"resident\"\nvalid_from = {from}\n\
         document = \"文号\"\ncycle = \"year\"\nround = \"bill\"\n[[component]]\nkey = \"water\"\nname = \"水费\"\n\
         steps = [ {{ price = {price} }} ]\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

const CASE: &str = r#"{"id":"a","tariff":"A","usage":"61","from":"2026-09-01","to":"2026-10-31"}"#;

#[test]
fn a_price_change_in_a_folder_of_tariffs_is_split_by_days() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a1.toml", &tariff("A", "2020-01-01", "\"1\""));
    write(folder.path(), "a2.toml", &tariff("A", "2026-10-01", "\"2.5\""));
    write(folder.path(), "notes.txt", "no tariff");
    let (code, answers, errors) = quote(&["bill", "--tariffs", folder.path().to_str().unwrap()], CASE);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(answers[0]["total"], "107.50");
    assert_eq!(answers[0]["lines"][0]["quantity"], "30");
    assert_eq!(answers[0]["lines"][1]["price"], "2.5");
}

#[test]
fn a_broken_tariff_is_named_with_its_line_and_only_its_code_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.toml", &tariff("A", "2020-01-01", "\"1\""));
    write(folder.path(), "b.toml", &tariff("B", "2020-01-01", "1.5"));
    let lines = format!("{CASE}\n{}\n", CASE.replace("\"A\"", "\"B\""));
    let (code, answers, errors) = quote(&["bill", "--tariffs", folder.path().to_str().unwrap()], &lines);
    assert_eq!(code, 1);
    assert!(errors.contains("b.toml 第13行") && errors.contains("裸数字"), "{errors}");
    assert_eq!(answers[0]["total"], "61.00");
    assert!(answers[1]["error"]["message"].as_str().unwrap().contains("b.toml 第13行"));
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let good = r#"{"id":1,"accepted":"2026-02-12T10:00:00+08:00","working_days":5}"#;
    let late = r#"{"id":2,"accepted":"2026-12-31T10:00:00+08:00","working_days":1}"#;
    assert_eq!(quote(&["promise"], good).0, 0);
    assert_eq!(quote(&["promise"], "").0, 0);
    let (code, answers, _) = quote(&["promise"], &format!("{late}\nno json\n{good}\n"));
    assert_eq!(code, 1);
    assert_eq!(answers[1]["line"], 2);
    assert_eq!(answers[2]["due"], "2026-02-26");
    assert_eq!(quote(&["prices"], good).0, 2);
    assert_eq!(quote(&["bill", "--tariffs", "/no/such/folder"], CASE).0, 3);
    assert_eq!(quote(&["promise", "--calendar", "/no/such/file"], good).0, 3);
    assert_eq!(quote(&["promise", "/no/such/file"], "").0, 3);
}

#[test]
fn a_new_year_of_the_calendar_comes_from_a_file_and_cases_too() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "2027.toml",
        "year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n",
    );
    write(folder.path(), "cases.jsonl", "{\"id\":2,\"accepted\":\"2026-12-31T10:00:00\",\"working_days\":1}\n");
    let (calendar, cases) = (folder.path().join("2027.toml"), folder.path().join("cases.jsonl"));
    let (code, answers, _) =
        quote(&["promise", "--calendar", calendar.to_str().unwrap(), "--input", cases.to_str().unwrap()], "");
    assert_eq!((code, answers[0]["due"].as_str()), (0, Some("2027-01-04")));
}
