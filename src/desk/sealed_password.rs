//! For whom the verifier of a password is sealed when it is written: for this site; where head office and a branch share a person, for
//! the two of them and nobody else. A branch's own people have theirs for the branch alone, so head office, which gets the entry whole,
//! holds bytes it cannot open.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::action::Cx;
use super::refusal::Refusal;
use crate::book::public_keys::hex;
use crate::book::seal::Keys;
use crate::book::seal::verifier;
use crate::derive::user::SentVerifier;
use crate::exchange::peers;
use crate::rules::id::Site;
use crate::store::tables::user::UserRow;

/// Most branches one person of head office is sent to: each has a box in the entry that sets the password.
const MOST_BRANCHES: usize = 200;

/// A person of this site who is being added.
pub fn of_new(keys: &Keys, login: &str, clear: &str) -> Result<String, Refusal> {
    Ok(keys.seal_verifier(login, clear)?)
}

/// A person who is there.
pub fn of(cx: &Cx<'_, '_>, user: &UserRow, clear: &str) -> Result<String, Refusal> {
    let (keys, login) = (cx.keys, user.login.as_str());
    let sent_to = branches(cx, user)?;
    if cx.tx.own()?.holds(user.id) {
        let mut text = of_new(keys, login, clear)?;
        for key in sent_to.iter().map(|site| data_key(cx, site)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            if let Some(word) = keys.seal_verifier_for(&key, login, clear)? {
                text = verifier::with(&text, &word);
            }
        }
        return Ok(text);
    }
    if cx.tx.at_head_office()? {
        let home = user.id.site();
        let sealed = data_key(cx, &home)?.map(|key| keys.seal_verifier_for(&key, login, clear)).transpose()?.flatten();
        return match sealed {
            None if cx.practice => of_new(keys, login, clear), // on a practice book one sits down without a password
            sealed => sealed.ok_or_else(|| Refusal::field("R-003", "user", no_key(&home))),
        };
    }
    // A branch that could set it could take the person's place at home.
    let home = user.id.site();
    let message = format!("{} 是 {home} 的人，密码请在 {home} 改，改后随交换包送来", user.name);
    Err(Refusal::permission("R-003", message))
}

/// What goes with a role of a person of head office at a branch: the verifier for that branch. None where it is in clear from before,
/// and on a practice book of a branch whose data key is not here.
pub fn for_branch(cx: &Cx<'_, '_>, user: &UserRow, site: &str) -> Result<Option<SentVerifier>, Refusal> {
    if verifier::is_clear(&user.password) {
        return Ok(None);
    }
    let refuse = |message: String| Err(Refusal::field("R-003", "site", message));
    let Ok(site) = Site::parse(site) else { return Ok(None) };
    let mut all = branches(cx, user)?;
    all.insert(site.clone());
    if all.len() > MOST_BRANCHES {
        return refuse(format!("一个人最多派到 {MOST_BRANCHES} 个网点，请先收回不用的岗位"));
    }
    let Some(key) = data_key(cx, &site)? else {
        return if cx.practice { Ok(None) } else { refuse(no_key(&site)) };
    };
    let Some(clear) = open(cx.keys, user) else {
        return refuse(format!("{} 的密码是在网点改的，总部还打不开：请本人先在总部改一次密码", user.name));
    };
    let sealed = cx.keys.seal_verifier_for(&key, &user.login, &clear)?;
    Ok(sealed.map(|sealed| SentVerifier { of: hex(&verifier::mark(&user.password)), sealed }))
}

/// The verifier, where a box is for this site.
pub fn open(keys: &Keys, user: &UserRow) -> Option<Zeroizing<String>> {
    keys.open_verifier(&user.login, &user.password)
}

/// Where head office sends a person.
fn branches(cx: &Cx<'_, '_>, user: &UserRow) -> Result<BTreeSet<Site>, Refusal> {
    let today = cx.at.date_naive();
    let roles = cx.tx.roles_of(user.id)?.into_iter().filter(|role| role.last_day.is_none_or(|last| last >= today));
    Ok(roles.filter_map(|role| Site::parse(&role.site).ok()).collect())
}

/// Name of the data key of a branch, or of the one that went on in its place, where it is here.
fn data_key(cx: &Cx<'_, '_>, site: &Site) -> Result<Option<String>, Refusal> {
    let mut peers = peers::enrolled(cx.tx)?;
    peers.retain(|peer| !peer.revoked && (peer.site == *site || peer.site.follows(site)));
    let mut keys = peers.into_iter().filter_map(|peer| peer.data_key).map(|data| data.key);
    Ok(keys.rfind(|key| cx.keys.knows(key)))
}

fn no_key(site: &Site) -> String {
    format!("密码要封给 {site}，总部还没有它的密钥：请先用 {site} 认定总部之后出的名片 site enrol，再办")
}
