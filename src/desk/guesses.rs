//! Wrong passwords are counted: by person, however the name was spelt, and by place, so that nobody at another terminal keeps a
//! person out of their own. Names that are nobody's share one count. What was typed as a name is kept nowhere: a password
//! typed there would stay. A count is forgotten in a day.

use super::password;
use crate::book::seal::Keys;
use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// Settings of this machine that are counts: `guesses:B03.1.2` or `guesses:B03.1.2:place`.
const COUNTS: &str = "guesses:";
/// Settings that say from where a person logged in.
const PLACES: &str = "logged_in:";
/// How programs of before kept counts, by the name as typed.
const OLD_COUNTS: &str = "login_failures:";
/// A count without a new failure is forgotten after this many seconds.
const FORGOTTEN_SECONDS: i64 = 24 * 3600;
/// A place from which a person has not logged in for this many seconds is as any other.
const PLACE_SECONDS: i64 = 90 * 24 * 3600;

/// Where a desk stands: the address it is reached from, else its terminal; kept as a keyed hash.
pub struct Place(String);

impl Place {
    /// A place by its name.
    pub fn of(keys: &Keys, name: &str) -> Self {
        let mut hasher = keys.keyed_hasher();
        hasher.update(b"login place");
        hasher.update(name.as_bytes());
        Self(hasher.finalize().to_hex()[..16].to_owned())
    }
}

/// The name of the place this process runs at, as its surroundings tell.
pub fn here() -> String {
    let far = std::env::var("SSH_CONNECTION").ok().and_then(|text| text.split(' ').next().map(str::to_owned));
    let terminal = || std::fs::read_link("/proc/self/fd/0").ok().map(|path| path.to_string_lossy().into_owned());
    far.or_else(|| terminal().filter(|path| path.starts_with("/dev/"))).unwrap_or_default()
}

/// The count that holds for one person at one place.
pub struct Guesses {
    name: String,
    failures: u32,
    last: i64,
}

impl Guesses {
    /// Reads the count of a person, or of names that are nobody's; forgets old ones.
    pub fn read(tx: &Tx<'_>, person: Option<Id>, place: &Place, now: i64) -> Result<Self, StoreError> {
        forget(tx, now)?;
        let name = match person {
            None => format!("{COUNTS}?"),
            Some(id) if tx.setting(&known_place(id, place))?.is_some() => format!("{COUNTS}{id}:{}", place.0),
            Some(id) => format!("{COUNTS}{id}"),
        };
        let kept = tx.setting(&name)?.unwrap_or_default();
        let (failures, last) = kept.split_once(' ').unwrap_or_default();
        Ok(Self { failures: failures.parse().unwrap_or(0), last: last.parse().unwrap_or(0), name })
    }

    /// How many seconds to wait still, if any.
    pub fn wait(&self, now: i64) -> Option<i64> {
        let wait = self.last + password::delay_seconds(self.failures) - now;
        (wait > 0 && self.failures > 0 && now >= self.last).then_some(wait)
    }

    /// One more was wrong.
    pub fn wrong(&self, tx: &Tx<'_>, now: i64) -> Result<(), StoreError> {
        tx.set_setting(&self.name, &format!("{} {now}", self.failures.saturating_add(1)))
    }

    /// It was right: this count ends, and the place is the person's from now on.
    pub fn right(&self, tx: &Tx<'_>, person: Id, place: &Place, now: i64) -> Result<(), StoreError> {
        if self.failures > 0 {
            tx.forget_setting(&self.name)?;
        }
        tx.set_setting(&known_place(person, place), &now.to_string())
    }
}

fn known_place(person: Id, place: &Place) -> String {
    format!("{PLACES}{person}:{}", place.0)
}

fn forget(tx: &Tx<'_>, now: i64) -> Result<(), StoreError> {
    for (name, _) in tx.settings_like(OLD_COUNTS)? {
        tx.wipe_setting(&name)?;
    }
    for (prefix, seconds) in [(COUNTS, FORGOTTEN_SECONDS), (PLACES, PLACE_SECONDS)] {
        for (name, value) in tx.settings_like(prefix)? {
            let last = value.rsplit(' ').next().and_then(|last| last.parse::<i64>().ok()).unwrap_or(0);
            if now - last > seconds {
                tx.forget_setting(&name)?;
            }
        }
    }
    Ok(())
}
