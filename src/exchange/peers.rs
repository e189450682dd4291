//! Whom this site exchanges with, as its own entries say: a branch its head office, a head office its branches. What third
//! sites say of each other is kept but never asked here.

use crate::book::public_keys::{PublicKeys, Rotation, line};
use crate::derive::delegation;
use crate::derive::site::{self, ENROL, SealedDataKey, TRUST, subject_of, words};
use crate::rules::id::{Id, Site};
use crate::store::tables::site::{SiteBondRow, SiteHeadRow};
use crate::store::{StoreError, Tx};

/// A site this one exchanges with.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its code.
    pub site: Site,
    /// Its subject.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// A practice book?
    pub practice: bool,
    /// Is it this site's head office? Else it is one of its branches.
    pub head_office: bool,
    /// Its keys, the newest first, those of before (bundles under way) after it.
    pub keys: Vec<PublicKeys>,
    /// Its keys count no more.
    pub revoked: bool,
    /// Two entries were found at one of its places: nothing is taken in until it is thawed.
    pub frozen: bool,
    /// Areas it is to know.
    pub areas: Vec<String>,
    /// Is it to know everything?
    pub everything: bool,
    /// Roles it may give.
    pub roles: Vec<String>,
    /// Days its rights hold without word.
    pub good_for_days: i64,
    /// Its data key as it stands in its enrolment, sealed.
    pub data_key: Option<SealedDataKey>,
    /// The bond itself.
    pub bond: SiteBondRow,
    trusted: PublicKeys,
}

impl Peer {
    /// The key bundles for it are sealed to.
    pub fn seal_to(&self) -> &PublicKeys {
        self.keys.first().unwrap_or(&self.trusted)
    }

    /// Its keys when certificates not yet in the book are counted too: those of a bundle's header.
    pub fn keys_with(&self, rotations: &[Rotation]) -> Vec<PublicKeys> {
        // The known line may not hold a link the header leaves out, so every known key is a beginning.
        let mut known = self.keys.clone();
        for key in &self.keys {
            for next in line(key, rotations) {
                if !known.contains(&next) {
                    known.insert(0, next);
                }
            }
        }
        known
    }

    /// Which of its keys has this name.
    pub fn key_named(&self, name: &str, rotations: &[Rotation]) -> Option<PublicKeys> {
        self.keys_with(rotations).into_iter().find(|keys| keys.name() == name)
    }
}

/// This site's code.
pub fn own_code(tx: &Tx<'_>) -> Result<Option<Site>, StoreError> {
    Ok(tx.setting("site")?.and_then(|code| Site::parse(&code).ok()))
}

/// Is this site a head office?
pub fn is_head_office(tx: &Tx<'_>) -> Result<bool, StoreError> {
    let Some(own) = own_code(tx)? else { return Ok(false) };
    Ok(tx.own_site(own.as_str())?.is_some_and(|row| row.head_office))
}

/// This branch's head office: the one it named last.
pub fn head_office(tx: &Tx<'_>) -> Result<Option<Peer>, StoreError> {
    let Some(own) = own_code(tx)? else { return Ok(None) };
    if is_head_office(tx)? {
        return Ok(None);
    }
    delegation::company(tx, &own)?.map(|company| peer_of(tx, company.trust)).transpose()
}

/// This head office's branches, revoked ones too, by code.
pub fn enrolled(tx: &Tx<'_>) -> Result<Vec<Peer>, StoreError> {
    let Some(own) = own_code(tx)?.filter(|_| is_head_office(tx).unwrap_or(false)) else { return Ok(Vec::new()) };
    tx.bonds_by(own.as_str(), ENROL)?.into_iter().map(|bond| peer_of(tx, bond)).collect()
}

/// The site of a code, when this one exchanges with it.
pub fn peer(tx: &Tx<'_>, code: &str) -> Result<Option<Peer>, StoreError> {
    let (Ok(site), Some(own)) = (Site::parse(code), own_code(tx)?) else { return Ok(None) };
    if !is_head_office(tx)? {
        return Ok(head_office(tx)?.filter(|office| office.site == site));
    }
    let bond = tx.bond(subject_of(&site), own.as_str())?.filter(|bond| bond.kind == ENROL);
    bond.map(|bond| peer_of(tx, bond)).transpose()
}

/// What this branch's head office says of it, when it is known here.
pub fn own_enrolment(tx: &Tx<'_>) -> Result<Option<SiteBondRow>, StoreError> {
    let Some(own) = own_code(tx)?.filter(|_| !is_head_office(tx).unwrap_or(true)) else { return Ok(None) };
    Ok(delegation::company(tx, &own)?.and_then(|company| company.enrolment))
}

/// What head office signed for of this branch's chains; at head office, of a branch's.
pub fn signed_heads(tx: &Tx<'_>, of: &Site) -> Result<Vec<SiteHeadRow>, StoreError> {
    let Some(own) = own_code(tx)? else { return Ok(Vec::new()) };
    let by = if is_head_office(tx)? { Some(own) } else { head_office(tx)?.map(|office| office.site) };
    by.map_or_else(|| Ok(Vec::new()), |by| tx.heads_signed(subject_of(of), by.as_str()))
}

/// The pair of keys under which this branch first named its head office, and those it vouches for.
pub fn first_keys(tx: &Tx<'_>, office: &Peer) -> Result<Vec<PublicKeys>, StoreError> {
    site::keys_vouched_for(tx, &office.bond)
}

fn peer_of(tx: &Tx<'_>, bond: SiteBondRow) -> Result<Peer, StoreError> {
    let trusted = PublicKeys { sign: bond.sign.clone(), seal: bond.seal.clone() };
    let certificates = site::certificates(tx, bond.site)?;
    Ok(Peer {
        site: bond.site.site(),
        id: bond.site,
        name: bond.name.clone(),
        practice: bond.practice,
        head_office: bond.kind == TRUST,
        keys: line(&trusted, &certificates),
        revoked: bond.revoked.is_some(),
        frozen: bond.frozen.is_some(),
        areas: words(&bond.areas),
        everything: bond.everything,
        roles: words(&bond.roles),
        good_for_days: bond.good_for_days,
        data_key: bond.data_key.as_deref().and_then(|json| serde_json::from_str(json).ok()),
        trusted,
        bond,
    })
}
