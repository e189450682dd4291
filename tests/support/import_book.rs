//! A practice book that files are imported into, by the program itself.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Headings of cards.
pub const CARD: &str = "册号,户号,户名,上次示数,本次示数,抄表日期,备注码,抄表员\n";

pub fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name)
}

/// A practice book with prices and sixteen accounts; `full: false`: without accounts.
pub struct Book {
    pub folder: TempDir,
}

pub fn run_on(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(folder.join("t.db")).args(arguments);
    command.env("METERDESK_PASSWORD", "demo12345").output().unwrap()
}

/// Made once; every test works on a copy.
pub fn model(full: bool) -> &'static TempDir {
    static EMPTY: OnceLock<TempDir> = OnceLock::new();
    static FULL: OnceLock<TempDir> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let made = ["init", "--site", "T01", "--name", "测试所", "--utility", "water", "--practice"];
        assert!(run_on(folder.path(), &made).status.success());
        let tariffs = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/tariffs");
        let prices = run_on(folder.path(), &["--as", "boss", "import", "tariffs", tariffs, "--on", "2026-10-25"]);
        assert!(prices.status.success(), "{prices:?}");
        folder
    };
    match full {
        false => EMPTY.get_or_init(make),
        true => FULL.get_or_init(|| {
            let folder = make();
            let file = case("base/base.csv");
            let arguments = ["--as", "room", "import", "customers", file.to_str().unwrap(), "--on", "2026-10-25"];
            assert!(run_on(folder.path(), &arguments).status.success());
            folder
        }),
    }
}

pub struct Answer {
    pub json: Value,
    pub code: Option<i32>,
    pub said: String,
}

impl Answer {
    /// (line, kind) of its defects.
    pub fn defects(&self) -> Vec<(u64, &str)> {
        let rows = self.json["defects"].as_array().into_iter().flatten();
        rows.map(|row| (row["line"].as_u64().unwrap(), row["kind"].as_str().unwrap())).collect()
    }

    pub fn message(&self, line: u64) -> &str {
        let rows = self.json["defects"].as_array().into_iter().flatten();
        rows.filter(|row| row["line"] == line).find_map(|row| row["message"].as_str()).unwrap_or_default()
    }

    pub fn notes(&self) -> String {
        let notes = self.json["notes"].as_array().into_iter().flatten();
        notes.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }

    pub fn accepted(&self) -> u64 {
        self.json["accepted"].as_u64().unwrap_or_else(|| panic!("{}", self.said))
    }

    /// Refused whole, with these words.
    pub fn is_refused(&self, words: &str) {
        assert_eq!(self.code, Some(3), "{} {}", self.json, self.said);
        assert!(self.said.contains(words), "{}", self.said);
    }
}

impl Book {
    pub fn new(full: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(model(full).path()).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        Self { folder }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        run_on(self.folder.path(), arguments)
    }

    pub fn import(&self, what: &[&str], path: &Path) -> Answer {
        let mut arguments = vec!["--as", "room", "--json", "import"];
        arguments.extend(what);
        arguments.extend([path.to_str().unwrap(), "--on", "2026-10-25"]);
        let output = self.run(&arguments);
        let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Answer { json, code: output.status.code(), said: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    pub fn cards(&self, path: &Path) -> Answer {
        self.import(&["readings", "--source", "card"], path)
    }

    pub fn handheld(&self, path: &Path) -> Answer {
        self.import(&["readings", "--source", "handheld"], path)
    }

    pub fn customers(&self, path: &Path) -> Answer {
        self.import(&["customers"], path)
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn show(&self, account: &str) -> Value {
        let output = self.run(&["--as", "room", "--json", "show", "account", account]);
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Value of the newest reading.
    pub fn newest(&self, account: &str) -> String {
        let shown = self.show(account);
        shown["readings"][0]["value"].as_str().unwrap_or_default().to_owned()
    }
}

/// A workbook of cards with one reading a row for the first accounts, changed by `change`.
pub fn workbook(book: &Book, name: &str, change: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> PathBuf {
    let mut file = rust_xlsxwriter::Workbook::new();
    let sheet = file.add_worksheet();
    for (column, heading) in (0..).zip(["册号", "户号", "上次示数", "本次示数", "抄表日期", "抄表员"])
    {
        sheet.write(0, column, heading).unwrap();
    }
    for row in 1..=3 {
        sheet.write(row, 0, "2").unwrap();
        sheet.write(row, 1, format!("310000000{row}")).unwrap();
        sheet.write(row, 2, 100).unwrap();
        sheet.write(row, 3, 119 + row).unwrap();
        sheet.write(row, 4, "2026-10-20").unwrap();
        sheet.write(row, 5, "张三").unwrap();
    }
    change(sheet);
    let path = book.folder.path().join(name);
    file.save(&path).unwrap();
    path
}
