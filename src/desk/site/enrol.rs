//! `site.enrol`: head office takes a branch in, from its card and the fingerprint read over the phone; again with a new card
//! when the branch has lost its keys: then what is not given stays as it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{USUAL_DAYS, areas, at_head_office, days, known_card, roles, words_of};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{SiteEnrolled, subject_of};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::exchange::peers;
use crate::rules::id::Site;

/// The action.
pub struct SiteEnrol;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The branch's card, whole.
    pub card: String,
    /// Its fingerprint as read over the phone: 8 groups of 4 letters.
    pub fingerprint: String,
    /// Areas whose accounts of other sites the branch is to know: 老区, 新区, or `old`, `new`. Left out: as before, none for a new one.
    #[serde(default)]
    pub areas: Option<Vec<String>>,
    /// Is it to know everything? Left out: as before, no for a new one.
    #[serde(default)]
    pub everything: Option<bool>,
    /// Roles its director may give. Left out: as before, none for a new one.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// Days its approvals go on without word from head office, 1 to 366. Left out: as before, 30 for a new one.
    #[serde(default)]
    pub good_for_days: Option<i64>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the branch.
    pub site: String,
    /// Its name.
    pub name: String,
    /// Did its card bring its data key? Without it numbers it sealed cannot be opened at head office.
    pub data_key: bool,
    /// Was it enrolled with this very card already? Then nothing was written.
    pub already: bool,
    /// Areas it is to know, as codes.
    pub areas: Vec<String>,
    /// What that means, for a person.
    pub areas_mean: String,
    /// Roles its director may give.
    pub roles: Vec<String>,
    /// Days its approvals go on without word from head office.
    pub good_for_days: i64,
}

impl Action for SiteEnrol {
    const NAME: &'static str = "site.enrol";
    const SUMMARY: &'static str = "登记网点 (名片和电话里念的指纹)";
    const MERGE: &'static str = "只有总部能登记，以总部自己的先后为准；重新登记取代以前的密钥和停用";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        at_head_office(cx)?;
        let card = known_card(cx, &input.card, &input.fingerprint)?;
        if card.head_office {
            return Err(Refusal::field("card", "card", format!("{} 是总部的名片，总部之间不登记", card.code)));
        }
        let before = peers::peer(cx.tx, card.code.as_str())?;
        if before.as_ref().is_none_or(|peer| peer.revoked) {
            refuse_kin(cx, &card.code, before.is_some())?;
        }
        let data_key = card.data_key.filter(|data| data.for_site == cx.site.as_str());
        let same = before.as_ref().filter(|peer| peer.keys.contains(&card.keys));
        if same.is_some_and(|peer| *peer.seal_to() != card.keys) {
            let message = format!(
                "这张名片是 {} 换密钥以前的，封给它的包用新密钥，打不开；请把最新的 .site 放好重做名片，没有时另做密钥 (recover --prepare)",
                card.code
            );
            return Err(Refusal::field("card", "card", message));
        }
        let mut faults = Vec::new();
        let (mut kept, mut old_roles, mut everything, mut good_for_days) = (Vec::new(), Vec::new(), false, USUAL_DAYS);
        if let Some(peer) = &before {
            (kept, old_roles) = (peer.areas.clone(), peer.roles.clone());
            (everything, good_for_days) = (peer.everything, peer.good_for_days);
        }
        let body = SiteEnrolled {
            code: card.code.to_string(),
            name: card.name.clone(),
            utility: card.utility,
            practice: card.practice,
            keys: card.keys,
            areas: input.areas.map_or(kept, |given| areas(&given, &mut faults)),
            everything: input.everything.unwrap_or(everything),
            roles: input.roles.map_or(old_roles, |given| roles(&given, &mut faults)),
            good_for_days: input.good_for_days.map_or(good_for_days, |given| days(given, &mut faults)),
            data_key,
        };
        Refusal::unless_empty(faults)?;
        // Known by name: the key file may have been made anew while the site's keys were saved.
        let known = |peer: &peers::Peer| peer.data_key.as_ref().map(|data| data.key.clone());
        let brings_key =
            |peer: &peers::Peer| body.data_key.as_ref().is_some_and(|new| known(peer).as_ref() != Some(&new.key));
        let already = same.is_some_and(|peer| !peer.revoked && !brings_key(peer));
        let output = Output {
            site: card.code.to_string(),
            name: card.name,
            data_key: body.data_key.is_some() || before.as_ref().is_some_and(|peer| peer.data_key.is_some()),
            already,
            areas_mean: words_of(&body.areas, body.everything),
            areas: body.areas.clone(),
            roles: body.roles.clone(),
            good_for_days: body.good_for_days,
        };
        if already {
            let same_rights = before.is_some_and(|peer| {
                peer.areas == body.areas
                    && peer.everything == body.everything
                    && peer.roles == body.roles
                    && peer.good_for_days == body.good_for_days
            });
            if !same_rights {
                let message = format!("网点 {} 已用这张名片登记；改片区、岗位或天数请用 site amend", card.code);
                return Err(Refusal::field("card", "card", message));
            }
            return Ok(Decision::answer(output));
        }
        Decision::write(vec![Subject::new(Kind::Site, subject_of(&card.code))], &body, output)
    }
}

/// A code that is another's with a letter or digit more is that one's successor and works on what it made (`derive/whose.rs`): none is
/// taken, be it new or one that was `revoked`, beside a living branch it would take over from, or that took over from it, so that only one of
/// the two is believed. A branch whose lives are used up is revoked first, then its successor enrolled.
fn refuse_kin(cx: &Cx<'_, '_>, code: &Site, revoked: bool) -> Result<(), Refusal> {
    for peer in peers::enrolled(cx.tx)?.into_iter().filter(|peer| !peer.revoked) {
        let old = &peer.site;
        let message = if code.follows(old) {
            format!(
                "{code} 是在用网点 {old} 后面加一位，登记后 {old} 的户、账、人都归它办。另开网点请换一个代码；{old} 的启用号用完、要由\
                 {code} 接着办的，先收齐 {old} 的交换包并 site revoke {old}，再登记"
            )
        } else if old.follows(code) && revoked {
            format!(
                "{code} 停用后由网点 {old} 接着办，两个不能同时在用。{code} 还有交换包要收的，先收齐 {old} 的并 site revoke {old}，再登记 {code}；\
                 收完停用 {code}，用原来的名片重新登记 {old}"
            )
        } else if old.follows(code) {
            format!("在用网点 {old} 的代码是 {code} 后面加一位，登记后 {code} 的户、账、人都归 {old} 办，请换一个代码")
        } else {
            continue;
        };
        return Err(Refusal::field("site", "card", message));
    }
    Ok(())
}
