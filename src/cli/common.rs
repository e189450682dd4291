//! What every command needs: where the database is, who is asking, how faults are printed.

use std::io::{BufRead, Read, Write};
use std::path::PathBuf;

use crate::book::clock::SystemClock;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::store::OpenOptions;
use crate::text::{safe, safe_json};

/// The global arguments.
pub struct Context {
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--password-stdin`.
    pub password_stdin: bool,
    /// `--json`.
    pub json: bool,
}

/// A command that did not do all of its work.
#[derive(Debug)]
pub struct CliError {
    /// Exit code.
    pub code: u8,
    /// What to say.
    pub refusal: Refusal,
}

/// Largest input taken from a pipe or file for one action or case, in bytes.
pub const MAX_INPUT: u64 = 16 << 20;
/// How far the end of a line that is too long is looked for, bytes: an endless input is given up.
pub const MOST_SKIPPED: u64 = 16 * MAX_INPUT;

/// Passes over the rest of a line that is too long, so that what follows is answered in step. Answers how much that was: more than
/// [`MOST_SKIPPED`] where no line ends.
pub fn skip_line(reader: &mut impl std::io::BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        skipped += used as u64;
        reader.consume(used);
        if ended || skipped > MOST_SKIPPED {
            return Ok(skipped);
        }
    }
}

impl CliError {
    /// A wrong call.
    pub fn usage(message: &str) -> Self {
        Refusal::usage(message).into()
    }

    /// Prints to standard error: rule and message, or JSON.
    pub fn print(&self, json: bool) {
        let mut err = std::io::stderr().lock();
        if json {
            let first = self.refusal.faults.first();
            let line = serde_json::json!({
                "ok": false, "kind": self.refusal.kind, "rule": first.map(|fault| &fault.rule),
                "field": first.and_then(|fault| fault.field.as_ref()), "message": self.refusal.message(),
                "faults": self.refusal.faults,
            });
            let _ = writeln!(err, "{}", safe_json::line(&line));
            return;
        }
        for fault in &self.refusal.faults {
            let field = fault.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
            let _ = writeln!(err, "[{}]{field} {}", fault.rule, safe::line(&fault.message));
        }
    }
}

impl<E: Into<Refusal>> From<E> for CliError {
    fn from(error: E) -> Self {
        let refusal: Refusal = error.into();
        Self { code: refusal.exit_code(), refusal }
    }
}

impl Context {
    /// The database file: `--db`, `METERDESK_DB`, or the platform's data folder.
    pub fn db_path(&self) -> Result<PathBuf, CliError> {
        if let Some(path) = &self.db {
            // By a link, what lies beside the book would be looked for beside the link.
            let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
            return Ok(path.canonicalize().ok().filter(|_| is_link).unwrap_or_else(|| path.clone()));
        }
        let folders = directories::ProjectDirs::from("", "", "meterdesk")
            .ok_or_else(|| CliError::usage("系统没有给出数据目录，请用 --db 指明数据库"))?;
        Ok(folders.data_dir().join("meterdesk.db"))
    }

    /// Opens the book; nobody is logged in yet.
    pub fn open(&self) -> Result<Desk, CliError> {
        let desk = Desk::open(&self.db_path()?, OpenOptions::default(), Box::new(SystemClock))?;
        for notice in desk.notices() {
            eprintln!("注意：{}", safe::line(notice));
        }
        Ok(desk)
    }

    /// Unlocks the site's keys: with `METERDESK_PASSPHRASE`, or typed when the file has a passphrase and a person is there.
    pub fn unlock(&self, desk: &Desk) -> Result<(), CliError> {
        let given = std::env::var("METERDESK_PASSPHRASE").ok().map(zeroize::Zeroizing::new);
        let typed = match given {
            None if desk.are_site_keys_locked() && std::io::IsTerminal::is_terminal(&std::io::stdin()) => {
                let typed = rpassword::prompt_password("网点密钥的口令：").map_err(|error| io(&error))?;
                Some(zeroize::Zeroizing::new(typed))
            }
            given => given,
        };
        desk.unlock_site_keys(typed.as_deref().map(String::as_str))?;
        Ok(())
    }

    /// Opens the book and logs the asking person in: `--as`, or else the site's first manager.
    pub fn open_as(&self) -> Result<Desk, CliError> {
        let mut desk = self.open()?;
        self.sit_down(&mut desk)?;
        Ok(desk)
    }

    /// Opens the book for reading or upkeep, for a person with this right. On a practice book nobody need be named.
    pub fn open_to(&self, right: &str) -> Result<Desk, CliError> {
        let mut desk = self.open()?;
        self.let_in(&mut desk, right)?;
        Ok(desk)
    }

    /// Lets a person with this right in at a desk that is open.
    pub fn let_in(&self, desk: &mut Desk, right: &str) -> Result<(), CliError> {
        let Some(login) = &self.as_user else {
            return if desk.is_practice() { Ok(()) } else { Err(self.nobody().into()) };
        };
        self.sign_in(desk, login)?;
        desk.may(right)?;
        Ok(())
    }

    /// Nobody is named on a real book.
    pub fn nobody(&self) -> Refusal {
        let message = "正式库要先登录：请用 --as 指明用户，密码用 METERDESK_PASSWORD 或 --password-stdin";
        Refusal::permission("R-003", message)
    }

    /// Logs the asking person in at a desk that is open: `--as`, or else the site's first manager.
    pub fn sit_down(&self, desk: &mut Desk) -> Result<(), CliError> {
        let login = match &self.as_user {
            Some(login) => login.clone(),
            None => desk.first_manager()?.ok_or_else(|| CliError::usage("请用 --as 指明用户"))?,
        };
        self.sign_in(desk, &login)
    }

    /// Logs a person in: by password, or on a practice book without.
    pub fn sign_in(&self, desk: &mut Desk, login: &str) -> Result<(), CliError> {
        if desk.is_practice() {
            return Ok(desk.sign_in_practice(login)?);
        }
        let password = self.password(&format!("{login} 的密码："))?;
        Ok(desk.sign_in(login, &password)?)
    }

    /// A password from the environment, from standard input when asked so, or typed.
    pub fn password(&self, prompt: &str) -> Result<zeroize::Zeroizing<String>, CliError> {
        if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().lock().take(4096).read_line(&mut line).map_err(|error| io(&error))?;
            return Ok(zeroize::Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
        }
        if let Ok(password) = std::env::var("METERDESK_PASSWORD") {
            return Ok(zeroize::Zeroizing::new(password));
        }
        rpassword::prompt_password(prompt)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| CliError::usage("没有终端可输密码；请用 METERDESK_PASSWORD 或 --password-stdin"))
    }

    /// Reads a whole file or standard input (`-`), within [`MAX_INPUT`]; a byte order mark before it is passed over.
    pub fn read_input(&self, from: Option<&str>) -> Result<String, CliError> {
        let mut bytes = Vec::new();
        let read = match from {
            None | Some("-") => std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes),
            Some(path) => crate::text::plain_file::open(std::path::Path::new(path))
                .and_then(|file| file.take(MAX_INPUT + 1).read_to_end(&mut bytes)),
        };
        read.map_err(|error| io(&error))?;
        if bytes.len() as u64 > MAX_INPUT {
            return Err(CliError::usage("输入太大，请分几次"));
        }
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        Ok(String::from_utf8(bytes).map_err(|error| no_utf8("输入", error.utf8_error().valid_up_to()))?)
    }
}

/// Ends quietly when whoever read our output has gone (`| head`): the standard printing macros panic then, and nothing is wrong.
pub fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let said = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if said.starts_with("failed printing to std") {
            std::process::exit(0);
        }
        usual(info);
    }));
}

/// Bytes that are no UTF-8, from this place on.
pub fn no_utf8(what: &str, at: usize) -> Refusal {
    Refusal::usage(format!("{what}不是 UTF-8 编码 (从第 {} 个字节起)，没有办理；请另存为 UTF-8 再试", at + 1))
}

/// A fault of reading or writing a stream. Whoever read our output has gone: nothing is wrong, and nothing is said.
pub fn io(error: &std::io::Error) -> CliError {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return CliError { code: 0, refusal: Refusal::data(String::new()) };
    }
    Refusal::data(crate::text::disk::why(error)).into()
}
