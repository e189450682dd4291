//! A whole program in a pseudo-terminal: press keys, wait for what the screen must show. Nothing here sleeps; what does
//! not come in [`PATIENCE`] fails with the screen as it was.

#![allow(dead_code)] // each test binary uses its own part

use meterdesk::tui::notation;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a screen may keep a test waiting.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A program in its terminal.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<(Mutex<Output>, Condvar)>,
}

struct Output {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

/// How a program ended.
pub struct End {
    /// Exit code.
    pub code: u32,
    /// Everything it wrote, escape sequences and all.
    pub bytes: String,
    /// The screen after it.
    pub text: String,
    /// The modes the terminal was left in: nothing of this may be true.
    pub alternate_screen: bool,
    /// See `alternate_screen`.
    pub bracketed_paste: bool,
    /// See `alternate_screen`.
    pub cursor_hidden: bool,
    /// True when lines are edited and echoed by the terminal again.
    pub cooked: bool,
}

impl Pty {
    /// Starts a command in a window of this size.
    pub fn spawn(mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let output = Output { parser: vt100::Parser::new(rows, columns, 0), bytes: Vec::new(), closed: false };
        let shared = Arc::new((Mutex::new(output), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let told = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let n = reader.read(&mut buffer).unwrap_or(0);
                let mut output = told.0.lock().unwrap();
                output.parser.process(&buffer[..n]);
                output.bytes.extend_from_slice(&buffer[..n]);
                output.closed |= n == 0;
                told.1.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, writer, child, shared }
    }

    /// Presses keys written in the notation of `tui::notation`, all in one write.
    pub fn press(&mut self, keys: &str) {
        let bytes: Vec<u8> = notation::parse(keys).expect("keys").into_iter().flat_map(notation::bytes).collect();
        self.send(&bytes);
    }

    /// Pastes a text the way terminals do.
    pub fn paste(&mut self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    /// Writes bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).and_then(|()| self.writer.flush()).expect("the program listens");
    }

    /// Gives the window another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shared.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        self.master.resize(size(columns, rows)).expect("a new size");
    }

    /// Sends a signal by name with the system's `kill`.
    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill");
        assert!(sent.success());
    }

    /// Waits until the screen is as wanted, and says how long that took.
    pub fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> Duration {
        self.wait_for(what, |output| wanted(output.parser.screen()))
    }

    /// Waits until what the program has written, escape sequences and all, is as wanted.
    pub fn wait_bytes(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Duration {
        self.wait_for(what, |output| wanted(&String::from_utf8_lossy(&output.bytes)))
    }

    fn wait_for(&self, what: &str, wanted: impl Fn(&Output) -> bool) -> Duration {
        let started = Instant::now();
        let (lock, changed) = &*self.shared;
        let mut output = lock.lock().unwrap();
        while !wanted(&output) {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let closed = output.closed;
            assert!(
                !left.is_zero() && !closed,
                "waited for {what}; closed: {closed}\n{}",
                output.parser.screen().contents()
            );
            output = changed.wait_timeout(output, left).unwrap().0;
        }
        started.elapsed()
    }

    /// Waits until the screen shows a text.
    pub fn wait_text(&self, text: &str) -> Duration {
        self.wait(text, |screen| screen.contents().contains(text))
    }

    /// Waits until the cursor stands at (column, row).
    pub fn wait_cursor(&self, column: u16, row: u16) -> Duration {
        self.wait(&format!("cursor at {column}, {row}"), |screen| {
            screen.cursor_position() == (row, column) && !screen.hide_cursor()
        })
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.shared.0.lock().unwrap().parser.screen().contents()
    }

    /// Column and row of the cursor, and whether it is visible.
    pub fn cursor(&self) -> (u16, u16, bool) {
        let output = self.shared.0.lock().unwrap();
        let (row, column) = output.parser.screen().cursor_position();
        (column, row, !output.parser.screen().hide_cursor())
    }

    /// How many bytes the program has written so far.
    pub fn written(&self) -> usize {
        self.shared.0.lock().unwrap().bytes.len()
    }

    /// Waits for the end of the program.
    pub fn end(mut self) -> End {
        {
            let (lock, changed) = &*self.shared;
            let started = Instant::now();
            let mut output = lock.lock().unwrap();
            while !output.closed {
                let left = PATIENCE.saturating_sub(started.elapsed());
                assert!(!left.is_zero(), "waited for the end\n{}", output.parser.screen().contents());
                output = changed.wait_timeout(output, left).unwrap().0;
            }
        }
        let code = self.child.wait().expect("its exit code").exit_code();
        let modes = self.master.get_termios().map(|t| format!("{:?}", t.local_flags)).unwrap_or_default();
        let output = self.shared.0.lock().unwrap();
        let screen = output.parser.screen();
        End {
            code,
            bytes: String::from_utf8_lossy(&output.bytes).into_owned(),
            text: screen.contents(),
            alternate_screen: screen.alternate_screen(),
            bracketed_paste: screen.bracketed_paste(),
            cursor_hidden: screen.hide_cursor(),
            cooked: modes.contains("ICANON") && modes.contains("ECHO"),
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill(); // a failed test leaves no program behind
    }
}

impl End {
    /// The terminal is as it was found.
    pub fn assert_restored(&self) {
        assert!(!self.alternate_screen, "still on the alternate screen");
        assert!(!self.bracketed_paste, "still bracketing pastes");
        assert!(!self.cursor_hidden, "cursor still hidden");
        assert!(self.cooked, "still in raw mode");
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
