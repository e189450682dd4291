//! Everything the screens hear comes through one queue: keys, pastes, window changes, results of work in the
//! background, and the signals that end the program.
//!
//! A thread reads the terminal, so keys typed ahead wait here in their order and none is lost while a screen works.
//! Signals: crate `signal-hook`, which crossterm brings along anyway; its iterator needs no `unsafe` and lets a thread
//! of ours, not a signal handler, put the terminal back.

use super::decode::{Decoder, Heard};
use super::key::Key;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

/// How long a lone Esc waits for the rest of a sequence that a slow line may have torn.
const ESC_WAIT: Duration = Duration::from_millis(6);

/// One thing heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted.
    Paste(String),
    /// The window has another size.
    Resize,
    /// The program was stopped and goes on: the terminal must be entered anew.
    Resumed,
    /// Work in the background has something.
    Wake,
    /// A signal asks the program to end.
    Signal(i32),
    /// The terminal is gone.
    Closed,
}

/// What the threads send, and when they heard it: work that takes long must not make a key look late.
struct Raw {
    at: Instant,
    said: Said,
}

enum Said {
    Bytes(Vec<u8>),
    Input(Input),
}

impl Raw {
    fn bytes(bytes: &[u8]) -> Self {
        Self { at: Instant::now(), said: Said::Bytes(bytes.to_vec()) }
    }

    fn input(input: Input) -> Self {
        Self { at: Instant::now(), said: Said::Input(input) }
    }
}

/// The queue.
pub struct Inputs {
    sender: Sender<Raw>,
    receiver: Receiver<Raw>,
    decoder: Decoder,
    ready: VecDeque<(Input, Instant)>,
    /// When the last thing was heard.
    at: Instant,
}

/// Lets work in the background say that it has something; cheap to clone, fit for any thread.
#[derive(Clone)]
pub struct Waker(Sender<Raw>);

impl Waker {
    /// Says so. After the screens are gone it does nothing.
    pub fn wake(&self) {
        let _ = self.0.send(Raw::input(Input::Wake));
    }
}

impl Default for Inputs {
    fn default() -> Self {
        Self::silent()
    }
}

impl Inputs {
    /// A queue nothing feeds yet: for tests, and to make a [`Waker`] before the terminal is entered.
    pub fn silent() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, decoder: Decoder::default(), ready: VecDeque::new(), at: Instant::now() }
    }

    /// Begins to listen to the terminal and to signals. Call once, after the terminal was entered.
    pub fn listen(&self) -> io::Result<()> {
        #[cfg(unix)]
        unix::listen_to_signals(self.sender.clone())?;
        listen_to_terminal(self.sender.clone())
    }

    /// A waker for this queue.
    pub fn waker(&self) -> Waker {
        Waker(self.sender.clone())
    }

    /// Puts bytes into the queue as if they had been typed.
    pub fn type_bytes(&self, bytes: &[u8]) {
        let _ = self.sender.send(Raw::bytes(bytes));
    }

    /// The next thing heard; `None` when nothing came in time. No timeout: waits for ever.
    pub fn next(&mut self, timeout: Option<Duration>) -> Option<Input> {
        loop {
            if let Some(input) = self.pop() {
                return Some(input);
            }
            let unsettled = self.decoder.is_unsettled();
            let wait = if unsettled { Some(ESC_WAIT) } else { timeout };
            let raw = match wait {
                Some(wait) => self.receiver.recv_timeout(wait),
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match raw {
                Ok(raw) => self.take(raw),
                Err(RecvTimeoutError::Timeout) if unsettled => {
                    let heard = self.decoder.settle();
                    self.hear(heard, Instant::now());
                }
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => return Some(Input::Closed),
            }
        }
    }

    /// What has been heard already, without waiting.
    pub fn next_now(&mut self) -> Option<Input> {
        loop {
            if let Some(input) = self.pop() {
                return Some(input);
            }
            match self.receiver.try_recv() {
                Ok(raw) => self.take(raw),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
    }

    /// When what [`Inputs::next`] last gave was heard.
    pub fn heard_at(&self) -> Instant {
        self.at
    }

    fn pop(&mut self) -> Option<Input> {
        let (input, at) = self.ready.pop_front()?;
        self.at = at;
        Some(input)
    }

    fn take(&mut self, raw: Raw) {
        match raw.said {
            Said::Bytes(bytes) => {
                let heard = self.decoder.feed(&bytes);
                self.hear(heard, raw.at);
            }
            Said::Input(input) => self.ready.push_back((input, raw.at)),
        }
    }

    fn hear(&mut self, heard: Vec<Heard>, at: Instant) {
        self.ready.extend(heard.into_iter().map(|heard| match heard {
            Heard::Key(key) => (Input::Key(key), at),
            Heard::Paste(text) => (Input::Paste(text), at),
        }));
    }
}

/// Reads the terminal in a thread of its own, which lives as long as the program.
#[cfg(unix)]
fn listen_to_terminal(sender: Sender<Raw>) -> io::Result<()> {
    use std::io::{IsTerminal, Read};
    let mut source: Box<dyn Read + Send> =
        if io::stdin().is_terminal() { Box::new(io::stdin()) } else { Box::new(std::fs::File::open("/dev/tty")?) };
    let read = move || {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match source.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => {
                    let _ = sender.send(Raw::input(Input::Closed));
                    return;
                }
                Ok(n) => {
                    if sender.send(Raw::bytes(&buffer[..n])).is_err() {
                        return;
                    }
                }
            }
        }
    };
    std::thread::Builder::new().name("keys".into()).spawn(read).map(drop)
}

