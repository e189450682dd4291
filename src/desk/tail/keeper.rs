//! The thread that keeps the second copy up, beside the work and never on the path of an action: it looks whether anybody wrote to the
//! book, this program or another, and appends what is missing. Who ends waits for it a bounded time, and is told when it did not come
//! through.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::write::{self, Fault, Pass};
use crate::book::seal::Keys;
use crate::store::{Db, StoreError};

/// Time between two looks at the book.
const LOOK: Duration = Duration::from_millis(100);
/// Time between two looks at the place when nobody writes.
const LOOK_AT_PLACE: Duration = Duration::from_secs(5);
/// Time between two tries after a fault.
const AFTER_FAULT: Duration = Duration::from_millis(500);
/// Time between two tries while another program writes.
const AGAIN: Duration = Duration::from_millis(20);
/// How long the end of a program waits for the last entries to be written.
const LAST: Duration = Duration::from_millis(1_000);
/// The same where the place failed already.
const LAST_AFTER_FAULT: Duration = Duration::from_millis(100);
/// Entries that are not written after this time are behind.
const LATE: Duration = Duration::from_secs(2);

/// What a program that ends has to say of the second copy.
static LAST_WORD: Mutex<Option<String>> = Mutex::new(None);

/// Takes what a desk that was closed had to say of the second copy.
pub fn last_word() -> Option<String> {
    LAST_WORD.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[derive(Default)]
struct Shared {
    state: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    /// The program ends: a last time, then no more.
    ending: bool,
    /// Nobody waits any longer.
    left: bool,
    ended: bool,
    /// Since when something is missing at the place.
    missing_since: Option<Instant>,
    fault: Option<String>,
    /// Looks that came to their end.
    looks: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, as long as a desk is open.
pub struct Keeper {
    shared: Arc<Shared>,
}

impl Keeper {
    /// Begins to keep the second copy of a book up.
    pub fn start(db: &Db, keys: &Keys) -> Result<Self, StoreError> {
        let (mut beside, keys) = (db.again()?, keys.again());
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        std::thread::spawn(move || {
            keep(&mut beside, &keys, &seen);
            drop(beside);
            seen.lock().ended = true;
            seen.changed.notify_all();
        });
        Ok(Self { shared })
    }

    /// What a person must know: the place fails, or does not keep up.
    pub fn warning(&self) -> Option<String> {
        let seen = self.shared.lock();
        let late = seen.missing_since.filter(|since| since.elapsed() > LATE);
        seen.fault.clone().or_else(|| {
            late.map(|since| {
                let seconds = since.elapsed().as_secs();
                format!("随写副本已有 {seconds} 秒没有写上，第二处太慢或被占用；业务照常，请检查那个盘 (backup tail)")
            })
        })
    }

    /// Waits until the place was looked at after now, for at most the time a program's end waits.
    pub fn settle(&self) {
        let until = Instant::now() + LAST;
        let mut seen = self.shared.lock();
        let before = seen.looks;
        // The look that runs now may have begun before what it is asked about.
        while seen.looks < before + 2 && !seen.ended && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now()).min(LOOK);
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let mut seen = self.shared.lock();
        seen.ending = true;
        self.shared.changed.notify_all();
        let until = Instant::now() + if seen.fault.is_some() { LAST_AFTER_FAULT } else { LAST };
        while !seen.ended && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let word = match (&seen.fault, seen.ended && seen.missing_since.is_none()) {
            (Some(fault), _) => Some(fault.clone()),
            (None, true) => None,
            (None, false) => Some("随写副本还没有写完，第二处太慢或被占用；下一次打开本库时接着写".to_owned()),
        };
        seen.left = true;
        drop(seen);
        if word.is_some() {
            *LAST_WORD.lock().unwrap_or_else(PoisonError::into_inner) = word;
        }
    }
}

fn keep(db: &mut Db, keys: &Keys, shared: &Shared) {
    let mut version = None;
    let mut looked = Instant::now();
    let mut outcome = Ok(Pass::Busy);
    loop {
        // In this order: what was committed before the end was said is seen.
        let ending = shared.lock().ending;
        let now = db.written_by_others().ok();
        let written = now != version || version.is_none();
        let due = match &outcome {
            Ok(Pass::Busy | Pass::Stopped) => true,
            Ok(Pass::Off | Pass::Done) => written || looked.elapsed() > LOOK_AT_PLACE,
            Err(_) => looked.elapsed() > AFTER_FAULT,
        };
        if due || (ending && written) {
            if written {
                shared.lock().missing_since.get_or_insert_with(Instant::now);
            }
            version = now;
            outcome = write::pass(db, keys, || shared.lock().left);
            looked = Instant::now();
        }
        let mut seen = shared.lock();
        match &outcome {
            Ok(Pass::Off | Pass::Done) => {
                seen.missing_since = None;
                seen.fault = None;
            }
            Ok(Pass::Busy | Pass::Stopped) => {}
            Err(Fault(fault)) => seen.fault = Some(fault.clone()),
        }
        seen.looks += 1;
        shared.changed.notify_all();
        let unfinished = matches!(outcome, Ok(Pass::Busy | Pass::Stopped));
        // The last look: of what was committed before the end was said.
        if seen.left || (seen.ending && ending && !unfinished) {
            return;
        }
        let pause = match (seen.ending, unfinished) {
            (true, false) => continue,
            (_, true) => AGAIN,
            (false, false) => LOOK,
        };
        let _ = shared.changed.wait_timeout(seen, pause).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Is a path the folder of a book, or one below it on the same disk? What lies there is lost with it.
pub fn is_beside(folder: &Path, book: &Path) -> bool {
    let home = book.parent().filter(|home| !home.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(folder), Ok(home)) = (folder.canonicalize(), home.canonicalize()) else { return false };
    folder == home || folder.starts_with(&home) && is_one_disk(&folder, &home)
}

/// A stick may hang in the book's folder.
#[cfg(unix)]
fn is_one_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((one.metadata(), other.metadata()), (Ok(one), Ok(other)) if one.dev() == other.dev())
}

#[cfg(not(unix))]
fn is_one_disk(_one: &Path, _other: &Path) -> bool {
    true
}
