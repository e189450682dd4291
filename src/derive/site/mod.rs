//! 网点: a site says who it is when its day book begins; what others say of it stands apart, by who says it.
//!
//! Merge: every bond is written by one site alone, so that site's own order decides, and no site can speak for another: a
//! reader asks for the bond of the site it believes (`exchange::peers`). A branch trusts one head office, the first it named, and
//! another only when that one lets it go.
//! An enrolment written anew takes the place of the one before, keys, revocation and all; what only amends changes what it
//! names. Certificates of new keys are kept however they arrive and checked where keys are read. A counter-signed head never
//! goes back. A fork freezes the site until head office thaws it, naming the entry that froze it; a clock is confirmed by an
//! entry that names the one that found it off, so a later finding opens it again.

pub mod body;

use super::{DeriveError, Event, Fold, Fx, exception};
use crate::book::public_keys::{PublicKeys, Rotation, line};
use crate::book::subject::Kind;
use crate::rules::business_day;
use crate::rules::id::{Id, Site};
use crate::store::tables::base::{ExceptionRow, SiteRow};
use crate::store::tables::site::{ForkRow, SiteBondRow, SiteHeadRow, SiteKeyRow};
use crate::store::{StoreError, Tx};

pub use body::*;

/// The fold of sites.
pub const FOLD: Fold = Fold {
    kind: Kind::Site,
    tables: &[
        ("d_site", "id"),
        ("d_site_bond", "site"),
        ("d_site_key", "site"),
        ("d_site_head", "site"),
        ("d_fork", "site"),
    ],
    knows: &[
        ("site.open", 1),
        ("site.epoch", 1),
        ("site.trust", 1),
        ("site.enrol", 1),
        ("site.amend", 1),
        ("site.cut_off", 1),
        ("site.rotate", 1),
        ("site.revoke", 1),
        ("site.thaw", 1),
        ("bundle.accept", 1),
        ("clock.confirm", 1),
        ("key.show", 1),
        ("key.confirm", 1),
    ],
    apply,
};

/// A branch names its head office.
pub const TRUST: &str = "trust";
/// A head office names its branch.
pub const ENROL: &str = "enrol";
/// A clock further off than this is shown until it is confirmed.
pub const CLOCK_OFF_MS: i64 = 5 * 60 * 1000;
/// Exception: an entry stamped more than a day ahead.
pub const STAMP_AHEAD: &str = "stamp_ahead";
/// Exception: an entry whose stamp does not rise above the one it follows.
pub const STAMP_BACK: &str = "stamp_back";
/// Exception: a branch gave back entries that head office never signed for.
pub const UNVOUCHED: &str = "unvouched";
/// Exception: two entries at one place.
pub const FORK: &str = "fork";

/// Exception: a branch named its head office again, by keys that the first ones do not vouch for.
pub const OTHER_KEYS: &str = "site_keys";

/// The subject a site is: its first entry.
pub fn subject_of(site: &Site) -> Id {
    // The first place of a chain is in range for every site code.
    Id::new(site, 1, 1, 0).unwrap_or_default()
}

/// The first place of the chain an entry stands in.
pub fn beginning_of(place: Id) -> Id {
    Id::new(&place.site(), place.epoch(), 1, 0).unwrap_or(place)
}

/// A list of words as a column holds it.
pub fn list(words: &[String]) -> String {
    serde_json::to_string(words).unwrap_or_else(|_| "[]".into())
}

/// The words of such a column.
pub fn words(column: &str) -> Vec<String> {
    serde_json::from_str(column).unwrap_or_default()
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    match event.action() {
        "site.open" => open(fx, event),
        "site.trust" => trust(fx, event),
        "site.enrol" => enrol(fx, event),
        "site.rotate" => rotate(fx, event),
        "bundle.accept" => accept(fx, event),
        "clock.confirm" => confirm(fx, event),
        "site.cut_off" => cut_off(fx, event),
        "site.amend" | "site.revoke" | "site.thaw" => change(fx, event),
        _ => Ok(()),
    }
}

