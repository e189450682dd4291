//! Whose word on rights counts. A site without head office signs its own rights. A branch that trusts a head office gives the
//! roles head office delegated to it, to its own users; what it gave before it trusted any stays, because head office enrolled
//! it as it stood. A second head office counts only when the first lets the branch go; till then its word is a question.
//! Where no word of the first is known (a book made anew from the second's bundles), the branch's own later word counts. Head office's own grants always count. A grant beyond that gives nothing (`desk::rights`) and is shown as a
//! clash of the user with the enrolment, until head office gives the role itself, delegates it, or it is withdrawn.
//!
//! Merge: by what the books say now, never by when a word arrived: a delegation taken back takes back what rests on it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

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

/// A branch that named more than one head office. The number is the branch.
pub const TRUSTS: Cross = Cross {
    what: "site_trust",
    kind: Kind::Site,
    holders: |tx, branch| {
        let named: BTreeSet<Id> = tx.bonds_by(branch, TRUST)?.into_iter().map(|row| row.first).collect();
        Ok(named.into_iter().collect())
    },
    several: |tx| {
        let mut named = BTreeMap::new();
        for row in tx.scan::<SiteBondRow>(&[])?.into_iter().filter(|row| row.kind == TRUST) {
            *named.entry(row.by).or_insert(0) += 1;
        }
        Ok(named.into_iter().filter(|(_, count)| *count > 1).map(|(branch, _)| branch).collect())
    },
    of: |tx, office| Ok(tx.bonds_of(office)?.into_iter().filter(|row| row.kind == TRUST).map(|row| row.by).collect()),
};

/// A site's head office as the books say.
#[derive(Debug, Clone)]
pub struct Company {
    /// The branch's own word: whom it trusts.
    pub trust: SiteBondRow,
    /// The head office's word on the branch, when it is known.
    pub enrolment: Option<SiteBondRow>,
    /// The branch's first word on any head office: what it gave before stays.
    pub since: Id,
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

    /// What it means for grants.
    pub fn delegation(&self) -> Delegation {
        let enrolment = self.enrolment.as_ref().map(|row| (row.entry, words(&row.roles)));
        Delegation { head_office: self.head_office(), since: self.since, enrolment }
    }
}

/// What a branch may give by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its head office, whose grants always count.
    pub head_office: Site,
    /// The first word of the branch that it has one.
    pub since: Id,
    /// Head office's enrolment and the roles it delegates, when that word is known.
    pub enrolment: Option<(Id, Vec<String>)>,
}

impl Delegation {
    /// The enrolment that a grant goes beyond; none when it counts, or is no more than a role taken away.
    pub fn beyond(&self, row: &UserRoleRow, given: Option<NaiveDate>) -> Option<Id> {
        let (giver, home) = (row.entry.site(), row.user.site());
        let (enrolment, roles) = self.enrolment.as_ref().filter(|_| giver != self.head_office)?;
        let earlier = giver == home && row.entry < self.since;
        let delegated = giver == home && roles.contains(&row.role);
        let taken = given.is_some_and(|day| row.last_day.is_some_and(|last| last < day));
        (!earlier && !delegated && !taken).then_some(*enrolment)
    }
}

/// A head office's word on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// None is known here.
    Unknown,
    /// The branch is its own.
    Keeps,
    /// It lets the branch go to the site of this code.
    HandedTo(String),
}

impl Word {
    /// By an enrolment, where there is one.
    pub fn of(enrolment: Option<Option<String>>) -> Self {
        enrolment.map_or(Self::Unknown, |handed_to| handed_to.map_or(Self::Keeps, Self::HandedTo))
    }
}

/// Whom a branch belongs to: the head office it named first, or the one to which that let it go. `named` has the first words
/// of the branch on each head office; `word` says what a head office says of it. A book made anew from the bundles of a later head
/// office holds no word of the earlier one: there the branch's own later word stands for it, which it could give only once let go.
pub fn belongs_to<E>(
    mut named: Vec<(Id, Site)>,
    mut word: impl FnMut(&Site) -> Result<Word, E>,
) -> Result<Option<(Id, Site)>, E> {
    named.sort();
    let Some((since, mut office)) = named.first().cloned() else { return Ok(None) };
    let mut at = named.remove(0).0;
    loop {
        let next = match word(&office)? {
            Word::Keeps => None,
            Word::Unknown => named.iter().position(|(later, _)| *later > at),
            Word::HandedTo(next) => named.iter().position(|(_, site)| site.as_str() == next),
        };
        let Some(index) = next else { break };
        (at, office) = named.remove(index);
    }
    Ok(Some((since, office)))
}

/// The company a site belongs to.
pub fn company(tx: &Tx<'_>, site: &Site) -> Result<Option<Company>, StoreError> {
    let trusted = tx.bonds_by(site.as_str(), TRUST)?;
    let named = trusted.iter().map(|row| (row.first, row.site.site())).collect();
    let enrolment = |office: &Site| -> Result<_, StoreError> {
        Ok(tx.bond(subject_of(site), office.as_str())?.filter(|row| row.kind == super::site::ENROL))
    };
    let found = belongs_to(named, |office| Ok::<_, StoreError>(Word::of(enrolment(office)?.map(|row| row.handed_to))))?;
    let Some((since, office)) = found else { return Ok(None) };
    let Some(trust) = trusted.into_iter().find(|row| row.site.site() == office) else { return Ok(None) };
    Ok(Some(Company { trust, enrolment: enrolment(&office)?, since }))
}

/// May a role of a user, as it was given, count? Answers the enrolment it goes beyond when not.
pub fn beyond(tx: &Tx<'_>, row: &UserRoleRow) -> Result<Option<Id>, StoreError> {
    let Some(company) = company(tx, &row.user.site())? else { return Ok(None) };
    let given = tx.entry(row.entry)?.map(|entry| entry.calendar_day());
    Ok(company.delegation().beyond(row, given))
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
