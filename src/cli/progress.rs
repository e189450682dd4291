//! Progress of long work: a bar on a terminal, one line a second otherwise.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a long work is.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    last: Instant,
}

impl Progress {
    /// Begins; `what` names the work.
    pub fn new(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}") {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar
        });
        Self { bar, what, last: Instant::now() }
    }

    /// Names the part of the work that now goes on.
    pub fn stage(&mut self, what: &'static str) {
        self.what = what;
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        }
    }

    /// Says how much of how much is done.
    pub fn set(&mut self, done: u64, of: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            bar.set_position(done);
        } else if self.last.elapsed() >= Duration::from_secs(1) {
            self.last = Instant::now();
            eprintln!("{} {done}/{of}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
