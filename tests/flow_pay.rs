//! The real program in a terminal: a clerk finds a customer, takes all that is owed in cash within four control keys, opens the
//! shift and closes it.

#[path = "support/pty.rs"]
mod pty;

use portable_pty::CommandBuilder;
use pty::Pty;

fn program() -> std::path::PathBuf {
    env!("CARGO_BIN_EXE_meterdesk").into()
}

fn demo(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("demo.db");
    let made = std::process::Command::new(program())
        .args(["demo", "--no-ui", "--accounts", "60", "--db"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

fn report(path: &std::path::Path, name: &str) -> serde_json::Value {
    let out = std::process::Command::new(program())
        .args(["report", name, "--from", "2000-01-01", "--to", "2099-12-31", "--format", "json", "--db"])
        .arg(path)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn all_that_is_owed_is_paid_in_cash_within_four_control_keys_from_home() {
    let folder = tempfile::tempdir().unwrap();
    let path = demo(&folder);
    let owing = report(&path, "arrears")["rows"][0]["account"].as_str().unwrap().to_owned();
    let before = report(&path, "payments")["rows"].as_array().unwrap().len();
    let mut command = CommandBuilder::new(program());
    command.args(["--as", "demo", "--db"]);
    command.arg(&path);
    let mut pty = Pty::spawn(command, 80, 24);
    pty.wait_text("找 >");
    pty.press(&owing);
    pty.wait_text(&owing);
    // Two control keys: F5 and F2; the digits between are the customer's money.
    pty.press("<F5>");
    pty.wait_text("应收");
    pty.press("5000");
    pty.wait_text("收您 5000.00 元，找您");
    pty.press("<F2>");
    pty.wait_text("核对单 B03-1-");
    pty.wait_text("找 >");
    pty.press("<C-q>");
    let end = pty.end();
    end.assert_restored();
    let after = report(&path, "payments");
    let rows = after["rows"].as_array().unwrap();
    assert_eq!(rows.len(), before + 1);
    let last = rows.iter().find(|row| row["payer"].as_str().unwrap().starts_with(&owing)).unwrap();
    assert_eq!(last["method"], "现金");
    let still = report(&path, "arrears");
    assert!(still["rows"].as_array().unwrap().iter().all(|row| row["account"] != owing.as_str()));
}

#[test]
fn slips_and_reports_come_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = demo(&folder);
    let run = |args: &[&str]| {
        let out = std::process::Command::new(program()).args(args).arg("--db").arg(&path).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let receipt = report(&path, "payments")["rows"][0]["receipt"].as_str().unwrap().to_owned();
    let (code, slip, _) = run(&["slip", &receipt]);
    assert_eq!(code, 0);
    assert!(slip.contains(&receipt) && slip.contains("重印") && slip.contains("练习库"), "{slip}");
    assert_eq!(run(&["slip", "B03-1-999999"]).0, 1);
    let slips = folder.path().join("slips");
    assert_eq!(run(&["printer", &format!("file:{}", slips.display())]).0, 0);
    assert_eq!(run(&["printer", "usb"]).0, 2);
    assert_eq!(run(&["slip", &receipt, "--print"]).0, 0);
    assert!(slips.join(format!("{receipt}-重印.txt")).exists());
    assert!(run(&["report", "--list"]).1.contains("日收银报表"));
    assert_eq!(run(&["report", "nothing"]).0, 2);
    assert_eq!(run(&["report", "cash", "--from", "2026-12-01", "--to", "2026-11-01"]).0, 2);
    let book = folder.path().join("cash.xlsx");
    assert_eq!(run(&["report", "cash", "--format", "xlsx", "--out", book.to_str().unwrap()]).0, 0);
    assert!(std::fs::read(book).unwrap().starts_with(b"PK"));
    assert!(run(&["report", "cash", "--format", "csv"]).1.starts_with('\u{FEFF}'));
}
