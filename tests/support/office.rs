//! A head office and branches in files, worked at the command line of the real program.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// The company and the folder its sticks are in.
pub struct Office {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

/// What a command said.
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Of a program that has ended.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The JSON it printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.out.trim()).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    /// Panics unless it ended with this code.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

impl Office {
    /// Head office `HO` and these branches, practice books, known to each other.
    pub fn new(branches: &[&str]) -> Self {
        let office = Self::empty();
        office.init("HO", &["--head-office"]);
        for branch in branches {
            office.init(branch, &[]);
            office.join(branch);
        }
        office
    }

    fn empty() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self { folder: temporary.path().to_owned(), _temporary: Some(temporary) }
    }

    /// Books in a folder that is somebody else's to remove.
    pub fn at(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, _temporary: None }
    }

    /// A copy of everything: books with all that lies beside them, cards, sticks.
    pub fn copy(&self) -> Self {
        // Where there is a disk in memory: what a killed program wrote stays there as on any other, and nobody waits for syncs.
        let memory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        copy_folder(&self.folder, memory.path());
        Self { folder: memory.path().to_owned(), _temporary: Some(memory) }
    }

    /// Makes a practice book; answers its recovery code.
    pub fn init(&self, site: &str, more: &[&str]) -> String {
        let mut args = vec!["init", "--site", site, "--name", "营业所", "--practice"];
        args.extend(more);
        self.run(site, &args).ends(0).json()["recovery_code"].as_str().unwrap().to_owned()
    }

    /// Branch and head office come to know each other.
    pub fn join(&self, branch: &str) {
        let office = self.card("HO");
        let trust = ["site", "trust", &office.0, "--fingerprint", &office.1];
        self.run(branch, &trust).ends(0);
        self.enrol(&self.card(branch));
    }

    /// Head office enrols a card.
    pub fn enrol(&self, card: &(String, String)) {
        let enrol = ["site", "enrol", &card.0, "--fingerprint", &card.1, "--everything", "--role", "clerk"];
        self.run("HO", &enrol).ends(0);
    }

    /// A site's card and fingerprint.
    pub fn card(&self, site: &str) -> (String, String) {
        let file = self.path(&format!("{site}.card"));
        let file = file.to_str().unwrap().to_owned();
        let said = self.run(site, &["site", "card", "--to", &file, "--overwrite"]).ends(0);
        (file, said.json()["fingerprint"].as_str().unwrap().to_owned())
    }

    /// A path in the company's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A site's database.
    pub fn db(&self, site: &str) -> PathBuf {
        self.path(&format!("{site}.db"))
    }

    /// An empty stick.
    pub fn stick(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Runs a command on a site's book.
    pub fn run(&self, site: &str, args: &[&str]) -> Said {
        self.run_on(&self.db(site), args)
    }

    /// Runs a command that reads a line.
    pub fn run_told(&self, site: &str, args: &[&str], line: &str) -> Said {
        use std::io::Write;
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(self.db(site)).arg("--json").args(args).env_remove("METERDESK_PASSPHRASE");
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    }

    /// Runs a command on a database.
    pub fn run_on(&self, db: &Path, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(db).arg("--json").args(args).env_remove("METERDESK_PASSPHRASE");
        Said::of(&command.output().unwrap())
    }

    /// Writes bundles onto a stick.
    pub fn out(&self, site: &str, stick: &Path, more: &[&str]) -> Said {
        let mut args = vec!["exchange", "out", "--to", stick.to_str().unwrap()];
        args.extend(more);
        self.run(site, &args)
    }

    /// Takes bundles in.
    pub fn take(&self, site: &str, from: &Path) -> Said {
        self.run(site, &["exchange", "in", from.to_str().unwrap()])
    }

    /// A night between one site and head office on a stick of its own.
    pub fn night(&self, site: &str, stick: &str) {
        let stick = self.stick(stick);
        self.out(site, &stick, &[]).ends(0);
        self.take("HO", &stick).ends(0);
        self.out("HO", &stick, &[]).ends(0);
        self.take(site, &stick).ends(0);
    }

    /// Adds a worker, an entry like any other.
    pub fn worker(&self, site: &str, code: &str) -> Said {
        self.worker_on(&self.db(site), code)
    }

    /// The same on a database.
    pub fn worker_on(&self, db: &Path, code: &str) -> Said {
        let input = json!({ "code": code, "name": "张师傅", "team": "抢修班" });
        self.act(db, "boss", "worker.add", &input)
    }

    /// Performs an action on a database.
    pub fn act(&self, db: &Path, user: &str, action: &str, input: &Value) -> Said {
        let file = self.path("input.json");
        std::fs::write(&file, input.to_string()).unwrap();
        self.run_on(db, &["--as", user, "do", action, "--input", file.to_str().unwrap()])
    }

    /// Takes a fee of 5.00 and answers the receipt's number.
    pub fn fee(&self, db: &Path) -> String {
        let input = json!({ "kind": "补卡费", "amount": "5.00", "payer": "过路人" });
        let said = self.act(db, "demo", "fee.take", &input).ends(0).json();
        said["result"]["receipt"].as_str().unwrap().to_owned()
    }

    /// Opens the clerk's shift.
    pub fn shift(&self, db: &Path) {
        self.act(db, "demo", "shift.open", &json!({ "float": "0.00" })).ends(0);
    }

    /// Copies a book with its keys and its mark, as somebody does who copies the whole folder.
    pub fn copy_machine(&self, from: &str, to: &str) {
        for tail in ["", "-wal", ".key", ".site", ".mark"] {
            let (source, target) = (self.path(&format!("{from}.db{tail}")), self.path(&format!("{to}.db{tail}")));
            if source.exists() {
                std::fs::copy(source, target).unwrap();
            }
        }
    }

    /// `verify --full`: sound, and the state hash.
    pub fn state(&self, site: &str) -> String {
        let said = self.run(site, &["verify", "--full"]).ends(0).json();
        said["state_hash"].as_str().unwrap().to_owned()
    }

    /// Entries a database holds.
    pub fn entries(&self, site: &str) -> i64 {
        let said = self.run(site, &["verify"]).ends(0).json();
        said["entries"].as_i64().unwrap()
    }
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
