//! One site of the company with its machine: the book, the clock, old copies, bundles that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meterdesk::book::append::Head;
use meterdesk::book::clock::FixedClock;
use meterdesk::derive::{bulk, knowledge};
use meterdesk::desk::Desk;

/// A site.
pub struct Place {
    /// Its code.
    pub code: String,
    /// Its book.
    pub desk: Desk,
    /// Is it to know everything?
    pub everything: bool,
    /// What its clock says more than the sun, in milliseconds.
    pub clock_off: i64,
    /// What the program there does not know now.
    pub lacks: Option<&'static str>,
    /// Old copies of the book, the newest last.
    pub copies: Vec<Desk>,
    /// Bundles held until a gap fills.
    pub held: Vec<Vec<u8>>,
    /// The last life the machine's mark tells of.
    pub mark: i64,
    /// An old copy was put back unnoticed.
    pub forked: bool,
    clock: Arc<AtomicI64>,
}

fn clock_of(hand: &Arc<AtomicI64>) -> Box<FixedClock> {
    Box::new(FixedClock(Arc::clone(hand)))
}

impl Place {
    /// A site from a copy of a desk.
    pub fn from(template: &Desk, everything: bool) -> Self {
        let clock = Arc::new(AtomicI64::new(0));
        let desk = template.copy_in_memory(clock_of(&clock)).expect("a copy");
        let (lacks, copies, held) = (None, Vec::new(), Vec::new());
        let code = desk.site().to_string();
        Self { code, desk, everything, clock_off: 0, lacks, copies, held, mark: 1, forked: false, clock }
    }

    /// The sun's time has moved.
    pub fn set_time(&self, sun: i64) {
        self.clock.store(sun + self.clock_off, Ordering::Relaxed);
    }

    /// The end of its own chain.
    pub fn head(&self) -> Head {
        Head::read(&self.desk.look().expect("a look")).expect("a head")
    }

    /// Keeps a copy of the book as it is.
    pub fn keep_copy(&mut self) {
        if self.copies.len() >= 3 {
            self.copies.remove(1);
        }
        let copy = self.desk.copy_in_memory(clock_of(&self.clock)).expect("a copy");
        self.copies.push(copy);
    }

    /// The program stops without a word and is started again.
    pub fn crash(&mut self) {
        let reopened = self.desk.copy_in_memory(clock_of(&self.clock)).expect("a copy");
        self.reopen(reopened);
    }

    /// The machine is lost; an old copy takes its place, unless there is none. Answers whether there was one.
    pub fn put_back(&mut self, which: usize, noticed: bool) -> bool {
        let Some(copy) = self.copies.get(which) else { return false };
        let copy = copy.copy_in_memory(clock_of(&self.clock)).expect("a copy");
        self.copies.truncate(which + 1);
        self.reopen(copy);
        if noticed {
            self.desk.begin_new_life(self.mark).expect("a new life");
            self.mark = self.head().epoch;
        }
        true
    }

    /// Opens a book as the program does.
    fn reopen(&mut self, desk: Desk) {
        self.desk = desk;
        bulk::finish(self.desk.db_mut(), |_| {}).expect("interrupted work");
        self.set_lacks(self.lacks);
    }

    /// From now on the program does not know this action, or knows everything again.
    pub fn set_lacks(&mut self, lacks: Option<&'static str>) {
        self.lacks = lacks;
        let tx = self.desk.db_mut().write().expect("a write");
        tx.set_setting(knowledge::LACKS, lacks.unwrap_or_default()).expect("a setting");
        tx.commit().expect("a commit");
        knowledge::catch_up(self.desk.db_mut()).expect("what was paused");
    }
}
