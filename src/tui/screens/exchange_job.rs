//! An export or import of bundles on a thread and a connection of its own: how far it is, and how it ended. It always goes on to
//! its end, so that a stick is never left half written because somebody looked elsewhere.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::desk::Desk;
use crate::desk::exchange::{Answer, TakeIn, WriteOut};
use crate::desk::refusal::Refusal;
use crate::tui::app::App;

/// Which way the bundles go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Onto the stick.
    Out,
    /// From the stick.
    In,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<(u64, u64)>,
    outcome: Mutex<Option<Result<Answer, Refusal>>>,
}

/// A running exchange.
pub struct Job {
    /// Which way.
    pub way: Way,
    shared: Arc<Shared>,
}

impl Job {
    /// Begins. A book in memory has one connection only, so there the work is done at once.
    pub fn start(app: &mut App, way: Way, place: PathBuf) -> Result<Self, Refusal> {
        let shared = Arc::new(Shared::default());
        if app.desk.path() == std::path::Path::new(":memory:") {
            let outcome = run(&mut app.desk, way, &place, |_, _| {});
            *lock(&shared.outcome) = Some(outcome);
            return Ok(Self { way, shared });
        }
        let mut desk = app.desk.beside()?;
        let (mine, waker) = (Arc::clone(&shared), app.waker.clone());
        std::thread::spawn(move || {
            let outcome = run(&mut desk, way, &place, |done, total| {
                *lock(&mine.progress) = (done.unsigned_abs(), total.unsigned_abs());
                waker.wake();
            });
            *lock(&mine.outcome) = Some(outcome);
            waker.wake();
        });
        Ok(Self { way, shared })
    }

    /// Entries done, and all; 0 when not known yet.
    pub fn progress(&self) -> (u64, u64) {
        *lock(&self.shared.progress)
    }

    /// How it ended, once.
    pub fn outcome(&self) -> Option<Result<Answer, Refusal>> {
        lock(&self.shared.outcome).take()
    }
}

fn run(desk: &mut Desk, way: Way, place: &std::path::Path, progress: impl FnMut(i64, i64)) -> Result<Answer, Refusal> {
    match way {
        Way::Out => desk.exchange_out(place, WriteOut::default(), progress),
        Way::In => desk.exchange_in(place, TakeIn::default(), progress),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
