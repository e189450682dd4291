//! Whose word on rights counts. A site without head office signs its own rights. A branch that trusts a head office gives the
//! roles head office delegated to it, to its own users; what it gave before it trusted one stays, because head office enrolled
//! it as it stood. Head office's own grants always count. A grant beyond that gives nothing (`desk::rights`) and is shown as a
//! clash of the user with the enrolment, until head office gives the role itself, delegates it, or it is withdrawn.
//!
//! Merge: by what the books say now, never by when a word arrived: a delegation taken back takes back what rests on it.

use super::Fx;
use super::cross::Cross;
use super::site::{TRUST, subject_of, words};
use crate::book::subject::Kind;
use crate::rules::id::{Id, Site};
use crate::store::tables::site::SiteBondRow;
use crate::store::tables::user::UserRoleRow;
use crate::store::{StoreError, Tx};

/// A role given beyond what head office delegated: `B03.1.7 data_director`.
pub const BEYOND: Cross = Cross { what: "role_delegation", kind: Kind::User, holders, several, of };

/// A site's head office as the books say.
#[derive(Debug, Clone)]
pub struct Company {
    /// The branch's own word: whom it trusts.
    pub trust: SiteBondRow,
    /// The head office's word on the branch, when it is known.
    pub enrolment: Option<SiteBondRow>,
}

impl Company {
    /// Code of the head office.
    pub fn head_office(&self) -> Site {
        self.trust.site.site()
    }

    /// Roles the branch may give; none while head office's word is not known yet, and then the branch goes on as before.
    pub fn roles(&self) -> Option<Vec<String>> {
        self.enrolment.as_ref().map(|row| words(&row.roles))
    }
}

/// The company a site belongs to: the head office it named last.
pub fn company(tx: &Tx<'_>, site: &Site) -> Result<Option<Company>, StoreError> {
    let trusted = tx.bonds_by(site.as_str(), TRUST)?.into_iter().max_by_key(|row| row.entry);
    let Some(trust) = trusted else { return Ok(None) };
    let enrolment = tx.bond(subject_of(site), trust.site.site().as_str())?;
    Ok(Some(Company { trust, enrolment: enrolment.filter(|row| row.kind == super::site::ENROL) }))
}

/// May a role of a user, as it was given, count? Answers the enrolment it goes beyond when not.
pub fn beyond(tx: &Tx<'_>, row: &UserRoleRow) -> Result<Option<Id>, StoreError> {
    let (giver, home) = (row.entry.site(), row.user.site());
    let Some(company) = company(tx, &home)? else { return Ok(None) };
    if giver == company.head_office() {
        return Ok(None);
    }
    let Some(enrolment) = &company.enrolment else { return Ok(None) };
    let earlier = giver == home && row.entry < company.trust.entry;
    let delegated = giver == home && words(&enrolment.roles).contains(&row.role);
    if earlier || delegated {
        return Ok(None);
    }
    // Taking a role away is nothing given.
    let day = tx.entry(row.entry)?.map(|entry| entry.business_day);
    let taken = day.is_some_and(|day| row.last_day.is_some_and(|last| last < day));
    Ok((!taken).then_some(enrolment.entry))
}

/// A word about trust or delegation may move any right of the site's users, and the approvals that rest on them.
pub(super) fn rights_may_have_moved(fx: &mut Fx<'_, '_>) {
    fx.dirty.insert(BEYOND.what);
    fx.dirty.insert(super::request::APPROVAL_RIGHT.what);
}

/// How a role of a user is named in the second pass.
pub fn number(user: Id, role: &str) -> String {
    format!("{user} {role}")
}

fn holders(tx: &Tx<'_>, number: &str) -> Result<Vec<Id>, StoreError> {
    let Some((user, role)) = number.split_once(' ') else { return Ok(Vec::new()) };
    let Ok(user) = user.parse::<Id>() else { return Ok(Vec::new()) };
    let Some(row) = tx.role_of(user, role)? else { return Ok(Vec::new()) };
    Ok(beyond(tx, &row)?.map(|enrolment| vec![user, enrolment]).unwrap_or_default())
}

fn several(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for row in tx.scan::<UserRoleRow>(&[])? {
        if beyond(tx, &row)?.is_some() {
            found.push(number(row.user, &row.role));
        }
    }
    Ok(found)
}

fn of(tx: &Tx<'_>, user: Id) -> Result<Vec<String>, StoreError> {
    Ok(tx.roles_of(user)?.into_iter().map(|row| number(row.user, &row.role)).collect())
}
