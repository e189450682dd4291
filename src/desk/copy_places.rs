//! Where the copies of a book go (随写副本, 每小时备份) when another book takes its place: the places are this machine's, not the copy's.

use super::refusal::Refusal;
use super::since::Old;
use super::{hourly, tail};
use crate::store::Tx;

/// The places after a book was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyPlaces {
    /// The second copy's.
    pub second: Option<String>,
    /// That of the copies of every hour.
    pub hourly: Option<String>,
    /// The old book could not be read: what it had set is not known.
    pub unknown: bool,
}

/// What the old book had set, of each setting.
pub(super) fn of_old(old: Option<&Old>) -> Option<[(&'static str, String); 2]> {
    let set = |old: &Old, name| (name, old.setting(name).unwrap_or_default());
    old.map(|old| [set(old, tail::PLACE), set(old, hourly::PLACE)])
}

impl CopyPlaces {
    /// Sets in the new book what the old one had, where that could be read, and answers what stands there now.
    pub(super) fn carry(tx: &Tx<'_>, old: Option<&[(&'static str, String); 2]>) -> Result<Self, Refusal> {
        for (name, place) in old.into_iter().flatten() {
            tx.set_setting(name, place)?;
        }
        let set = |name: &str| Ok::<_, Refusal>(tx.setting(name)?.filter(|place| !place.is_empty()));
        Ok(Self { second: set(tail::PLACE)?, hourly: set(hourly::PLACE)?, unknown: old.is_none() })
    }

    /// What a person must know, a sentence a line; nothing where nothing was set.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        match (&self.second, self.unknown) {
            (Some(place), _) => said.push(format!("随写副本照旧写到 {place}")),
            (None, true) => said.push(
                "注意：原来的库读不出，随写副本现在没有开：原来设过的，请用 backup tail --to 文件夹 重新设".to_owned(),
            ),
            (None, false) => {}
        }
        match (&self.hourly, self.unknown) {
            (Some(place), _) => said.push(format!("每小时备份照旧写到 {place}")),
            (None, true) => said.push(
                "注意：原来的库读不出，每小时备份现在没有开：原来设过的，请用 backup --every-hour 文件夹 重新设"
                    .to_owned(),
            ),
            (None, false) => {}
        }
        said
    }
}
