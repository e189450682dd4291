//! Beside the screens: a thread on a connection of its own that knows who owes and takes changed accounts into the search index,
//! so that neither the first frame nor a key ever waits for it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Desk;
use super::refusal::Refusal;
use crate::store::search::Owes;

/// Other desks of the branch change accounts too: look after them this often.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

enum Job {
    Refresh,
    Stop,
}

/// The thread, and what it found out.
pub struct Finder {
    owes: Arc<RwLock<Owes>>,
    accounts: Arc<AtomicI64>,
    jobs: Option<Sender<Job>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Finder {
    /// A finder that does nothing, for books in memory.
    pub fn idle(desk: &Desk) -> Self {
        let accounts = desk.look().and_then(|tx| tx.account_count()).unwrap_or(0);
        let accounts = Arc::new(AtomicI64::new(accounts));
        Self { owes: Arc::default(), accounts, jobs: None, ending: Arc::default(), thread: None }
    }

    /// Starts the thread; `news` is called when who owes is known or has changed.
    pub fn start(desk: &Desk, news: impl Fn() + Send + 'static) -> Result<Self, Refusal> {
        let mut db = desk.db().again()?;
        let owes: Arc<RwLock<Owes>> = Arc::default();
        let shared = Arc::clone(&owes);
        let accounts = Arc::new(AtomicI64::new(-1));
        let counted = Arc::clone(&accounts);
        let ending: Arc<AtomicBool> = Arc::default();
        let told = Arc::clone(&ending);
        let (jobs, inbox) = mpsc::channel();
        let work = move || {
            loop {
                let known = db.read().and_then(|tx| tx.owing());
                if let (Ok(known), Ok(mut shared)) = (known, shared.write()) {
                    *shared = known;
                }
                if let Ok(count) = db.read().and_then(|tx| tx.account_count()) {
                    counted.store(count, Ordering::Relaxed);
                }
                news();
                // An index that could not be taken in hand now (another desk is at it) is looked after the next time.
                let _ = db.refresh_search(|_| !told.load(Ordering::Relaxed));
                match inbox.recv_timeout(LOOK_AGAIN) {
                    Ok(Job::Refresh) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                }
                while let Ok(job) = inbox.try_recv() {
                    if matches!(job, Job::Stop) {
                        return;
                    }
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("finder".into())
            .spawn(work)
            .map_err(|error| Refusal::data(format!("开不了查找线程：{error}")))?;
        Ok(Self { owes, accounts, jobs: Some(jobs), ending, thread: Some(thread) })
    }

    /// Accounts have changed: look after them soon.
    pub fn refresh(&self) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job::Refresh);
        }
    }

    /// How many accounts there are; none before they have been counted.
    pub fn accounts(&self) -> Option<i64> {
        Some(self.accounts.load(Ordering::Relaxed)).filter(|count| *count >= 0)
    }

    /// Who owes.
    pub fn owes(&self) -> RwLockReadGuard<'_, Owes> {
        self.owes.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        if let Some(jobs) = self.jobs.take() {
            let _ = jobs.send(Job::Stop);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
