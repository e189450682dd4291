//! An import on a thread and a connection of its own: how far it is, how it ended, and the word to stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::desk::import::{Answer, Progress, Request};
use crate::desk::refusal::Refusal;
use crate::tui::app::App;

/// What thread and screen share.
struct Shared {
    stop: AtomicBool,
    progress: Mutex<Progress>,
    outcome: Mutex<Option<Result<Answer, Refusal>>>,
}

/// A running import. Let go, it stops at the next row, and nothing of the file counts.
pub struct Job {
    shared: Arc<Shared>,
}

impl Job {
    /// Begins. A book in memory has one connection only, so there the work is done at once.
    pub fn start(app: &mut App, request: Request) -> Result<Self, Refusal> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            progress: Mutex::new(Progress { stage: "准备", done: 0, total: 0 }),
            outcome: Mutex::new(None),
        });
        if app.desk.path() == std::path::Path::new(":memory:") {
            let outcome = app.desk.import(&request, &mut |_| ControlFlow::Continue(()));
            *lock(&shared.outcome) = Some(outcome);
            return Ok(Self { shared });
        }
        let mut desk = app.desk.beside()?;
        let (mine, waker) = (Arc::clone(&shared), app.waker.clone());
        std::thread::spawn(move || {
            let outcome = desk.import(&request, &mut |progress| {
                *lock(&mine.progress) = progress;
                waker.wake();
                if mine.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            *lock(&mine.outcome) = Some(outcome);
            waker.wake();
        });
        Ok(Self { shared })
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        *lock(&self.shared.progress)
    }

    /// How it ended, once.
    pub fn outcome(&self) -> Option<Result<Answer, Refusal>> {
        lock(&self.shared.outcome).take()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
