//! A person as the entries say, each entry held against its hash and its neighbours: verifier, roles, who gave the password.
//! A derived row that another tool changed gives nothing here; it can only take away.

use chrono::NaiveDate;

use crate::book::seal::verifier;
use crate::book::subject::{self, Kind, Subject};
use crate::book::verify;
use crate::derive::delegation::{Delegation, Word, belongs_to};
use crate::derive::site::{SiteAmended, SiteEnrolled, SiteOpened, subject_of};
use crate::derive::user::Person;
use crate::derive::{DeriveError, Event, parties, twin, whose};
use crate::rules::id::{Id, Site};
use crate::store::entries::EntryRow;
use crate::store::tables::user::{UserRoleRow, UserRow};
use crate::store::{StoreError, Tx};

/// What is said about a user after they were added.
const WORDS: [&str; 4] = ["user.right", "user.reset", "user.password", "user.close"];

/// A user whose entries were checked.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The user; `active` only when the derived row does not say otherwise.
    pub user: UserRow,
    /// Roles, past and present; not those of which the derived rows say something else.
    pub roles: Vec<UserRoleRow>,
    /// Who made the account or set its password, oldest first.
    pub given: Vec<Given>,
}

/// An account was made, or its password set by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Who; none: the program itself, when the book began.
    pub by: Option<Id>,
    /// On which day.
    pub day: NaiveDate,
    /// The account was made; else its password reset.
    pub made: bool,
    /// The person chose a password of their own since.
    pub changed: bool,
}

impl Proven {
    /// Is the password the one somebody else gave?
    pub fn must_change(&self) -> bool {
        self.given.last().is_some_and(|given| given.by.is_some_and(|by| by != self.user.id) && !given.changed)
    }

    /// What a session remembers of the password: set anew, it ends the session.
    pub fn mark(&self) -> [u8; 32] {
        verifier::mark(&self.user.password)
    }
}

/// A user by id.
pub fn of(tx: &Tx<'_>, id: Id) -> Result<Option<Proven>, StoreError> {
    let Some(added) = tx.entry(id)?.filter(|row| row.action == "user.add") else { return Ok(None) };
    let mut rows = vec![added];
    for action in WORDS {
        rows.extend(tx.rights_entries(action, &format!("u{id}"))?);
        if id.is_twin() {
            rows.extend(tx.rights_entries(action, &format!("u{}", id.main()))?);
        }
    }
    let mut ordered = Vec::with_capacity(rows.len());
    for row in rows {
        let row = twin::as_meant(tx, checked(tx, row)?)?;
        let said = parties::said(&row.subjects, row.id);
        // What another site says of somebody who is not its own counts for nothing.
        if said.contains(&Subject::new(Kind::User, id)) && whose::fault(tx, &row, &said, &row.payload)?.is_none() {
            ordered.push((tx.order_key(&row)?, row));
        }
    }
    ordered.sort_by_key(|(key, row)| (*key, row.id));
    let (mut person, mut given) = (Person::default(), Vec::<Given>::new());
    for (_, row) in &ordered {
        let event = Event { subject: id, id: row.id, entry: row, body: &row.payload };
        match person.hear(&event) {
            Ok(()) => note(&mut given, row),
            Err(DeriveError::Store(error)) => return Err(error),
            Err(DeriveError::Body(_)) => break, // a newer program's word: the user is paused from here on
        }
    }
    let Some(mut user) = person.user else { return Ok(None) };
    user.active &= tx.user(id)?.is_none_or(|row| row.active);
    let derived = tx.roles_of(id)?;
    let differs =
        |role: &UserRoleRow| derived.iter().any(|row| row.role == role.role && row.site == role.site && row != role);
    let mut roles: Vec<UserRoleRow> = person.roles.into_iter().filter(|role| !differs(role)).collect();
    roles.sort_by(|a, b| (&a.role, &a.site).cmp(&(&b.role, &b.site)));
    Ok(Some(Proven { user, roles, given }))
}

fn note(given: &mut Vec<Given>, row: &EntryRow) {
    let by = row.actor.parse::<Id>().ok();
    match row.action.as_str() {
        "user.add" | "user.reset" => {
            let made = row.action == "user.add";
            given.push(Given { by, day: row.calendar_day(), made, changed: false });
        }
        "user.password" => given.iter_mut().for_each(|given| given.changed = true),
        _ => {}
    }
}

