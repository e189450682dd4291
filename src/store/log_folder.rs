//! A thread that folds the write-ahead log into the file while long work goes on writing: the disk is busy then all the same, and
//! what is left to fold at the end keeps nobody waiting.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::db::CHECKPOINT_BYTES;
use super::{Db, StoreError};

/// Time between two looks at the log: pages written again and again are folded once.
const PAUSE: Duration = Duration::from_millis(500);

/// The thread, once the work has turned out to be long; ends when this is dropped.
pub struct LogFolder {
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    last: Instant,
}

impl LogFolder {
    /// The work begins.
    pub fn new() -> Self {
        Self { ask: None, thread: None, last: Instant::now() }
    }

    /// Called after a commit. A database in memory has no log.
    pub fn look(&mut self, db: &Db) -> Result<(), StoreError> {
        if self.last.elapsed() < PAUSE || !db.is_file() {
            return Ok(());
        }
        self.last = Instant::now();
        if self.thread.is_none() {
            let beside = db.again_to_walk()?;
            let (ask, asked) = sync_channel(1);
            self.thread = Some(std::thread::spawn(move || fold_when_asked(&beside, &asked)));
            self.ask = Some(ask);
        }
        if let Some(ask) = &self.ask {
            let _ = ask.try_send(()); // one that is folding will see it
        }
        Ok(())
    }
}

impl Default for LogFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LogFolder {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A fault is not told here: the checkpoint of the desk itself meets it again.
fn fold_when_asked(db: &Db, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        if db.log_bytes() > CHECKPOINT_BYTES {
            let _ = db.fold_what_can_be();
        }
    }
}
