//! Copies every hour (每小时备份) into a folder on another disk: each proved like any copy, the last 24 kept, and the last one of
//! each of 14 days. A place that fails is told on home; it never stops work.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, FixedOffset};

use super::Desk;
use super::copies::{beside, prove};
use super::refusal::Refusal;
use crate::store::Tx;
use crate::store::companions::is_set_aside;

/// Where the copies go.
pub(super) const PLACE: &str = "backup_dir";
/// When one was last tried.
const TRIED: &str = "backup_tried";
/// Why the last one failed.
const FAULT: &str = "backup_fault";
/// Copies kept whatever their day.
const HOURS: usize = 24;
/// Days of which the last copy is kept.
const DAYS: usize = 14;
/// Ending of a copy's name.
const ENDING: &str = ".db";

impl Desk {
    /// Sets where a copy goes every hour, and makes the first one; `None` ends it. Answers the first copy's file.
    pub fn backup_every_hour(&mut self, place: Option<&Path>) -> Result<Option<PathBuf>, Refusal> {
        let text = match place {
            None => String::new(),
            Some(place) => {
                let place = std::fs::canonicalize(place).ok().filter(|place| place.is_dir());
                let place = place.ok_or_else(|| Refusal::usage("备份的文件夹不存在，请先建好或插好盘"))?;
                place.to_str().ok_or_else(|| Refusal::usage("文件夹的名字不是正常文字，请换一个"))?.to_owned()
            }
        };
        self.remember(PLACE, &text)?;
        self.remember(FAULT, "")?;
        if text.is_empty() {
            return Ok(None);
        }
        let made = self.backup_into(Path::new(&text))?;
        self.remember(TRIED, &self.now().to_rfc3339())?;
        Ok(Some(made))
    }

    /// Makes the hour's copy when it is due. Answers what failed; the next hour tries again.
    pub fn backup_if_due(&mut self) -> Option<String> {
        if is_set_aside(self.path()) {
            return None;
        }
        let place = self.look().ok()?.setting(PLACE).ok()?.filter(|place| !place.is_empty())?;
        let tried = self.look().ok()?.setting(TRIED).ok()?;
        let tried = tried.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
        let now = self.now();
        // A clock that was set back must not stop the copies.
        if tried.is_some_and(|at| at <= now && now - at < Duration::hours(1)) {
            return None;
        }
        let fault = match self.backup_into(Path::new(&place)) {
            Ok(_) => String::new(),
            Err(refusal) => format!("自动备份到 {place} 没有做成：{}", refusal.message()),
        };
        let kept = self.remember(TRIED, &now.to_rfc3339()).and_then(|()| self.remember(FAULT, &fault));
        let fault = kept.map_or_else(|refusal| refusal.message(), |()| fault);
        (!fault.is_empty()).then_some(fault)
    }

    pub(super) fn remember(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let tx = self.db_mut().write()?;
        tx.set_setting(name, value)?;
        Ok(tx.commit()?)
    }

    pub(super) fn backup_into(&mut self, folder: &Path) -> Result<PathBuf, Refusal> {
        if !folder.is_dir() {
            return Err(Refusal::usage(format!("{} 不在，请检查盘是否插好", folder.display())));
        }
        let file = folder.join(file_name(self.site().as_str(), self.now()));
        let part = beside(&file, ".part");
        let tidy = || {
            for tail in ["", "-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(beside(&part, tail));
            }
        };
        tidy();
        let proved = self.db().backup_to(&part).map_err(Refusal::from).and_then(|()| prove(&part));
        let copy = proved.inspect_err(|_| tidy())?;
        let fault = |error: std::io::Error| Refusal::data(format!("写 {} 出错：{error}", file.display()));
        std::fs::File::open(&part).and_then(|copy| copy.sync_all()).map_err(fault)?;
        std::fs::rename(&part, &file).map_err(fault)?;
        let _ = self.note_copy(&copy.upto); // not noted, more of the second copy is kept
        let names = names_in(folder, self.site().as_str());
        for old in to_drop(&names) {
            let _ = std::fs::remove_file(folder.join(old));
        }
        Ok(file)
    }
}

/// Why the last copy of the hour was not made.
pub fn fault(tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
    Ok(tx.setting(FAULT)?.filter(|fault| !fault.is_empty()))
}

/// `B03-20261121-1900.db`.
fn file_name(site: &str, at: DateTime<FixedOffset>) -> String {
    format!("{site}-{}{ENDING}", at.format("%Y%m%d-%H%M"))
}

/// The copies of a site in a folder, the oldest first; nothing else there is touched.
fn names_in(folder: &Path, site: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| is_copy(name, site));
    names.sort();
    names
}

fn is_copy(name: &str, site: &str) -> bool {
    let stamp =
        name.strip_prefix(site).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.strip_suffix(ENDING));
    stamp.is_some_and(|stamp| {
        stamp.len() == 13
            && stamp.bytes().enumerate().all(|(at, byte)| if at == 8 { byte == b'-' } else { byte.is_ascii_digit() })
    })
}

/// Which copies go: all but the newest [`HOURS`], and the last one of each of the newest [`DAYS`] days.
fn to_drop(names: &[String]) -> Vec<&String> {
    let mut days = BTreeSet::new();
    let mut dropped = Vec::new();
    for (age, name) in names.iter().rev().enumerate() {
        let day = name.rsplit_once('-').map_or(name.as_str(), |(day, _)| day);
        let last_of_day = !days.contains(day) && days.len() < DAYS;
        if last_of_day {
            days.insert(day);
        }
        if age >= HOURS && !last_of_day {
            dropped.push(name);
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_hours_and_a_fortnight_of_days_are_kept() {
        let mut names = Vec::new();
        for day in 1..=20 {
            names.extend((0..24).map(|hour| format!("B03-202611{day:02}-{hour:02}00.db")));
        }
        let dropped: BTreeSet<&String> = to_drop(&names).into_iter().collect();
        let kept: Vec<&String> = names.iter().filter(|name| !dropped.contains(name)).collect();
        assert_eq!(kept.len(), 24 + 13);
        assert_eq!(kept[0], "B03-20261107-2300.db");
        assert_eq!(kept[12], "B03-20261119-2300.db");
        assert_eq!(kept[13], "B03-20261120-0000.db");
        assert!(to_drop(&names[..24]).is_empty());
    }

    #[test]
    fn only_copies_of_this_site_are_counted() {
        assert!(is_copy("B03-20261121-1900.db", "B03"));
        for other in ["B04-20261121-1900.db", "B03-20261121-1900.db.part", "B03-notes.db", "B03-2026-11-21-19.db"] {
            assert!(!is_copy(other, "B03"), "{other}");
        }
    }
}