/// Who may sit down at this site under a login name. Without a derived row of that name (a book that must be rebuilt) the site's
/// own users are looked for among the entries.
pub fn at_desk(tx: &Tx<'_>, site: &Site, login: &str) -> Result<Option<Proven>, StoreError> {
    let name = login.split_once('@').map_or(login, |(name, _)| name);
    if let Some(row) = tx.user_at_desk(login)? {
        return Ok(of(tx, row.id)?.filter(|proven| proven.user.login == name));
    }
    if login.split_once('@').is_some_and(|(_, home)| !site.as_str().eq_ignore_ascii_case(home)) {
        return Ok(None);
    }
    for row in tx.rights_entries("user.add", "u")?.into_iter().filter(|row| row.site == site.as_str()) {
        if tx.user(row.id)?.is_some() {
            continue;
        }
        if let Some(proven) = of(tx, row.id)?.filter(|proven| proven.user.login == name) {
            return Ok(Some(proven));
        }
    }
    Ok(None)
}

/// Whose grants count at a site, as its own and its head office's entries say.
pub fn delegation(tx: &Tx<'_>, home: &Site) -> Result<Option<Delegation>, StoreError> {
    let mut named: Vec<(Id, Site)> = Vec::new();
    for row in tx.trust_entries(home)? {
        let row = checked(tx, row)?;
        let office = subject::read(&row.subjects, row.id).and_then(|all| all.into_iter().flatten().next());
        if let Some(office) =
            office.map(|subject| subject.id.site()).filter(|office| named.iter().all(|(_, known)| known != office))
        {
            named.push((row.id, office));
        }
    }
    if named.is_empty() {
        return Ok(None);
    }
    let word = |office: &Site| Ok::<_, StoreError>(Word::of(enrolment(tx, home, office)?.map(|known| known.handed_to)));
    let Some((since, head_office)) = belongs_to(named, word)? else { return Ok(None) };
    let enrolment = enrolment(tx, home, &head_office)?.map(|known| (known.entry, known.roles));
    Ok(Some(Delegation { head_office, since, enrolment }))
}

struct Enrolment {
    entry: Id,
    roles: Vec<String>,
    handed_to: Option<String>,
}

fn enrolment(tx: &Tx<'_>, home: &Site, office: &Site) -> Result<Option<Enrolment>, StoreError> {
    let subject = format!("i{}", subject_of(home));
    let mut rows = tx.rights_entries("site.enrol", &subject)?;
    rows.extend(tx.rights_entries("site.amend", &subject)?);
    rows.retain(|row| row.site == office.as_str());
    let mut ordered = Vec::with_capacity(rows.len());
    for row in rows {
        let row = checked(tx, row)?;
        if whose::fault(tx, &row, &parties::said(&row.subjects, row.id), &row.payload)?.is_none() {
            ordered.push((tx.order_key(&row)?, row));
        }
    }
    ordered.sort_by_key(|(key, row)| (*key, row.id));
    let mut known: Option<Enrolment> = None;
    for (_, row) in ordered {
        if row.action == "site.enrol" {
            let Ok(body) = serde_json::from_str::<SiteEnrolled>(&row.payload) else { break };
            known = Some(Enrolment { entry: row.id, roles: body.roles, handed_to: None });
        } else if let Some(known) = &mut known {
            let Ok(body) = serde_json::from_str::<SiteAmended>(&row.payload) else { break };
            known.roles = body.roles.unwrap_or(std::mem::take(&mut known.roles));
            known.handed_to = body.hand_over.or(known.handed_to.take());
        }
    }
    Ok(known)
}

/// Is this a practice book, as the site's first entry says? None when the book does not hold it.
pub fn practice(tx: &Tx<'_>, site: &Site) -> Result<Option<bool>, StoreError> {
    let first = tx.entry(subject_of(site))?.filter(|row| row.action == "site.open");
    let Some(first) = first else { return Ok(None) };
    let body = serde_json::from_str::<SiteOpened>(&checked(tx, first)?.payload);
    body.map(|body| Some(body.practice)).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// An entry that stands in its chain as it was written.
fn checked(tx: &Tx<'_>, row: EntryRow) -> Result<EntryRow, StoreError> {
    match verify::fault_of(tx, &row)? {
        None => Ok(row),
        Some(fault) => Err(StoreError::Corrupt(format!(
            "{}；日记账可能被别的程序改过，请停用本库，用 verify --full 核对后从备份恢复",
            fault.message
        ))),
    }
}
