//! Drafts reach the disk from a thread of their own, at most 0.2 s behind the keys, and the drawing thread never waits.
//!
//! Many keys in a row become one write: of each draft only the last state is saved. What is still in hand when the
//! program ends is saved before [`DraftWriter`] is gone. Where drafts lie, and that they are sealed, is the sink's matter.

use super::screen::Draft;
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A draft waits this long for more keys before it is written.
const GATHER: Duration = Duration::from_millis(80);

/// Where drafts are kept.
pub trait DraftSink: Send + 'static {
    /// Keeps a draft in place of the one before. `bytes` is a JSON object: field → text. The error is one sentence.
    fn save(&mut self, key: &str, bytes: &[u8]) -> Result<(), String>;

    /// Forgets a draft; one that is not there is fine.
    fn forget(&mut self, key: &str) -> Result<(), String>;
}

enum Job {
    /// The new state, or `None` to forget it.
    Put(String, Option<Vec<u8>>),
    /// Write now and say so.
    Flush(Sender<()>),
}

/// The writing thread.
pub struct DraftWriter {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<Mutex<Option<String>>>,
}

impl DraftWriter {
    /// Starts the thread over a sink.
    pub fn new(sink: impl DraftSink) -> std::io::Result<Self> {
        let (jobs, receiver) = mpsc::channel();
        let failed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failed);
        let thread =
            std::thread::Builder::new().name("drafts".into()).spawn(move || write_all(sink, &receiver, &told))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), failed })
    }

    /// Keeps a draft soon; returns at once.
    pub fn keep(&self, draft: Draft) {
        let Draft { key, values } = draft;
        self.send(Job::Put(key, Some(serde_json::Value::Object(values).to_string().into_bytes())));
    }

    /// Forgets a draft soon; returns at once.
    pub fn forget(&self, key: &str) {
        self.send(Job::Put(key.into(), None));
    }

    /// Waits until everything kept so far has been handed to the sink.
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        self.send(Job::Flush(done));
        let _ = wait.recv(); // an error means the thread is gone, and then nothing is in hand
    }

    /// Why the last write failed, until one succeeds again.
    pub fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, job: Job) {
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(crate::text::toolkit::DRAFT_FAILED.into());
        }
    }
}

impl Drop for DraftWriter {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Gathers jobs for a moment, then writes the last state of each draft.
fn write_all(mut sink: impl DraftSink, jobs: &Receiver<Job>, failed: &Mutex<Option<String>>) {
    let mut in_hand: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    let mut due: Option<Instant> = None;
    loop {
        let job = match due {
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => jobs.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match job {
            Ok(Job::Put(key, state)) => {
                in_hand.insert(key, state);
                due = due.or_else(|| Some(Instant::now() + GATHER));
                if due.is_some_and(|due| Instant::now() < due) {
                    continue;
                }
                write(&mut sink, &mut in_hand, failed);
            }
            Ok(Job::Flush(done)) => {
                write(&mut sink, &mut in_hand, failed);
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => write(&mut sink, &mut in_hand, failed),
            Err(RecvTimeoutError::Disconnected) => return write(&mut sink, &mut in_hand, failed),
        }
        due = None;
    }
}

fn write(sink: &mut impl DraftSink, in_hand: &mut BTreeMap<String, Option<Vec<u8>>>, failed: &Mutex<Option<String>>) {
    for (key, state) in std::mem::take(in_hand) {
        let done = match state {
            Some(bytes) => sink.save(&key, &bytes),
            None => sink.forget(&key),
        };
        *failed.lock().unwrap_or_else(PoisonError::into_inner) = done.err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    type Kept = Arc<Mutex<Vec<(String, Option<String>)>>>;

    struct Memory(Kept, bool);

    impl DraftSink for Memory {
        fn save(&mut self, key: &str, bytes: &[u8]) -> Result<(), String> {
            if self.1 {
                return Err("磁盘满了".into());
            }
            self.0.lock().unwrap().push((key.into(), Some(String::from_utf8(bytes.to_vec()).unwrap())));
            Ok(())
        }

        fn forget(&mut self, key: &str) -> Result<(), String> {
            self.0.lock().unwrap().push((key.into(), None));
            Ok(())
        }
    }

    fn draft(key: &str, text: &str) -> Draft {
        let values: Map<String, Value> = [("remark".to_string(), Value::from(text))].into_iter().collect();
        Draft { key: key.into(), values }
    }

    #[test]
    fn many_keys_become_one_write_of_the_last_state() {
        let kept = Kept::default();
        let writer = DraftWriter::new(Memory(Arc::clone(&kept), false)).unwrap();
        for n in 0..200 {
            writer.keep(draft("pay/1", &n.to_string()));
        }
        writer.flush();
        let kept = kept.lock().unwrap();
        assert_eq!(kept.last(), Some(&("pay/1".into(), Some(r#"{"remark":"199"}"#.into()))));
        assert!(kept.len() < 20, "{} writes", kept.len());
    }

    #[test]
    fn the_last_draft_is_written_when_the_program_ends() {
        let kept = Kept::default();
        let writer = DraftWriter::new(Memory(Arc::clone(&kept), false)).unwrap();
        writer.keep(draft("pay/1", "王"));
        writer.keep(draft("swap/2", "李"));
        writer.forget("pay/1");
        drop(writer);
        let last: BTreeMap<String, Option<String>> = kept.lock().unwrap().iter().cloned().collect();
        assert_eq!(last["pay/1"], None);
        assert_eq!(last["swap/2"].as_deref(), Some(r#"{"remark":"李"}"#));
    }

    #[test]
    fn a_failed_write_is_told() {
        let writer = DraftWriter::new(Memory(Kept::default(), true)).unwrap();
        writer.keep(draft("pay/1", "王"));
        writer.flush();
        assert_eq!(writer.failure().as_deref(), Some("磁盘满了"));
    }
}
