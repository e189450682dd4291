//! Entering and leaving the terminal, so that it is always left as it was found: at the end, on a panic, on a signal.

use super::run::Surface;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

/// Room for a whole frame, so that it leaves in one write.
const FRAME_BYTES: usize = 64 * 1024;

/// True while the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Who draws, and what other threads wanted to say when they fell.
static DRAWING: Mutex<Drawing> = Mutex::new(Drawing { thread: None, said: Vec::new() });

struct Drawing {
    thread: Option<ThreadId>,
    said: Vec<String>,
}

/// The terminal while the screens are open; dropping it puts the terminal back.
pub struct Tty {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Tty {
    /// Enters raw mode, the alternate screen and bracketed paste, and sees to it that a panic leaves them.
    pub fn enter() -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            return Err(io::Error::other("这里不是终端，打不开屏幕；请在终端窗口里运行"));
        }
        install_panic_hook();
        DRAWING.lock().unwrap_or_else(PoisonError::into_inner).thread = Some(std::thread::current().id());
        take_over()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, io::stdout()));
        match Terminal::new(backend) {
            Ok(terminal) => Ok(Self { terminal }),
            Err(e) => {
                restore();
                Err(e)
            }
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        restore();
    }
}

impl Surface for Tty {
    fn frame(&mut self, draw: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        // The cursor is hidden while the frame is written: an input method's window would follow it about.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate, Hide)?;
        self.terminal.draw(|frame| {
            if let Some(position) = draw(frame.buffer_mut()) {
                frame.set_cursor_position(position);
            }
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    fn ring(&mut self) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(b"\x07").and_then(|()| out.flush())
    }

    fn resume(&mut self) -> io::Result<()> {
        // The shell has set the terminal to its own mode in the meantime, so take it over again whole.
        disable_raw_mode()?;
        take_over()?;
        let size = self.terminal.size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let done = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste);
    if done.is_err() {
        restore();
    }
    done
}

/// Puts the terminal back. May be called from any thread and any number of times.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // Nothing can be done about a terminal that no longer listens.
    let _ = execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
    let said = std::mem::take(&mut DRAWING.lock().unwrap_or_else(PoisonError::into_inner).said);
    for line in said {
        eprintln!("{line}");
    }
}

/// On a panic of the drawing thread the terminal is put back before anything is printed; what another thread has to
/// say waits until the terminal is back, since it would only spoil the screen.
fn install_panic_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if ENTERED.load(Ordering::SeqCst) {
            let mut drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
            if drawing.thread != Some(std::thread::current().id()) {
                drawing.said.push(info.to_string());
                return;
            }
        }
        restore();
        before(info);
    }));
}
