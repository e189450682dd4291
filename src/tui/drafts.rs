//! Drafts reach the disk from a thread of their own, at most 0.2 s behind the keys, and the drawing thread never waits.
//!
//! Many keys in a row become one write: of each draft only the last state is saved. What is still in hand when the
//! program ends is saved before [`DraftWriter`] is gone. Where drafts lie, and that they are sealed, is the sink's matter.
//!
//! Readers see drafts in the order of the keys: what was kept or forgotten and is not yet on disk is answered from the hand
//! ([`DraftWriter::in_hand`]). A form that was entered and is opened again at once must not find what was entered.

use super::screen::Draft;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// The last state of a draft, `None` when it is forgotten.
type State = Option<Vec<u8>>;

/// Drafts whose last state may not be on disk yet, each with the number of its change.
type Hand = Mutex<BTreeMap<String, (u64, State)>>;

enum Job {
    /// The new state and the number of the change.
    Put(String, u64, State),
    /// Write now and say so.
    Flush(Sender<()>),
}

/// The writing thread.
pub struct DraftWriter {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<Mutex<Option<String>>>,
    hand: Arc<Hand>,
    changes: AtomicU64,
}

impl DraftWriter {
    /// Starts the thread over a sink.
    pub fn new(sink: impl DraftSink) -> std::io::Result<Self> {
        let (jobs, receiver) = mpsc::channel();
        let failed = Arc::new(Mutex::new(None));
        let hand = Arc::<Hand>::default();
        let mut writing = Writing { sink, failed: Arc::clone(&failed), hand: Arc::clone(&hand) };
        let thread =
            std::thread::Builder::new().name("drafts".into()).spawn(move || write_all(&mut writing, &receiver))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), failed, hand, changes: AtomicU64::new(0) })
    }

    /// Keeps a draft soon; returns at once.
    pub fn keep(&self, draft: Draft) {
        let Draft { key, values } = draft;
        self.put(key, Some(serde_json::Value::Object(values).to_string().into_bytes()));
    }

    /// Forgets a draft: at once for every reader, on disk as soon as the thread comes to it.
    pub fn forget(&self, key: &str) {
        self.put(key.into(), None);
    }

    /// The state of a draft that may not be on disk yet: `Some(None)` when it was forgotten, `None` when the disk is right.
    pub fn in_hand(&self, key: &str) -> Option<Option<Vec<u8>>> {
        locked(&self.hand).get(key).map(|(_, state)| state.clone())
    }

    fn put(&self, key: String, state: State) {
        let change = self.changes.fetch_add(1, Ordering::Relaxed);
        locked(&self.hand).insert(key.clone(), (change, state.clone()));
        self.send(Job::Put(key, change, state));
    }

    /// Waits until everything kept so far has been handed to the sink.
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        self.send(Job::Flush(done));
        let _ = wait.recv(); // an error means the thread is gone, and then nothing is in hand
    }

    /// Why the last write failed, until one succeeds again.
    pub fn failure(&self) -> Option<String> {
        locked(&self.failed).clone()
    }

    fn send(&self, job: Job) {
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
            *locked(&self.failed) = Some(crate::text::toolkit::DRAFT_FAILED.into());
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gathers jobs for a moment, then writes the last state of each draft; what is to be forgotten waits for nothing.
fn write_all(writing: &mut Writing<impl DraftSink>, jobs: &Receiver<Job>) {
    let mut in_hand: BTreeMap<String, (u64, State)> = BTreeMap::new();
    let mut due: Option<Instant> = None;
    loop {
        let job = match due {
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => jobs.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match job {
            Ok(Job::Put(key, change, state)) => {
                let wait = if state.is_some() { GATHER } else { Duration::ZERO };
                in_hand.insert(key, (change, state));
                due = due.filter(|_| !wait.is_zero()).or_else(|| Some(Instant::now() + wait));
                if due.is_some_and(|due| Instant::now() < due) {
                    continue;
                }
                writing.write(&mut in_hand);
            }
            Ok(Job::Flush(done)) => {
                writing.write(&mut in_hand);
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => writing.write(&mut in_hand),
            Err(RecvTimeoutError::Disconnected) => return writing.write(&mut in_hand),
        }
        due = None;
    }
}

/// What the thread writes with.
struct Writing<S> {
    sink: S,
    failed: Arc<Mutex<Option<String>>>,
    hand: Arc<Hand>,
}

impl<S: DraftSink> Writing<S> {
    fn write(&mut self, gathered: &mut BTreeMap<String, (u64, State)>) {
        for (key, (change, state)) in std::mem::take(gathered) {
            let done = match state {
                Some(bytes) => self.sink.save(&key, &bytes),
                None => self.sink.forget(&key),
            };
            if done.is_ok() {
                // The disk is right now, unless the hand has gone on meanwhile. What failed stays in hand: readers see it there.
                let mut hand = locked(&self.hand);
                if hand.get(&key).is_some_and(|(last, _)| *last == change) {
                    hand.remove(&key);
                }
            }
            *locked(&self.failed) = done.err();
        }
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

    /// A disk that is slow with everything.
    struct Slow(Memory);

    impl DraftSink for Slow {
        fn save(&mut self, key: &str, bytes: &[u8]) -> Result<(), String> {
            std::thread::sleep(Duration::from_millis(30));
            self.0.save(key, bytes)
        }

        fn forget(&mut self, key: &str) -> Result<(), String> {
            std::thread::sleep(Duration::from_millis(30));
            self.0.forget(key)
        }
    }

    #[test]
    fn what_is_forgotten_is_forgotten_at_once_and_in_the_order_of_the_keys() {
        let kept = Kept::default();
        let writer = DraftWriter::new(Slow(Memory(Arc::clone(&kept), false))).unwrap();
        writer.keep(draft("pay/1", "30"));
        assert_eq!(writer.in_hand("pay/1"), Some(Some(br#"{"remark":"30"}"#.to_vec())));
        writer.flush();
        assert_eq!(writer.in_hand("pay/1"), None, "the disk is right");
        writer.forget("pay/1");
        assert_eq!(writer.in_hand("pay/1"), Some(None), "before the disk knows");
        writer.keep(draft("pay/1", "20"));
        assert!(matches!(writer.in_hand("pay/1"), Some(Some(_))));
        writer.forget("pay/1");
        assert_eq!(writer.in_hand("pay/1"), Some(None));
        writer.flush();
        assert_eq!(writer.in_hand("pay/1"), None);
        assert_eq!(kept.lock().unwrap().last(), Some(&("pay/1".into(), None)));
    }
}