/// Elsewhere the terminal library reads the console.
#[cfg(not(unix))]
fn listen_to_terminal(sender: Sender<Raw>) -> io::Result<()> {
    use super::key::from_crossterm;
    use crossterm::event::{Event, read};
    let listen = move || {
        loop {
            let inputs: Vec<Input> = match read() {
                Ok(Event::Key(event)) => from_crossterm(event).into_iter().map(Input::Key).collect(),
                Ok(Event::Paste(text)) => vec![Input::Paste(text)],
                Ok(Event::Resize(..)) => vec![Input::Resize],
                Ok(_) => Vec::new(),
                Err(_) => {
                    let _ = sender.send(Raw::input(Input::Closed));
                    return;
                }
            };
            for input in inputs {
                if sender.send(Raw::input(input)).is_err() {
                    return;
                }
            }
        }
    };
    std::thread::Builder::new().name("keys".into()).spawn(listen).map(drop)
}

#[cfg(unix)]
mod unix {
    use super::{Input, Raw};
    use crate::tui::terminal;
    use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
    use signal_hook::iterator::Signals;
    use std::io;
    use std::sync::mpsc::Sender;

    /// Turns signals into inputs. The second one that asks to end does not wait for the screens: the terminal is put
    /// back and the program ends at once.
    pub(super) fn listen_to_signals(sender: Sender<Raw>) -> io::Result<()> {
        let mut signals = Signals::new([SIGWINCH, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT])?;
        let listen = move || {
            let mut asked = false;
            for signal in signals.forever() {
                let input = match signal {
                    SIGWINCH => Input::Resize,
                    SIGCONT => Input::Resumed,
                    signal if asked => {
                        terminal::restore();
                        std::process::exit(128 + signal);
                    }
                    signal => {
                        asked = true;
                        Input::Signal(signal)
                    }
                };
                let _ = sender.send(Raw::input(input));
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(listen).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Code;

    #[test]
    fn a_lone_escape_is_heard_after_a_moment() {
        let mut inputs = Inputs::silent();
        inputs.type_bytes(b"\x1b");
        assert_eq!(inputs.next_now(), None, "it may be the beginning of a sequence");
        assert_eq!(inputs.next(Some(Duration::from_secs(5))), Some(Input::Key(Key::plain(Code::Esc))));
    }

    #[test]
    fn keys_and_results_keep_their_order() {
        let mut inputs = Inputs::silent();
        inputs.type_bytes(b"a");
        inputs.waker().wake();
        inputs.type_bytes(b"b");
        let heard: Vec<Input> = std::iter::from_fn(|| inputs.next_now()).collect();
        assert_eq!(heard, [Input::Key(Key::char('a')), Input::Wake, Input::Key(Key::char('b'))]);
    }
}
