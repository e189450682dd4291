//! Time behind a parameter, and the hybrid logical clock (HLC) that orders entries: milliseconds of the author's clock
//! shifted by 16, counted up where the clock stands or goes back, so it always rises along a site's chain.

use chrono::{DateTime, FixedOffset, TimeZone, Utc};

use crate::store::{StoreError, Tx};

/// A stamp further ahead than this never moves the local clock: milliseconds.
pub const AHEAD: i64 = 5 * 60_000;

/// A stamp further ahead than this is an exception (疑问): milliseconds.
pub const FAR_AHEAD: i64 = 24 * 3_600_000;

/// Setting that keeps the highest stamp taken from other sites.
const SEEN: &str = "hlc_seen";

/// The one time zone of every branch: +08:00.
pub fn zone() -> FixedOffset {
    const EAST_8: Option<FixedOffset> = FixedOffset::east_opt(8 * 3600);
    const { EAST_8.expect("eight hours are a valid offset") }
}

/// Where the time comes from.
pub trait Clock: Send {
    /// Now, in +08:00.
    fn now(&self) -> DateTime<FixedOffset>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<FixedOffset> {
        Utc::now().with_timezone(&zone())
    }
}

/// A clock that stands still until it is set; for tests and `demo`.
pub struct FixedClock(pub std::sync::Arc<std::sync::atomic::AtomicI64>);

impl FixedClock {
    /// Stands at a moment.
    pub fn at(moment: DateTime<FixedOffset>) -> Self {
        Self(std::sync::Arc::new(std::sync::atomic::AtomicI64::new(moment.timestamp_millis())))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<FixedOffset> {
        let millis = self.0.load(std::sync::atomic::Ordering::Relaxed);
        zone().timestamp_millis_opt(millis).single().unwrap_or_default()
    }
}

/// A clock that began at a moment of its own when the program started, and runs from there. Practice branches of `demo` live on
/// such a day, because the built-in calendar ends with a year.
pub struct PinnedClock {
    start: DateTime<FixedOffset>,
    since: std::time::Instant,
}

impl PinnedClock {
    /// Says `start` now.
    pub fn from(start: DateTime<FixedOffset>) -> Self {
        Self { start, since: std::time::Instant::now() }
    }
}

impl Clock for PinnedClock {
    fn now(&self) -> DateTime<FixedOffset> {
        chrono::Duration::from_std(self.since.elapsed()).map_or(self.start, |elapsed| self.start + elapsed)
    }
}

/// A clock that runs like the machine's from another clock's moment on: for a second thread beside a desk.
pub struct RunningClock {
    from: DateTime<FixedOffset>,
    since: std::time::Instant,
}

impl RunningClock {
    /// Runs from this moment.
    pub fn from(moment: DateTime<FixedOffset>) -> Self {
        Self { from: moment, since: std::time::Instant::now() }
    }
}

impl Clock for RunningClock {
    fn now(&self) -> DateTime<FixedOffset> {
        let passed = chrono::Duration::from_std(self.since.elapsed()).unwrap_or_default();
        self.from.checked_add_signed(passed).unwrap_or(self.from)
    }
}

/// The next HLC after `last` for a clock that says `now`.
pub fn tick(last: i64, now: DateTime<FixedOffset>) -> i64 {
    stamp(now).max(last.saturating_add(1))
}

/// The moment of milliseconds since 1970.
pub fn moment_of(millis: i64) -> Option<DateTime<FixedOffset>> {
    zone().timestamp_millis_opt(millis).single()
}

/// Milliseconds since 1970 that an HLC stands for.
pub fn millis(hlc: i64) -> i64 {
    hlc >> 16
}

/// The order key a moment begins with.
pub fn stamp(moment: DateTime<FixedOffset>) -> i64 {
    moment.timestamp_millis().max(0) << 16
}

/// How far a stamp is ahead of a clock, in milliseconds; 0 when it is not.
pub fn ahead(hlc: i64, now: DateTime<FixedOffset>) -> i64 {
    (millis(hlc) - now.timestamp_millis()).max(0)
}

/// The highest stamp taken from other sites, 0 for none.
pub fn seen(tx: &Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.setting(SEEN)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Does no entry of this book bear the highest stamp that was taken, so that somebody else wrote it? Answers what stands there.
pub fn strange_seen(tx: &Tx<'_>) -> Result<Option<String>, StoreError> {
    let Some(text) = tx.setting(SEEN)? else { return Ok(None) };
    let borne = match text.parse() {
        Ok(0) => true,
        Ok(hlc) => tx.is_stamp(hlc)?,
        Err(_) => false,
    };
    Ok((!borne).then_some(text))
}

/// Puts a stamp in the place of one that no entry bears: that of the newest entry not ahead of this clock.
pub fn put_seen_right(tx: &Tx<'_>, now: DateTime<FixedOffset>) -> Result<(), StoreError> {
    if strange_seen(tx)?.is_some() {
        let until = stamp(now).saturating_add(AHEAD << 16);
        tx.set_setting(SEEN, &tx.newest_stamp(until)?.to_string())?;
    }
    Ok(())
}

/// Entries of another site have come: what is written here from now on sorts after them, but for those whose stamp is more than five
/// minutes ahead of this clock. Answers whether they moved anything.
pub fn observe(
    tx: &Tx<'_>,
    stamps: impl IntoIterator<Item = i64>,
    now: DateTime<FixedOffset>,
) -> Result<bool, StoreError> {
    let Some(last) = stamps.into_iter().filter(|hlc| ahead(*hlc, now) <= AHEAD).max() else { return Ok(false) };
    let moves = last > seen(tx)?;
    if moves {
        tx.set_setting(SEEN, &last.to_string())?;
    }
    Ok(moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_rises_when_the_clock_goes_back() {
        let later = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap();
        let earlier = zone().with_ymd_and_hms(2025, 11, 21, 10, 0, 0).unwrap();
        let first = tick(0, later);
        let second = tick(first, earlier);
        assert_eq!(second, first + 1);
        assert_eq!(millis(second), later.timestamp_millis());
    }
}
