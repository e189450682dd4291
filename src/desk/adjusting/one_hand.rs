//! One administrator is not three people: whoever made an account, or set its password, may know how to log in with it. Within
//! thirty days that is named where the account checks or approves, and nobody may stand behind maker, checker and approver at
//! once.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use crate::desk::practice;
use crate::desk::proven::{self, Given, Proven};
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// For how long somebody who set a password may still know it.
const DAYS: u64 = 30;

/// Accounts made or reset by somebody else of late, in words: `李娜 的账号 11-20 由 刘主任 新建`.
pub fn notes(tx: &Tx<'_>, users: &[Id], day: NaiveDate) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    for user in users {
        let Some(person) = proven::of(tx, *user)? else { continue };
        for given in of_late(tx, &person, day)? {
            let Some(by) = given.by else { continue };
            let name = tx.user(by)?.map_or_else(|| by.to_string(), |user| user.name);
            let what = if given.made { "新建" } else { "重置密码" };
            let note = format!("{} 的账号 {} 由 {name} {what}", person.user.name, given.day.format("%m-%d"));
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    Ok(notes)
}

/// Refuses an approval when one person stands behind all three.
pub fn require_three_people(tx: &Tx<'_>, people: [Id; 3], day: NaiveDate) -> Result<(), Refusal> {
    let [maker, checker, approver] = people;
    let mut shared = behind(tx, maker, day)?;
    for other in [checker, approver] {
        let others = behind(tx, other, day)?;
        shared.retain(|user| others.contains(user));
    }
    let Some(one) = shared.first() else { return Ok(()) };
    let name = tx.user(*one)?.map_or_else(|| one.to_string(), |user| user.name);
    let message = format!(
        "经办、复核、批准三人的账号 {DAYS} 天内都由 {name} 掌握 (新建或重置过密码)，一个管理员不能顶三个人；\
         请由不是 {name} 新建或重置的人复核、批准"
    );
    Err(Refusal::permission("R-007", message))
}

/// The person, who made or reset the account of late, and who made theirs.
fn behind(tx: &Tx<'_>, user: Id, day: NaiveDate) -> Result<BTreeSet<Id>, StoreError> {
    let (mut found, mut ahead) = (BTreeSet::new(), vec![user]);
    while let Some(next) = ahead.pop() {
        if !found.insert(next) {
            continue;
        }
        if let Some(person) = proven::of(tx, next)? {
            ahead.extend(of_late(tx, &person, day)?.iter().filter_map(|given| given.by));
        }
    }
    Ok(found)
}

/// What others did to an account within [`DAYS`]. The people a practice branch begins with are nobody's.
fn of_late(tx: &Tx<'_>, person: &Proven, day: NaiveDate) -> Result<Vec<Given>, StoreError> {
    let first = day.checked_sub_days(Days::new(DAYS)).unwrap_or(day);
    let user = &person.user;
    let home = user.id.site();
    let ready = practice::is_one(&user.login) && proven::practice(tx, &home)?.unwrap_or(true);
    let counts = |given: &&Given| {
        given.by.is_some_and(|by| by != user.id) && given.day >= first && given.day <= day && !(ready && given.made)
    };
    Ok(person.given.iter().filter(counts).copied().collect())
}
