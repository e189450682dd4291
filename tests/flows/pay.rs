//! A clerk finds a customer and takes all that is owed in cash; slips and reports come from the command line.

use crate::hand::Branch;

fn report(branch: &Branch, name: &str) -> serde_json::Value {
    let out = branch.run(&["report", name, "--from", "2000-01-01", "--to", "2099-12-31", "--format", "json"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn all_that_is_owed_is_paid_in_cash_within_four_control_keys() {
    let branch = Branch::copy();
    let owing = report(&branch, "arrears")["rows"][0]["account"].as_str().unwrap().to_owned();
    let before = report(&branch, "payments")["rows"].as_array().unwrap().len();
    let mut clerk = branch.open("demo");
    clerk.press(&owing).shows(&owing).press("<F5>").shows("应收").cursor_at("实收");
    clerk.shows("请核对收好").press("<F2>").shows("核对单 B03-1-").shows("找 >").within(4);
    clerk.leave();
    let after = report(&branch, "payments");
    let rows = after["rows"].as_array().unwrap();
    assert_eq!(rows.len(), before + 1);
    let last = rows.iter().find(|row| row["payer"].as_str().unwrap().starts_with(&owing)).unwrap();
    assert_eq!(last["method"], "现金");
    let still = report(&branch, "arrears");
    assert!(still["rows"].as_array().unwrap().iter().all(|row| row["account"] != owing.as_str()));
}

#[test]
fn slips_and_reports_come_from_the_command_line() {
    let branch = Branch::copy();
    let run = |args: &[&str]| {
        let out = branch.run(args);
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let receipt = report(&branch, "payments")["rows"][0]["receipt"].as_str().unwrap().to_owned();
    let (code, slip, _) = run(&["slip", &receipt]);
    assert_eq!(code, 0);
    assert!(slip.contains(&receipt) && slip.contains("重印") && slip.contains("练习库"), "{slip}");
    assert_eq!(run(&["slip", "B03-1-999999"]).0, 1);
    let slips = branch.folder().join("slips");
    assert_eq!(run(&["printer", &format!("file:{}", slips.display())]).0, 0);
    assert_eq!(run(&["printer", "usb"]).0, 2);
    assert_eq!(run(&["slip", &receipt, "--print"]).0, 0);
    let stem = format!("{receipt}-重印-");
    let names = |slips: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(slips).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names(&slips).iter().filter(|name| name.starts_with(&stem) && name.ends_with(".txt")).count(), 1);
    assert!(run(&["report", "--list"]).1.contains("日收银报表"));
    assert_eq!(run(&["report", "nothing"]).0, 2);
    assert_eq!(run(&["report", "cash", "--from", "2026-12-01", "--to", "2026-11-01"]).0, 2);
    let book = branch.folder().join("cash.xlsx");
    assert_eq!(run(&["report", "cash", "--format", "xlsx", "--out", book.to_str().unwrap()]).0, 0);
    assert!(std::fs::read(book).unwrap().starts_with(b"PK"));
    assert!(run(&["report", "cash", "--format", "csv"]).1.starts_with('\u{FEFF}'));
}
