//! The program in a real (pseudo-)terminal: start to first frame, and key to frame while searching.
//!
//! `cargo bench --bench terminal -- DATABASE [ROUNDS]`, where DATABASE is a practice branch (`meterdesk demo --no-ui`). The
//! first frame is compared with that of a branch of ten accounts. A frame is whole when the program says so (end of the
//! synchronized update); of a key both frames are timed, the first one and the last before 40 ms without any.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use meterdesk::desk::demo;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

type Failure = Box<dyn std::error::Error>;

/// The program says that a frame is whole.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// No frame for so long: the program has nothing more to show.
const QUIET: Duration = Duration::from_millis(40);
/// A frame's time, and the first frame's (design.md, Budget).
const FRAME: Duration = Duration::from_millis(8);
const FIRST: Duration = Duration::from_millis(30);
/// What is typed, a letter a key; `<` takes the last one back until the box is empty.
const TEXTS: [&str; 12] =
    ["wjg", "zsf", "王建", "李芳", "138", "1380013", "3100000123", "rml 12", "人民路3号", "zz 1 2", "w", "000777"];

/// The program, and when each of its frames was whole.
struct Screen {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    frames: Receiver<Instant>,
    started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    fn open(db: &Path, columns: u16, rows: u16) -> Result<Self, Failure> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.args(["--db", db.to_str().ok_or("a path in UTF-8")?, "--as", "desk"]);
        command.env("TERM", "xterm-256color");
        let mut reader = pair.master.try_clone_reader()?;
        let writer = pair.master.take_writer()?;
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            let (mut buffer, mut kept) = ([0u8; 1 << 16], Vec::new());
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let now = Instant::now();
                kept.extend_from_slice(&buffer[..count]);
                let ends = kept.windows(FRAME_END.len()).filter(|bytes| *bytes == FRAME_END).count();
                for _ in 0..ends {
                    let _ = sender.send(now);
                }
                // The end of a frame may be cut in two.
                let keep = if kept.ends_with(FRAME_END) { 0 } else { kept.len().min(FRAME_END.len() - 1) };
                kept.drain(..kept.len() - keep);
            }
        });
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        Ok(Self { child, writer, frames, started, _master: pair.master })
    }

    /// The next frame and the last before it is quiet, counted from a moment.
    fn frames(&self, since: Instant) -> Result<(Duration, Duration), Failure> {
        let first = self.frames.recv_timeout(Duration::from_secs(20))?;
        let mut last = first;
        loop {
            match self.frames.recv_timeout(QUIET) {
                Ok(frame) => last = frame,
                Err(RecvTimeoutError::Timeout) => return Ok((first - since, last - since)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn key(&mut self, bytes: &[u8]) -> Result<(Duration, Duration), Failure> {
        while self.frames.try_recv().is_ok() {}
        let since = Instant::now();
        self.writer.write_all(bytes)?;
        self.writer.flush()?;
        self.frames(since)
    }

    /// Leaves the program; the most memory it had resident, in MB.
    fn leave(mut self) -> Result<u64, Failure> {
        let status = self.child.process_id().map(|id| format!("/proc/{id}/status"));
        let status = status.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        self.writer.write_all(b"\x11")?;
        self.child.wait()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        Ok(line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024)
    }
}

fn first_frame(db: &Path, rounds: usize) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let screen = Screen::open(db, 80, 24)?;
        times.push(screen.frames(screen.started)?.0);
        screen.leave()?;
    }
    times.sort();
    Ok(times)
}

fn search(db: &Path, rounds: usize, columns: u16, rows: u16) -> Result<(), Failure> {
    let mut screen = Screen::open(db, columns, rows)?;
    screen.frames(screen.started)?;
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for text in TEXTS {
            let letters = text.chars().map(String::from);
            for key in letters.chain(text.chars().map(|_| "\x7f".to_owned())) {
                let (first, last) = screen.key(key.as_bytes())?;
                firsts.push(first);
                lasts.push(last);
            }
        }
    }
    let memory = screen.leave()?;
    for (words, times) in [("first frame", &mut firsts), ("last frame", &mut lasts)] {
        times.sort();
        let within = times.iter().filter(|time| **time <= FRAME).count() * 100 / times.len();
        println!(
            "{columns}x{rows} key to {words:11} p50 {:.2?} p95 {:.2?} p99 {:.2?} most {:.2?}, {within} % within {FRAME:?}, {} keys",
            at(times, 50),
            at(times, 95),
            at(times, 99),
            at(times, 100),
            times.len()
        );
    }
    println!("{columns}x{rows} resident memory {memory} MB at most (goal 32)");
    Ok(())
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(db) = args.next() else {
        println!("terminal: give a practice branch, made by `meterdesk demo --no-ui --db FILE --accounts 1000000`");
        return Ok(());
    };
    let rounds = args.next().and_then(|arg| arg.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir()?;
    let small = folder.path().join("small.db");
    drop(demo::build(&small, 10, 1, &mut |_, _, _| {}).map_err(|refusal| format!("{refusal:?}"))?);
    let (few, many) = (first_frame(&small, 21)?, first_frame(Path::new(&db), 21)?);
    println!("first frame p50 {:.2?} p95 {:.2?} (goal {FIRST:?})", at(&many, 50), at(&many, 95));
    println!("the same of ten accounts p50 {:.2?} p95 {:.2?}", at(&few, 50), at(&few, 95));
    println!("ratio {:.2} (goal 1.5)", at(&many, 50).as_secs_f64() / at(&few, 50).as_secs_f64());
    search(Path::new(&db), rounds, 80, 24)?;
    search(Path::new(&db), rounds, 120, 40)
}
