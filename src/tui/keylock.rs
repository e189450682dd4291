//! The keyboard after a "no", after a letter that nothing takes, and before a screen that nobody asked for: keys already on their way
//! were meant for something else.
//!
//! They are dropped and counted, never fed to the refused form or to a popup that its typist has not seen. Once the picture was shown,
//! [`QUIET`] without a key, or Esc, opens the keyboard again. The time of a key is when it was heard, not when its turn came; whoever
//! drives the stack says what time it is, so a test needs no clock.

use super::key::{Code, Key};
use std::time::Duration;

/// So long without a key, once the picture was shown: the hand has stopped, what comes now is meant.
pub const QUIET: Duration = Duration::from_millis(400);

/// Keys nearer to each other than this come from no hand: an Esc among them is part of the burst.
const BURST: Duration = Duration::from_millis(5);

/// Why keys on their way are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// What was asked for was refused.
    Refused,
    /// A popup or form opened by itself.
    Opened,
    /// A letter or digit was typed where nothing takes one: the hand is on another screen than the eye.
    NoField,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is not taken.
    Dropped,
    /// It opens the keyboard and means nothing else.
    Opens,
    /// The keyboard is open: it means what it always means.
    Taken,
}

/// A locked keyboard.
#[derive(Clone, Copy, Debug)]
pub struct KeyLock {
    why: Why,
    dropped: usize,
    /// The last key, or the moment the picture was shown; `None` until then.
    quiet_since: Option<Duration>,
}

impl KeyLock {
    /// Locks; what an earlier lock had dropped counts on.
    pub fn new(why: Why, before: Option<Self>) -> Self {
        // The letter that nothing took is the first of those not taken.
        let first = usize::from(why == Why::NoField);
        Self { why, dropped: before.map_or(0, |lock| lock.dropped) + first, quiet_since: None }
    }

    /// The picture that says why was shown.
    pub fn shown(&mut self, now: Duration) {
        self.quiet_since = self.quiet_since.or(Some(now));
    }

    /// A key, or a paste (`None`), heard at this moment.
    pub fn hear(&mut self, key: Option<Key>, at: Duration) -> Turn {
        if let Some(since) = self.quiet_since.filter(|since| at >= *since) {
            let gap = at - since;
            let leaves = [Key::ctrl('q'), Key::f(12)]; // leaving and locking harm nobody
            if gap >= QUIET || key.is_some_and(|key| leaves.contains(&key)) {
                return Turn::Taken;
            }
            if gap >= BURST && key.is_some_and(|key| key.is(Code::Esc)) {
                return Turn::Opens;
            }
            self.quiet_since = Some(at);
        }
        self.dropped += 1;
        Turn::Dropped
    }

    /// What is said about keys that were not taken; nothing while there are none.
    pub fn words(&self) -> Option<String> {
        let words = match self.why {
            Why::Refused => crate::text::toolkit::not_taken(self.dropped),
            Why::Opened => crate::text::toolkit::not_taken_yet(self.dropped),
            Why::NoField => crate::text::toolkit::not_typed(self.dropped),
        };
        (self.dropped > 0).then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn lock() -> KeyLock {
        KeyLock::new(Why::Refused, None)
    }

    const A: Option<Key> = Some(Key::char('a'));
    const ESC: Option<Key> = Some(Key::plain(Code::Esc));

    #[test]
    fn nothing_is_taken_before_the_picture_was_shown_not_even_escape() {
        let mut lock = lock();
        for key in [A, ESC, None, A] {
            assert_eq!(lock.hear(key, ms(9_000)), Turn::Dropped);
        }
        assert!(lock.words().unwrap().contains(" 4 "));
    }

    #[test]
    fn a_key_heard_before_the_picture_is_dropped_whenever_its_turn_comes() {
        let mut lock = lock();
        lock.shown(ms(1_000));
        assert_eq!(lock.hear(A, ms(999)), Turn::Dropped);
        assert_eq!(lock.hear(ESC, ms(300)), Turn::Dropped, "a key of the queue");
        assert_eq!(lock.hear(A, ms(1_400)), Turn::Taken);
    }

    #[test]
    fn four_tenths_of_a_second_without_a_key_open_it_and_each_key_begins_them_anew() {
        let mut lock = lock();
        lock.shown(ms(0));
        assert_eq!(lock.hear(A, ms(399)), Turn::Dropped);
        assert_eq!(lock.hear(A, ms(798)), Turn::Dropped);
        assert_eq!(lock.hear(A, ms(1_198)), Turn::Taken);
    }

    #[test]
    fn escape_opens_it_once_seen_but_not_within_a_burst() {
        let mut lock = lock();
        lock.shown(ms(0));
        assert_eq!(lock.hear(A, ms(20)), Turn::Dropped);
        assert_eq!(lock.hear(ESC, ms(21)), Turn::Dropped, "it came with the key before");
        assert_eq!(lock.hear(ESC, ms(60)), Turn::Opens);
    }

    #[test]
    fn the_way_out_is_never_barred_once_seen() {
        let mut lock = lock();
        assert_eq!(lock.hear(Some(Key::ctrl('q')), ms(0)), Turn::Dropped);
        lock.shown(ms(0));
        assert_eq!(lock.hear(Some(Key::ctrl('q')), ms(1)), Turn::Taken);
    }
}
