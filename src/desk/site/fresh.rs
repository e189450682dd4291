//! Are this branch's rights fresh? A branch that has had no word from head office for longer than its rights are good for goes
//! on at the till; approvals stop until a bundle comes in. A site without head office signs its own rights, without limit.

use chrono::{DateTime, Days, NaiveDate};

use super::USUAL_DAYS;
use crate::derive::delegation::{self, Company};
use crate::desk::refusal::Refusal;
use crate::rules::id::Site;
use crate::store::{StoreError, Tx};

/// Actions that are approvals.
pub const APPROVALS: &[&str] = &["adjustment.check", "adjustment.decide", "bill.release", "order.void"];

/// Days before the end of the rights on which people are told.
const SOON_DAYS: i64 = 3;

/// When head office was last heard of, and how long that is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWord {
    /// Code of the head office.
    pub head_office: Site,
    /// Its name.
    pub name: String,
    /// The day of its last entry held here.
    pub day: NaiveDate,
    /// Days that is good for.
    pub good_for_days: i64,
}

impl LastWord {
    /// Is a day too late for approvals?
    pub fn is_stale(&self, day: NaiveDate) -> bool {
        day > self.until()
    }

    /// The last day on which approvals are given without another word.
    pub fn until(&self) -> NaiveDate {
        let days = Days::new(self.good_for_days.unsigned_abs());
        self.day.checked_add_days(days).unwrap_or(NaiveDate::MAX)
    }

    /// What people are told on a day: that approvals have stopped, or will in a few days.
    pub fn warning(&self, day: NaiveDate) -> Option<String> {
        let (heard, until) = (self.day.format("%m-%d"), self.until().format("%m-%d"));
        if self.is_stale(day) {
            return Some(format!(
                "审批权限 {until} 已到期 (总部最近的消息是 {heard} 的)，审批暂停，收费、受理照常；请到“交换”收进总部的交换包"
            ));
        }
        let left = (self.until() - day).num_days();
        (left < SOON_DAYS).then(|| {
            format!("审批权限 {until} 到期 (总部最近的消息是 {heard} 的)，之后审批暂停；请到“交换”收进总部的交换包")
        })
    }
}

/// The last word of a site's head office; nothing for a site without one. A stamp of head office from the future counts as
/// today's, so a wrong clock there gives nobody more time.
pub fn last_word(tx: &Tx<'_>, site: &Site, day: NaiveDate) -> Result<Option<LastWord>, StoreError> {
    let Some(company) = delegation::company(tx, site)? else { return Ok(None) };
    let head_office = company.head_office();
    let last = match tx.last_epoch(&head_office)? {
        Some(epoch) => tx.head(&head_office, epoch)?.and_then(|entry| date_of(&entry.at)),
        None => None,
    };
    let trusted = tx.entry(company.trust.entry)?.and_then(|entry| date_of(&entry.at));
    let heard = [last, trusted].into_iter().flatten().max().unwrap_or(day).min(day);
    Ok(Some(LastWord { head_office, day: heard, good_for_days: good_for(&company), name: company.trust.name }))
}

fn good_for(company: &Company) -> i64 {
    company.enrolment.as_ref().map_or(USUAL_DAYS, |row| row.good_for_days)
}

fn date_of(at: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(at).ok().map(|at| at.date_naive())
}

/// Refuses an approval when head office has not been heard of for too long.
pub fn require(tx: &Tx<'_>, site: &Site, action: &str, day: NaiveDate) -> Result<(), Refusal> {
    if !APPROVALS.contains(&action) {
        return Ok(());
    }
    match last_word(tx, site, day)?.filter(|word| word.is_stale(day)) {
        None => Ok(()),
        Some(word) => {
            let message = format!(
                "总部 {} 的交换包最近一次是 {} 的，已超过 {} 天，审批暂停；收费照常，请先导入总部的交换包",
                word.name, word.day, word.good_for_days
            );
            Err(Refusal::permission("R-003", message))
        }
    }
}