fn open(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SiteOpened = event.read()?;
    // Nobody opens a site under another's code.
    if body.code != event.entry.site || event.subject != event.id {
        return Ok(());
    }
    Ok(fx.tx.put(&SiteRow {
        id: event.subject,
        code: body.code,
        name: body.name,
        utility: body.utility,
        head_office: body.head_office,
        practice: body.practice,
        cut_off: business_day::USUAL_CUT_OFF,
    })?)
}

/// The hour at which the day of a shift ends; only a site's own word counts, the last one.
fn cut_off(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SiteCutOff = event.read()?;
    if event.entry.site != event.subject.site().as_str() {
        return Ok(());
    }
    match fx.tx.get::<SiteRow>(&[&event.subject])? {
        Some(row) => Ok(fx.tx.put(&SiteRow { cut_off: body.minutes, ..row })?),
        None => Ok(()),
    }
}

/// A bond as it begins.
fn bond(event: &Event<'_>, kind: &str, name: String, utility: String, practice: bool, keys: PublicKeys) -> SiteBondRow {
    SiteBondRow {
        site: event.subject,
        by: event.entry.site.clone(),
        kind: kind.to_owned(),
        entry: event.id,
        name,
        utility,
        practice,
        sign: keys.sign,
        seal: keys.seal,
        areas: list(&[]),
        everything: kind == TRUST,
        roles: list(&[]),
        good_for_days: 0,
        data_key: None,
        revoked: None,
        accepted: None,
        frozen: None,
        clock_ahead_ms: 0,
        clock_said: None,
        clock_confirmed: false,
        first: event.id,
        handed_to: None,
    }
}

/// The certificates of new keys that a site has shown.
pub fn certificates(tx: &Tx<'_>, site: Id) -> Result<Vec<Rotation>, StoreError> {
    let rotation = |row: SiteKeyRow| Rotation {
        from: row.follows,
        keys: PublicKeys { sign: row.sign, seal: row.seal },
        at: row.at,
        signature: row.signature,
    };
    Ok(tx.key_certificates(site)?.into_iter().map(rotation).collect())
}

/// The pair of keys under which a branch first named a head office, and those it vouches for.
pub fn keys_vouched_for(tx: &Tx<'_>, trust: &SiteBondRow) -> Result<Vec<PublicKeys>, StoreError> {
    let shown = certificates(tx, trust.site)?;
    let first = tx.entry(trust.first)?.and_then(|first| serde_json::from_str::<SiteTrusted>(&first.payload).ok());
    Ok(first.map_or_else(Vec::new, |first| line(&first.keys, &shown)))
}

fn trust(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SiteTrusted = event.read()?;
    let before = fx.tx.bond(event.subject, &event.entry.site)?.filter(|row| row.kind == TRUST);
    if let Some(before) = &before
        && !keys_vouched_for(fx.tx, before)?.contains(&body.keys)
    {
        let note = format!(
            "网点 {} 又认定了总部 {} 的另一副密钥 ({})，原密钥没有为它作证；请总部核对，假的请按说明重认",
            event.entry.site,
            body.code,
            body.keys.name()
        );
        exception::open(fx, Kind::Site, event, OTHER_KEYS, before.first, note)?;
    }
    let fresh = bond(event, TRUST, body.name, body.utility, body.practice, body.keys);
    fx.tx.put(&SiteBondRow { first: before.map_or(fresh.first, |row| row.first), ..fresh })?;
    fx.touch(super::delegation::TRUSTS.what, &event.entry.site);
    super::delegation::rights_may_have_moved(fx);
    Ok(())
}

fn enrol(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: SiteEnrolled = event.read()?;
    let before = fx.tx.bond(event.subject, &event.entry.site)?;
    let fresh = bond(event, ENROL, body.name, body.utility, body.practice, body.keys);
    let data_key = body.data_key.as_ref().map(serde_json::to_string);
    let data_key = data_key.transpose().map_err(|error| DeriveError::Body(error.to_string()))?;
    fx.tx.put(&SiteBondRow {
        areas: list(&body.areas),
        everything: body.everything,
        roles: list(&body.roles),
        good_for_days: body.good_for_days,
        data_key: data_key.or(before.as_ref().and_then(|row| row.data_key.clone())),
        accepted: before.as_ref().and_then(|row| row.accepted),
        frozen: before.as_ref().and_then(|row| row.frozen),
        ..fresh
    })?;
    super::delegation::rights_may_have_moved(fx);
    Ok(())
}

