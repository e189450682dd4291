//! A folder with one book, worked with the real program: command by command, or by a desk that stays open.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::office::Said;

/// A folder with one book.
pub struct Home(tempfile::TempDir);

impl Home {
    /// With no book yet.
    pub fn empty() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    /// A practice book `x.db`.
    pub fn new() -> Self {
        let home = Self::empty();
        home.init("x.db", "B03").ends(0);
        home
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a practice book.
    pub fn init(&self, name: &str, site: &str) -> Said {
        self.on(name, &["init", "--site", site, "--name", "城南营业所", "--practice"])
    }

    /// The program on a book of it.
    pub fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(self.path(name)).args(args).env_remove("METERDESK_PASSPHRASE");
        command
    }

    /// What the program says of a book.
    pub fn on(&self, name: &str, args: &[&str]) -> Said {
        Said::of(&self.command(name, &[&["--json"], args].concat()).output().unwrap())
    }

    /// What it says of `x.db`.
    pub fn run(&self, args: &[&str]) -> Said {
        self.on("x.db", args)
    }

    /// What an action on `x.db` says.
    pub fn act(&self, user: &str, action: &str, input: &serde_json::Value) -> Said {
        let mut child = self
            .command("x.db", &["--json", "--as", user, "do", action, "--input", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
        Said::of(&child.wait_with_output().unwrap())
    }

    /// Adds a worker.
    pub fn worker(&self, code: &str) -> Said {
        self.act("boss", "worker.add", &worker(code))
    }

    /// Changes `x.db` with another tool.
    pub fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path("x.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// What lies in it.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A worker as typed.
pub fn worker(code: &str) -> serde_json::Value {
    serde_json::json!({ "code": code, "name": "张师傅", "team": "抢修班" })
}

/// A desk that stays open: a batch that is fed line by line.
pub struct Open {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Open {
    /// On `x.db`.
    pub fn at(home: &Home) -> Self {
        let mut child = home
            .command("x.db", &["--as", "boss", "do", "--batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    /// What is answered to a line.
    pub fn line(&mut self, line: &str) -> serde_json::Value {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Adds a worker.
    pub fn worker(&mut self, code: &str) -> serde_json::Value {
        self.line(&serde_json::json!({ "action": "worker.add", "input": worker(code) }).to_string())
    }

    /// Ends it.
    pub fn close(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().code().is_some());
    }
}
