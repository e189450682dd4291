//! A practice branch on disk, made once and copied for each flow, and a hand at its keyboard that counts control keys.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::Desk;
use meterdesk::desk::demo;
use meterdesk::store::OpenOptions;
use meterdesk::tui::notation;
use portable_pty::CommandBuilder;

use crate::pty::{End, Pty};

/// Accounts of the branch: enough for a sealed account without debt, a book of thirty cards, bills that are owed.
const ACCOUNTS: u64 = 900;

/// The files of the practice branch: name and content.
static MADE: LazyLock<Vec<(std::ffi::OsString, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    drop(demo::build(&folder.path().join("a.db"), ACCOUNTS, 1, &mut |_, _, _| {}).unwrap());
    let files = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).filter(|file| file.path().is_file());
    files.map(|file| (file.file_name(), std::fs::read(file.path()).unwrap())).collect()
});

/// A copy of the practice branch.
pub struct Branch {
    folder: tempfile::TempDir,
}

impl Branch {
    /// A copy of its own.
    pub fn copy() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in MADE.iter() {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder }
    }

    /// Its file.
    pub fn db(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The book, to look at or to prepare.
    pub fn desk(&self) -> Desk {
        Desk::open(&self.db(), OpenOptions::default(), Box::new(SystemClock)).unwrap()
    }

    /// The first value of a query.
    pub fn ask(&self, sql: &str) -> String {
        let raw = rusqlite::Connection::open(self.db()).unwrap();
        raw.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// Somebody at the home screen.
    pub fn open(&self, user: &str) -> Hand {
        self.open_in(user, 80, 24)
    }

    /// Somebody at the home screen in a window of a size.
    pub fn open_in(&self, user: &str, columns: u16, rows: u16) -> Hand {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.args(["--db", self.db().to_str().unwrap(), "--as", user]);
        let pty = Pty::spawn(command, columns, rows);
        pty.wait_text("找 >");
        Hand { pty, control: 0 }
    }

    /// Runs the program without screens.
    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.args(["--db", self.db().to_str().unwrap()]).args(args).output().unwrap()
    }
}

/// A hand at a keyboard.
pub struct Hand {
    /// The terminal.
    pub pty: Pty,
    control: usize,
}

impl Hand {
    /// Presses keys, all in one write; those that are neither words nor numbers are counted.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let parsed = notation::parse(keys).unwrap();
        self.control += parsed.iter().filter(|key| key.typed().is_none_or(|c| c == ' ')).count();
        self.pty.press(keys);
        self
    }

    /// Looks at what opened by itself, as long as the keyboard waits for it.
    pub fn look(&mut self) -> &mut Self {
        std::thread::sleep(std::time::Duration::from_millis(600));
        self
    }

    /// A new job begins at the home screen: control keys are counted anew.
    pub fn home(&mut self) -> &mut Self {
        self.control = 0;
        self
    }

    /// Waits until the screen shows a text.
    pub fn shows(&mut self, text: &str) -> &mut Self {
        self.pty.wait_text(text);
        self
    }

    /// Waits until the cursor is visible on the row of a label, behind it, and not on the last row of the window.
    pub fn cursor_at(&mut self, label: &str) -> &mut Self {
        self.pty.wait(&format!("the cursor at {label}"), |screen| {
            let (row, column) = screen.cursor_position();
            let (rows, columns) = screen.size();
            let before = screen.contents_between(row, 0, row, column.min(columns));
            !screen.hide_cursor() && row + 1 < rows && before.contains(label)
        });
        self
    }

    /// No more control keys than this were pressed since the home screen was left.
    pub fn within(&mut self, most: usize) -> &mut Self {
        assert!(self.control <= most, "{} control keys, {most} allowed\n{}", self.control, self.pty.text());
        self
    }

    /// Leaves the program; the terminal is as it was found.
    pub fn leave(self) -> End {
        let mut pty = self.pty;
        pty.press("<C-q>");
        let end = pty.end();
        end.assert_restored();
        assert_eq!(end.code, 0);
        end
    }
}