/// What changes an enrolment: without one by the same site it means nothing.
fn change(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let Some(row) = enrolment(fx, event)? else { return Ok(()) };
    match event.action() {
        "site.amend" => {
            let body: SiteAmended = event.read()?;
            fx.tx.put(&SiteBondRow {
                areas: body.areas.map_or(row.areas, |areas| list(&areas)),
                everything: body.everything.unwrap_or(row.everything),
                roles: body.roles.map_or(row.roles, |roles| list(&roles)),
                good_for_days: body.good_for_days.unwrap_or(row.good_for_days),
                handed_to: body.hand_over.or(row.handed_to),
                ..row
            })?;
            super::delegation::rights_may_have_moved(fx);
        }
        "site.revoke" => {
            let body: SiteRevoked = event.read()?;
            fx.tx.put(&SiteBondRow { revoked: Some(body.reason), ..row })?;
        }
        _ => {
            let body: SiteThawed = event.read()?;
            if row.frozen == Some(body.frozen) {
                fx.tx.put(&SiteBondRow { frozen: None, ..row })?;
                settle_forks(fx, event, &body)?;
            }
        }
    }
    Ok(())
}

fn enrolment(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<Option<SiteBondRow>, DeriveError> {
    Ok(fx.tx.bond(event.subject, &event.entry.site)?.filter(|row| row.kind == ENROL))
}

fn rotate(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let SiteRotated { rotation } = event.read()?;
    if event.entry.site != event.subject.site().as_str() {
        return Ok(()); // only a site itself says which keys follow its own
    }
    Ok(fx.tx.put(&SiteKeyRow {
        site: event.subject,
        name: rotation.keys.name(),
        follows: rotation.from,
        sign: rotation.keys.sign,
        seal: rotation.keys.seal,
        at: rotation.at,
        signature: rotation.signature,
        entry: event.id,
    })?)
}

fn accept(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: BundleAccepted = event.read()?;
    tell_forks(fx, event, &body)?;
    let Some(row) = enrolment(fx, event)? else { return Ok(()) };
    for head in body.heads {
        let known = fx.tx.get::<SiteHeadRow>(&[&event.subject, &event.entry.site, &head.site, &head.epoch])?;
        if known.is_some_and(|known| known.seq > head.seq) {
            continue;
        }
        fx.tx.put(&SiteHeadRow {
            site: event.subject,
            by: event.entry.site.clone(),
            chain: head.site,
            epoch: head.epoch,
            seq: head.seq,
            head: head.head,
            count: head.count,
            at: event.entry.at.clone(),
            entry: event.id,
        })?;
    }
    let frozen = if body.forks.is_empty() { row.frozen } else { Some(event.id) };
    let row = SiteBondRow { frozen, ..row };
    // What another site brought back of this one says nothing of its clock.
    let row = if body.from == event.subject.site().as_str() {
        let off = body.clock_ahead_ms.unsigned_abs() > CLOCK_OFF_MS.unsigned_abs();
        SiteBondRow {
            accepted: Some(event.id),
            clock_ahead_ms: if off { body.clock_ahead_ms } else { 0 },
            clock_said: off.then_some(event.id),
            clock_confirmed: false,
            ..row
        }
    } else {
        row
    };
    fx.tx.put(&row)?;
    for entry in body.ahead {
        let note = format!("凭单 {entry} 的时间比总部收到时超前 24 小时以上，排在其后各笔之后，请总部改排位置");
        doubt(fx, event, STAMP_AHEAD, entry, event.id, note)?;
    }
    for entry in body.back {
        let note = format!("凭单 {entry} 的时间次序不在它前一张之后，已照记，请查明该网点的机器和程序");
        doubt(fx, event, STAMP_BACK, entry, event.id, note)?;
    }
    for end in body.unvouched {
        let note = format!(
            "网点 {} 退回别处的凭单到 {end}，总部没有为它签过名，没有收下，包里其余照收；请向该网点查明",
            body.from
        );
        doubt(fx, event, UNVOUCHED, beginning_of(end), event.id, note)?;
    }
    Ok(())
}

/// A fork is a question for head office: of a branch it has enrolled, or of its own that came back to it.
fn tell_forks(fx: &Fx<'_, '_>, event: &Event<'_>, body: &BundleAccepted) -> Result<(), DeriveError> {
    let own = event.entry.site == event.subject.site().as_str();
    if !own && enrolment(fx, event)?.is_none() {
        return Ok(());
    }
    let then = if own {
        "总部已换启用号继续，请查明哪台机器用过旧副本"
    } else {
        "网点已冻结，请查明哪个库是旧副本后由总部解冻"
    };
    for fork in &body.forks {
        // A head office that wrote this on the second branch of its own fork meant the place, not its own branch's.
        let place = fork.place.main();
        name_branches(fx, event, place, fork)?;
        let (held, other) = (code(&fork.held), code(&fork.other));
        let note = format!("凭单 {place} 有两张内容不同：先到的摘要 {held}，后到的 {other}；两边的钱都已记账，{then}");
        doubt(fx, event, FORK, place, place.twin(), note)?;
    }
    Ok(())
}

/// The first word about a fork says which branch is the main one.
fn name_branches(fx: &Fx<'_, '_>, event: &Event<'_>, place: Id, fork: &AcceptedFork) -> Result<(), DeriveError> {
    let hash = crate::book::public_keys::unhex::<32>;
    let (Some(main), Some(twin)) = (hash(&fork.held), hash(&fork.other)) else { return Ok(()) };
    if place.site() == event.subject.site() && fx.tx.fork_at(place)?.is_none() {
        fx.tx.put(&ForkRow { place, site: event.subject, main, twin, entry: event.id })?;
    }
    Ok(())
}

/// The eight letters of a head given as hex, as they stand on day-close slips.
fn code(hash: &str) -> String {
    let bytes = crate::book::public_keys::unhex::<32>(hash);
    bytes.map_or_else(|| hash.chars().take(16).collect(), |hash| crate::book::entry::head_code(&hash))
}

/// Opens an exception unless it is known already.
fn doubt(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    what: &str,
    first: Id,
    second: Id,
    note: String,
) -> Result<(), DeriveError> {
    let kind = Kind::Site.letter();
    if [STAMP_AHEAD, STAMP_BACK, UNVOUCHED].contains(&what) {
        let known = fx.tx.scan::<ExceptionRow>(&[&kind, &event.subject, &what, &first])?;
        if !known.is_empty() {
            return Ok(()); // said again with a later bundle
        }
    } else if fx.tx.get::<ExceptionRow>(&[&kind, &event.subject, &what, &first, &second])?.is_some() {
        return Ok(());
    }
    Ok(exception::open_between(fx, Kind::Site, event.subject, what, [first, second], note)?)
}

/// A thaw decides the forks that stand open.
fn settle_forks(fx: &Fx<'_, '_>, event: &Event<'_>, body: &SiteThawed) -> Result<(), DeriveError> {
    let open = fx.tx.scan::<ExceptionRow>(&[&Kind::Site.letter(), &event.subject, &FORK])?;
    for row in open.into_iter().filter(|row| row.state == "open") {
        exception::close(fx, row, format!("总部解冻 ({})：{}", event.id, body.reason))?;
    }
    Ok(())
}

fn confirm(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ClockConfirmed = event.read()?;
    if event.entry.site != event.subject.site().as_str() {
        return Ok(());
    }
    for row in fx.tx.bonds_of(event.subject)? {
        if body.said.is_some() && row.clock_said == body.said {
            fx.tx.put(&SiteBondRow { clock_confirmed: true, ..row })?;
        }
    }
    Ok(())
}
